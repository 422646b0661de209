//! The tracking stage: one shot at a time, in order, as soon as its boundaries are certain.

use super::crop_image::to_jpeg;
use super::detect::{FaceView, Seen};
use super::reorder::Reorder;
use super::source::{Event, Numbered, Resume};
use super::validate::Validator;
use super::{CropImageParams, ScanPlan};
use crate::algo::quality::BestCrops;
use crate::algo::shot_cut::Boundary;
use crate::algo::track::{TrackInput, Tracker, dissolve_ghost, tracker, untracked_reason};
use crate::domain::{Crop, Detection, DropReason, Face, Fate, FrameTime, Opening, Quality, Shot, ShotId, TrackId, Tracklet};
use crate::pipeline::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crossbeam_channel::{Receiver, Sender};
use std::collections::VecDeque;

/// A tracked shot whose crops have no vectors yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub shot: Shot,
    pub next: Option<Opening>,
    pub analysed: Vec<FrameTime>,
    pub faces: Vec<Face>,
    pub tracklets: Vec<Tracklet>,
    pub crops: Vec<Crop>,
}

/// Analysed pictures between two looks of whoever watches the progress.
const TICK: u64 = 25;

pub(super) fn run(
    resume: &Resume,
    plan: &ScanPlan<'_>,
    flow: &Flow<PassError>,
    progress: &Progress,
    tick: &(dyn Fn() + Sync),
    events: &Receiver<Numbered<Seen>>,
    to_embed: &Sender<Draft>,
) -> Result<(), PassError> {
    let mut reorder = Reorder::new(0);
    let mut waiting: VecDeque<Seen> = VecDeque::new();
    let mut open = OpenShot::new(resume, plan, progress)?;
    for (number, event) in events {
        reorder.push(number, event);
        while let Some(event) = reorder.pop() {
            if flow.stopped() {
                return Ok(());
            }
            let (boundaries, settled, end) = match event {
                Event::Faces(seen) => {
                    progress.units(seen.at.frame + 1);
                    if progress.analysed(seen.at.pts, seen.faces.len() as u64).is_multiple_of(TICK) {
                        tick();
                    }
                    waiting.push_back(seen);
                    continue;
                }
                Event::Settled { boundaries, settled } => (boundaries, settled, None),
                Event::End(end) => (Vec::new(), u64::MAX, Some(end)),
            };
            for boundary in boundaries {
                feed(&mut open, &mut waiting, boundary.frame, progress);
                if to_embed.send(open.close_at(&boundary)?).is_err() {
                    return Ok(());
                }
            }
            feed(&mut open, &mut waiting, settled, progress);
            if let Some(end) = end {
                if let Some(draft) = open.close_at_end(end)? {
                    let _ = to_embed.send(draft);
                }
                return Ok(());
            }
        }
    }
    Ok(())
}

fn feed(open: &mut OpenShot<'_>, waiting: &mut VecDeque<Seen>, before: u64, progress: &Progress) {
    while waiting.front().is_some_and(|s| s.at.frame < before) {
        let Some(seen) = waiting.pop_front() else { break };
        progress.busy(Stage::Track, || open.push(seen));
    }
}

/// A face of the open shot that waits for its fate.
struct Pending {
    at: FrameTime,
    detection: Detection,
    outcome: Result<Option<u32>, DropReason>,
}

/// A kept crop without the number of its track.
pub(super) struct KeptCrop {
    pub at: FrameTime,
    pub detection: Detection,
    quality: Quality,
    aligned: Vec<u8>,
    pub thumb: Vec<u8>,
}

struct OpenShot<'a> {
    plan: &'a ScanPlan<'a>,
    progress: &'a Progress,
    validator: Option<Validator<'a>>,
    tracker: Box<dyn Tracker>,
    id: ShotId,
    next_track: u32,
    start: FrameTime,
    opening: Opening,
    analysed: Vec<FrameTime>,
    pending: Vec<Pending>,
    best: Vec<BestCrops<Result<KeptCrop, PassError>>>,
}

impl<'a> OpenShot<'a> {
    fn new(resume: &Resume, plan: &'a ScanPlan<'a>, progress: &'a Progress) -> Result<Self, PassError> {
        Ok(Self {
            plan,
            progress,
            validator: Validator::of(plan)?,
            tracker: tracker(plan.track),
            id: resume.next_shot,
            next_track: resume.next_track.0,
            start: resume.first_missing().unwrap_or(FrameTime { frame: 0, pts: plan.origin }),
            opening: resume.opening,
            analysed: Vec::new(),
            pending: Vec::new(),
            best: Vec::new(),
        })
    }

