//! Turns weights as package registries carry them into ONNX files: bytes in, bytes out.
//!
//! Nothing here reads a file or runs what it reads. The same members give the same bytes on every machine, so that
//! `models/manifest.toml` can pin their digests.

mod error;
// So far only tests write models.
#[cfg(test)]
pub(crate) mod graph;
#[cfg(test)]
mod onnx;

pub use error::ConvertError;
