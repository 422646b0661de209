//! Turns weights as package registries carry them into ONNX files: bytes in, bytes out.
//!
//! Nothing here reads a file or runs what it reads. The same members give the same bytes on every machine, so that
//! `models/manifest.toml` can pin their digests.

mod error;
mod faceapi;
mod ge2e;
pub(crate) mod graph;
mod mtcnn;
mod onnx;
mod pickle;
mod recipe;
#[cfg(test)]
pub(crate) mod tests;
mod tfjs;
mod torch;

pub use error::ConvertError;
pub use recipe::{Recipe, convert};
