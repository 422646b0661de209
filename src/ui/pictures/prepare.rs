//! From a stored JPEG to the pixels that are shown.

use super::Kind;
use crate::config::PictureParams;
use image::imageops::{FilterType, crop_imm, resize};
use image::{Rgb, RgbImage};

/// Pixels of a picture before it becomes cells or bytes.
pub(super) fn decode(jpeg: &[u8]) -> Option<RgbImage> {
    let picture = image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).ok()?.into_rgb8();
    (picture.width() > 0 && picture.height() > 0).then_some(picture)
}

/// How a face is cut for block characters: tight; for graphics: as much as there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cut {
    Tight,
    Loose,
}

/// Cuts the part of `picture` that is shown in an area of `aspect` (width / height).
pub(super) fn cut(picture: &RgbImage, kind: Kind, cut: Cut, aspect: f64, params: &PictureParams) -> RgbImage {
    if kind == Kind::Whole {
        return picture.clone();
    }
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let share = if cut == Cut::Tight { params.tight_share.clamp(0.1, 1.0) } else { 1.0 };
    let shown_height = (height * share).min(width / aspect).max(1.0);
    let shown_width = (shown_height * aspect).min(width).max(1.0);
    let (x, y) = ((width - shown_width) / 2.0, (height - shown_height) / 2.0);
    crop_imm(picture, whole(x), whole(y), whole(shown_width).max(1), whole(shown_height).max(1)).to_image()
}

/// Scales to exactly `width` x `height` pixels.
pub(super) fn scale(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    resize(picture, width.max(1), height.max(1), FilterType::Lanczos3)
}

/// Brings dark and bright ends apart and the middle to the middle, and sharpens what scaling down blurred; for the eye only.
pub(super) fn for_the_eye(picture: &mut RgbImage) {
    stretch(picture);
    *picture = image::imageops::unsharpen(picture, 0.8, 1);
}

/// Brightness of a pixel as BT.601 has it, `0..=255`.
fn luma(pixel: Rgb<u8>) -> f64 {
    let [r, g, b] = pixel.0.map(f64::from);
    0.299 * r + 0.587 * g + 0.114 * b
}

fn stretch(picture: &mut RgbImage) {
    let mut lumas: Vec<f64> = picture.pixels().copied().map(luma).collect();
    lumas.sort_by(f64::total_cmp);
    let at = |share: f64| lumas.get(usize_of(share * (lumas.len().saturating_sub(1)) as f64)).copied().unwrap_or(0.0);
    let (low, high) = (at(0.02), at(0.98));
    let gain = (245.0 / (high - low).max(1.0)).clamp(1.0, 2.5);
    for pixel in picture.pixels_mut() {
        pixel.0 = pixel.0.map(|c| byte((f64::from(c) - low) * gain + 6.0));
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and clamped to the range before")]
fn byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of pictures, never negative and far below 2^32"
)]
fn whole(value: f64) -> u32 {
    value.round().max(0.0) as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length it was made of")]
fn usize_of(value: f64) -> usize {
    value.max(0.0) as usize
}
