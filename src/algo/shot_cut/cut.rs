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
pub(super) const LOOKBACK: usize = NEIGHBOURS + ADJACENT + 1;
/// Share of the change, in squares, that a mixed picture may hold beside the mix.
const MIXED_RESIDUAL: f64 = 0.15;
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

/// A picture between two shots.
struct Mixed {
    /// Of the later shot, `0..=1`.
    weight: f64,
    /// Unexplained share between the pictures beside it.
    share: f64,
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
        let share = self.cut_share(params, at);
        let index = self.next;
        self.next += 1;
        if at >= LOOKBACK {
            self.seen.pop_front();
            self.first += 1;
        }
        share.map(|share| RawCut { index, share })
    }

    /// Returns the unexplained share if a shot begins here, with or without a mixed picture between.
    fn cut_share(&self, params: &Params, at: usize) -> Option<f64> {
        if self.is_clean_cut(params, at) {
            return Some(self.seen[at].change.share);
        }
        let begins = self.mixed(params, at).filter(|mixed| mixed.weight >= 0.5);
        let ends = || self.mixed(params, at.checked_sub(1)?).filter(|mixed| mixed.weight < 0.5);
        begins.or_else(ends).map(|mixed| mixed.share)
    }

    fn is_clean_cut(&self, params: &Params, at: usize) -> bool {
        let Some(seen) = self.seen.get(at).filter(|_| at > 0) else { return false };
        let share = seen.change.share;
        if !is_change(params, seen.change) || seen.is_plain || self.seen[at - 1].is_plain {
            return false;
        }
        if share < params.min_ratio * self.usual_share(at, at) {
            return false;
        }
        let stronger_before = (at.saturating_sub(ADJACENT)..at).any(|i| self.seen[i].change.share >= share);
        let stronger_after = (at + 1..self.end(at).min(at + ADJACENT + 1)).any(|i| self.seen[i].change.share > share);
        !stronger_before && !stronger_after && self.differs_across(params, at - 1, at, self.end(at))
    }

    /// Looks at a picture as a mix of both sides of a cut, as interlaced and converted video has it.
    fn mixed(&self, params: &Params, at: usize) -> Option<Mixed> {
        let (before, mixed, after) = (self.seen.get(at.checked_sub(1)?)?, self.seen.get(at)?, self.seen.get(at + 1)?);
        let more = mixed.change.share.max(after.change.share);
        let is_plain = before.is_plain || mixed.is_plain || after.is_plain;
        if is_plain || more >= params.threshold {
            return None;
        }
        let across = difference(&before.texture, &after.texture);
        if more < params.min_ratio * self.usual_share(at, at + 1) || !is_change(params, across) {
            return None;
        }
        let (weight, residual) = mixed.texture.as_mix(&before.texture, &after.texture);
        let is_mix = residual <= MIXED_RESIDUAL && (0.0..=1.0).contains(&weight);
        let is_cut = is_mix && self.differs_across(params, at - 1, at + 1, self.end(at));
        is_cut.then_some(Mixed { weight, share: across.share })
    }

    /// Returns the first picture that may not bear on a decision about `at`.
    fn end(&self, at: usize) -> usize {
        self.seen.len().min(at + LOOKAHEAD + 1)
    }

    /// Returns the median change around the pictures `from..=to`.
    fn usual_share(&self, from: usize, to: usize) -> f64 {
        let before = from.saturating_sub(NEIGHBOURS).max(1)..from;
        let mut shares: Vec<f64> = before.chain(to + 1..self.end(from)).map(|i| self.seen[i].change.share).collect();
        shares.sort_by(f64::total_cmp);
        shares.get(shares.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
    }

    /// Tells whether no picture shortly after looks like the last one before, nor one shortly before like the first one after:
    /// a flash comes back to what it interrupted.
    fn differs_across(&self, params: &Params, last: usize, first: usize, end: usize) -> bool {
        let differs =
            |a: usize, b: usize| difference(&self.seen[a].texture, &self.seen[b].texture).share >= ACROSS * params.threshold;
        (first + 1..end).all(|after| differs(last, after))
            && (first.saturating_sub(LOOKAHEAD + 1)..last).all(|before| differs(before, first))
    }
}

fn is_change(params: &Params, change: Difference) -> bool {
    change.share >= params.threshold && change.level >= params.min_change
}
