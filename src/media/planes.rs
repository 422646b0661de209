//! The planes of a frame as rows of bytes.
#![expect(unsafe_code, reason = "frame memory belongs to ffmpeg and is reached through its pointers and strides")]

use super::frame::{Field, descriptor};
use ffmpeg_next::ffi;
use ffmpeg_next::frame::Video;
use std::marker::PhantomData;

/// Where the samples of one component lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Component {
    plane: usize,
    /// Bytes from one sample to the next.
    step: usize,
    /// Bytes before the first one.
    offset: usize,
    shift: u32,
}

/// How a pixel format lays out luma and chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    luma: Component,
    chroma: Option<[Component; 2]>,
    /// Binary logarithm of the luma columns and rows per chroma sample.
    pub log2_chroma: (u32, u32),
    /// Bits of a sample, 8 to 16.
    pub depth: u32,
    /// The format's name says full range (`yuvj420p`), or it is a grey one without any such notion.
    pub full_range: bool,
}

impl Layout {
    /// Reads ffmpeg's description; `None` for formats that are not YUV or grey of 8 to 16 bits in this byte order, evenly spaced.
    pub(super) fn of(format: i32) -> Option<Self> {
        let d = descriptor(format)?;
        let has = |flag: i32| d.flags & u64::from(flag.unsigned_abs()) != 0;
        let strange = [
            ffi::AV_PIX_FMT_FLAG_PAL,
            ffi::AV_PIX_FMT_FLAG_BITSTREAM,
            ffi::AV_PIX_FMT_FLAG_HWACCEL,
            ffi::AV_PIX_FMT_FLAG_RGB,
            ffi::AV_PIX_FMT_FLAG_BAYER,
            ffi::AV_PIX_FMT_FLAG_FLOAT,
        ];
        // SAFETY: descriptors are static and their names end in a zero byte.
        let name = unsafe { std::ffi::CStr::from_ptr(d.name) }.to_bytes();
        let is_grey = d.nb_components <= 2;
        let depth = u32::try_from(d.comp[0].depth).ok()?;
        if strange.into_iter().any(has) || !(8..=16).contains(&depth) || name.starts_with(b"xyz") {
            return None;
        }
        if depth > 8 && has(ffi::AV_PIX_FMT_FLAG_BE) != cfg!(target_endian = "big") {
            return None;
        }
        let component = |i: usize| -> Option<Component> {
            let c = &d.comp[i];
            if u32::try_from(c.depth).ok()? != depth {
                return None;
            }
            Some(Component {
                plane: usize::try_from(c.plane).ok().filter(|p| *p < 4)?,
                step: usize::try_from(c.step).ok().filter(|s| *s > 0)?,
                offset: usize::try_from(c.offset).ok()?,
                shift: u32::try_from(c.shift).ok().filter(|s| *s < 16)?,
            })
        };
        let luma = component(0)?;
        let chroma = if is_grey { None } else { Some([component(1)?, component(2)?]) };
        // In packed formats the samples of a row must lie as evenly as those of a plane.
        let even = |c: &Component| c.plane != luma.plane || c.step == luma.step << d.log2_chroma_w;
        if !chroma.iter().flatten().all(even) {
            return None;
        }
        Some(Self {
            luma,
            chroma,
            log2_chroma: (d.log2_chroma_w.into(), d.log2_chroma_h.into()),
            depth,
            full_range: is_grey || name.starts_with(b"yuvj"),
        })
    }
}

/// One component of a frame, or of one field of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane<'a> {
    first: *const u8,
    stride: isize,
    step: usize,
    shift: u32,
    mask: u16,
    pub width: usize,
    pub height: usize,
    frame: PhantomData<&'a Video>,
}

/// The samples of one row, by how they are stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row<'a> {
    /// One byte a sample.
    Bytes(&'a [u8]),
    /// One byte in every `step`, from the first on.
    Spread(&'a [u8], usize),
    /// Two bytes in every `step`, to be shifted down and masked.
    Words(&'a [u8], usize, u32, u16),
}

impl Row<'_> {
    /// Returns the samples one by one, whatever lies between them.
    pub(super) fn samples(&self) -> Vec<u16> {
        match *self {
            Row::Bytes(bytes) => bytes.iter().map(|&b| b.into()).collect(),
            Row::Spread(bytes, step) => bytes.iter().step_by(step).map(|&b| b.into()).collect(),
            Row::Words(bytes, step, shift, mask) => {
                let word = |pair: &[u8]| (u16::from_ne_bytes([pair[0], pair[1]]) >> shift) & mask;
                bytes.chunks(step).map(word).collect()
            }
        }
    }
}

impl<'a> Plane<'a> {
    /// Returns row `y`; rows past the last one give the last one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more inside functions for newer instructions")]
    pub(super) fn row(&self, y: usize) -> Row<'a> {
        let y = isize::try_from(y.min(self.height - 1)).unwrap_or(0);
        let sample = if self.mask > 0xff { 2 } else { 1 };
        let len = (self.width - 1) * self.step + sample;
        // SAFETY: `planes` checked that the frame has this plane; ffmpeg allocates every row of it with at least the samples
        // that width, step and depth ask for, and keeps them unchanged while the frame is borrowed for 'a.
        let bytes = unsafe { std::slice::from_raw_parts(self.first.offset(y * self.stride), len) };
        match (sample, self.step) {
            (1, 1) => Row::Bytes(bytes),
            (1, step) => Row::Spread(bytes, step),
            (_, step) => Row::Words(bytes, step, self.shift, self.mask),
        }
    }

    fn field(mut self, field: Field) -> Self {
        if self.height < 2 {
            return self;
        }
        if field == Field::Bottom {
            // SAFETY: the plane has at least two rows, so the second one is inside it.
            self.first = unsafe { self.first.offset(self.stride) };
            self.height /= 2;
        } else {
            self.height = self.height.div_ceil(2);
        }
        self.stride *= 2;
        self
    }
}

