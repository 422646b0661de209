//! Words that a person wrote, at the times of those that were heard.

use crate::domain::{MediaTime, Span, Word};

/// Gives the words of `text` the times of the words `heard` in `span`.
///
/// Words that stand (case and punctuation aside, by longest common subsequence) keep their times and get the new spelling. Words between
/// two that stand share the time of those they replace, each by its letters; where they replace none, they share the pause, which
/// may be of no length. Times ascend, lie in `span`, and never overlap. Costs the product of both counts.
#[must_use]
pub fn retimed(heard: &[Word], text: &str, span: Span) -> Vec<Word> {
    let written: Vec<&str> = text.split_whitespace().collect();
    let standing = common(heard, &written);
    let mut words = Vec::with_capacity(written.len());
    let (mut next_heard, mut next_written) = (0, 0);
    let mut reached = span.start();
    let ends = standing.iter().copied().map(Some).chain([None]);
    for stands in ends {
        let (old, new) = stands.unwrap_or((heard.len(), written.len()));
        let replaced = &heard[next_heard..old];
        let until = stands.map_or(span.end(), |(old, _)| heard[old].span.start()).clamp(reached, span.end());
        let room = match (replaced.first(), replaced.last()) {
            (Some(first), Some(last)) => {
                Span::new(first.span.start().clamp(reached, until), last.span.end().clamp(reached, until))
            }
            _ => Span::new(reached, until),
        };
        words.extend(shared(&written[next_written..new], room));
        if let Some((old, new)) = stands {
            let at = &heard[old];
            let start = at.span.start().clamp(reached, span.end());
            let end = at.span.end().clamp(start, span.end());
            words.push(Word { span: Span::new(start, end), text: written[new].to_owned(), confidence: 1.0 });
            reached = end;
        }
        (next_heard, next_written) = (old + 1, new + 1);
    }
    words
}

/// Shares `room` between words by their letters.
fn shared<'a>(words: &'a [&'a str], room: Span) -> impl Iterator<Item = Word> + 'a {
    let all: i64 = words.iter().map(|w| letters(w)).sum();
    let mut passed = 0;
    words.iter().map(move |word| {
        let at = |n: i64| MediaTime(room.start().0 + room.len().0 * n / all.max(1));
        let start = at(passed);
        passed += letters(word);
        Word { span: Span::new(start, at(passed)), text: (*word).to_owned(), confidence: 1.0 }
    })
}

fn letters(word: &str) -> i64 {
    i64::try_from(word.chars().count()).unwrap_or(i64::MAX)
}

/// What two spellings of a word have in common.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns the pairs of a longest common subsequence.
fn common(heard: &[Word], written: &[&str]) -> Vec<(usize, usize)> {
    let (a, b): (Vec<String>, Vec<String>) =
        (heard.iter().map(|w| plain(&w.text)).collect(), written.iter().map(|w| plain(w)).collect());
    let wide = b.len() + 1;
    let mut longest = vec![0_u32; (a.len() + 1) * wide];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * wide + j] = if a[i] == b[j] {
                longest[(i + 1) * wide + j + 1] + 1
            } else {
                longest[(i + 1) * wide + j].max(longest[i * wide + j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * wide + j] >= longest[i * wide + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(from: i64, to: i64) -> Span {
        Span::new(MediaTime(from), MediaTime(to))
    }

    fn heard(words: &[(&str, i64, i64)]) -> Vec<Word> {
        words.iter().map(|(text, from, to)| Word { span: span(*from, *to), text: (*text).into(), confidence: 0.5 }).collect()
    }

    fn shown(words: &[Word]) -> Vec<(&str, i64, i64)> {
        words.iter().map(|w| (w.text.as_str(), w.span.start().0, w.span.end().0)).collect()
    }

    #[test]
    fn a_corrected_word_takes_the_time_of_the_wrong_one() {
        let heard = heard(&[("I", 0, 10), ("never", 10, 30), ("sad", 30, 40), ("that", 45, 60)]);
        let now = retimed(&heard, "I never said that!", span(0, 100));
        assert_eq!(shown(&now), [("I", 0, 10), ("never", 10, 30), ("said", 30, 40), ("that!", 45, 60)]);
    }

    #[test]
    fn more_words_share_the_time_and_missing_ones_leave_theirs_empty() {
        let heard = heard(&[("a", 0, 10), ("bcd", 10, 40), ("e", 40, 50)]);
        assert_eq!(
            shown(&retimed(&heard, "a b cd e", span(0, 50))),
            [("a", 0, 10), ("b", 10, 20), ("cd", 20, 40), ("e", 40, 50)]
        );
        assert_eq!(shown(&retimed(&heard, "a e", span(0, 50))), [("a", 0, 10), ("e", 40, 50)]);
        assert_eq!(shown(&retimed(&heard, "", span(0, 50))), []);
        assert_eq!(shown(&retimed(&[], "x yz", span(0, 30))), [("x", 0, 10), ("yz", 10, 30)]);
    }

    proptest! {
        #[test]
        fn times_ascend_and_stay_in_the_turn(
            old in prop::collection::vec(("[a-c]{1,2}", 0i64..9, 0i64..9), 0..8), text in "([a-c]{1,2} ){0,8}",
        ) {
            let (mut at, mut words) = (100, Vec::new());
            for (text, pause, length) in old {
                words.push(Word { span: span(at + pause, at + pause + length), text, confidence: 0.5 });
                at += pause + length;
            }
            let turn = span(100, at);
            let now = retimed(&words, &text, turn);
            prop_assert_eq!(now.len(), text.split_whitespace().count());
            let mut reached = turn.start();
            for word in &now {
                prop_assert!(word.span.start() >= reached && word.span.end() <= turn.end(), "{:?}", now);
                reached = word.span.end();
            }
            let same: Vec<String> = words.iter().map(|w| w.text.clone()).collect();
            let again = retimed(&words, &same.join(" "), turn);
            prop_assert_eq!(again.iter().map(|w| w.span).collect::<Vec<_>>(), words.iter().map(|w| w.span).collect::<Vec<_>>());
        }
    }
}
