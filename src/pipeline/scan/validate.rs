//! A second detector's look at the crops that a track would keep.

use super::crop_image::{box_in_thumb, from_jpeg};
use super::track::KeptCrop;
use super::{CropImageParams, ScanPlan};
use crate::algo::align::warp_edge;
use crate::infer::{DetSize, DetectParams, FaceDetector, build_detector};
use crate::pipeline::PassError;
use serde::{Deserialize, Serialize};

/// The model that means that nothing looks a second time.
pub const OFF: &str = "off";

/// How the second detector looks; values and reasons in `config/detection.toml`, table `[validate]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidateParams {
    /// `off`, `auto`, or what names a detector.
    pub model: String,
    /// Longer side of the crop in the detector's input, in pixels.
    pub long_side: u32,
    /// Lowest score, `0..=1`; 0: the model's own.
    pub score: f32,
    /// Least intersection over union of its box and the first detector's, `0..=1`.
    pub min_iou: f32,
}

impl ValidateParams {
    /// Returns the settings of the second detector; what is not its own is the first's.
    #[must_use]
    pub fn detection(&self, first: &DetectParams) -> DetectParams {
        DetectParams {
            model: self.model.clone(),
            // A model of one size takes its own; the first detector's would be refused.
            input: DetSize::LongSide(self.long_side),
            score: self.score,
            nms_iou: 0.0,
            ..first.clone()
        }
    }
}

/// Looks at crops with a second detector.
pub(super) struct Validator<'a> {
    detector: Box<dyn FaceDetector>,
    params: &'a ValidateParams,
    images: &'a CropImageParams,
}

impl<'a> Validator<'a> {
    /// Builds the second detector of `plan`; `None` where it has none.
    pub(super) fn of(plan: &'a ScanPlan<'a>) -> Result<Option<Self>, PassError> {
        let Some((model, params)) = plan.validate else { return Ok(None) };
        let detector = build_detector(model, &params.detection(plan.detect), &plan.session)?;
        Ok(Some(Self { detector, params, images: plan.crop_images }))
    }

    /// Takes from `crops` those in which it sees no face where the first detector saw one, and returns these.
    ///
    /// It looks at what is stored, so that the answer is the same whenever it is given.
    pub(super) fn take_denied(&mut self, crops: &mut Vec<KeptCrop>) -> Result<Vec<KeptCrop>, PassError> {
        let mut denied = Vec::new();
        for crop in std::mem::take(crops) {
            if self.confirms(&crop)? { crops.push(crop) } else { denied.push(crop) }
        }
        Ok(denied)
    }

    fn confirms(&mut self, crop: &KeptCrop) -> Result<bool, PassError> {
        let thumb = from_jpeg(&crop.thumb).map_err(|reason| PassError::Look { frame: crop.at.frame, reason })?;
        // A crop is all face: a coarse look is the one that sees it.
        let coarse = self.detector.coarse_input(thumb.size(), self.params.long_side);
        let letterbox = coarse.unwrap_or_else(|| self.detector.input(thumb.size()));
        let found = self.detector.detect(&warp_edge(&thumb, &letterbox.to_picture(), letterbox.scaled), &letterbox)?;
        let due = box_in_thumb(self.images, &crop.detection);
        Ok(found.iter().any(|face| face.bbox.iou(&due) >= self.params.min_iou))
    }
}
