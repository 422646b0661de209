//! Joins the faces of one shot into tracklets.
//!
//! [`Tracker`] is the contract; [`tracker`] makes ByteTrack or its appearance-aware sibling. A shot is tracked alone:
//! `push` every analysed picture, also those without faces, then `finish`. [`dissolve_ghost`] finds the tracklets that
//! belong to the neighbouring shot, [`measure`] sums up how tracking went.

mod appearance;
mod bytetrack;
mod ghost;
mod kalman;
mod matching;
mod metrics;
mod params;

pub use bytetrack::ByteTrack;
pub use ghost::dissolve_ghost;
pub use matching::{Matching, matching};
pub use metrics::measure;
pub use params::{AppearanceParams, Kind, Params, untracked_reason};

use crate::domain::{Detection, DropReason, Embedding, FrameTime};

/// One face as the tracker sees it.
#[derive(Debug, Clone, Copy)]
pub struct TrackInput<'a> {
    pub detection: Detection,
    /// Its vector; only trackers of [`Kind::Strongsort`] look at it, and do without where it is absent.
    pub appearance: Option<&'a Embedding>,
}

/// Summarises what a tracker joined; numbered within its shot, in order of birth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalTrack {
    pub boxes: u32,
    pub first: FrameTime,
    pub last: FrameTime,
    /// Mean detector score of its boxes, `0..=1`.
    pub mean_score: f32,
    /// The face was gone before the shot's last analysed picture.
    pub lost: bool,
    /// Why it counts for nobody, where it does not.
    pub dropped: Option<DropReason>,
}

/// Joins detections of one shot into tracklets.
pub trait Tracker: Send {
    /// Takes the faces of the next analysed picture and says which local track each joined.
    ///
    /// Call it for pictures without faces too: lost tracks age on them. Pictures come in order. The answer has one entry
    /// a face, in the order given: a number from 0 in order of birth, or `None` (see [`untracked_reason`]).
    fn push(&mut self, at: FrameTime, faces: &[TrackInput]) -> Vec<Option<u32>>;

    /// Closes the shot, forgets it, and returns its tracks by local number.
    fn finish(&mut self) -> Vec<LocalTrack>;
}

/// Makes the tracker that `params` names.
#[must_use]
pub fn tracker(params: &Params) -> Box<dyn Tracker> {
    Box::new(ByteTrack::new(params.clone()))
}
