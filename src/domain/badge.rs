//! What keeps a face from being recognised: covered, turned, soft, against the light.

use super::Quality;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that keeps a face from being recognised; prints as one short word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadgeKind {
    Sunglasses,
    /// A part of the face has nothing of a face in it: a hand, a head, a thing is before it.
    Covered,
    Profile,
    Blurred,
    /// Dark before a bright background.
    BackLit,
}

impl BadgeKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Sunglasses, Self::Covered, Self::Profile, Self::Blurred, Self::BackLit];

    /// Tells whether something is before the face.
    #[must_use]
    pub fn is_occlusion(self) -> bool {
        matches!(self, Self::Sunglasses | Self::Covered)
    }
}

impl fmt::Display for BadgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sunglasses => "sunglasses",
            Self::Covered => "covered",
            Self::Profile => "profile",
            Self::Blurred => "blurred",
            Self::BackLit => "back-lit",
        })
    }
}

/// A part of a face that has detail of its own; left and right as the image has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FacePart {
    LeftEye,
    RightEye,
    Nose,
    LeftMouth,
    RightMouth,
}

impl FacePart {
    /// All of them, in the order of their numbers on the disk.
    pub const ALL: [Self; 5] = [Self::LeftEye, Self::RightEye, Self::Nose, Self::LeftMouth, Self::RightMouth];
}

impl fmt::Display for FacePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::LeftEye => "left eye",
            Self::RightEye => "right eye",
            Self::Nose => "nose",
            Self::LeftMouth => "mouth's left",
            Self::RightMouth => "mouth's right",
        })
    }
}

/// What is measured of an aligned face for its badges: pixels only, no thresholds.
///
/// `None` where it cannot be told: outside the picture, too dark, without detail.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Look {
    /// Light of the eyes over that of the cheek below, of the lighter eye, from 0; sunglasses have little.
    pub eyes: Option<f32>,
    /// The part with the least detail for what it is, and its share of the part with the most, `0..=1`.
    pub barest: Option<(FacePart, f32)>,
    /// Blur of the edges as the sigma of a Gaussian, in pixels of the canonical face, which has 44 between the eyes; `0.1..=20`.
    pub blur_px: Option<f32>,
    /// Median luma of the face and of what is around it, `0..=255`.
    pub light: Option<(f32, f32)>,
}

/// What was seen of a face that a badge rests on; prints as the reason, with numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Light of the eyes over that of the cheeks.
    Eyes(f32),
    /// A part without detail, and its share of what the rest has.
    Bare(FacePart, f32),
    /// Degrees of yaw; positive looks to the image's right.
    Turned(f32),
    /// Blur in canonical pixels.
    Soft(f32),
    /// Luma of the face and of what is around it.
    Light(f32, f32),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Eyes(share) => write!(f, "eyes at {:.0} % of cheeks' light", 100.0 * share),
            Self::Bare(part, share) => write!(f, "{part} at {:.0} % of other detail", 100.0 * share),
            Self::Turned(yaw) => write!(f, "turned {:.0}° to the {}", yaw.abs(), if yaw < 0.0 { "left" } else { "right" }),
            Self::Soft(px) => write!(f, "{px:.1} px soft at 44 px between eyes"),
            Self::Light(face, around) => write!(f, "face at {face:.0} of 255, around it {around:.0}"),
        }
    }
}

/// One badge of a face.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Badge {
    pub kind: BadgeKind,
    /// How surely, above 0 and up to 1; shown from [`Badge::SHOWN`].
    pub value: f32,
    pub evidence: Evidence,
}

impl Badge {
    /// The value from which a badge is shown.
    pub const SHOWN: f32 = 0.5;

    /// Tells whether it is sure enough to be shown.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.value >= Self::SHOWN
    }
}

/// The badges of one crop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Badges {
    /// Those above 0, in order of [`BadgeKind::ALL`].
    pub all: Vec<Badge>,
    /// The share of the crop's quality that they leave it in pooling and in beliefs, `0..=1`.
    pub left: f32,
}

impl Default for Badges {
    /// None, which leave everything.
    fn default() -> Self {
        Self { all: Vec::new(), left: 1.0 }
    }
}

impl Badges {
    /// Returns those that are shown.
    pub fn shown(&self) -> impl Iterator<Item = &Badge> {
        self.all.iter().filter(|b| b.is_shown())
    }

    /// Returns the quality with which the crop weighs in pooling and in beliefs; its parts stay as they were measured.
    #[must_use]
    pub fn weigh(&self, quality: &Quality) -> Quality {
        Quality { total: quality.total * self.left, ..*quality }
    }

    /// Tells whether something is seen to be before the face.
    #[must_use]
    pub fn is_occluded(&self) -> bool {
        self.shown().any(|b| b.kind.is_occlusion())
    }
}

/// A badge of a track, made of those of its crops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackBadge {
    /// The worst of the crops'.
    pub worst: Badge,
    /// Share of the crops that it is shown on, above 0 and up to 1.
    pub share: f32,
}

impl fmt::Display for TrackBadge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {:.0} % of its crops: {}", self.worst.kind, 100.0 * self.share, self.worst.evidence)
    }
}

/// Returns the badges of a track: of those shown on its crops each kind once, in order of [`BadgeKind::ALL`].
#[must_use]
pub fn track_badges(crops: &[&Badges]) -> Vec<TrackBadge> {
    let of = |kind| {
        let shown: Vec<&Badge> = crops.iter().flat_map(|b| b.shown()).filter(|b| b.kind == kind).collect();
        let worst = **shown.iter().max_by(|a, b| a.value.total_cmp(&b.value))?;
        Some(TrackBadge { worst, share: shown.len() as f32 / crops.len() as f32 })
    };
    BadgeKind::ALL.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn badge(kind: BadgeKind, value: f32, evidence: Evidence) -> Badge {
        Badge { kind, value, evidence }
    }

    #[test]
    fn a_track_tells_the_share_and_the_worst_of_each_badge() {
        let one = Badges {
            all: vec![
                badge(BadgeKind::Sunglasses, 0.6, Evidence::Eyes(0.3)),
                badge(BadgeKind::Profile, 0.2, Evidence::Turned(51.0)),
            ],
            left: 0.5,
        };
        let two = Badges { all: vec![badge(BadgeKind::Sunglasses, 0.9, Evidence::Eyes(0.21))], left: 0.4 };
        let got = track_badges(&[&one, &two, &Badges::default(), &Badges::default()]);
        let words: Vec<String> = got.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["sunglasses on 50 % of its crops: eyes at 21 % of cheeks' light"]);
        assert!(one.is_occluded() && !Badges::default().is_occluded());
    }
}
