//! Fades: stretches of plain black or plain white between two shots.

use super::likeness::{Texture, difference};
use super::params::{FadeParams, Params};
use crate::domain::{MediaTime, Signature};
use std::collections::VecDeque;
use std::sync::Arc;

/// A plain stretch this short between two pictures of one scene is a flash or a blink, not a boundary.
const FLASH: u64 = 4;
/// Pictures beside a plain stretch whose content is compared: nearest, and past the dimmest part of a fade.
const BESIDE: usize = 4;
/// Longest part of a fade before and after the plain stretch, in pictures.
const SLOPE: usize = 32;
/// Longest plain stretch whose middle is looked for, in pictures.
const MAX_RUN: u64 = 96;
/// Pictures before the middle of a plain stretch that bear on it.
pub(super) const LOOKBACK: usize = MAX_RUN as usize / 2 + SLOPE + 1;
/// Least change of contrast from picture to picture inside a fade.
const STEP: f64 = 1.02;

/// A fade before min_len is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RawFade {
    /// Number of the picture in the middle of the plain stretch, counted from the first picture pushed.
    pub index: u64,
    /// From the first picture that darkens to the last that brightens.
    pub frames: u32,
    /// Unexplained share between what is seen before and after, `0..=1`; 1 where nothing comes after in time.
    pub score: f64,
}

/// Tells whether a picture is plain black or plain white.
pub(super) fn is_plain(params: &FadeParams, signature: &Signature) -> bool {
    let (mean, spread) = mean_and_spread(&signature.luma);
    spread <= params.max_spread && (mean <= params.black || mean >= params.white)
}

fn mean_and_spread(luma: &[u8]) -> (f64, f64) {
    let count = luma.len().max(1) as f64;
    let sum: u64 = luma.iter().map(|&cell| u64::from(cell)).sum();
    let square: u64 = luma.iter().map(|&cell| u64::from(cell) * u64::from(cell)).sum();
    let mean = sum as f64 / count;
    (mean, (square as f64 / count - mean * mean).max(0.0).sqrt())
}

/// Follows plain stretches; holds the last few pictures and at most one open stretch.
#[derive(Debug, Clone)]
pub(super) struct FadeDetector {
    /// The last [`BESIDE`] pictures.
    beside: VecDeque<Arc<Texture>>,
    /// Spread of the last [`SLOPE`] + 1 pictures.
    spreads: VecDeque<f64>,
    state: State,
    /// Index of the next picture.
    next: u64,
}

#[derive(Debug, Clone)]
enum State {
    Clear,
    Plain(Run),
    /// The stretch is over; what comes after is still unfolding.
    After {
        run: Run,
        end: u64,
        after: Vec<Arc<Texture>>,
        last_spread: f64,
    },
    /// The boundary of a long stretch is set.
    Spent,
}

#[derive(Debug, Clone)]
struct Run {
    start: u64,
    start_pts: MediaTime,
    /// Pictures that darken before it.
    slope: u64,
    before: Vec<Arc<Texture>>,
}

impl FadeDetector {
    pub(super) fn new() -> Self {
        Self { beside: VecDeque::new(), spreads: VecDeque::new(), state: State::Clear, next: 0 }
    }

    /// Returns the index up to which, exclusive, every fade is known.
    pub(super) fn known(&self) -> u64 {
        match &self.state {
            State::Plain(run) | State::After { run, .. } => run.start,
            State::Clear | State::Spent => self.next,
        }
    }

    /// Takes the next picture.
    pub(super) fn push(
        &mut self,
        params: &Params,
        signature: &Signature,
        texture: &Arc<Texture>,
        pts: MediaTime,
        is_plain: bool,
    ) -> Option<RawFade> {
        let (_, spread) = mean_and_spread(&signature.luma);
        let index = self.next;
        self.next += 1;
        let (state, found) = match std::mem::replace(&mut self.state, State::Clear) {
            State::Clear if is_plain => (State::Plain(self.begin(index, pts)), None),
            State::Clear => (State::Clear, None),
            State::Spent => (if is_plain { State::Spent } else { State::Clear }, None),
            State::Plain(run) if is_plain => {
                let is_long = (pts - run.start_pts).secs() > params.fade.max_len || index - run.start >= MAX_RUN;
                if is_long { (State::Spent, long_fade(&run, index)) } else { (State::Plain(run), None) }
            }
            State::Plain(run) => (State::After { run, end: index, after: vec![Arc::clone(texture)], last_spread: spread }, None),
            State::After { run, end, after, .. } if is_plain => {
                let found = fade(params, &run, end, &after, index - end);
                (State::Plain(self.begin(index, pts)), found)
            }
            State::After { run, end, mut after, last_spread } => {
                let is_rising = spread > last_spread * STEP && index - end < SLOPE as u64;
                if after.len() < BESIDE {
                    after.push(Arc::clone(texture));
                }
                if is_rising || after.len() < BESIDE {
                    (State::After { run, end, after, last_spread: spread }, None)
                } else {
                    (State::Clear, fade(params, &run, end, &after, index - end))
                }
            }
        };
        self.state = state;
        self.remember(texture, spread);
        found
    }

    /// Decides what is open at the end of the video; a plain stretch that nothing follows is no boundary.
    pub(super) fn flush(&mut self, params: &Params) -> Option<RawFade> {
        match std::mem::replace(&mut self.state, State::Clear) {
            State::After { run, end, after, .. } => fade(params, &run, end, &after, self.next - end),
            State::Clear | State::Plain(_) | State::Spent => None,
        }
    }

    fn begin(&self, start: u64, start_pts: MediaTime) -> Run {
        let falling = self.spreads.iter().rev().zip(self.spreads.iter().rev().skip(1));
        let slope = falling.take_while(|(late, early)| **early > **late * STEP).count() as u64;
        let before = self.beside.front().into_iter().chain(self.beside.back()).map(Arc::clone).collect();
        Run { start, start_pts, slope, before }
    }

    fn remember(&mut self, texture: &Arc<Texture>, spread: f64) {
        self.beside.push_back(Arc::clone(texture));
        self.spreads.push_back(spread);
        if self.beside.len() > BESIDE {
            self.beside.pop_front();
        }
        if self.spreads.len() > SLOPE + 1 {
            self.spreads.pop_front();
        }
    }
}

/// Makes the boundary of a plain stretch `[run.start, end)`, unless one scene lies on both sides of a short one.
fn fade(params: &Params, run: &Run, end: u64, after: &[Arc<Texture>], slope: u64) -> Option<RawFade> {
    if run.before.is_empty() {
        return None;
    }
    let beside = [after.first(), after.last()];
    let shares = run.before.iter().flat_map(|before| beside.into_iter().flatten().map(|after| difference(before, after).share));
    let score = shares.fold(1.0, f64::min);
    if end - run.start <= FLASH && score < params.threshold {
        return None;
    }
    let frames = u32::try_from(run.slope + (end - run.start) + slope).unwrap_or(u32::MAX);
    Some(RawFade { index: run.start + (end - run.start) / 2, frames, score })
}

/// Makes the boundary of a plain stretch that goes on past `last`.
fn long_fade(run: &Run, last: u64) -> Option<RawFade> {
    let length = last - run.start;
    let frames = u32::try_from(run.slope + length).unwrap_or(u32::MAX);
    (!run.before.is_empty()).then_some(RawFade { index: run.start + length / 2, frames, score: 1.0 })
}
