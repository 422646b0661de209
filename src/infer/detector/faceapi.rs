//! face-api's SSD over MobileNet v1 (Liu et al. 2016, arXiv:1512.02325), which finds boxes only, with its network for 68
//! landmarks, of which the five that everything else here needs are made.

use super::FaceDetector;
use super::net::{Net, Outputs};
use crate::algo::letterbox::Letterbox;
use crate::domain::{Affine, BBox, Detection, Landmarks, Point, RgbImage, Size};
use crate::infer::pixels::{Levels, Pixels, Planes};
use crate::infer::session::Model;
use crate::infer::{InferError, SessionOptions};
use std::path::Path;

/// Reads `boxes [n, 4]`, top, left, bottom, right as shares of the square input, and `scores [n, 1]`.
pub(super) fn decode(outputs: &Outputs<'_>, input: Size, score: f32) -> Result<Vec<Detection>, InferError> {
    let (width, height) = (input.width as f32, input.height as f32);
    let n = outputs.values.get(1).map_or(0, |scores| scores.len());
    let (boxes, scores) = (outputs.get(0, n * 4)?, outputs.get(1, n)?);
    let faces = boxes.chunks_exact(4).zip(scores).filter(|(_, s)| **s >= score);
    Ok(faces
        .map(|(b, s)| {
            let bbox = BBox::new(b[1] * width, b[0] * height, b[3] * width, b[2] * height);
            Detection { bbox, landmarks: None, score: *s }
        })
        .collect())
}

/// Side of the landmark network's picture, and how it takes its pixels.
const SIDE: u32 = 112;
const PIXELS: Pixels = Pixels { planes: Planes::Rgb, mean: [122.782, 117.001, 104.298], divide: 255.0 };

/// The two networks.
pub(super) struct FaceApi {
    boxes: Net,
    points: Model,
    levels: Levels,
    /// `[1, 3, 112, 112] f32`, kept between calls.
    tensor: Vec<f32>,
}

impl FaceApi {
    /// Adds the landmarks to a network that finds boxes.
    pub(super) fn open(boxes: Net, landmarks: &Path, options: &SessionOptions) -> Result<Self, InferError> {
        let points = Model::open(landmarks, options)?;
        let side = i64::from(SIDE);
        let is_it = matches!(points.inputs().as_slice(), [p] if p.is_f32 && matches!(p.shape[..], [_, 3, h, w] if h == side && w == side))
            && matches!(points.outputs().as_slice(), [p] if p.is_f32 && p.shape.last() == Some(&136));
        if !is_it {
            let reason = "its inputs and outputs are not those of face-api's network for 68 landmarks".into();
            return Err(InferError::Unrecognised { path: landmarks.to_path_buf(), reason });
        }
        let tensor = vec![0.0; 3 * SIDE as usize * SIDE as usize];
        Ok(Self { boxes, points, levels: PIXELS.levels(), tensor })
    }

    /// Finds the points of one face: its box, cut at the picture's edge and padded with black to a square, at 112x112.
    fn landmarks(
        &mut self,
        bbox: &BBox,
        picture: Size,
        sample: &mut dyn FnMut(Size, &Affine) -> RgbImage,
    ) -> Result<Option<Landmarks>, InferError> {
        let cut = |v: f32, most: u32| v.clamp(0.0, most as f32).floor();
        let (left, top) = (cut(bbox.x1, picture.width), cut(bbox.y1, picture.height));
        let face = BBox::new(left, top, cut(bbox.x2, picture.width), cut(bbox.y2, picture.height));
        let side = face.width().max(face.height());
        if !face.is_finite() || face.area() <= 0.0 {
            return Ok(None);
        }
        // The part of the square that the face fills, in whole pixels of the network's picture.
        let scale = SIDE as f32 / side;
        let filled = Size { width: pixels(face.width() * scale), height: pixels(face.height() * scale) };
        let steps = (f64::from(face.width()) / f64::from(filled.width), f64::from(face.height()) / f64::from(filled.height));
        let map = Affine::scale(steps.0, steps.1).then(&Affine::translate(f64::from(left), f64::from(top)));
        let at = ((SIDE - filled.width) / 2, (SIDE - filled.height) / 2);
        let mut square = RgbImage::black(Size { width: SIDE, height: SIDE });
        place(&sample(filled, &map), at, &mut square);
        self.levels.fill(&square, square.size(), &mut self.tensor)?;
        let path = self.points.path().to_path_buf();
        let input = SIDE as usize;
        let values = self
            .points
            .run(&[1, 3, input, input], &self.tensor, |values| Ok(Outputs::new(values, &path).get(0, 136)?.to_vec()))?;
        let back = Affine::translate(-f64::from(at.0), -f64::from(at.1)).then(&map);
        Ok(Some(five(&values).map(|p| back.apply(Point { x: p.x * SIDE as f32, y: p.y * SIDE as f32 }))))
    }
}

