//! Writes down what is said: one trait, Whisper behind it, through onnxruntime or whisper.cpp.

mod choose;
mod decode;
mod engine;
mod fallback;
mod folder;
#[cfg(feature = "whisper-cpp")]
mod ggml;
#[cfg(feature = "whisper-cpp")]
mod ggml_vocabulary;
mod mel;
mod net;
mod rules;
mod segments;
#[cfg(feature = "whisper-cpp")]
#[cfg(test)]
mod tests_ggml_file;
#[cfg(test)]
mod tests_reference;
#[cfg(feature = "whisper-cpp")]
#[cfg(test)]
mod tests_whisper_cpp;
mod timing;
mod vocabulary;
mod wheel;
mod whisper;
#[cfg(feature = "whisper-cpp")]
mod whisper_cpp;

pub use choose::{SpeechModel, find_speech_model};
pub use decode::Circle;
pub use fallback::BeliefParams;
pub use folder::Folder;
pub use mel::{RATE, WINDOW};
pub use whisper::Whisper;

use super::InferError;
use crate::algo::speech_windows;
use crate::domain::{MediaTime, Span, Word, WordTiming};
use serde::{Deserialize, Serialize};

/// Returns the version of whisper.cpp, where it is built in.
#[must_use]
pub fn whisper_cpp_version() -> Option<&'static str> {
    #[cfg(feature = "whisper-cpp")]
    let version = Some(whisper_rs::WHISPER_CPP_VERSION);
    #[cfg(not(feature = "whisper-cpp"))]
    let version = None;
    version
}

/// The first bytes of a file of whisper.cpp: `ggml`, as a number of 32 bits.
const GGML_MAGIC: &[u8] = b"lmgg";

/// Writes down what is said. One transcriber for each thread.
pub trait Transcriber: Send {
    /// Names the model.
    fn id(&self) -> &str;

    /// Returns how many windows a call serves best with.
    fn batch(&self) -> usize;

    /// Returns for each window how likely each language is, `0..=1`, likeliest first; nothing where the model knows only one.
    ///
    /// # Errors
    /// Fails where the model does.
    fn languages(&mut self, windows: &[Heard<'_>]) -> Result<Vec<Vec<(String, f32)>>, InferError>;

    /// Writes down each window, in order; `language` is a code such as `en`.
    ///
    /// # Errors
    /// `Language` where the model does not know it; else fails where the model does.
    fn transcribe(&mut self, windows: &[Heard<'_>], language: &str) -> Result<Vec<WindowText>, InferError>;
}

/// A stretch of sound to write down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard<'a> {
    /// 16 kHz mono, `-1..=1`; what is over 30 s is not looked at.
    pub samples: &'a [f32],
    /// When the first sample sounds, on the container's clock.
    pub start: MediaTime,
    /// Where somebody speaks in it, by time, on the same clock.
    pub speech: &'a [Span],
}

/// What was written down of one window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WindowText {
    /// By time.
    pub segments: Vec<Segment>,
    /// Until when the window was written down; the rest of it has to be heard again.
    pub until: MediaTime,
    /// Segments that were written where nobody speaks, and were passed over.
    pub unheard: usize,
}

/// A sentence or a part of one, as the model cut it.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub span: Span,
    pub words: Vec<Word>,
    pub timing: WordTiming,
    /// It is the best of several tries, none of which was believed.
    pub is_doubtful: bool,
}

/// What is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpokenTask {
    /// What is said, in its language.
    Transcribe,
    /// What is said, in English.
    Translate,
}

/// Settings of speech-to-text; table `[transcribe]`, values and reasons in `config/audio.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscribeParams {
    /// `off`, `auto`, an id or family of the manifest, the folder of a model, or a ggml file.
    pub model: String,
    /// A code such as `en`, or `auto`.
    pub language: String,
    pub task: SpokenTask,
    /// Windows that `auto` listens to for the language.
    pub language_windows: usize,
    /// Windows a call on a GPU; on the CPU it is one.
    pub gpu_batch: usize,
    /// Threads of the nets; 0: one a core.
    pub threads: usize,
    /// Latest that the first segment of a window may start, seconds.
    pub latest_first_s: f64,
    /// Most tokens of a window.
    pub most_tokens: usize,
    pub circle: Circle,
    pub belief: BeliefParams,
    pub windows: speech_windows::Params,
}

#[cfg(test)]
pub(super) fn default_params() -> TranscribeParams {
    #[derive(Deserialize)]
    struct File {
        transcribe: TranscribeParams,
    }
    toml::from_str::<File>(include_str!("../../../config/audio.toml")).unwrap().transcribe
}
