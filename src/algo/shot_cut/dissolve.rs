//! Dissolves: stretches in which one picture is mixed linearly into another.
//!
//! With `d(i, j)` the squared distance of two pictures, the mixing weight of picture `t` between the ends `s` and `e` by least
//! squares is `a = (d(t,s) + d(e,s) - d(t,e)) / 2 d(e,s)` and its squared residual `d(t,s) - a² d(e,s)`, so that one row of
//! distances a picture answers every stretch. Slow camera motion can look like a mix at this scale, hence two more tests: a mix
//! loses fine structure in the middle (the parabola of variance, Alattar 1993), which motion does not, and no motion within
//! reach may explain one end by the other.

use super::likeness::{Texture, difference};
use super::params::Params;
use crate::domain::{MediaTime, Signature};
use std::collections::{BTreeSet, VecDeque};

/// Half lengths that are tried, in pictures.
const HALVES: [usize; 21] = [2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 23, 26, 30, 35, 40, 46, 54, 64];
const MAX_HALF: usize = 64;
/// Pictures outside of a stretch that are compared with its ends.
const OUTSIDE: usize = 6;
/// Of the candidates within this time and count of pictures only the best is kept.
const RIVAL_TIME: f64 = 0.5;
const RIVALS: usize = 32;
/// Pictures before the middle that bear on a candidate and on its rivals.
pub(super) const LOOKBACK: usize = MAX_HALF + OUTSIDE + RIVALS;
/// Least product of both margins, residual and ramp, over their limits: a stretch may be at one limit, not at both.
const MIN_FIT: f64 = 0.12;
/// Coarse cells: 16x9 of luma and of each chroma, so that small motion weighs little.
const COARSE: usize = 16 * 9;

/// A dissolve before min_len is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RawDissolve {
    /// Number of the picture where the second shot outweighs the first, counted from the first picture pushed.
    pub index: u64,
    /// Estimated length in pictures.
    pub frames: u32,
    /// How well it fits, `0..=1`.
    pub score: f64,
}

/// Looks at every picture as the middle of a dissolve, once enough after it is known.
#[derive(Debug, Clone)]
pub(super) struct DissolveDetector {
    seen: VecDeque<Seen>,
    /// Index of the first of `seen`.
    first: u64,
    /// Index of the next picture to look at as a middle.
    next_middle: u64,
    /// Index of the next picture whose candidate is compared with its rivals.
    next_verdict: u64,
    cuts: BTreeSet<u64>,
}

#[derive(Debug, Clone)]
struct Seen {
    pts: MediaTime,
    signature: Signature,
    /// `[3, 9, 16]`, four times the mean grey level.
    coarse: Vec<i16>,
    /// Squared distances of `coarse` to the pictures before, nearest first, at most `2 * MAX_HALF`.
    distances: Vec<u32>,
    /// Sum of squared gradients of luma.
    structure: f64,
    is_plain: bool,
    candidate: Option<Candidate>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    frames: u32,
    score: f64,
    /// What rivals are compared by.
    strength: f64,
}

/// A stretch whose pictures look like a mix of its ends.
struct Mix {
    start: usize,
    end: usize,
    weights: Vec<f64>,
    residual: f64,
    strength: f64,
}

impl DissolveDetector {
    pub(super) fn new() -> Self {
        Self { seen: VecDeque::new(), first: 0, next_middle: 0, next_verdict: 0, cuts: BTreeSet::new() }
    }

    /// Notes a hard cut, which no dissolve may span.
    pub(super) fn add_cut(&mut self, index: u64) {
        self.cuts.insert(index);
    }

