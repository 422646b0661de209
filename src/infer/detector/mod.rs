//! Finds faces in pictures: one trait, one file for each family's decoding.

mod build;
mod faceapi;
mod large_faces;
mod mtcnn;
mod net;
mod retinaface;
mod retinaface_insightface;
mod scrfd;
mod size;
mod yolo;
mod yunet;

pub use build::build_detector;
pub use large_faces::{ScalePolicy, detect_picture, detect_pictures};
pub use mtcnn::MtcnnParams;
pub use size::DetSize;

use super::InferError;
use crate::algo::letterbox::Letterbox;
use crate::domain::{Affine, Detection, RgbImage, Size};
use serde::{Deserialize, Serialize};

/// Finds faces. One detector for each thread.
pub trait FaceDetector: Send {
    /// Returns the family, such as `scrfd`.
    fn family(&self) -> &str;

    /// Returns how a picture of this size has to be scaled for [`detect`](Self::detect).
    fn input(&self, picture: Size) -> Letterbox;

    /// The same for a coarse look: the scaled picture's longer side is `long_side` pixels. `None` where one look sees faces
    /// of any size.
    ///
    /// A model of one fixed input size leaves the rest of its input black, so the look costs as much as any.
    fn coarse_input(&self, picture: Size, long_side: u32) -> Option<Letterbox>;

    /// Finds the faces of one picture.
    ///
    /// `image` is the picture scaled to `letterbox.scaled`; padding is done here. Returns detections in pixels of
    /// `letterbox.picture`, above the threshold, after non-maximum suppression, by falling score.
    ///
    /// # Errors
    /// `Picture` where the image has another size, `Run` or `Output` where the model fails.
    fn detect(&mut self, image: &RgbImage, letterbox: &Letterbox) -> Result<Vec<Detection>, InferError>;

    /// Adds to found faces what needs a closer view of them, such as the points of a detector of boxes; most add nothing.
    ///
    /// `sample(size, map)` gives the picture in `size` pixels; `map` takes positions of that sample to the picture.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    fn refine(
        &mut self,
        faces: Vec<Detection>,
        _picture: Size,
        _sample: &mut dyn FnMut(Size, &Affine) -> RgbImage,
    ) -> Result<Vec<Detection>, InferError> {
        Ok(faces)
    }

    /// Returns how many pictures [`detect_all`](Self::detect_all) computes at once; it takes any number.
    fn at_once(&self) -> usize {
        1
    }

    /// Finds the faces of several pictures of one size, in order, as [`detect`](Self::detect) does.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    fn detect_all(&mut self, images: &[RgbImage], letterbox: &Letterbox) -> Result<Vec<Vec<Detection>>, InferError> {
        images.iter().map(|image| self.detect(image, letterbox)).collect()
    }
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
    /// Pictures a call on a GPU, for models that take several; on the CPU it is one.
    pub gpu_batch: usize,
    pub large_faces: ScalePolicy,
    pub mtcnn: MtcnnParams,
}

#[cfg(test)]
pub(super) fn default_params() -> DetectParams {
    #[derive(Deserialize)]
    struct File {
        detect: DetectParams,
    }
    toml::from_str::<File>(include_str!("../../../config/detection.toml")).unwrap().detect
}
