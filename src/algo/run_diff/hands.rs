//! Which tracks changed hands from one run to another.

use super::overlap::Pair;
use crate::domain::{MediaTime, Span, TrackId, TrackMap};
use std::collections::{BTreeMap, BTreeSet};

/// A stretch of face that one run says is one person, and the other another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand<W> {
    pub old: TrackId,
    pub new: TrackId,
    /// From its first common picture to its last.
    pub span: Span,
    /// For how long the common pictures count in the new run.
    pub time: MediaTime,
    pub from: W,
    pub to: W,
}

/// What became of the tracks of one run in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hands<W> {
    /// By falling time, then tracks.
    pub changed: Vec<Hand<W>>,
    /// Tracks of the old run none of whose faces the new one has; ascending.
    pub vanished: Vec<TrackId>,
    /// Tracks of the new run none of whose faces the old one had; ascending.
    pub appeared: Vec<TrackId>,
}

/// Says what became of tracks: `pairs` with the time that each counts for in the new run, all tracks of both, and whose each is.
#[must_use]
pub fn hands<W: PartialEq>(
    pairs: &[(Pair, Span)],
    old: (&TrackMap, &BTreeSet<TrackId>, &dyn Fn(TrackId) -> W),
    new: (&TrackMap, &BTreeSet<TrackId>, &dyn Fn(TrackId) -> W),
) -> Hands<W> {
    let mut common: BTreeMap<(TrackId, TrackId), (Span, MediaTime)> = BTreeMap::new();
    for (pair, span) in pairs {
        let key = (old.0.track(pair.old, pair.at.frame), new.0.track(pair.new, pair.at.frame));
        let (all, time) = common.entry(key).or_insert((*span, MediaTime::ZERO));
        *all = Span::new(all.start().min(span.start()), all.end().max(span.end()));
        *time = *time + span.len();
    }
    let mut changed: Vec<Hand<W>> = Vec::new();
    for ((a, b), (span, time)) in &common {
        let (from, to) = (old.2(*a), new.2(*b));
        if from != to {
            changed.push(Hand { old: *a, new: *b, span: *span, time: *time, from, to });
        }
    }
    changed.sort_by(|a, b| b.time.cmp(&a.time).then((a.span.start(), a.old, a.new).cmp(&(b.span.start(), b.old, b.new))));
    let (olds, news): (BTreeSet<TrackId>, BTreeSet<TrackId>) = common.keys().copied().unzip();
    Hands { changed, vanished: old.1.difference(&olds).copied().collect(), appeared: new.1.difference(&news).copied().collect() }
}

#[cfg(test)]
mod tests {
    use super::super::overlap::tests::at;
    use super::*;

    #[test]
    fn a_track_that_is_somebody_else_now_is_told_with_when_and_for_how_long() {
        let span = |f: i64| Span::new(MediaTime(40_000 * f), MediaTime(40_000 * (f + 1)));
        let pair = |f: u64, old: u32, new: u32| {
            (Pair { at: at(f), old: TrackId(old), new: TrackId(new) }, span(i64::try_from(f).unwrap()))
        };
        let pairs = [pair(0, 1, 7), pair(1, 1, 7), pair(4, 1, 7), pair(5, 2, 8)];
        let all = |ids: &[u32]| ids.iter().copied().map(TrackId).collect::<BTreeSet<_>>();
        let map = TrackMap::default();
        let (olds, news) = (all(&[1, 2, 3]), all(&[7, 8, 9]));
        let found = hands(&pairs, (&map, &olds, &|t| if t == TrackId(1) { "Ava" } else { "Ben" }), (&map, &news, &|_| "Ben"));
        assert_eq!(found.changed.len(), 1);
        let hand = &found.changed[0];
        assert_eq!((hand.old, hand.new, hand.from, hand.to), (TrackId(1), TrackId(7), "Ava", "Ben"));
        assert_eq!((hand.span, hand.time), (Span::new(MediaTime(0), MediaTime(200_000)), MediaTime(120_000)));
        assert_eq!((found.vanished, found.appeared), (vec![TrackId(3)], vec![TrackId(9)]));
    }
}
