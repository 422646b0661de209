//! Clustering written out plainly, step by step on the vectors themselves, and the dendrogram held against it.

use super::dendrogram::Dendrogram;
use super::linkage::average_linkage;
use super::sample::must_link;
use super::*;
use crate::domain::{BBox, Embedding, MediaTime, Shot, ShotId, TrackId, Transition};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BTreeSet;

/// Cosines nearer than this to a decision may fall either way: those of the dendrogram are right to 0.0001.
const CLOSE: f32 = 5e-4;

fn params() -> Params {
    let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
    table["cluster"].clone().try_into().unwrap()
}

/// The steps of [`cluster`] one after the other.
struct Plain<'a> {
    params: &'a Params,
    samples: Vec<&'a TrackSample>,
    links: Vec<(usize, usize)>,
    tree: &'a Dendrogram,
    /// Something was nearer to a decision than [`CLOSE`].
    is_close: Cell<bool>,
}

/// Members, and what was attached to them.
type Joined = (Vec<usize>, Vec<usize>);

impl Plain<'_> {
    fn clusters(&self) -> BTreeSet<BTreeSet<TrackId>> {
        let p = self.params;
        let is_sure = |s: &TrackSample| s.vector.is_some() && s.quality >= p.sure_quality && s.frames.len() >= p.sure_boxes;
        let (sure, unsure): (Vec<usize>, Vec<usize>) = (0..self.samples.len()).partition(|i| is_sure(self.samples[*i]));
        let (mut groups, mut left) = self.join(&sure);
        left.extend(unsure);
        left.sort_unstable();
        self.follow_links(&mut groups, &mut left);
        self.attach(&mut groups, &mut left);
        let (more, singles) = self.join(&left);
        groups.extend(more);
        groups.extend(singles.into_iter().map(|i| (vec![i], Vec::new())));
        groups.iter().map(|(a, b)| a.iter().chain(b).map(|i| self.samples[*i].id).collect()).collect()
    }

    fn join(&self, some: &[usize]) -> (Vec<Joined>, Vec<usize>) {
        let position = |i: usize| some.iter().position(|s| *s == i);
        let links: Vec<(usize, usize)> = self.links.iter().filter_map(|&(a, b)| Some((position(a)?, position(b)?))).collect();
        let alike = |a: usize, b: usize| self.tree.likeness(some[a], some[b]);
        let found = average_linkage(some.len(), self.params.cluster_thresh, &links, alike);
        let mut groups = vec![(Vec::new(), Vec::new()); found.group.iter().max().map_or(0, |g| g + 1)];
        for (i, g) in found.group.iter().enumerate() {
            groups[*g].0.push(some[i]);
        }
        let (kept, small): (Vec<Joined>, Vec<Joined>) =
            groups.into_iter().partition(|g| g.0.len() >= self.params.min_cluster_size.max(2));
        let mut small: Vec<usize> = small.into_iter().flat_map(|g| g.0).collect();
        small.sort_unstable();
        (kept, small)
    }

    fn may_join(&self, track: usize, group: &Joined) -> bool {
        !group.0.iter().chain(&group.1).any(|m| cannot_link(self.samples[track], self.samples[*m]))
    }

    fn follow_links(&self, groups: &mut [Joined], left: &mut Vec<usize>) {
        let mut moved = true;
        while moved {
            moved = false;
            for (a, b) in self.links.iter().flat_map(|&(a, b)| [(a, b), (b, a)]) {
                let home = groups.iter().position(|g| g.0.contains(&a) || g.1.contains(&a));
                if let (Some(home), Some(at)) = (home, left.iter().position(|l| *l == b))
                    && self.may_join(b, &groups[home])
                {
                    groups[home].1.push(b);
                    left.remove(at);
                    moved = true;
                }
            }
        }
    }

    fn attach(&self, groups: &mut [Joined], left: &mut Vec<usize>) {
        let p = self.params;
        let vector = |i: &usize| self.samples[*i].vector.as_ref();
        let means: Vec<Option<Mean>> = groups.iter().map(|g| Mean::of_means(g.0.iter().filter_map(vector))).collect();
        let mut offers: Vec<(f32, usize, usize)> = Vec::new();
        for track in left.iter() {
            for (g, mean) in means.iter().enumerate() {
                let cosine = vector(track).zip(mean.as_ref()).and_then(|(a, b)| likeness(p.strangers, a, b));
                if let Some(cosine) = cosine.filter(|c| *c > p.attach_thresh - p.attach_margin) {
                    self.weigh(cosine - p.attach_thresh);
                    offers.push((cosine, *track, g));
                }
            }
        }
        offers.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for near in offers.windows(2) {
            self.weigh(near[0].0 - near[1].0);
        }
        let mut settled = Vec::new();
        for at in 0..offers.len() {
            let (best, track, g) = offers[at];
            if best < p.attach_thresh {
                break;
            }
            if settled.contains(&track) || !self.may_join(track, &groups[g]) {
                continue;
            }
            settled.push(track);
            let next = offers[at + 1..].iter().find(|o| o.1 == track && self.may_join(track, &groups[o.2]));
            if let Some(next) = next {
                self.weigh(best - next.0 - p.attach_margin);
            }
            if next.is_none_or(|n| best - n.0 >= p.attach_margin) {
                groups[g].1.push(track);
                left.retain(|l| *l != track);
            }
        }
    }

    fn weigh(&self, distance: f32) {
        self.is_close.set(self.is_close.get() || distance.abs() < CLOSE);
    }
}

