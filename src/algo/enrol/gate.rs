//! Which face of a picture is meant, and whether it is good enough.

use super::Params;
use crate::algo::quality::eye_span;
use crate::domain::{BadgeKind, Badges, Detection, Evidence, Quality, RgbImage};
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// Says whether the largest face is meant however large the others are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeLargest {
    /// Only where it is clearly the largest.
    WhenClear,
    Always,
}

/// Which face of a picture is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    Nobody,
    /// The face at this position.
    One(usize),
    /// Too many that are about as large: how many there are, and how many times larger than the second the largest is.
    Several {
        faces: usize,
        times: f32,
    },
}

/// Chooses among the faces of a picture by the distance between their eyes.
#[must_use]
pub fn choose(params: &Params, faces: &[Detection], largest: TakeLargest) -> Choice {
    let mut spans: Vec<(f32, usize)> = faces.iter().enumerate().map(|(i, face)| (eye_span(face), i)).collect();
    spans.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    match (spans.as_slice(), largest) {
        ([], _) => Choice::Nobody,
        ([only], _) => Choice::One(only.1),
        ([first, ..], TakeLargest::Always) => Choice::One(first.1),
        ([first, second, ..], TakeLargest::WhenClear) => {
            let times = first.0 / second.0.max(1.0);
            if times >= params.clearly_larger { Choice::One(first.1) } else { Choice::Several { faces: faces.len(), times } }
        }
    }
}

/// What keeps a face from standing for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Poor {
    Small {
        eye_px: f32,
        least: f32,
    },
    Blurred {
        sharpness: f32,
        least: f32,
    },
    Profile {
        yaw: f32,
        pitch: f32,
    },
    Light {
        light: f32,
        least: f32,
    },
    Hidden {
        visibility: f32,
        least: f32,
    },
    /// Sunglasses, or anything else before it.
    Behind {
        badge: BadgeKind,
        seen: Evidence,
    },
}

impl fmt::Display for Poor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small { eye_px, least } => {
                write!(f, "the face is too small: {eye_px:.0} px between the eyes, {least:.0} are needed")
            }
            Self::Blurred { sharpness, least } => {
                write!(f, "the face is blurred: sharpness {sharpness:.3}, {least:.3} is needed")
            }
            Self::Profile { yaw, pitch } if yaw.abs() >= pitch.abs() => {
                write!(f, "the face is seen from the side: turned by {:.0} degrees", yaw.abs())
            }
            Self::Profile { pitch, .. } => {
                let way = if *pitch > 0.0 { "below" } else { "above" };
                write!(f, "the face is seen from {way}: by {:.0} degrees", pitch.abs())
            }
            Self::Light { light, least } => {
                write!(f, "the face is too dark, too bright or too flat: light {light:.2}, {least:.2} is needed")
            }
            Self::Hidden { visibility, least } => {
                write!(f, "part of the face is hidden or outside the picture: visibility {visibility:.2}, {least:.2} is needed")
            }
            Self::Behind { badge: BadgeKind::Sunglasses, seen } => write!(f, "the face wears sunglasses: {seen}"),
            Self::Behind { seen, .. } => write!(f, "something is before the face: {seen}"),
        }
    }
}

/// Rows and columns of the canonical face between brows and chin.
const ROWS: Range<usize> = 56..140;
const COLUMNS: Range<usize> = 44..116;
/// Half the side of the square that details are compared with, pixels of the canonical face: 7 px are a sixth of the way between the eyes.
const AROUND: usize = 3;

/// Tells whether a canonical aligned face has too little detail to be compared, however sharp its picture was written.
///
/// The part of the luma's variance that a mean over 7x7 pixels takes away. A Laplacian sees single pixels, and so the noise of JPEG that a
/// blurred face is written with; this does not.
#[must_use]
pub fn blurred(params: &Params, face: &RgbImage) -> Option<Poor> {
    let side = face.width as usize;
    let luma = face.luma();
    let at = |x: usize, y: usize| luma.get(y * side + x).copied().map_or(0.0, f32::from);
    let (mut plain, mut fine) = (Moments::default(), Moments::default());
    for y in ROWS {
        for x in COLUMNS {
            let square = (y - AROUND..=y + AROUND).flat_map(|v| (x - AROUND..=x + AROUND).map(move |u| (u, v)));
            let mean = square.map(|(u, v)| at(u, v)).sum::<f32>() / (2 * AROUND + 1).pow(2) as f32;
            plain.add(at(x, y));
            fine.add(at(x, y) - mean);
        }
    }
    let detail = fine.variance() / plain.variance().max(1.0);
    (detail < params.min_detail).then_some(Poor::Blurred { sharpness: detail, least: params.min_detail })
}

#[derive(Default)]
struct Moments {
    n: f32,
    sum: f32,
    squares: f32,
}

