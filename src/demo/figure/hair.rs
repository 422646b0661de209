//! Hair: a cap grown from the skull, and locks that hang.

use super::head;
use crate::demo::look::{Hair, Look};
use crate::demo::noise::noise;
use crate::demo::surface::{Stuff, Surface, Vertex, direction, round};
use crate::demo::vector::{Vec3, mix, step, through, vec3};

/// Returns how far above the hairline a point of the skull lies.
pub(super) fn above_hairline(l: &Look, p: Vec3) -> f32 {
    // Angle from the front, and the lowest height of hair there: forehead, temple, sideburn, round the ear, nape.
    let front = l.hairline;
    let angle = p.x.abs().max(1e-6).atan2(p.z + 0.15);
    let lowest = through(
        &[
            (0.0, front),
            (0.45, front - 0.02),
            (0.85, front - 0.16),
            (1.05, front - 0.42),
            (1.25, 0.02),
            (1.42, -0.22),
            (1.60, 0.18),
            (1.85, -0.05),
            (2.2, -0.62),
            (3.2, -0.75),
        ],
        angle,
    );
    p.y - lowest
}

/// Returns how far hair stands off the skull, below 0 where there is none.
fn lift(l: &Look, p: Vec3) -> f32 {
    let thick = match l.hair {
        Hair::Bald => return -1.0,
        Hair::Bun => 0.07,
        Hair::Short => 0.11,
        Hair::Long => 0.12,
    };
    let ragged = 0.05 * (noise(vec3(p.x * 11.0, p.y * 3.0, p.z * 11.0)) - 0.5);
    let edge = step(-0.02, 0.14, above_hairline(l, p) + ragged);
    let wave = 0.045 * (noise(vec3(p.x * 7.0, p.y * 2.5, p.z * 3.0)) - 0.5);
    edge * (thick * (0.75 + 0.5 * step(0.2, 1.0, p.y)) + wave) - 0.03 * (1.0 - edge)
}

/// Returns the hair that lies on the skull, where there is any.
pub(super) fn cap(l: &Look, skull: &Surface) -> Option<Surface> {
    if l.hair == Hair::Bald {
        return None;
    }
    let mut cap = Surface { stuff: Stuff::Hair, ..skull.clone() }.keep(|v| lift(l, v.place) > -0.01);
    for v in &mut cap.vertices {
        let (p, lift) = (v.place, lift(l, v.place));
        let strand = 0.6 * noise(vec3(p.x * 34.0, p.y * 5.0, p.z * 12.0)) + 0.4 * noise(vec3(p.x * 80.0, p.y * 11.0, p.z * 30.0));
        v.place = p + v.normal * lift;
        v.jaw = 0.0;
        v.colour = l.hair_colour * (0.45 + 1.1 * strand);
        v.open = v.open.max(0.6) * (0.6 + 0.4 * step(0.0, 0.06, lift));
        v.lit = mix(v.lit, 1.0, 0.6);
    }
    let mut cap = cap.with_normals(head::ACROSS);
    for v in &mut cap.vertices {
        let p = v.place;
        let bump = noise(vec3(p.x * 40.0, p.y * 5.0, p.z * 14.0)) - 0.5;
        v.normal = (v.normal + vec3(0.5, 0.15, 0.2) * bump).unit();
    }
    Some(cap)
}

/// Returns the skull without what thick hair covers.
pub(super) fn without_covered(l: &Look, skull: Surface) -> Surface {
    skull.keep(|v| lift(l, v.place) < 0.03)
}

/// Returns the hair that hangs down or is bound.
pub(super) fn locks(l: &Look) -> Vec<Surface> {
    let w = l.face_width;
    let end = match l.hair {
        Hair::Long => -1.75,
        Hair::Bun => return vec![knot(l)],
        Hair::Bald | Hair::Short => return vec![],
    };
    let side = |side: f32| {
        let path = [
            (vec3(side * 0.40 * w, 0.90, 0.10), 0.16, 0.20),
            (vec3(side * 0.66 * w, 0.45, 0.12), 0.14, 0.26),
            (vec3(side * 0.76 * w, -0.10, 0.02), 0.14, 0.28),
            (vec3(side * 0.76 * w, end * 0.55, 0.0), 0.17, 0.28),
            (vec3(side * 0.72 * w, end, 0.04), 0.13, 0.20),
        ];
        lock(l, &path, 0.35)
    };
    let back = [
        (vec3(0.0, 0.6, -0.45), 0.6, 0.45),
        (vec3(0.0, 0.0, -0.55), 0.78 * w, 0.45),
        (vec3(0.0, end * 0.6, -0.50), 0.80 * w, 0.36),
        (vec3(0.0, end, -0.48), 0.70 * w, 0.25),
    ];
    vec![side(-1.0), side(1.0), lock(l, &back, 0.2)]
}

/// A lock along a path of middles with half widths to the side and to the viewer.
fn lock(l: &Look, path: &[(Vec3, f32, f32)], rough: f32) -> Surface {
    let spans = path.len() - 1;
    let lock = Surface::grid(Stuff::Hair, 30, 50, |s, t| {
        let along = t * spans as f32;
        let span = (1..spans).filter(|n| along >= *n as f32).count();
        let (a, b, u) = (path[span], path[span + 1], along - span as f32);
        let middle = a.0.mix(b.0, u);
        let (x, z) = round(s);
        let ends = (step(0.0, 0.06, t) * step(1.0, 0.90, t)).sqrt();
        let groove = ends * (1.0 + rough * (noise(vec3(-x * 5.0 + middle.x * 9.0, middle.y * 1.3, -z * 5.0)) - 0.5));
        let place = middle + vec3(x * mix(a.1, b.1, u), 0.0, z * mix(a.2, b.2, u)) * groove;
        let strand = 0.6 * noise(vec3(s * 40.0, place.y * 1.5, 3.0)) + 0.4 * noise(vec3(s * 90.0, place.y * 4.0, 9.0));
        Vertex { open: 0.8, lit: 0.9, ..Vertex::plain(place, l.hair_colour * (0.45 + 1.1 * strand)) }
    });
    lock.with_normals(30)
}

fn knot(l: &Look) -> Surface {
    let knot = Surface::grid(Stuff::Hair, 40, 30, |s, t| {
        let d = direction(s, t);
        let place = vec3(0.0, 1.12, -0.35) + d * (0.30 + 0.03 * noise(d * 5.0));
        let strand = noise(vec3(d.x * 8.0, d.y * 30.0, d.z * 8.0));
        Vertex { open: 0.9, ..Vertex::plain(place, l.hair_colour * (0.5 + strand)) }
    });
    knot.with_normals(40)
}
