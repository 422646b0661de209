//! Hard cuts: a picture that the pictures before it do not explain.

use super::likeness::{Difference, Texture, difference};
use super::params::Params;
use std::collections::VecDeque;
use std::sync::Arc;

/// Pictures after a cut that must be seen before it is sure; also the longest flash that is passed over.
pub(super) const LOOKAHEAD: usize = 4;
/// Pictures before a cut whose changes say what is usual here.
const NEIGHBOURS: usize = 8;
/// Pictures before a cut that bear on it.
pub(super) const LOOKBACK: usize = NEIGHBOURS + 2;
/// Share of the change, in squares, that a mixed picture may hold beside the mix.
const MIX_RESIDUAL: f64 = 0.15;
/// Weight in a mixed picture that a shot must have at least.
const MIX_WEIGHT: f64 = 0.1;
/// Share of the threshold that one side of a picture between two shots must reach.
const BLURRED: f64 = 0.6;
/// Times the threshold that the shots around a picture of neither must differ by, because two steps of motion add up.
const FOREIGN: f64 = 1.2;
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

/// A cut with a picture between the shots.
struct BlurredCut {
    /// The picture between belongs to the later shot.
    takes_between: bool,
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

    /// Returns the unexplained share if a shot begins here, with or without a foreign picture between the shots.
    fn cut_share(&self, params: &Params, at: usize) -> Option<f64> {
        if self.is_clean_cut(params, at) {
            return Some(self.seen[at].change.share);
        }
        let begins = || self.blurred_cut(params, at).filter(|cut| cut.takes_between);
        let follows = || self.blurred_cut(params, at.checked_sub(1)?).filter(|cut| !cut.takes_between);
        begins().or_else(follows).map(|cut| cut.share)
    }

    fn is_clean_cut(&self, params: &Params, at: usize) -> bool {
        let Some(seen) = self.seen.get(at).filter(|_| at > 0) else { return false };
        is_change(params, seen.change)
            && !seen.is_plain
            && !self.seen[at - 1].is_plain
            && self.stands_out(params, at, at)
            && self.differs_across(params, at - 1, at, self.end(at))
    }

    /// Looks for a cut with one picture between the shots: a mix of both, as interlaced and converted video has it, or a flash.
    fn blurred_cut(&self, params: &Params, at: usize) -> Option<BlurredCut> {
        let (before, between, after) = (self.seen.get(at.checked_sub(1)?)?, self.seen.get(at)?, self.seen.get(at + 1)?);
        let (less, more) = {
            let (to, from) = (between.change.share, after.change.share);
            (to.min(from), to.max(from))
        };
        let is_plain = before.is_plain || between.is_plain || after.is_plain;
        if is_plain || more < BLURRED * params.threshold || !self.stands_out(params, at, at + 1) {
            return None;
        }
        let across = difference(&before.texture, &after.texture);
        if !is_change(params, across) || !self.differs_across(params, at - 1, at + 1, self.end(at)) {
            return None;
        }
        let (weight, residual) = between.texture.as_mix(&before.texture, &after.texture);
        let is_mix = residual <= MIX_RESIDUAL && (MIX_WEIGHT..=1.0 - MIX_WEIGHT).contains(&weight);
        let is_foreign = less * params.min_ratio >= more && across.share >= FOREIGN * params.threshold;
        let takes_between = if is_mix { weight >= 0.5 } else { between.change.share >= after.change.share };
        (is_mix || is_foreign).then_some(BlurredCut { takes_between, share: across.share })
    }

    /// Tells whether the largest change of the pictures `from..=to` is far above the changes right beside them, and above the
    /// median around them. A whip pan changes every picture.
    fn stands_out(&self, params: &Params, from: usize, to: usize) -> bool {
        let share = |at: usize| self.seen.get(at).map_or(0.0, |seen| seen.change.share);
        let largest = (from..=to).map(share).fold(0.0, f64::max);
        let beside = share(from - 1).max(share(to + 1)).max(self.usual_share(from, to));
        largest >= params.min_ratio * beside
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
            && (last.saturating_sub(LOOKAHEAD)..last).all(|before| differs(before, first))
    }
}

fn is_change(params: &Params, change: Difference) -> bool {
    change.share >= params.threshold && change.level >= params.min_change
}
