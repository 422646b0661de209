//! Skull and ears.

use super::skin;
use crate::demo::light::LAMP;
use crate::demo::look::Look;
use crate::demo::shape;
use crate::demo::surface::{Stuff, Surface, Vertex, direction, outermost};
use crate::demo::vector::{Vec3, bell, mix, step, vec3};

/// From here every point of a head can be seen.
const MIDDLE: Vec3 = vec3(0.0, -0.10, -0.10);

/// Cells round a head.
pub(super) const ACROSS: u16 = 144;

pub(super) fn skull(l: &Look) -> Surface {
    let of = |p: Vec3| shape::head(l, p);
    Surface::grid(Stuff::Face, ACROSS, 108, |s, t| {
        let way = direction(s, t);
        let place = MIDDLE + way * outermost(&of, MIDDLE, way, 1.6);
        let normal = shape::normal(&of, place, 0.012);
        Vertex {
            place,
            normal,
            colour: skin::colour(l, place),
            open: shape::openness(&of, place, normal),
            lit: shape::lit(&of, place, normal, LAMP),
            jaw: jaw(l, place),
        }
    })
}

/// Everything below the line between the lips moves with the jaw, less towards the sides and the throat.
fn jaw(l: &Look, p: Vec3) -> f32 {
    let line = l.mouth_line(p.x);
    step(line + 0.012, line - 0.030, p.y) * step(-0.25, 0.25, p.z) * step(0.75, 0.35, p.x.abs())
}

pub(super) fn ear(l: &Look, side: f32) -> Surface {
    let middle = vec3(side * 0.685 * l.face_width, -0.14, -0.14);
    let ear = Surface::grid(Stuff::Skin, 28, 20, |s, t| {
        let d = direction(s, t);
        let hollow = bell(d.y.hypot(d.z - 0.1), 0.55) * step(0.0, 0.5, d.x * side);
        let bowl = 1.0 - 0.55 * hollow;
        let place = middle + vec3(d.x * 0.085 * bowl - side * 0.033 * d.z, d.y * 0.235, d.z * 0.125);
        let colour = l.skin.times(vec3(1.02, 0.80, 0.78)) * mix(0.55, 1.0, bowl * bowl);
        Vertex { open: 0.85, lit: 0.9, ..Vertex::plain(place, colour) }
    });
    ear.with_normals(28)
}
