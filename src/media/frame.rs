//! What one decoded frame says about itself.
#![expect(
    unsafe_code,
    reason = "ffmpeg-next turns stream-controlled numbers into Rust enums, which must never see an unknown value"
)]

use super::geometry::{Orientation, read_matrix};
use crate::domain::Size;
use ffmpeg_next::frame::Video;
use ffmpeg_next::{ffi, frame};
use std::ffi::CStr;
use std::ptr;

/// Facts of a frame; colour facts are the code points of ISO/IEC 23091-2, as numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FrameFacts {
    pub size: Size,
    /// `AVPixelFormat` as a number.
    pub format: i32,
    pub matrix: i32,
    pub transfer: i32,
    pub primaries: i32,
    /// 0 not told, 1 studio, 2 full.
    pub range: i32,
    /// The field that is shown first, of an interlaced frame.
    pub field: Option<Field>,
    /// The decoder marked it as damaged.
    pub damaged: bool,
    pub stamp: Option<i64>,
    /// Ticks, 0 where unknown.
    pub length: i64,
    pub pixel_aspect: Option<f64>,
    pub orientation: Option<Orientation>,
}

/// One half of an interlaced frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Lines 0, 2, 4, ...
    Top,
    /// Lines 1, 3, 5, ...
    Bottom,
}

impl FrameFacts {
    pub(super) fn of(frame: &Video) -> Self {
        let field = frame.is_interlaced().then(|| if frame.is_top_first() { Field::Top } else { Field::Bottom });
        let side = frame.side_data(frame::side_data::Type::DisplayMatrix);
        // SAFETY: the frame is valid while borrowed. Enum fields are 32 bits wide in C and are read as such, since a damaged
        // stream may hold values that the enum does not name.
        unsafe {
            let f = frame.as_ptr();
            let aspect = (*f).sample_aspect_ratio;
            Self {
                size: Size { width: frame.width(), height: frame.height() },
                format: (*f).format,
                matrix: ptr::addr_of!((*f).colorspace).cast::<i32>().read(),
                transfer: ptr::addr_of!((*f).color_trc).cast::<i32>().read(),
                primaries: ptr::addr_of!((*f).color_primaries).cast::<i32>().read(),
                range: ptr::addr_of!((*f).color_range).cast::<i32>().read(),
                field,
                damaged: (*f).flags & ffi::AV_FRAME_FLAG_CORRUPT != 0 || (*f).decode_error_flags != 0,
                stamp: frame.timestamp(),
                length: frame.packet().duration,
                pixel_aspect: (aspect.num > 0 && aspect.den > 0).then(|| f64::from(aspect.num) / f64::from(aspect.den)),
                orientation: side.and_then(|d| read_matrix(d.data())).map(|m| Orientation::from_matrix(&m)),
            }
        }
    }

    /// Returns ffmpeg's name of the pixel format.
    pub(super) fn format_name(&self) -> String {
        descriptor(self.format).map_or_else(
            || format!("format {}", self.format),
            // SAFETY: descriptors are static and their names end in a zero byte.
            |d| unsafe { CStr::from_ptr(d.name) }.to_string_lossy().into_owned(),
        )
    }
}

/// Returns ffmpeg's description of a pixel format.
pub(super) fn descriptor(format: i32) -> Option<&'static ffi::AVPixFmtDescriptor> {
    let mut found: *const ffi::AVPixFmtDescriptor = ptr::null();
    loop {
        // SAFETY: the list of descriptors is static; null starts it and ends it.
        unsafe {
            found = ffi::av_pix_fmt_desc_next(found);
            let known = found.as_ref()?;
            // The id is read as a number, so that no enum value is made up here.
            let id = ffi::av_pix_fmt_desc_get_id(found);
            if ptr::addr_of!(id).cast::<i32>().read() == format {
                return Some(known);
            }
        }
    }
}
