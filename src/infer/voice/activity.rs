//! Silero VAD 6, the model that takes a sequence: probability of speech for each 32 ms.
//!
//! It remembers: sound is given to it once, from the beginning, in parts.

use super::super::session::{Model, SessionOptions};
use super::super::{InferError, ModelFile};

/// Samples of one probability.
const STEP: usize = 512;
/// Samples before them that the model sees again; without them its answers are far worse, and nothing tells.
const CONTEXT: usize = 64;
const ROW: usize = CONTEXT + STEP;
const STATE: usize = 128;

/// Says how surely somebody speaks. One for each recording.
#[derive(Debug)]
pub struct SpeechDetector {
    model: Model,
    hidden: Vec<f32>,
    cell: Vec<f32>,
    context: [f32; CONTEXT],
    /// `[n, 576]`, kept between calls.
    rows: Vec<f32>,
}

impl SpeechDetector {
    /// Samples of one probability.
    pub const STEP: usize = STEP;

    /// Opens the model.
    ///
    /// # Errors
    /// `Open` for a broken file, `Unrecognised` for one with other inputs.
    pub fn open(file: &ModelFile, options: &SessionOptions) -> Result<Self, InferError> {
        let model = Model::open(&file.path, options)?;
        let inputs = model.inputs();
        let fits = inputs.len() == 3 && inputs[0].shape.last() == i64::try_from(ROW).ok().as_ref() && model.outputs().len() == 3;
        if !fits {
            let reason = "its inputs are not those of Silero VAD's sequence model".to_owned();
            return Err(InferError::Unrecognised { path: file.path.clone(), reason });
        }
        let state = vec![0.0; STATE];
        Ok(Self { model, hidden: state.clone(), cell: state, context: [0.0; CONTEXT], rows: Vec::new() })
    }

    /// Returns one probability, `0..=1`, for each 512 samples that follow those given before, each multiplied by `gain`.
    ///
    /// Only the last part of a recording may have a length that is no multiple of 512; silence is added to it.
    ///
    /// # Errors
    /// `Run` or `Output` where the model fails.
    pub fn push(&mut self, samples: &[f32], gain: f32) -> Result<Vec<f32>, InferError> {
        let n = samples.len().div_ceil(STEP);
        if n == 0 {
            return Ok(Vec::new());
        }
        self.rows.clear();
        for part in samples.chunks(STEP) {
            self.rows.extend_from_slice(&self.context);
            self.rows.extend(part.iter().map(|s| s * gain));
            self.rows.resize(self.rows.len().next_multiple_of(ROW), 0.0);
            let end = self.rows.len();
            self.context.copy_from_slice(&self.rows[end - CONTEXT..]);
        }
        let path = self.model.path().to_path_buf();
        let state = [1, 1, STATE];
        let inputs: [(&[usize], &[f32]); 3] = [(&[n, ROW], &self.rows), (&state, &self.hidden), (&state, &self.cell)];
        let (probabilities, hidden, cell) = self.model.run_all(&inputs, |outputs| {
            let [probabilities, hidden, cell] = outputs else { return Err(wrong(path, 0, outputs.len(), 3)) };
            for (output, (found, due)) in
                [(probabilities.len(), n), (hidden.len(), STATE), (cell.len(), STATE)].into_iter().enumerate()
            {
                if found != due {
                    return Err(wrong(path, output, found, due));
                }
            }
            Ok((probabilities.to_vec(), hidden.to_vec(), cell.to_vec()))
        })?;
        (self.hidden, self.cell) = (hidden, cell);
        Ok(probabilities)
    }
}

fn wrong(path: std::path::PathBuf, output: usize, found: usize, due: usize) -> InferError {
    InferError::Output { path, output, found, due }
}
