//! When the words of a segment are said.

use super::vocabulary::WordTokens;
use crate::domain::{MediaTime, Span};

/// Seconds of one place of the attention.
pub(super) const PLACE_S: f64 = 0.02;

/// Spreads words over the speech of their segment in proportion to their letters, at least one each.
///
/// Nothing is known of a word but that it lies in its segment, and in which order; so the speech of the segment, its pauses left out, is shared out by letters, which is
/// about right where somebody speaks evenly. A word that would lie on both sides of a pause lasts through it. Where there is no speech in the segment, all of it is shared out.
pub(super) fn spread(segment: Span, speech: &[Span], words: &[&str]) -> Vec<Span> {
    let mut voiced: Vec<Span> = Vec::new();
    for span in speech {
        let inside = Span::new(span.start().max(segment.start()), span.end().min(segment.end()));
        if !inside.is_empty() {
            voiced.push(inside);
        }
    }
    if voiced.is_empty() {
        voiced.push(segment);
    }
    let letters = |word: &str| i64::try_from(word.chars().filter(|c| c.is_alphanumeric()).count()).unwrap_or(1).max(1);
    let all: i64 = words.iter().map(|w| letters(w)).sum::<i64>().max(1);
    let length: i64 = voiced.iter().map(|s| s.len().0).sum();
    let share = |upto: i64| i64::try_from(i128::from(length) * i128::from(upto) / i128::from(all)).unwrap_or(length);
    let mut spans = Vec::with_capacity(words.len());
    let mut before = 0;
    for word in words {
        let after = before + letters(word);
        spans.push(Span::new(moment(&voiced, share(before), Edge::Start), moment(&voiced, share(after), Edge::End)));
        before = after;
    }
    spans
}

/// Which side of a pause a moment at its edge lies on.
#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Start,
    End,
}

/// Returns the moment after so many microseconds of speech.
fn moment(voiced: &[Span], mut speech: i64, edge: Edge) -> MediaTime {
    for (n, span) in voiced.iter().enumerate() {
        let length = span.len().0;
        let is_last = n + 1 == voiced.len();
        if speech < length || (speech == length && (edge == Edge::End || is_last)) {
            return MediaTime(span.start().0 + speech);
        }
        speech -= length;
    }
    voiced.last().map_or(MediaTime::ZERO, |s| s.end())
}

/// Finds the times of words from where the model listened when it wrote each token: `attention` holds `[heads, places] f32` for each token.
///
/// Whisper, `whisper/timing.py`: each head is made comparable over the tokens (mean 0, deviation 1 at each place), smoothed over 7 places by the median, the heads are averaged, and
/// dynamic time warping finds the path that follows the sound; a word begins where the path reaches its first token, and ends where it leaves its last. `places` ends where the sound does.
/// Departs: the attentions of the writing itself are taken, timestamps and all, not those of a second reading. Returns seconds since the window's start.
pub(super) fn align(attention: &[Vec<f32>], heads: usize, places: usize, words: &[WordTokens]) -> Option<Vec<(f64, f64)>> {
    let tokens = attention.len();
    let of_head = attention.first().map(Vec::len)?.checked_div(heads)?;
    let places = places.min(of_head);
    if tokens == 0 || places == 0 || attention.iter().any(|a| a.len() != heads * of_head) {
        return None;
    }
    let mut mean = vec![0f32; tokens * places];
    let mut column = vec![0f32; tokens];
    for head in 0..heads {
        let mut of = vec![0f32; tokens * places];
        for place in 0..places {
            for (value, row) in column.iter_mut().zip(attention) {
                *value = row[head * of_head + place];
            }
            standardise(&mut column);
            for (token, value) in column.iter().enumerate() {
                of[token * places + place] = *value;
            }
        }
        for token in 0..tokens {
            let smooth = median_of_7(&of[token * places..(token + 1) * places]);
            for (sum, value) in mean[token * places..(token + 1) * places].iter_mut().zip(smooth) {
                *sum += value / heads as f32;
            }
        }
    }
    let begins = path_begins(&mean, tokens, places);
    let at = |token: usize| begins.get(token).copied().unwrap_or(places) as f64 * PLACE_S;
    Some(words.iter().map(|w| (at(w.tokens.start), at(w.tokens.end))).collect())
}

fn standardise(values: &mut [f32]) {
    let n = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
    for value in values {
        *value = if deviation > 0.0 { (*value - mean) / deviation } else { 0.0 };
    }
}

