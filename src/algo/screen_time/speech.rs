//! When people speak, and when they are seen speaking.

use super::spans::{covered_twice, intersect, measure, union};
use crate::domain::{
    AvLink, IdentityId, LinkMethod, MediaTime, PersonTime, Span, SpeakingTime, SpeechTotals, Together, Turn, TurnId,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Who says what: the turns as they are decided to be, and whose each piece of them is.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// In any order.
    pub turns: &'a [Turn],
    /// In any order; together they cover every turn.
    pub links: &'a [AvLink],
}

/// One piece of speech of somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Said {
    span: Span,
    on_screen: bool,
    /// That it is this voice, times that the voice is theirs, `0..=1`.
    belief: f64,
    is_decided: bool,
}

/// Returns every piece of speech that is somebody's, by time.
pub(super) fn said(heard: Heard<'_>) -> Vec<(IdentityId, Said)> {
    let sure: BTreeMap<TurnId, f32> = heard.turns.iter().map(|t| (t.id, t.confidence)).collect();
    let mut said: Vec<(IdentityId, Said)> = heard
        .links
        .iter()
        .filter_map(|link| {
            let is_decided = link.method == LinkMethod::User;
            // Who decides whose a turn is has heard whose voice it is.
            let voice = if is_decided { 1.0 } else { sure.get(&link.turn).copied().unwrap_or(0.0) };
            let belief = f64::from(voice) * f64::from(link.confidence);
            Some((link.identity?, Said { span: link.span, on_screen: link.on_screen, belief, is_decided }))
        })
        .collect();
    said.sort_by_key(|(id, said)| (said.span, *id));
    said
}

/// Sums up one person who is seen in `visual`, by a face of mean belief `face`.
pub(super) fn speaking(said: &[Said], visual: &[Span], face: f64, pause: MediaTime) -> SpeakingTime {
    let speaking = union(said.iter().map(|s| s.span));
    let time = measure(&speaking);
    let on_screen = |s: &&Said| s.on_screen;
    let both = intersect(&union(said.iter().filter(on_screen).map(|s| s.span)), visual);
    let decided = measure(&union(said.iter().filter(|s| s.is_decided).map(|s| s.span)));
    // Of all that one sees of them, only what lies around the piece.
    let seen = |s: &Said| {
        let from = visual.partition_point(|v| v.end() <= s.span.start());
        let to = visual.partition_point(|v| v.start() < s.span.end()).max(from);
        measure(&intersect(&[s.span], &visual[from..to]))
    };
    SpeakingTime {
        time,
        both_time: measure(&both),
        confidence: mean(said.iter().map(|s| (s.span.len(), s.belief))),
        both_confidence: face * mean(said.iter().filter(on_screen).map(|s| (seen(s), s.belief))),
        review_share: if time > MediaTime::ZERO { decided.0 as f64 / time.0 as f64 } else { 0.0 },
        appearances: appearances(&speaking, pause),
        speaking,
        both,
    }
}

fn mean(weighed: impl Iterator<Item = (MediaTime, f64)>) -> f64 {
    let (weight, sum) = weighed.fold((0.0, 0.0), |(weight, sum), (t, b)| (weight + t.0 as f64, sum + t.0 as f64 * b));
    if weight > 0.0 { sum / weight } else { 0.0 }
}

fn appearances(speaking: &[Span], pause: MediaTime) -> u64 {
    let pauses = speaking.windows(2).filter(|w| w[1].start() - w[0].end() > pause).count() as u64;
    if speaking.is_empty() { 0 } else { pauses + 1 }
}

