//! The colour of skin: blood, folds, spots, beard, and the roots of hair.

use super::hair;
use crate::demo::look::{Hair, Look};
use crate::demo::noise::noise;
use crate::demo::vector::{Vec3, bell, mix, step, vec3};

/// Returns the colour of a point of the head, without eyes, brows and lips.
pub(super) fn colour(l: &Look, p: Vec3) -> Vec3 {
    let front = step(0.0, 0.3, p.z);
    let mut c = blood(l, p, front);
    c = c * folds(l, p, front);
    c = c * (1.0 + 0.055 * (noise(p * 9.0) + 0.6 * noise(p * 23.0) - 0.8));
    if l.freckles > 0.0 {
        let where_ = bell(((p.x.abs() - 0.25) * 0.84).hypot(p.y + 0.27), 0.25) * front;
        let spots = step(0.66, 0.80, noise(p * 42.0)) * where_;
        c = c.mix(c.times(vec3(0.62, 0.48, 0.38)), l.freckles * spots);
    }
    c = roots(l, p, c);
    beard(l, p, c, front)
}

/// Cheeks, nose and chin are redder, the rims of the eyes darker.
fn blood(l: &Look, p: Vec3, front: f32) -> Vec3 {
    let x = p.x.abs();
    let red = 0.55 * bell((x - 0.36).hypot(p.y + 0.34), 0.20)
        + 0.45 * bell(p.x.hypot(p.y + 0.38), 0.14)
        + 0.25 * bell(p.x.hypot(p.y + 1.02), 0.16);
    let red = red * front;
    let rim = bell(((x - l.eye_apart) * 0.775).hypot(p.y + 0.02), 0.17) * front;
    let c = l.skin.times(vec3(1.0, 1.0 - 0.20 * red, 1.0 - 0.22 * red));
    c.times(vec3(1.0 - 0.16 * rim, 1.0 - 0.22 * rim, 1.0 - 0.20 * rim))
}

/// Height of the lower edge of the nose.
fn under_nose(l: &Look) -> f32 {
    -0.40 * l.nose_length * l.face_length
}

/// Returns what is left of the light in the folds of a face.
fn folds(l: &Look, p: Vec3, front: f32) -> f32 {
    let (x, age) = (p.x.abs(), l.age);
    let (nose, mouth) = (under_nose(l), l.mouth_y * l.face_length);
    let bag = bell(((x - l.eye_apart) * 0.5).hypot(p.y + 0.135), 0.045);
    let along = ((p.y - nose) / (mouth - 0.05 - nose)).clamp(0.0, 1.0);
    let fold_x = mix(0.19 * l.nose_width, l.mouth_width + 0.08, along);
    let on = step(nose + 0.03, nose - 0.03, p.y) * step(mouth - 0.18, mouth - 0.02, p.y);
    let cheek_fold = bell(x - fold_x, 0.022) * on;
    let brow_folds: f32 = [0.34, 0.425, 0.51].iter().map(|y| bell(p.y - y - 0.02 * (4.0 * p.x).cos(), 0.013)).sum();
    let brow_folds = brow_folds * step(0.42, 0.2, x);
    (1.0 - 0.30 * age * bag * front)
        * (1.0 - (0.10 + 0.42 * age) * cheek_fold * front)
        * (1.0 - 0.22 * (age - 0.3).max(0.0) * brow_folds * front)
}

/// The scalp shows hair a little before the hairline.
fn roots(l: &Look, p: Vec3, c: Vec3) -> Vec3 {
    if l.hair == Hair::Bald {
        return c;
    }
    let root = noise(vec3(p.x * 60.0, p.y * 9.0, p.z * 60.0));
    let near = step(-0.10, 0.05, hair::above_hairline(l, p) + 0.10 * (root - 0.5));
    c.mix(l.hair_colour * (0.5 + 0.8 * root), 0.85 * near)
}

fn beard(l: &Look, p: Vec3, c: Vec3, front: f32) -> Vec3 {
    let (x, mouth, nose) = (p.x.abs(), l.mouth_y * l.face_length, under_nose(l));
    let upper_edge = mix(-0.36, -0.66, step(0.60, 0.15, x)) * l.face_length;
    let lips = bell((x / 0.27).hypot((p.y - mouth) / 0.105), 0.85);
    let jaw = step(upper_edge + 0.06, upper_edge - 0.06, p.y) * step(-0.55, 0.1, p.z) * (1.0 - lips);
    // A moustache reaches round the corners of the mouth.
    let reach = l.mouth_width + 0.11;
    let droop = 0.10 * (x / reach).powi(2);
    let lip = step(reach, reach - 0.07, x) * step(mouth + 0.02 - droop, mouth + 0.055 - droop, p.y);
    let lip = lip * step(nose, nose - 0.06, p.y + 0.7 * droop) * front;
    let dots = 0.5 + 0.6 * noise(p * 70.0);
    let c = c.mix(c.times(vec3(0.60, 0.62, 0.68)), (l.stubble * jaw.max(lip) * dots).min(1.0));
    let cover = (l.beard * jaw).max(l.moustache * lip).min(1.0);
    let strand = noise(vec3(p.x * 60.0, p.y * 16.0, p.z * 60.0));
    c.mix(l.brow_colour * (0.55 + 0.9 * strand), (cover * (0.80 + 0.4 * strand)).min(0.97))
}
