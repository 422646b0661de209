//! Brings faces into one position by their five landmarks.
//!
//! Landmarks and templates count pixel centres as whole numbers, as OpenCV and every published template do; maps work on
//! continuous coordinates, where centres lie at half numbers. So half a pixel is added on both sides, and a warp here
//! equals `cv2.warpAffine` with the same template.

use crate::domain::{Affine, Landmarks, Point, RgbImage, Size};

/// Side of the canonical aligned crop, in pixels: the 112 px face template at 1.25 times its size, and 10 px around it.
///
/// The inputs of the 112 and 128 px embedders are cut from inside it; the 150 px one reaches 5 px below it.
pub const CANONICAL_SIDE: u32 = 160;
pub(super) const CANONICAL_SCALE: f64 = 1.25;
pub(super) const CANONICAL_MARGIN: f64 = 10.0;
/// Shrinking by more than this takes more than two taps an axis.
const MOST_TAPPED: f64 = 3.0;

/// Five positions that an embedder was trained on; pixels of its input, centres at whole numbers.
pub type Template = [[f64; 2]; 5];

/// ArcFace, 112x112 (InsightFace).
pub const ARCFACE_112: Template =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];

/// Open Model Zoo face re-identification, 128x128.
pub const OPEN_MODEL_ZOO_128: Template = [
    [0.315_568_75 * 128.0, 0.461_574_10 * 128.0],
    [0.682_622_91 * 128.0, 0.461_574_10 * 128.0],
    [0.500_262_49 * 128.0, 0.640_505_37 * 128.0],
    [0.349_471_87 * 128.0, 0.824_691_95 * 128.0],
    [0.653_436_46 * 128.0, 0.824_691_95 * 128.0],
];

/// dlib, 150x150 with padding 0.25, from its mean face.
pub const DLIB_150: Template = [[47.55, 46.60], [100.48, 46.60], [74.01, 76.56], [50.41, 103.02], [97.61, 103.02]];

/// Finds the turn, uniform scale and shift that bring `from` closest to `to` (least squares, no reflection).
///
/// Umeyama 1991 (IEEE PAMI 13-4); in the plane its singular value decomposition has the closed form used here.
/// `None` for fewer than two points, lists of different lengths, points that are not numbers or all lie in one place.
#[must_use]
pub fn umeyama(from: &[Point], to: &[Point]) -> Option<Affine> {
    let wide = |p: &Point| [f64::from(p.x), f64::from(p.y)];
    similarity(&from.iter().map(wide).collect::<Vec<_>>(), &to.iter().map(wide).collect::<Vec<_>>())
}

/// Maps the canonical crop to the picture that `landmarks` were found in; continuous coordinates on both sides.
///
/// `None` where the landmarks fix no position, such as five equal points.
#[must_use]
pub fn canonical_map(landmarks: &Landmarks) -> Option<Affine> {
    let found: Vec<_> = landmarks.iter().map(|p| [f64::from(p.x) + 0.5, f64::from(p.y) + 0.5]).collect();
    similarity(&found, &canonical_template())?.invert()
}

/// Maps an embedder's input to the canonical crop, so that the face lies on `template`.
#[must_use]
pub fn template_map(template: &Template) -> Option<Affine> {
    similarity(&template.map(centred), &canonical_template())
}

/// Cuts the canonical crop of a face out of a picture of any size.
///
/// Where a face is more than three times as large as the crop, its surroundings are shrunk by whole pixels' means first: two taps would
/// alias. Below that it is the very crop of [`warp`]. `None` where the landmarks fix no position.
#[must_use]
pub fn canonical_crop(image: &RgbImage, landmarks: &Landmarks) -> Option<RgbImage> {
    let (map, size) = (canonical_map(landmarks)?, Size { width: CANONICAL_SIDE, height: CANONICAL_SIDE });
    Some(warp_shrinking(image, &map, size))
}