/// Medians of 7 neighbours, the ends mirrored.
fn median_of_7(values: &[f32]) -> Vec<f32> {
    let n = values.len();
    let mirrored = |i: isize| -> f32 {
        let last = isize::try_from(n).unwrap_or(isize::MAX) - 1;
        let i = if i < 0 {
            -i
        } else if i > last {
            2 * last - i
        } else {
            i
        };
        usize::try_from(i.clamp(0, last)).map_or(0.0, |i| values[i])
    };
    (0..n)
        .map(|i| {
            let i = isize::try_from(i).unwrap_or(0);
            let mut near: [f32; 7] = std::array::from_fn(|k| mirrored(i + isize::try_from(k).unwrap_or(0) - 3));
            near.sort_by(f32::total_cmp);
            near[3]
        })
        .collect()
}

/// Returns the place at which the best path through `likeness`, `[tokens, places]`, first reaches each token.
fn path_begins(likeness: &[f32], tokens: usize, places: usize) -> Vec<usize> {
    let width = places + 1;
    let mut cost = vec![f32::INFINITY; (tokens + 1) * width];
    let mut from = vec![0u8; (tokens + 1) * width];
    cost[0] = 0.0;
    for token in 1..=tokens {
        for place in 1..=places {
            let at = token * width + place;
            let (diagonal, up, left) = (cost[at - width - 1], cost[at - width], cost[at - 1]);
            // As the reference: a step along both before one along the tokens before one along the places.
            let (best, step) = if diagonal < up && diagonal < left {
                (diagonal, 0)
            } else if up < diagonal && up < left {
                (up, 1)
            } else {
                (left, 2)
            };
            cost[at] = best - likeness[(token - 1) * places + place - 1];
            from[at] = step;
        }
    }
    let mut begins = vec![0; tokens];
    let (mut token, mut place) = (tokens, places);
    while token > 0 && place > 0 {
        begins[token - 1] = place - 1;
        match from[token * width + place] {
            0 => (token, place) = (token - 1, place - 1),
            1 => token -= 1,
            _ => place -= 1,
        }
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: f64, end: f64) -> Span {
        Span::new(MediaTime::from_secs(start), MediaTime::from_secs(end))
    }

    #[test]
    fn words_share_the_speech_by_their_letters_and_leave_pauses_out() {
        // Four seconds of speech with a pause of six; letters 2, 2, 4.
        let due = spread(span(0.0, 10.0), &[span(0.0, 2.0), span(8.0, 10.0)], &["ab,", "cd", "efgh"]);
        assert_eq!(due, [span(0.0, 1.0), span(1.0, 2.0), span(8.0, 10.0)]);
    }

    #[test]
    fn a_word_over_a_pause_lasts_through_it() {
        let due = spread(span(0.0, 10.0), &[span(0.0, 2.0), span(8.0, 10.0)], &["abcd", "efghijkl", "mnop"]);
        assert_eq!(due, [span(0.0, 1.0), span(1.0, 9.0), span(9.0, 10.0)]);
    }

    #[test]
    fn without_speech_the_segment_is_shared_out() {
        assert_eq!(spread(span(1.0, 3.0), &[span(5.0, 6.0)], &["a", "-"]), [span(1.0, 2.0), span(2.0, 3.0)]);
        assert!(spread(span(1.0, 3.0), &[], &[]).is_empty());
    }

    #[test]
    fn speech_outside_the_segment_does_not_count() {
        assert_eq!(spread(span(1.0, 3.0), &[span(0.0, 9.0)], &["ab", "cd"]), [span(1.0, 2.0), span(2.0, 3.0)]);
    }

    /// Attention of one head that looks at `centre` for each token.
    fn looking(centres: &[usize], places: usize) -> Vec<Vec<f32>> {
        let near = |centre: usize| move |p: usize| if p.abs_diff(centre) <= 5 { 1.0 } else { 0.01 };
        centres.iter().map(|c| (0..places).map(near(*c)).collect()).collect()
    }

    #[test]
    fn words_begin_where_the_model_listened() {
        // Tokens listen at 0.2, 1.0, 1.2, 2.0 s; the second word has two tokens.
        let attention = looking(&[10, 50, 60, 100], 150);
        let word = |text: &str, tokens| WordTokens { text: text.into(), tokens };
        let words = [word(" a", 0..1), word(" bc", 1..3), word(" d", 3..4)];
        let due = align(&attention, 1, 150, &words).unwrap();
        let near = |found: f64, due: f64| assert!((found - due).abs() <= 0.25, "{found} {due}");
        near(due[0].1, 0.9);
        near(due[1].0, 0.9);
        near(due[1].1, 1.9);
        near(due[2].0, 1.9);
        assert!(due.windows(2).all(|w| w[0].1 <= w[1].0 + 1e-9), "{due:?}");
    }

    #[test]
    fn attention_of_another_size_is_refused() {
        let mut attention = looking(&[10, 50], 100);
        attention[1].pop();
        assert_eq!(align(&attention, 1, 100, &[]), None);
        assert_eq!(align(&[], 1, 100, &[]), None);
    }
}
