//! A head of plain shapes: as quick to draw as a picture of a made-up library must be, and unlike enough to tell people apart.

use crate::domain::{RgbImage, Size};

type Colour = [u8; 3];

const SKINS: [Colour; 6] = [[244, 210, 184], [226, 180, 146], [198, 146, 108], [158, 106, 72], [116, 74, 50], [84, 54, 40]];
const HAIRS: [Colour; 6] = [[34, 26, 22], [74, 48, 30], [122, 82, 44], [196, 156, 92], [150, 62, 30], [188, 186, 182]];
const SHIRTS: [Colour; 7] =
    [[60, 78, 120], [128, 48, 52], [52, 104, 82], [210, 204, 190], [70, 70, 76], [176, 128, 56], [104, 72, 128]];
const WALLS: [Colour; 5] = [[92, 102, 110], [128, 112, 96], [70, 84, 78], [118, 122, 134], [88, 74, 74]];

/// Draws somebody: `person` says who, `turn` where they look (`-1..=1`, 0 into the camera), `share` how much of the picture's
/// height the face takes (`0..=1`).
#[must_use]
pub fn sketch(person: u32, turn: f32, share: f32, size: Size) -> RgbImage {
    let of = |list: &[Colour], salt: u32| list[usize::try_from(mixed(person, salt)).unwrap_or(0) % list.len()];
    let head = Head {
        skin: of(&SKINS, 1),
        hair: of(&HAIRS, 2),
        shirt: of(&SHIRTS, 3),
        wall: of(&WALLS, 4),
        is_long: mixed(person, 5).is_multiple_of(2),
        is_bald: mixed(person, 6).is_multiple_of(9),
        has_glasses: mixed(person, 7).is_multiple_of(4),
        has_beard: mixed(person, 8).is_multiple_of(5),
        width: 0.72 + 0.012 * unit(mixed(person, 9) % 16),
        turn: turn.clamp(-1.0, 1.0),
    };
    let mut data = Vec::with_capacity(size.width as usize * size.height as usize * 3);
    let scale = 2.0 / (unit(size.height) * share.clamp(0.05, 1.0));
    for y in 0..size.height {
        for x in 0..size.width {
            let across = (unit(x) + 0.5 - unit(size.width) / 2.0) * scale;
            let down = (unit(y) + 0.5 - unit(size.height) / 2.0) * scale;
            data.extend_from_slice(&head.at(across, down));
        }
    }
    RgbImage { width: size.width, height: size.height, data }
}

struct Head {
    skin: Colour,
    hair: Colour,
    shirt: Colour,
    wall: Colour,
    is_long: bool,
    is_bald: bool,
    has_glasses: bool,
    has_beard: bool,
    width: f32,
    turn: f32,
}

impl Head {
    /// Returns the colour of a point: the face reaches from -1 to 1 downwards, and by `width` to either side.
    fn at(&self, x: f32, y: f32) -> Colour {
        let is_in = |cx: f32, cy: f32, rx: f32, ry: f32| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) < 1.0;
        let (w, nose) = (self.width, 0.45 * self.turn);
        let apart = 0.32 * (1.0 - 0.5 * self.turn.abs());
        if is_in(0.0, 0.0, w, 1.0) {
            if !self.is_bald && y < -0.52 + 0.25 * (x - 0.4 * nose).powi(2) {
                return lit(self.hair, x);
            }
            for eye in [nose - apart, nose + apart] {
                if is_in(eye, -0.12, 0.055, 0.06) {
                    return [24, 20, 20];
                }
                if is_in(eye, -0.12, 0.13, 0.075) {
                    return [240, 238, 232];
                }
                if self.has_glasses && is_in(eye, -0.11, 0.21, 0.17) && !is_in(eye, -0.11, 0.18, 0.14) {
                    return [40, 40, 44];
                }
                if is_in(eye, -0.29, 0.17, 0.035) {
                    return self.hair;
                }
            }
            if is_in(1.1 * nose, 0.2, 0.085, 0.13) {
                return lit(shaded(self.skin, 0.86), x);
            }
            if is_in(nose, 0.53, 0.23, 0.055) {
                return [150, 62, 62];
            }
            if self.has_beard && y > 0.34 + 0.35 * (x - nose).powi(2) {
                return shaded(self.hair, 0.9);
            }
            return lit(self.skin, x);
        }
        if !self.is_bald && (is_in(0.0, -0.2, w + 0.12, 1.0) && (y < -0.1 || self.is_long)) {
            return lit(shaded(self.hair, 0.9), x);
        }
        if self.is_long && !self.is_bald && x.abs() < w + 0.14 && (0.0..1.1).contains(&y) {
            return shaded(self.hair, 0.8);
        }
        if x.abs() < 0.34 && (0.7..1.35).contains(&y) {
            return shaded(self.skin, 0.8);
        }
        if is_in(0.0, 2.3, 1.5, 1.15) {
            return lit(self.shirt, x);
        }
        shaded(self.wall, 1.0 - 0.12 * y)
    }
}

/// Light comes from the left.
fn lit(colour: Colour, x: f32) -> Colour {
    shaded(colour, 1.0 - 0.22 * (x + 0.3).clamp(-0.5, 1.0))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float to integer cast saturates")]
fn shaded(colour: Colour, by: f32) -> Colour {
    colour.map(|c| (f32::from(c) * by) as u8)
}

fn unit(n: u32) -> f32 {
    n as f32
}

/// Mixes two numbers into one that looks random (the finaliser of MurmurHash3, Appleby).
fn mixed(person: u32, salt: u32) -> u32 {
    let mut x = person.wrapping_mul(0x9E37_79B9) ^ salt.wrapping_mul(0x85EB_CA6B);
    x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
    x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_differ_and_the_same_person_is_drawn_alike() {
        let size = Size { width: 28, height: 35 };
        let drawn: Vec<RgbImage> = (0..40).map(|person| sketch(person, 0.0, 0.6, size)).collect();
        assert_eq!(sketch(7, 0.0, 0.6, size), drawn[7]);
        assert_ne!(sketch(7, 0.8, 0.6, size), drawn[7]);
        let alike = (0..40).flat_map(|a| (0..a).map(move |b| (a, b))).filter(|(a, b)| drawn[*a] == drawn[*b]).count();
        assert!(alike <= 2, "{alike} pairs look the same");
        assert!(drawn.iter().all(|p| p.data.len() == 28 * 35 * 3));
    }
}
