//! One face in one picture.

use super::{BBox, FrameTime, Point, TrackId};
use serde::{Deserialize, Serialize};

/// Five points in source pixels: image-left eye, image-right eye, nose tip, image-left and image-right mouth corner.
pub type Landmarks = [Point; 5];

/// What a detector says of one face; everything in pixels of the displayed picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    pub bbox: BBox,
    /// Absent where the detector gives none.
    pub landmarks: Option<Landmarks>,
    /// The detector's own score, `0..=1`, higher is surer.
    pub score: f32,
}

/// Says why a detection or a track counts for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// Below the size that is tracked.
    TooSmall,
    /// Joined no track: its score starts none, and no living track met it.
    LowScore,
    /// The only box of a track that was never met again and scored too low to stand alone.
    Unconfirmed,
    /// Lies in the fading half of a dissolve or fade, where the picture belongs to the other shot.
    DissolveGhost,
    /// Box or points were not numbers or had no area.
    Malformed,
    /// Of a track none of whose kept crops the second detector took for a face.
    Denied,
}

/// Says what became of a detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Tracked(TrackId),
    Dropped(DropReason),
}

/// One stored detection and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Face {
    pub at: FrameTime,
    pub detection: Detection,
    pub fate: Fate,
    /// Its crop would have been kept, but the second detector saw no face in it; its track stays for its other crops.
    pub denied: bool,
}
