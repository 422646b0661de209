//! When somebody speaks: spans from probabilities of speech, and the loudness that these are worked out at.

mod level;
mod params;
mod spans;

pub use level::{LevelMeter, byte, peaks};
pub use params::Params;
pub use spans::speech_spans;
