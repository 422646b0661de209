//! Knows people by their voices: prints of what they sound like, kept across episodes, and whose voice one is like.
//!
//! A print is made of speech that a person said is somebody's, not of what a run made of it, so it holds when voices are told apart anew. A
//! voice belongs to the person whose print is nearest, if it is near enough and clearly nearer than anybody else's; belief in it is a
//! logistic function of both cosines (calibration after Brümmer and du Preez 2006, "Application-independent evaluation of speaker
//! detection", here of two numbers instead of one).

mod bank;
mod params;
mod print;
#[cfg(test)]
mod tests;

pub use bank::{Bank, Doubted, Likeness};
pub use params::Params;
pub use print::{Heard, print, voices};
