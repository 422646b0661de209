//! YuNet: Wu et al. 2023, "YuNet: A Tiny Millisecond-level Face Detector" (Machine Intelligence Research 20).

use super::net::{Outputs, cell_count, cells};
use crate::domain::{BBox, Detection, Point, Size};
use crate::infer::InferError;

const STRIDES: [u32; 3] = [8, 16, 32];

/// Reads 3 class scores, 3 object scores `[n, 1]`, 3 boxes `[n, 4]`, 3 x points `[n, 10]`; one prior a cell, strides 8, 16, 32.
///
/// A face's score is the geometric mean of the two. Boxes are centre offsets in strides and logarithms of the size.
pub(super) fn decode(outputs: &Outputs<'_>, input: Size, score: f32) -> Result<Vec<Detection>, InferError> {
    let mut found = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let n = cell_count(input, stride);
        let (class, object) = (outputs.get(level, n)?, outputs.get(level + 3, n)?);
        let (boxes, points) = (outputs.get(level + 6, n * 4)?, outputs.get(level + 9, n * 10)?);
        let step = stride as f32;
        for (i, (x, y)) in cells(input, stride).enumerate() {
            let s = (class[i].clamp(0.0, 1.0) * object[i].clamp(0.0, 1.0)).sqrt();
            if s < score || s.is_nan() {
                continue;
            }
            let b = &boxes[i * 4..i * 4 + 4];
            let (cx, cy, w, h) = ((x + b[0]) * step, (y + b[1]) * step, b[2].exp() * step, b[3].exp() * step);
            let bbox = BBox::new(cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0);
            let p = &points[i * 10..i * 10 + 10];
            let landmarks = std::array::from_fn(|k| Point { x: (x + p[2 * k]) * step, y: (y + p[2 * k + 1]) * step });
            found.push(Detection { bbox, landmarks: Some(landmarks), score: s });
        }
    }
    Ok(found)
}
