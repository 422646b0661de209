//! Draws sunglasses onto aligned faces, to measure what references with drawn sunglasses would be worth (ADR 14).
//!
//! After arXiv:2412.05721, which finds occluded faces again by enrolling some with drawn occlusions. Departs: here they are drawn flat, by the
//! template of the five points, which aligned frontal faces fit to two or three pixels; faces that are turned further get none.

use super::align::{ARCFACE_112, CANONICAL_MARGIN, CANONICAL_SCALE, CANONICAL_SIDE};
use crate::domain::{Quality, RgbImage};

/// Outlines of a lens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lens {
    /// Wide and low, broader above.
    Square,
    /// A drop that hangs outwards.
    Drop,
    Round,
}

/// What sunglasses look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sunglasses {
    pub lens: Lens,
    pub tint: [u8; 3],
    pub frame: [u8; 3],
    /// Share of light that the lenses keep back, `0..=1`.
    pub opacity: f32,
    /// Size; 1 is usual.
    pub size: f32,
}

/// What references are drawn with: black, as most are.
pub const DRAWN: Sunglasses =
    Sunglasses { lens: Lens::Square, tint: [22, 22, 26], frame: [12, 12, 12], opacity: 0.96, size: 1.0 };

/// Degrees of yaw and pitch beyond which flat glasses do not lie on a face.
const MOST_TURNED: f32 = 35.0;

/// Tells whether glasses can be drawn onto a face.
#[must_use]
pub fn fits(quality: &Quality) -> bool {
    quality.yaw.abs() <= MOST_TURNED && quality.pitch.abs() <= MOST_TURNED
}

/// Draws sunglasses onto a canonical aligned face, 160x160; another picture comes back as it is.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
pub fn draw(face: &RgbImage, glasses: &Sunglasses) -> RgbImage {
    let mut out = face.clone();
    if (face.width, face.height) != (CANONICAL_SIDE, CANONICAL_SIDE) || face.data.len() != (CANONICAL_SIDE as usize).pow(2) * 3 {
        return out;
    }
    let [left, right] =
        [ARCFACE_112[0], ARCFACE_112[1]].map(|p| p.map(|v| ((v + 0.5) * CANONICAL_SCALE + CANONICAL_MARGIN) as f32));
    let (dx, dy) = (right[0] - left[0], right[1] - left[1]);
    let apart = dx.hypot(dy);
    let middle = [f32::midpoint(left[0], right[0]), f32::midpoint(left[1], right[1])];
    for (y, line) in (0u16..).zip(out.data.chunks_exact_mut(CANONICAL_SIDE as usize * 3)) {
        for (x, rgb) in (0u16..).zip(line.chunks_exact_mut(3)) {
            let (px, py) = (f32::from(x) + 0.5 - middle[0], f32::from(y) + 0.5 - middle[1]);
            // Along and across the line of the eyes, in distances between them.
            let (along, across) = ((px * dx + py * dy) / (apart * apart), (py * dx - px * dy) / (apart * apart));
            let (lens, frame) = cover(glasses, along / glasses.size, across / glasses.size, apart * glasses.size);
            // A little lighter below, as lenses are.
            let shine = 0.85 + 0.5 * (across + 0.3).clamp(0.0, 0.6);
            for ((value, tint), rim) in rgb.iter_mut().zip(glasses.tint).zip(glasses.frame) {
                let kept = lens * glasses.opacity;
                let seen = f32::from(*value) * (1.0 - kept) + f32::from(tint) * shine * kept;
                *value = (seen * (1.0 - frame) + f32::from(rim) * frame).clamp(0.0, 255.0).round() as u8;
            }
        }
    }
    out
}

/// Returns how much lens and frame cover a point, each `0..=1`; positions in distances between the eyes, which lie `apart` pixels apart.
fn cover(glasses: &Sunglasses, along: f32, across: f32, apart: f32) -> (f32, f32) {
    // Both halves are alike: `out` grows from the nose to the ear.
    let out = along.abs();
    let (x, y) = (out - 0.5, across);
    let (centre, half_width, half_height, power) = match glasses.lens {
        Lens::Square => (0.05, 0.41 - 0.10 * (y - 0.05), 0.29, 4.0),
        Lens::Drop => (0.10, 0.43, 0.36, 2.4),
        Lens::Round => (0.04, 0.34, 0.34, 2.0),
    };
    // A drop hangs outwards as it goes down.
    let x = if glasses.lens == Lens::Drop { x - 0.12 * (y - centre) } else { x };
    let ring = ((x / half_width).abs().powf(power) + ((y - centre) / half_height).abs().powf(power)).powf(1.0 / power);
    let edge = |distance: f32| (0.5 - distance * apart).clamp(0.0, 1.0);
    let smaller = half_width.min(half_height);
    let lens = edge((ring - 1.0) * smaller);
    let rim = edge(((ring - 1.0) * smaller - 0.02).abs() - 0.03);
    let bar = |from: f32, to: f32, at: f32, half: f32| edge((y - at).abs() - half) * edge(from - out) * edge(out - to);
    let bridge = bar(-1.0, 0.5 - half_width, -0.06, 0.03);
    let temple = bar(0.5 + half_width, 1.4, -0.14, 0.04);
    (lens, rim.max(bridge).max(temple))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Size;

    fn grey() -> RgbImage {
        let mut face = RgbImage::black(Size { width: 160, height: 160 });
        face.data.fill(180);
        face
    }

    #[test]
    fn the_eyes_are_covered_and_mouth_and_forehead_are_not() {
        for lens in [Lens::Square, Lens::Drop, Lens::Round] {
            let drawn = draw(&grey(), &Sunglasses { lens, ..DRAWN });
            let at = |x: usize, y: usize| drawn.data[(y * 160 + x) * 3];
            // Eyes of the canonical face, mouth, forehead, tip of the nose.
            assert!(at(58, 75) < 60 && at(102, 75) < 60, "{lens:?}");
            assert_eq!([at(80, 125), at(80, 30), at(80, 100)], [180; 3], "{lens:?}");
            let covered = drawn.data.chunks_exact(3).filter(|p| p[0] < 100).count();
            assert!((1000..7000).contains(&covered), "{lens:?}: {covered}");
        }
    }

    #[test]
    fn a_picture_of_another_size_stays_as_it_is() {
        let small = RgbImage::black(Size { width: 9, height: 9 });
        assert_eq!(draw(&small, &DRAWN), small);
    }
}
