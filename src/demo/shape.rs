//! The shape of a head as a signed distance, negative inside: eggs, balls and rods, blended.
//!
//! Blending and soft shadows after I. Quilez, "Modeling with distance functions" and "Soft shadows in raymarched SDFs".

use super::look::Look;
use super::vector::{Vec3, mix, step, vec3};

/// Unites two bodies with a fillet of width `k`.
fn join(a: f32, b: f32, k: f32) -> f32 {
    let h = (0.5 + 0.5 * (b - a) / k).clamp(0.0, 1.0);
    mix(b, a, h) - k * h * (1.0 - h)
}

/// Takes the second body out of the first.
fn carve(a: f32, b: f32, k: f32) -> f32 {
    -join(-a, b, k)
}

fn ball(p: Vec3, centre: Vec3, radius: f32) -> f32 {
    (p - centre).length() - radius
}

fn egg(p: Vec3, centre: Vec3, r: Vec3) -> f32 {
    let q = p - centre;
    let a = vec3(q.x / r.x, q.y / r.y, q.z / r.z);
    let (k0, k1) = (a.length(), vec3(a.x / r.x, a.y / r.y, a.z / r.z).length());
    if k1 < 1e-6 { -r.x.min(r.y).min(r.z) } else { k0 * (k0 - 1.0) / k1 }
}

/// A rod from `a` to `b`, as thick there as said.
fn rod(p: Vec3, (a, ra): (Vec3, f32), (b, rb): (Vec3, f32)) -> f32 {
    let (pa, ba) = (p - a, b - a);
    let h = (pa.dot(ba) / ba.dot(ba)).clamp(0.0, 1.0);
    (pa - ba * h).length() - mix(ra, rb, h)
}

/// Returns the distance of a point to a head, without hair, ears and neck.
pub(super) fn head(l: &Look, p: Vec3) -> f32 {
    let y = if p.y < 0.0 { p.y / l.face_length } else { p.y };
    // Heads are drawn symmetric.
    let p = vec3(p.x.abs() / l.face_width, y, p.z);
    let d = mouth(l, p, nose(l, p, eyes(l, p, bones(l, p))));
    // Stretching and blending overstate distances a little.
    d * 0.8
}

fn bones(l: &Look, p: Vec3) -> f32 {
    let (jaw, f) = (l.jaw_width, l.fullness);
    let mut d = egg(p, vec3(0.0, 0.33, -0.25), vec3(0.70, 0.80 + 0.5 * l.forehead, 0.86));
    d = join(d, egg(p, vec3(0.0, 0.42, 0.12), vec3(0.50, 0.40, 0.48 + l.forehead)), 0.18);
    d = join(d, egg(p, vec3(0.0, -0.30, 0.0), vec3(0.57, 0.82, 0.55)), 0.20);
    d = join(d, egg(p, vec3(0.16 * jaw, -0.72, 0.05), vec3(0.30 * jaw, 0.36, 0.44)), 0.18);
    d = join(d, egg(p, vec3(0.0, -0.97 - l.chin_length, 0.36), vec3(0.19 * jaw, 0.14, 0.20 * l.chin)), 0.16);
    d = join(d, egg(p, vec3(0.38, -0.22, 0.24), vec3(0.22, 0.19 * l.cheek, 0.24 * l.cheek)), 0.14);
    if f > 0.0 {
        d = join(d, egg(p, vec3(0.36, -0.56, 0.20), vec3(0.26, 0.30, 0.30) * (0.6 + 0.5 * f)), 0.15);
        d = join(d, egg(p, vec3(0.0, -1.02, 0.10), vec3(0.40, 0.22, 0.30) * (0.5 + 0.6 * f)), 0.15);
    }
    if l.hollow > 0.0 {
        d = carve(d, egg(p, vec3(0.58, -0.56, 0.40), vec3(0.16, 0.22, 0.20) * (0.5 + l.hollow)), 0.16);
    }
    d
}

fn eyes(l: &Look, p: Vec3, d: f32) -> f32 {
    let (slope, ridge) = (0.02 * l.brow_slope, l.brow_ridge);
    let brow = rod(p, (vec3(0.10, 0.16 - slope, 0.52), 0.085 * ridge), (vec3(0.44, 0.13 + slope, 0.34), 0.075 * ridge));
    let apart = l.eye_apart / l.face_width;
    let d = join(d, brow, 0.12);
    let d = carve(d, ball(p, vec3(apart, -0.01, 0.70 - 0.4 * l.eye_depth), 0.175), 0.10);
    join(d, egg(p, vec3(apart, 0.0, 0.345 - l.eye_depth), vec3(0.175, 0.14, 0.185)), 0.05)
}

