//! What is written down, person by person: the words of a turn that several people say go to each of them.

use super::speech::Speech;
use crate::domain::{AvLink, Identity, IdentityId, Span, SpeakerId, Spoken, Turn, Word};
use crate::export::artifacts::SaidTurn;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the turns of which something is written down, with whom they are believed to be; a turn of several people in as many parts.
pub(super) fn said<'a>(speech: &Speech, spoken: &'a Spoken, identities: &'a BTreeMap<IdentityId, Identity>) -> Vec<SaidTurn<'a>> {
    let mut said = Vec::new();
    for turn in &speech.turns {
        let Some(transcript) = spoken.transcript(turn.id) else { continue };
        let parts = parts(&speech.fused.links, turn);
        for (part, words) in of_parts(&parts, &transcript.words) {
            let (span, identity) = parts.get(part).copied().unwrap_or((turn.span, None));
            let overlaps = |t: &&Turn| t.speaker != turn.speaker && t.span.start() < span.end() && span.start() < t.span.end();
            let others: BTreeSet<SpeakerId> = speech.turns.iter().filter(overlaps).map(|t| t.speaker).collect();
            said.push(SaidTurn {
                turn: Turn { span, ..*turn },
                words,
                language: &transcript.language,
                timing: transcript.timing,
                identity: identity.and_then(|id| identities.get(&id)),
                others: others.into_iter().collect(),
            });
        }
    }
    said
}

/// Returns the stretches of a turn that are one person's, by time.
fn parts(links: &[AvLink], turn: &Turn) -> Vec<(Span, Option<IdentityId>)> {
    let mut parts: Vec<(Span, Option<IdentityId>)> = Vec::new();
    for link in links.iter().filter(|l| l.turn == turn.id) {
        match parts.last_mut() {
            Some((span, whose)) if *whose == link.identity => *span = Span::new(span.start(), link.span.end().max(span.end())),
            _ => parts.push((link.span, link.identity)),
        }
    }
    parts
}

/// Gives each part its words: those whose middle lies before its end.
fn of_parts<'w>(parts: &[(Span, Option<IdentityId>)], words: &'w [Word]) -> Vec<(usize, &'w [Word])> {
    let part = |word: &Word| {
        let middle = word.span.start().0.midpoint(word.span.end().0);
        parts.iter().take(parts.len().saturating_sub(1)).take_while(|(span, _)| span.end().0 <= middle).count()
    };
    let runs = words.chunk_by(|a, b| part(a) == part(b));
    runs.filter_map(|run| Some((part(run.first()?), run))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::fuse::Fused;
    use crate::domain::{LinkEvidence, LinkMethod, MediaTime, Source, Transcript, TurnId, WordTiming};

    fn span(from: i64, to: i64) -> Span {
        Span::new(MediaTime(from), MediaTime(to))
    }

    fn link(from: i64, to: i64, identity: Option<u32>, on_screen: bool) -> AvLink {
        AvLink {
            turn: TurnId(1),
            speaker: SpeakerId(1),
            span: span(from, to),
            identity: identity.map(IdentityId),
            on_screen,
            confidence: 1.0,
            evidence: LinkEvidence::default(),
            method: LinkMethod::ActiveSpeaker,
        }
    }

    fn told(links: Vec<AvLink>) -> Vec<(i64, i64, Option<u32>, String)> {
        let turn = Turn { id: TurnId(1), span: span(0, 100), speaker: SpeakerId(1), confidence: 1.0 };
        let words = (0..5).map(|n| Word { span: span(20 * n, 20 * n + 18), text: n.to_string(), confidence: 1.0 });
        let transcript = Transcript { language: "en".into(), timing: WordTiming::Aligned, words: words.collect() };
        let spoken = Spoken::of(vec![turn], &[], BTreeMap::from([(turn.id, transcript)]));
        let fused = Fused { links, ..Fused::default() };
        let speech = Speech { turns: vec![turn], fused, sure: Vec::new(), faces: Vec::new(), mark: 0.0, seen: BTreeMap::new() };
        let identity = |id: u32| Identity {
            id: IdentityId(id),
            label: None,
            name: None,
            person: None,
            source: Source::Proposed,
            alone: None,
            locked: false,
        };
        let identities = BTreeMap::from([7, 8].map(|id| (IdentityId(id), identity(id))));
        let text = |words: &[Word]| words.iter().map(|w| w.text.as_str()).collect::<String>();
        let line = |s: &SaidTurn<'_>| (s.turn.span.start().0, s.turn.span.end().0, s.identity.map(|i| i.id.0), text(s.words));
        said(&speech, &spoken, &identities).iter().map(line).collect()
    }

    #[test]
    fn a_turn_of_one_person_is_a_line_whoever_sees_them() {
        let links = vec![link(0, 30, Some(7), true), link(30, 100, Some(7), false)];
        assert_eq!(told(links), [(0, 100, Some(7), "01234".to_owned())]);
        assert_eq!(told(Vec::new()), [(0, 100, None, "01234".to_owned())]);
    }

    #[test]
    fn words_of_a_turn_that_two_people_say_go_to_each_of_them() {
        let links = vec![link(0, 10, Some(7), true), link(10, 52, Some(8), true), link(52, 100, None, false)];
        assert_eq!(
            told(links),
            [(0, 10, Some(7), "0".to_owned()), (10, 52, Some(8), "12".to_owned()), (52, 100, None, "34".to_owned())]
        );
    }
}
