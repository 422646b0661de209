//! Resemblyzer's d-vectors: Wan et al. 2018, "Generalized end-to-end loss for speaker verification" (arXiv:1710.10467).
//!
//! Speech is cut into partials of 1.6 s, which is what the model was trained on; the mean of their vectors is the voice. Departs from the
//! authors: the level is set for each voice in its stretch, in both directions, not once for a recording and only upwards, so that the same
//! speech has the same vector whatever is around it; a partial is repeated from its beginning where there are fewer than 1.6 s.

use super::super::session::{Model, SessionOptions};
use super::super::{InferError, ModelFile};
use super::embedder::{Features, VoiceEmbedder, last_dim};
use super::mel::Mel;
use crate::domain::{EmbedderId, Embedding};
use std::ops::Range;

/// Rows of a partial.
const PARTIAL: usize = 160;
/// Rows from one partial to the next.
const STEP: usize = 80;
/// Partials in one call of the model; more make it no faster.
const BATCH: usize = 16;
/// Mean square of -30 dBFS, which the model was trained at.
const POWER: f64 = 1e-3;

pub(super) struct Ge2e {
    model: Model,
    id: EmbedderId,
    dim: usize,
    mel: Mel,
    /// `[batch, 160, 40]`, kept between calls.
    tensor: Vec<f32>,
}

impl Ge2e {
    pub(super) fn open(file: &ModelFile, options: &SessionOptions) -> Result<Self, InferError> {
        let model = Model::open(&file.path, options)?;
        let (inputs, outputs) = (model.inputs(), model.outputs());
        let takes_mel = inputs.len() == 1 && last_dim(&inputs[0].shape) == Some(Mel::BANDS);
        let Some(dim) = outputs.first().and_then(|o| last_dim(&o.shape)).filter(|_| takes_mel) else {
            let reason = "its inputs and outputs are not those of GE2E".to_owned();
            return Err(InferError::Unrecognised { path: file.path.clone(), reason });
        };
        Ok(Self { model, id: EmbedderId(file.entry.id.clone()), dim, mel: Mel::new(), tensor: Vec::new() })
    }
}

impl VoiceEmbedder for Ge2e {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn features(&mut self, samples: &[f32]) -> Features {
        self.mel.of(samples)
    }

    fn embed(&mut self, features: &Features, voices: &[Vec<Range<usize>>]) -> Result<Vec<Option<Embedding>>, InferError> {
        // The voice, the factor of its power, and the rows of each partial.
        let mut partials: Vec<(usize, f64, Vec<usize>)> = Vec::new();
        for (voice, ranges) in voices.iter().enumerate() {
            if let Some((rows, power)) = features.voiced(ranges) {
                partials.extend(starts(rows.len()).map(|start| {
                    let partial = (start..start + PARTIAL).map(|i| rows[i % rows.len()]).collect();
                    (voice, POWER / power, partial)
                }));
            }
        }
        let mut sums: Vec<Option<Vec<f32>>> = vec![None; voices.len()];
        let (path, dim) = (self.model.path().to_path_buf(), self.dim);
        for batch in partials.chunks(BATCH) {
            self.tensor.clear();
            for (_, factor, rows) in batch {
                #[expect(clippy::cast_possible_truncation, reason = "a factor needs no more than f32")]
                let factor = *factor as f32;
                self.tensor.extend(rows.iter().flat_map(|row| features.row(*row)).map(|v| v * factor));
            }
            self.model.run(&[batch.len(), PARTIAL, Mel::BANDS], &self.tensor, |outputs| {
                let values = outputs.first().copied().unwrap_or_default();
                if values.len() != batch.len() * dim {
                    return Err(InferError::Output {
                        path: path.clone(),
                        output: 0,
                        found: values.len(),
                        due: batch.len() * dim,
                    });
                }
                for ((voice, _, _), vector) in batch.iter().zip(values.chunks_exact(dim)) {
                    let sum = sums[*voice].get_or_insert_with(|| vec![0.0; dim]);
                    sum.iter_mut().zip(vector).for_each(|(s, v)| *s += v);
                }
                Ok(())
            })?;
        }
        let unit = |sum: Vec<f32>| Embedding::from_raw(sum).map_err(|source| InferError::Vector { path: path.clone(), source });
        sums.into_iter().map(|sum| sum.map(unit).transpose()).collect()
    }
}

/// Returns where the partials of `rows` rows begin: half a partial apart, the last one at the end.
fn starts(rows: usize) -> impl Iterator<Item = usize> {
    let last = rows.saturating_sub(PARTIAL);
    (0..last).step_by(STEP).chain([last])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partials_cover_a_voice_to_its_end() {
        let all = |rows| starts(rows).collect::<Vec<_>>();
        assert_eq!((all(50), all(160), all(161), all(320)), (vec![0], vec![0], vec![0, 1], vec![0, 80, 160]));
    }
}
