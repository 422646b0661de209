//! Settings of speech activity.

use serde::{Deserialize, Serialize};

/// When speech begins and ends; table `[speech]` of `config/audio.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Speech begins at this probability, `0..=1`.
    pub start: f32,
    /// It may end below this one.
    pub end: f32,
    /// It ends where it has stayed below for so long, in milliseconds.
    pub min_silence_ms: u32,
    /// What is no longer than this is dropped.
    pub min_speech_ms: u32,
    /// Added at both ends, as far as the neighbours leave room.
    pub pad_ms: u32,
    /// Longest span in seconds; a longer one is cut at a pause. 0: no limit.
    pub max_speech_s: f32,
    /// A pause of this length can be cut at where a span is too long.
    pub cut_silence_ms: u32,
    /// Level that a quiet recording is raised to: its loud frames (95th percentile of 30 ms), in dBFS.
    pub loud_dbfs: f32,
    /// Most that it is raised by, in dB.
    pub max_gain_db: f32,
}

#[cfg(test)]
pub(super) fn default_params() -> Params {
    #[derive(Deserialize)]
    struct File {
        speech: Params,
    }
    toml::from_str::<File>(include_str!("../../../config/audio.toml")).unwrap().speech
}
