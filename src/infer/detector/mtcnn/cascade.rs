//! The three stages after one another.

use super::MtcnnParams;
use super::boxes::{Candidate, cell, moved, pixels, points, share_of_smaller, squared};
use super::stage::{Answer, BATCH, Stage};
use crate::algo::area::AreaTable;
use crate::algo::letterbox::Letterbox;
use crate::algo::nms::suppress;
use crate::domain::{BBox, Detection, RgbImage, Size};
use crate::infer::detector::net::mapped;
use crate::infer::detector::{DetSize, FaceDetector};
use crate::infer::{InferError, SessionOptions};
use std::path::Path;

/// Side of the smallest face that the first network knows, in pixels of a pyramid level.
const SMALLEST: f32 = 12.0;
/// Sides of the pictures of the second and the third network.
const REFINE_SIDE: usize = 24;
const OUTPUT_SIDE: usize = 48;
/// Overlaps above which two squares are one: within a level, over all levels, after the second network.
const LEVEL_IOU: f32 = 0.5;
const STAGE_IOU: f32 = 0.7;

/// The cascade.
pub(in crate::infer::detector) struct Mtcnn {
    propose: Stage,
    refine: Stage,
    output: Stage,
    params: MtcnnParams,
    size: DetSize,
    /// Shorter side of the smallest face wanted, in pixels of the picture.
    min_face_px: f32,
    score: f32,
    /// Share of the smaller of two boxes above which they are one face.
    overlap: f32,
}

/// What the caller's settings make of the cascade.
#[derive(Debug, Clone, Copy)]
pub(in crate::infer::detector) struct Limits {
    pub(in crate::infer::detector) size: DetSize,
    pub(in crate::infer::detector) min_face_px: f32,
    pub(in crate::infer::detector) score: f32,
    pub(in crate::infer::detector) overlap: f32,
}

impl Mtcnn {
    /// Opens the three networks: proposing, refining, and the one with the points.
    pub(in crate::infer::detector) fn open(
        [propose, refine, output]: [&Path; 3],
        params: MtcnnParams,
        limits: Limits,
        options: &SessionOptions,
    ) -> Result<Self, InferError> {
        limits.size.check()?;
        Ok(Self {
            propose: Stage::open(propose, None, false, options)?,
            refine: Stage::open(refine, Some(24), false, options)?,
            output: Stage::open(output, Some(48), true, options)?,
            params,
            size: limits.size,
            min_face_px: limits.min_face_px,
            score: limits.score,
            overlap: limits.overlap,
        })
    }

    /// Goes over the picture at each size and returns squares that may hold a face.
    fn proposals(&mut self, table: &AreaTable, smallest: f32) -> Result<Vec<Candidate>, InferError> {
        let (width, height) = table.size();
        let mut found = Vec::new();
        for scale in scales(width.min(height) as f64, f64::from(smallest), f64::from(self.params.factor)) {
            let (w, h) = (scaled(width, scale), scaled(height, scale));
            let (columns, rows) = (cells(w), cells(h));
            self.propose.tensor.resize(3 * w * h, 0.0);
            table.resize_into(0..width, 0..height, (w, h), &mut self.propose.tensor, level);
            let least = self.params.propose_score;
            let level = self.propose.run([1, h, w], rows * columns, |answer| read_level(answer, columns, scale, least))?;
            found.extend(suppress(level, |c| (c.bbox, c.score), BBox::iou, LEVEL_IOU));
        }
        let kept = suppress(found, |c| (c.bbox, c.score), BBox::iou, STAGE_IOU);
        Ok(kept.into_iter().map(|c| Candidate { bbox: squared(&moved(&c.bbox, c.offsets, 0.0)), ..c }).collect())
    }

    /// Looks closer at each square; those that stay have the second network's box.
    fn refined(&mut self, table: &AreaTable, squares: Vec<Candidate>) -> Result<Vec<Candidate>, InferError> {
        let least = self.params.refine_score;
        let mut kept = Vec::new();
        look(&mut self.refine, table, squares, REFINE_SIDE, |square, answer, i| {
            let score = answer.scores[2 * i + 1];
            if score > least {
                kept.push(Candidate { bbox: square.bbox, score, offsets: offsets(answer, i) });
            }
        })?;
        let kept = suppress(kept, |c| (c.bbox, c.score), BBox::iou, STAGE_IOU);
        Ok(kept.into_iter().map(|c| Candidate { bbox: squared(&moved(&c.bbox, c.offsets, 1.0)), ..c }).collect())
    }

