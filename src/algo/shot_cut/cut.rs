//! Hard cuts: a picture that the pictures before it do not explain.

use super::likeness::{Difference, Texture, difference};
use super::params::Params;
use std::collections::VecDeque;
use std::sync::Arc;

/// Pictures after a cut that must be seen before it is sure; also the longest flash that is passed over.
pub(super) const LOOKAHEAD: usize = 4;
/// Pictures before a cut whose changes say what is usual here.
const NEIGHBOURS: usize = 8;
/// Of two cuts this near, in pictures, only the stronger is one: a mixed picture at a cut changes twice.
const ADJACENT: usize = 2;
/// Pictures before a cut that bear on it.
pub(super) const LOOKBACK: usize = NEIGHBOURS + ADJACENT;
/// Share of the threshold that every pair across a cut must reach, which a flash does not.
const ACROSS: f64 = 0.8;

/// A hard cut before min_len is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RawCut {
    /// Number of the first picture after it, counted from the first picture pushed.
    pub index: u64,
    /// Unexplained share, `0..=1`.
    pub share: f64,
}

/// Decides every picture when the four after it are known; looks at nothing older than [`LOOKBACK`] pictures.
#[derive(Debug, Clone)]
pub(super) struct CutDetector {
    seen: VecDeque<Seen>,
    /// Index of the first of `seen`.
    first: u64,
    /// Index of the next picture to decide.
    next: u64,
}

#[derive(Debug, Clone)]
struct Seen {
    texture: Arc<Texture>,
    is_plain: bool,
    /// Against the picture before.
    change: Difference,
}

impl CutDetector {
    pub(super) fn new() -> Self {
        Self { seen: VecDeque::new(), first: 0, next: 0 }
    }

    /// Takes the next picture and decides the one four pictures before it.
    pub(super) fn push(&mut self, params: &Params, texture: Arc<Texture>, is_plain: bool) -> Option<RawCut> {
        let change = match self.seen.back() {
            Some(last) => difference(&last.texture, &texture),
            None => Difference { share: 0.0, level: 0.0 },
        };
        self.seen.push_back(Seen { texture, is_plain, change });
        let end = self.first + self.seen.len() as u64;
        if self.next + (LOOKAHEAD as u64) < end { self.decide(params) } else { None }
    }

    /// Decides the last pictures of the video by what there is.
    pub(super) fn flush(&mut self, params: &Params) -> Vec<RawCut> {
        let end = self.first + self.seen.len() as u64;
        let mut cuts = Vec::new();
        while self.next < end {
            cuts.extend(self.decide(params));
        }
        cuts
    }

    /// Returns the index up to which, exclusive, every cut is known.
    pub(super) fn known(&self) -> u64 {
        self.next
    }

    fn decide(&mut self, params: &Params) -> Option<RawCut> {
        let at = usize::try_from(self.next - self.first).unwrap_or(usize::MAX);
        let is_cut = self.is_cut(params, at);
        let index = self.next;
        let share = self.seen.get(at).map_or(0.0, |seen| seen.change.share);
        self.next += 1;
        if at >= LOOKBACK {
            self.seen.pop_front();
            self.first += 1;
        }
        is_cut.then_some(RawCut { index, share })
    }

    fn is_cut(&self, params: &Params, at: usize) -> bool {
        let Some(seen) = self.seen.get(at).filter(|_| at > 0) else { return false };
        let Difference { share, level } = seen.change;
        if share < params.threshold || level < params.min_change || seen.is_plain || self.seen[at - 1].is_plain {
            return false;
        }
        let (start, end) = (at.saturating_sub(NEIGHBOURS), self.seen.len().min(at + LOOKAHEAD + 1));
        if share < params.min_ratio * median(start.max(1)..at, at + 1..end, |i| self.seen[i].change.share) {
            return false;
        }
        let stronger_before = (at.saturating_sub(ADJACENT)..at).any(|i| self.seen[i].change.share >= share);
        let stronger_after = (at + 1..end.min(at + ADJACENT + 1)).any(|i| self.seen[i].change.share > share);
        if stronger_before || stronger_after {
            return false;
        }
        let differs =
            |a: usize, b: usize| difference(&self.seen[a].texture, &self.seen[b].texture).share >= ACROSS * params.threshold;
        (at + 1..end).all(|after| differs(at - 1, after))
            && (at.saturating_sub(LOOKAHEAD + 1)..at - 1).all(|before| differs(before, at))
    }
}

/// Returns the median over both ranges, the lower one of an even count; 0 for none.
fn median(before: std::ops::Range<usize>, after: std::ops::Range<usize>, value: impl Fn(usize) -> f64) -> f64 {
    let mut values: Vec<f64> = before.chain(after).map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}
