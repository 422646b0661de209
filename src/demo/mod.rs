//! A short episode of invented people, drawn and voiced by the program itself: something to measure on a machine that has nothing.
//!
//! Heads are bodies of blended eggs, balls and rods (`shape`) turned into triangles (`figure`), with eyes and mouths painted
//! on point by point (`face`), lit by a lamp (`light`) and drawn with depth (`canvas`). Voices come from a formant
//! synthesiser (`voice`). Everything follows `script`; nothing is random, no clock is read, and no picture of anybody was used.

mod backdrop;
mod canvas;
mod cast;
mod episode;
mod face;
mod figure;
mod light;
mod look;
mod motion;
mod noise;
mod script;
mod shape;
mod sketch;
mod stage;
mod surface;
mod truth;
mod vector;
mod voice;

pub use episode::{Episode, Part};
pub use sketch::sketch;
pub use truth::EpisodeTruth;

/// Returns the names of the people, in the order of [`Episode::portrait`].
#[must_use]
pub fn names() -> Vec<&'static str> {
    cast::CAST.iter().map(|p| p.name).collect()
}
