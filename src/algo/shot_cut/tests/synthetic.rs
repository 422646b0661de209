//! Made pictures: textured scenes with a camera and an actor that move, and transitions between them.

use crate::domain::Signature;

const LUMA: (usize, usize) = Signature::LUMA;
const CHROMA: (usize, usize) = Signature::CHROMA;

/// A picture before rounding.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    luma: Vec<f32>,
    cb: Vec<f32>,
    cr: Vec<f32>,
}

/// A scene and how its camera moves, in cells a picture and in shares of the zoom a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub seed: u64,
    pub pan: (f32, f32),
    pub zoom: f32,
}

impl Scene {
    pub(super) fn still(seed: u64) -> Self {
        Self { seed, pan: (0.0, 0.0), zoom: 0.0 }
    }

    /// Returns the pictures `from..to` of the scene, with an actor that walks through.
    pub(super) fn shoot(self, from: u16, to: u16) -> Vec<Picture> {
        (from..to).map(|t| self.picture(f32::from(t))).collect()
    }

    fn picture(self, t: f32) -> Picture {
        let scale = (1.0 + self.zoom).powf(t);
        let world = |x: f32, y: f32| (x / scale + self.pan.0 * t, y / scale + self.pan.1 * t);
        let actor = (8.0 * (t * 0.05 + self.seed as f32).sin(), 4.0 + (t * 0.07).sin());
        let value = |x: f32, y: f32, channel: u64, range: f32| {
            let inside = ((x - actor.0) / 5.0).powi(2) + ((y - actor.1) / 9.0).powi(2) < 1.0;
            let ((x, y), seed) = if inside { ((x - actor.0, y - actor.1), self.seed + 7919) } else { (world(x, y), self.seed) };
            128.0 + range * texture(seed * 16 + channel, x, y)
        };
        let plane = |(width, height): (usize, usize), channel, range| {
            let step = LUMA.0 as f32 / width as f32;
            let cell = |at: usize| {
                let (x, y) = ((at % width) as f32 * step - 32.0, (at / width) as f32 * step - 18.0);
                value(x, y, channel, range)
            };
            (0..width * height).map(cell).collect()
        };
        Picture { luma: plane(LUMA, 0, 110.0), cb: plane(CHROMA, 1, 40.0), cr: plane(CHROMA, 2, 40.0) }
    }
}

impl Picture {
    pub(super) fn plain(level: f32) -> Self {
        let chroma = vec![128.0; CHROMA.0 * CHROMA.1];
        Self { luma: vec![level; LUMA.0 * LUMA.1], cb: chroma.clone(), cr: chroma }
    }

    pub(super) fn mix(&self, other: &Self, weight: f32) -> Self {
        let mix = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a + weight * (b - a)).collect();
        Self { luma: mix(&self.luma, &other.luma), cb: mix(&self.cb, &other.cb), cr: mix(&self.cr, &other.cr) }
    }

    /// Changes the light; values beyond white are cut off.
    pub(super) fn lit(&self, gain: f32, offset: f32) -> Self {
        Self { luma: self.luma.iter().map(|y| (y * gain + offset).clamp(0.0, 255.0)).collect(), ..self.clone() }
    }
}

/// Rounds pictures to signatures, with up to `noise` grey levels of noise.
pub(super) fn signatures(pictures: &[Picture], noise: f32) -> Vec<Signature> {
    let mut state = 1_u64;
    let mut round = |plane: &[f32]| {
        let cell = |&value: &f32| {
            state = state.wrapping_add(1);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float to integer cast saturates")]
            let cell = (value + noise * unit(state)).round() as u8;
            cell
        };
        plane.iter().map(cell).collect()
    };
    pictures.iter().map(|p| Signature { luma: round(&p.luma), cb: round(&p.cb), cr: round(&p.cr) }).collect()
}

/// Joins two shots; the last `length` pictures of the first and the first of the second are mixed.
pub(super) fn dissolve(mut first: Vec<Picture>, second: &[Picture], length: u16) -> Vec<Picture> {
    let start = first.len() - usize::from(length);
    for step in 0..length {
        let at = start + usize::from(step);
        first[at] = first[at].mix(&second[usize::from(step)], f32::from(step + 1) / f32::from(length + 1));
    }
    first.extend_from_slice(&second[usize::from(length)..]);
    first
}

/// Joins two shots through `hold` plain pictures, with slopes of `length` pictures.
pub(super) fn fade(first: Vec<Picture>, second: &[Picture], length: u16, hold: u16, level: f32) -> Vec<Picture> {
    let plain = Picture::plain(level);
    let mut all = first;
    let start = all.len() - usize::from(length);
    let weight = |step: u16| f32::from(step + 1) / f32::from(length + 1);
    for step in 0..length {
        let at = start + usize::from(step);
        all[at] = all[at].mix(&plain, weight(step));
    }
    all.extend((0..hold).map(|_| plain.clone()));
    all.extend((0..length).map(|step| plain.mix(&second[usize::from(step)], weight(step))));
    all.extend_from_slice(&second[usize::from(length)..]);
    all
}

/// Returns smooth noise in about `-1..=1` with details of 3 to 20 cells.
fn texture(seed: u64, x: f32, y: f32) -> f32 {
    [(20.0, 0.55), (7.0, 0.45), (3.0, 0.35)].iter().map(|&(period, weight)| weight * smooth(seed, x / period, y / period)).sum()
}

fn smooth(seed: u64, x: f32, y: f32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - column), ease(y - row));
    let corner = |dx: f32, dy: f32| {
        let key = u64::from((column + dx).to_bits()) << 32 | u64::from((row + dy).to_bits());
        unit(key ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    };
    let top = corner(0.0, 0.0) + u * (corner(1.0, 0.0) - corner(0.0, 0.0));
    let bottom = corner(0.0, 1.0) + u * (corner(1.0, 1.0) - corner(0.0, 1.0));
    top + v * (bottom - top)
}

/// Returns a number in `-1..1` that depends on the key alone (SplitMix64).
fn unit(key: u64) -> f32 {
    let mut z = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / 8_388_608.0 - 1.0
}
