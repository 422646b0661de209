//! Which faces of two runs are the same, and how many of them two tracks share.

use crate::domain::{BBox, FrameTime, MediaTime, TrackId, TrackMap};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Holds the numbers of comparing; `config/compare.toml` gives their units and reasons.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub same_iou: f32,
    pub bridge_s: f64,
    pub stray: f64,
}

/// One face of a run, in the track that it was measured in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    pub at: FrameTime,
    pub bbox: BBox,
    pub tracklet: TrackId,
}

/// One face that both runs saw, by the tracklets that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub at: FrameTime,
    pub old: TrackId,
    pub new: TrackId,
}

/// Pairs the faces of a new run with those of an old one, by picture; each face at most once.
///
/// Where the old run did not look at a picture that the new one saw, its box lies on the line between those before and after it, if
/// these are no more than `bridge_s` apart. Of several that overlap, the pair that overlaps most goes first. Both may come in any order.
#[must_use]
pub fn pairs(params: &Params, old: &[Seen], new: &[Seen]) -> Vec<Pair> {
    let mut here: BTreeMap<FrameTime, Vec<&Seen>> = BTreeMap::new();
    for seen in new {
        here.entry(seen.at).or_default().push(seen);
    }
    let there = boxes_at(params, old, &here.keys().copied().collect());
    let mut found = Vec::new();
    for (at, faces) in here {
        let Some(boxes) = there.get(&at.frame) else { continue };
        let mut likely: Vec<(f32, TrackId, TrackId)> = Vec::new();
        for face in faces {
            let overlaps = boxes.iter().map(|(bbox, old)| (bbox.iou(&face.bbox), *old, face.tracklet));
            likely.extend(overlaps.filter(|(iou, ..)| *iou >= params.same_iou));
        }
        likely.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let (mut olds, mut news) = (BTreeSet::new(), BTreeSet::new());
        for (_, old, new) in likely {
            if !olds.contains(&old) && !news.contains(&new) {
                olds.insert(old);
                news.insert(new);
                found.push(Pair { at, old, new });
            }
        }
    }
    found
}

/// Returns where the faces of a run are in some pictures, by picture.
fn boxes_at(params: &Params, seen: &[Seen], wanted: &BTreeSet<FrameTime>) -> BTreeMap<u64, Vec<(BBox, TrackId)>> {
    let mut tracks: BTreeMap<TrackId, BTreeMap<FrameTime, BBox>> = BTreeMap::new();
    for face in seen {
        tracks.entry(face.tracklet).or_default().insert(face.at, face.bbox);
    }
    let bridge = MediaTime::from_secs(params.bridge_s);
    let mut boxes: BTreeMap<u64, Vec<(BBox, TrackId)>> = BTreeMap::new();
    for (track, own) in tracks {
        let mut before: Option<(FrameTime, BBox)> = None;
        for (at, bbox) in own {
            if let Some((from, first)) = before.filter(|(from, _)| at.pts - from.pts <= bridge && from.frame + 1 < at.frame) {
                for between in wanted.range(from..at).filter(|w| w.frame > from.frame && w.frame < at.frame) {
                    let share = (between.frame - from.frame) as f32 / (at.frame - from.frame) as f32;
                    boxes.entry(between.frame).or_default().push((between_boxes(first, bbox, share), track));
                }
            }
            boxes.entry(at.frame).or_default().push((bbox, track));
            before = Some((at, bbox));
        }
    }
    boxes
}

fn between_boxes(a: BBox, b: BBox, share: f32) -> BBox {
    let mix = |a: f32, b: f32| a + (b - a) * share;
    BBox::new(mix(a.x1, b.x1), mix(a.y1, b.y1), mix(a.x2, b.x2), mix(a.y2, b.y2))
}

/// What two tracks have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Faces.
    pub faces: u32,
    /// The first picture.
    pub from: FrameTime,
    /// The last picture.
    pub to: FrameTime,
}

/// What the tracks of two runs have in common, as people cut and joined them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shared {
    /// By track of the new run, then of the old one.
    pub by_new: BTreeMap<TrackId, BTreeMap<TrackId, Piece>>,
    /// By track of the old run, then of the new one.
    pub by_old: BTreeMap<TrackId, BTreeMap<TrackId, Piece>>,
}