/// A track whose vector lies near axis `person`, off by `off`; shots are 30 pictures, every third forced shut.
fn track(id: u32, shot: u32, first: u64, boxes: usize, person: usize, off: f32) -> TrackSample {
    let mut v = vec![0.1; 16];
    v[person] = 1.0;
    v[8 + (id as usize % 8)] = off;
    let bbox = BBox::new(
        f32::from(u8::try_from(person).unwrap()) * 60.0,
        0.0,
        50.0 + f32::from(u8::try_from(person).unwrap()) * 60.0,
        60.0,
    );
    TrackSample {
        id: TrackId(id),
        shot: ShotId(shot),
        frames: (0..boxes as u64)
            .map(|i| u64::from(shot) * 30 + (first + i).min(29))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        time: MediaTime(i64::try_from(boxes).unwrap()),
        first_box: bbox,
        last_box: bbox,
        vector: (!id.is_multiple_of(11))
            .then(|| Mean { direction: Embedding::from_raw(v).unwrap(), length: 0.9 + 0.01 * (id % 10) as f32 }),
        quality: 0.7,
        occluded: 0.0,
        eye_px: 40.0,
    }
}

fn shots() -> Vec<Shot> {
    let shot = |id: u32| Shot {
        id: ShotId(id),
        start_frame: u64::from(id) * 30,
        end_frame: u64::from(id + 1) * 30,
        start: MediaTime::ZERO,
        end: MediaTime::ZERO,
        transition_in: if id.is_multiple_of(3) { Transition::Forced } else { Transition::Cut },
        transition_frames: 0,
        score: 1.0,
    };
    (1..8).map(shot).collect()
}

fn tracks() -> impl Strategy<Value = Vec<TrackSample>> {
    let raw = (1u32..8, 0u64..30, 1usize..12, 0usize..4, 0f32..3.0, 0f32..1.0);
    prop::collection::vec(raw, 1..30).prop_map(|raw| {
        let made = raw.into_iter().zip(1..).map(|((shot, first, boxes, person, off, quality), id)| TrackSample {
            quality,
            ..track(id, shot, first, boxes, person, off)
        });
        made.collect()
    })
}

fn members(clustering: &Clustering) -> BTreeSet<BTreeSet<TrackId>> {
    clustering.clusters.iter().map(|c| c.members.iter().map(|m| m.track).collect()).collect()
}

