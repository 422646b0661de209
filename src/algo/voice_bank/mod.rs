//! Knows people by their voices: prints of what they sound like, kept across episodes, and whose voice one is like.
//!
//! A print is made of speech that a person said is somebody's, not of what a run made of it, so it holds when voices are told apart anew. A
//! voice belongs to the person whose print is nearest, if it is near enough and clearly nearer than anybody else's. Belief that it is
//! theirs is `1 / (1 + exp((even - c) / width)) * exp(c / lead) / sum of exp(c_i / lead)` over everybody's nearest cosine `c_i`: near enough at
//! all, times nearer than the others. Its three numbers are set by hand on recordings, not fitted (`config/audio.toml`).

mod bank;
mod params;
mod print;
#[cfg(test)]
mod tests;

pub use bank::{Bank, Doubted, Likeness};
pub use params::Params;
pub use print::{Heard, print, voices};
