//! Tells how usable one crop is.

use super::pose::{Pose, pose};
use crate::domain::{Detection, Point, Quality, RgbImage, Size};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Side of the canonical aligned face: the 112 px ArcFace template enlarged by 1.25, with a margin of 10 px.
const SIDE: usize = 160;
/// Rows and columns of the canonical face between brows and chin, where there is face in every pose that is not a profile.
const ROWS: Range<usize> = 56..140;
const COLUMNS: Range<usize> = 44..116;
/// Rows and columns around the mouth.
const MOUTH_ROWS: Range<usize> = 110..140;
const MOUTH_COLUMNS: Range<usize> = 56..104;
/// The column of the middle of the face; the eyes of the canonical face lie `EYES` px apart.
const MIDDLE: usize = 80;
const EYES: f32 = 44.05;
/// From eyes to mouth, in distances between the eyes.
const EYES_TO_MOUTH: f32 = 1.154;
/// Share of the width of a face box that lies between the eyes, for detectors without points.
const EYES_OF_BOX: f32 = 0.42;
/// Turned further than this, left and right are not alike anyhow.
const FRONTAL_DEGREES: f32 = 20.0;

/// Holds the numbers of quality; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub full_eye_px: f32,
    pub sharp_low: f32,
    pub sharp_high: f32,
    pub sharp_exponent: f32,
    pub light_dark: f32,
    pub light_dim: f32,
    pub light_bright: f32,
    pub light_white: f32,
    pub contrast_low: f32,
    pub contrast_full: f32,
    pub occlusion_strength: f32,
    pub size_weight: f32,
    pub sharpness_weight: f32,
    pub frontality_weight: f32,
    pub light_weight: f32,
    pub visibility_weight: f32,
    pub score_weight: f32,
}

/// Assesses one crop.
///
/// `canonical` is the face aligned to 160x160 (the ArcFace template times 1.25 plus 10 px, black where the picture ends), `face` the
/// detection it was cut for, `picture` the size of the source.
/// - size: distance of the eyes, or that of eyes and mouth where it says more (profiles), against `full_eye_px`.
/// - sharpness: variance of the Laplacian over variance of luma inside the face, so that light does not matter, corrected for
///   how much the face was enlarged, on a scale of logarithms.
/// - frontality: `cos(yaw) cos(pitch)`; without points 0.5.
/// - light: exposure x contrast x share of pixels that are neither black nor white.
/// - visibility: share of the box inside the picture, lowered a little where a frontal face has unlike halves or its mouth
///   has no texture. That is a hint at hands and masks; it does not see all of them, and side light looks the same.
/// - total: the product of each part, and of the detector's score, to the power of its weight.
///
/// A crop of another size, or without a pixel of the picture, has a sharpness and light of 0.
#[must_use]
pub fn assess(params: &Params, canonical: &RgbImage, face: &Detection, picture: Size) -> Quality {
    let pose = face.landmarks.as_ref().and_then(pose);
    let angles = pose.unwrap_or(Pose { yaw: 0.0, pitch: 0.0, roll: 0.0 });
    let span = eye_span(face);
    let size = (span / params.full_eye_px).clamp(0.0, 1.0);
    let frontality =
        pose.map_or(0.5, |p| p.yaw.to_radians().cos().max(0.0) * p.pitch.to_radians().cos().max(0.0)).clamp(0.0, 1.0);
    let luma = Luma::of(canonical);
    let (sharpness, light, covered) =
        luma.as_ref().map_or((0.0, 0.0, 0.0), |l| (sharpness(params, l, span), light(params, l), covered(l, angles.yaw)));
    let visibility = (face.bbox.share_inside(picture) * (1.0 - params.occlusion_strength * covered)).clamp(0.0, 1.0);
    let score = face.score.clamp(0.0, 1.0);
    let parts = [
        (size, params.size_weight),
        (sharpness, params.sharpness_weight),
        (frontality, params.frontality_weight),
        (light, params.light_weight),
        (visibility, params.visibility_weight),
        (score, params.score_weight),
    ];
    let total = parts.iter().map(|(part, weight)| part.powf(*weight)).product::<f32>();
    Quality {
        total: if total.is_finite() { total.clamp(0.0, 1.0) } else { 0.0 },
        size,
        sharpness,
        frontality,
        light,
        visibility,
        yaw: angles.yaw,
        pitch: angles.pitch,
        roll: angles.roll,
    }
}

/// Returns the size of a face as the distance between its eyes were it frontal, in source pixels; 0 where it is not a number.
#[must_use]
pub fn eye_span(face: &Detection) -> f32 {
    let span = match &face.landmarks {
        None => EYES_OF_BOX * face.bbox.width(),
        Some([left, right, _, mouth_left, mouth_right]) => {
            let middle = |a: &Point, b: &Point| Point { x: f32::midpoint(a.x, b.x), y: f32::midpoint(a.y, b.y) };
            left.distance(*right).max(middle(left, right).distance(middle(mouth_left, mouth_right)) / EYES_TO_MOUTH)
        }
    };
    if span.is_finite() { span } else { 0.0 }
}

