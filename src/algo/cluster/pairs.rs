//! How alike every two tracks of a run are, in whole numbers: sums of them do not depend on their order or on the machine.

use super::sample::{TrackSample, cannot_link};
use crate::domain::ShotId;
use std::collections::{BTreeMap, BTreeSet};

/// What a cosine of 1 is.
pub(super) const ONE: f32 = 32_767.0;
const WHOLE: i32 = 32_767;
/// What two tracks have that can never be one person.
pub(super) const APART: i16 = i16::MIN;
/// Rows that are worked out together: each vector is then fetched once for all of them.
const ROWS: usize = 8;

/// Cosines of all pairs of `n` tracks as the upper triangle, row by row: `n (n - 1)` bytes, 100 MB at 10,000 tracks.
#[derive(Debug, Clone)]
pub(super) struct Pairs {
    n: usize,
    values: Vec<i16>,
    /// Those that share a picture, the lower one first.
    together: BTreeSet<(usize, usize)>,
}

/// Unit vectors with [`ONE`] for 1.
#[derive(Debug, Clone)]
pub(super) struct Vectors {
    /// Where each begins; one longer than there are tracks. A track without vector has none.
    starts: Vec<usize>,
    values: Vec<i16>,
}

impl Vectors {
    pub(super) fn of(samples: &[&TrackSample]) -> Self {
        let (mut starts, mut values) = (vec![0], Vec::new());
        for sample in samples {
            values.extend(sample.vector.iter().flat_map(|m| m.direction.as_slice()).map(|v| whole(*v)));
            starts.push(values.len());
        }
        Self { starts, values }
    }

    /// Returns the vector of a track; empty where it has none.
    pub(super) fn get(&self, track: usize) -> &[i16] {
        &self.values[self.starts[track]..self.starts[track + 1]]
    }

    /// Returns the sum of some vectors of one length; empty for none.
    pub(super) fn sum(&self, some: &[usize]) -> Vec<i64> {
        let mut sum = Vec::new();
        for track in some {
            let own = self.get(*track);
            sum.resize(own.len().max(sum.len()), 0);
            for (s, v) in sum.iter_mut().zip(own) {
                *s += i64::from(*v);
            }
        }
        sum
    }
}

impl Pairs {
    /// Compares all pairs; `go_on` hears how many are done, and of how many, and may end it: `None` then.
    ///
    /// Two tracks of one picture, two vectors of different lengths, and a track without vector are apart from one another. Each cosine is
    /// right to 0.0001. Takes some 15 ns a pair of 128 numbers.
    pub(super) fn compare(
        samples: &[&TrackSample],
        vectors: &Vectors,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Option<Self> {
        let n = samples.len();
        let all = n * n.saturating_sub(1) / 2;
        let mut pairs = Self { n, values: vec![APART; all], together: together(samples) };
        let mut done = 0;
        for first in (0..n).step_by(ROWS) {
            if !go_on(done, all) {
                return None;
            }
            let rows = first..(first + ROWS).min(n);
            for b in first + 1..n {
                let other = vectors.get(b);
                for a in rows.start..rows.end.min(b) {
                    let own = vectors.get(a);
                    if !own.is_empty() && own.len() == other.len() {
                        let at = pairs.start(a) + b - a - 1;
                        pairs.values[at] = cosine(own, other);
                    }
                }
            }
            done += rows.map(|a| n - a - 1).sum::<usize>();
        }
        for &(a, b) in &pairs.together {
            let at = pairs.start(a) + b - a - 1;
            pairs.values[at] = APART;
        }
        Some(pairs)
    }

    fn start(&self, a: usize) -> usize {
        a * (2 * self.n - a).saturating_sub(1) / 2
    }

    /// Returns the cosine of two different tracks.
    pub(super) fn get(&self, a: usize, b: usize) -> i16 {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        self.values[self.start(a) + b - a - 1]
    }

    /// Returns the cosines of a track to those behind it, from `a + 1` on.
    pub(super) fn row(&self, a: usize) -> &[i16] {
        &self.values[self.start(a)..self.start(a) + self.n - a - 1]
    }

    /// Tells whether two tracks are never in one picture, whatever their vectors say.
    pub(super) fn may_be_one(&self, a: usize, b: usize) -> bool {
        self.get(a, b) != APART || !self.together.contains(&(a.min(b), a.max(b)))
    }
}

/// Finds the pairs that share a picture.
fn together(samples: &[&TrackSample]) -> BTreeSet<(usize, usize)> {
    let mut by_shot: BTreeMap<ShotId, Vec<usize>> = BTreeMap::new();
    for (i, sample) in samples.iter().enumerate() {
        by_shot.entry(sample.shot).or_default().push(i);
    }
    let pairs = by_shot.values().flat_map(|own| own.iter().enumerate().flat_map(|(n, a)| own[n + 1..].iter().map(|b| (*a, *b))));
    pairs.filter(|(a, b)| cannot_link(samples[*a], samples[*b])).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "components of unit vectors are at most 1, and the cast saturates")]
fn whole(component: f32) -> i16 {
    (component * ONE).round() as i16
}

/// Returns the cosine of two unit vectors. Its sum cannot overflow: it never exceeds the product of their lengths.
fn cosine(a: &[i16], b: &[i16]) -> i16 {
    let dot: i32 = a.iter().zip(b).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum();
    let rounded = (dot + WHOLE / 2).div_euclid(WHOLE).clamp(-WHOLE, WHOLE);
    i16::try_from(rounded).unwrap_or(i16::MAX)
}
