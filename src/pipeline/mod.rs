//! Runs the passes over an episode: scan, embed, listen, group.

pub mod flow;
pub mod group;
pub mod listen;
pub mod progress;
pub mod reembed;
pub mod sampling;
pub mod scan;

pub use flow::{Cancel, StopCause};
pub use progress::{Phase, Progress, ProgressView, Stage};
