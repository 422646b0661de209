//! What the tracker joined inside one shot.

use super::{FrameTime, ShotId, TrackId};
use serde::{Deserialize, Serialize};

/// Summarises a tracklet; its boxes are the faces whose fate names it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tracklet {
    pub id: TrackId,
    pub shot: ShotId,
    pub first: FrameTime,
    /// Its last box; its span ends at the next analysed picture.
    pub last: FrameTime,
    /// Number of boxes.
    pub boxes: u32,
    /// Mean detector score of its boxes, `0..=1`.
    pub mean_score: f32,
    /// The tracker saw the shot end, or lost the face before.
    pub lost: bool,
}
