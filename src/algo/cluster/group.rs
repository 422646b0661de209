//! Joins the tracks of a run into clusters.

use super::belief::Curve;
use super::likeness::{Mean, likeness};
use super::linkage::average_linkage;
use super::sample::{TrackSample, cannot_link, must_link};
use crate::domain::{CosineMap, Embedding, MediaTime, Shot, TrackId};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
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
    /// Mean cosine of the track vectors to their mean; `None` for fewer than two vectors.
    pub cohesion: Option<f32>,
    /// Least cosine, likewise.
    pub least: Option<f32>,
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

/// A set of tracks under way: positions in the samples.
#[derive(Debug, Clone, Default)]
struct Group {
    members: Vec<usize>,
    /// Members that were attached and do not count for the mean.
    attached: Vec<usize>,
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
/// Vectors of different lengths are never joined. The result depends on the samples only, not on their order.
#[must_use]
pub fn cluster(params: &Params, samples: &[TrackSample], shots: &[Shot]) -> Clustering {
    let mut samples: Vec<&TrackSample> = samples.iter().collect();
    samples.sort_by_key(|s| s.id);
    let links = must_link(&samples, shots, params.must_link_iou);
    let is_sure = |s: &TrackSample| s.vector.is_some() && s.quality >= params.sure_quality && s.frames.len() >= params.sure_boxes;
    let (sure, unsure): (Vec<usize>, Vec<usize>) = (0..samples.len()).partition(|i| is_sure(samples[*i]));

    let (mut groups, mut left) = join(params, &samples, &sure, &links, params.min_cluster_size.max(2));
    left.extend(unsure);
    left.sort_unstable();
    follow_links(&samples, &links, &mut groups, &mut left);
    attach(params, &samples, &mut groups, &mut left);
    let (more, singles) = join(params, &samples, &left, &links, params.min_cluster_size.max(2));
    groups.extend(more);
    groups.extend(singles.into_iter().map(|i| Group { members: vec![i], attached: Vec::new() }));
    Clustering { clusters: describe(params, &samples, &groups) }
}

/// Joins some samples by average linkage; returns groups of `at_least` tracks, and the rest.
fn join(
    params: &Params,
    samples: &[&TrackSample],
    some: &[usize],
    links: &[(usize, usize)],
    at_least: usize,
) -> (Vec<Group>, Vec<usize>) {
    let position = |i: usize| some.iter().position(|s| *s == i);
    let links: Vec<(usize, usize)> = links.iter().filter_map(|&(a, b)| Some((position(a)?, position(b)?))).collect();
    let found = average_linkage(some.len(), params.cluster_thresh, &links, |a, b| {
        let (a, b) = (samples[some[a]], samples[some[b]]);
        if cannot_link(a, b) { None } else { alike(params, a.vector.as_ref(), b.vector.as_ref()) }
    });
    let count = found.group.iter().max().map_or(0, |g| g + 1);
    let mut groups = vec![Group::default(); count];
    for (i, g) in found.group.iter().enumerate() {
        groups[*g].members.push(some[i]);
    }
    let (kept, small): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(|g| g.members.len() >= at_least);
    (kept, small.into_iter().flat_map(|g| g.members).collect())
}

/// Tells whether a track may join a group.
fn may_join(samples: &[&TrackSample], track: usize, group: &Group) -> bool {
    !group.members.iter().chain(&group.attached).any(|m| cannot_link(samples[track], samples[*m]))
}

/// Takes the other half at a forced boundary along, until nothing moves.
fn follow_links(samples: &[&TrackSample], links: &[(usize, usize)], groups: &mut [Group], left: &mut Vec<usize>) {
    let mut moved = true;
    while moved {
        moved = false;
        for (a, b) in links.iter().flat_map(|&(a, b)| [(a, b), (b, a)]) {
            let home = groups.iter().position(|g| g.members.contains(&a) || g.attached.contains(&a));
            if let (Some(home), Some(at)) = (home, left.iter().position(|l| *l == b))
                && may_join(samples, b, &groups[home])
            {
                groups[home].attached.push(b);
                left.remove(at);
                moved = true;
            }
        }
    }
}

/// Attaches what is clearly nearest to one group.
fn attach(params: &Params, samples: &[&TrackSample], groups: &mut [Group], left: &mut Vec<usize>) {
    let means: Vec<Option<Mean>> = groups.iter().map(|g| mean(samples, &g.members)).collect();
    let mut offers: Vec<(f32, usize, usize)> = Vec::new();
    for &track in left.iter() {
        for (g, mean) in means.iter().enumerate() {
            if let Some(cosine) = alike(params, samples[track].vector.as_ref(), mean.as_ref())
                && cosine > params.attach_thresh - params.attach_margin
            {
                offers.push((cosine, track, g));
            }
        }
    }
    offers.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut settled: Vec<usize> = Vec::new();
    for at in 0..offers.len() {
        let (best, track, g) = offers[at];
        if best < params.attach_thresh {
            break;
        }
        if settled.contains(&track) || !may_join(samples, track, &groups[g]) {
            continue;
        }
        // The first group that a track may join is its nearest; either it goes there or it stays.
        settled.push(track);
        let next = offers[at + 1..].iter().find(|o| o.1 == track && may_join(samples, track, &groups[o.2]));
        if next.is_none_or(|n| best - n.0 >= params.attach_margin) {
            groups[g].attached.push(track);
            left.retain(|l| *l != track);
        }
    }
}

fn mean(samples: &[&TrackSample], members: &[usize]) -> Option<Mean> {
    Mean::of_means(members.iter().filter_map(|i| samples[*i].vector.as_ref()))
}

fn alike(params: &Params, a: Option<&Mean>, b: Option<&Mean>) -> Option<f32> {
    likeness(params.strangers, a?, b?)
}

/// Returns how far the cosines of a track can be trusted, `0..=1`: blurred, tiny and full-profile faces all look alike, so belief
/// falls with quality below what step 1 asks for.
fn evidence(params: &Params, sample: &TrackSample) -> f32 {
    if params.sure_quality > 0.0 { (sample.quality / params.sure_quality).clamp(0.0, 1.0) } else { 1.0 }
}

fn describe(params: &Params, samples: &[&TrackSample], groups: &[Group]) -> Vec<Cluster> {
    let means: Vec<Option<Mean>> = groups.iter().map(|g| mean(samples, &g.members)).collect();
    let curve = Curve { middle: params.belief_middle, width: params.belief_width };
    let mut clusters: Vec<Cluster> = groups
        .iter()
        .enumerate()
        .map(|(g, group)| {
            let mut all: Vec<usize> = group.members.iter().chain(&group.attached).copied().collect();
            all.sort_unstable();
            let members = all
                .iter()
                .map(|&i| {
                    let next = (0..groups.len())
                        .filter(|&o| o != g && may_join(samples, i, &groups[o]))
                        .filter_map(|o| alike(params, samples[i].vector.as_ref(), means[o].as_ref()))
                        .max_by(f32::total_cmp);
                    let others: Vec<usize> = group.members.iter().copied().filter(|m| *m != i).collect();
                    let own = alike(params, samples[i].vector.as_ref(), mean(samples, &others).as_ref());
                    let attached = group.attached.contains(&i);
                    Member {
                        track: samples[i].id,
                        score: evidence(params, samples[i])
                            * own.map_or_else(|| curve.of_single(next), |own| curve.of_member(own, next)),
                        threshold: if attached { params.attach_thresh } else { params.cluster_thresh },
                    }
                })
                .collect();
            let (cohesion, least) = cohesion(samples, &all);
            Cluster {
                members,
                cohesion,
                least,
                time: all.iter().fold(MediaTime::ZERO, |sum, i| sum + samples[*i].time),
                boxes: all.iter().map(|i| samples[*i].frames.len() as u64).sum(),
                alone: (all.len() == 1).then(|| why_alone(params, samples[all[0]])),
            }
        })
        .collect();
    clusters.sort_by_key(|c| (Reverse((c.time, c.boxes)), c.members.first().map(|m| m.track)));
    clusters
}

/// Returns mean and least cosine of the vectors of some tracks to their mean.
fn cohesion(samples: &[&TrackSample], some: &[usize]) -> (Option<f32>, Option<f32>) {
    let vectors: Vec<&Embedding> = some.iter().filter_map(|i| samples[*i].vector.as_ref()).map(|m| &m.direction).collect();
    if vectors.len() < 2 {
        return (None, None);
    }
    let Some(mean) = Embedding::mean(vectors.iter().map(|v| (*v, 1.0))) else { return (None, None) };
    let cosines: Vec<f32> = vectors.iter().filter_map(|v| mean.cosine(v)).collect();
    (Some(cosines.iter().sum::<f32>() / cosines.len() as f32), cosines.into_iter().min_by(f32::total_cmp))
}

fn why_alone(params: &Params, track: &TrackSample) -> Alone {
    if track.frames.len() < params.too_short_boxes {
        Alone::TooShort
    } else if track.eye_px < params.too_small_px {
        Alone::TooSmall
    } else if track.vector.is_none() || track.quality < params.low_quality {
        Alone::LowQuality
    } else {
        Alone::FarFromAll
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BBox, ShotId, Transition};
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
        assert!(got.clusters.iter().all(|c| c.alone.is_none() && c.cohesion.unwrap() > 0.9));
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
        let tracks = [track(1, 1, 0, 1, 0, 0.0), small, blank, track(4, 4, 300, 20, 3, 0.0)];
        let got = cluster(&params(), &tracks, &[]);
        let mut why: Vec<_> = got.clusters.iter().map(|c| (members(c)[0], c.alone.unwrap().to_string())).collect();
        why.sort();
        let want = [(1, "too_short"), (2, "too_small"), (3, "low_quality"), (4, "far_from_all")];
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
