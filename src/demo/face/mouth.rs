//! The mouth.
//!
//! The jaw draws the surface apart along the line between the lips; what is inside is painted on the thin band that is stretched.

use super::{Mood, Painted};
use crate::demo::look::Look;
use crate::demo::noise::noise;
use crate::demo::vector::{Vec3, bell, mix, step, vec3};

pub(super) fn mouth(l: &Look, mood: &Mood, p: Vec3, out: &mut Painted, fine: f32) {
    let wide = l.mouth_width * (1.0 + 0.10 * mood.spread + 0.14 * mood.smile);
    let u = p.x / wide;
    if u.abs() > 1.35 {
        return;
    }
    // Height over the line between the lips.
    let v = p.y - l.mouth_line(p.x) - 0.05 * mood.smile * u * u;
    let round = (1.0 - u * u).max(0.0);
    let soft = 0.9 * fine;
    let lower = -0.098 * l.lips * round.powf(0.62) - 0.004;
    lips(l, p, u, v, lower, soft, out);
    inside(mood.mouth, p, u, v, soft, out);
    let corner = bell((u.abs() - 1.02) * wide, 0.022) * bell(v, 0.022);
    out.colour = out.colour * ((1.0 - 0.45 * corner) * (1.0 - 0.16 * bell(v - lower + 0.035, 0.03) * round));
}

fn lips(l: &Look, p: Vec3, u: f32, v: f32, lower: f32, soft: f32, out: &mut Painted) {
    let bow = 1.0 - 0.22 * bell(p.x, 0.035) + 0.10 * bell(p.x.abs() - 0.06, 0.04);
    let upper = 0.070 * l.lips * l.upper_lip * (1.0 - u * u).max(0.0).powf(0.75) * bow + 0.004;
    let on = step(-soft - 0.008, soft + 0.004, upper - v)
        * step(-soft - 0.012, soft + 0.006, v - lower)
        * step(1.02 + soft, 0.97 - soft, u.abs());
    let ridges = 0.92 + 0.16 * noise(vec3(p.x * 70.0, p.y * 8.0, 5.0));
    // The upper lip faces down, away from the light.
    let colour = l.lip_colour * (ridges * if v > 0.0 { 0.86 } else { 1.0 });
    out.colour = out.colour.mix(colour, 0.88 * on);
    out.gloss = mix(out.gloss, 0.13, on * step(0.0, -0.03, v));
}

/// Teeth above, the tongue below, darkness between.
fn inside(open: f32, p: Vec3, u: f32, v: f32, soft: f32, out: &mut Painted) {
    let room = (1.0 - u * u).max(0.0).sqrt() * step(1.0, 0.90, u.abs());
    let (top, bottom) = (0.004 + 0.004 * open, -0.004 - 0.020 * open * room);
    let edge = 0.5 * soft + 0.002;
    let on = step(-edge, 0.002 + 0.3 * soft, top - v) * step(-edge, 0.002 + 0.3 * soft, v - bottom) * step(1.0, 0.93, u.abs());
    if on <= 0.0 {
        return;
    }
    let depth = ((top - v) / (top - bottom)).clamp(0.0, 1.0);
    let gap = 1.0 - 0.22 * bell((p.x * 19.0).rem_euclid(1.0) - 0.5, 0.10);
    let teeth = step(0.52, 0.40, depth * (0.5 + 0.9 * open)) * step(0.92, 0.70, u.abs()) * step(0.10, 0.30, open);
    let tongue = step(0.62, 0.9, depth) * step(0.75, 0.4, u.abs()) * step(0.10, 0.30, open);
    let c = vec3(0.05, 0.012, 0.010).mix(vec3(0.66, 0.62, 0.54) * (gap * (1.0 - 0.5 * u * u)), teeth);
    let c = c.mix(vec3(0.30, 0.09, 0.08), 0.6 * tongue);
    out.colour = out.colour.mix(c, on * (0.75 + 0.25 * step(0.0, 0.15, open)));
    out.gloss = mix(out.gloss, 0.0, on);
}