/// The luma of the inside of a canonical face; `None` is outside the picture.
struct Luma {
    pixels: Vec<Option<f32>>,
    mean: f32,
    variance: f32,
    /// Share of pixels that are black or white.
    clipped: f32,
}

impl Luma {
    fn of(face: &RgbImage) -> Option<Self> {
        if face.size() != (Size { width: 160, height: 160 }) || face.data.len() != SIDE * SIDE * 3 {
            return None;
        }
        let outside = face.data.chunks_exact(3).map(|p| p == [0, 0, 0]);
        let pixels: Vec<Option<f32>> =
            face.luma().into_iter().zip(outside).map(|(y, out)| if out { None } else { Some(f32::from(y)) }).collect();
        let inside: Vec<f32> = area(&ROWS, &COLUMNS).filter_map(|at| pixels[at]).collect();
        let (mean, variance) = moments(&inside)?;
        let clipped = inside.iter().filter(|y| **y <= 4.0 || **y >= 251.0).count() as f32 / inside.len() as f32;
        Some(Self { pixels, mean, variance, clipped })
    }

    /// Returns four times a pixel less its neighbours, where all are known.
    fn laplacian(&self, at: usize) -> Option<f32> {
        let p = |i: usize| self.pixels.get(i).copied().flatten();
        Some(4.0 * p(at)? - p(at - 1)? - p(at + 1)? - p(at - SIDE)? - p(at + SIDE)?)
    }

    /// Returns the variance of the Laplacian over an area that does not touch the border.
    fn texture(&self, rows: &Range<usize>, columns: &Range<usize>) -> Option<f32> {
        let values: Vec<f32> = area(rows, columns).filter_map(|at| self.laplacian(at)).collect();
        moments(&values).map(|m| m.1)
    }
}

fn area<'a>(rows: &'a Range<usize>, columns: &'a Range<usize>) -> impl Iterator<Item = usize> + 'a {
    rows.clone().flat_map(move |y| columns.clone().map(move |x| y * SIDE + x))
}

/// Returns mean and variance, `None` of nothing.
fn moments(values: &[f32]) -> Option<(f32, f32)> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f32;
    let mean = values.iter().sum::<f32>() / n;
    Some((mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / n))
}

fn sharpness(params: &Params, luma: &Luma, span: f32) -> f32 {
    let enlarged = (EYES / span.max(1.0)).max(1.0);
    let ratio = luma.texture(&ROWS, &COLUMNS).unwrap_or(0.0) / luma.variance.max(1.0) * enlarged.powf(params.sharp_exponent);
    ramp(ratio.max(1e-9).ln(), params.sharp_low.ln(), params.sharp_high.ln())
}

fn light(params: &Params, luma: &Luma) -> f32 {
    let exposure =
        ramp(luma.mean, params.light_dark, params.light_dim).min(ramp(luma.mean, params.light_white, params.light_bright));
    exposure * ramp(luma.variance.sqrt(), params.contrast_low, params.contrast_full) * (1.0 - luma.clipped)
}

/// Returns how much hints at something that covers the face, `0..=1`.
fn covered(luma: &Luma, yaw: f32) -> f32 {
    let whole = luma.texture(&ROWS, &COLUMNS).unwrap_or(0.0);
    let mouth = luma.texture(&MOUTH_ROWS, &MOUTH_COLUMNS).unwrap_or(whole);
    // The mouth of an open face has about as much texture as the rest; under a tenth of it there is none.
    let flat = if whole > 0.0 { 1.0 - ramp(mouth / whole, 0.1, 0.4) } else { 0.0 };
    if yaw.abs() > FRONTAL_DEGREES {
        return flat;
    }
    let deviation = luma.variance.sqrt().max(1.0);
    let halves: Vec<f32> = area(&ROWS, &(COLUMNS.start..MIDDLE))
        .filter_map(|at| {
            let mirrored = at - at % SIDE + (2 * MIDDLE - 1 - at % SIDE);
            Some((luma.pixels[at]? - luma.pixels[mirrored]?).abs() / deviation)
        })
        .collect();
    let unlike = moments(&halves).map_or(0.0, |m| m.0);
    flat.max(ramp(unlike, 0.9, 1.5))
}

