//! Fades: stretches of plain black or plain white between two shots, with the slopes into and out of them.

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
const MAX_RUN: usize = 96;
/// Pictures before the middle of a plain stretch that bear on it.
pub(super) const LOOKBACK: usize = MAX_RUN / 2 + SLOPE + 1;
/// Least change of contrast inside a fade over [`STEP`] pictures, as a factor.
const GAIN: f64 = 1.05;
const STEP: usize = 3;
/// A picture with less than this many times the spread of a plain one is too dim to be compared.
const DIM: f64 = 4.0;

/// A plain stretch with its slopes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RawFade {
    /// First picture that darkens, counted from the first picture pushed.
    pub start: u64,
    /// First picture after the last that brightens.
    pub end: u64,
    /// Absent where one scene lies on both sides, and at the beginning or end of the video.
    pub boundary: Option<FadeBoundary>,
}

/// A fade's boundary before min_len is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FadeBoundary {
    /// Number of the picture in the middle of the plain stretch, counted from the first picture pushed.
    pub index: u64,
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
    beside: VecDeque<Beside>,
    /// Spread of the last [`SLOPE`] + [`STEP`] pictures.
    spreads: VecDeque<f64>,
    state: State,
    /// Index of the next picture.
    next: u64,
}

#[derive(Debug, Clone)]
enum State {
    Clear,
    Plain(Run),
    After(Run, Recovery),
}

/// A picture near a plain stretch.
#[derive(Debug, Clone)]
struct Beside {
    texture: Arc<Texture>,
    spread: f64,
}

/// A plain stretch.
#[derive(Debug, Clone)]
struct Run {
    /// First picture that darkens.
    slope: u64,
    start: u64,
    start_pts: MediaTime,
    /// What was seen right before and a little earlier; absent at the beginning of the video.
    before: Option<[Beside; 2]>,
    /// Its boundary is set, because it was long enough.
    is_spent: bool,
}

/// What follows a plain stretch.
#[derive(Debug, Clone)]
struct Recovery {
    /// First picture that is not plain.
    start: u64,
    /// What is seen right after and a little later.
    after: [Beside; 2],
    seen: usize,
    /// Spread of the last [`STEP`] pictures.
    spreads: VecDeque<f64>,
}

impl FadeDetector {
    pub(super) fn new() -> Self {
        Self { beside: VecDeque::new(), spreads: VecDeque::new(), state: State::Clear, next: 0 }
    }

    /// Returns the index up to which, exclusive, every fade and its slopes are known.
    pub(super) fn known(&self) -> u64 {
        match &self.state {
            State::Plain(run) | State::After(run, _) if !run.is_spent => run.slope,
            State::After(_, recovery) => recovery.start,
            // The pictures up to here may be the slope of a stretch to come.
            State::Plain(_) | State::Clear => self.next.saturating_sub(SLOPE as u64),
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
            State::Plain(run) if is_plain => {
                let is_long = (pts - run.start_pts).secs() > params.fade.max_len || index - run.start >= MAX_RUN as u64;
                let found = (is_long && !run.is_spent).then(|| run.cut_short(index));
                (State::Plain(Run { is_spent: run.is_spent || is_long, ..run }), found)
            }
            State::Plain(run) => (State::After(run, Recovery::new(index, texture, spread)), None),
            State::After(run, recovery) if is_plain => {
                (State::Plain(self.begin(index, pts)), Some(run.end(params, &recovery, index)))
            }
            State::After(run, mut recovery) => {
                if recovery.goes_on(texture, spread) {
                    (State::After(run, recovery), None)
                } else {
                    (State::Clear, Some(run.end(params, &recovery, index)))
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
            State::After(run, recovery) => Some(run.end(params, &recovery, self.next)),
            State::Plain(run) => Some(RawFade { start: run.slope, end: self.next, boundary: None }),
            State::Clear => None,
        }
    }

    fn begin(&self, start: u64, start_pts: MediaTime) -> Run {
        let falling = self.spreads.iter().rev().zip(self.spreads.iter().rev().skip(STEP));
        let slope = falling.take_while(|(late, early)| **early > **late * GAIN).count() as u64;
        let before = self.beside.back().zip(self.beside.front()).map(|(near, far)| [near.clone(), far.clone()]);
        Run { slope: start - slope, start, start_pts, before, is_spent: false }
    }

    fn remember(&mut self, texture: &Arc<Texture>, spread: f64) {
        self.beside.push_back(Beside { texture: Arc::clone(texture), spread });
        self.spreads.push_back(spread);
        if self.beside.len() > BESIDE {
            self.beside.pop_front();
        }
        if self.spreads.len() > SLOPE + STEP {
            self.spreads.pop_front();
        }
    }
}

impl Run {
    /// Makes the fade of a stretch that goes on past `last`.
    fn cut_short(&self, last: u64) -> RawFade {
        let index = self.start + (last - self.start) / 2;
        let boundary = self.before.as_ref().map(|_| FadeBoundary { index, score: 1.0 });
        RawFade { start: self.slope, end: last, boundary }
    }

    /// Makes the fade, or the slope that was still to come, of a stretch that brightens up to `end`.
    fn end(&self, params: &Params, recovery: &Recovery, end: u64) -> RawFade {
        if self.is_spent {
            return RawFade { start: recovery.start, end, boundary: None };
        }
        let length = recovery.start - self.start;
        let share = self.before.as_ref().map(|before| change_across(params, before, &recovery.after));
        let share = share.filter(|share| length > FLASH || *share >= params.threshold);
        let boundary = share.map(|score| FadeBoundary { index: self.start + length / 2, score });
        RawFade { start: self.slope, end, boundary }
    }
}

impl Recovery {
    fn new(start: u64, after: &Arc<Texture>, spread: f64) -> Self {
        let near = Beside { texture: Arc::clone(after), spread };
        Self { start, after: [near.clone(), near], seen: 1, spreads: VecDeque::from([spread]) }
    }

    /// Takes a picture; tells whether the picture still brightens, or whether it is too early to tell.
    fn goes_on(&mut self, texture: &Arc<Texture>, spread: f64) -> bool {
        self.seen += 1;
        if self.seen <= BESIDE {
            self.after[1] = Beside { texture: Arc::clone(texture), spread };
        }
        let early = (self.spreads.len() >= STEP).then(|| self.spreads.pop_front()).flatten();
        self.spreads.push_back(spread);
        self.seen < BESIDE || self.seen <= SLOPE && early.is_none_or(|early| spread > early * GAIN)
    }
}

/// Returns the unexplained share across a plain stretch; the pictures right beside it count too where they are not dim.
fn change_across(params: &Params, [near_before, far_before]: &[Beside; 2], [near_after, far_after]: &[Beside; 2]) -> f64 {
    let far = difference(&far_before.texture, &far_after.texture).share;
    if near_before.spread.min(near_after.spread) < DIM * params.fade.max_spread {
        return far;
    }
    far.min(difference(&near_before.texture, &near_after.texture).share)
}
