//! Light: a lamp, the surroundings, and a glow from behind.

use super::vector::{Vec3, vec3};

/// Where the lamp stands, from every figure: to the left, above, before it. Shadows on heads are reckoned for it once.
pub(super) const LAMP: Vec3 = vec3(-0.443, 0.487, 0.753);
const BEHIND: Vec3 = vec3(0.796, 0.372, -0.478);
/// Half way between the lamp and the viewer: the direction of highlights.
const HALFWAY: Vec3 = vec3(-0.236, 0.260, 0.936);

/// The light of a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Light {
    pub lamp: Vec3,
    pub above: Vec3,
    pub below: Vec3,
    pub behind: Vec3,
}

/// How a stuff takes light.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finish {
    /// How far light creeps round edges, for each colour: skin lets red through.
    pub wrap: Vec3,
    pub gloss: f32,
    /// Squarings of the cosine of the highlight: the more, the smaller.
    pub sharpness: u8,
}

/// A point of a surface as light meets it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patch {
    /// Unit length.
    pub normal: Vec3,
    pub colour: Vec3,
    pub open: f32,
    pub lit: f32,
}

impl Light {
    /// Returns the light that comes from a patch.
    pub(super) fn on(&self, patch: &Patch, finish: &Finish) -> Vec3 {
        let Patch { normal: n, colour, open, lit } = *patch;
        let facing = n.dot(LAMP);
        let soft = |wrap: f32| ((facing + wrap) / (1.0 + wrap)).max(0.0);
        let w = finish.wrap;
        // Blood makes the edges of shadows red.
        let arrived = vec3(lit.sqrt(), lit, lit);
        let lamp = vec3(soft(w.x), soft(w.y), soft(w.z)).times(arrived).times(self.lamp);
        let around = self.below.mix(self.above, 0.5 + 0.5 * n.y) * open;
        let behind = self.behind * (n.dot(BEHIND).max(0.0) * open);
        let mut shine = n.dot(HALFWAY).max(0.0);
        for _ in 0..finish.sharpness {
            shine *= shine;
        }
        colour.times(lamp + around + behind) + self.lamp * (finish.gloss * shine * lit)
    }
}

/// Bends light, `0..`, into the tones of a picture, `0..=1`: Hable's curve, with a soft shoulder and a little toe.
pub(super) fn film(light: f32) -> f32 {
    let curve = |x: f32| (x * (0.22 * x + 0.03) + 0.002) / (x * (0.22 * x + 0.30) + 0.06) - 0.002 / 0.06;
    (curve(2.6 * light) / curve(6.0)).clamp(0.0, 1.0).powf(1.0 / 2.2)
}