impl Moments {
    fn add(&mut self, value: f32) {
        self.n += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn variance(&self) -> f32 {
        let mean = self.sum / self.n.max(1.0);
        self.squares / self.n.max(1.0) - mean * mean
    }
}

/// Returns the first thing that a face is not good enough for; `eye_px` as [`eye_span`] has it.
#[must_use]
pub fn poor(params: &Params, quality: &Quality, eye_px: f32) -> Option<Poor> {
    let Quality { sharpness, frontality, light, visibility, yaw, pitch, .. } = *quality;
    if eye_px < params.min_eye_px {
        Some(Poor::Small { eye_px, least: params.min_eye_px })
    } else if frontality < params.min_frontality {
        Some(Poor::Profile { yaw, pitch })
    } else if visibility < params.min_visibility {
        Some(Poor::Hidden { visibility, least: params.min_visibility })
    } else if light < params.min_light {
        Some(Poor::Light { light, least: params.min_light })
    } else if sharpness < params.min_sharpness {
        Some(Poor::Blurred { sharpness, least: params.min_sharpness })
    } else {
        None
    }
}

/// Returns what is seen to be before a face.
#[must_use]
pub fn behind(badges: &Badges) -> Option<Poor> {
    let first = badges.shown().find(|b| b.kind.is_occlusion())?;
    Some(Poor::Behind { badge: first.kind, seen: first.evidence })
}

#[cfg(test)]
mod tests {
    use super::super::default_params;
    use super::*;
    use crate::domain::{BBox, Badge, FacePart};

    fn face(width: f32) -> Detection {
        Detection { bbox: BBox::new(0.0, 0.0, width, width * 1.3), landmarks: None, score: 0.9 }
    }

    #[test]
    fn one_face_is_meant_and_of_several_only_a_clearly_larger_one() {
        let params = default_params();
        assert_eq!(choose(&params, &[], TakeLargest::WhenClear), Choice::Nobody);
        assert_eq!(choose(&params, &[face(9.0)], TakeLargest::WhenClear), Choice::One(0));
        assert_eq!(choose(&params, &[face(20.0), face(90.0)], TakeLargest::WhenClear), Choice::One(1));
        let alike = [face(80.0), face(90.0), face(70.0)];
        assert!(matches!(choose(&params, &alike, TakeLargest::WhenClear), Choice::Several { faces: 3, .. }));
        assert_eq!(choose(&params, &alike, TakeLargest::Always), Choice::One(1));
    }

    #[test]
    fn a_face_without_detail_is_blurred_even_where_noise_lies_over_it() {
        let params = default_params();
        let drawn = |value: &dyn Fn(f32, f32) -> f32| {
            let mut face = RgbImage::black(crate::domain::Size { width: 160, height: 160 });
            for (i, pixel) in (0u16..).zip(face.data.chunks_exact_mut(3)) {
                let noise = f32::from(i.wrapping_mul(40_503) % 5) - 2.0;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
                pixel.fill((value(f32::from(i % 160), f32::from(i / 160)) + noise).clamp(0.0, 255.0) as u8);
            }
            face
        };
        let sharp = drawn(&|x, y| 120.0 + 30.0 * (x / 20.0).sin() + 15.0 * (x / 2.0).sin() * (y / 2.0).cos());
        assert_eq!(blurred(&params, &sharp), None);
        let soft = drawn(&|x, y| 120.0 + 40.0 * (x / 20.0).sin() * (y / 25.0).cos());
        assert!(
            matches!(blurred(&params, &soft), Some(Poor::Blurred { .. })),
            "{:?}",
            blurred(&Params { min_detail: 9.0, ..params.clone() }, &soft)
        );
    }

    #[test]
    fn each_fault_is_told_by_its_own_words() {
        let params = default_params();
        let good = Quality::faultless(1.0);
        assert_eq!(poor(&params, &good, 60.0), None);
        let told = |q: Quality, eye| poor(&params, &q, eye).map(|p| p.to_string()).unwrap_or_default();
        assert!(told(good, 5.0).starts_with("the face is too small: 5 px"));
        assert!(told(Quality { frontality: 0.0, yaw: -84.0, ..good }, 60.0).ends_with("turned by 84 degrees"));
        assert!(told(Quality { frontality: 0.0, pitch: -70.0, ..good }, 60.0).ends_with("from above: by 70 degrees"));
        assert!(told(Quality { light: 0.0, ..good }, 60.0).contains("too dark"));
        assert!(told(Quality { sharpness: 0.0, ..good }, 60.0).contains("blurred"));
        assert!(told(Quality { visibility: 0.1, ..good }, 60.0).contains("hidden"));
        let shown = |kind, evidence| Badges { all: vec![Badge { kind, value: 0.8, evidence }], left: 0.5 };
        let told = |badges: &Badges| behind(badges).map(|p| p.to_string()).unwrap_or_default();
        assert_eq!(
            told(&shown(BadgeKind::Sunglasses, Evidence::Eyes(0.21))),
            "the face wears sunglasses: eyes at 21 % of cheeks' light"
        );
        assert_eq!(
            told(&shown(BadgeKind::Covered, Evidence::Bare(FacePart::Nose, 0.03))),
            "something is before the face: nose at 3 % of other detail"
        );
        assert_eq!(told(&shown(BadgeKind::Profile, Evidence::Turned(70.0))), "", "`frontality` decides that");
    }
}
