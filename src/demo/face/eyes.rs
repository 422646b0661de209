//! Eyes and brows.

use super::{Mood, Painted};
use crate::demo::look::Look;
use crate::demo::noise::noise;
use crate::demo::vector::{Vec3, bell, mix, step, vec3};

pub(super) fn brow(l: &Look, mood: &Mood, outward: f32, p: Vec3, out: &mut Painted, fine: f32) {
    let u = (outward - (l.eye_apart - 0.20)) / 0.40;
    if !(-0.15..=1.2).contains(&u) {
        return;
    }
    let arch = 0.075 * (u * 1.25).clamp(0.0, 1.0).powf(0.8) - 0.44 * (u - 0.62).max(0.0).powi(2);
    let y = l.brow_y - 0.02 + 0.03 * mood.brow + 0.10 * l.brow_slope * (u - 0.4) + l.brow_arch * arch;
    let half = 0.042 * l.brow_thickness * (1.0 - 0.75 * step(0.45, 1.05, u)) * step(-0.10, 0.12, u);
    let hairs = 0.7 + 0.6 * noise(vec3((p.x + 0.4 * p.y) * 55.0, p.y * 30.0, 1.0));
    let cover = step(half + 0.012 + fine, half * 0.35, (p.y - y).abs()) * step(1.06, 0.96, u) * step(-0.12, 0.0, u) * hairs;
    out.colour = out.colour.mix(l.brow_colour, (0.88 * cover).min(0.95));
}

/// The opening of an eye, in halves of its width: `u` outward from its middle, heights upward.
struct Lids {
    upper: f32,
    lower: f32,
    /// The fold above the upper lid.
    crease: f32,
}

impl Lids {
    /// The upper lid is highest a little inside, the lower one lowest a little outside.
    fn at(l: &Look, mood: &Mood, u: f32) -> Self {
        let round = (1.0 - u * u).max(0.0);
        let open = (0.50 - 0.16 * l.hood) * (1.0 - mood.blink) + 0.02;
        let upper = l.eye_open * open * round.powf(0.62) * (1.0 - 0.14 * u) - 0.18 * mood.blink * round;
        let lower = -(0.31 - 0.04 * mood.smile) * round.powf(0.75) * (1.0 + 0.16 * u);
        let crease = l.eye_open * 0.48 * (1.0 - (u / 1.22).powi(2)).max(0.0).powf(0.6) + 0.22 - 0.14 * l.hood;
        Self { upper: upper.max(lower + 0.02), lower, crease }
    }
}

pub(super) fn eye(l: &Look, mood: &Mood, outward: f32, side: f32, p: Vec3, out: &mut Painted, fine: f32) {
    let u = (outward - l.eye_apart) / l.eye_width;
    if u.abs() > 1.6 {
        return;
    }
    let v = p.y / l.eye_width - l.eye_tilt * 6.0 * u;
    let soft = 0.9 * fine / l.eye_width;
    let lids = Lids::at(l, mood, u);
    skin_around(l, u, v, soft, &lids, out);
    let above = step(-soft, soft, v - lids.lower) * step(1.0 + soft, 1.0 - soft, u.abs());
    let inside = step(-soft, soft, lids.upper - v) * above;
    if inside > 0.0 {
        let (gx, gy) = mood.gaze;
        let (ix, iy) = (u * side - gx, v - 0.06 - gy);
        let colour = ball(l, u, ix, iy, soft) * (1.0 - 0.55 * step(0.30, 0.0, lids.upper - v));
        let glint = step(0.11 + soft, 0.06, (ix + 0.15).hypot(iy - 0.17)) + 0.25 * step(0.09, 0.03, (ix - 0.16).hypot(iy + 0.18));
        out.colour = out.colour.mix(colour, inside);
        out.gloss = mix(out.gloss, 0.0, inside);
        out.glint = 0.85 * glint * inside;
        out.normal = out.normal.mix(vec3(u * side * 0.5, v * 0.5, 0.9).unit(), 0.6 * inside);
    }
    lashes(l, u, v, soft, &lids, out);
}

/// White, iris and pupil; `ix` and `iy` from the middle of the iris, `u` outward from the middle of the eye.
fn ball(l: &Look, u: f32, ix: f32, iy: f32, soft: f32) -> Vec3 {
    let r = ix.hypot(iy);
    let white = vec3(0.80, 0.76, 0.72) * (1.0 - 0.30 * step(0.35, 1.0, u.abs()));
    let white = white.mix(vec3(0.55, 0.26, 0.22), 0.6 * bell(u + 1.0, 0.16));
    let fibres = 0.7 + 0.6 * noise(vec3(iy.atan2(ix) * 6.0, r * 3.0, 2.0));
    let iris = l.iris * (fibres * (1.0 + 0.9 * step(0.0, -0.35, iy)));
    let iris = iris.mix(l.iris * 0.15, step(0.34, 0.44, r));
    let seen = white.mix(iris, step(0.46 + soft, 0.43 - soft, r));
    seen.mix(vec3(0.006, 0.005, 0.005), step(0.19 + soft, 0.16 - soft, r))
}

/// The fold over the lid, the bag under the eye, and paint on the lid.
fn skin_around(l: &Look, u: f32, v: f32, soft: f32, lids: &Lids, out: &mut Painted) {
    if u.abs() > 1.3 {
        return;
    }
    let crease = lids.crease;
    let bag = -0.34 * (1.0 - (u / 1.2).powi(2)).max(0.0).powf(0.7) - 0.20;
    let lid = step(lids.upper, lids.upper + 0.03, v) * step(crease, crease - 0.1, v) * step(1.25, 1.0, u.abs());
    let dark = (1.0 - 0.42 * bell(v - crease, 0.055 + soft) * step(1.25, 0.9, u.abs()))
        * (1.0 - (0.10 + 0.25 * l.age) * bell(v - bag, 0.08 + soft) * step(1.25, 1.0, u.abs()))
        * (1.0 - 0.12 * lid);
    out.colour = out.colour * dark;
    let painted = step(crease + 0.28, crease - 0.1, v) * step(lids.upper - 0.02, lids.upper + 0.05, v) * step(1.3, 0.9, u.abs());
    out.colour = out.colour.mix(out.colour.times(vec3(0.42, 0.34, 0.40)), l.lid_shadow * painted);
}

fn lashes(l: &Look, u: f32, v: f32, soft: f32, lids: &Lids, out: &mut Painted) {
    if u.abs() > 1.18 {
        return;
    }
    let end = step(1.16, 0.98, u.abs());
    let thick = 0.055 + 0.085 * l.lashes * (0.4 + 0.6 * step(-0.6, 0.9, u));
    let upper = step(thick + soft, thick * 0.3, (v - lids.upper - thick * 0.35).abs()) * end;
    out.colour = out.colour.mix(vec3(0.015, 0.010, 0.008), (0.70 + 0.25 * l.lashes) * upper);
    let lower = bell(v - lids.lower, 0.045 + soft) * end;
    out.colour = out.colour * (1.0 - (0.30 + 0.35 * l.lashes) * lower);
}