/// Makes the five points of the 68 `(x, y)`: the eyes' means, the tip of the nose, the corners of the mouth.
fn five(values: &[f32]) -> Landmarks {
    let point = |i: usize| Point { x: values[2 * i], y: values[2 * i + 1] };
    let eye = |from: usize| {
        let sum = (from..from + 6).map(point).fold((0.0, 0.0), |sum, p| (sum.0 + p.x, sum.1 + p.y));
        Point { x: sum.0 / 6.0, y: sum.1 / 6.0 }
    };
    [eye(36), eye(42), point(30), point(48), point(54)]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the network's side")]
fn pixels(exact: f32) -> u32 {
    exact.round().clamp(1.0, SIDE as f32) as u32
}

/// Copies a picture into a larger one at a position of whole pixels.
fn place(from: &RgbImage, (x, y): (u32, u32), into: &mut RgbImage) {
    let (across, width) = (from.width as usize * 3, into.width as usize * 3);
    let lines = into.data.chunks_exact_mut(width.max(1)).skip(y as usize);
    for (line, row) in lines.zip(from.data.chunks_exact(across.max(1))) {
        let start = x as usize * 3;
        if let Some(part) = line.get_mut(start..start + across) {
            part.copy_from_slice(row);
        }
    }
}

impl FaceDetector for FaceApi {
    fn family(&self) -> &str {
        self.boxes.family()
    }

    fn input(&self, picture: Size) -> Letterbox {
        self.boxes.input(picture)
    }

    fn coarse_input(&self, picture: Size, long_side: u32) -> Option<Letterbox> {
        self.boxes.coarse_input(picture, long_side)
    }

    fn detect(&mut self, image: &RgbImage, letterbox: &Letterbox) -> Result<Vec<Detection>, InferError> {
        self.boxes.detect(image, letterbox)
    }

    fn refine(
        &mut self,
        mut faces: Vec<Detection>,
        picture: Size,
        sample: &mut dyn FnMut(Size, &Affine) -> RgbImage,
    ) -> Result<Vec<Detection>, InferError> {
        for face in &mut faces {
            face.landmarks = self.landmarks(&face.bbox, picture, sample)?;
        }
        Ok(faces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_points_are_made_of_the_sixty_eight() {
        let mut values = vec![0.0; 136];
        for i in 0..68u8 {
            values[usize::from(i) * 2] = f32::from(i);
        }
        let x = five(&values).map(|p| p.x);
        assert!(x.iter().zip([38.5, 44.5, 30.0, 48.0, 54.0]).all(|(x, due)| (x - due).abs() < 1e-4), "{x:?}");
    }

    #[test]
    fn a_picture_is_placed_where_asked_and_the_rest_stays_black() {
        let mut into = RgbImage::black(Size { width: 3, height: 3 });
        place(&RgbImage { width: 1, height: 2, data: vec![1, 2, 3, 4, 5, 6] }, (1, 1), &mut into);
        assert_eq!(into.data[12..15], [1, 2, 3]);
        assert_eq!(into.data[21..24], [4, 5, 6]);
        assert_eq!(into.data.iter().filter(|v| **v > 0).count(), 6);
    }
}
