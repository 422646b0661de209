//! From a stored JPEG to the pixels that are shown.

use super::Kind;
use crate::config::PictureParams;
use image::imageops::{FilterType, crop_imm, fast_blur, resize};
use image::{ImageBuffer, Luma, Rgb, RgbImage};

/// Whether a face is cut tight, as block characters need it, or shown with all that the thumbnail has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Tight,
    Loose,
}

/// Cells that a picture fills inside those that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inner {
    pub x: u16,
    pub y: u16,
    pub columns: u16,
    pub rows: u16,
}

/// Returns the pixels of a JPEG, unless it cannot be read.
pub(super) fn decode(jpeg: &[u8]) -> Option<RgbImage> {
    let picture = image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).ok()?.into_rgb8();
    (picture.width() > 0 && picture.height() > 0).then_some(picture)
}

/// Cuts what is shown of `picture`, and says which of `cells` it fills; `cell` is a cell's size in pixels.
///
/// A face fills all of them, cut to their proportions around its middle, where the thumbnail has the face. A whole picture keeps
/// its proportions and fills as many as it can.
pub(super) fn cut(
    picture: &RgbImage,
    kind: Kind,
    cut: Cut,
    (columns, rows): (u16, u16),
    cell: (u16, u16),
    params: &PictureParams,
) -> (RgbImage, Inner) {
    let (cell_width, cell_height) = (f64::from(cell.0.max(1)), f64::from(cell.1.max(1)));
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let (wide, high) = (f64::from(columns) * cell_width, f64::from(rows) * cell_height);
    match kind {
        Kind::Face => {
            let aspect = wide / high;
            let share = if cut == Cut::Tight { params.tight_share.clamp(0.1, 1.0) } else { 1.0 };
            let shown_height = (height * share).min(width / aspect);
            let shown_width = (shown_height * aspect).min(width);
            let (x, y) = ((width - shown_width) / 2.0, (height - shown_height) / 2.0);
            let part = crop_imm(picture, whole(x), whole(y), whole(shown_width).max(1), whole(shown_height).max(1));
            (part.to_image(), Inner { x: 0, y: 0, columns, rows })
        }
        Kind::Portrait | Kind::Whole => {
            let gain = (wide / width).min(high / height);
            let fit = |pixels: f64, size: f64, most: u16| cells(pixels * gain / size).clamp(1, most.max(1));
            let (inner_columns, inner_rows) = (fit(width, cell_width, columns), fit(height, cell_height, rows));
            let inner = Inner {
                x: columns.saturating_sub(inner_columns) / 2,
                y: rows.saturating_sub(inner_rows) / 2,
                columns: inner_columns,
                rows: inner_rows,
            };
            (picture.clone(), inner)
        }
    }
}

/// Scales to exactly `width` x `height` pixels.
pub(super) fn scale(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    resize(picture, width.max(1), height.max(1), FilterType::CatmullRom)
}

/// Scales to at most `width` x `height` pixels and never up: what the terminal can do itself need not be sent.
pub(super) fn scale_down(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let gain = (f64::from(width) / f64::from(picture.width())).min(f64::from(height) / f64::from(picture.height()));
    if gain >= 1.0 {
        return picture.clone();
    }
    scale(picture, whole(f64::from(picture.width()) * gain), whole(f64::from(picture.height()) * gain))
}

/// Brings the face's brightness to the range that the eye reads best; colours follow by half. Only for the eye: no model sees it.
///
/// Brightness is taken from the middle ellipse, where the face is, so that a window behind it does not decide.
pub(super) fn light(picture: &mut RgbImage, params: &PictureParams) {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let mut lumas: Vec<f64> = picture
        .enumerate_pixels()
        .filter(|(x, y, _)| off_middle(f64::from(*x) / width, f64::from(*y) / height) < 1.0)
        .map(|(.., pixel)| luma(*pixel))
        .collect();
    lumas.sort_by(f64::total_cmp);
    let at = |share: f64| lumas.get(index(share * lumas.len() as f64)).copied().unwrap_or(0.0);
    let (low, middle, high) = (at(0.02), at(0.5), at(0.98));
    let gain = (params.light_span / (high - low).max(1.0)).clamp(1.0, params.light_gain.max(1.0));
    let straight = |l: f64| ((l - low) * gain + (255.0 - params.light_span) / 3.0).clamp(0.0, 255.0) / 255.0;
    let bend = (params.light_middle.ln() / straight(middle).clamp(0.02, 0.98).ln()).clamp(0.75, 1.2);
    for pixel in picture.pixels_mut() {
        let before = luma(*pixel);
        let after = 255.0 * straight(before).powf(bend);
        let colour = (after / before.max(8.0)).clamp(0.2, 3.0).sqrt();
        pixel.0 = pixel.0.map(|c| byte(after + (f64::from(c) - before) * colour));
    }
}

/// Lets the background step back: darker and greyer the further from the middle ellipse; `strength` is `0..=1`.
pub(super) fn dim_background(picture: &mut RgbImage, strength: f64) {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let off = off_middle(f64::from(x) / width, f64::from(y) / height);
        let keep = 1.0 - strength * (1.0 - 1.0 / (1.0 + ((off - 1.45) * 5.0).exp()));
        pixel.0 = pixel.0.map(|c| byte(f64::from(c) * keep));
    }
}

