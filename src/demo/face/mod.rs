//! Eyes, brows, nostrils and mouth, painted on a face point by point.

mod eyes;
mod mouth;

use super::look::Look;
use super::vector::{Vec3, step};

/// What a face does at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Mood {
    /// 0 open to 1 closed.
    pub blink: f32,
    /// Where the eyes look: to the picture's right and up, in halves of an eye's width.
    pub gaze: (f32, f32),
    /// 0 closed to 1 wide open.
    pub mouth: f32,
    /// -1 rounded to 1 spread.
    pub spread: f32,
    /// Raised brows, about `-1..=1`.
    pub brow: f32,
    pub smile: f32,
}

/// A point of a face as it is to be lit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painted {
    pub colour: Vec3,
    pub normal: Vec3,
    pub gloss: f32,
    /// Light that the eyes throw back.
    pub glint: f32,
}

/// Paints the point `rest` of a face whose skin has this colour; `fine` is the width of a sample in face units.
pub(super) fn paint(l: &Look, mood: &Mood, rest: Vec3, colour: Vec3, normal: Vec3, fine: f32) -> Painted {
    let mut out = Painted { colour, normal, gloss: 0.05, glint: 0.0 };
    if rest.z < 0.1 || rest.y > 0.45 || rest.y < -1.0 {
        return out;
    }
    let side = if rest.x < 0.0 { -1.0 } else { 1.0 };
    let outward = rest.x * side;
    if rest.y > -0.3 {
        eyes::brow(l, mood, outward, rest, &mut out, fine);
        eyes::eye(l, mood, outward, side, rest, &mut out, fine);
    } else {
        nostril(l, outward, rest, &mut out);
        mouth::mouth(l, mood, rest, &mut out, fine);
    }
    out
}

fn nostril(l: &Look, outward: f32, p: Vec3, out: &mut Painted) {
    let y = (-0.36 * l.nose_length - 0.108) * l.face_length;
    let across = (outward - 0.062 * l.nose_width * l.face_width) / (0.045 * l.nose_width);
    out.colour = out.colour * (1.0 - 0.75 * step(1.25, 0.55, across.hypot((p.y - y) / 0.026)));
}
