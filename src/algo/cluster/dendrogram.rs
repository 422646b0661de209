//! The order in which tracks join: worked out once, it answers for every threshold.

use super::group::Params;
use super::linkage::{Linkage, average_linkage};
use super::pairs::{APART, ONE, Pairs, Vectors};
use super::sample::{TrackSample, must_link};
use crate::domain::{MediaTime, Shot, TrackId};

/// What rounding may take from a mean: groups that stay this far below a threshold never reach it.
const SLACK: f32 = 1e-4;

/// How alike the tracks of a run are, and in which order the sure ones join, down to a lowest threshold.
///
/// [`Dendrogram::cut`] gives for any threshold from there on what clustering with that threshold gives. Holds the cosines of all pairs, 2 bytes
/// each: 100 MB at 10,000 tracks, 1 MB at 1,000. While it is made, the pairs of those that hang together at the lowest threshold take 4 bytes more.
#[derive(Debug)]
pub struct Dendrogram {
    pub(super) params: Params,
    pub(super) lowest: f32,
    /// By id.
    pub(super) tracks: Vec<Track>,
    pub(super) vectors: Vectors,
    pub(super) pairs: Pairs,
    /// Halves of one face.
    pub(super) links: Vec<(usize, usize)>,
    pub(super) sure: Vec<usize>,
    pub(super) unsure: Vec<usize>,
    /// Of the sure ones.
    trees: Vec<Tree>,
}

/// What is asked of one track.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) id: TrackId,
    /// Of the mean of its crops; absent where none could be embedded.
    pub(super) length: Option<f32>,
    pub(super) quality: f32,
    pub(super) occluded: f32,
    pub(super) boxes: usize,
    pub(super) eye_px: f32,
    pub(super) time: MediaTime,
}

/// Tracks that hang together, and how they join.
#[derive(Debug)]
struct Tree {
    /// Halves of one face.
    beforehand: Vec<(usize, usize)>,
    /// Most similar first.
    merges: Vec<(usize, usize, f32)>,
}

/// How far a dendrogram is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    pub pairs: usize,
    pub of: usize,
}

impl Dendrogram {
    /// Compares all pairs of tracks and joins the sure ones down to `lowest`; `None` where `go_on` says so in between.
    ///
    /// Takes `O(n^2)` time and memory. The result depends on the samples only, not on their order.
    #[must_use]
    pub fn new(
        params: &Params,
        samples: &[TrackSample],
        shots: &[Shot],
        lowest: f32,
        go_on: &mut dyn FnMut(Compared) -> bool,
    ) -> Option<Self> {
        let mut samples: Vec<&TrackSample> = samples.iter().collect();
        samples.sort_by_key(|s| s.id);
        let vectors = Vectors::of(&samples);
        let pairs = Pairs::compare(&samples, &vectors, &mut |pairs, of| go_on(Compared { pairs, of }))?;
        let links = must_link(&samples, shots, params.must_link_iou);
        let is_sure =
            |s: &TrackSample| s.vector.is_some() && s.quality >= params.sure_quality && s.frames.len() >= params.sure_boxes;
        let (sure, unsure) = (0..samples.len()).partition(|i| is_sure(samples[*i]));
        let track = |s: &&TrackSample| Track {
            id: s.id,
            length: s.vector.as_ref().map(|v| v.length),
            quality: s.quality,
            occluded: s.occluded,
            boxes: s.frames.len(),
            eye_px: s.eye_px,
            time: s.time,
        };
        let tracks = samples.iter().map(track).collect();
        let mut own = Self { params: params.clone(), lowest, tracks, vectors, pairs, links, sure, unsure, trees: Vec::new() };
        own.trees = own.grow(&own.sure, lowest);
        Some(own)
    }

    /// Returns the lowest threshold that it answers for.
    #[must_use]
    pub fn lowest(&self) -> f32 {
        self.lowest
    }

    /// Returns how much what two single tracks share is worth ([`super::likeness`]); `None` where they are apart.
    pub(super) fn likeness(&self, a: usize, b: usize) -> Option<f32> {
        let cosine = self.pairs.get(a, b);
        let (x, y) = (self.tracks[a].length?, self.tracks[b].length?);
        (cosine != APART).then(|| f32::from(cosine) / ONE - self.params.strangers * gained(x, y))
    }