/// Sums up an episode.
pub(super) fn totals(heard: Heard<'_>, people: &[PersonTime]) -> SpeechTotals {
    let spans = |p: &PersonTime| p.speech.as_ref().map(|s| s.speaking.clone()).unwrap_or_default();
    let named = people.iter().filter(|p| p.name.is_some()).flat_map(spans);
    let mut unknown: BTreeMap<_, Vec<Span>> = BTreeMap::new();
    for link in heard.links.iter().filter(|l| l.identity.is_none()) {
        unknown.entry(link.speaker).or_default().push(link.span);
    }
    let mut unknown: Vec<_> = unknown.into_iter().map(|(speaker, spans)| (speaker, measure(&union(spans)))).collect();
    unknown.sort_by_key(|(speaker, time)| (Reverse(*time), *speaker));
    // Most of those who are seen say nothing.
    let speakers: Vec<(usize, &SpeakingTime)> = people
        .iter()
        .enumerate()
        .filter_map(|(at, p)| Some((at, p.speech.as_ref().filter(|s| !s.speaking.is_empty())?)))
        .collect();
    let mut together = Vec::new();
    for (n, (a, one)) in speakers.iter().enumerate() {
        for (b, other) in &speakers[n + 1..] {
            let time = measure(&intersect(&one.speaking, &other.speaking));
            if time > MediaTime::ZERO {
                together.push(Together { people: [*a, *b], time, confidence: one.confidence * other.confidence });
            }
        }
    }
    together.sort_by_key(|t| (Reverse(t.time), t.people));
    SpeechTotals {
        speech: measure(&union(heard.turns.iter().map(|t| t.span))),
        named: measure(&union(named)),
        overlap: measure(&covered_twice(people.iter().flat_map(spans))),
        together,
        unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LinkEvidence, SpeakerId};
    use proptest::prelude::*;

    fn span(from: i64, to: i64) -> Span {
        Span::new(MediaTime(from), MediaTime(to))
    }

    fn piece(from: i64, to: i64, on_screen: bool, belief: f64) -> Said {
        Said { span: span(from, to), on_screen, belief, is_decided: belief > 0.9 }
    }

    #[test]
    fn overlapping_turns_of_one_person_count_once() {
        let sum = speaking(&[piece(0, 10, true, 0.5), piece(5, 20, false, 0.5)], &[span(0, 8)], 0.5, MediaTime(3));
        assert_eq!((sum.time, sum.both_time, sum.appearances), (MediaTime(20), MediaTime(8), 1));
        assert_eq!((sum.confidence, sum.both_confidence), (0.5, 0.25));
    }

    #[test]
    fn what_is_said_off_screen_is_not_seen_even_where_the_face_is() {
        let sum = speaking(&[piece(0, 10, false, 1.0)], &[span(0, 10)], 1.0, MediaTime(3));
        assert_eq!((sum.time, sum.both_time, sum.review_share), (MediaTime(10), MediaTime::ZERO, 1.0));
    }

    #[test]
    fn a_longer_pause_begins_another_appearance() {
        let said = [piece(0, 10, true, 0.5), piece(13, 20, true, 0.5), piece(24, 25, true, 0.5)];
        assert_eq!(speaking(&said, &[], 0.5, MediaTime(3)).appearances, 2);
        assert_eq!(speaking(&[], &[], 0.5, MediaTime(3)).appearances, 0);
    }

    #[test]
    fn a_link_that_a_person_made_is_sure_of_the_voice_too() {
        let turn = Turn { id: TurnId(1), span: span(0, 9), speaker: SpeakerId(1), confidence: 0.5 };
        let link = |method| AvLink {
            turn: TurnId(1),
            speaker: SpeakerId(1),
            span: turn.span,
            identity: Some(IdentityId(1)),
            on_screen: true,
            confidence: 1.0,
            evidence: LinkEvidence::default(),
            method,
        };
        let belief = |method| said(Heard { turns: &[turn], links: &[link(method)] })[0].1.belief;
        assert_eq!((belief(LinkMethod::User), belief(LinkMethod::ActiveSpeaker)), (1.0, 0.5));
    }

    proptest! {
        #[test]
        fn nobody_is_seen_speaking_longer_than_they_are_seen_or_heard(
            said in prop::collection::vec((0i64..60, 1i64..12, any::<bool>(), 0.0f64..=1.0), 0..12),
            visual in prop::collection::vec((0i64..60, 1i64..12), 0..6),
        ) {
            let said: Vec<Said> = said.into_iter().map(|(s, l, on, b)| piece(s, s + l, on, b)).collect();
            let visual = union(visual.into_iter().map(|(s, l)| span(s, s + l)));
            let sum = speaking(&said, &visual, 0.7, MediaTime(2));
            prop_assert!(sum.both_time <= sum.time && sum.both_time <= measure(&visual));
            prop_assert_eq!(intersect(&sum.both, &sum.speaking), sum.both.clone());
            prop_assert!((0.0..=1.0 + 1e-9).contains(&sum.confidence) && sum.both_confidence <= 0.7 + 1e-9);
            prop_assert!(sum.appearances <= sum.speaking.len() as u64);
        }
    }
}