impl Shared {
    /// Counts `pairs` by the tracks that they are in now.
    #[must_use]
    pub fn of(pairs: &[Pair], old: &TrackMap, new: &TrackMap) -> Self {
        let mut shared = Self::default();
        for pair in pairs {
            let (a, b) = (old.track(pair.old, pair.at.frame), new.track(pair.new, pair.at.frame));
            let piece = shared.by_new.entry(b).or_default().entry(a);
            let piece = piece.or_insert(Piece { faces: 0, from: pair.at, to: pair.at });
            piece.faces += 1;
            (piece.from, piece.to) = (piece.from.min(pair.at), piece.to.max(pair.at));
            shared.by_old.entry(a).or_default().insert(b, *piece);
        }
        shared
    }

    /// Returns what more than half of the faces that new tracks share with old ones say, with their share of them; a face without a
    /// say counts.
    #[must_use]
    pub fn majority<T: Ord + Copy>(&self, tracks: &[TrackId], say: impl Fn(TrackId) -> Option<T>) -> Option<(T, f32)> {
        let (mut votes, mut all) = (BTreeMap::<T, u64>::new(), 0);
        for (old, piece) in tracks.iter().filter_map(|t| self.by_new.get(t)).flatten() {
            all += u64::from(piece.faces);
            if let Some(said) = say(*old) {
                *votes.entry(said).or_default() += u64::from(piece.faces);
            }
        }
        let (said, n) = votes.into_iter().max_by_key(|(_, n)| *n)?;
        (n * 2 > all).then_some((said, n as f32 / all as f32))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::algo::run_diff) fn params() -> Params {
        let table: toml::Table = toml::from_str(include_str!("../../../config/compare.toml")).unwrap();
        table["compare"].clone().try_into().unwrap()
    }

    pub(in crate::algo::run_diff) fn at(frame: u64) -> FrameTime {
        FrameTime { frame, pts: MediaTime(40_000 * i64::try_from(frame).unwrap()) }
    }

    fn seen(frame: u64, x: f32, track: u32) -> Seen {
        Seen { at: at(frame), bbox: BBox::new(x, 0.0, x + 10.0, 10.0), tracklet: TrackId(track) }
    }

    fn told(pairs: &[Pair]) -> Vec<(u64, u32, u32)> {
        pairs.iter().map(|p| (p.at.frame, p.old.0, p.new.0)).collect()
    }

    #[test]
    fn boxes_are_one_face_where_they_overlap_by_half() {
        let old = [seen(0, 0.0, 1), seen(0, 50.0, 2), seen(3, 0.0, 1)];
        let new = [seen(0, 1.0, 7), seen(3, 8.0, 7), seen(6, 1.0, 7)];
        assert_eq!(told(&pairs(&params(), &old, &new)), [(0, 1, 7)]);
    }

    #[test]
    fn a_picture_that_one_run_left_out_lies_between_those_before_and_after() {
        let old = [seen(0, 0.0, 1), seen(10, 20.0, 1), seen(40, 0.0, 1)];
        let new = [seen(5, 10.0, 7), seen(25, 10.0, 8)];
        assert_eq!(told(&pairs(&params(), &old, &new)), [(5, 1, 7)], "1.2 s are too far apart");
    }

    #[test]
    fn of_two_faces_on_one_the_nearer_is_it() {
        let old = [seen(0, 0.0, 1)];
        let new = [seen(0, 2.0, 7), seen(0, 1.0, 8)];
        assert_eq!(told(&pairs(&params(), &old, &new)), [(0, 1, 8)]);
    }

    proptest! {
        #[test]
        fn a_run_compared_with_itself_pairs_every_face_with_itself(faces in prop::collection::btree_map((0u64..20, 0u32..3), 0f32..3.0, 0..40)) {
            let seen: Vec<Seen> = faces.iter().map(|((f, t), x)| seen(*f, 100.0 * *t as f32 + x, *t)).collect();
            let found = pairs(&params(), &seen, &seen);
            prop_assert_eq!(found.len(), seen.len());
            prop_assert!(found.iter().all(|p| p.old == p.new));
        }

        #[test]
        fn no_face_is_paired_twice(
            old in prop::collection::btree_map((0u64..9, 0u32..4), 0f32..30.0, 0..40),
            new in prop::collection::btree_map((0u64..9, 0u32..4), 0f32..30.0, 0..40),
        ) {
            let all = |faces: &BTreeMap<(u64, u32), f32>| faces.iter().map(|((f, t), x)| seen(*f, *x, *t)).collect::<Vec<_>>();
            let found = pairs(&params(), &all(&old), &all(&new));
            let olds: BTreeSet<_> = found.iter().map(|p| (p.at, p.old)).collect();
            let news: BTreeSet<_> = found.iter().map(|p| (p.at, p.new)).collect();
            prop_assert_eq!((olds.len(), news.len()), (found.len(), found.len()));
        }
    }
}
