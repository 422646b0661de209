//! Kept face crops and how usable they are.

use super::{Detection, FrameTime, TrackId};
use serde::{Deserialize, Serialize};

/// Names a crop: a track has at most one in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CropKey {
    pub track: TrackId,
    pub frame: u64,
}

/// Tells how usable a crop is, part by part; every part `0..=1`, higher is better, angles in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The parts weighed together.
    pub total: f32,
    /// Pixels between the eyes, against what the embedder can use.
    pub size: f32,
    pub sharpness: f32,
    /// 1 for a frontal face, 0 for a full profile.
    pub frontality: f32,
    /// Exposure and contrast.
    pub light: f32,
    /// Share of the face that seems to be uncovered and inside the picture.
    pub visibility: f32,
    /// Estimated from the five points; positive looks to the image's right.
    pub yaw: f32,
    /// Positive looks up.
    pub pitch: f32,
    /// Positive leans clockwise.
    pub roll: f32,
}

#[cfg(test)]
impl Quality {
    /// A frontal face without a fault in any part, for tests.
    pub(crate) const fn faultless(total: f32) -> Self {
        Self { total, size: 1.0, sharpness: 1.0, frontality: 1.0, light: 1.0, visibility: 1.0, yaw: 0.0, pitch: 0.0, roll: 0.0 }
    }
}

/// One kept crop of a track.
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    pub track: TrackId,
    pub at: FrameTime,
    pub detection: Detection,
    pub quality: Quality,
    /// JPEG of the canonical aligned face that every embedder's input is cut from.
    pub aligned: Vec<u8>,
    /// JPEG of face and surroundings, 4:5, for people to look at.
    pub thumb: Vec<u8>,
}

impl Crop {
    /// Returns its name.
    #[must_use]
    pub fn key(&self) -> CropKey {
        CropKey { track: self.track, frame: self.at.frame }
    }

    /// Returns what is known of it without the pictures.
    #[must_use]
    pub fn info(&self) -> CropInfo {
        CropInfo { track: self.track, at: self.at, detection: self.detection, quality: self.quality }
    }
}

/// A kept crop without its pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CropInfo {
    pub track: TrackId,
    pub at: FrameTime,
    pub detection: Detection,
    pub quality: Quality,
}

impl CropInfo {
    /// Returns its name.
    #[must_use]
    pub fn key(&self) -> CropKey {
        CropKey { track: self.track, frame: self.at.frame }
    }
}
