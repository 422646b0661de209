//! Diarisation error rate, as NIST's md-eval and pyannote.metrics count it.

use super::Said;
use crate::domain::{MediaTime, Span};
use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

/// Times of error, in microseconds of speech: where two speak at once, a second counts as two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct DiarisationError {
    /// Speech of the truth.
    pub speech: MediaTime,
    /// Speech that was not heard.
    pub missed: MediaTime,
    /// Speech that was heard where there is none, or fewer speak.
    pub false_alarm: MediaTime,
    /// Speech that was given to somebody else.
    pub confusion: MediaTime,
}

impl DiarisationError {
    /// Returns all errors over all speech; `None` without speech. It may be above 1.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.share(self.missed + self.false_alarm + self.confusion)
    }

    /// Returns a time over all speech; `None` without speech.
    #[must_use]
    pub fn share(&self, time: MediaTime) -> Option<f64> {
        (self.speech > MediaTime::ZERO).then(|| time.0 as f64 / self.speech.0 as f64)
    }
}

impl AddAssign for DiarisationError {
    fn add_assign(&mut self, other: Self) {
        self.speech = self.speech + other.speech;
        self.missed = self.missed + other.missed;
        self.false_alarm = self.false_alarm + other.false_alarm;
        self.confusion = self.confusion + other.confusion;
    }
}

/// Counts the errors of what was heard in `scored`, less `collar` on each side of every beginning and end of the truth.
///
/// Each speaker heard stands for one of the truth or nobody, so that the most speech is right (Hungarian method over what is scored).
/// Overlap is scored: at each moment, of `r` speakers in truth and `h` heard with `c` of them right, `max(0, r - h)` are missed,
/// `max(0, h - r)` false and `min(r, h) - c` confused. Departs from pyannote.metrics in that a speaker who overlaps with themself counts
/// once.
#[must_use]
pub fn diarisation_error(truth: &[Said], heard: &[Said], scored: Span, collar: MediaTime) -> DiarisationError {
    let (truth_ids, heard_ids) = (numbers(truth), numbers(heard));
    let pieces = pieces(truth, heard, &truth_ids, &heard_ids, scored, collar);
    let mut together: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for piece in &pieces {
        for t in &piece.truth {
            for h in &piece.heard {
                *together.entry((*t, *h)).or_default() += piece.time;
            }
        }
    }
    let right = mapping(truth_ids.len(), heard_ids.len(), &together);
    let mut error = DiarisationError::default();
    for piece in &pieces {
        let count = |set: &BTreeSet<usize>| i64::try_from(set.len()).unwrap_or(i64::MAX);
        let (r, h) = (count(&piece.truth), count(&piece.heard));
        let c =
            piece.heard.iter().filter(|h| right.get(**h).copied().flatten().is_some_and(|t| piece.truth.contains(&t))).count();
        let c = i64::try_from(c).unwrap_or(i64::MAX);
        error += DiarisationError {
            speech: MediaTime(r * piece.time),
            missed: MediaTime((r - h).max(0) * piece.time),
            false_alarm: MediaTime((h - r).max(0) * piece.time),
            confusion: MediaTime((r.min(h) - c) * piece.time),
        };
    }
    error
}

/// A stretch in which nobody begins or ends.
struct Piece {
    time: i64,
    truth: BTreeSet<usize>,
    heard: BTreeSet<usize>,
}

fn numbers(said: &[Said]) -> BTreeMap<&str, usize> {
    let names: BTreeSet<&str> = said.iter().map(|s| s.speaker.as_str()).collect();
    names.into_iter().zip(0..).collect()
}

/// What begins or ends at a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Truth(usize),
    Heard(usize),
    Unscored,
}

/// Cuts what is scored at every beginning and end, in order of time.
fn pieces(
    truth: &[Said],
    heard: &[Said],
    truth_ids: &BTreeMap<&str, usize>,
    heard_ids: &BTreeMap<&str, usize>,
    scored: Span,
    collar: MediaTime,
) -> Vec<Piece> {
    let mut edges: Vec<(MediaTime, i32, Edge)> = Vec::new();
    let mut add = |span: Span, edge: Edge| {
        let clipped = Span::new(span.start().max(scored.start()), span.end().min(scored.end()));
        if !clipped.is_empty() {
            edges.push((clipped.start(), 1, edge));
            edges.push((clipped.end(), -1, edge));
        }
    };
    for said in truth {
        add(said.span, Edge::Truth(truth_ids[said.speaker.as_str()]));
        for border in [said.span.start(), said.span.end()] {
            add(Span::new(border - collar, border + collar), Edge::Unscored);
        }
    }
    for said in heard {
        add(said.span, Edge::Heard(heard_ids[said.speaker.as_str()]));
    }
    edges.sort_unstable();
    let mut depth: BTreeMap<Edge, i32> = BTreeMap::new();
    let mut pieces = Vec::new();
    let mut last = scored.start();
    for (at, step, edge) in edges {
        if at > last && !depth.contains_key(&Edge::Unscored) && !depth.is_empty() {
            let mut piece = Piece { time: (at - last).0, truth: BTreeSet::new(), heard: BTreeSet::new() };
            for edge in depth.keys() {
                match edge {
                    Edge::Truth(id) => drop(piece.truth.insert(*id)),
                    Edge::Heard(id) => drop(piece.heard.insert(*id)),
                    Edge::Unscored => {}
                }
            }
            pieces.push(piece);
        }
        last = at;
        let count = depth.entry(edge).or_default();
        *count += step;
        if *count == 0 {
            depth.remove(&edge);
        }
    }
    pieces
}

