//! Joins the tracks of a run into clusters.

use super::dendrogram::Dendrogram;
use super::sample::TrackSample;
use crate::domain::{CosineMap, MediaTime, Shot, TrackId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Holds the numbers of clustering; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub strangers: f32,
    pub cluster_thresh: f32,
    pub min_cluster_size: usize,
    pub sure_quality: f32,
    pub sure_boxes: usize,
    pub attach_thresh: f32,
    pub attach_margin: f32,
    pub must_link_iou: f32,
    pub belief_middle: f32,
    pub belief_width: f32,
    pub too_small_px: f32,
    pub too_short_boxes: usize,
    pub occluded_share: f32,
    pub low_quality: f32,
}

impl Params {
    /// Returns the same for an embedder with other cosines.
    #[must_use]
    pub fn in_cosines(&self, map: &CosineMap) -> Self {
        Self {
            strangers: map.cosine(self.strangers).max(0.0),
            cluster_thresh: map.cosine(self.cluster_thresh),
            attach_thresh: map.cosine(self.attach_thresh),
            attach_margin: map.difference(self.attach_margin),
            belief_middle: map.cosine(self.belief_middle),
            belief_width: map.difference(self.belief_width),
            ..self.clone()
        }
    }
}

/// Says why a track stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alone {
    TooShort,
    TooSmall,
    /// Something is before its face.
    Occluded,
    LowQuality,
    /// It is good enough, but like no other.
    FarFromAll,
}

/// Prints the word as [`crate::domain::Identity::alone`] has it.
impl fmt::Display for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "too_short",
            Self::TooSmall => "too_small",
            Self::Occluded => "occluded",
            Self::LowQuality => "low_quality",
            Self::FarFromAll => "far_from_all",
        })
    }
}

/// One track of a cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    pub track: TrackId,
    /// Belief that it belongs here, `0..=1`.
    pub score: f32,
    /// The cosine it had to reach: `cluster_thresh`, or `attach_thresh` for a track attached afterwards.
    pub threshold: f32,
}

/// Tracks that are believed to be one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// By track.
    pub members: Vec<Member>,
    /// Sum over the tracks.
    pub time: MediaTime,
    pub boxes: u64,
    /// Why its only track stands alone.
    pub alone: Option<Alone>,
}

/// What clustering says of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clustering {
    /// By falling time, then boxes, then lowest track; every track is in exactly one.
    pub clusters: Vec<Cluster>,
}

/// Joins tracks into people, never two that share a picture.
///
/// 1. Tracks that are good and long enough (`sure_*`) are joined by average linkage of their cosines down to `cluster_thresh`;
///    halves of a face at a forced boundary are joined beforehand. Groups below `min_cluster_size` fall apart.
/// 2. What is left, single tracks among the sure ones too, is attached to the nearest group it may join, best first, where the
///    cosine to the group's mean reaches `attach_thresh` and no other group it may join comes within `attach_margin`. Attached
///    tracks do not move the mean. The other half at a forced boundary goes along without asking.
/// 3. What is still left is joined among itself as in 1, so that somebody always seen badly is one cluster too.
///
/// Vectors of different lengths are never joined. The result depends on the samples only, not on their order; cosines are right to 0.0001.
#[must_use]
pub fn cluster(params: &Params, samples: &[TrackSample], shots: &[Shot]) -> Clustering {
    let Some(tree) = Dendrogram::new(params, samples, shots, params.cluster_thresh, &mut |_| true) else {
        return Clustering::default();
    };
    tree.clusters(&tree.cut(params.cluster_thresh, params.min_cluster_size))
}

#[cfg(test)]
mod tests {
    use super::super::{Mean, cannot_link};
    use super::*;
    use crate::domain::{BBox, Embedding, ShotId, Transition};
    use proptest::prelude::*;

    fn params() -> Params {
        let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
        table["cluster"].clone().try_into().unwrap()
    }

    /// A track whose vector lies near axis `person`, off by `off`, on every third picture from `first`.
    fn track(id: u32, shot: u32, first: u64, boxes: usize, person: usize, off: f32) -> TrackSample {
        let mut v = vec![0.0; 16];
        v[person] = 1.0;
        v[8 + (id as usize % 8)] = off;
        let bbox = BBox::new(0.0, 0.0, 50.0, 60.0);
        TrackSample {
            id: TrackId(id),
            shot: ShotId(shot),
            frames: (0..boxes as u64).map(|i| first + 3 * i).collect(),
            time: MediaTime(120_000 * i64::try_from(boxes).unwrap()),
            first_box: bbox,
            last_box: bbox,
            vector: Some(Mean::single(Embedding::from_raw(v).unwrap())),
            quality: 0.7,
            occluded: 0.0,
            eye_px: 40.0,
        }
    }

    fn members(c: &Cluster) -> Vec<u32> {
        c.members.iter().map(|m| m.track.0).collect()
    }

    #[test]
    fn tracks_of_one_person_are_joined_and_clusters_come_by_falling_time() {
        let tracks =
            [track(1, 1, 0, 10, 0, 0.3), track(2, 1, 0, 10, 1, 0.3), track(3, 2, 100, 30, 1, 0.3), track(4, 3, 300, 10, 0, 0.3)];
        let got = cluster(&params(), &tracks, &[]);
        assert_eq!(got.clusters.iter().map(members).collect::<Vec<_>>(), [vec![2, 3], vec![1, 4]]);
        assert!(got.clusters.iter().all(|c| c.alone.is_none()));
        assert!(got.clusters.iter().flat_map(|c| &c.members).all(|m| m.score > 0.95), "{got:?}");
    }

