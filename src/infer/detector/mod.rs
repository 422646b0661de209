//! Finds faces in pictures: one trait, one file for each family's decoding.

mod large_faces;
mod net;
mod retinaface;
mod scrfd;
mod size;
mod yunet;

pub use large_faces::{ScalePolicy, detect_picture};
pub use net::build_detector;
pub use size::DetSize;

use super::InferError;
use crate::algo::letterbox::Letterbox;
use crate::domain::{Detection, RgbImage, Size};
use serde::{Deserialize, Serialize};

/// Finds faces. One detector for each thread.
pub trait FaceDetector: Send {
    /// Returns the family, such as `scrfd`.
    fn family(&self) -> &str;

    /// Returns how a picture of this size has to be scaled for [`detect`](Self::detect).
    fn input(&self, picture: Size) -> Letterbox;

    /// The same for a coarse look: the scaled picture's longer side is `long_side` pixels.
    ///
    /// A model of one fixed input size leaves the rest of its input black, so the look costs as much as any.
    fn small_input(&self, picture: Size, long_side: u32) -> Letterbox;

    /// Finds the faces of one picture.
    ///
    /// `image` is the picture scaled to `letterbox.scaled`; padding is done here. Returns detections in pixels of
    /// `letterbox.picture`, above the threshold, after non-maximum suppression, by falling score.
    ///
    /// # Errors
    /// `Picture` where the image has another size, `Run` or `Output` where the model fails.
    fn detect(&mut self, image: &RgbImage, letterbox: &Letterbox) -> Result<Vec<Detection>, InferError>;
}

/// Settings of detection; values and reasons in `config/detection.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectParams {
    pub model: String,
    pub input: DetSize,
    /// Lowest score of a face, `0..=1`; 0: the model's own.
    pub score: f32,
    /// Overlap above which two boxes are one face, `0..=1`; 0: the model's own.
    pub nms_iou: f32,
    /// Shorter side of a box below which a face is passed over, in pixels of the picture.
    pub min_face_px: f32,
    pub large_faces: ScalePolicy,
}

#[cfg(test)]
pub(super) fn default_params() -> DetectParams {
    #[derive(Deserialize)]
    struct File {
        detect: DetectParams,
    }
    toml::from_str::<File>(include_str!("../../../config/detection.toml")).unwrap().detect
}