proptest! {
    #[test]
    fn one_dendrogram_cut_at_any_threshold_is_what_clustering_at_that_threshold_gives(
        tracks in tracks(), lowest in -0.2f32..0.3, thresholds in prop::collection::vec((0f32..0.9, 1usize..6), 1..5),
    ) {
        let tree = Dendrogram::new(&params(), &tracks, &shots(), lowest, &mut |_| true).unwrap();
        for (above, min_cluster_size) in thresholds {
            let cluster_thresh = lowest + above;
            let cut = tree.cut(cluster_thresh, min_cluster_size);
            let due = cluster(&Params { cluster_thresh, min_cluster_size, ..params() }, &tracks, &shots());
            prop_assert_eq!(members(&tree.outline(&cut)), members(&due));
            prop_assert_eq!(tree.clusters(&cut), due);
        }
    }

    #[test]
    fn it_does_what_the_steps_do_one_after_the_other(tracks in tracks(), cluster_thresh in 0f32..0.9, min_cluster_size in 1usize..6) {
        let params = Params { cluster_thresh, min_cluster_size, ..params() };
        let tree = Dendrogram::new(&params, &tracks, &shots(), -1.0, &mut |_| true).unwrap();
        let samples: Vec<&TrackSample> = tracks.iter().collect();
        let links = must_link(&samples, &shots(), params.must_link_iou);
        let plain = Plain { params: &params, samples, links, tree: &tree, is_close: Cell::new(false) };
        let due = plain.clusters();
        prop_assume!(!plain.is_close.get());
        prop_assert_eq!(members(&tree.outline(&tree.cut(cluster_thresh, min_cluster_size))), due);
    }
}

#[test]
fn belief_is_that_of_the_vectors_themselves() {
    let tracks: Vec<TrackSample> = (1..11).map(|id| track(id, id % 7 + 1, 0, 9, id as usize % 3, 0.1 * id as f32)).collect();
    let params = params();
    let got = cluster(&params, &tracks, &shots());
    let vector = |id: TrackId| tracks.iter().find(|t| t.id == id).and_then(|t| t.vector.as_ref());
    let mean = |ids: &[TrackId]| Mean::of_means(ids.iter().filter_map(|id| vector(*id)));
    let curve = belief::Curve { middle: params.belief_middle, width: params.belief_width };
    for c in &got.clusters {
        let ids: Vec<TrackId> = c.members.iter().map(|m| m.track).collect();
        for m in &c.members {
            let alike = |b: Option<Mean>| b.and_then(|b| likeness(params.strangers, vector(m.track)?, &b));
            let others: Vec<TrackId> = ids.iter().copied().filter(|id| *id != m.track).collect();
            let of = |id: TrackId| tracks.iter().find(|t| t.id == id).unwrap();
            let elsewhere = got.clusters.iter().filter(|o| *o != c);
            let may = elsewhere.filter(|o| !o.members.iter().any(|x| cannot_link(of(x.track), of(m.track))));
            let next =
                may.filter_map(|o| alike(mean(&o.members.iter().map(|x| x.track).collect::<Vec<_>>()))).max_by(f32::total_cmp);
            let due = alike(mean(&others)).map_or_else(|| curve.of_single(next), |own| curve.of_member(own, next));
            assert!((m.score - due).abs() < 2e-3, "{} of {c:?}: {due}", m.track);
        }
    }
}

#[test]
fn comparing_ends_when_it_is_told_to() {
    let tracks: Vec<TrackSample> = (1..30).map(|id| track(id, 1, 0, 3, 0, 0.1)).collect();
    let mut told = Vec::new();
    let made = Dendrogram::new(&params(), &tracks, &[], 0.2, &mut |c| {
        told.push(c);
        told.len() < 3
    });
    assert!(made.is_none() && told.len() == 3 && told[2].pairs < told[2].of);
}