/// Makes brightness steps of about `radius` pixels steeper by `strength`, so that they survive scaling down.
pub(super) fn sharpen(picture: &mut RgbImage, radius: f64, strength: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "brightness of 0 to 1, where `image` clamps 32-bit floats, and a radius of a few pixels"
    )]
    let narrow = |x: f64| x as f32;
    let lumas: ImageBuffer<Luma<f32>, Vec<f32>> =
        ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| Luma([narrow(luma(*picture.get_pixel(x, y)) / 255.0)]));
    let blurred = fast_blur(&lumas, narrow(radius.max(0.3)));
    for ((pixel, sharp), soft) in picture.pixels_mut().zip(lumas.pixels()).zip(blurred.pixels()) {
        let add = 255.0 * strength * f64::from(sharp.0[0] - soft.0[0]);
        pixel.0 = pixel.0.map(|c| byte(f64::from(c) + add));
    }
}

/// How far outside the ellipse of a face in its thumbnail a place is, `x` and `y` in `0..=1`: below 1 inside.
fn off_middle(x: f64, y: f64) -> f64 {
    ((x - 0.5) / 0.36).powi(2) + ((y - 0.5) / 0.46).powi(2)
}

/// Brightness of a pixel as BT.601 has it, `0..=255`.
fn luma(pixel: Rgb<u8>) -> f64 {
    let [r, g, b] = pixel.0.map(f64::from);
    0.299 * r + 0.587 * g + 0.114 * b
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and clamped to the range before")]
fn byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a picture, never negative")]
fn whole(value: f64) -> u32 {
    value.round().max(0.0) as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range before")]
fn cells(value: f64) -> u16 {
    value.round().clamp(0.0, f64::from(u16::MAX)) as u16
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
fn index(value: f64) -> usize {
    value.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;

    fn params() -> PictureParams {
        Layers::defaults().settings().unwrap().pictures
    }

    fn gradient(width: u32, height: u32, low: u8, high: u8) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| {
            let value = u32::from(low) + u32::from(high - low) * x / (width - 1);
            Rgb([u8::try_from(value).unwrap(); 3])
        })
    }

    fn size_of(kind: Kind, how: Cut, cells: (u16, u16)) -> ((u32, u32), Inner) {
        let (part, inner) = cut(&RgbImage::new(112, 140), kind, how, cells, (9, 18), &params());
        (part.dimensions(), inner)
    }

    #[test]
    fn a_face_is_cut_to_the_proportions_of_its_cells() {
        let (square, inner) = size_of(Kind::Face, Cut::Loose, (12, 6));
        assert_eq!(square, (112, 112));
        assert_eq!(inner, Inner { x: 0, y: 0, columns: 12, rows: 6 });
        let (upright, _) = size_of(Kind::Face, Cut::Loose, (8, 5));
        assert_eq!(upright, (112, 140));
        let (tight, _) = size_of(Kind::Face, Cut::Tight, (8, 5));
        assert_eq!(tight, (95, 119), "85 % of both");
    }

    #[test]
    fn a_whole_picture_keeps_its_proportions_in_the_middle() {
        let (all, inner) = size_of(Kind::Whole, Cut::Tight, (40, 10));
        assert_eq!(all, (112, 140));
        assert_eq!(inner, Inner { x: 12, y: 0, columns: 16, rows: 10 });
        let (_, inner) = size_of(Kind::Portrait, Cut::Tight, (1, 1));
        assert_eq!((inner.columns, inner.rows), (1, 1));
    }

    #[test]
    fn a_dark_face_becomes_light_and_a_light_one_stays() {
        let mean = |p: &RgbImage| p.pixels().map(|p| luma(*p)).sum::<f64>() / f64::from(p.width() * p.height());
        let mut dark = gradient(100, 120, 10, 70);
        light(&mut dark, &params());
        assert!((80.0..150.0).contains(&mean(&dark)), "{}", mean(&dark));
        let mut good = gradient(100, 120, 5, 245);
        let before = mean(&good);
        light(&mut good, &params());
        assert!((mean(&good) - before).abs() < 25.0, "{} {before}", mean(&good));
    }

    #[test]
    fn plain_pictures_stay_plain() {
        for value in [0, 128, 255] {
            let mut plain = RgbImage::from_pixel(30, 40, Rgb([value; 3]));
            light(&mut plain, &params());
            sharpen(&mut plain, 3.0, 1.0);
            assert!(plain.pixels().all(|p| p == plain.get_pixel(0, 0)), "{value}");
        }
    }

    #[test]
    fn sharpening_makes_an_edge_steeper_and_leaves_flat_parts_alone() {
        let mut edge = RgbImage::from_fn(60, 20, |x, _| Rgb([if x < 30 { 100 } else { 150 }; 3]));
        sharpen(&mut edge, 2.0, 1.0);
        let at = |x: u32| edge.get_pixel(x, 10).0[0];
        assert!(at(29) < 95 && at(30) > 155, "{} {}", at(29), at(30));
        assert_eq!((at(2), at(57)), (100, 150));
    }

    #[test]
    fn the_background_steps_back_and_the_face_does_not() {
        let mut plain = RgbImage::from_pixel(100, 125, Rgb([200; 3]));
        dim_background(&mut plain, 0.4);
        assert_eq!(plain.get_pixel(50, 62).0, [200; 3]);
        assert!(plain.get_pixel(0, 0).0[0] <= 125);
    }

    #[test]
    fn nothing_is_scaled_up_before_it_is_sent() {
        assert_eq!(scale_down(&RgbImage::new(112, 112), 200, 200).dimensions(), (112, 112));
        assert_eq!(scale_down(&RgbImage::new(112, 140), 56, 200).dimensions(), (56, 70));
    }

    #[test]
    fn what_is_no_jpeg_is_no_picture() {
        assert!(decode(b"").is_none());
        assert!(decode(b"\xff\xd8\xff\xe0 torn").is_none());
    }
}
