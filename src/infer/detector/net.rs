//! What all detectors share: input, threshold, suppression, way back to the picture.

use super::size::{DetSize, STEP};
use super::{DetectParams, FaceDetector, retinaface, scrfd, yunet};
use crate::algo::letterbox::Letterbox;
use crate::algo::nms::nms;
use crate::domain::{Affine, BBox, Detection, Point, RgbImage, Size};
use crate::infer::pixels::Levels;
use crate::infer::session::Model;
use crate::infer::{InferError, ModelFile, SessionOptions, recognise};

/// Reads a family's outputs: detections above `score`, in pixels of the input.
type Decode = fn(&Outputs<'_>, Size, f32) -> Result<Vec<Detection>, InferError>;

/// What a model gave, with its name for messages.
pub(super) struct Outputs<'a> {
    pub(super) values: &'a [&'a [f32]],
    path: &'a std::path::Path,
}

impl<'a> Outputs<'a> {
    /// Returns output `i`, which has to hold `due` values.
    pub(super) fn get(&self, i: usize, due: usize) -> Result<&'a [f32], InferError> {
        let values = self.values.get(i).copied().unwrap_or_default();
        if values.len() == due {
            return Ok(values);
        }
        Err(InferError::Output { path: self.path.to_path_buf(), output: i, found: values.len(), due })
    }
}

/// A detector of any family.
struct Net {
    model: Model,
    family: String,
    decode: Decode,
    levels: Levels,
    /// The one size that the model takes, where it has one.
    fixed: Option<Size>,
    size: DetSize,
    score: f32,
    nms_iou: f32,
    /// `[1, 3, H, W] f32`, kept between calls.
    tensor: Vec<f32>,
}

/// Opens a detector. Each call makes a session of its own: one for each worker thread.
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
    let decode: Decode = match entry.family.as_str() {
        "scrfd" => scrfd::decode,
        "yunet" => yunet::decode,
        "retinaface" => retinaface::decode,
        _ => return Err(unsupported()),
    };
    params.input.check()?;
    let model = Model::open(&file.path, options)?;
    let (inputs, outputs) = (model.inputs(), model.outputs());
    let kind = recognise::by_shape(&inputs, &outputs).filter(|k| k.family == entry.family);
    let Some(kind) = kind else {
        let reason = format!("its inputs and outputs are not those of a {} detector", entry.family);
        return Err(InferError::Unrecognised { path: file.path.clone(), reason });
    };
    let side =
        |axis: usize| inputs.first().and_then(|p| p.shape.get(axis)).and_then(|n| u32::try_from(*n).ok()).filter(|n| *n > 0);
    let fixed = side(3).zip(side(2)).map(|(width, height)| Size { width, height });
    if let Some(takes) = fixed
        && !accepts(takes, params.input)
    {
        return Err(InferError::InputSize { id: entry.id.clone(), takes, asked: params.input.to_string() });
    }
    let published = entry.thresholds.as_ref();
    let set = |n: f32| (n > 0.0).then_some(n);
    let score = set(params.score).or(published.and_then(|t| t.score)).or(kind.thresholds.score);
    let nms_iou = set(params.nms_iou).or(published.and_then(|t| t.nms_iou)).or(kind.thresholds.nms_iou);
    Ok(Box::new(Net {
        model,
        family: entry.family.clone(),
        decode,
        levels: entry.pixels.unwrap_or(kind.pixels).levels(),
        fixed,
        size: params.input,
        score: score.ok_or_else(unsupported)?,
        nms_iou: nms_iou.ok_or_else(unsupported)?,
        tensor: Vec::new(),
    }))
}

/// A fixed input serves a wish for exactly its size, or for its longer side.
fn accepts(takes: Size, asked: DetSize) -> bool {
    match asked {
        DetSize::Exact(size) => size == takes,
        DetSize::LongSide(long) => long == takes.width.max(takes.height),
    }
}

impl FaceDetector for Net {
    fn family(&self) -> &str {
        &self.family
    }

    fn input(&self, picture: Size) -> Letterbox {
        Letterbox::fit(picture, self.fixed.unwrap_or_else(|| self.size.input(picture)))
    }

    fn small_input(&self, picture: Size, long_side: u32) -> Letterbox {
        let long_side = long_side.max(STEP);
        match self.fixed {
            None => Letterbox::fit(picture, DetSize::LongSide(long_side).input(picture)),
            Some(input) => {
                let most = Size { width: long_side.min(input.width), height: long_side.min(input.height) };
                Letterbox { input, ..Letterbox::fit(picture, most) }
            }
        }
    }

    fn detect(&mut self, image: &RgbImage, letterbox: &Letterbox) -> Result<Vec<Detection>, InferError> {
        let input = self.fixed.unwrap_or(letterbox.input);
        if image.size() != letterbox.scaled || input != letterbox.input {
            return Err(InferError::Picture { found: image.size(), due: letterbox.scaled });
        }
        let (height, width) = (input.height as usize, input.width as usize);
        self.tensor.resize(3 * height * width, 0.0);
        self.levels.fill(image, input, &mut self.tensor)?;
        let (decode, score, path) = (self.decode, self.score, self.model.path().to_path_buf());
        let found = self
            .model
            .run(&[1, 3, height, width], &self.tensor, |values| decode(&Outputs { values, path: &path }, input, score))?;
        let back = letterbox.to_picture();
        Ok(nms(found, self.nms_iou).iter().map(|d| mapped(d, &back)).collect())
    }
}

fn mapped(d: &Detection, back: &Affine) -> Detection {
    let from = back.apply(Point { x: d.bbox.x1, y: d.bbox.y1 });
    let to = back.apply(Point { x: d.bbox.x2, y: d.bbox.y2 });
    Detection {
        bbox: BBox::new(from.x, from.y, to.x, to.y),
        landmarks: d.landmarks.map(|l| l.map(|p| back.apply(p))),
        score: d.score,
    }
}

/// Goes through the cells of a grid over the input, row by row: `(column, row)` as numbers.
pub(super) fn cells(input: Size, stride: u32) -> impl Iterator<Item = (f32, f32)> {
    let (columns, rows) = (input.width.div_ceil(stride), input.height.div_ceil(stride));
    (0..rows).flat_map(move |y| (0..columns).map(move |x| (x as f32, y as f32)))
}

/// Counts the cells of that grid.
pub(super) fn cell_count(input: Size, stride: u32) -> usize {
    input.width.div_ceil(stride) as usize * input.height.div_ceil(stride) as usize
}
