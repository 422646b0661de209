//! RGB at any size and position, straight from the planes.
//!
//! Only the rows and columns that are asked for become RGB ([`rows`]), and those are interpolated with two taps an axis: the same as
//! `cv2.resize(INTER_LINEAR)` or `cv2.warpAffine` of swscale's RGB picture, without making that picture. Each pixel has the
//! chroma of its group, as in swscale's usual converter; chroma is not interpolated.
//! Shrinking by more than [`MOST_STEP`] averages several such samples per pixel, since two taps would alias.
//! Results do not depend on the machine's vector width: every step is element by element, in one order.

mod bent;
mod rows;
mod straight;

pub(super) use rows::Fixed;

use super::colour::{Colour, Matrix};
use super::frame::Field;
use super::planes::Planes;
use crate::domain::{Affine, RgbImage, Size};

/// Source pixels per sample above which more samples are taken.
const MOST_STEP: f64 = 3.0;

/// What the sampler reads from.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// Planes of the frame, or of one field of it.
    pub planes: Planes<'a>,
    pub field: Option<Field>,
    /// Size of the whole frame.
    pub stored: Size,
    pub log2_chroma: (u32, u32),
    pub colour: Colour,
}

/// Fills `out` pixels; `map` leads from their continuous coordinates to those of the stored frame. Black outside the frame.
pub(super) fn sample(source: &Source<'_>, out: Size, map: &Affine) -> RgbImage {
    if is_zero(map.b) && is_zero(map.c) {
        return straight::sample(source, out, map);
    }
    if is_zero(map.a) && is_zero(map.d) {
        let turned = Affine { a: map.b, b: map.a, tx: map.tx, c: map.d, d: map.c, ty: map.ty };
        return transpose(&straight::sample(source, Size { width: out.height, height: out.width }, &turned));
    }
    bent::sample(source, out, map)
}

fn is_zero(v: f64) -> bool {
    v.abs() < 1e-12
}

impl Source<'_> {
    /// Returns the map from the stored frame to the rows that are read: the frame's, or one field's.
    fn to_rows(&self) -> Affine {
        // In a field, line k is the frame's line 2k or 2k + 1.
        match self.field {
            None => Affine::IDENTITY,
            Some(Field::Top) => Affine { d: 0.5, ty: 0.25, ..Affine::IDENTITY },
            Some(Field::Bottom) => Affine { d: 0.5, ty: -0.25, ..Affine::IDENTITY },
        }
    }
}

/// Samples per pixel along one axis for a step of `step` source pixels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn taps_for(step: f64) -> usize {
    (step.abs() / MOST_STEP - 1e-9).ceil().clamp(1.0, 64.0) as usize
}

fn usize_of(v: u32) -> usize {
    usize::try_from(v).unwrap_or(usize::MAX)
}

fn clamp(v: i64, size: usize) -> usize {
    usize::try_from(v).unwrap_or(0).min(size - 1)
}

impl Matrix {
    /// Returns R'G'B' in 0..=255, not clipped.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    fn rgb(&self, y: f32, u: f32, v: f32) -> [f32; 3] {
        let luma = y * self.luma;
        [
            luma + v * self.cr_red + self.offset[0],
            luma + u * self.cb_green + v * self.cr_green + self.offset[1],
            luma + u * self.cb_blue + self.offset[2],
        ]
    }
}

/// Rounds and clips to a byte.
#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn byte(v: f32) -> u8 {
    (v + 0.5).clamp(0.0, 255.0) as u8
}

fn transpose(image: &RgbImage) -> RgbImage {
    let mut out = RgbImage::black(Size { width: image.height, height: image.width });
    let (w, h) = (usize_of(image.width), usize_of(image.height));
    for (y, row) in image.data.chunks_exact((w * 3).max(1)).enumerate() {
        for (x, p) in row.chunks_exact(3).enumerate() {
            let at = (x * h + y) * 3;
            out.data[at..at + 3].copy_from_slice(p);
        }
    }
    out
}
