//! Turns what is measured of a face into badges.

use crate::domain::{Badge, BadgeKind, Badges, Evidence, Look, Quality};
use serde::{Deserialize, Serialize};

/// Holds the numbers of badges; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadgeParams {
    pub eyes_none: f32,
    pub eyes_full: f32,
    pub eyes_yaw: f32,
    pub bare_none: f32,
    pub bare_full: f32,
    pub bare_yaw: f32,
    pub yaw_none: f32,
    pub yaw_full: f32,
    pub blur_none: f32,
    pub blur_full: f32,
    pub light_none: f32,
    pub light_full: f32,
    pub face_none: f32,
    pub face_full: f32,
    pub sunglasses_cost: f32,
    pub covered_cost: f32,
    pub profile_cost: f32,
    pub blurred_cost: f32,
    pub back_lit_cost: f32,
}

impl BadgeParams {
    fn cost(&self, kind: BadgeKind) -> f32 {
        match kind {
            BadgeKind::Sunglasses => self.sunglasses_cost,
            BadgeKind::Covered => self.covered_cost,
            BadgeKind::Profile => self.profile_cost,
            BadgeKind::Blurred => self.blurred_cost,
            BadgeKind::BackLit => self.back_lit_cost,
        }
    }
}

/// Returns the badges of a crop; without a `look` only the one for profiles can be told.
///
/// Every value rises in a straight line from 0 at `*_none` to 1 at `*_full`. What is told from places of the face (sunglasses, covered) holds for
/// faces turned by `*_yaw` at most, since in profiles these places are elsewhere. A crop keeps
/// `1 - cost x value` of its quality for each badge.
#[must_use]
pub fn badges(params: &BadgeParams, quality: &Quality, look: Option<&Look>) -> Badges {
    let turned = quality.yaw.abs();
    let mut all = Vec::new();
    let mut add = |kind, value: f32, evidence| {
        if value > 0.0 {
            all.push(Badge { kind, value, evidence });
        }
    };
    if let Some(eyes) = look.and_then(|l| l.eyes).filter(|_| turned <= params.eyes_yaw) {
        add(BadgeKind::Sunglasses, ramp(eyes, params.eyes_none, params.eyes_full), Evidence::Eyes(eyes));
    }
    if let Some((part, share)) = look.and_then(|l| l.barest).filter(|_| turned <= params.bare_yaw) {
        add(BadgeKind::Covered, ramp(share, params.bare_none, params.bare_full), Evidence::Bare(part, share));
    }
    add(BadgeKind::Profile, ramp(turned, params.yaw_none, params.yaw_full), Evidence::Turned(quality.yaw));
    if let Some(blur) = look.and_then(|l| l.blur_px) {
        add(BadgeKind::Blurred, ramp(blur, params.blur_none, params.blur_full), Evidence::Soft(blur));
    }
    if let Some((face, around)) = look.and_then(|l| l.light) {
        let against = ramp(face / around.max(1.0), params.light_none, params.light_full);
        add(BadgeKind::BackLit, against.min(ramp(face, params.face_none, params.face_full)), Evidence::Light(face, around));
    }
    let left = all.iter().map(|b| (1.0 - params.cost(b.kind) * b.value).clamp(0.0, 1.0)).product();
    Badges { all, left }
}

