//! Three networks of the npm package `@vladmandic/face-api` 1.7.15: dlib's face embedder, an SSD face detector, 68 landmarks.
//!
//! Their quantised weights stay `u8` in the model: the values are the same, at a quarter of the size.

mod embedder;
mod landmarks;
mod net;
mod ssd;

pub(super) use embedder::convert as embedder;
pub(super) use landmarks::convert as landmarks;
pub(super) use ssd::convert as ssd;

/// A file's name and contents.
type Member<'a> = (&'a str, &'a [u8]);