/// Returns which speaker of the truth each one heard stands for.
fn mapping(truth: usize, heard: usize, together: &BTreeMap<(usize, usize), i64>) -> Vec<Option<usize>> {
    if truth == 0 || heard == 0 {
        return vec![None; heard];
    }
    // Rows are heard; so many columns more that each may stand for nobody.
    let weights = Matrix::from_fn(heard, truth.max(heard), |(h, t)| together.get(&(t, h)).copied().unwrap_or(0));
    let (_, columns) = kuhn_munkres(&weights);
    columns.into_iter().map(|t| Some(t).filter(|t| *t < truth)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(start: i64, end: i64, speaker: &str) -> Said {
        Said { span: Span::new(MediaTime(start * 1000), MediaTime(end * 1000)), speaker: speaker.to_owned() }
    }

    fn scored() -> Span {
        Span::new(MediaTime::ZERO, MediaTime(20_000_000))
    }

    fn ms(error: &DiarisationError) -> [i64; 4] {
        [error.speech, error.missed, error.false_alarm, error.confusion].map(|t| t.0 / 1000)
    }

    #[test]
    fn errors_are_counted_as_by_hand() {
        // The example of pyannote.metrics' documentation: 0.516.
        let truth = [said(0, 10_000, "A"), said(12_000, 20_000, "B"), said(24_000, 27_000, "A"), said(30_000, 40_000, "C")];
        let heard = [
            said(2000, 13_000, "a"),
            said(13_000, 14_000, "d"),
            said(14_000, 20_000, "b"),
            said(22_000, 38_000, "c"),
            said(38_000, 40_000, "d"),
        ];
        let whole = Span::new(MediaTime(0), MediaTime(40_000_000));
        let error = diarisation_error(&truth, &heard, whole, MediaTime::ZERO);
        assert_eq!(ms(&error), [31_000, 2000, 7000, 7000]);
        assert!((error.rate().unwrap() - 0.516).abs() < 0.001);
    }

    #[test]
    fn overlap_counts_each_voice_and_a_collar_takes_borders_out() {
        let truth = [said(0, 4000, "A"), said(2000, 6000, "B")];
        let heard = [said(0, 6000, "x")];
        let error = diarisation_error(&truth, &heard, scored(), MediaTime::ZERO);
        assert_eq!(ms(&error), [8000, 2000, 0, 2000]);
        let error = diarisation_error(&truth, &heard, scored(), MediaTime(250_000));
        // Scored are 0.25..1.75, 2.25..3.75 and 4.25..5.75 s.
        assert_eq!(ms(&error), [6000, 1500, 0, 1500]);
    }

    #[test]
    fn without_speech_there_is_no_rate() {
        let error = diarisation_error(&[], &[said(0, 1000, "x")], scored(), MediaTime::ZERO);
        assert_eq!((error.rate(), ms(&error)), (None, [0, 0, 1000, 0]));
    }

    fn talk() -> impl Strategy<Value = Vec<Said>> {
        prop::collection::vec((0i64..19_000, 1i64..4000, 0u8..4), 0..12)
            .prop_map(|parts| parts.into_iter().map(|(at, len, who)| said(at, at + len, &format!("s{who}"))).collect())
    }

    proptest! {
        #[test]
        fn what_equals_the_truth_has_no_error(truth in talk(), collar in 0i64..400) {
            let error = diarisation_error(&truth, &truth, scored(), MediaTime(collar * 1000));
            prop_assert_eq!((error.missed, error.false_alarm, error.confusion), (MediaTime::ZERO, MediaTime::ZERO, MediaTime::ZERO));
        }

        #[test]
        fn names_do_not_count(truth in talk(), heard in talk(), collar in 0i64..400) {
            let collar = MediaTime(collar * 1000);
            let renamed: Vec<Said> = heard.iter().map(|s| Said { speaker: format!("z{}", 9 - s.speaker.as_bytes()[1] % 10), ..s.clone() }).collect();
            prop_assert_eq!(
                diarisation_error(&truth, &heard, scored(), collar),
                diarisation_error(&truth, &renamed, scored(), collar)
            );
        }

        #[test]
        fn more_false_speech_never_lowers_false_alarm_nor_raises_misses(truth in talk(), heard in talk(), at in 0i64..19_000, len in 1i64..4000) {
            let before = diarisation_error(&truth, &heard, scored(), MediaTime::ZERO);
            let mut more = heard;
            more.push(said(at, at + len, "stranger"));
            let after = diarisation_error(&truth, &more, scored(), MediaTime::ZERO);
            prop_assert!(after.false_alarm >= before.false_alarm && after.missed <= before.missed && after.speech == before.speech);
        }

        #[test]
        fn errors_of_parts_add_up_to_at_least_those_with_one_mapping(truth in talk(), heard in talk(), cut in 1i64..19_000) {
            // A mapping of its own for each part can only do better.
            let (a, b) = (Span::new(MediaTime(0), MediaTime(cut * 1000)), Span::new(MediaTime(cut * 1000), scored().end()));
            let mut parts = diarisation_error(&truth, &heard, a, MediaTime::ZERO);
            parts += diarisation_error(&truth, &heard, b, MediaTime::ZERO);
            let whole = diarisation_error(&truth, &heard, scored(), MediaTime::ZERO);
            prop_assert!(parts.confusion <= whole.confusion);
            prop_assert_eq!((parts.speech, parts.missed, parts.false_alarm), (whole.speech, whole.missed, whole.false_alarm));
        }
    }
}
