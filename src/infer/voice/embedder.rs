//! Turns stretches of one voice into vectors: one trait, a file for each front end.

use super::super::session::SessionOptions;
use super::super::{InferError, ModelFile};
use super::{ge2e, wespeaker};
use crate::domain::{EmbedderId, Embedding};
use std::ops::Range;

/// Samples from one row of features to the next: 10 ms.
pub(super) const HOP: usize = 160;

/// Fewest rows that make a vector: 0.4 s.
const MIN_ROWS: usize = 40;
/// Mean square of the samples below which a stretch is digital silence.
const LEAST_POWER: f64 = 1e-10;

/// What a front end made of a stretch of sound: one row each 10 ms, and how loud it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    width: usize,
    /// `[rows, width]`.
    values: Vec<f32>,
    /// Sum of the squares of a row's own 160 samples.
    energy: Vec<f64>,
}

impl Features {
    pub(super) fn new(width: usize) -> Self {
        Self { width: width.max(1), values: Vec::new(), energy: Vec::new() }
    }

    /// Adds a row; `samples` are those that only it stands for.
    pub(super) fn push(&mut self, row: impl Iterator<Item = f32>, samples: &[f32]) {
        self.values.extend(row);
        self.energy.push(samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum());
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.energy.len()
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        self.values.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }

    /// Returns the mean square of the samples of some rows.
    pub(super) fn power(&self, rows: &[usize]) -> f64 {
        let sum: f64 = rows.iter().filter_map(|row| self.energy.get(*row)).sum();
        sum / (rows.len().max(1) * HOP) as f64
    }

    /// Lists the rows of some ranges that are there, with the mean square of their samples; `None` where they do not make a vector.
    pub(super) fn voiced(&self, ranges: &[Range<usize>]) -> Option<(Vec<usize>, f64)> {
        let rows: Vec<usize> = ranges.iter().flat_map(|r| r.start..r.end.min(self.rows())).collect();
        let power = self.power(&rows);
        (rows.len() >= MIN_ROWS && power > LEAST_POWER).then_some((rows, power))
    }
}

/// Turns voices into vectors. One embedder for each thread.
///
/// ```ignore
/// let features = embedder.features(&samples);
/// // Two voices: the first speaks twice.
/// let voices = embedder.embed(&features, &[vec![0..120, 300..420], vec![120..300]])?;
/// ```
pub trait VoiceEmbedder: Send {
    /// Names the model; vectors of two ids are never compared.
    fn id(&self) -> &EmbedderId;

    /// Returns the length of its vectors.
    fn dim(&self) -> usize;

    /// Works out the front end of a stretch of sound, once for all voices in it. Row `i` is about sample `160 i`.
    fn features(&mut self, samples: &[f32]) -> Features;

    /// Returns the unit vector of each voice, in order: what is said in its ranges of rows, put together. `None` where there is too little
    /// of it (less than 40 rows), or it is digital silence.
    ///
    /// # Errors
    /// `Run` or `Output` where the model fails, `Vector` where it gives no numbers.
    fn embed(&mut self, features: &Features, voices: &[Vec<Range<usize>>]) -> Result<Vec<Option<Embedding>>, InferError>;
}

/// Returns the last dimension of a shape, where it is known and more than one.
pub(super) fn last_dim(shape: &[i64]) -> Option<usize> {
    shape.last().and_then(|d| usize::try_from(*d).ok()).filter(|d| *d > 1)
}

/// Opens the embedder of a model's family. Each call makes a session of its own: one for each worker thread.
///
/// # Errors
/// `Open` and `Unrecognised` for a file that is not what its manifest entry says, `Unsupported` for another family.
pub fn build_voice_embedder(file: &ModelFile, options: &SessionOptions) -> Result<Box<dyn VoiceEmbedder>, InferError> {
    match file.entry.family.as_str() {
        "ge2e" => Ok(Box::new(ge2e::Ge2e::open(file, options)?)),
        "wespeaker" => Ok(Box::new(wespeaker::WeSpeaker::open(file, options)?)),
        family => Err(InferError::Unsupported { id: file.entry.id.clone(), family: family.to_owned() }),
    }
}
