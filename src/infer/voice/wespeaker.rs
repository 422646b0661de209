//! WeSpeaker's networks over Kaldi's filter bank: Wang et al. 2023, "Wespeaker: a research and production oriented speaker embedding
//! learning toolkit" (arXiv:2210.17016). Names and sizes are read from the file.

use super::super::session::{Model, SessionOptions};
use super::super::{InferError, ModelFile};
use super::embedder::{Features, VoiceEmbedder, last_dim};
use super::fbank::FilterBank;
use crate::domain::{EmbedderId, Embedding};
use std::ops::Range;

pub(super) struct WeSpeaker {
    model: Model,
    id: EmbedderId,
    dim: usize,
    bands: usize,
    bank: FilterBank,
    /// `[1, rows, bands]`, kept between calls.
    tensor: Vec<f32>,
}

impl WeSpeaker {
    pub(super) fn open(file: &ModelFile, options: &SessionOptions) -> Result<Self, InferError> {
        let model = Model::open(&file.path, options)?;
        let (inputs, outputs) = (model.inputs(), model.outputs());
        let bands = inputs.first().filter(|i| inputs.len() == 1 && i.shape.len() == 3).and_then(|i| last_dim(&i.shape));
        let (Some(bands), Some(dim)) = (bands, outputs.first().and_then(|o| last_dim(&o.shape))) else {
            let reason = "its inputs and outputs are not those of a WeSpeaker network".to_owned();
            return Err(InferError::Unrecognised { path: file.path.clone(), reason });
        };
        let (id, bank) = (EmbedderId(file.entry.id.clone()), FilterBank::new(bands));
        Ok(Self { model, id, dim, bands, bank, tensor: Vec::new() })
    }
}

impl VoiceEmbedder for WeSpeaker {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn features(&mut self, samples: &[f32]) -> Features {
        self.bank.of(samples)
    }

    fn embed(&mut self, features: &Features, voices: &[Vec<Range<usize>>]) -> Result<Vec<Option<Embedding>>, InferError> {
        let (path, dim) = (self.model.path().to_path_buf(), self.dim);
        let mut vectors = Vec::with_capacity(voices.len());
        // Lengths differ, so each voice is a call of its own.
        for ranges in voices {
            let Some((rows, _)) = features.voiced(ranges) else {
                vectors.push(None);
                continue;
            };
            self.tensor.clear();
            self.tensor.extend(rows.iter().flat_map(|row| features.row(*row)));
            subtract_mean(&mut self.tensor, self.bands);
            vectors.push(Some(self.model.run(&[1, rows.len(), self.bands], &self.tensor, |outputs| {
                let values = outputs.first().copied().unwrap_or_default();
                if values.len() != dim {
                    return Err(InferError::Output { path: path.clone(), output: 0, found: values.len(), due: dim });
                }
                Embedding::from_raw(values.to_vec()).map_err(|source| InferError::Vector { path: path.clone(), source })
            })?));
        }
        Ok(vectors)
    }
}

/// Takes the mean of each band over all rows off it.
pub(super) fn subtract_mean(values: &mut [f32], bands: usize) {
    let rows = (values.len() / bands).max(1) as f32;
    for band in 0..bands {
        let mean = values.iter().skip(band).step_by(bands).sum::<f32>() / rows;
        values.iter_mut().skip(band).step_by(bands).for_each(|v| *v -= mean);
    }
}
