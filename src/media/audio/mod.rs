//! Sound in time: 16,000 samples a second of one channel, on the same clock as the pictures.
//!
//! [`Sound`] gives out chunks without gaps. Sample `n` of a chunk sounds at `start + n / 16000` s of the container's clock, whatever
//! the file's rate, and chunks are cut at whole seconds of that clock, so that the same sample lies in the same chunk each time.

mod choice;
mod excerpt;
mod frames;
mod language;
mod mix;
mod run;
mod sound;
mod stretches;
mod survey;
mod told;

pub use choice::SoundChoice;
pub(super) use excerpt::Excerpt;
pub(super) use frames::{begins, chosen};
pub use sound::{Sound, SoundChunk};

/// Samples a second of everything that listens.
pub const RATE: u32 = 16_000;
