//! Tells from inputs and outputs what an unknown model is.

use super::manifest::{Task, TemplateName, Thresholds};
use super::pixels::{Pixels, Planes};
use super::session::Port;

/// What a model is by its shape, with the settings its family is published with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kind {
    pub(super) task: Task,
    pub(super) family: &'static str,
    pub(super) pixels: Pixels,
    pub(super) template: Option<TemplateName>,
    pub(super) thresholds: Thresholds,
}

const RGB_127_128: Pixels = Pixels { planes: Planes::Rgb, mean: [127.5; 3], divide: 128.0 };
const RGB_127_127: Pixels = Pixels { planes: Planes::Rgb, mean: [127.5; 3], divide: 127.5 };
const BGR_PLAIN: Pixels = Pixels { planes: Planes::Bgr, mean: [0.0; 3], divide: 1.0 };
const BGR_VGG: Pixels = Pixels { planes: Planes::Bgr, mean: [104.0, 117.0, 123.0], divide: 1.0 };

/// Recognises SCRFD, YuNet, RetinaFace and ArcFace models; `None` for any other.
pub(super) fn by_shape(inputs: &[Port], outputs: &[Port]) -> Option<Kind> {
    let [input] = inputs else { return None };
    let takes_pictures = input.is_f32 && input.shape.len() == 4 && input.shape[1] == 3;
    if !takes_pictures || outputs.iter().any(|o| !o.is_f32) {
        return None;
    }
    let last: Vec<i64> = outputs.iter().map(|o| o.shape.last().copied().unwrap_or(-1)).collect();
    let detector = |family, pixels, score, nms_iou| Kind {
        task: Task::Detect,
        family,
        pixels,
        template: None,
        thresholds: thresholds(Some(score), Some(nms_iou)),
    };
    match last.as_slice() {
        [1, 1, 1, 4, 4, 4] | [1, 1, 1, 4, 4, 4, 10, 10, 10] => Some(detector("scrfd", RGB_127_128, 0.5, 0.4)),
        [1, 1, 1, 1, 1, 1, 4, 4, 4, 10, 10, 10] => Some(detector("yunet", BGR_PLAIN, 0.6, 0.3)),
        [4, 2, 10] => Some(detector("retinaface", BGR_VGG, 0.5, 0.4)),
        [128 | 512] if input.shape[2..] == [112, 112] && outputs[0].shape.len() == 2 => Some(Kind {
            task: Task::Embed,
            family: "arcface",
            pixels: RGB_127_127,
            template: Some(TemplateName::ArcFace112),
            thresholds: thresholds(None, None),
        }),
        _ => None,
    }
}

fn thresholds(score: Option<f32>, nms_iou: Option<f32>) -> Thresholds {
    Thresholds { score, nms_iou, same: None, different: None, origin: "as its family is published".into() }
}
