//! Looks a second time, coarsely, for faces too large for the detector's anchors.

use super::FaceDetector;
use crate::domain::{Affine, Detection, RgbImage, Size};
use crate::infer::InferError;
use serde::{Deserialize, Serialize};

/// Says when a second look is taken and what counts of it; values and measurements in `config/detection.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalePolicy {
    /// Longer side of the second look in pixels; 0: none is taken.
    pub long_side: u32,
    /// Looks again where the tallest face is lower than this share of the picture's height.
    pub look_again_below: f32,
    /// Lowest face of the second look that counts, as a share of the picture's height.
    pub min_height: f32,
}

/// Faces of the two looks that overlap by more than this are one; the first look's stays, as it saw more pixels.
const SAME_FACE_IOU: f32 = 0.3;

impl ScalePolicy {
    fn looks_again(&self, faces: &[Detection], picture: Size) -> bool {
        let tallest = faces.iter().map(|d| d.bbox.height()).fold(0.0, f32::max);
        self.long_side > 0 && (faces.is_empty() || tallest < self.look_again_below * picture.height as f32)
    }
}

/// Finds the faces of one picture, the very large included.
///
/// `sample(size, map)` gives the picture in `size` pixels; `map` takes positions of that sample to the picture
/// (continuous coordinates). It is called once, or twice where the policy looks again. Returns detections in pixels of
/// `picture`, by falling score.
///
/// # Errors
/// Those of [`FaceDetector::detect`].
pub fn detect_picture(
    detector: &mut dyn FaceDetector,
    policy: &ScalePolicy,
    picture: Size,
    sample: &mut dyn FnMut(Size, &Affine) -> RgbImage,
) -> Result<Vec<Detection>, InferError> {
    let faces = boxes(detector, policy, picture, sample)?;
    let mut faces = detector.refine(faces, picture, sample)?;
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(faces)
}

/// Takes the first look, and the second where the policy has one.
fn boxes(
    detector: &mut dyn FaceDetector,
    policy: &ScalePolicy,
    picture: Size,
    sample: &mut dyn FnMut(Size, &Affine) -> RgbImage,
) -> Result<Vec<Detection>, InferError> {
    let letterbox = detector.input(picture);
    let mut faces = detector.detect(&sample(letterbox.scaled, &letterbox.to_picture()), &letterbox)?;
    if !policy.looks_again(&faces, picture) {
        return Ok(faces);
    }
    let Some(small) = detector.coarse_input(picture, policy.long_side) else { return Ok(faces) };
    let coarse = detector.detect(&sample(small.scaled, &small.to_picture()), &small)?;
    let lowest = policy.min_height * picture.height as f32;
    for face in coarse.into_iter().filter(|d| d.bbox.height() >= lowest) {
        if faces.iter().all(|f| f.bbox.iou(&face.bbox) <= SAME_FACE_IOU) {
            faces.push(face);
        }
    }
    Ok(faces)
}
