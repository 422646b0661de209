//! The first stage: decodes, finds shot boundaries, and hands on the pictures to analyse.

use super::{NextIds, ScanPlan};
use crate::algo::shot_cut::{Boundary, ShotCutter};
use crate::domain::{FrameTime, Opening, Shot, ShotId, TrackId, Transition};
use crate::media::{Damage, Decoder, Picture};
use crate::pipeline::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crate::pipeline::sampling::Sampling;
use crossbeam_channel::Sender;
use std::collections::VecDeque;

/// Says where a scan begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    /// The last stored shot; absent at the start of the video.
    pub after: Option<Shot>,
    /// A picture whose number and time are known exactly, far enough before the first missing shot for the cutter to warm up.
    pub from: Option<FrameTime>,
    /// How the first missing shot begins.
    pub opening: Opening,
    pub next_shot: ShotId,
    pub next_track: TrackId,
}

impl Resume {
    /// Begins at the first picture.
    #[must_use]
    pub fn start() -> Self {
        Self { after: None, from: None, opening: Opening::START, next_shot: ShotId(1), next_track: TrackId(1) }
    }

    /// Goes on after the stored shot `after`; `analysed` are the stored analysed pictures of the last shots, in order, and
    /// `warm_up` is how many pictures the cutter must see before the first missing one.
    #[must_use]
    pub fn after(after: Shot, opening: Opening, analysed: &[FrameTime], warm_up: u64, next: NextIds) -> Self {
        let latest = after.end_frame.saturating_sub(warm_up.max(1));
        let from = analysed.iter().rev().find(|at| at.frame <= latest).copied();
        Self { after: Some(after), from, opening, next_shot: next.shot, next_track: next.track }
    }

    /// Returns the first picture of the first missing shot.
    #[must_use]
    pub fn first_missing(&self) -> Option<FrameTime> {
        self.after.map(|s| FrameTime { frame: s.end_frame, pts: s.end })
    }
}

/// What the tracker receives, numbered in order.
#[derive(Debug)]
pub(super) enum Event<T> {
    /// An analysed picture.
    Faces(T),
    /// Every picture before `settled` belongs to a known shot.
    Settled { boundaries: Vec<Boundary>, settled: u64 },
    /// The video ended: the number and the time after its last picture.
    End(FrameTime),
}

/// A picture on its way to a detector.
pub(super) struct Job {
    pub number: u64,
    pub picture: Picture,
}

/// A numbered event for the tracker.
pub(super) type Numbered<T> = (u64, Event<T>);

pub(super) fn run<T>(
    mut decoder: Decoder,
    resume: &Resume,
    plan: &ScanPlan<'_>,
    flow: &Flow<PassError>,
    progress: &Progress,
    to_detect: &Sender<Job>,
    to_track: &Sender<Numbered<T>>,
) -> Result<Damage, PassError> {
    let mut cutter = match resume.first_missing() {
        Some(first) => ShotCutter::resume(plan.scenes.clone(), first),
        None => ShotCutter::new(plan.scenes.clone()),
    };
    if let Some(from) = resume.from {
        decoder.seek(from)?;
    }
    let first_wanted = resume.first_missing().map_or(0, |f| f.frame);
    let mut held = Held::new(plan.sampling, plan.scenes.warmup_dets, first_wanted);
    if resume.opening.transition == Transition::Cut {
        held.fresh_cuts(&[first_wanted]);
    }
    let mut number = 0u64;
    let mut last: Option<FrameTime> = None;
    let mut settled = 0;

    loop {
        if flow.stopped() {
            return Ok(decoder.damage());
        }
        let Some(picture) = progress.busy(Stage::Decode, || decoder.next())? else { break };
        let at = picture.at();
        let step = progress.busy(Stage::Cut, || cutter.push(at, picture.signature()));
        held.push(picture, last);
        last = Some(at);
        held.fresh_cuts(&step.fresh_cuts);
        let certain = at.frame.saturating_sub(ShotCutter::CUT_LOOKAHEAD).max(step.settled);
        if !forward(&mut held, certain, &mut number, to_detect) {
            return Ok(decoder.damage());
        }
        if step.settled > settled {
            settled = step.settled;
            let event = Event::Settled { boundaries: step.boundaries, settled };
            if to_track.send((number, event)).is_err() {
                return Ok(decoder.damage());
            }
            number += 1;
        }
    }

    let step = cutter.flush();
    held.fresh_cuts(&step.fresh_cuts);
    if !forward(&mut held, u64::MAX, &mut number, to_detect) {
        return Ok(decoder.damage());
    }
    let end = FrameTime {
        frame: last.map_or(first_wanted, |l| l.frame + 1),
        pts: decoder.end_pts().or(last.map(|l| l.pts)).unwrap_or_default(),
    };
    // A stopped neighbour has its own reason; it is not this stage's to report.
    let _ = to_track.send((number, Event::Settled { boundaries: step.boundaries, settled: step.settled }));
    let _ = to_track.send((number + 1, Event::End(end)));
    Ok(decoder.damage())
}

/// Sends the held pictures before `certain` that are to be analysed; false where nobody takes them any more.
fn forward(held: &mut Held, certain: u64, number: &mut u64, to_detect: &Sender<Job>) -> bool {
    while let Some(picture) = held.next_before(certain) {
        if to_detect.send(Job { number: *number, picture }).is_err() {
            return false;
        }
        *number += 1;
    }
    true
}

/// Pictures held back for a moment, until it is known whether a shot begins with them.
struct Held {
    sampling: Sampling,
    /// Pictures after a cut that are analysed whatever the sampling says.
    warmup_dets: u32,
    first_wanted: u64,
    pictures: VecDeque<(Picture, bool)>,
    /// Pictures up to this number (exclusive) are analysed because a shot has just begun.
    forced: Vec<std::ops::Range<u64>>,
}

impl Held {
    fn new(sampling: Sampling, warmup_dets: u32, first_wanted: u64) -> Self {
        Self { sampling, warmup_dets, first_wanted, pictures: VecDeque::new(), forced: Vec::new() }
    }

    fn push(&mut self, picture: Picture, before: Option<FrameTime>) {
        let sampled = self.sampling.takes(picture.at(), before);
        self.pictures.push_back((picture, sampled));
    }

    fn fresh_cuts(&mut self, cuts: &[u64]) {
        self.forced.extend(cuts.iter().map(|f| *f..f.saturating_add(u64::from(self.warmup_dets))));
    }

    /// Takes out the next picture before `certain` that is to be analysed, and drops those that are not.
    fn next_before(&mut self, certain: u64) -> Option<Picture> {
        while self.pictures.front()?.0.at().frame < certain {
            let (picture, sampled) = self.pictures.pop_front()?;
            let frame = picture.at().frame;
            self.forced.retain(|r| r.end > frame);
            if frame >= self.first_wanted && (sampled || self.forced.iter().any(|r| r.contains(&frame))) {
                return Some(picture);
            }
        }
        None
    }
}
