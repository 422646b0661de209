//! What is scored.

use serde::{Deserialize, Serialize};

/// Settings of mouth scores; values and reasons in `config/audio.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Model, its family, `auto` or `off`.
    pub model: String,
    /// Least side of a track's face, the longer one, in pixels: the median over its boxes.
    pub min_face_px: f32,
    /// Seconds scored before and after speech.
    pub context_s: f64,
    /// Least seconds of a face in speech.
    pub min_s: f64,
    /// Most seconds that the model sees at once.
    pub window_s: f64,
    /// Seconds that two such windows share.
    pub overlap_s: f64,
    /// Most pictures of faces in one call.
    pub batch: usize,
    /// Seconds ahead from which on the video is sought instead of decoded through.
    pub seek_s: f64,
}