    /// Takes the next picture; every cut before `cuts_known` has been noted.
    pub(super) fn push(
        &mut self,
        params: &Params,
        signature: Signature,
        pts: MediaTime,
        is_plain: bool,
        cuts_known: u64,
    ) -> Vec<RawDissolve> {
        let coarse = coarse(&signature);
        let distances = self.seen.iter().rev().take(2 * MAX_HALF).map(|old| distance(&old.coarse, &coarse)).collect();
        let structure = structure(|at| i32::from(signature.luma[at]));
        self.seen.push_back(Seen { pts, signature, coarse, distances, structure, is_plain, candidate: None });
        while self.is_middle_ready(params, cuts_known) {
            self.judge_middle(params);
        }
        let mut found = Vec::new();
        while self.is_verdict_ready() {
            found.extend(self.verdict());
        }
        self.forget();
        found
    }

    /// Decides the last pictures of the video by what there is.
    pub(super) fn flush(&mut self, params: &Params) -> Vec<RawDissolve> {
        while self.next_middle < self.end() {
            self.judge_middle(params);
        }
        let mut found = Vec::new();
        while self.next_verdict < self.end() {
            found.extend(self.verdict());
        }
        found
    }

    /// Returns the index up to which, exclusive, every dissolve is known.
    pub(super) fn known(&self) -> u64 {
        self.next_verdict
    }

    fn end(&self) -> u64 {
        self.first + self.seen.len() as u64
    }

    fn position(&self, index: u64) -> usize {
        usize::try_from(index - self.first).unwrap_or(usize::MAX)
    }

    fn is_middle_ready(&self, params: &Params, cuts_known: u64) -> bool {
        let middle = self.position(self.next_middle);
        let Some(seen) = self.seen.get(middle) else { return false };
        let reach = seen.pts + MediaTime::from_secs(params.dissolve.max_len / 2.0);
        let mut past = middle + 1;
        while past < middle + MAX_HALF && self.seen.get(past).is_some_and(|later| later.pts <= reach) {
            past += 1;
        }
        self.first + (past + OUTSIDE) as u64 <= cuts_known
    }

    fn judge_middle(&mut self, params: &Params) {
        let middle = self.position(self.next_middle);
        self.next_middle += 1;
        let candidate = self.best_mix(params, middle).and_then(|mix| self.check(params, &mix));
        if let Some(seen) = self.seen.get_mut(middle) {
            seen.candidate = candidate;
        }
    }

    fn is_verdict_ready(&self) -> bool {
        let at = self.position(self.next_verdict);
        let judged = self.position(self.next_middle);
        let Some(seen) = self.seen.get(at) else { return false };
        let is_far = |last: &Seen| last.pts - seen.pts > MediaTime::from_secs(RIVAL_TIME);
        judged > at + RIVALS || (judged > at + 1 && self.seen.get(judged - 1).is_some_and(is_far))
    }

    /// Tells whether the next candidate beats its rivals; the earlier of two equals does.
    fn verdict(&mut self) -> Option<RawDissolve> {
        let at = self.position(self.next_verdict);
        let index = self.next_verdict;
        self.next_verdict += 1;
        let seen = self.seen.get(at)?;
        let candidate = seen.candidate?;
        let is_near = |rival: &&Seen| (rival.pts.0 - seen.pts.0).abs() <= MediaTime::from_secs(RIVAL_TIME).0;
        let strength = |rival: &Seen| rival.candidate.map_or(0.0, |rival| rival.strength);
        let before = self.seen.range(at.saturating_sub(RIVALS)..at).filter(is_near);
        let after = self.seen.range(at + 1..self.seen.len().min(at + RIVALS + 1)).filter(is_near);
        let beaten = before.map(strength).any(|rival| rival >= candidate.strength)
            || after.map(strength).any(|rival| rival > candidate.strength);
        (!beaten).then_some(RawDissolve { index, frames: candidate.frames, score: candidate.score })
    }

    fn forget(&mut self) {
        let keep = self.next_verdict.min(self.next_middle).saturating_sub((LOOKBACK) as u64);
        while self.first < keep && self.seen.pop_front().is_some() {
            self.first += 1;
        }
        self.cuts = self.cuts.split_off(&self.first);
    }

