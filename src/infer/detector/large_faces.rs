//! Looks a second time, coarsely, for faces too large for the detector's anchors.

use super::FaceDetector;
use crate::algo::letterbox::Letterbox;
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
    let found = detect_pictures(detector, policy, picture, 1, &mut |_, size, map| sample(size, map))?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// Finds the faces of `count` pictures of one size, as [`detect_picture`] does; `sample` is told which one it is.
///
/// # Errors
/// Those of [`FaceDetector::detect`].
pub fn detect_pictures(
    detector: &mut dyn FaceDetector,
    policy: &ScalePolicy,
    picture: Size,
    count: usize,
    sample: &mut dyn FnMut(usize, Size, &Affine) -> RgbImage,
) -> Result<Vec<Vec<Detection>>, InferError> {
    let boxes = boxes(detector, policy, picture, count, sample)?;
    let mut all = Vec::with_capacity(boxes.len());
    for (i, faces) in boxes.into_iter().enumerate() {
        let mut faces = detector.refine(faces, picture, &mut |size, map| sample(i, size, map))?;
        faces.sort_by(|a, b| b.score.total_cmp(&a.score));
        all.push(faces);
    }
    Ok(all)
}

/// Takes the first look at each picture, and the second where the policy has one.
fn boxes(
    detector: &mut dyn FaceDetector,
    policy: &ScalePolicy,
    picture: Size,
    count: usize,
    sample: &mut dyn FnMut(usize, Size, &Affine) -> RgbImage,
) -> Result<Vec<Vec<Detection>>, InferError> {
    let mut look = |detector: &mut dyn FaceDetector, of: &[usize], letterbox: &Letterbox| {
        let images: Vec<_> = of.iter().map(|i| sample(*i, letterbox.scaled, &letterbox.to_picture())).collect();
        detector.detect_all(&images, letterbox)
    };
    let letterbox = detector.input(picture);
    let every: Vec<usize> = (0..count).collect();
    let mut found = look(detector, &every, &letterbox)?;
    let again: Vec<usize> = every.into_iter().filter(|i| policy.looks_again(&found[*i], picture)).collect();
    let coarse = detector.coarse_input(picture, policy.long_side).filter(|_| !again.is_empty());
    let Some(small) = coarse else { return Ok(found) };
    let lowest = policy.min_height * picture.height as f32;
    for (i, coarse) in again.iter().zip(look(detector, &again, &small)?) {
        let faces = &mut found[*i];
        for face in coarse.into_iter().filter(|d| d.bbox.height() >= lowest) {
            if faces.iter().all(|f| f.bbox.iou(&face.bbox) <= SAME_FACE_IOU) {
                faces.push(face);
            }
        }
    }
    Ok(found)
}