    fn push(&mut self, seen: Seen) {
        self.analysed.push(seen.at);
        let mut views: Vec<(Detection, FaceView)> = Vec::with_capacity(seen.faces.len());
        for face in seen.faces {
            match face.view {
                Ok(view) => views.push((face.detection, view)),
                Err(reason) => self.pending.push(Pending { at: seen.at, detection: face.detection, outcome: Err(reason) }),
            }
        }
        let inputs: Vec<TrackInput<'_>> =
            views.iter().map(|(d, v)| TrackInput { detection: *d, appearance: v.appearance.as_ref() }).collect();
        let joined = self.tracker.push(seen.at, &inputs);
        for ((detection, view), local) in views.into_iter().zip(joined) {
            self.pending.push(Pending { at: seen.at, detection, outcome: Ok(local) });
            let Some(local) = local.and_then(|n| usize::try_from(n).ok()) else { continue };
            while self.best.len() <= local {
                self.best.push(BestCrops::new(self.plan.crops.clone()));
            }
            let images = self.plan.crop_images;
            self.best[local].offer(seen.at, &view.quality, || keep(images, seen.at, detection, &view));
        }
    }

    fn close_at(&mut self, boundary: &Boundary) -> Result<Draft, PassError> {
        let next =
            Opening { transition: boundary.transition, transition_frames: boundary.transition_frames, score: boundary.score };
        self.close(FrameTime { frame: boundary.frame, pts: boundary.pts }, Some(next))
    }

    fn close_at_end(&mut self, end: FrameTime) -> Result<Option<Draft>, PassError> {
        (end.frame > self.start.frame).then(|| self.close(end, None)).transpose()
    }

    fn close(&mut self, end: FrameTime, next: Option<Opening>) -> Result<Draft, PassError> {
        let shot = Shot {
            id: self.id,
            start_frame: self.start.frame,
            end_frame: end.frame,
            start: self.start.pts,
            end: end.pts,
            transition_in: self.opening.transition,
            transition_frames: self.opening.transition_frames,
            score: self.opening.score,
        };
        let mut tracklets = Vec::new();
        let mut fates: Vec<Fate> = Vec::new();
        // Crops of each track, and the pictures of those that the second detector denied.
        let mut looked: Vec<(Vec<KeptCrop>, Vec<FrameTime>)> = Vec::new();
        let mut best = std::mem::take(&mut self.best).into_iter();
        for track in self.tracker.finish() {
            let mut dropped = track.dropped.or_else(|| dissolve_ghost(&track, &shot, next.as_ref()));
            let kept = best.next().map(BestCrops::into_vec).unwrap_or_default().into_iter();
            let mut kept = kept.map(|k| k.payload).collect::<Result<Vec<KeptCrop>, PassError>>()?;
            let mut denied = Vec::new();
            if let (Some(validator), None) = (&mut self.validator, dropped) {
                denied = self.progress.busy(Stage::Detect, || validator.take_denied(&mut kept))?;
                dropped = (kept.is_empty() && !denied.is_empty()).then_some(DropReason::Denied);
            }
            looked.push((kept, denied.iter().map(|crop| crop.at).collect()));
            fates.push(match dropped {
                Some(reason) => Fate::Dropped(reason),
                None => {
                    let id = TrackId(self.next_track);
                    self.next_track += 1;
                    tracklets.push(Tracklet {
                        id,
                        shot: shot.id,
                        first: track.first,
                        last: track.last,
                        boxes: track.boxes,
                        mean_score: track.mean_score,
                        lost: track.lost,
                    });
                    Fate::Tracked(id)
                }
            });
        }
        let params = self.plan.track;
        let fate_of = |local: u32| usize::try_from(local).ok().and_then(|n| fates.get(n)).copied();
        let mut faces: Vec<Face> = self
            .pending
            .drain(..)
            .map(|p| {
                let fate = match p.outcome {
                    Err(reason) => Fate::Dropped(reason),
                    Ok(local) => local.and_then(fate_of).unwrap_or_else(|| Fate::Dropped(untracked_reason(params, &p.detection))),
                };
                let denied = p.outcome.ok().flatten().and_then(|n| looked.get(usize::try_from(n).ok()?));
                let denied = matches!(fate, Fate::Tracked(_)) && denied.is_some_and(|(_, denied)| denied.contains(&p.at));
                Face { at: p.at, detection: p.detection, fate, denied }
            })
            .collect();
        faces.sort_by(|a, b| a.at.cmp(&b.at).then(b.detection.score.total_cmp(&a.detection.score)));
        let mut crops = Vec::new();
        for (fate, (kept, _)) in fates.iter().zip(looked) {
            let Fate::Tracked(track) = *fate else { continue };
            for KeptCrop { at, detection, quality, aligned, thumb } in kept {
                crops.push(Crop { track, at, detection, quality, aligned, thumb });
            }
        }
        let draft = Draft { shot, next, analysed: std::mem::take(&mut self.analysed), faces, tracklets, crops };
        self.id = ShotId(self.id.0 + 1);
        self.start = end;
        self.opening = next.unwrap_or(Opening::START);
        Ok(draft)
    }
}

fn keep(params: &CropImageParams, at: FrameTime, detection: Detection, view: &FaceView) -> Result<KeptCrop, PassError> {
    let failed = |reason| PassError::Encode { frame: at.frame, reason };
    let aligned = to_jpeg(&view.aligned, params.aligned_quality).map_err(failed)?;
    let thumb = to_jpeg(&view.thumb, params.thumb_quality).map_err(failed)?;
    Ok(KeptCrop { at, detection, quality: view.quality, aligned, thumb })
}
