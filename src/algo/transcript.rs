//! Gives the words of a transcript to the turns in which they are said.

use crate::domain::{MediaTime, Sentence, Span, Transcript, Turn, TurnId, Word, WordTiming, Written};
use std::collections::BTreeMap;

/// Words that lie in no turn belong to the nearest one that is no farther away.
const REACH: MediaTime = MediaTime(500_000);

/// The words of each turn, and how many found none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    pub transcripts: BTreeMap<TurnId, Transcript>,
    pub lost: usize,
}

/// Gives each word to the turn that covers most of it.
///
/// Where several cover it alike, as where people speak at once: to the turn that the word before it in the sentence went to, because the model writes down one voice and seldom changes it in the
/// middle of a sentence; else to the longest turn, whose voice goes on; else to the first. A word outside all turns goes to the nearest one within half a second. Its time is drawn to its turn.
#[must_use]
pub fn of_turns(written: &[Written], turns: &[Turn]) -> Given {
    let mut given = Given::default();
    for part in written {
        for sentence in &part.sentences {
            let mut before = None;
            for word in &sentence.words {
                let Some(turn) = choose(word.span, turns, before) else {
                    given.lost += 1;
                    continue;
                };
                before = Some(turn.id);
                add(&mut given.transcripts, turn, word, sentence, &part.language);
            }
        }
    }
    for transcript in given.transcripts.values_mut() {
        transcript.words.sort_by_key(|w| w.span);
    }
    given
}

fn add(all: &mut BTreeMap<TurnId, Transcript>, turn: &Turn, word: &Word, sentence: &Sentence, language: &str) {
    let empty = || Transcript { language: language.to_owned(), timing: sentence.timing, words: Vec::new() };
    let transcript = all.entry(turn.id).or_insert_with(empty);
    if sentence.timing == WordTiming::Estimated {
        transcript.timing = WordTiming::Estimated;
    }
    let inside = |at: MediaTime| at.clamp(turn.span.start(), turn.span.end());
    let span = Span::new(inside(word.span.start()), inside(word.span.end()));
    transcript.words.push(Word { span, ..word.clone() });
}

fn choose(word: Span, turns: &[Turn], before: Option<TurnId>) -> Option<&Turn> {
    let covered = |t: &Turn| (word.end().min(t.span.end()) - word.start().max(t.span.start())).0;
    // A word of no length lies in a turn that it touches.
    let most = turns.iter().map(covered).max().filter(|most| *most > 0 || (*most == 0 && word.is_empty()));
    let Some(most) = most else {
        let away = |t: &Turn| -covered(t);
        return turns.iter().filter(|t| away(t) <= REACH.0).min_by_key(|t| (away(t), t.id));
    };
    // A tenth of the word is within what its times are good for.
    let alike = turns.iter().filter(|t| covered(t) * 10 >= most * 9);
    alike.max_by_key(|t| (Some(t.id) == before, t.span.len(), std::cmp::Reverse(t.id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SpeakerId;

    fn span(start: i64, end: i64) -> Span {
        Span::new(MediaTime(start * 1000), MediaTime(end * 1000))
    }

    fn turn(id: u32, start: i64, end: i64) -> Turn {
        Turn { id: TurnId(id), span: span(start, end), speaker: SpeakerId(id), confidence: 1.0 }
    }

    /// One sentence of words, `(text, start, end)` in milliseconds.
    fn said(words: &[(&str, i64, i64)]) -> Written {
        let word =
            |(text, start, end): &(&str, i64, i64)| Word { span: span(*start, *end), text: (*text).into(), confidence: 1.0 };
        let sentence = Sentence { words: words.iter().map(word).collect(), timing: WordTiming::Aligned };
        Written { language: "en".into(), sentences: vec![sentence] }
    }

    fn texts(given: &Given) -> Vec<(u32, String)> {
        let line = |t: &Transcript| t.words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        given.transcripts.iter().map(|(id, t)| (id.0, line(t))).collect()
    }

    #[test]
    fn a_word_goes_to_the_turn_that_covers_most_of_it() {
        let turns = [turn(1, 0, 1000), turn(2, 1000, 3000)];
        let due = of_turns(&[said(&[("a", 0, 500), ("b", 900, 1500), ("c", 700, 1200)])], &turns);
        assert_eq!(texts(&due), [(1, "a c".into()), (2, "b".into())]);
        // Its time is drawn to its turn.
        assert_eq!(due.transcripts[&TurnId(2)].words[0].span, span(1000, 1500));
    }

    #[test]
    fn in_overlap_a_sentence_stays_with_the_voice_that_began_it() {
        let turns = [turn(1, 0, 5000), turn(2, 3000, 10_000)];
        let due = of_turns(&[said(&[("a", 1000, 1500), ("b", 3500, 4000), ("c", 6000, 6500)])], &turns);
        assert_eq!(texts(&due), [(1, "a b".into()), (2, "c".into())]);
        // A sentence that begins in the overlap belongs to the longer turn.
        let due = of_turns(&[said(&[("d", 3500, 4000)])], &turns);
        assert_eq!(texts(&due), [(2, "d".into())]);
    }

    #[test]
    fn a_word_outside_goes_to_a_near_turn_or_is_counted() {
        let turns = [turn(1, 0, 1000), turn(2, 1900, 3000)];
        let due = of_turns(&[said(&[("a", 1100, 1400), ("b", 3300, 3400), ("c", 9000, 9100)])], &turns);
        assert_eq!(texts(&due), [(1, "a".into()), (2, "b".into())]);
        assert_eq!(due.lost, 1);
        assert_eq!(due.transcripts[&TurnId(1)].words[0].span, span(1000, 1000));
        assert_eq!(of_turns(&[said(&[("a", 0, 1)])], &[]).lost, 1);
    }

    #[test]
    fn one_estimated_sentence_makes_the_times_of_a_turn_estimated() {
        let mut second = said(&[("b", 500, 600)]);
        second.sentences[0].timing = WordTiming::Estimated;
        let due = of_turns(&[said(&[("a", 0, 100)]), second], &[turn(1, 0, 1000)]);
        assert_eq!(due.transcripts[&TurnId(1)].timing, WordTiming::Estimated);
    }
}
