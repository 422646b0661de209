//! One network of the cascade.

use super::super::net::Outputs;
use crate::infer::session::{Model, Port};
use crate::infer::{InferError, SessionOptions};
use std::path::Path;

/// Squares that go through a network at once; bounds memory.
pub(super) const BATCH: usize = 128;

/// An opened network with the places of its outputs.
pub(super) struct Stage {
    model: Model,
    scores: usize,
    offsets: usize,
    /// Only of the third network.
    points: Option<usize>,
    /// `[n, 3, side, side] f32`, kept between calls.
    pub(super) tensor: Vec<f32>,
}

/// What a network said of one batch.
pub(super) struct Answer<'a> {
    /// `[n, 2]`, or `[2, rows, columns]` of the first network; a face is the second.
    pub(super) scores: &'a [f32],
    /// `[n, 4]`, or `[4, rows, columns]`.
    pub(super) offsets: &'a [f32],
    /// `[n, 10]`, empty but for the third network.
    pub(super) points: &'a [f32],
}

impl Stage {
    /// Opens a network that takes pictures of `side`, or of any size where that is `None`.
    pub(super) fn open(path: &Path, side: Option<i64>, has_points: bool, options: &SessionOptions) -> Result<Self, InferError> {
        let model = Model::open(path, options)?;
        let (inputs, outputs) = (model.inputs(), model.outputs());
        let takes = |shape: &[i64]| match (shape, side) {
            ([_, 3, h, w], Some(side)) => (*h, *w) == (side, side),
            ([_, 3, h, w], None) => *h < 0 && *w < 0,
            _ => false,
        };
        let channels = |n: i64| {
            let is_it = |p: &Port| p.is_f32 && p.shape.get(1) == Some(&n);
            outputs.iter().position(is_it)
        };
        let points = channels(10).filter(|_| has_points);
        let (true, Some(scores), Some(offsets), true) = (
            matches!(inputs.as_slice(), [port] if port.is_f32 && takes(&port.shape)),
            channels(2),
            channels(4),
            points.is_some() == has_points,
        ) else {
            let size = side.map_or("any".to_owned(), |s| s.to_string());
            let reason = format!("its inputs and outputs are not those of MTCNN's network for {size} pixels");
            return Err(InferError::Unrecognised { path: path.to_path_buf(), reason });
        };
        Ok(Self { model, scores, offsets, points, tensor: Vec::new() })
    }

    /// Runs the network on `tensor`, `[count, 3, height, width]`; `results` is how many scores pairs it has to give.
    pub(super) fn run<T>(
        &mut self,
        [count, height, width]: [usize; 3],
        results: usize,
        read: impl FnOnce(&Answer<'_>) -> T,
    ) -> Result<T, InferError> {
        let (scores, offsets, points) = (self.scores, self.offsets, self.points);
        let path = self.model.path().to_path_buf();
        self.model.run(&[count, 3, height, width], &self.tensor, |values| {
            let outputs = Outputs::new(values, &path);
            Ok(read(&Answer {
                scores: outputs.get(scores, 2 * results)?,
                offsets: outputs.get(offsets, 4 * results)?,
                points: points.map_or(Ok(&[][..]), |p| outputs.get(p, 10 * results))?,
            }))
        })
    }
}