/// Samples `image` through `map` as [`warp`] does; means of whole pixels are taken first where it shrinks by more than three.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture")]
pub fn warp_shrinking(image: &RgbImage, map: &Affine, size: Size) -> RgbImage {
    let times = map.a.hypot(map.c).floor();
    if times <= MOST_TAPPED {
        return warp(image, map, size);
    }
    let (right, bottom) = (size.width as f32, size.height as f32);
    let corners = [(0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom)].map(|(x, y)| map.apply(Point { x, y }));
    let least = |of: fn(&Point) -> f32| corners.iter().map(of).fold(f32::MAX, f32::min).floor().max(0.0) as u32;
    let most = |of: fn(&Point) -> f32, side: u32| (corners.iter().map(of).fold(0.0, f32::max).ceil() as u32).min(side);
    let (left, top) = (least(|p| p.x), least(|p| p.y));
    let part = cut(image, (left, top), (most(|p| p.x, image.width), most(|p| p.y, image.height)));
    let times = times as u32;
    let to_part = Affine::translate(-f64::from(left), -f64::from(top));
    let shrunk = Affine::scale(1.0 / f64::from(times), 1.0 / f64::from(times));
    warp(&shrink(&part, times), &map.then(&to_part).then(&shrunk), size)
}

/// Shrinks a picture to means of `times` by `times` pixels; rows and columns left over at the end are dropped.
#[must_use]
pub fn shrink(image: &RgbImage, times: u32) -> RgbImage {
    let times = times.max(1);
    let mut out = RgbImage::black(Size { width: image.width / times, height: image.height / times });
    let (row, step, count) = (image.width as usize * 3, times as usize, times * times);
    for (y, line) in out.data.chunks_exact_mut((image.width / times).max(1) as usize * 3).enumerate() {
        for (x, rgb) in line.chunks_exact_mut(3).enumerate() {
            let mut sum = [0u32; 3];
            for source in (y * step..(y + 1) * step).filter_map(|y| image.data.get(y * row + x * step * 3..)) {
                for pixel in source.chunks_exact(3).take(step) {
                    for c in 0..3 {
                        sum[c] += u32::from(pixel[c]);
                    }
                }
            }
            for c in 0..3 {
                rgb[c] = u8::try_from((sum[c] + count / 2) / count).unwrap_or(u8::MAX);
            }
        }
    }
    out
}

/// Copies the pixels from one corner up to another.
fn cut(image: &RgbImage, (left, top): (u32, u32), (right, bottom): (u32, u32)) -> RgbImage {
    let size = Size { width: right.saturating_sub(left), height: bottom.saturating_sub(top) };
    let mut out = RgbImage::black(size);
    let row = image.width as usize * 3;
    for (y, line) in (top as usize..).zip(out.data.chunks_exact_mut((size.width as usize * 3).max(1))) {
        let from = y * row + left as usize * 3;
        if let Some(source) = image.data.get(from..from + line.len()) {
            line.copy_from_slice(source);
        }
    }
    out
}

/// Samples `image` through `map` (output to image) by bilinear interpolation; black outside.
///
/// Equals `cv2.warpAffine` with a constant border to within rounding: OpenCV rounds positions to 1/32 px.
#[must_use]
pub fn warp(image: &RgbImage, map: &Affine, size: Size) -> RgbImage {
    sample(image, map, size, |at, side| usize::try_from(at).ok().filter(|i| *i < side))
}

/// Samples `image` through `map` by bilinear interpolation; the outermost pixels go on outside, as in `cv2.resize`.
#[must_use]
pub fn warp_edge(image: &RgbImage, map: &Affine, size: Size) -> RgbImage {
    sample(image, map, size, |at, side| usize::try_from(at.max(0)).ok().map(|i| i.min(side.saturating_sub(1))))
}

fn centred(p: [f64; 2]) -> [f64; 2] {
    [p[0] + 0.5, p[1] + 0.5]
}

fn canonical_template() -> Template {
    ARCFACE_112.map(|p| centred(p).map(|v| v * CANONICAL_SCALE + CANONICAL_MARGIN))
}

fn similarity(from: &[[f64; 2]], to: &[[f64; 2]]) -> Option<Affine> {
    if from.len() != to.len() || from.len() < 2 {
        return None;
    }
    let mean = |points: &[[f64; 2]]| {
        let n = points.len() as f64;
        points.iter().fold([0.0, 0.0], |m, p| [m[0] + p[0] / n, m[1] + p[1] / n])
    };
    let (mf, mt) = (mean(from), mean(to));
    let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
    for (f, t) in from.iter().zip(to) {
        let (x, y, u, v) = (f[0] - mf[0], f[1] - mf[1], t[0] - mt[0], t[1] - mt[1]);
        along += x * u + y * v;
        across += x * v - y * u;
        spread += x * x + y * y;
    }
    let (a, c) = (along / spread, across / spread);
    let usable = spread > 1e-9 && a.is_finite() && c.is_finite() && a.hypot(c) > 1e-9;
    usable.then(|| Affine { a, b: -c, tx: mt[0] - a * mf[0] + c * mf[1], c, d: a, ty: mt[1] - c * mf[0] - a * mf[1] })
}

