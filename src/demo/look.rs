//! What a person looks like, as numbers.

use super::vector::{Vec3, vec3};

/// How hair is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hair {
    Bald,
    Short,
    Long,
    Bun,
}

/// What is worn below the neck.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dress {
    /// A round neck.
    Crew,
    /// A neckline that dips by this much.
    Neckline(f32),
    /// An open jacket over a shirt of this colour.
    Jacket(Vec3),
}

/// A face and what belongs to it.
///
/// Lengths are in face units: the eyes lie at height 0 and about 0.31 to either side, the mouth at -0.68, the chin at about -1.1.
/// Factors are 1 for a plain face, colours linear.
#[derive(Debug, Clone)]
pub(super) struct Look {
    // The bones.
    pub face_width: f32,
    pub face_length: f32,
    pub jaw_width: f32,
    pub chin: f32,
    /// Length added to the chin.
    pub chin_length: f32,
    /// Height added to the forehead.
    pub forehead: f32,
    pub cheek: f32,
    pub brow_ridge: f32,
    /// Fullness of cheeks and throat, `0..=1`.
    pub fullness: f32,
    /// Hollowness of the cheeks, `0..=1`.
    pub hollow: f32,
    // The eyes and brows.
    pub eye_apart: f32,
    /// Half the width of an eye.
    pub eye_width: f32,
    pub eye_open: f32,
    /// Rise of the outer corner, face units.
    pub eye_tilt: f32,
    /// How far the eyes lie back.
    pub eye_depth: f32,
    /// How much the upper lid covers, `0..=1`.
    pub hood: f32,
    pub iris: Vec3,
    pub lashes: f32,
    /// Shadow painted on the lids, `0..=1`.
    pub lid_shadow: f32,
    pub brow_y: f32,
    pub brow_thickness: f32,
    pub brow_arch: f32,
    /// Rise of the brows towards the outside.
    pub brow_slope: f32,
    pub brow_colour: Vec3,
    // Nose and mouth.
    pub nose_length: f32,
    pub nose_width: f32,
    pub nose_bridge: f32,
    /// How far the nose stands out.
    pub nose_out: f32,
    pub nose_tip: f32,
    /// A hump on the bridge, `0..=1`.
    pub nose_hump: f32,
    pub mouth_y: f32,
    /// Half the width of the mouth.
    pub mouth_width: f32,
    pub lips: f32,
    pub upper_lip: f32,
    pub lip_colour: Vec3,
    // Skin and hair.
    pub skin: Vec3,
    /// How much the years show, about `0..=1.3`.
    pub age: f32,
    pub freckles: f32,
    pub hair: Hair,
    pub hair_colour: Vec3,
    /// Height at which the hair begins over the forehead.
    pub hairline: f32,
    pub stubble: f32,
    pub beard: f32,
    pub moustache: f32,
    // What is worn.
    pub glasses: bool,
    pub dress: Dress,
    pub cloth: Vec3,
    pub shoulders: f32,
}

/// A face without anything of its own; the people of the cast differ from it.
pub(super) const PLAIN: Look = Look {
    face_width: 1.0,
    face_length: 1.0,
    jaw_width: 1.0,
    chin: 1.0,
    chin_length: 0.0,
    forehead: 0.0,
    cheek: 1.0,
    brow_ridge: 1.0,
    fullness: 0.0,
    hollow: 0.0,
    eye_apart: 0.31,
    eye_width: 0.155,
    eye_open: 1.0,
    eye_tilt: 0.02,
    eye_depth: 0.0,
    hood: 0.2,
    iris: vec3(0.12, 0.07, 0.03),
    lashes: 0.5,
    lid_shadow: 0.0,
    brow_y: 0.20,
    brow_thickness: 1.0,
    brow_arch: 1.0,
    brow_slope: 0.0,
    brow_colour: vec3(0.05, 0.03, 0.02),
    nose_length: 1.0,
    nose_width: 1.0,
    nose_bridge: 1.0,
    nose_out: 1.0,
    nose_tip: 1.0,
    nose_hump: 0.0,
    mouth_y: -0.68,
    mouth_width: 0.25,
    lips: 1.0,
    upper_lip: 1.0,
    lip_colour: vec3(0.50, 0.20, 0.18),
    skin: vec3(0.62, 0.40, 0.30),
    age: 0.2,
    freckles: 0.0,
    hair: Hair::Short,
    hair_colour: vec3(0.06, 0.035, 0.02),
    hairline: 0.62,
    stubble: 0.0,
    beard: 0.0,
    moustache: 0.0,
    glasses: false,
    dress: Dress::Crew,
    cloth: vec3(0.08, 0.12, 0.25),
    shoulders: 1.0,
};

impl Look {
    /// Height of the line between the lips, `x` from the middle of the face.
    pub(super) fn mouth_line(&self, x: f32) -> f32 {
        let u = x / self.mouth_width;
        self.mouth_y * self.face_length + 0.008 * (1.0 - super::vector::bell(x, 0.05)) + 0.012 * u * u
    }
}
