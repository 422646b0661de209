//! Belief in every track of a cut.

use super::belief::Curve;
use super::cut::{BLOCKED, Cut, Middle, add};
use super::dendrogram::Dendrogram;
use super::group::Clustering;
use super::pairs::ONE;

/// Tracks whose sums are gathered together: what they need of a row of pairs lies side by side.
const TILE: usize = 32;

/// The means of the groups of a cut.
struct Means {
    /// The group that a track is a member of, not where it is attached.
    member_of: Vec<Option<usize>>,
    sums: Vec<Vec<i64>>,
    lengths: Vec<f32>,
    middles: Vec<Option<Middle>>,
}

impl Dendrogram {
    /// Returns the clusters of a cut, with belief in each of their tracks. Compares all tracks with all groups: a tenth of a second at 10,000.
    #[must_use]
    pub fn clusters(&self, cut: &Cut) -> Clustering {
        let means = self.means(cut);
        let mut scores = vec![0.0; self.tracks.len()];
        let mut home = vec![0; self.tracks.len()];
        for (g, group) in cut.groups.iter().enumerate() {
            for track in group.members.iter().chain(&group.attached) {
                home[*track] = g;
            }
        }
        for first in (0..self.tracks.len()).step_by(TILE) {
            let tile = first..(first + TILE).min(self.tracks.len());
            let sums = self.tile(&means.member_of, cut.groups.len(), tile.clone());
            for (track, sums) in tile.zip(sums.chunks(cut.groups.len())) {
                scores[track] = self.score(cut, &means, track, home[track], sums);
            }
        }
        self.clusters_with(cut, &scores)
    }

    fn means(&self, cut: &Cut) -> Means {
        let mut member_of = vec![None; self.tracks.len()];
        for (g, group) in cut.groups.iter().enumerate() {
            for track in &group.members {
                member_of[*track] = Some(g);
            }
        }
        Means {
            member_of,
            sums: cut.groups.iter().map(|g| self.vectors.sum(&g.members)).collect(),
            lengths: cut.groups.iter().map(|g| g.members.iter().filter_map(|i| self.tracks[*i].length).sum()).collect(),
            middles: cut.groups.iter().map(|g| self.middle(&g.members)).collect(),
        }
    }

    /// Adds up, for each track of a tile, its cosines to the other members of every group.
    fn tile(&self, member_of: &[Option<usize>], groups: usize, tile: std::ops::Range<usize>) -> Vec<i32> {
        let mut sums = vec![0; tile.len() * groups];
        for (a, g) in member_of[..tile.start].iter().enumerate() {
            let Some(g) = g else { continue };
            let row = &self.pairs.row(a)[tile.start - a - 1..tile.end - a - 1];
            for (own, cosine) in sums.chunks_mut(groups).zip(row) {
                add(&mut own[*g], *cosine);
            }
        }
        for a in tile.clone() {
            for (b, cosine) in (a + 1..).zip(self.pairs.row(a)) {
                if let Some(g) = member_of[b] {
                    add(&mut sums[(a - tile.start) * groups + g], *cosine);
                }
                if let (true, Some(g)) = (b < tile.end, member_of[a]) {
                    add(&mut sums[(b - tile.start) * groups + g], *cosine);
                }
            }
        }
        sums
    }

    fn score(&self, cut: &Cut, means: &Means, track: usize, home: usize, sums: &[i32]) -> f32 {
        let curve = Curve { middle: self.params.belief_middle, width: self.params.belief_width };
        let mut next: Option<f32> = None;
        for (g, sum) in sums.iter().enumerate().filter(|(g, sum)| *g != home && **sum != BLOCKED) {
            let cosine = means.middles[g].and_then(|middle| self.likeness_to(track, *sum, middle));
            if cosine > next && self.may_join(track, &cut.groups[g].attached) {
                next = cosine;
            }
        }
        let own = self.others(cut, means, track, home).and_then(|middle| self.likeness_to(track, sums[home], middle));
        self.evidence(track) * own.map_or_else(|| curve.of_single(next), |own| curve.of_member(own, next))
    }

    /// Returns the mean of a group's other members.
    fn others(&self, cut: &Cut, means: &Means, track: usize, home: usize) -> Option<Middle> {
        if means.member_of[track] != Some(home) {
            return means.middles[home];
        }
        let (vector, sum) = (self.vectors.get(track), &means.sums[home]);
        let one = f64::from(ONE);
        let square: f64 = sum.iter().zip(vector).map(|(s, v)| ((*s - i64::from(*v)) as f64 / one).powi(2)).sum();
        let length = means.lengths[home] - self.tracks[track].length?;
        Middle::new(square, cut.groups[home].members.len() - 1, length)
    }

    /// Returns how far the cosines of a track can be trusted, `0..=1`: blurred, tiny and full-profile faces all look alike, so belief
    /// falls with quality below what sure tracks have.
    fn evidence(&self, track: usize) -> f32 {
        let sure = self.params.sure_quality;
        if sure > 0.0 { (self.tracks[track].quality / sure).clamp(0.0, 1.0) } else { 1.0 }
    }
}
