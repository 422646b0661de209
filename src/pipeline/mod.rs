//! Runs the passes over an episode: scan, embed, listen, group, link, transcribe; decisions on speech are carried between.

pub mod carry_voices;
pub mod error;
pub mod flow;
pub mod group;
pub mod link;
pub mod listen;
pub mod looks;
pub mod progress;
pub mod reembed;
pub mod sampling;
pub mod scan;
pub mod transcribe;

pub use error::PassError;
pub use flow::{Cancel, StopCause};
pub use progress::{Phase, Progress, ProgressView, Stage};
