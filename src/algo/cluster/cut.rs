//! One threshold out of all: which tracks are one person, and why the others are alone.

use super::dendrogram::{Dendrogram, Track, gained};
use super::group::{Alone, Cluster, Clustering, Member};
use super::pairs::{APART, ONE};
use crate::domain::MediaTime;
use std::cmp::Reverse;

/// The tracks of a run as they join at one threshold.
#[derive(Debug)]
pub struct Cut {
    pub(super) groups: Vec<Group>,
    pub(super) cluster_thresh: f32,
}

/// Tracks that are believed to be one person: positions in the dendrogram, ascending.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) members: Vec<usize>,
    /// Those that were attached and do not count for the mean.
    pub(super) attached: Vec<usize>,
}

/// The mean of some tracks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Middle {
    /// What a sum of cosines to all of them is multiplied by to be the cosine to the mean.
    scale: f32,
    /// Length of the mean of all their crops, `0..=1`.
    pub(super) length: f32,
}

impl Middle {
    /// Makes it of the square of the sum's length, how many vectors are in it, and the sum of the lengths of their own means.
    pub(super) fn new(square: f64, count: usize, lengths: f32) -> Option<Self> {
        let (sum, count) = (as_f32(square.max(0.0).sqrt()), count as f32);
        (count > 0.0 && sum > 1e-6).then(|| Self { scale: 1.0 / (ONE * sum), length: sum / count * lengths / count })
    }

