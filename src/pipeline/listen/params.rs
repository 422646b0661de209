//! Settings of listening.

use serde::{Deserialize, Serialize};

/// How a recording is listened to; table `[listen]` of `config/audio.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Whether a run listens at all.
    pub enabled: bool,
    /// Which sound of the video: `default`, the index of a stream, or a language.
    pub stream: String,
    /// The model that tells speech, by id or family.
    pub speech_model: String,
    /// The model that tells local speakers.
    pub segmentation_model: String,
    /// The model that makes vectors of voices.
    pub voice_model: String,
    /// Seconds from one window to the next.
    pub window_step_s: f64,
    /// Seconds of sound that are stored at once.
    pub stretch_s: f64,
    /// Threads that hear, one single-threaded session of each model; 0: one a core, at most 8. On a GPU one.
    pub workers: usize,
    /// Windows in one call of the model.
    pub batch: usize,
}

/// Samples a second.
pub(super) const RATE: usize = 16_000;
/// Samples in which values of speech (512), peaks (320) and rows of features (160) all come out even.
const EVEN: usize = 2560;
/// Samples of a row of features.
pub(super) const ROW: usize = 160;

impl Params {
    /// Returns the samples of a stretch.
    pub(super) fn stretch(&self) -> usize {
        samples(self.stretch_s.clamp(1.0, 600.0), EVEN)
    }

    /// Returns the samples from one window to the next.
    pub(super) fn step(&self) -> usize {
        samples(self.window_step_s.clamp(0.1, 10.0), ROW)
    }
}

/// Rounds seconds to a multiple of `even` samples, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "callers clamp it")]
fn samples(seconds: f64, even: usize) -> usize {
    ((seconds * RATE as f64 / even as f64).round() as usize).max(1) * even
}

#[cfg(test)]
pub(super) fn default_params() -> Params {
    #[derive(Deserialize)]
    struct File {
        listen: Params,
    }
    toml::from_str::<File>(include_str!("../../../config/audio.toml")).unwrap().listen
}
