//! Embedders of a square input that a fixed similarity cuts from the canonical crop.

use super::{EmbedParams, FaceEmbedder};
use crate::algo::align::{CANONICAL_SIDE, template_map, warp_edge};
use crate::domain::{Affine, EmbedderId, Embedding, RgbImage, Size};
use crate::infer::pixels::Levels;
use crate::infer::session::Model;
use crate::infer::{InferError, ModelFile, SessionOptions};

struct Aligned {
    model: Model,
    id: EmbedderId,
    dim: usize,
    /// Input to canonical crop.
    map: Affine,
    input: Size,
    levels: Levels,
    batch: usize,
    /// `[batch, 3, side, side] f32`, kept between calls.
    tensor: Vec<f32>,
}

/// Opens an embedder. Each call makes a session of its own: one for each worker thread.
///
/// # Errors
/// `Open` and `Unrecognised` for a file that is not what its manifest entry says, `Unsupported` for an entry without
/// template or pixels.
pub fn build_embedder(
    file: &ModelFile,
    params: &EmbedParams,
    options: &SessionOptions,
) -> Result<Box<dyn FaceEmbedder>, InferError> {
    let entry = &file.entry;
    let unsupported = || InferError::Unsupported { id: entry.id.clone(), family: entry.family.clone() };
    if !crate::infer::can_run(entry) {
        return Err(unsupported());
    }
    let (template, side) = entry.template.ok_or_else(unsupported)?.points();
    let pixels = entry.pixels.ok_or_else(unsupported)?;
    let map = template_map(template).ok_or_else(unsupported)?;
    let model = Model::open(&file.path, options)?;
    let (inputs, outputs) = (model.inputs(), model.outputs());
    let input = inputs.first().map(|p| p.shape.as_slice()).unwrap_or_default();
    let dim = match (outputs.as_slice(), input) {
        ([output], [_, 3, h, w]) if (*h, *w) == (i64::from(side), i64::from(side)) => {
            output.shape.last().and_then(|d| usize::try_from(*d).ok()).filter(|d| *d > 1 && output.is_f32)
        }
        _ => None,
    };
    let dim = dim.ok_or_else(|| InferError::Unrecognised {
        path: file.path.clone(),
        reason: format!("its inputs and outputs are not those of an embedder of {side}x{side} pictures"),
    })?;
    let takes_batches = input.first().is_some_and(|n| *n < 0) && !options.device.is_cpu();
    Ok(Box::new(Aligned {
        model,
        id: EmbedderId(entry.id.clone()),
        dim,
        map,
        input: Size { width: side, height: side },
        levels: pixels.levels(),
        batch: if takes_batches { params.gpu_batch.max(1) } else { 1 },
        tensor: Vec::new(),
    }))
}

impl FaceEmbedder for Aligned {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn embed(&mut self, faces: &[RgbImage]) -> Result<Vec<Embedding>, InferError> {
        let due = Size { width: CANONICAL_SIDE, height: CANONICAL_SIDE };
        let side = self.input.width as usize;
        let (path, dim) = (self.model.path().to_path_buf(), self.dim);
        let mut vectors = Vec::with_capacity(faces.len());
        for part in faces.chunks(self.batch) {
            // A GPU's kernel is chosen by the size of the batch: it is always the same, and what comes of the rest is passed over.
            self.tensor.resize(self.batch * 3 * side * side, 0.0);
            for (face, tensor) in part.iter().zip(self.tensor.chunks_exact_mut(3 * side * side)) {
                if face.size() != due {
                    return Err(InferError::Picture { found: face.size(), due });
                }
                self.levels.fill(&warp_edge(face, &self.map, self.input), self.input, tensor)?;
            }
            let due = self.batch * dim;
            self.model.run(&[self.batch, 3, side, side], &self.tensor, |outputs| {
                let values = outputs.first().copied().unwrap_or_default();
                if values.len() != due {
                    return Err(InferError::Output { path: path.clone(), output: 0, found: values.len(), due });
                }
                for vector in values.chunks_exact(dim).take(part.len()) {
                    let unit = Embedding::from_raw(vector.to_vec())
                        .map_err(|source| InferError::Vector { path: path.clone(), source })?;
                    vectors.push(unit);
                }
                Ok(())
            })?;
        }
        Ok(vectors)
    }
}
