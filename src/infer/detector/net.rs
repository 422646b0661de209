//! What all detectors share: input, threshold, suppression, way back to the picture.

use super::FaceDetector;
use super::size::{DetSize, STEP};
use crate::algo::letterbox::Letterbox;
use crate::algo::nms::nms;
use crate::domain::{Affine, BBox, Detection, Point, RgbImage, Size};
use crate::infer::pixels::{Levels, Pixels};
use crate::infer::session::{Model, Port};
use crate::infer::{InferError, ModelEntry};

/// Reads a family's outputs: detections above `score`, in pixels of the input.
pub(super) type Decode = fn(&Outputs<'_>, Size, f32) -> Result<Vec<Detection>, InferError>;

/// What a model gave, with its name for messages.
pub(super) struct Outputs<'a> {
    pub(super) values: &'a [&'a [f32]],
    path: &'a std::path::Path,
}

impl<'a> Outputs<'a> {
    pub(super) fn new(values: &'a [&'a [f32]], path: &'a std::path::Path) -> Self {
        Self { values, path }
    }

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
pub(super) struct Net {
    model: Model,
    family: String,
    decode: Decode,
    canvas: Canvas,
    levels: Levels,
    /// The one size that the model takes, where it has one.
    fixed: Option<Size>,
    size: DetSize,
    score: f32,
    nms_iou: f32,
    /// Pictures a call. Where there are fewer, the rest of the tensor keeps what it held, and what comes of it is passed over: a GPU's kernel
    /// is chosen by the size of the batch, so a face must not depend on what is looked for beside it.
    batch: usize,
    /// `[batch, 3, H, W] f32`, kept between calls.
    tensor: Vec<f32>,
}

/// What a family's decoder needs to run.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) decode: Decode,
    pub(super) canvas: Canvas,
    pub(super) pixels: Pixels,
    pub(super) score: f32,
    pub(super) nms_iou: f32,
}

impl Net {
    /// Takes an opened model of the family; `size` is the input that is wanted.
    ///
    /// # Errors
    /// `InputStep` or `InputSize` for a size that the model cannot take.
    pub(super) fn new(model: Model, entry: &ModelEntry, size: DetSize, reading: Reading) -> Result<Self, InferError> {
        size.check()?;
        let inputs = model.inputs();
        let side =
            |axis: usize| inputs.first().and_then(|p| p.shape.get(axis)).and_then(|n| u32::try_from(*n).ok()).filter(|n| *n > 0);
        let fixed = side(3).zip(side(2)).map(|(width, height)| Size { width, height });
        if let Some(takes) = fixed
            && !accepts(takes, size)
        {
            return Err(InferError::InputSize { id: entry.id.clone(), takes, asked: size.to_string() });
        }
        let Reading { decode, canvas, pixels, score, nms_iou } = reading;
        let (family, levels) = (entry.family.clone(), pixels.levels());
        Ok(Self { model, family, decode, canvas, levels, fixed, size, score, nms_iou, batch: 1, tensor: Vec::new() })
    }

    /// Takes up to `batch` pictures a call, where the model and each of its outputs leave their number free.
    pub(super) fn in_batches(mut self, batch: usize) -> Self {
        let is_free = |port: &Port, least: usize| port.shape.len() >= least && port.shape[0] < 0;
        let (inputs, outputs) = (self.model.inputs(), self.model.outputs());
        // An output of two axes has the pictures' cells one after another, in an order that each export chooses.
        let takes = inputs.iter().all(|p| is_free(p, 4)) && outputs.iter().all(|p| is_free(p, 3));
        self.batch = if takes { batch.max(1) } else { 1 };
        self
    }
}

/// A fixed input serves a wish for exactly its size; a wish for a longer side is one that it cannot have.
fn accepts(takes: Size, asked: DetSize) -> bool {
    match asked {
        DetSize::Exact(size) => size == takes,
        DetSize::LongSide(_) => true,
    }
}

/// Where the picture lies in the input, and what lies around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Canvas {
    /// At the top left, with black.
    TopLeft,
    /// In the middle, with Ultralytics' grey.
    Centred,
}

impl Canvas {
    fn corner(self, letterbox: &Letterbox) -> (u32, u32) {
        let (input, scaled) = (letterbox.input, letterbox.scaled);
        match self {
            Self::TopLeft => (0, 0),
            // An odd pixel goes to the right and below, as Ultralytics rounds.
            Self::Centred => (input.width.saturating_sub(scaled.width) / 2, input.height.saturating_sub(scaled.height) / 2),
        }
    }

    fn around(self) -> u8 {
        match self {
            Self::TopLeft => 0,
            Self::Centred => 114,
        }
    }
}

impl FaceDetector for Net {
    fn family(&self) -> &str {
        &self.family
    }

    fn input(&self, picture: Size) -> Letterbox {
        Letterbox::fit(picture, self.fixed.unwrap_or_else(|| self.size.input(picture)))
    }

    fn coarse_input(&self, picture: Size, long_side: u32) -> Option<Letterbox> {
        let long_side = long_side.max(STEP);
        Some(match self.fixed {
            None => Letterbox::fit(picture, DetSize::LongSide(long_side).input(picture)),
            Some(input) => {
                let most = Size { width: long_side.min(input.width), height: long_side.min(input.height) };
                Letterbox { input, ..Letterbox::fit(picture, most) }
            }
        })
    }

