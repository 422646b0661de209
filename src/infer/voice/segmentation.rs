//! pyannote segmentation-3.0: who of three local speakers speaks in each frame of ten seconds.
//!
//! Plaquet and Bredin 2023, "Powerset multi-class cross entropy loss for neural speaker diarization" (arXiv:2310.13025). The model chooses
//! between sets of speakers; departs: a speaker's activity is the sum of the probabilities of the sets that hold it, so that a caller can
//! choose by threshold how readily two speak at once. The most probable set alone would be its arg-max.

use super::super::session::{Model, SessionOptions};
use super::super::{InferError, ModelFile};
use crate::algo::speech::byte;
use crate::domain::LOCAL_SPEAKERS;

/// The sets of the model's classes: nobody, one, two.
const SETS: [&[usize]; 7] = [&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2]];

/// Finds local speakers. Not shared: each thread has its own.
#[derive(Debug)]
pub struct Segmenter {
    model: Model,
    /// `[n, 1, 160000]`, kept between calls.
    tensor: Vec<f32>,
}

impl Segmenter {
    /// Samples of a window: ten seconds.
    pub const WINDOW: usize = 160_000;

    /// Opens the model.
    ///
    /// # Errors
    /// `Open` for a broken file, `Unrecognised` for one with other inputs or outputs.
    pub fn open(file: &ModelFile, options: &SessionOptions) -> Result<Self, InferError> {
        let model = Model::open(&file.path, options)?;
        let (inputs, outputs) = (model.inputs(), model.outputs());
        let classes = i64::try_from(SETS.len()).ok();
        let fits =
            inputs.len() == 1 && inputs[0].shape.len() == 3 && outputs.first().and_then(|o| o.shape.last().copied()) == classes;
        if !fits {
            let reason = "its inputs and outputs are not those of segmentation-3.0".to_owned();
            return Err(InferError::Unrecognised { path: file.path.clone(), reason });
        }
        Ok(Self { model, tensor: Vec::new() })
    }

    /// Returns the activity of each local speaker, `0..=255` for `0..=1`, in the frames of each window, in order.
    ///
    /// A window shorter than [`Segmenter::WINDOW`] is filled up with silence, a longer one is cut. One call of the model: memory and time
    /// go with the number of windows.
    ///
    /// # Errors
    /// `Run` or `Output` where the model fails.
    pub fn activity(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<[u8; LOCAL_SPEAKERS]>>, InferError> {
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        self.tensor.clear();
        for window in windows {
            let end = self.tensor.len() + Self::WINDOW;
            self.tensor.extend(window.iter().take(Self::WINDOW));
            self.tensor.resize(end, 0.0);
        }
        let path = self.model.path().to_path_buf();
        self.model.run(&[windows.len(), 1, Self::WINDOW], &self.tensor, |outputs| {
            // [n, frames, 7], log-probabilities
            let values = outputs.first().copied().unwrap_or_default();
            let row = windows.len() * SETS.len();
            if values.is_empty() || !values.len().is_multiple_of(row) {
                return Err(InferError::Output { path, output: 0, found: values.len(), due: row });
            }
            let frames = values.chunks_exact(SETS.len()).map(local).collect::<Vec<_>>();
            Ok(frames.chunks_exact(values.len() / row).map(<[_]>::to_vec).collect())
        })
    }
}

/// Sums the probabilities of the sets that hold each speaker.
fn local(log_probabilities: &[f32]) -> [u8; LOCAL_SPEAKERS] {
    let mut sums = [0f32; LOCAL_SPEAKERS];
    for (set, log) in SETS.iter().zip(log_probabilities) {
        for speaker in *set {
            sums[*speaker] += log.exp();
        }
    }
    sums.map(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_is_as_active_as_the_sets_that_hold_it() {
        let p = [0.1f32, 0.2, 0.05, 0.05, 0.4, 0.15, 0.05];
        let logs: Vec<f32> = p.iter().map(|p| p.ln()).collect();
        assert_eq!(local(&logs), [0.75f32, 0.5, 0.25].map(byte));
    }
}
