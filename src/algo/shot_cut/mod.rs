//! Shot boundaries by content, in one pass with bounded lookahead.
//!
//! Three detectors look at the same pictures: hard cuts (known four pictures later), fades through black or white, and dissolves
//! (known about two seconds later). Each looks at a bounded stretch of pictures only. [`ShotCutter`] puts their findings into
//! one order; all it remembers is the last boundary. So a run that starts again at a boundary, with
//! [`ShotCutter::warm_up_frames`] pictures before it, decides as an uninterrupted run does, bit by bit.

mod cut;
mod cutter;
mod dissolve;
mod fade;
mod likeness;
mod params;
#[cfg(test)]
mod tests;

pub use cutter::{Boundary, Progress, ShotCutter};
pub use params::{Detect, DissolveParams, FadeParams, Params};
