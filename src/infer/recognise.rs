//! Tells from inputs and outputs what an unknown model is.

use super::manifest::{Task, TemplateName, Thresholds};
use super::pixels::{Pixels, Planes};
use super::session::Port;

/// What a family is published with.
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
const RGB_PLAIN: Pixels = Pixels { planes: Planes::Rgb, mean: [0.0; 3], divide: 1.0 };
const RGB_255: Pixels = Pixels { planes: Planes::Rgb, mean: [0.0; 3], divide: 255.0 };
const BGR_PLAIN: Pixels = Pixels { planes: Planes::Bgr, mean: [0.0; 3], divide: 1.0 };
const BGR_VGG: Pixels = Pixels { planes: Planes::Bgr, mean: [104.0, 117.0, 123.0], divide: 1.0 };

/// Returns what the models of a family are published with; `None` where one family has several ways, or is not known.
pub(super) fn published(family: &str) -> Option<Kind> {
    let detector = |family, pixels, score, nms_iou| {
        let thresholds = thresholds(Some(score), Some(nms_iou));
        Some(Kind { task: Task::Detect, family, pixels, template: None, thresholds })
    };
    match family {
        "scrfd" => detector("scrfd", RGB_127_128, 0.5, 0.4),
        "yunet" => detector("yunet", BGR_PLAIN, 0.6, 0.3),
        "retinaface" => detector("retinaface", BGR_VGG, 0.5, 0.4),
        // InsightFace's own test uses 0.8.
        "retinaface-insightface" => detector("retinaface-insightface", RGB_PLAIN, 0.8, 0.4),
        // Ultralytics predicts with 0.25 and 0.7, which are made for drawing boxes; these are the other families' here.
        "yolov8-face" => detector("yolov8-face", RGB_255, 0.5, 0.45),
        "faceapi-ssd" => detector("faceapi-ssd", RGB_127_127, 0.5, 0.5),
        // The third network's score, and the share of the smaller box.
        "mtcnn" => detector("mtcnn", RGB_127_128, 0.7, 0.7),
        "arcface" => Some(Kind {
            task: Task::Embed,
            family: "arcface",
            pixels: RGB_127_127,
            template: Some(TemplateName::ArcFace112),
            thresholds: thresholds(None, None),
        }),
        _ => None,
    }
}

/// Names the family whose inputs and outputs a model has, or says why it cannot be told.
///
/// A model of several files is never told by one of them, and neither are two families that look alike.
pub(super) fn by_shape(inputs: &[Port], outputs: &[Port]) -> Result<Kind, String> {
    let shapes = |ports: &[Port]| ports.iter().map(|p| format!("{:?}", p.shape)).collect::<Vec<_>>().join(" ");
    let unknown = || format!("no family has inputs {} and outputs {}", shapes(inputs), shapes(outputs));
    let family = family(inputs, outputs).ok_or_else(unknown)?;
    if family == "faceapi-ssd" {
        return Err(
            "it looks like face-api's SSD, which runs together with face-api's landmarks: its sha256 has to be known".into()
        );
    }
    if family == "arcface" && inputs.iter().any(|p| p.name == "data") {
        return Err("its input is called \"data\", as SFace's and MXNet's, which subtract the mean themselves, and MobileFaceNet's, which \
                    does not: its sha256 has to be known, from a manifest.toml beside the models"
            .into());
    }
    published(family).ok_or_else(unknown)
}

/// Tells whether a model has the inputs and outputs of a family of detectors.
pub(super) fn has_shape(family: &str, inputs: &[Port], outputs: &[Port]) -> bool {
    self::family(inputs, outputs) == Some(family)
}

fn family(inputs: &[Port], outputs: &[Port]) -> Option<&'static str> {
    let [input] = inputs else { return None };
    let takes_pictures = input.is_f32 && input.shape.len() == 4 && input.shape[1] == 3;
    if !takes_pictures || outputs.iter().any(|o| !o.is_f32) {
        return None;
    }
    if outputs.iter().all(|o| o.shape.len() == 4) {
        let channels: Vec<i64> = outputs.iter().map(|o| o.shape[1]).collect();
        return (channels == [4, 8, 20].repeat(3)).then_some("retinaface-insightface");
    }
    if let [output] = outputs
        && matches!(output.shape[..], [_, 20, _] | [_, _, 20])
    {
        return Some("yolov8-face");
    }
    let last: Vec<i64> = outputs.iter().map(|o| o.shape.last().copied().unwrap_or(-1)).collect();
    match last.as_slice() {
        [1, 1, 1, 4, 4, 4] | [1, 1, 1, 4, 4, 4, 10, 10, 10] => Some("scrfd"),
        [1, 1, 1, 1, 1, 1, 4, 4, 4, 10, 10, 10] => Some("yunet"),
        [4, 2, 10] => Some("retinaface"),
        [4, 1] if input.shape[2..] == [512, 512] => Some("faceapi-ssd"),
        [128 | 512] if input.shape[2..] == [112, 112] && outputs[0].shape.len() == 2 => Some("arcface"),
        _ => None,
    }
}

fn thresholds(score: Option<f32>, nms_iou: Option<f32>) -> Thresholds {
    Thresholds { score, nms_iou, same: None, different: None, origin: "as its family is published".into() }
}
