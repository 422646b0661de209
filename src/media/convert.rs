//! Pixel formats that the sampler does not read are turned into one that it does.
#![expect(unsafe_code, reason = "ffmpeg-next has no call for swscale's colour settings")]

use super::colour::matrix_code;
use super::frame::{FrameFacts, descriptor};
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use ffmpeg_next::software::scaling::{Context, Flags};

const BT709: i32 = 1;
const FULL: i32 = 2;

/// Converts RGB, palettes, packed YUV and the like to full-range BT.709 4:4:4 of the same size.
///
/// Transparency is dropped. `None` where swscale does not know the format either. Costs a few milliseconds at 1080p.
pub(super) fn convert(frame: &Video, facts: &FrameFacts) -> Option<(Video, FrameFacts)> {
    let (w, h) = (frame.width(), frame.height());
    let flags = Flags::BICUBIC | Flags::ACCURATE_RND | Flags::FULL_CHR_H_INP | Flags::FULL_CHR_H_INT;
    let mut context = Context::get(frame.format(), w, h, Pixel::YUV444P, w, h, flags).ok()?;
    let is_rgb = descriptor(facts.format)?.flags & u64::from(ffi::AV_PIX_FMT_FLAG_RGB.unsigned_abs()) != 0;
    let full = i32::from(is_rgb || facts.range == FULL);
    // SAFETY: the context was just made; the coefficient tables are static; 0, 1 and 1 (in 16.16) leave brightness, contrast and
    // saturation alone. A refusal leaves swscale's own settings, which is all that can be had then.
    unsafe {
        let from = ffi::sws_getCoefficients(matrix_code(facts).0);
        let to = ffi::sws_getCoefficients(BT709);
        ffi::sws_setColorspaceDetails(context.as_mut_ptr(), from, full, to, 1, 0, 1 << 16, 1 << 16);
    }
    let mut out = Video::empty();
    context.run(frame, &mut out).ok()?;
    let mut converted = FrameFacts::of(&out);
    converted.matrix = BT709;
    converted.range = FULL;
    converted.transfer = facts.transfer;
    converted.primaries = facts.primaries;
    converted.field = facts.field;
    Some((out, converted))
}
