//! Facts of a video file.

use super::colour::{Hdr, hdr, matrix_name};
use super::container::StreamFacts;
use super::decoder::Decoder;
use super::error::MediaError;
use super::frame::FrameFacts;
use super::geometry::Display;
use super::params::{DecodeParams, Hardware, SkipPolicy};
use crate::domain::{FrameTime, MediaTime, Size};
use std::path::Path;

/// Facts of a video: what the container states, and what the first decoded picture shows to be so.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoInfo {
    /// Displayed size: rotation and sample aspect applied.
    pub size: Size,
    /// Size of the pictures as coded.
    pub stored: Size,
    /// Degrees clockwise by which stored pictures are turned for display: 0, 90, 180, 270.
    pub rotation: u16,
    /// Whether stored pictures are mirrored left to right before they are turned.
    pub mirrored: bool,
    /// Mean pictures a second as the container states it, 0 where it does not.
    pub fps: f64,
    /// Seconds a tick as numerator and denominator.
    pub time_base: (i32, i32),
    /// Time of the first picture.
    pub first_pts: Option<MediaTime>,
    /// Length as the container states it; the pictures' end may differ.
    pub duration: Option<MediaTime>,
    /// Number of pictures as stated or, failing that, reckoned from length and rate.
    pub frames_hint: Option<u64>,
    pub codec: String,
    pub pixel_format: String,
    /// ffmpeg's names of the format, separated by commas.
    pub container: String,
    /// Whether the first picture is interlaced; then one field of each picture is used.
    pub interlaced: bool,
    pub hdr: Option<Hdr>,
    /// Colour matrix in use: `bt601`, `bt709`, `bt2020`, `fcc`, `smpte240m`.
    pub matrix: String,
    /// Whether the stream tells the matrix, or it was assumed.
    pub matrix_told: bool,
    pub has_audio: bool,
}

/// Opens a file, decodes its first picture and tells its facts.
pub fn probe(path: &Path) -> Result<VideoInfo, MediaError> {
    let params = DecodeParams { threads: 1, skip_non_reference: SkipPolicy::Never, hardware: Hardware::Off };
    Ok(Decoder::open(path, &params)?.info().clone())
}

impl VideoInfo {
    pub(super) fn new(stream: &StreamFacts, first: &FrameFacts, display: Display, at: FrameTime) -> Self {
        let (num, den) = stream.time_base;
        let own = stream.duration.map(|d| MediaTime::from_ticks(d, num, den));
        let duration = own.or(stream.file_duration.map(MediaTime));
        let (matrix, matrix_told) = matrix_name(first);
        Self {
            size: display.size,
            stored: first.size,
            rotation: display.orientation.degrees(),
            mirrored: display.orientation.is_mirrored(),
            fps: stream.fps,
            time_base: stream.time_base,
            first_pts: Some(at.pts),
            duration,
            frames_hint: stream.frames.or_else(|| reckon(duration?, stream.fps)),
            codec: stream.codec.clone(),
            pixel_format: first.format_name(),
            container: stream.container.clone(),
            interlaced: first.field.is_some(),
            hdr: hdr(first),
            matrix: matrix.into(),
            matrix_told,
            has_audio: stream.has_audio,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float to integer cast saturates")]
fn reckon(duration: MediaTime, fps: f64) -> Option<u64> {
    let frames = (duration.secs() * fps).round();
    (frames >= 1.0).then_some(frames as u64)
}
