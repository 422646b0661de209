//! Vectors, turns, and the few curves of which everything drawn is made.

use std::ops::{Add, Mul, Neg, Sub};

/// A point, a direction or a colour: x to the right of the picture, y up, z towards the viewer; or linear red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Vec3 {
    pub x: f32,
    pub y: f32,
    pub z: f32,
}

pub(super) const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

impl Vec3 {
    pub(super) fn dot(self, o: Self) -> f32 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }

    pub(super) fn cross(self, o: Self) -> Self {
        vec3(self.y * o.z - self.z * o.y, self.z * o.x - self.x * o.z, self.x * o.y - self.y * o.x)
    }

    pub(super) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// Returns the direction; no direction stays none.
    pub(super) fn unit(self) -> Self {
        self * (1.0 / self.length().max(1e-9))
    }

    /// Multiplies each part with its own: a colour under coloured light.
    pub(super) fn times(self, o: Self) -> Self {
        vec3(self.x * o.x, self.y * o.y, self.z * o.z)
    }

    pub(super) fn mix(self, o: Self, t: f32) -> Self {
        self + (o - self) * t
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        vec3(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        vec3(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, k: f32) -> Self {
        vec3(self.x * k, self.y * k, self.z * k)
    }
}

impl Neg for Vec3 {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

/// A rotation, as the images of the three axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn([Vec3; 3]);

impl Turn {
    /// Turns by angles in radians: first pitch (up), then yaw (to the picture's right), then roll (clockwise as seen).
    pub(super) fn new(yaw: f32, pitch: f32, roll: f32) -> Self {
        let ((sy, cy), (sp, cp), (sr, cr)) = (yaw.sin_cos(), pitch.sin_cos(), roll.sin_cos());
        let of = |v: Vec3| {
            let v = vec3(v.x, v.y * cp + v.z * sp, v.z * cp - v.y * sp);
            let v = vec3(v.x * cy + v.z * sy, v.y, v.z * cy - v.x * sy);
            vec3(v.x * cr + v.y * sr, v.y * cr - v.x * sr, v.z)
        };
        Self([of(vec3(1.0, 0.0, 0.0)), of(vec3(0.0, 1.0, 0.0)), of(vec3(0.0, 0.0, 1.0))])
    }

    pub(super) fn of(&self, v: Vec3) -> Vec3 {
        self.0[0] * v.x + self.0[1] * v.y + self.0[2] * v.z
    }
}

pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Goes smoothly from 0 at `a` to 1 at `b`; `a` may lie above `b`.
pub(super) fn step(a: f32, b: f32, x: f32) -> f32 {
    let t = ((x - a) / (b - a)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A bell of height 1 around 0 that falls to 1/e at `width`.
pub(super) fn bell(x: f32, width: f32) -> f32 {
    let t = x / width;
    // Beyond, it is less than a hundred-thousandth.
    if t * t > 11.5 { 0.0 } else { (-t * t).exp() }
}

/// Follows points `(x, y)` of rising x smoothly; flat beyond the ends.
pub(super) fn through<const N: usize>(points: &[(f32, f32); N], x: f32) -> f32 {
    for pair in points.windows(2) {
        let ((xa, ya), (xb, yb)) = (pair[0], pair[1]);
        if x <= xb {
            return mix(ya, yb, step(xa, xb, x));
        }
    }
    points.last().map_or(0.0, |p| p.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_keeps_lengths_and_turns_the_face_to_where_it_says() {
        let ahead = vec3(0.0, 0.0, 1.0);
        let seen = Turn::new(0.4, 0.2, 0.1).of(ahead);
        assert!((seen.length() - 1.0).abs() < 1e-6);
        assert!(Turn::new(0.4, 0.0, 0.0).of(ahead).x > 0.3);
        assert!(Turn::new(0.0, 0.3, 0.0).of(ahead).y > 0.2);
    }

    #[test]
    fn a_curve_meets_its_points() {
        let curve = [(0.0, 1.0), (1.0, 3.0), (2.0, -1.0)];
        assert!((through(&curve, 1.0) - 3.0).abs() < 1e-6);
        assert!((through(&curve, -5.0) - 1.0).abs() < 1e-6 && (through(&curve, 9.0) + 1.0).abs() < 1e-6);
    }
}