    /// Decides on each square, and reads box and points.
    fn decided(&mut self, table: &AreaTable, squares: Vec<Candidate>) -> Result<Vec<Detection>, InferError> {
        let least = self.score;
        let mut faces = Vec::new();
        look(&mut self.output, table, squares, OUTPUT_SIDE, |square, answer, i| {
            let score = answer.scores[2 * i + 1];
            if score > least {
                faces.push(Detection {
                    bbox: moved(&square.bbox, offsets(answer, i), 1.0),
                    landmarks: Some(points(&square.bbox, &answer.points[10 * i..10 * i + 10])),
                    score,
                });
            }
        })?;
        Ok(suppress(faces, |f| (f.bbox, f.score), share_of_smaller, self.overlap))
    }
}

impl FaceDetector for Mtcnn {
    fn family(&self) -> &'static str {
        "mtcnn"
    }

    /// A small picture is taken as it is: enlarging shows the cascade nothing more.
    fn input(&self, picture: Size) -> Letterbox {
        let most = self.size.input(picture);
        let scaled = if most.width >= picture.width && most.height >= picture.height && picture.width > 0 && picture.height > 0 {
            picture
        } else {
            Letterbox::fit(picture, most).scaled
        };
        Letterbox { picture, scaled, input: scaled }
    }

    /// Its pyramid goes down to faces that fill the picture.
    fn coarse_input(&self, _: Size, _: u32) -> Option<Letterbox> {
        None
    }

    fn detect(&mut self, image: &RgbImage, letterbox: &Letterbox) -> Result<Vec<Detection>, InferError> {
        if image.size() != letterbox.scaled {
            return Err(InferError::Picture { found: image.size(), due: letterbox.scaled });
        }
        let table = AreaTable::new(image);
        let shrunk = letterbox.scaled.width as f32 / letterbox.picture.width.max(1) as f32;
        let smallest = self.params.smallest_px.max(self.min_face_px * shrunk).max(SMALLEST);
        let squares = self.proposals(&table, smallest)?;
        let squares = self.refined(&table, squares)?;
        let faces = self.decided(&table, squares)?;
        let back = letterbox.to_picture();
        Ok(faces.iter().map(|d| mapped(d, &back)).collect())
    }
}

/// Lists the sizes of the pyramid as shares of the picture, until the shorter side is what the first network sees.
fn scales(shorter: f64, smallest: f64, factor: f64) -> Vec<f64> {
    let cell = f64::from(SMALLEST);
    let mut scale = cell / smallest;
    let mut side = shorter * scale;
    let mut scales = Vec::new();
    while side >= cell && scales.len() < 64 {
        scales.push(scale);
        scale *= factor;
        side *= factor;
    }
    scales
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive share of a picture's side")]
fn scaled(side: usize, scale: f64) -> usize {
    (side as f64 * scale + 1.0) as usize
}

/// Counts the first network's cells along a side: three 3-pixel convolutions and a pooling by two that keeps a half pair.
fn cells(side: usize) -> usize {
    side.saturating_sub(2).div_ceil(2).saturating_sub(4)
}

fn level(value: f32) -> f32 {
    (value - 127.5) * 0.007_812_5
}

fn offsets(answer: &Answer<'_>, i: usize) -> [f32; 4] {
    std::array::from_fn(|k| answer.offsets[4 * i + k])
}

fn read_level(answer: &Answer<'_>, columns: usize, scale: f64, least: f32) -> Vec<Candidate> {
    let cells = answer.scores.len() / 2;
    let mut found = Vec::new();
    for (i, score) in answer.scores[cells..].iter().enumerate() {
        if *score >= least {
            let (row, column) = (i / columns.max(1), i % columns.max(1));
            let offsets = std::array::from_fn(|k| answer.offsets[k * cells + i]);
            found.push(Candidate { bbox: cell(column as f32, row as f32, scale), score: *score, offsets });
        }
    }
    found
}

/// Shows a network what each square covers, a batch at a time; squares outside the picture fall away.
fn look(
    stage: &mut Stage,
    table: &AreaTable,
    squares: Vec<Candidate>,
    side: usize,
    mut tell: impl FnMut(&Candidate, &Answer<'_>, usize),
) -> Result<(), InferError> {
    let inside: Vec<_> = squares.into_iter().filter_map(|c| Some((c, pixels(&c.bbox, table.size())?))).collect();
    for part in inside.chunks(BATCH) {
        stage.tensor.resize(part.len() * 3 * side * side, 0.0);
        for ((_, (x, y)), out) in part.iter().zip(stage.tensor.chunks_exact_mut(3 * side * side)) {
            table.resize_into(x.clone(), y.clone(), (side, side), out, level);
        }
        stage.run([part.len(), side, side], part.len(), |answer| {
            for (i, (square, _)) in part.iter().enumerate() {
                tell(square, answer, i);
            }
        })?;
    }
    Ok(())
}