/// `tap` turns a whole-pixel position on an axis of the given length into an index, or `None` for black.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255; f64 to i64 saturates")]
fn sample(image: &RgbImage, map: &Affine, size: Size, tap: impl Fn(i64, usize) -> Option<usize>) -> RgbImage {
    let mut out = RgbImage::black(size);
    let (width, height) = (image.width as usize, image.height as usize);
    if width == 0 || height == 0 || image.data.len() < width * height * 3 || size.width == 0 {
        return out;
    }
    let pixel = |x: Option<usize>, y: Option<usize>| -> [f32; 3] {
        let (Some(x), Some(y)) = (x, y) else { return [0.0; 3] };
        let at = (y * width + x) * 3;
        [f32::from(image.data[at]), f32::from(image.data[at + 1]), f32::from(image.data[at + 2])]
    };
    for (row, line) in (0u32..).zip(out.data.chunks_exact_mut(size.width as usize * 3)) {
        let y = f64::from(row) + 0.5;
        for (column, rgb) in (0u32..).zip(line.chunks_exact_mut(3)) {
            let x = f64::from(column) + 0.5;
            let (u, v) = (map.a * x + map.b * y + map.tx - 0.5, map.c * x + map.d * y + map.ty - 0.5);
            let (left, top) = (u.floor(), v.floor());
            let (fx, fy) = ((u - left) as f32, (v - top) as f32);
            let (left, top) = (left as i64, top as i64);
            let (x0, x1) = (tap(left, width), tap(left.saturating_add(1), width));
            let (y0, y1) = (tap(top, height), tap(top.saturating_add(1), height));
            let (p00, p10, p01, p11) = (pixel(x0, y0), pixel(x1, y0), pixel(x0, y1), pixel(x1, y1));
            for i in 0..3 {
                let upper = p00[i] + (p10[i] - p00[i]) * fx;
                let lower = p01[i] + (p11[i] - p01[i]) * fx;
                rgb[i] = (upper + (lower - upper) * fy + 0.5).clamp(0.0, 255.0) as u8;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[expect(clippy::cast_possible_truncation, reason = "positions below 112")]
    fn template() -> Landmarks {
        ARCFACE_112.map(|p| Point { x: p[0] as f32, y: p[1] as f32 })
    }

    fn gradient(width: u32, height: u32) -> RgbImage {
        let mut image = RgbImage::black(Size { width, height });
        for (i, rgb) in image.data.chunks_exact_mut(3).enumerate() {
            let (x, y) = (i % width as usize, i / width as usize);
            rgb.copy_from_slice(&[u8::try_from(x * 4).unwrap(), u8::try_from(y * 4).unwrap(), 9]);
        }
        image
    }

    proptest! {
        #[test]
        fn a_similarity_is_found_again(angle in -3.1f64..3.1, s in 0.2f64..8.0, tx in -300f64..300.0, ty in -300f64..300.0) {
            let truth = Affine { a: s * angle.cos(), b: -s * angle.sin(), tx, c: s * angle.sin(), d: s * angle.cos(), ty };
            let from = template();
            let to = from.map(|p| truth.apply(p));
            let found = umeyama(&from, &to).unwrap();
            for p in from {
                // f32 positions of up to 1200 px carry 1e-4 of rounding.
                prop_assert!(found.apply(p).distance(truth.apply(p)) < 2e-3);
            }
        }
    }

    #[test]
    fn a_mirrored_face_is_turned_or_shrunk_but_never_reflected() {
        let from = template();
        let mirrored = template().map(|p| Point { x: 112.0 - p.x, y: p.y });
        let map = umeyama(&from, &mirrored).unwrap();
        assert!(map.a * map.d - map.b * map.c > 0.0);
    }

    #[test]
    fn landmarks_in_one_place_or_not_numbers_fix_no_position() {
        assert!(canonical_map(&[Point { x: 5.0, y: 5.0 }; 5]).is_none());
        assert!(canonical_map(&[Point { x: f32::NAN, y: 5.0 }; 5]).is_none());
    }

    #[test]
    fn the_canonical_crop_holds_the_template_scaled_and_margined() {
        // A face already on the 112 px template: canonical px / 1.25 - 8 = template px, in continuous coordinates.
        let face = template();
        let at = canonical_map(&face).unwrap().apply(Point { x: 10.0, y: 10.0 });
        assert!(at.distance(Point { x: 0.0, y: 0.0 }) < 1e-3, "{at:?}");
        let far = canonical_map(&face).unwrap().apply(Point { x: 150.0, y: 150.0 });
        assert!(far.distance(Point { x: 112.0, y: 112.0 }) < 1e-3, "{far:?}");
    }

    #[test]
    fn templates_are_cut_from_the_canonical_crop_within_its_edges() {
        for (template, side, over) in [(ARCFACE_112, 112.0, 0.0), (OPEN_MODEL_ZOO_128, 128.0, 0.0), (DLIB_150, 150.0, 5.0)] {
            let map = template_map(&template).unwrap();
            for corner in [(0.0, 0.0), (side, 0.0), (0.0, side), (side, side)] {
                let p = map.apply(Point { x: corner.0, y: corner.1 });
                let inside = 0.0..=CANONICAL_SIDE as f32 + over;
                assert!(inside.contains(&p.x) && inside.contains(&p.y), "{side} {p:?}");
            }
        }
    }

    #[test]
    fn the_identity_changes_nothing_and_outside_is_black() {
        let image = gradient(40, 30);
        assert_eq!(warp(&image, &Affine::IDENTITY, image.size()), image);
        let shifted = warp(&image, &Affine::translate(100.0, 0.0), image.size());
        assert!(shifted.data.iter().all(|v| *v == 0));
        let edge = warp_edge(&image, &Affine::translate(100.0, 0.0), image.size());
        assert_eq!(edge.data[0], 39 * 4);
    }

    #[test]
    fn halfway_between_pixels_is_their_mean() {
        let moved = warp(&gradient(40, 30), &Affine::translate(0.5, 0.0), Size { width: 10, height: 1 });
        assert_eq!(&moved.data[..6], &[2, 0, 9, 6, 0, 9]);
    }

    #[test]
    fn a_large_face_is_shrunk_by_means_and_a_small_one_as_ever() {
        // Stripes of one pixel, which two taps see as black, white or anything between.
        let side = 1400;
        let mut image = RgbImage::black(Size { width: side, height: side });
        for (i, rgb) in image.data.chunks_exact_mut(3).enumerate() {
            rgb.fill(if i % 2 == 0 { 0 } else { 200 });
        }
        let face = |k: f32| template().map(|p| Point { x: 20.0 + p.x * k, y: 20.0 + p.y * k });
        let large = canonical_crop(&image, &face(10.0)).unwrap();
        let middle = &large.data[(80 * 160 + 40) * 3..(80 * 160 + 120) * 3];
        assert!(middle.iter().all(|v| (80..=120).contains(v)), "{middle:?}");
        let map = canonical_map(&face(2.0)).unwrap();
        assert_eq!(canonical_crop(&image, &face(2.0)).unwrap(), warp(&image, &map, large.size()));
    }

    #[test]
    fn shrinking_first_does_not_move_a_face() {
        let image = gradient(60, 60);
        let mut wide = RgbImage::black(Size { width: 600, height: 600 });
        for (i, rgb) in wide.data.chunks_exact_mut(3).enumerate() {
            let (x, y) = (i % 600 / 10, i / 600 / 10);
            rgb.copy_from_slice(&image.data[(y * 60 + x) * 3..][..3]);
        }
        let size = Size { width: 20, height: 20 };
        let map = Affine::scale(2.0, 2.0).then(&Affine::translate(7.0, 9.0));
        let (near, far) = (warp(&image, &map, size), warp_shrinking(&wide, &map.then(&Affine::scale(10.0, 10.0)), size));
        for (a, b) in near.data.iter().zip(&far.data) {
            // Steps of four, seen through another filter.
            assert!(a.abs_diff(*b) <= 3, "{a} {b}");
        }
    }
}
