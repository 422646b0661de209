//! Neck, shoulders and chest, as one body turned on a lathe.

use crate::demo::light::LAMP;
use crate::demo::look::Look;
use crate::demo::shape;
use crate::demo::surface::{Stuff, Surface, Vertex, round};
use crate::demo::vector::{Vec3, bell, mix, step, through, vec3};

pub(super) fn bust(l: &Look) -> Surface {
    let of = |p: Vec3| shape::head(l, p);
    let sturdy = mix(1.0, l.shoulders, 0.7) * (1.0 + 0.15 * l.fullness);
    let bust = Surface::grid(Stuff::Cloth, 96, 90, |s, t| {
        let y = -0.45 - 1.75 * t - 3.3 * t * t * t;
        let below = -y;
        let wide = [
            (0.45, 0.36),
            (1.15, 0.37),
            (1.30, 0.44),
            (1.45, 0.72),
            (1.62, 1.10),
            (1.85, 1.42),
            (2.15, 1.58),
            (2.8, 1.62),
            (5.5, 1.40),
        ];
        let deep = [(0.45, 0.35), (1.15, 0.36), (1.45, 0.44), (1.85, 0.54), (2.8, 0.70), (5.5, 0.75)];
        let shoulders = step(1.2, 1.6, below);
        let (x, z) = round(s);
        // Shoulders are boxier than a neck.
        let boxy = |v: f32| v.signum() * v.abs().powf(mix(1.0, 0.8, shoulders));
        let size = mix(sturdy, l.shoulders, shoulders);
        let place =
            vec3(boxy(x) * through(&wide, below) * size, y, -0.28 - 0.06 * shoulders + boxy(z) * through(&deep, below) * size);
        let outward = vec3(x, 0.1, z).unit();
        let sinew = 1.0 - 0.10 * bell(place.x.abs() - 0.16 - 0.10 * (y + 1.5), 0.05) * (1.0 - shoulders);
        Vertex {
            open: shape::openness(&of, place, outward),
            lit: shape::lit(&of, place, outward, LAMP),
            ..Vertex::plain(place, l.skin * (0.93 * sinew))
        }
    });
    bust.with_normals(96)
}
