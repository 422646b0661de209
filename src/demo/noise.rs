//! Chance that is the same every time.

use super::vector::{Vec3, mix};

/// Returns a number `0..1` that looks random and depends on nothing but its arguments.
pub(super) fn hash(x: i32, y: i32, z: i32) -> f32 {
    let mut h = x.cast_unsigned().wrapping_mul(0x8da6_b343);
    h ^= y.cast_unsigned().wrapping_mul(0xd816_3841);
    h ^= z.cast_unsigned().wrapping_mul(0xcb1a_b31f);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    (h >> 8) as f32 / 16_777_216.0
}

/// Returns smooth noise, `0..1`, whose hills are about one apart.
pub(super) fn noise(p: Vec3) -> f32 {
    let (xf, yf, zf) = (p.x.floor(), p.y.floor(), p.z.floor());
    let (x, y, z) = (whole(xf), whole(yf), whole(zf));
    let s = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v, w) = (s(p.x - xf), s(p.y - yf), s(p.z - zf));
    let row = |y: i32, z: i32| mix(hash(x, y, z), hash(x + 1, y, z), u);
    mix(mix(row(y, z), row(y + 1, z), v), mix(row(y, z + 1), row(y + 1, z + 1), v), w)
}

#[expect(clippy::cast_possible_truncation, reason = "places on a figure lie within a few hundred of the origin")]
fn whole(x: f32) -> i32 {
    x as i32
}

/// Returns a curve over time, about `-1..=1`, that wanders without repeating; `seed` tells curves apart.
pub(super) fn wander(seed: i32, t: f32) -> f32 {
    let phase = |n| 6.3 * hash(seed, n, 77);
    0.5 * (0.9 * t + phase(1)).sin() + 0.3 * (1.7 * t + phase(2)).sin() + 0.2 * (2.9 * t + phase(3)).sin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::vector::vec3;

    #[test]
    fn noise_is_smooth_and_fills_its_range() {
        let at = |n: u16| vec3(f32::from(n) * 0.01, 0.3, 7.7);
        let values: Vec<f32> = (0..5000).map(|n| noise(at(n))).collect();
        assert!(values.windows(2).all(|w| (w[0] - w[1]).abs() < 0.05));
        let (low, high) = values.iter().fold((1.0_f32, 0.0_f32), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!((0.0..0.2).contains(&low) && (0.8..=1.0).contains(&high), "{low} {high}");
    }
}