    #[test]
    fn two_faces_of_one_picture_are_never_one_person_however_alike() {
        let tracks = [track(1, 1, 0, 10, 0, 0.0), track(2, 1, 27, 10, 0, 0.0), track(3, 2, 100, 9, 0, 0.0)];
        let got = cluster(&params(), &tracks, &[]);
        assert_eq!(got.clusters.len(), 2);
    }

    #[test]
    fn a_bad_track_is_attached_where_one_cluster_is_clearly_nearest() {
        let mut bad = track(5, 4, 500, 5, 0, 3.0);
        bad.quality = 0.1;
        let tracks = [track(1, 1, 0, 10, 0, 0.3), track(2, 2, 100, 10, 0, 0.3), track(3, 3, 200, 10, 1, 0.3), bad];
        let got = cluster(&params(), &tracks, &[]);
        assert_eq!(members(&got.clusters[0]), [1, 2, 5]);
        let attached = got.clusters[0].members[2];
        assert!((attached.threshold - params().attach_thresh).abs() < 1e-6 && attached.score < 0.9);
        // The same track seen together with one of them stays alone.
        let mut tracks = tracks;
        tracks[3].shot = ShotId(1);
        tracks[3].frames = vec![0, 3, 6, 9, 12];
        let got = cluster(&params(), &tracks, &[]);
        assert!(got.clusters.iter().any(|c| members(c) == [5] && c.alone == Some(Alone::LowQuality)), "{got:?}");
    }

    #[test]
    fn every_track_alone_says_why() {
        let mut small = track(2, 2, 100, 10, 1, 0.0);
        small.eye_px = 8.0;
        let mut blank = track(3, 3, 200, 10, 2, 0.0);
        blank.vector = None;
        let mut hidden = track(5, 5, 400, 20, 4, 0.0);
        hidden.occluded = 0.75;
        let tracks = [track(1, 1, 0, 1, 0, 0.0), small, blank, track(4, 4, 300, 20, 3, 0.0), hidden];
        let got = cluster(&params(), &tracks, &[]);
        let mut why: Vec<_> = got.clusters.iter().map(|c| (members(c)[0], c.alone.unwrap().to_string())).collect();
        why.sort();
        let want = [(1, "too_short"), (2, "too_small"), (3, "low_quality"), (4, "far_from_all"), (5, "occluded")];
        assert_eq!(why, want.map(|(t, w)| (t, w.to_owned())));
    }

    #[test]
    fn halves_of_a_face_at_a_forced_boundary_are_one_though_they_look_different() {
        let shot = |id, start, end, transition_in| Shot {
            id: ShotId(id),
            start_frame: start,
            end_frame: end,
            start: MediaTime::ZERO,
            end: MediaTime::ZERO,
            transition_in,
            transition_frames: 0,
            score: 1.0,
        };
        let tracks = [track(1, 1, 0, 10, 0, 0.0), track(2, 2, 30, 10, 1, 0.0)];
        let cut = |t| cluster(&params(), &tracks, &[shot(1, 0, 30, Transition::Start), shot(2, 30, 60, t)]).clusters.len();
        assert_eq!((cut(Transition::Forced), cut(Transition::Cut)), (1, 2));
    }

    #[test]
    fn small_clusters_fall_apart_when_asked() {
        let tracks = [track(1, 1, 0, 10, 0, 0.3), track(2, 2, 100, 10, 0, 0.3)];
        let got = cluster(&Params { min_cluster_size: 3, ..params() }, &tracks, &[]);
        assert_eq!(got.clusters.len(), 2);
    }

    proptest! {
        #[test]
        fn every_track_is_in_one_cluster_no_two_of_a_picture_meet_and_order_does_not_matter(
            raw in prop::collection::vec((1u32..4, 0u64..30, 1usize..12, 0usize..4, 0f32..4.0, 0f32..1.0), 1..24),
            at in any::<prop::sample::Index>(),
        ) {
            let mut tracks: Vec<TrackSample> = raw.iter().enumerate().map(|(i, &(shot, first, boxes, person, off, quality))| {
                let mut t = track(u32::try_from(i).unwrap() + 1, shot, u64::from(shot) * 100 + first, boxes, person, off);
                t.quality = quality;
                t
            }).collect();
            let got = cluster(&params(), &tracks, &[]);
            let mut all: Vec<u32> = got.clusters.iter().flat_map(members).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (1..=u32::try_from(tracks.len()).unwrap()).collect::<Vec<_>>());
            for c in &got.clusters {
                for a in &c.members {
                    prop_assert!((0.0..=1.0).contains(&a.score));
                    for b in &c.members {
                        let of = |id: TrackId| tracks.iter().find(|t| t.id == id).unwrap();
                        prop_assert!(a.track == b.track || !cannot_link(of(a.track), of(b.track)));
                    }
                }
                prop_assert_eq!(c.alone.is_some(), c.members.len() == 1);
            }
            let turn = at.index(tracks.len());
            tracks.rotate_left(turn);
            prop_assert_eq!(got, cluster(&params(), &tracks, &[]));
        }
    }
}
