//! Shots, and everything that one shot brings.

use super::{Crop, Embedding, Face, FrameTime, MediaTime, ShotId, Span, Tracklet};
use serde::{Deserialize, Serialize};

/// Says how a shot begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// The first picture of the video.
    Start,
    Cut,
    Dissolve,
    /// Through black or white.
    Fade,
    /// The shot before was closed for its length; nothing is seen to change.
    Forced,
}

/// How a shot begins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub transition: Transition,
    /// Length of a dissolve or fade whose middle is the shot's first picture, in pictures; 0 for a cut.
    pub transition_frames: u32,
    /// Confidence of the boundary, `0..=1`.
    pub score: f32,
}

impl Opening {
    /// How the first shot of a video begins.
    pub const START: Self = Self { transition: Transition::Start, transition_frames: 0, score: 1.0 };
}

/// The pictures between two boundaries; shots are consecutive and leave no hole.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    pub id: ShotId,
    pub start_frame: u64,
    /// First picture after it.
    pub end_frame: u64,
    pub start: MediaTime,
    pub end: MediaTime,
    pub transition_in: Transition,
    /// Length of a dissolve or fade whose middle is `start_frame`, in pictures; 0 for a cut.
    pub transition_frames: u32,
    /// Confidence of the boundary at its start, `0..=1`.
    pub score: f32,
}

impl Shot {
    /// Returns its stretch of time.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// Everything measured in one shot; written in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct ShotRecord {
    pub shot: Shot,
    /// How the next shot begins, so that a scan can go on there; absent for the last.
    pub next: Option<Opening>,
    /// The pictures that the detector saw, in order.
    pub analysed: Vec<FrameTime>,
    /// Every detection, tracked or dropped, by picture, then falling score.
    pub faces: Vec<Face>,
    /// By id.
    pub tracklets: Vec<Tracklet>,
    /// The kept crops, by track, then picture.
    pub crops: Vec<Crop>,
    /// One vector for each of `crops`, in the same order.
    pub embeddings: Vec<Embedding>,
}