/// Luma and, unless the picture is grey, Cb and Cr.
#[derive(Debug)]
pub(super) struct Planes<'a> {
    pub luma: Plane<'a>,
    pub chroma: Option<[Plane<'a>; 2]>,
}

/// Returns the planes of a frame in the given layout, `None` where the frame lacks one of them.
pub(super) fn planes<'a>(frame: &'a Video, layout: &Layout) -> Option<Planes<'a>> {
    let (width, height) = (usize::try_from(frame.width()).ok()?, usize::try_from(frame.height()).ok()?);
    let plane = |c: Component, log2: (u32, u32)| -> Option<Plane<'a>> {
        // SAFETY: the frame is valid while borrowed, and both arrays have eight entries while `c.plane` is below four.
        let (data, stride) = unsafe { ((*frame.as_ptr()).data[c.plane], (*frame.as_ptr()).linesize[c.plane]) };
        let (width, height) = (width.div_ceil(1 << log2.0), height.div_ceil(1 << log2.1));
        let stride = isize::try_from(stride).ok()?;
        let needed = c.offset + (width.checked_sub(1)?) * c.step + usize::from(layout.depth > 8) + 1;
        if data.is_null() || height == 0 || stride.unsigned_abs() < needed {
            return None;
        }
        // SAFETY: the offset is that of a sample inside the first row, as checked above.
        let first = unsafe { data.add(c.offset) }.cast_const();
        let mask = u16::MAX >> (16 - layout.depth);
        Some(Plane { first, stride, step: c.step, shift: c.shift, mask, width, height, frame: PhantomData })
    };
    let chroma = match layout.chroma {
        Some([cb, cr]) => Some([plane(cb, layout.log2_chroma)?, plane(cr, layout.log2_chroma)?]),
        None => None,
    };
    Some(Planes { luma: plane(layout.luma, (0, 0))?, chroma })
}

impl Planes<'_> {
    /// Returns every second row, from the field's first on.
    pub(super) fn field(self, field: Field) -> Self {
        Self { luma: self.luma.field(field), chroma: self.chroma.map(|c| c.map(|p| p.field(field))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ffmpeg_next::format::Pixel;

    #[test]
    fn words_with_their_bits_at_the_top_and_woven_chroma_are_read() {
        let mut frame = Video::new(Pixel::P010LE, 4, 2);
        let facts = super::super::frame::FrameFacts::of(&frame);
        for (plane, words) in [(0, [1_u16, 2, 1023, 4]), (1, [100, 900, 101, 901])] {
            for (bytes, word) in frame.data_mut(plane).chunks_exact_mut(2).zip(words) {
                bytes.copy_from_slice(&(word << 6).to_le_bytes());
            }
        }
        let layout = Layout::of(facts.format).unwrap();
        assert_eq!((layout.depth, layout.log2_chroma, layout.full_range), (10, (1, 1), false));
        let planes = planes(&frame, &layout).unwrap();
        assert_eq!(planes.luma.row(0).samples(), [1, 2, 1023, 4]);
        let [cb, cr] = planes.chroma.unwrap();
        assert_eq!((cb.row(0).samples(), cr.row(9).samples()), (vec![100, 101], vec![900, 901]));
    }

    #[test]
    fn a_field_is_every_second_row() {
        let mut frame = Video::new(Pixel::GRAY8, 3, 5);
        let (stride, facts) = (frame.stride(0), super::super::frame::FrameFacts::of(&frame));
        for (row, value) in frame.data_mut(0).chunks_mut(stride).zip(0..) {
            row.fill(value);
        }
        let layout = Layout::of(facts.format).unwrap();
        let rows = |field: Field| -> Vec<u16> {
            let luma = planes(&frame, &layout).unwrap().field(field).luma;
            (0..luma.height).map(|y| luma.row(y).samples()[0]).collect()
        };
        assert_eq!((rows(Field::Top), rows(Field::Bottom)), (vec![0, 2, 4], vec![1, 3]));
    }
}
