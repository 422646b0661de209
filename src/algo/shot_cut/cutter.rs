//! Puts cuts, fades and dissolves into one order of shots.

use super::cut::{self, CutDetector, RawCut};
use super::dissolve::{self, DissolveDetector, RawDissolve};
use super::fade::{self, FadeDetector, RawFade};
use super::likeness::Texture;
use super::params::{Detect, Params};
use crate::domain::{FrameTime, MediaTime, Signature, Transition};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// The beginning of a shot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boundary {
    /// First picture of the new shot: after a cut the first one of it, of a dissolve the first in which it outweighs the old
    /// shot, of a fade the middle of the plain stretch (of its first two seconds).
    pub frame: u64,
    pub pts: MediaTime,
    pub transition: Transition,
    /// Estimated length of a dissolve or fade, in pictures; 0 for a cut or a forced end.
    pub transition_frames: u32,
    /// Confidence, `0..=1`; 0 for a forced end, which nothing seen asks for.
    pub score: f32,
}

/// What became certain.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// New boundaries in order; none before an earlier one.
    pub boundaries: Vec<Boundary>,
    /// First pictures of shots that begin with a hard cut, known four pictures after it; each of them comes again in
    /// `boundaries`, and no hard cut comes there that was not here.
    pub fresh_cuts: Vec<u64>,
    /// Every picture with a lower number belongs to a known shot.
    pub settled: u64,
}

/// Finds the shot boundaries of one video; takes every decoded picture in presentation order.
///
/// Shots are at least `min_len` long: of two boundaries nearer to each other a hard cut beats a fade, a fade beats a dissolve, and
/// of equals the earlier stays, because a hard cut was promised by then (a picture between two shots goes to the one it holds
/// more of). Only the last shot of a video may be shorter.
#[derive(Debug, Clone)]
pub struct ShotCutter {
    params: Params,
    cuts: CutDetector,
    fades: FadeDetector,
    dissolves: DissolveDetector,
    /// Pictures that are not settled, and the first after them.
    pending: VecDeque<FrameTime>,
    /// Index of the first of `pending`, counted from the first picture pushed.
    first: u64,
    /// What was found among `pending`, by index; the highest rank of each.
    found: BTreeMap<u64, Found>,
    /// Fades with their slopes, which look like dissolves into black.
    slopes: VecDeque<Range<u64>>,
    /// Where the shot in hand begins: the video's first picture, or the last boundary.
    shot_start: Option<FrameTime>,
    last_cut: Option<FrameTime>,
    /// Index and length of the last dissolve that was a boundary.
    last_dissolve: Option<(u64, u32)>,
    settled: u64,
}

/// A finding before it competes with its neighbours.
#[derive(Debug, Clone, Copy)]
struct Found {
    rank: Rank,
    frames: u32,
    score: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Dissolve,
    Fade,
    Cut,
}

impl ShotCutter {
    /// Pictures after a hard cut until it is known.
    pub const CUT_LOOKAHEAD: u64 = cut::LOOKAHEAD as u64;

    /// Starts at the first picture of a video.
    #[must_use]
    pub fn new(params: Params) -> Self {
        Self {
            params,
            cuts: CutDetector::new(),
            fades: FadeDetector::new(),
            dissolves: DissolveDetector::new(),
            pending: VecDeque::new(),
            first: 0,
            found: BTreeMap::new(),
            slopes: VecDeque::new(),
            shot_start: None,
            last_cut: None,
            last_dissolve: None,
            settled: 0,
        }
    }

    /// Starts at a boundary of an earlier run; pictures up to `shot_start` only warm up.
    ///
    /// Push [`Self::warm_up_frames`] pictures before `shot_start`, or all from the video's first where there are fewer.
    #[must_use]
    pub fn resume(params: Params, shot_start: FrameTime) -> Self {
        Self { shot_start: Some(shot_start), last_cut: Some(shot_start), ..Self::new(params) }
    }

    /// Returns how many pictures before `shot_start` make every later answer that of an uninterrupted run.
    #[must_use]
    pub fn warm_up_frames(&self) -> u64 {
        // What a dissolve looks at, and what the cuts in there look at.
        (dissolve::LOOKBACK.max(fade::LOOKBACK) + cut::LOOKBACK + cut::LOOKAHEAD + 2) as u64
    }

    /// Takes the next picture; returns what became certain.
    ///
    /// A signature of the wrong size is cut or filled up with black.
    pub fn push(&mut self, at: FrameTime, mut signature: Signature) -> Progress {
        signature.luma.resize(Signature::LUMA.0 * Signature::LUMA.1, 0);
        signature.cb.resize(Signature::CHROMA.0 * Signature::CHROMA.1, 128);
        signature.cr.resize(Signature::CHROMA.0 * Signature::CHROMA.1, 128);
        let start = *self.shot_start.get_or_insert(at);
        self.last_cut.get_or_insert(start);
        self.pending.push_back(at);
        let mut progress = Progress::default();
        if self.params.detect == Detect::Content {
            self.look(at, signature, &mut progress);
        }
        self.settle(false, &mut progress);
        progress
    }

    /// Ends the video: everything is settled.
    pub fn flush(&mut self) -> Progress {
        let mut progress = Progress::default();
        if self.params.detect == Detect::Content {
            for cut in self.cuts.flush(&self.params) {
                self.add_cut(cut, &mut progress);
            }
            if let Some(fade) = self.fades.flush(&self.params) {
                self.add_fade(fade);
            }
            for dissolve in self.dissolves.flush(&self.params) {
                self.add_dissolve(dissolve);
            }
        }
        self.settle(true, &mut progress);
        progress
    }