    /// Returns the squared distance of two pictures, mean over the coarse cells, in grey levels squared.
    fn distance(&self, a: usize, b: usize) -> f64 {
        let (early, late) = (a.min(b), a.max(b));
        if early == late {
            return 0.0;
        }
        let sum = self.seen[late].distances.get(late - early - 1).copied().unwrap_or(u32::MAX);
        f64::from(sum) / (16.0 * 3.0 * COARSE as f64)
    }

    /// Tells whether the stretch from `a` to `b`, both inside, is free of cuts and plain pictures.
    fn is_whole(&self, a: usize, b: usize) -> bool {
        let cut = self.cuts.range(self.first + a as u64 + 1..=self.first + b as u64).next();
        cut.is_none() && self.seen.range(a..=b).all(|seen| !seen.is_plain)
    }

    /// Returns the stretch around a picture that looks most like a mix.
    fn best_mix(&self, params: &Params, middle: usize) -> Option<Mix> {
        let limit = MediaTime::from_secs(params.dissolve.max_len / 2.0);
        let mut best: Option<Mix> = None;
        for half in HALVES {
            let (Some(start), end) = (middle.checked_sub(half), middle + half) else { break };
            if end >= self.seen.len() || !self.is_whole(start, end) {
                break;
            }
            let pts = |at: usize| self.seen[at].pts;
            if pts(middle) - pts(start) > limit || pts(end) - pts(middle) > limit {
                break;
            }
            let mix = self.mix(params, start, middle, end);
            if let Some(mix) = mix.filter(|mix| best.as_ref().is_none_or(|best| mix.strength > best.strength)) {
                best = Some(mix);
            }
        }
        best
    }

    /// Fits a stretch as a mix of its ends.
    fn mix(&self, params: &Params, start: usize, middle: usize, end: usize) -> Option<Mix> {
        let limits = &params.dissolve;
        let span = self.distance(start, end);
        if span < limits.min_change * limits.min_change {
            return None;
        }
        let weight = |t: usize| (self.distance(t, start) + span - self.distance(t, end)) / (2.0 * span);
        if weight(middle) < 0.5 || weight(middle - 1) >= 0.5 {
            return None;
        }
        let weights: Vec<f64> = (start..=end).map(weight).collect();
        let (low, high) = (weight(middle - 1), weight(middle));
        let crossing = (middle - start) as f64 - (high - 0.5) / (high - low);
        let (mut residual, mut ramp_error) = (0.0, 0.0);
        for (step, a) in weights.iter().enumerate() {
            residual += (self.distance(start + step, start) / span - a * a).max(0.0);
            let ramp = 0.5 + (step as f64 - crossing) / (end - start) as f64;
            ramp_error += (a - ramp.clamp(0.0, 1.0)).abs();
        }
        let inner = (end - start - 1) as f64;
        let (residual, ramp_error) = (residual / inner, ramp_error / inner);
        if residual > limits.max_residual || ramp_error > limits.max_ramp_error {
            return None;
        }
        if self.outside(start, end) > limits.max_outside * span {
            return None;
        }
        let fit = (1.0 - residual / limits.max_residual) * (1.0 - ramp_error / limits.max_ramp_error);
        (fit >= MIN_FIT).then(|| Mix { start, end, weights, residual, strength: span.sqrt() * fit })
    }

    /// Returns the larger change just before or just after a stretch, over as many pictures as it allows.
    fn outside(&self, start: usize, end: usize) -> f64 {
        let reach = OUTSIDE.min((end - start) / 2);
        let before = (1..=reach.min(start)).rev().find(|&k| self.is_whole(start - k, start));
        let after = (1..=reach.min(self.seen.len() - 1 - end)).rev().find(|&k| self.is_whole(end, end + k));
        let change = |k: Option<usize>, a: usize, b: usize| if k.is_some() { self.distance(a, b) } else { 0.0 };
        let early = change(before, start - before.unwrap_or(0), start);
        early.max(change(after, end, end + after.unwrap_or(0)))
    }