    fn at_once(&self) -> usize {
        self.batch
    }

    fn detect(&mut self, image: &RgbImage, letterbox: &Letterbox) -> Result<Vec<Detection>, InferError> {
        Ok(self.detect_all(std::slice::from_ref(image), letterbox)?.pop().unwrap_or_default())
    }

    fn detect_all(&mut self, images: &[RgbImage], letterbox: &Letterbox) -> Result<Vec<Vec<Detection>>, InferError> {
        let input = self.fixed.unwrap_or(letterbox.input);
        let (height, width) = (input.height as usize, input.width as usize);
        let corner = self.canvas.corner(letterbox);
        let back = Affine::translate(-f64::from(corner.0), -f64::from(corner.1)).then(&letterbox.to_picture());
        let (decode, score, batch, path) = (self.decode, self.score, self.batch, self.model.path().to_path_buf());
        let mut all = Vec::with_capacity(images.len());
        for part in images.chunks(batch) {
            self.tensor.resize(batch * 3 * height * width, 0.0);
            for (image, tensor) in part.iter().zip(self.tensor.chunks_exact_mut(3 * height * width)) {
                if image.size() != letterbox.scaled || input != letterbox.input {
                    return Err(InferError::Picture { found: image.size(), due: letterbox.scaled });
                }
                self.levels.fill_at(image, corner, self.canvas.around(), input, tensor)?;
            }
            let found: Vec<Vec<Detection>> = self.model.run(&[batch, 3, height, width], &self.tensor, |values| {
                (0..part.len()).map(|i| decode(&Outputs::new(&share(values, i, batch), &path), input, score)).collect()
            })?;
            for detections in found {
                all.push(nms(detections, self.nms_iou).iter().map(|d| mapped(d, &back)).collect());
            }
        }
        Ok(all)
    }
}

/// Returns what picture `i` of a batch has of each output; what does not divide is left for the decoder to refuse.
fn share<'a>(values: &[&'a [f32]], i: usize, batch: usize) -> Vec<&'a [f32]> {
    let part = |all: &&'a [f32]| {
        let len = all.len() / batch.max(1);
        if batch <= 1 { *all } else { all.get(i * len..(i + 1) * len).unwrap_or_default() }
    };
    values.iter().map(part).collect()
}

/// Takes a detection from the input to the picture.
pub(super) fn mapped(d: &Detection, back: &Affine) -> Detection {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::tests_support::{folder, models, on, runtime};
    use crate::infer::{Registry, Task};

    #[test]
    fn pictures_in_a_batch_give_what_each_gives_alone_and_in_their_order() {
        let (Some(dir), Some(runtime), Some(media)) = (models(), runtime(), folder("SCREENALYTICS_TEST_MEDIA")) else { return };
        let registry = Registry::built_in().unwrap();
        let found = registry.scan(&dir).unwrap();
        let file = registry.resolve(&found, Task::Detect, "yunet_n_dynamic", &runtime).unwrap();
        let open = || {
            let model = Model::open(&file.path, &on(runtime.cpu())).unwrap();
            let (decode, canvas, pixels) = (super::super::yunet::decode as Decode, Canvas::TopLeft, file.entry.pixels.unwrap());
            Net::new(model, &file.entry, "320".parse().unwrap(), Reading { decode, canvas, pixels, score: 0.6, nms_iou: 0.3 })
                .unwrap()
        };
        let mut net = open();
        let photographs = std::fs::read_dir(media.join("groups")).unwrap().map(|e| e.unwrap().path());
        let mut paths: Vec<_> = photographs.filter(|p| p.extension().is_some_and(|e| e == "jpg" || e == "png")).collect();
        paths.sort();
        let picture = Size { width: 320, height: 320 };
        let shrunk = |path: &std::path::PathBuf| {
            let image = image::open(path).unwrap().into_rgb8();
            let small = image::imageops::resize(&image, 320, 320, image::imageops::FilterType::Triangle);
            RgbImage { width: 320, height: 320, data: small.into_raw() }
        };
        let images: Vec<RgbImage> = paths.iter().take(5).map(shrunk).collect();
        assert_eq!(images.len(), 5, "there are portraits");
        let letterbox = net.input(picture);
        let alone: Vec<_> = images.iter().map(|image| net.detect(image, &letterbox).unwrap()).collect();
        assert!(alone.iter().filter(|faces| !faces.is_empty()).count() >= 3, "{alone:?}");
        net = open().in_batches(4);
        assert_eq!(net.at_once(), 4);
        let together = net.detect_all(&images, &letterbox).unwrap();
        assert_eq!(together.len(), 5);
        for (alone, together) in alone.iter().zip(&together) {
            assert_eq!(alone.len(), together.len());
            for (a, b) in alone.iter().zip(together) {
                // Sums may be taken in another order: the last of seven digits.
                assert!((a.score - b.score).abs() < 1e-5 && (a.bbox.x1 - b.bbox.x1).abs() < 1e-2, "{a:?} {b:?}");
            }
        }
    }
}
