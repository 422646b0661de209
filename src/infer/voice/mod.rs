//! Hears: where somebody speaks, how many at once, and what a voice is like. One file a model.
//!
//! All sound is 16,000 samples a second, mono, `-1..=1`.

mod activity;
mod embedder;
mod fbank;
mod ge2e;
mod mel;
mod segmentation;
#[cfg(test)]
mod tests_front;
mod wespeaker;

pub use activity::SpeechDetector;
pub use embedder::{Features, VoiceEmbedder, build_voice_embedder};
pub use segmentation::Segmenter;
