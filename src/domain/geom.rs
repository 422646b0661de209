//! Geometry in pixels: x right, y down, `(0, 0)` the outer corner of the top-left pixel.

use serde::{Deserialize, Serialize};

/// Holds a position in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    /// Returns the distance to `other` in pixels.
    #[must_use]
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// Holds a width and a height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// Holds an axis-aligned box `x1, y1, x2, y2` in pixels, not clipped to the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BBox {
    pub x1: f32,
    pub y1: f32,
    pub x2: f32,
    pub y2: f32,
}

impl BBox {
    /// Makes a box from its corners.
    #[must_use]
    pub const fn new(x1: f32, y1: f32, x2: f32, y2: f32) -> Self {
        Self { x1, y1, x2, y2 }
    }

    /// Returns the width in pixels, 0 for an inverted box.
    #[must_use]
    pub fn width(&self) -> f32 {
        (self.x2 - self.x1).max(0.0)
    }

    /// Returns the height in pixels, 0 for an inverted box.
    #[must_use]
    pub fn height(&self) -> f32 {
        (self.y2 - self.y1).max(0.0)
    }

    /// Returns the area in square pixels.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// Returns the centre.
    #[must_use]
    pub fn center(&self) -> Point {
        Point { x: f32::midpoint(self.x1, self.x2), y: f32::midpoint(self.y1, self.y2) }
    }

    /// Returns the common part; it has no area where the boxes do not meet.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self { x1: self.x1.max(other.x1), y1: self.y1.max(other.y1), x2: self.x2.min(other.x2), y2: self.y2.min(other.y2) }
    }

    /// Returns intersection over union, `0..=1`; 0 when both are empty.
    #[must_use]
    pub fn iou(&self, other: &Self) -> f32 {
        let common = self.intersection(other).area();
        let union = self.area() + other.area() - common;
        if union > 0.0 { common / union } else { 0.0 }
    }

    /// Returns the share of the box that lies inside a picture of `size`, `0..=1`.
    #[must_use]
    pub fn share_inside(&self, size: Size) -> f32 {
        let frame = Self::new(0.0, 0.0, size.width as f32, size.height as f32);
        let area = self.area();
        if area > 0.0 { self.intersection(&frame).area() / area } else { 0.0 }
    }

    /// Tells whether all four corners are finite numbers.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        [self.x1, self.y1, self.x2, self.y2].iter().all(|v| v.is_finite())
    }
}

/// Maps points: `x' = a x + b y + tx`, `y' = c x + d y + ty`.
///
/// Coordinates are continuous (pixel centres lie at half numbers), on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    pub a: f64,
    pub b: f64,
    pub tx: f64,
    pub c: f64,
    pub d: f64,
    pub ty: f64,
}

impl Affine {
    /// Leaves every point where it is.
    pub const IDENTITY: Self = Self { a: 1.0, b: 0.0, tx: 0.0, c: 0.0, d: 1.0, ty: 0.0 };

    /// Makes a scaling about the origin.
    #[must_use]
    pub fn scale(sx: f64, sy: f64) -> Self {
        Self { a: sx, d: sy, ..Self::IDENTITY }
    }

    /// Makes a shift.
    #[must_use]
    pub fn translate(tx: f64, ty: f64) -> Self {
        Self { tx, ty, ..Self::IDENTITY }
    }

    /// Maps one point.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "pixels need no more than f32")]
    pub fn apply(&self, p: Point) -> Point {
        let (x, y) = (f64::from(p.x), f64::from(p.y));
        Point { x: (self.a * x + self.b * y + self.tx) as f32, y: (self.c * x + self.d * y + self.ty) as f32 }
    }

    /// Returns the map that does `self` first and `next` second.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        Self {
            a: next.a * self.a + next.b * self.c,
            b: next.a * self.b + next.b * self.d,
            tx: next.a * self.tx + next.b * self.ty + next.tx,
            c: next.c * self.a + next.d * self.c,
            d: next.c * self.b + next.d * self.d,
            ty: next.c * self.tx + next.d * self.ty + next.ty,
        }
    }

    /// Returns the inverse, or `None` where the map flattens the plane.
    #[must_use]
    pub fn invert(&self) -> Option<Self> {
        let det = self.a * self.d - self.b * self.c;
        if !det.is_finite() || det.abs() < 1e-12 {
            return None;
        }
        let (a, b, c, d) = (self.d / det, -self.b / det, -self.c / det, self.a / det);
        Some(Self { a, b, tx: -(a * self.tx + b * self.ty), c, d, ty: -(c * self.tx + d * self.ty) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bbox() -> impl Strategy<Value = BBox> {
        (0f32..500.0, 0f32..500.0, 1f32..300.0, 1f32..300.0).prop_map(|(x, y, w, h)| BBox::new(x, y, x + w, y + h))
    }

    proptest! {
        #[test]
        fn iou_is_symmetric_and_between_zero_and_one(a in bbox(), b in bbox()) {
            let (ab, ba) = (a.iou(&b), b.iou(&a));
            prop_assert!((ab - ba).abs() < 1e-6);
            prop_assert!((0.0..=1.0 + 1e-6).contains(&ab));
            prop_assert!((a.iou(&a) - 1.0).abs() < 1e-5);
        }

        #[test]
        fn an_inverse_undoes_its_map(angle in 0f64..6.3, s in 0.1f64..9.0, tx in -99f64..99.0, ty in -99f64..99.0, x in -500f32..500.0, y in -500f32..500.0) {
            let m = Affine { a: s * angle.cos(), b: -s * angle.sin(), tx, c: s * angle.sin(), d: s * angle.cos(), ty };
            let back = m.then(&m.invert().unwrap()).apply(Point { x, y });
            // f32 results of a few hundred pixels carry about 3e-5 of rounding.
            let off = back.distance(Point { x, y });
            prop_assert!(off < 1e-2, "{off}");
        }
    }

    #[test]
    fn a_flat_map_has_no_inverse() {
        assert!(Affine::scale(0.0, 1.0).invert().is_none());
    }
}
