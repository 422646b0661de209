//! Arithmetic on the boxes of the cascade, in pixels of its picture; facenet-pytorch's, off-by-ones included.

use crate::domain::{BBox, Point};
use std::ops::Range;

/// A square on its way through the cascade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) bbox: BBox,
    pub(super) score: f32,
    /// What the last network would move left, top, right and bottom by, in sides of the box.
    pub(super) offsets: [f32; 4],
}

/// Side of what the first network sees, and its step, in pixels of a pyramid level.
const CELL: f32 = 12.0;
const STRIDE: f32 = 2.0;

/// Returns the square that a cell of the first network looked at.
#[expect(clippy::cast_possible_truncation, reason = "pixels need no more than f32")]
pub(super) fn cell(column: f32, row: f32, scale: f64) -> BBox {
    let from = |at: f32| (f64::from(STRIDE * at + 1.0) / scale).floor() as f32;
    let to = |at: f32| (f64::from(STRIDE * at + CELL) / scale).floor() as f32;
    BBox::new(from(column), from(row), to(column), to(row))
}

/// Moves the edges by the offsets; the first network counts a side as `x2 - x1`, the others as one more.
pub(super) fn moved(b: &BBox, offsets: [f32; 4], one_more: f32) -> BBox {
    let (w, h) = (b.x2 - b.x1 + one_more, b.y2 - b.y1 + one_more);
    let [left, top, right, bottom] = offsets;
    BBox::new(b.x1 + left * w, b.y1 + top * h, b.x2 + right * w, b.y2 + bottom * h)
}

/// Grows the shorter side about the centre.
pub(super) fn squared(b: &BBox) -> BBox {
    let (w, h) = (b.x2 - b.x1, b.y2 - b.y1);
    let side = w.max(h);
    let (x, y) = (b.x1 + w * 0.5 - side * 0.5, b.y1 + h * 0.5 - side * 0.5);
    BBox::new(x, y, x + side, y + side)
}

/// Returns the columns and rows of a `width` by `height` picture that a box covers; `None` where it covers none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture; NaN becomes 0")]
pub(super) fn pixels(b: &BBox, (width, height): (usize, usize)) -> Option<(Range<usize>, Range<usize>)> {
    let start = |v: f32| (v.trunc().max(1.0) - 1.0) as usize;
    let end = |v: f32, most: usize| (v.trunc().clamp(0.0, most as f32)) as usize;
    let (x, y) = (start(b.x1)..end(b.x2, width), start(b.y1)..end(b.y2, height));
    (!x.is_empty() && !y.is_empty()).then_some((x, y))
}

/// Reads the third network's points, five x and then five y in sides of the box.
pub(super) fn points(b: &BBox, values: &[f32]) -> [Point; 5] {
    let (w, h) = (b.x2 - b.x1 + 1.0, b.y2 - b.y1 + 1.0);
    std::array::from_fn(|i| Point { x: w * values[i] + b.x1 - 1.0, y: h * values[i + 5] + b.y1 - 1.0 })
}

/// Returns the share of the smaller box that lies in the other, each side counted as one pixel more.
pub(super) fn share_of_smaller(a: &BBox, b: &BBox) -> f32 {
    let area = |b: &BBox| (b.x2 - b.x1 + 1.0) * (b.y2 - b.y1 + 1.0);
    let (w, h) = (a.x2.min(b.x2) - a.x1.max(b.x1) + 1.0, a.y2.min(b.y2) - a.y1.max(b.y1) + 1.0);
    w.max(0.0) * h.max(0.0) / area(a).min(area(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cover_twelve_pixels_of_their_level_every_two() {
        assert_eq!(cell(0.0, 0.0, 0.6), BBox::new(1.0, 1.0, 20.0, 20.0));
        assert_eq!(cell(5.0, 1.0, 0.5), BBox::new(22.0, 6.0, 44.0, 28.0));
    }

    #[test]
    fn a_box_is_moved_by_shares_of_its_sides_and_squared_about_its_centre() {
        let b = BBox::new(10.0, 20.0, 30.0, 30.0);
        assert_eq!(moved(&b, [0.1, -0.1, 0.0, 0.5], 0.0), BBox::new(12.0, 19.0, 30.0, 35.0));
        assert_eq!(squared(&b), BBox::new(10.0, 15.0, 30.0, 35.0));
    }

    #[test]
    fn pixels_stay_inside_the_picture_and_an_empty_box_has_none() {
        assert_eq!(pixels(&BBox::new(-3.5, 2.9, 6.9, 50.0), (10, 8)), Some((0..6, 1..8)));
        assert_eq!(pixels(&BBox::new(9.0, 0.0, 20.0, 5.0), (10, 8)), Some((8..10, 0..5)));
        assert_eq!(pixels(&BBox::new(12.0, 0.0, 20.0, 5.0), (10, 8)), None);
        assert_eq!(pixels(&BBox::new(f32::NAN, 0.0, f32::NAN, 5.0), (10, 8)), None);
        assert_eq!(pixels(&BBox::new(0.0, 0.0, -2.0, 5.0), (10, 8)), None);
    }

    #[test]
    fn a_box_inside_another_overlaps_it_wholly() {
        assert!((share_of_smaller(&BBox::new(0.0, 0.0, 99.0, 99.0), &BBox::new(10.0, 10.0, 19.0, 19.0)) - 1.0).abs() < 1e-6);
        assert!(share_of_smaller(&BBox::new(0.0, 0.0, 9.0, 9.0), &BBox::new(10.0, 0.0, 19.0, 9.0)).abs() < 1e-6);
    }
}
