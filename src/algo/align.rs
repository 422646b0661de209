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
const CANONICAL_SCALE: f64 = 1.25;
const CANONICAL_MARGIN: f64 = 10.0;

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
}