/// Rises from 0 at `zero` to 1 at `one`, whichever is the larger.
fn ramp(x: f32, zero: f32, one: f32) -> f32 {
    ((x - zero) / (one - zero)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::BBox;

    const PICTURE: Size = Size { width: 640, height: 360 };

    #[derive(Deserialize)]
    struct File {
        quality: Params,
    }

    fn params() -> Params {
        let mut table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
        table.retain(|k, _| k == "quality");
        table.try_into::<File>().unwrap().quality
    }

    /// A frontal face of `eyes` px between the eyes with its box at `x`.
    fn face(x: f32, eyes: f32) -> Detection {
        let t = [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)];
        let k = eyes / 35.24;
        let landmarks = Some(t.map(|(px, py)| Point { x: x + px * k, y: 100.0 + py * k }));
        Detection { bbox: BBox::new(x, 100.0, x + 90.0 * k, 100.0 + 112.0 * k), landmarks, score: 0.8 }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    /// Draws a face-like pattern, alike on both sides, through `value` of column and row.
    fn drawn(value: impl Fn(usize, usize) -> f32) -> RgbImage {
        let mut out = RgbImage::black(Size { width: 160, height: 160 });
        for (i, p) in out.data.chunks_exact_mut(3).enumerate() {
            p.fill(value(i % SIDE, i / SIDE).clamp(1.0, 255.0) as u8);
        }
        out
    }

    fn pattern(x: usize, y: usize) -> f32 {
        let from_middle = (x as f32 - 79.5).abs();
        120.0 + 40.0 * (from_middle / 9.0).sin() * (y as f32 / 7.0).cos() + 20.0 * ((from_middle + y as f32) * 0.9).sin()
    }

    fn blurred(times: usize) -> RgbImage {
        let mut v: Vec<f32> = (0..SIDE * SIDE).map(|i| pattern(i % SIDE, i / SIDE)).collect();
        for _ in 0..times {
            let old = v.clone();
            for at in area(&(1..SIDE - 1), &(1..SIDE - 1)) {
                v[at] = (old[at] + old[at - 1] + old[at + 1] + old[at - SIDE] + old[at + SIDE]) / 5.0;
            }
        }
        drawn(|x, y| v[y * SIDE + x])
    }

    #[test]
    fn a_large_sharp_frontal_face_is_good_in_every_part() {
        let q = assess(&params(), &drawn(pattern), &face(200.0, 50.0), PICTURE);
        for part in [q.size, q.sharpness, q.frontality, q.light, q.visibility] {
            assert!(part > 0.9, "{q:?}");
        }
        assert!(q.total > 0.8, "{q:?}");
    }

    #[test]
    fn blur_darkness_smallness_and_the_border_each_lower_their_own_part() {
        let p = params();
        let good = assess(&p, &drawn(pattern), &face(200.0, 50.0), PICTURE);
        let soft = assess(&p, &blurred(20), &face(200.0, 50.0), PICTURE);
        assert!(soft.sharpness < 0.5 && soft.total < good.total, "{soft:?}");
        let dark = assess(&p, &drawn(|x, y| pattern(x, y) / 5.0), &face(200.0, 50.0), PICTURE);
        assert!(dark.light < 0.3 && (dark.sharpness - good.sharpness).abs() < 0.2, "{dark:?}");
        let small = assess(&p, &drawn(pattern), &face(200.0, 14.0), PICTURE);
        assert!((small.size - 0.4).abs() < 0.02, "{small:?}");
        let cut = assess(&p, &drawn(pattern), &face(-45.0 * 50.0 / 35.24, 50.0), PICTURE);
        assert!((cut.visibility - 0.5).abs() < 0.02, "{cut:?}");
    }

    #[test]
    fn light_does_not_depend_on_what_lies_outside_the_picture() {
        let p = params();
        let mut half = drawn(pattern);
        for (i, px) in half.data.chunks_exact_mut(3).enumerate() {
            if i % SIDE < 80 {
                px.fill(0);
            }
        }
        let (a, b) = (assess(&p, &half, &face(0.0, 50.0), PICTURE), assess(&p, &drawn(pattern), &face(0.0, 50.0), PICTURE));
        assert!((a.light - b.light).abs() < 0.1 && (a.sharpness - b.sharpness).abs() < 0.1, "{a:?} {b:?}");
    }

    #[test]
    fn a_flat_patch_over_the_mouth_hints_at_a_cover() {
        let p = params();
        let masked = drawn(|x, y| if y > 104 { 150.0 } else { pattern(x, y) });
        let q = assess(&p, &masked, &face(200.0, 50.0), PICTURE);
        assert!((q.visibility - (1.0 - p.occlusion_strength)).abs() < 0.05, "{q:?}");
    }

    #[test]
    fn a_crop_of_nothing_is_worth_nothing() {
        let black = RgbImage::black(Size { width: 160, height: 160 });
        assert!(assess(&params(), &black, &face(200.0, 50.0), PICTURE).total == 0.0);
        let odd = RgbImage::black(Size { width: 10, height: 10 });
        assert!(assess(&params(), &odd, &face(200.0, 50.0), PICTURE).total == 0.0);
    }
}
