//! The detector threads: faces of one picture, each with its quality and, straight from the decoder's picture, its crops.

use super::ScanPlan;
use super::crop_image::thumb;
use super::source::{Event, Job, Numbered};
use crate::algo::track::Kind;
use crate::algo::{align, quality};
use crate::domain::{Affine, Detection, DropReason, Embedding, FrameTime, Quality, RgbImage, Size};
use crate::infer::{FaceEmbedder, build_detector, build_embedder, detect_pictures};
use crate::media::Picture;
use crate::pipeline::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crossbeam_channel::{Receiver, Sender};

/// What one picture showed.
#[derive(Debug)]
pub(super) struct Seen {
    pub at: FrameTime,
    pub faces: Vec<SeenFace>,
}

/// One face with everything that needs the picture.
#[derive(Debug)]
pub(super) struct SeenFace {
    pub detection: Detection,
    pub view: Result<FaceView, DropReason>,
}

/// A face that can be tracked.
#[derive(Debug)]
pub(super) struct FaceView {
    pub quality: Quality,
    /// Share of the box inside the picture, `0..=1`.
    pub aligned: RgbImage,
    pub thumb: RgbImage,
    /// Made only for trackers that compare faces.
    pub appearance: Option<Embedding>,
}

pub(super) fn run(
    plan: &ScanPlan<'_>,
    flow: &Flow<PassError>,
    progress: &Progress,
    pictures: &Receiver<Job>,
    to_track: &Sender<Numbered<Seen>>,
) -> Result<(), PassError> {
    let mut detector = build_detector(plan.detector, plan.detect, &plan.session)?;
    let mut embedder = if plan.track.tracker == Kind::Strongsort {
        Some(build_embedder(plan.embedder, plan.embed, &plan.session)?)
    } else {
        None
    };
    while let Ok(first) = pictures.recv() {
        if flow.stopped() {
            break;
        }
        // Whatever waits already goes along; nothing is waited for.
        let size = first.picture.size();
        let mut jobs = vec![first];
        jobs.extend(pictures.try_iter().take(detector.at_once().saturating_sub(1)));
        let mut sample = |i: usize, out: Size, map: &Affine| jobs[i].picture.sample(out, map);
        let policy = &plan.detect.large_faces;
        let found = progress.busy(Stage::Detect, || detect_pictures(detector.as_mut(), policy, size, jobs.len(), &mut sample))?;
        for (Job { number, picture }, found) in jobs.iter().zip(found) {
            let mut faces = Vec::with_capacity(found.len());
            for detection in found {
                let view = progress.busy(Stage::Crop, || view(picture, &detection, plan));
                let view = match (view, embedder.as_deref_mut()) {
                    (Ok(face), Some(embedder)) => Ok(with_appearance(face, embedder, progress)?),
                    (view, _) => view,
                };
                faces.push(SeenFace { detection, view });
            }
            if to_track.send((*number, Event::Faces(Seen { at: picture.at(), faces }))).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn with_appearance(mut face: FaceView, embedder: &mut dyn FaceEmbedder, progress: &Progress) -> Result<FaceView, PassError> {
    let vectors = progress.busy(Stage::Embed, || embedder.embed(std::slice::from_ref(&face.aligned)))?;
    face.appearance = vectors.into_iter().next();
    Ok(face)
}

fn view(picture: &Picture, detection: &Detection, plan: &ScanPlan<'_>) -> Result<FaceView, DropReason> {
    let face = detection.bbox;
    if !face.is_finite() || face.area() <= 0.0 {
        return Err(DropReason::Malformed);
    }
    if face.width().min(face.height()) < plan.detect.min_face_px {
        return Err(DropReason::TooSmall);
    }
    let map = detection.landmarks.as_ref().and_then(align::canonical_map).ok_or(DropReason::Malformed)?;
    let side = align::CANONICAL_SIDE;
    let aligned = picture.sample(Size { width: side, height: side }, &map);
    let quality = quality::assess(plan.quality, &aligned, detection, picture.size());
    let (thumb_size, thumb_map) = thumb(plan.crop_images, detection);
    Ok(FaceView { quality, aligned, thumb: picture.sample(thumb_size, &thumb_map), appearance: None })
}
