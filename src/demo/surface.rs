//! Surfaces as triangles.

use super::vector::{Vec3, vec3};
use std::f32::consts::PI;

/// What a surface is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stuff {
    /// The front of the head, on which eyes, brows and mouth are painted.
    Face,
    /// Ears.
    Skin,
    Hair,
    /// Neck and what is worn below it.
    Cloth,
    Frame,
}

/// One corner of triangles, in face units, before any motion.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vertex {
    pub place: Vec3,
    pub normal: Vec3,
    pub colour: Vec3,
    /// How open the space before it is, `0..=1`.
    pub open: f32,
    /// How much of the lamp's light arrives, `0..=1`.
    pub lit: f32,
    /// Share of the jaw's motion, `0..=1`.
    pub jaw: f32,
}

impl Vertex {
    /// A vertex in full light that does not move with the jaw; its normal comes later.
    pub(super) fn plain(place: Vec3, colour: Vec3) -> Self {
        Self { place, normal: place, colour, open: 1.0, lit: 1.0, jaw: 0.0 }
    }
}

/// A surface of one stuff.
#[derive(Debug, Clone)]
pub(super) struct Surface {
    pub stuff: Stuff,
    pub vertices: Vec<Vertex>,
    /// Seen from outside, corners go round anticlockwise.
    pub triangles: Vec<[usize; 3]>,
}

impl Surface {
    /// Makes a grid of `across` by `down` cells; `at` gets shares `0..=1` of both, round anticlockwise from above and downwards.
    pub(super) fn grid(stuff: Stuff, across: u16, down: u16, mut at: impl FnMut(f32, f32) -> Vertex) -> Self {
        let mut vertices = Vec::new();
        for j in 0..=down {
            for i in 0..=across {
                vertices.push(at(f32::from(i) / f32::from(across), f32::from(j) / f32::from(down)));
            }
        }
        let row = usize::from(across) + 1;
        let mut triangles = Vec::new();
        for j in 0..usize::from(down) {
            for i in 0..usize::from(across) {
                let a = j * row + i;
                triangles.push([a, a + row, a + 1]);
                triangles.push([a + 1, a + row, a + row + 1]);
            }
        }
        Self { stuff, vertices, triangles }
    }

    /// Sets the normals from the places; the two ends of a closed row get theirs from both sides.
    pub(super) fn with_normals(mut self, across: u16) -> Self {
        let mut sums = vec![Vec3::default(); self.vertices.len()];
        for t in &self.triangles {
            let [a, b, c] = t.map(|i| self.vertices[i].place);
            let n = (b - a).cross(c - a);
            for i in t {
                sums[*i] = sums[*i] + n;
            }
        }
        for row in sums.chunks_mut(usize::from(across) + 1) {
            let (first, last) = (row[0], row[row.len() - 1]);
            row[0] = first + last;
            row[usize::from(across)] = first + last;
        }
        for (v, n) in self.vertices.iter_mut().zip(sums) {
            v.normal = n.unit();
        }
        self
    }

    /// Leaves out triangles none of whose corners is wanted.
    pub(super) fn keep(mut self, wanted: impl Fn(&Vertex) -> bool) -> Self {
        self.triangles.retain(|t| t.iter().any(|i| wanted(&self.vertices[*i])));
        self
    }
}

/// Returns the direction of a place on a globe whose front is finest; shares as of [`Surface::grid`].
pub(super) fn direction(s: f32, t: f32) -> Vec3 {
    let (s, t) = (2.0 * s - 1.0, 1.0 - 2.0 * t);
    let round = PI * (0.42 * s + 0.58 * s * s * s);
    let up = 0.5 * PI * (0.62 * t + 0.38 * t * t * t);
    vec3(round.sin() * up.cos(), up.sin(), round.cos() * up.cos())
}

/// Returns the point on a circle around the vertical, anticlockwise from above: x, and z towards the viewer.
pub(super) fn round(s: f32) -> (f32, f32) {
    let (sin, cos) = (2.0 * PI * s).sin_cos();
    (-sin, -cos)
}

/// Returns how far from `centre` along `way` the outermost surface lies, at most `from`.
pub(super) fn outermost(of: &impl Fn(Vec3) -> f32, centre: Vec3, way: Vec3, from: f32) -> f32 {
    let mut far = from;
    while far > 0.1 {
        let d = of(centre + way * far);
        if d < 0.002 {
            break;
        }
        // Distances are bounds where the ray meets the surface at a slant.
        far -= d.max(0.004);
    }
    far
}