/// Rises from 0 at `zero` to 1 at `one`, whichever is the larger.
fn ramp(x: f32, zero: f32, one: f32) -> f32 {
    let value = ((x - zero) / (one - zero)).clamp(0.0, 1.0);
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::quality::look;
    use crate::domain::{FacePart, RgbImage, Size};

    fn params() -> BadgeParams {
        let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
        table["badges"].clone().try_into().unwrap()
    }

    fn quality(yaw: f32) -> Quality {
        let part = 1.0;
        let (size, sharpness, frontality, light, visibility) = (part, part, part, part, part);
        Quality { total: 0.8, size, sharpness, frontality, light, visibility, yaw, pitch: 0.0, roll: 0.0 }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    fn drawn(value: impl Fn(f32, f32) -> f32) -> RgbImage {
        let mut out = RgbImage::black(Size { width: 160, height: 160 });
        for (i, p) in out.data.chunks_exact_mut(3).enumerate() {
            p.fill(value((i % 160) as f32, (i / 160) as f32).clamp(0.0, 255.0) as u8);
        }
        out
    }

    /// Skin with grain, and two eyes, a nose and a mouth: dark, with sharp edges.
    fn face(x: f32, y: f32) -> f32 {
        let inside = |cx: f32, cy: f32, a: f32, b: f32| ((x - cx) / a).powi(2) + ((y - cy) / b).powi(2) < 1.0;
        let eye = inside(57.9, 74.6, 6.0, 3.0) || inside(101.9, 74.4, 6.0, 3.0);
        let rest = inside(80.0, 97.0, 7.0, 3.0) || inside(80.0, 125.0, 18.0, 4.0);
        let grain = 10.0 * (0.9 * x).sin() * (0.7 * y).sin();
        if eye || rest { 50.0 + grain } else { 160.0 + grain }
    }

    fn lens(x: f32, y: f32) -> bool {
        [57.9f32, 101.9].iter().any(|cx| ((x - cx) / 16.0).powi(2) + ((y - 75.0) / 12.0).powi(2) < 1.0)
    }

    fn shown(image: &RgbImage, yaw: f32) -> Vec<(BadgeKind, Evidence)> {
        let got = badges(&params(), &quality(yaw), Some(&look(image)));
        got.shown().map(|b| (b.kind, b.evidence)).collect()
    }

    fn kinds(image: &RgbImage) -> Vec<BadgeKind> {
        shown(image, 0.0).into_iter().map(|b| b.0).collect()
    }

    #[test]
    fn an_open_face_has_no_badge_and_keeps_its_quality() {
        let got = badges(&params(), &quality(5.0), Some(&look(&drawn(face))));
        assert_eq!(got, Badges::default());
        assert_eq!(got.weigh(&quality(5.0)), quality(5.0));
    }

    #[test]
    fn dark_lenses_are_sunglasses_and_eyes_in_shade_are_not() {
        assert_eq!(kinds(&drawn(|x, y| if lens(x, y) { 20.0 } else { face(x, y) })), [BadgeKind::Sunglasses]);
        assert_eq!(kinds(&drawn(|x, y| if lens(x, y) { face(x, y) * 0.6 } else { face(x, y) })), []);
        assert_eq!(kinds(&drawn(|x, y| if lens(x, y) { 3.0 } else { face(x, y) / 9.0 })), [], "too dark to tell");
    }

    #[test]
    fn a_bar_over_an_eye_covers_it_and_the_edge_of_the_picture_does_not() {
        let bar = drawn(|x, y| if (40.0..75.0).contains(&x) { 90.0 } else { face(x, y) });
        let [(BadgeKind::Covered, Evidence::Bare(FacePart::LeftEye, share))] = shown(&bar, 0.0)[..] else {
            panic!("{:?}", shown(&bar, 0.0))
        };
        assert!(share < 0.05, "{share}");
        assert_eq!(shown(&bar, 50.0), [], "in a profile the far eye has no detail");
        assert_eq!(kinds(&drawn(|x, y| if x < 75.0 { 0.0 } else { face(x, y) })), []);
    }

    #[test]
    fn blur_is_told_in_pixels() {
        for sigma in [2.0f32, 3.0, 4.0] {
            // A vertical edge blurred by a Gaussian is its integral; the logistic curve comes close to that.
            let edge = drawn(|x, _| 60.0 + 120.0 / (1.0 + (-1.702 * (x - 80.0) / sigma).exp()));
            let blur = look(&edge).blur_px.unwrap();
            assert!((blur - sigma).abs() < 0.15 * sigma, "{sigma}: {blur}");
        }
    }

    #[test]
    fn a_dark_face_before_a_bright_wall_is_back_lit_and_a_dark_picture_is_not() {
        let wall = |x: f32, y: f32| ((x - 80.0) / 50.0).powi(2) + ((y - 90.0) / 70.0).powi(2) > 1.0;
        assert_eq!(kinds(&drawn(|x, y| if wall(x, y) { 240.0 } else { face(x, y) * 0.4 })), [BadgeKind::BackLit]);
        assert_eq!(kinds(&drawn(|x, y| if wall(x, y) { 240.0 } else { face(x, y) * 0.8 })), []);
        assert_eq!(kinds(&drawn(|x, y| face(x, y) * 0.4)), []);
    }

    #[test]
    fn a_profile_is_told_without_the_picture() {
        let got = badges(&params(), &quality(-68.0), None);
        assert_eq!(got.shown().map(|b| b.evidence.to_string()).collect::<Vec<_>>(), ["turned 68° to the left"]);
    }
}
