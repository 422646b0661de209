//! Places figures before the camera.

use super::canvas::{Corner, FINE, Sheet};
use super::face::{self, Mood};
use super::figure::Figure;
use super::light::{Finish, Light, Patch};
use super::look::{Dress, Look};
use super::noise::noise;
use super::surface::{Stuff, Surface};
use super::vector::{Turn, Vec3, bell, mix, step, vec3};
use crate::domain::BBox;

/// How and where a figure stands at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pose {
    /// Where the point between the eyes is while the head is straight, pixels.
    pub x: f32,
    pub y: f32,
    /// Pixels a face unit.
    pub scale: f32,
    /// Radians: to the picture's right, up, clockwise.
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
    /// Yaw of the shoulders.
    pub shoulders: f32,
    /// Face units by which the figure stands before others.
    pub before: f32,
}

/// Heads turn about the top of the spine.
const PIVOT: Vec3 = vec3(0.0, -0.75, -0.30);
/// Face units from the camera to the eyes.
const CAMERA: f32 = 10.0;
/// Face units by which a jaw drops at most.
const JAW: f32 = 0.13;

impl Pose {
    fn seen(&self, p: Vec3) -> Vec3 {
        let k = CAMERA / (CAMERA - p.z) * self.scale;
        vec3(self.x + p.x * k, self.y - p.y * k, p.z + self.before)
    }

    fn head(&self) -> Turn {
        Turn::new(self.yaw, self.pitch, self.roll)
    }
}

fn dropped(p: Vec3, jaw: f32, mood: &Mood) -> Vec3 {
    let drop = JAW * mood.mouth * jaw;
    vec3(p.x, p.y - drop * (1.0 - (p.x / 0.75).powi(2)).max(0.0), p.z - 0.35 * drop * (-p.y - 0.5).max(0.0))
}

/// Returns the surfaces of a figure as the camera sees them.
pub(super) fn sheets<'a>(figure: &'a Figure, pose: &Pose, mood: Mood, light: &'a Light) -> Vec<Sheet<'a>> {
    let (head, shoulders) = (pose.head(), Turn::new(pose.shoulders, 0.0, 0.0));
    let parts = figure.head.iter().map(|s| (s, head)).chain(figure.body.iter().map(|s| (s, shoulders)));
    parts.map(|(surface, turn)| sheet(figure, surface, &turn, pose, mood, light)).collect()
}

fn sheet<'a>(figure: &'a Figure, surface: &'a Surface, turn: &Turn, pose: &Pose, mood: Mood, light: &'a Light) -> Sheet<'a> {
    let corner = |v: &super::surface::Vertex| {
        let moved = if v.jaw > 0.0 { dropped(v.place, v.jaw, &mood) } else { v.place };
        let seen = pose.seen(turn.of(moved - PIVOT) + PIVOT);
        let at = vec3(seen.x * FINE, seen.y * FINE, seen.z);
        Corner { at, normal: turn.of(v.normal), colour: v.colour, open: v.open, lit: v.lit, rest: v.place }
    };
    let look = &figure.look;
    let fine = 1.0 / (pose.scale * FINE);
    let stuff = surface.stuff;
    Sheet {
        corners: surface.vertices.iter().map(corner).collect(),
        triangles: &surface.triangles,
        paint: Box::new(move |at| painted(look, stuff, &mood, light, at, fine)),
    }
}

/// Returns the light that comes from a point of a figure.
fn painted(l: &Look, stuff: Stuff, mood: &Mood, light: &Light, at: &Corner, fine: f32) -> Vec3 {
    let skin = vec3(0.38, 0.20, 0.15);
    let patch = Patch { normal: at.normal, colour: at.colour, open: at.open, lit: at.lit };
    match stuff {
        Stuff::Face => {
            let p = face::paint(l, mood, at.rest, at.colour, at.normal, fine);
            let patch = Patch { normal: p.normal.unit(), colour: p.colour, ..patch };
            light.on(&patch, &Finish { wrap: skin, gloss: p.gloss, sharpness: 4 }) + light.lamp * p.glint
        }
        Stuff::Skin => light.on(&patch, &Finish { wrap: skin, gloss: 0.03, sharpness: 4 }),
        Stuff::Hair => light.on(&patch, &Finish { wrap: vec3(0.2, 0.2, 0.2), gloss: 0.05, sharpness: 3 }),
        Stuff::Frame => light.on(&patch, &Finish { wrap: Vec3::default(), gloss: 0.35, sharpness: 5 }),
        Stuff::Cloth => {
            let (cloth, bare) = clothed(l, at.rest, fine);
            let patch = Patch { colour: cloth.mix(at.colour, bare), ..patch };
            light.on(&patch, &Finish { wrap: skin * bare, gloss: 0.02 * bare, sharpness: 4 })
        }
    }
}

/// Returns the colour of what is worn at a point, and how bare it is, `0..=1`.
fn clothed(l: &Look, p: Vec3, fine: f32) -> (Vec3, f32) {
    let folds = 0.85 + 0.3 * noise(vec3(p.x * 3.0, p.y * 1.5, p.z * 3.0));
    let (x, front) = (p.x.abs(), step(-0.25, 0.0, p.z));
    let dip = match l.dress {
        Dress::Crew => 0.10 * (1.0 - (x / 0.45).powi(2)).max(0.0),
        Dress::Neckline(deep) => deep * (1.0 - x / 0.46).max(0.0),
        Dress::Jacket(_) => 0.28 * (1.0 - x / 0.40).max(0.0),
    };
    let edge = -1.32 - dip * front;
    let bare = step(edge - fine, edge + fine, p.y);
    // Where the arms lie against the body.
    let arm = bell(x - 1.13 * l.shoulders, 0.05) * step(-2.1, -2.8, p.y);
    let mut cloth = l.cloth * (1.0 - 0.45 * arm);
    if let Dress::Jacket(shirt) = l.dress {
        // The shirt shows in a wedge; the lapels lie along it.
        let wedge = 0.50 * (1.0 - (-1.25 - p.y) / 1.15).max(0.0);
        cloth = cloth.mix(shirt, step(wedge + fine, wedge - fine, x) * front);
        cloth = cloth * (1.0 - 0.45 * bell(x - wedge, 0.02 + fine) * front);
        cloth = cloth * (1.0 - 0.25 * bell(x - wedge - 0.28 - 0.1 * (p.y + 2.0), 0.02 + fine) * front * step(-2.3, -2.0, p.y));
    }
    let seam = 1.0 - 0.40 * bell(p.y - edge + 0.02, 0.03 + fine);
    (cloth * (folds * seam * mix(0.8, 1.0, step(0.0, 0.1, (p.y - edge).abs()))), bare)
}

/// Returns the box of a figure's face, pixels: middle of the forehead to chin, cheek to cheek.
pub(super) fn face_box(figure: &Figure, pose: &Pose, mood: &Mood) -> BBox {
    let turn = pose.head();
    let mut out = BBox::new(f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY);
    for p in &figure.face {
        let jaw = step(figure.look.mouth_line(0.0), -1.0, p.y);
        let seen = pose.seen(turn.of(dropped(*p, jaw, mood) - PIVOT) + PIVOT);
        out.x1 = out.x1.min(seen.x);
        out.x2 = out.x2.max(seen.x);
        out.y1 = out.y1.min(seen.y);
        out.y2 = out.y2.max(seen.y);
    }
    out
}
