//! RetinaFace with MobileNet 0.25: Deng et al. 2020 (CVPR); weights and decoding of the `Pytorch_Retinaface` project.

use super::net::{Outputs, cell_count, cells};
use crate::domain::{BBox, Detection, Point, Size};
use crate::infer::InferError;

/// Stride and the two prior sides of its cells, in input pixels.
const LEVELS: [(u32, [f32; 2]); 3] = [(8, [16.0, 32.0]), (16, [64.0, 128.0]), (32, [256.0, 512.0])];
/// Variances that the offsets were trained with.
const CENTRE: f32 = 0.1;
const SIDE: f32 = 0.2;

/// Reads `loc [n, 4]`, `conf [n, 2]` (softmax applied, a face is column 1), `landms [n, 10]` over all priors at once.
pub(super) fn decode(outputs: &Outputs<'_>, input: Size, score: f32) -> Result<Vec<Detection>, InferError> {
    let n = LEVELS.iter().map(|(stride, sides)| cell_count(input, *stride) * sides.len()).sum::<usize>();
    let (boxes, scores, points) = (outputs.get(0, n * 4)?, outputs.get(1, n * 2)?, outputs.get(2, n * 10)?);
    let priors = LEVELS.iter().flat_map(|(stride, sides)| {
        let step = *stride as f32;
        cells(input, *stride).flat_map(move |(x, y)| sides.map(|side| ((x + 0.5) * step, (y + 0.5) * step, side)))
    });
    let mut found = Vec::new();
    for (i, (x, y, side)) in priors.enumerate() {
        let s = scores[i * 2 + 1];
        if s < score || s.is_nan() {
            continue;
        }
        let b = &boxes[i * 4..i * 4 + 4];
        let (cx, cy) = (x + b[0] * CENTRE * side, y + b[1] * CENTRE * side);
        let (w, h) = (side * (b[2] * SIDE).exp(), side * (b[3] * SIDE).exp());
        let bbox = BBox::new(cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0);
        let p = &points[i * 10..i * 10 + 10];
        let landmarks = std::array::from_fn(|k| Point { x: x + p[2 * k] * CENTRE * side, y: y + p[2 * k + 1] * CENTRE * side });
        found.push(Detection { bbox, landmarks: Some(landmarks), score: s });
    }
    Ok(found)
}