    /// Puts a mix to the tests that camera motion fails.
    fn check(&self, params: &Params, mix: &Mix) -> Option<Candidate> {
        let dip = self.dip(mix);
        if dip < params.dissolve.min_dip {
            return None;
        }
        let ends = [mix.start, mix.end].map(|at| Texture::new(&self.seen[at].signature));
        let share = difference(&ends[0], &ends[1]).share;
        if share < params.threshold {
            return None;
        }
        let score = dip.min(1.0) * (1.0 - mix.residual) * share.min(1.0);
        Some(Candidate { frames: length(&mix.weights), score, strength: mix.strength * share * share })
    }

    /// Returns the loss of fine structure in the middle over that of an ideal mix: with weight `a` this is
    /// `a (1 - a)` times the structure of the difference of the ends.
    fn dip(&self, mix: &Mix) -> f64 {
        let (start, end) = (&self.seen[mix.start], &self.seen[mix.end]);
        let luma = |seen: &'_ Seen, at: usize| i32::from(seen.signature.luma[at]);
        let between = structure(|at| luma(end, at) - luma(start, at));
        let (mut loss, mut ideal) = (0.0, 0.0);
        for (step, &a) in mix.weights.iter().enumerate() {
            let a = a.clamp(0.0, 1.0);
            loss += (1.0 - a) * start.structure + a * end.structure - self.seen[mix.start + step].structure;
            ideal += a * (1.0 - a) * between;
        }
        if ideal > 0.0 { loss / ideal } else { 0.0 }
    }
}

/// Returns the length of a transition in pictures from the slope of its weights around the middle.
fn length(weights: &[f64]) -> u32 {
    let inner: Vec<(f64, f64)> =
        weights.iter().enumerate().filter(|(_, a)| (0.2..=0.8).contains(*a)).map(|(step, &a)| (step as f64, a)).collect();
    let count = inner.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| inner.iter().map(pick).sum::<f64>() / count;
    let (mean_t, mean_a) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = inner.iter().map(|p| (p.0 - mean_t) * (p.0 - mean_t)).sum();
    let slope = inner.iter().map(|p| (p.0 - mean_t) * (p.1 - mean_a)).sum::<f64>() / spread;
    let longest = weights.len() as f64;
    let frames = if slope.is_finite() && slope > 0.0 { (1.0 / slope).clamp(1.0, longest) } else { longest / 2.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 2 * MAX_HALF + 1")]
    let frames = frames.round() as u32;
    frames
}

/// Shrinks a signature to 16x9 cells of luma and of each chroma, times four.
fn coarse(signature: &Signature) -> Vec<i16> {
    let mut cells = Vec::with_capacity(3 * COARSE);
    let mut shrink = |plane: &[u8], stride: usize, side: usize, gain: i32| {
        for y in 0..9 {
            for x in 0..16 {
                let rows = (0..side).map(|row| &plane[(y * side + row) * stride + x * side..][..side]);
                let sum: i32 = rows.flatten().map(|&cell| i32::from(cell)).sum();
                cells.push(i16::try_from(sum * gain / 4).unwrap_or(i16::MAX));
            }
        }
    };
    shrink(&signature.luma, Signature::LUMA.0, 4, 1);
    shrink(&signature.cb, Signature::CHROMA.0, 2, 4);
    shrink(&signature.cr, Signature::CHROMA.0, 2, 4);
    cells
}

fn distance(a: &[i16], b: &[i16]) -> u32 {
    let square = |(&a, &b): (&i16, &i16)| {
        let step = i32::from(a) - i32::from(b);
        step * step
    };
    a.iter().zip(b).map(square).sum::<i32>().unsigned_abs()
}

/// Sums the squared gradients of a picture of luma cells.
fn structure(cell: impl Fn(usize) -> i32) -> f64 {
    let (width, height) = Signature::LUMA;
    let mut sum = 0_i64;
    for y in 0..height - 1 {
        for x in 0..width - 1 {
            let at = y * width + x;
            let (right, below) = (cell(at + 1) - cell(at), cell(at + width) - cell(at));
            sum += i64::from(right * right + below * below);
        }
    }
    sum as f64
}
