//! Opens a detector of whichever family a model is.

use super::faceapi::{self, FaceApi};
use super::mtcnn::{Limits, Mtcnn};
use super::net::{Canvas, Decode, Net, Reading};
use super::{DetectParams, FaceDetector, retinaface, retinaface_insightface, scrfd, yolo, yunet};
use crate::infer::session::Model;
use crate::infer::{InferError, ModelFile, SessionOptions, Task, recognise};
use std::path::{Path, PathBuf};

/// Opens a detector. Each call makes sessions of its own: one for each worker thread.
///
/// # Errors
/// `InputStep` or `InputSize` for a size that the model cannot take, `Open` and `Unrecognised` for a file that is not what
/// its manifest entry says, `Unsupported` for a family without a decoder.
pub fn build_detector(
    file: &ModelFile,
    params: &DetectParams,
    options: &SessionOptions,
) -> Result<Box<dyn FaceDetector>, InferError> {
    let entry = &file.entry;
    let unsupported = || InferError::Unsupported { id: entry.id.clone(), family: entry.family.clone() };
    let settings = recognise::published(&entry.family).filter(|k| k.task == Task::Detect).ok_or_else(unsupported)?;
    let published = entry.thresholds.as_ref();
    let set = |n: f32| (n > 0.0).then_some(n);
    let score = set(params.score).or(published.and_then(|t| t.score)).or(settings.thresholds.score);
    let nms_iou = set(params.nms_iou).or(published.and_then(|t| t.nms_iou)).or(settings.thresholds.nms_iou);
    let (score, nms_iou) = (score.ok_or_else(unsupported)?, nms_iou.ok_or_else(unsupported)?);
    let parts: Vec<&Path> = file.parts.iter().map(PathBuf::as_path).collect();
    if entry.family == "mtcnn" {
        let [refine, output] = parts[..] else { return Err(unsupported()) };
        let limits = Limits { size: params.input, min_face_px: params.min_face_px, score, overlap: nms_iou };
        return Ok(Box::new(Mtcnn::open([&file.path, refine, output], params.mtcnn, limits, options)?));
    }

    let model = Model::open(&file.path, options)?;
    let (inputs, outputs) = (model.inputs(), model.outputs());
    if !recognise::has_shape(&entry.family, &inputs, &outputs) {
        let reason = format!("its inputs and outputs are not those of a {} detector", entry.family);
        return Err(InferError::Unrecognised { path: file.path.clone(), reason });
    }
    let decode: Decode = match entry.family.as_str() {
        "scrfd" => scrfd::decode,
        "yunet" => yunet::decode,
        "retinaface" => retinaface::decode,
        "retinaface-insightface" => retinaface_insightface::decode,
        "faceapi-ssd" => faceapi::decode,
        "yolov8-face" => outputs.first().and_then(|o| yolo::decoder(&o.shape)).ok_or_else(unsupported)?,
        _ => return Err(unsupported()),
    };
    let canvas = if entry.family == "yolov8-face" { Canvas::Centred } else { Canvas::TopLeft };
    let reading = Reading { decode, canvas, pixels: entry.pixels.unwrap_or(settings.pixels), score, nms_iou };
    let at_once = if options.device.is_cpu() { 1 } else { params.gpu_batch };
    let net = Net::new(model, entry, params.input, reading)?.in_batches(at_once);
    match (entry.family.as_str(), &parts[..]) {
        ("faceapi-ssd", [landmarks]) => Ok(Box::new(FaceApi::open(net, landmarks, options)?)),
        ("faceapi-ssd", _) => Err(unsupported()),
        _ => Ok(Box::new(net)),
    }
}
