//! SCRFD: Guo et al. 2021, "Sample and Computation Redistribution for Efficient Face Detection" (arXiv:2105.04714).

use super::net::{Outputs, cell_count, cells};
use crate::domain::{BBox, Detection, Point, Size};
use crate::infer::InferError;

const STRIDES: [u32; 3] = [8, 16, 32];
const ANCHORS: usize = 2;

/// Reads the outputs in InsightFace's order: 3 scores `[n, 1]`, 3 boxes `[n, 4]`, 3 x points `[n, 10]` where the model has
/// them, with or without a batch axis; n = cells x 2 anchors, strides 8, 16, 32.
///
/// Distances are in strides from the cell's top left corner; scores have been through the sigmoid.
pub(super) fn decode(outputs: &Outputs<'_>, input: Size, score: f32) -> Result<Vec<Detection>, InferError> {
    let mut found = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let n = cell_count(input, stride) * ANCHORS;
        let scores = outputs.get(level, n)?;
        let boxes = outputs.get(level + 3, n * 4)?;
        let points = if outputs.values.len() > 6 { Some(outputs.get(level + 6, n * 10)?) } else { None };
        let step = stride as f32;
        let anchors = cells(input, stride).flat_map(|cell| [cell; ANCHORS]);
        for (i, ((x, y), s)) in anchors.zip(scores).enumerate() {
            if *s < score || s.is_nan() {
                continue;
            }
            let (x, y) = (x * step, y * step);
            let b = &boxes[i * 4..i * 4 + 4];
            let bbox = BBox::new(x - b[0] * step, y - b[1] * step, x + b[2] * step, y + b[3] * step);
            let point = |p: &[f32], k: usize| Point { x: x + p[2 * k] * step, y: y + p[2 * k + 1] * step };
            let landmarks = points.map(|p| std::array::from_fn(|k| point(&p[i * 10..i * 10 + 10], k)));
            found.push(Detection { bbox, landmarks, score: *s });
        }
    }
    Ok(found)
}