    /// Returns the groups of the sure tracks at a threshold: each by track, all by their first.
    pub(super) fn sure_groups(&self, threshold: f32) -> Vec<Vec<usize>> {
        groups(self.tracks.len(), &self.sure, &self.trees, threshold)
    }

    /// Joins some tracks, ascending, by average linkage: each by track, all by their first.
    pub(super) fn join(&self, some: &[usize], threshold: f32) -> Vec<Vec<usize>> {
        groups(self.tracks.len(), some, &self.grow(some, threshold), threshold)
    }

    /// Joins some tracks, ascending, down to a threshold; those of two trees are nowhere alike enough, so each tree joins by itself.
    fn grow(&self, some: &[usize], threshold: f32) -> Vec<Tree> {
        let mut place = vec![usize::MAX; self.tracks.len()];
        for (at, track) in some.iter().enumerate() {
            place[*track] = at;
        }
        let here = |&(a, b): &(usize, usize)| (place[a] != usize::MAX && place[b] != usize::MAX).then_some((place[a], place[b]));
        let links: Vec<(usize, usize)> = self.links.iter().filter_map(here).collect();
        let mut sets = Sets::new(some.len());
        for (a, b) in &links {
            sets.join(*a, *b);
        }
        let least = (threshold - SLACK) * ONE;
        for (at, a) in some.iter().enumerate() {
            let (row, Some(length)) = (self.pairs.row(*a), self.tracks[*a].length) else { continue };
            for (behind, b) in some[at + 1..].iter().enumerate() {
                let (cosine, Some(other)) = (row[*b - *a - 1], self.tracks[*b].length) else { continue };
                // Most pairs are far below, whatever is taken off.
                let cosine = f32::from(cosine);
                if cosine >= least && cosine - ONE * self.params.strangers * gained(length, other) >= least {
                    sets.join(at, at + 1 + behind);
                }
            }
        }
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); some.len()];
        for at in 0..some.len() {
            members[sets.root(at)].push(at);
        }
        members.into_iter().filter(|m| m.len() > 1).map(|m| self.tree(some, &m, &links, threshold)).collect()
    }

    fn tree(&self, some: &[usize], members: &[usize], links: &[(usize, usize)], threshold: f32) -> Tree {
        let within = |at: usize| members.binary_search(&at).ok();
        let links: Vec<(usize, usize)> = links.iter().filter_map(|&(a, b)| Some((within(a)?, within(b)?))).collect();
        let track = |at: usize| some[members[at]];
        let found = average_linkage(members.len(), threshold, &links, |a, b| self.likeness(track(a), track(b)));
        let Linkage { beforehand, merges, .. } = found;
        Tree {
            beforehand: beforehand.into_iter().map(|(a, b)| (track(a), track(b))).collect(),
            merges: merges.into_iter().map(|(a, b, s)| (track(a), track(b), s)).collect(),
        }
    }
}

/// Returns what two means gained over single faces by what all faces share; see [`super::likeness`].
pub(super) fn gained(a: f32, b: f32) -> f32 {
    (1.0 / (a * b).max(0.01) - 1.0).max(0.0)
}

fn groups(n: usize, some: &[usize], trees: &[Tree], threshold: f32) -> Vec<Vec<usize>> {
    let mut sets = Sets::new(n);
    for tree in trees {
        for (a, b) in &tree.beforehand {
            sets.join(*a, *b);
        }
        // Rounding may let a merge be a trifle more alike than the one before it: what ends the joining is the first below.
        for (a, b, _) in tree.merges.iter().take_while(|m| m.2 >= threshold) {
            sets.join(*a, *b);
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut at = vec![usize::MAX; n];
    for track in some {
        let root = sets.root(*track);
        if at[root] == usize::MAX {
            at[root] = groups.len();
            groups.push(Vec::new());
        }
        groups[at[root]].push(*track);
    }
    groups
}

/// Sets that are joined (union by the lower number, path halving).
struct Sets(Vec<usize>);

impl Sets {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut item: usize) -> usize {
        while self.0[item] != item {
            self.0[item] = self.0[self.0[item]];
            item = self.0[item];
        }
        item
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