    /// Returns the cosine to it, given the sum of those to all that went into it.
    fn cosine(self, cosines: i32) -> f32 {
        (cosines as f32 * self.scale).clamp(-1.0, 1.0)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a length or cosine; its last digits do not matter")]
pub(super) fn as_f32(value: f64) -> f32 {
    value as f32
}

impl Dendrogram {
    /// Returns the tracks as they join at `cluster_thresh`, not below [`Dendrogram::lowest`], groups below `min_cluster_size` apart; [`super::cluster`]
    /// tells the steps. 10,000 tracks take some tens of milliseconds.
    #[must_use]
    pub fn cut(&self, cluster_thresh: f32, min_cluster_size: usize) -> Cut {
        let (threshold, at_least) = (cluster_thresh.max(self.lowest), min_cluster_size.max(2));
        let (kept, small): (Vec<_>, Vec<_>) = self.sure_groups(threshold).into_iter().partition(|g| g.len() >= at_least);
        let mut groups: Vec<Group> = kept.into_iter().map(|members| Group { members, attached: Vec::new() }).collect();
        let mut home: Vec<Option<usize>> = vec![None; self.tracks.len()];
        for (g, group) in groups.iter().enumerate() {
            for track in &group.members {
                home[*track] = Some(g);
            }
        }
        let mut left: Vec<usize> = small.into_iter().flatten().chain(self.unsure.iter().copied()).collect();
        left.sort_unstable();
        self.follow_links(&mut groups, &mut home);
        left.retain(|track| home[*track].is_none());
        self.attach(&mut groups, &mut home, &left);
        left.retain(|track| home[*track].is_none());
        let (more, small): (Vec<_>, Vec<_>) = self.join(&left, threshold).into_iter().partition(|g| g.len() >= at_least);
        let singles = small.into_iter().flatten().map(|track| vec![track]);
        groups.extend(more.into_iter().chain(singles).map(|members| Group { members, attached: Vec::new() }));
        Cut { groups, cluster_thresh }
    }

    /// Returns the clusters of a cut without belief in them: every score is 0.
    #[must_use]
    pub fn outline(&self, cut: &Cut) -> Clustering {
        self.clusters_with(cut, &vec![0.0; self.tracks.len()])
    }

    pub(super) fn clusters_with(&self, cut: &Cut, scores: &[f32]) -> Clustering {
        let mut clusters: Vec<Cluster> = cut.groups.iter().map(|group| self.cluster(cut, group, scores)).collect();
        clusters.sort_by_key(|c| (Reverse((c.time, c.boxes)), c.members.first().map(|m| m.track)));
        Clustering { clusters }
    }

    fn cluster(&self, cut: &Cut, group: &Group, scores: &[f32]) -> Cluster {
        let joined = group.members.iter().map(|i| (*i, cut.cluster_thresh));
        let mut all: Vec<(usize, f32)> = joined.chain(group.attached.iter().map(|i| (*i, self.params.attach_thresh))).collect();
        all.sort_by_key(|(i, _)| *i);
        let alone = match all.as_slice() {
            [(one, _)] => Some(self.why_alone(&self.tracks[*one])),
            _ => None,
        };
        Cluster {
            time: all.iter().fold(MediaTime::ZERO, |sum, (i, _)| sum + self.tracks[*i].time),
            boxes: all.iter().map(|(i, _)| self.tracks[*i].boxes as u64).sum(),
            members: all
                .into_iter()
                .map(|(i, threshold)| Member { track: self.tracks[i].id, score: scores[i], threshold })
                .collect(),
            alone,
        }
    }

    fn why_alone(&self, track: &Track) -> Alone {
        if track.boxes < self.params.too_short_boxes {
            Alone::TooShort
        } else if track.eye_px < self.params.too_small_px {
            Alone::TooSmall
        } else if track.occluded >= self.params.occluded_share {
            Alone::Occluded
        } else if track.length.is_none() || track.quality < self.params.low_quality {
            Alone::LowQuality
        } else {
            Alone::FarFromAll
        }
    }

    /// Takes the other half at a forced boundary along, until nothing moves.
    fn follow_links(&self, groups: &mut [Group], home: &mut [Option<usize>]) {
        let mut moved = true;
        while moved {
            moved = false;
            for (a, b) in self.links.iter().flat_map(|&(a, b)| [(a, b), (b, a)]) {
                let (Some(g), None) = (home[a], home[b]) else { continue };
                if self.may_join(b, &groups[g].members) && self.may_join(b, &groups[g].attached) {
                    groups[g].attached.push(b);
                    home[b] = Some(g);
                    moved = true;
                }
            }
        }
    }

    /// Tells whether a track was never seen together with any of `some`.
    pub(super) fn may_join(&self, track: usize, some: &[usize]) -> bool {
        some.iter().all(|other| self.pairs.may_be_one(track, *other))
    }

    /// Attaches what is clearly nearest to one group.
    fn attach(&self, groups: &mut [Group], home: &mut [Option<usize>], left: &[usize]) {
        let (attach, margin) = (self.params.attach_thresh, self.params.attach_margin);
        let middles: Vec<Option<Middle>> = groups.iter().map(|g| self.middle(&g.members)).collect();
        let sums = self.sums(groups, left);
        // For each track the groups that it may join by falling cosine.
        let mut near: Vec<Vec<(f32, usize)>> = vec![Vec::new(); left.len()];
        for (g, middle) in middles.iter().enumerate() {
            let Some(middle) = middle else { continue };
            for (at, cosines) in sums.of(g) {
                // Most are far below, whatever is taken off.
                if cosines != BLOCKED
                    && middle.cosine(cosines) > attach - margin
                    && let Some(cosine) = self.likeness_to(left[at], cosines, *middle).filter(|c| *c > attach - margin)
                {
                    near[at].push((cosine, g));
                }
            }
        }
        for all in &mut near {
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        }
        let mut offers: Vec<(f32, usize, usize)> = near
            .iter()
            .enumerate()
            .flat_map(|(at, near)| near.iter().enumerate().map(move |(rank, (cosine, _))| (*cosine, at, rank)))
            .filter(|offer| offer.0 >= attach)
            .collect();
        offers.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut settled = vec![false; left.len()];
        for (best, at, rank) in offers {
            let (track, g) = (left[at], near[at][rank].1);
            if settled[at] || !self.may_join(track, &groups[g].attached) {
                continue;
            }
            // The first group that a track may join is its nearest; either it goes there or it stays.
            settled[at] = true;
            let next = near[at][rank + 1..].iter().find(|(_, other)| self.may_join(track, &groups[*other].attached));
            if next.is_none_or(|(cosine, _)| best - cosine >= margin) {
                groups[g].attached.push(track);
                home[track] = Some(g);
            }
        }
    }

    /// Returns the mean of some tracks.
    pub(super) fn middle(&self, some: &[usize]) -> Option<Middle> {
        let lengths: Vec<f32> = some.iter().filter_map(|i| self.tracks[*i].length).collect();
        let square: f64 = self.vectors.sum(some).into_iter().map(|v| (v as f64 / f64::from(ONE)).powi(2)).sum();
        Middle::new(square, lengths.len(), lengths.iter().sum())
    }

    /// Returns how alike a track is to a mean, given the sum of its cosines to all that went into it.
    pub(super) fn likeness_to(&self, track: usize, cosines: i32, to: Middle) -> Option<f32> {
        Some(to.cosine(cosines) - self.params.strangers * gained(self.tracks[track].length?, to.length))
    }

    /// Adds up the cosines of some tracks, which are in no group, to the members of every group, row by row of the pairs.
    fn sums(&self, groups: &[Group], left: &[usize]) -> Sums {
        let mut sums = Sums { width: left.len(), values: vec![0; groups.len() * left.len()] };
        let mut grouped: Vec<(usize, usize)> =
            groups.iter().enumerate().flat_map(|(g, group)| group.members.iter().map(move |m| (*m, g))).collect();
        grouped.sort_unstable();
        for &(member, g) in &grouped {
            let (row, from) = (self.pairs.row(member), left.partition_point(|l| *l < member));
            let own = &mut sums.values[g * left.len()..(g + 1) * left.len()];
            for (sum, other) in own[from..].iter_mut().zip(&left[from..]) {
                add(sum, row[*other - member - 1]);
            }
        }
        // Several tracks at a time: what they write lies side by side then.
        let mut own = vec![0; groups.len() * TILE];
        for (tile, tracks) in left.chunks(TILE).enumerate() {
            own.fill(0);
            for (slot, track) in tracks.iter().enumerate() {
                let (row, from) = (self.pairs.row(*track), grouped.partition_point(|(m, _)| m < track));
                for (member, g) in &grouped[from..] {
                    add(&mut own[*g * TILE + slot], row[*member - *track - 1]);
                }
            }
            for (g, more) in own.chunks(TILE).enumerate() {
                let first = g * left.len() + tile * TILE;
                for (sum, more) in sums.values[first..first + tracks.len()].iter_mut().zip(more) {
                    *sum = if *sum == BLOCKED || *more == BLOCKED { BLOCKED } else { *sum + *more };
                }
            }
        }
        sums
    }
}

/// Tracks whose sums are gathered together.
const TILE: usize = 16;

/// Stands for the sum of cosines to a group that a track may not join.
pub(super) const BLOCKED: i32 = i32::MIN;

/// Adds a cosine to a sum of at most 65,000.
pub(super) fn add(sum: &mut i32, cosine: i16) {
    if cosine == APART {
        *sum = BLOCKED;
    } else if *sum != BLOCKED {
        *sum += i32::from(cosine);
    }
}

/// Sums of cosines: a row a group, a column a track.
struct Sums {
    width: usize,
    values: Vec<i32>,
}

impl Sums {
    /// Returns those to one group: place of the track, sum.
    fn of(&self, group: usize) -> impl Iterator<Item = (usize, i32)> {
        self.values[group * self.width..(group + 1) * self.width].iter().copied().enumerate()
    }
}
