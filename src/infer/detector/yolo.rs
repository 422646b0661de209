//! YOLOv8-face: Ultralytics' YOLOv8 with five landmarks (`yolov8-face` by derronqi, exported by Ultralytics as ONNX).

use super::net::{Decode, Outputs, cell_count};
use crate::domain::{BBox, Detection, Point, Size};
use crate::infer::InferError;

const STRIDES: [u32; 3] = [8, 16, 32];
/// Centre, width and height; score; five times x, y and how visible the point is.
const VALUES: usize = 20;

/// Returns what reads an output of this shape: `[1, 20, n]` as exported, or `[1, n, 20]` as transposed; `None` for others.
pub(super) fn decoder(shape: &[i64]) -> Option<Decode> {
    match shape {
        [_, 20, _] => Some(decode_columns),
        [_, _, 20] => Some(decode_rows),
        _ => None,
    }
}

fn decode_columns(outputs: &Outputs<'_>, input: Size, score: f32) -> Result<Vec<Detection>, InferError> {
    let n = candidates(input);
    let values = outputs.get(0, VALUES * n)?;
    Ok(faces(n, score, |i, k| values[k * n + i]))
}

fn decode_rows(outputs: &Outputs<'_>, input: Size, score: f32) -> Result<Vec<Detection>, InferError> {
    let n = candidates(input);
    let values = outputs.get(0, VALUES * n)?;
    Ok(faces(n, score, |i, k| values[i * VALUES + k]))
}

/// One candidate for each cell; boxes and points are in pixels of the input already, scores have been through the sigmoid.
fn candidates(input: Size) -> usize {
    STRIDES.iter().map(|stride| cell_count(input, *stride)).sum()
}

/// The visibility of points is not used: a point that is not seen is still where the model believes it.
fn faces(n: usize, score: f32, value: impl Fn(usize, usize) -> f32) -> Vec<Detection> {
    let sure = (0..n).filter(|i| value(*i, 4) >= score);
    sure.map(|i| {
        let (x, y, w, h) = (value(i, 0), value(i, 1), value(i, 2), value(i, 3));
        let point = |k: usize| Point { x: value(i, 5 + 3 * k), y: value(i, 6 + 3 * k) };
        Detection {
            bbox: BBox::new(x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0),
            landmarks: Some(std::array::from_fn(point)),
            score: value(i, 4),
        }
    })
    .collect()
}