    fn look(&mut self, at: FrameTime, signature: Signature, progress: &mut Progress) {
        let texture = Arc::new(Texture::new(&signature));
        let is_plain = fade::is_plain(&self.params.fade, &signature);
        if let Some(cut) = self.cuts.push(&self.params, Arc::clone(&texture), is_plain) {
            self.add_cut(cut, progress);
        }
        if let Some(fade) = self.fades.push(&self.params, &signature, &texture, at.pts, is_plain) {
            self.add_fade(fade);
        }
        for dissolve in self.dissolves.push(&self.params, signature, at.pts, is_plain, self.cuts.known()) {
            self.add_dissolve(dissolve);
        }
    }

    fn picture(&self, index: u64) -> Option<FrameTime> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.pending.get(at).copied()
    }

    fn min_len(&self) -> MediaTime {
        MediaTime::from_secs(self.params.min_len)
    }

    fn add_cut(&mut self, cut: RawCut, progress: &mut Progress) {
        self.dissolves.add_cut(cut.index);
        let (Some(at), Some(last)) = (self.picture(cut.index), self.last_cut) else { return };
        if at.frame <= last.frame || at.pts - last.pts < self.min_len() {
            return;
        }
        self.last_cut = Some(at);
        progress.fresh_cuts.push(at.frame);
        self.found.insert(cut.index, Found { rank: Rank::Cut, frames: 0, score: cut.share });
    }

    fn add_fade(&mut self, fade: RawFade) {
        self.slopes.push_back(fade.start..fade.end);
        if let Some(boundary) = fade.boundary {
            let frames = u32::try_from(fade.end - fade.start).unwrap_or(u32::MAX);
            self.add(boundary.index, Found { rank: Rank::Fade, frames, score: boundary.score });
        }
    }

    fn add_dissolve(&mut self, dissolve: RawDissolve) {
        self.add(dissolve.index, Found { rank: Rank::Dissolve, frames: dissolve.frames, score: dissolve.score });
    }

    fn add(&mut self, index: u64, found: Found) {
        let held = self.found.entry(index).or_insert(found);
        if held.rank < found.rank {
            *held = found;
        }
    }

    /// Returns the index up to which, exclusive, everything is found.
    fn known(&self) -> u64 {
        match self.params.detect {
            Detect::Off => self.first + self.pending.len() as u64,
            Detect::Content => self.cuts.known().min(self.fades.known()).min(self.dissolves.known()),
        }
    }

    /// Decides the pictures around which everything is known.
    fn settle(&mut self, is_end: bool, progress: &mut Progress) {
        let known = if is_end { u64::MAX } else { self.known() };
        while let Some(&at) = self.pending.front() {
            let horizon = self.picture(known).map(|next| next.pts);
            let is_known = is_end || self.first < known && horizon.is_none_or(|pts| pts - at.pts >= self.min_len());
            if !is_known {
                break;
            }
            if let Some(boundary) = self.boundary_at(at) {
                self.shot_start = Some(at);
                progress.boundaries.push(boundary);
            }
            if self.shot_start == Some(at) {
                let found = self.found.get(&self.first).filter(|found| found.rank == Rank::Dissolve);
                self.last_dissolve = found.map(|found| (self.first, found.frames));
            }
            self.found.remove(&self.first);
            self.slopes.retain(|slope| slope.end > self.first);
            self.pending.pop_front();
            self.first += 1;
            self.settled = at.frame + 1;
        }
        progress.settled = self.settled;
    }

    /// Decides whether a shot begins at the first pending picture.
    fn boundary_at(&self, at: FrameTime) -> Option<Boundary> {
        let start = self.shot_start.filter(|start| at.frame > start.frame)?;
        let boundary = |transition, frames, score: f64| Boundary {
            frame: at.frame,
            pts: at.pts,
            transition,
            transition_frames: frames,
            #[expect(clippy::cast_possible_truncation, reason = "a score needs no more than f32")]
            score: score.clamp(0.0, 1.0) as f32,
        };
        let age = at.pts - start.pts;
        if let Some(found) = self.found.get(&self.first).filter(|found| !self.is_part(found))
            && (found.rank == Rank::Cut || age >= self.min_len() && !self.is_followed(at, |later| later > found.rank))
        {
            let transition = match found.rank {
                Rank::Cut => Transition::Cut,
                Rank::Fade => Transition::Fade,
                Rank::Dissolve => Transition::Dissolve,
            };
            return Some(boundary(transition, found.frames, found.score));
        }
        let longest = MediaTime::from_secs(self.params.max_shot.max(2.0 * self.params.min_len));
        (age >= longest && !self.is_followed(at, |_| true)).then(|| boundary(Transition::Forced, 0, 0.0))
    }

    /// Tells whether a dissolve at the first pending picture is part of a fade, or of the dissolve before it.
    fn is_part(&self, found: &Found) -> bool {
        let is_slope = || self.slopes.iter().any(|slope| slope.contains(&self.first));
        let overlaps = |&(index, frames): &(u64, u32)| self.first - index < u64::from((frames + found.frames) / 3);
        found.rank == Rank::Dissolve && (is_slope() || self.last_dissolve.as_ref().is_some_and(overlaps))
    }

    /// Tells whether something of such a rank was found within `min_len` after the first pending picture.
    fn is_followed(&self, at: FrameTime, such: impl Fn(Rank) -> bool) -> bool {
        let mut later = self.found.range(self.first + 1..);
        later
            .any(|(&index, found)| such(found.rank) && self.picture(index).is_some_and(|next| next.pts - at.pts < self.min_len()))
    }
}
