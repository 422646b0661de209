//! RetinaFace as InsightFace publishes it (`retinaface_r50_v1`, `mnet.25`): Deng et al. 2020 (CVPR), with one set of maps for
//! each stride instead of `Pytorch_Retinaface`'s rows over all priors.

use super::net::{Outputs, cell_count, cells};
use crate::domain::{BBox, Detection, Point, Size};
use crate::infer::InferError;

/// Stride and the two anchor sides of its cells, in the order of the outputs.
const LEVELS: [(u32, [f32; 2]); 3] = [(32, [512.0, 256.0]), (16, [128.0, 64.0]), (8, [32.0, 16.0])];
/// Centre of the first cell's anchors: a base of 16 pixels whatever the stride, its last pixel counted.
const FIRST: f32 = 7.5;

/// Reads for each stride, coarse to fine: scores `[1, 4, rows, columns]` (softmax applied; two anchors' background, then their
/// faces), boxes `[1, 8, rows, columns]`, points `[1, 20, rows, columns]`.
///
/// Offsets are in sides of the anchor, without variances; sides are counted as one pixel more than the corners' distance.
pub(super) fn decode(outputs: &Outputs<'_>, input: Size, score: f32) -> Result<Vec<Detection>, InferError> {
    let mut found = Vec::new();
    for (level, (stride, sides)) in LEVELS.into_iter().enumerate() {
        let n = cell_count(input, stride);
        let (scores, boxes, points) =
            (outputs.get(3 * level, 4 * n)?, outputs.get(3 * level + 1, 8 * n)?, outputs.get(3 * level + 2, 20 * n)?);
        for (i, (column, row)) in cells(input, stride).enumerate() {
            let (x, y) = (column * stride as f32 + FIRST, row * stride as f32 + FIRST);
            for (anchor, side) in sides.into_iter().enumerate() {
                let s = scores[(2 + anchor) * n + i];
                if s < score || s.is_nan() {
                    continue;
                }
                let b = |k: usize| boxes[(4 * anchor + k) * n + i];
                let (cx, cy) = (x + b(0) * side, y + b(1) * side);
                let (w, h) = (side * b(2).exp() - 1.0, side * b(3).exp() - 1.0);
                let p = |k: usize| points[(10 * anchor + k) * n + i] * side;
                found.push(Detection {
                    bbox: BBox::new(cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0),
                    landmarks: Some(std::array::from_fn(|k| Point { x: x + p(2 * k), y: y + p(2 * k + 1) })),
                    score: s,
                });
            }
        }
    }
    Ok(found)
}
