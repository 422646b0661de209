//! Reads and writes video files, their sound too ([`audio`]); the only module that knows ffmpeg.
//!
//! [`Decoder`] hands out [`Picture`]s in presentation order. A picture stays in the decoder's own format and memory;
//! [`Picture::sample`] converts only the pixels that are asked for, at the size and position they are asked for.
//! Positions are those of the displayed picture: rotation and sample aspect are applied on the way, never in memory.

pub mod audio;
mod colour;
mod complaints;
mod container;
mod convert;
mod decoder;
mod error;
mod frame;
mod geometry;
mod numbering;
mod nvdec;
mod on_demand;
mod params;
mod picture;
mod planes;
pub mod play;
mod probe;
mod sample;
mod seek;
mod signature;
mod tone;
mod write;

pub use colour::Hdr;
pub use decoder::{Damage, Decoder};
pub use error::MediaError;
pub use on_demand::OnDemand;
pub use params::{DecodeParams, Hardware, SkipPolicy};
pub use picture::Picture;
pub use probe::{VideoInfo, probe};
pub use write::{VideoWriter, WriteError, Writing};

/// Returns the version of libavcodec that is loaded, such as `libavcodec 59.37.100`.
#[must_use]
pub fn version() -> String {
    let v = ffmpeg_next::codec::version();
    format!("libavcodec {}.{}.{}", v >> 16, (v >> 8) & 0xff, v & 0xff)
}

/// Tells whether FFmpeg can open an NVIDIA GPU to decode on.
///
/// # Errors
/// Says why not.
pub fn gpu_decodes() -> Result<(), String> {
    nvdec::Nvdec::open().map(|_| ())
}

#[cfg(test)]
mod tests;
