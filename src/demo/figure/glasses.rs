//! Frames of glasses.

use crate::demo::look::Look;
use crate::demo::surface::{Stuff, Surface, Vertex, round};
use crate::demo::vector::{Vec3, vec3};
use std::f32::consts::PI;

const DARK: Vec3 = vec3(0.02, 0.018, 0.016);
/// Where the rims stand before the eyes.
const BEFORE: f32 = 0.62;

pub(super) fn glasses(l: &Look) -> Vec<Surface> {
    let (apart, wide) = (l.eye_apart + 0.01, 0.225);
    let mut out = vec![bar(vec3(wide - apart, 0.05, BEFORE), vec3(apart - wide, 0.05, BEFORE), 0.02)];
    for side in [-1.0, 1.0] {
        out.push(rim(vec3(side * apart, -0.02, BEFORE), wide, 0.175));
        let hinge = vec3(side * (apart + wide), 0.05, BEFORE);
        let ear = vec3(side * 0.74 * l.face_width, 0.03, -0.10);
        out.push(if side < 0.0 { bar(ear, hinge, 0.018) } else { bar(hinge, ear, 0.018) });
    }
    out
}

/// A ring that is boxier than round.
fn rim(middle: Vec3, wide: f32, high: f32) -> Surface {
    let rim = Surface::grid(Stuff::Frame, 48, 8, |s, t| {
        let ((x, y), (tn, tc)) = ((2.0 * PI * s).sin_cos(), (2.0 * PI * t).sin_cos());
        let boxy = |v: f32| v.signum() * v.abs().powf(0.75);
        let thick = vec3(x, y, 0.0) * (0.018 * tc) + vec3(0.0, 0.0, 0.018 * tn);
        Vertex::plain(middle + vec3(boxy(x) * wide, boxy(y) * high, 0.0) + thick, DARK)
    });
    rim.with_normals(48)
}

/// A rod from left to right.
fn bar(from: Vec3, to: Vec3, radius: f32) -> Surface {
    let along = (to - from).unit();
    let ahead = along.cross(vec3(0.0, 1.0, 0.0)).unit();
    let up = ahead.cross(along);
    let bar = Surface::grid(Stuff::Frame, 10, 6, |s, t| {
        let (a, b) = round(s);
        Vertex::plain(from.mix(to, t) + (ahead * a + up * b) * radius, DARK)
    });
    bar.with_normals(10)
}