/// Height of the tip of the nose before the face is stretched.
fn nose_tip(l: &Look) -> f32 {
    -0.36 * l.nose_length
}

fn nose(l: &Look, p: Vec3, mut d: f32) -> f32 {
    let (w, out, tip) = (l.nose_width, l.nose_out, nose_tip(l));
    let root = (vec3(0.0, 0.07, 0.50 + 0.03 * l.nose_bridge), 0.055 * l.nose_bridge);
    d = join(d, rod(p, root, (vec3(0.0, tip, 0.62 + 0.10 * out), 0.085 * w)), 0.10);
    if l.nose_hump > 0.0 {
        let at = vec3(0.0, 0.36 * tip, 0.57 + 0.05 * out + 0.05 * l.nose_hump);
        d = join(d, egg(p, at, vec3(0.055, 0.12, 0.055)), 0.05);
    }
    d = join(d, ball(p, vec3(0.0, tip - 0.01, 0.66 + 0.10 * out), 0.095 * w.sqrt() * l.nose_tip), 0.06);
    d = join(d, egg(p, vec3(0.115 * w, tip - 0.045, 0.60 + 0.05 * out), vec3(0.068 * w, 0.065, 0.09)), 0.04);
    carve(d, egg(p, vec3(0.06 * w, tip - 0.115, 0.65 + 0.06 * out), vec3(0.035 * w, 0.03, 0.05)), 0.03)
}

fn mouth(l: &Look, p: Vec3, mut d: f32) -> f32 {
    let (y, w, full) = (l.mouth_y, l.mouth_width / l.face_width, l.lips);
    d = join(d, egg(p, vec3(0.0, y, 0.38), vec3(0.28, 0.20, 0.20)), 0.14);
    let upper = rod(p, (vec3(0.03, y + 0.038, 0.572), 0.045 * full * l.upper_lip), (vec3(w * 0.9, y + 0.008, 0.46), 0.022));
    let lower = rod(p, (vec3(0.0, y - 0.055, 0.565), 0.056 * full), (vec3(w * 0.8, y - 0.012, 0.475), 0.024));
    d = join(join(d, upper, 0.04), lower, 0.04);
    // The hollow between lower lip and chin.
    carve(d, rod(p, (vec3(0.0, y - 0.165, 0.66), 0.06), (vec3(0.14, y - 0.15, 0.62), 0.05)), 0.10)
}

/// Returns the direction in which a distance grows, over a width of `2 * e`.
pub(super) fn normal(of: &impl Fn(Vec3) -> f32, p: Vec3, e: f32) -> Vec3 {
    let d = |o: Vec3| of(p + o) - of(p - o);
    vec3(d(vec3(e, 0.0, 0.0)), d(vec3(0.0, e, 0.0)), d(vec3(0.0, 0.0, e))).unit()
}

/// Returns how open the space before a point is, `0.12..=1`: hollows get less of the light that comes from everywhere.
pub(super) fn openness(of: &impl Fn(Vec3) -> f32, p: Vec3, normal: Vec3) -> f32 {
    let (mut lost, mut weight, mut h) = (0.0, 1.0, 0.0);
    for _ in 0..5 {
        h += 0.07;
        lost += weight * (h - of(p + normal * h)).max(0.0) / h;
        weight *= 0.75;
    }
    (1.0 - 0.42 * lost).clamp(0.12, 1.0)
}

/// Returns how much light from the direction `light` reaches a point, `0.25..=1`; edges of shadows are soft.
pub(super) fn lit(of: &impl Fn(Vec3) -> f32, p: Vec3, normal: Vec3, light: Vec3) -> f32 {
    let start = p + normal * 0.02;
    let (mut t, mut seen) = (0.04, 1.0_f32);
    while t < 1.6 && seen > 0.0 {
        let d = of(start + light * t);
        seen = seen.min(4.0 * d / t + 0.25);
        t += d.clamp(0.03, 0.15);
    }
    0.25 + 0.75 * step(0.0, 1.0, seen)
}
