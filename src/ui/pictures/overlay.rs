//! Boxes, points and numbers drawn into a picture, so that every way to show pictures shows them.

use image::{Rgb, RgbImage};

/// Something marked in a picture; positions are shares of its width and height.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Left, top, right, bottom.
    pub corners: [f32; 4],
    pub points: Vec<[f32; 2]>,
    pub colour: [u8; 3],
    pub line: Line,
    /// Drawn stronger.
    pub is_selected: bool,
    /// Stands at the left top corner.
    pub number: Option<usize>,
}

/// How the outline of a mark is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Solid,
    Dashed,
    /// Half transparent.
    Faint,
}

/// How thick lines are, in pixels: those that run up and down, and those across.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    pub upright: u32,
    pub level: u32,
    /// Whether lines have a dark edge, so that they stand out on whatever is behind; blocks have no room for it.
    pub edged: bool,
    /// How much of a faint line's colour covers what is behind, `0..=1`.
    pub faint: f64,
}

/// Draws marks, in order.
pub fn mark(picture: &mut RgbImage, marks: &[Mark], pen: Pen) {
    for mark in marks {
        let [left, top, right, bottom] = mark.corners;
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let frame = Outline {
            left: pixel(left * width),
            top: pixel(top * height),
            right: pixel(right * width),
            bottom: pixel(bottom * height),
        };
        // Blocks half as thick again stand out as much as lines of pixels that are twice as thick.
        let thick = |line: u32| {
            i64::from(if !mark.is_selected {
                line
            } else if pen.edged {
                2 * line
            } else {
                line * 3 / 2
            })
        };
        let (upright, level) = (thick(pen.upright), thick(pen.level));
        let strength = if mark.line == Line::Faint { pen.faint } else { 1.0 };
        if pen.edged {
            frame.draw(picture, (upright + 2, level + 2), [0; 3], mark.line, strength / 2.0);
        }
        frame.draw(picture, (upright, level), mark.colour, mark.line, strength);
        for [x, y] in &mark.points {
            let (x, y) = (pixel(x * width), pixel(y * height));
            let (a, b) = (i64::from(pen.upright), i64::from(pen.level));
            if pen.edged {
                fill(picture, [x - a - 1, y - b - 1, x + a + 1, y + b + 1], [0; 3], 0.6);
            }
            fill(picture, [x - a, y - b, x + a, y + b], mark.colour, 1.0);
        }
        if let Some(number) = mark.number {
            write(picture, (frame.left, frame.top), number, mark.colour);
        }
    }
}

struct Outline {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Outline {
    fn draw(&self, picture: &mut RgbImage, (upright, level): (i64, i64), colour: [u8; 3], line: Line, strength: f64) {
        let (a, b) = (upright / 2, level / 2);
        let (dash, step) = if line == Line::Dashed { (4, 7) } else { (1, 1) };
        let (long, far) = (dash * upright.max(level), step * upright.max(level));
        let mut x = self.left - a;
        while x < self.right + a {
            let to = (x + long).min(self.right - a + upright);
            fill(picture, [x, self.top - b, to, self.top - b + level], colour, strength);
            fill(picture, [x, self.bottom - b, to, self.bottom - b + level], colour, strength);
            x += far;
        }
        // The corners belong to the lines across.
        let mut y = self.top - b + level;
        while y < self.bottom - b {
            let to = (y + long).min(self.bottom - b);
            fill(picture, [self.left - a, y, self.left - a + upright, to], colour, strength);
            fill(picture, [self.right - a, y, self.right - a + upright, to], colour, strength);
            y += far;
        }
    }
}

/// Mixes `colour` into a rectangle, left and top included, right and bottom not; what lies outside the picture is left out.
fn fill(picture: &mut RgbImage, [left, top, right, bottom]: [i64; 4], colour: [u8; 3], strength: f64) {
    let within = |v: i64, size: u32| u32::try_from(v.max(0)).unwrap_or(u32::MAX).min(size);
    for y in within(top, picture.height())..within(bottom, picture.height()) {
        for x in within(left, picture.width())..within(right, picture.width()) {
            let Rgb(old) = picture.get_pixel_mut(x, y);
            for (old, new) in old.iter_mut().zip(colour) {
                *old = byte(f64::from(*old) * (1.0 - strength) + f64::from(new) * strength);
            }
        }
    }
}

/// Rows of the ten digits, three dots each.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];

/// Writes a number on a ground of its colour above a place, or below where there is no room.
fn write(picture: &mut RgbImage, (left, top): (i64, i64), number: usize, colour: [u8; 3]) {
    let dot = i64::from(picture.height().min(picture.width() * 2 / 3) / 140).max(2);
    let text = number.to_string();
    let width = dot * (4 * i64::try_from(text.len()).unwrap_or(1) + 1);
    let high = 7 * dot;
    let left = left.clamp(0, (i64::from(picture.width()) - width).max(0));
    let top = if top >= high { top - high } else { top.max(0) };
    fill(picture, [left, top, left + width, top + high], colour, 1.0);
    let ink = if colour.iter().map(|c| u32::from(*c)).sum::<u32>() > 300 { [0; 3] } else { [255; 3] };
    for (at, digit) in (0_i64..).zip(text.bytes()) {
        let Some(rows) = DIGITS.get(usize::from(digit.wrapping_sub(b'0'))) else { continue };
        for (row, dots) in (0_i64..).zip(rows) {
            for column in 0..3_i64 {
                if dots >> (2 - column) & 1 == 1 {
                    let (x, y) = (left + dot * (1 + 4 * at + column), top + dot * (1 + row));
                    fill(picture, [x, y, x + dot, y + dot], ink, 1.0);
                }
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
fn pixel(value: f32) -> i64 {
    i64::from(value.round() as i32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
fn byte(value: f64) -> u8 {
    value.round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PEN: Pen = Pen { upright: 2, level: 2, edged: true, faint: 0.5 };

    fn a_mark(corners: [f32; 4], line: Line) -> Mark {
        Mark { corners, points: vec![[0.5, 0.5]], colour: [255, 0, 0], line, is_selected: false, number: None }
    }

    #[test]
    fn a_box_is_drawn_on_its_edges_and_leaves_its_inside_alone() {
        let mut picture = RgbImage::from_pixel(100, 50, Rgb([9; 3]));
        mark(&mut picture, &[a_mark([0.2, 0.2, 0.8, 0.8], Line::Solid)], PEN);
        for (x, y) in [(20, 25), (80, 25), (50, 10), (50, 40), (50, 25)] {
            assert_eq!(picture.get_pixel(x, y).0, [255, 0, 0], "{x} {y}");
        }
        for (x, y) in [(10, 25), (40, 20), (90, 45)] {
            assert_eq!(picture.get_pixel(x, y).0, [9; 3], "{x} {y}");
        }
    }

    #[test]
    fn a_dashed_line_has_gaps_and_a_faint_one_shows_what_is_behind() {
        let drawn = |line: Line| {
            let mut picture = RgbImage::new(100, 50);
            mark(&mut picture, &[a_mark([0.2, 0.2, 0.8, 0.8], line)], Pen { edged: false, ..PEN });
            (20..80).filter(|x| picture.get_pixel(*x, 10).0 == [255, 0, 0]).count()
        };
        let dashed = drawn(Line::Dashed);
        assert!((20..50).contains(&dashed), "{dashed}");
        assert_eq!((drawn(Line::Solid), drawn(Line::Faint)), (60, 0));
    }

    proptest! {
        #[test]
        fn nothing_is_drawn_outside_and_nothing_panics(
            corners in prop::array::uniform4(-3.0f32..4.0), number in 0usize..2000, width in 1u32..60, height in 1u32..60,
        ) {
            let mut picture = RgbImage::new(width, height);
            let marked = Mark { number: Some(number), is_selected: true, ..a_mark(corners, Line::Dashed) };
            mark(&mut picture, &[marked], PEN);
            prop_assert_eq!(picture.dimensions(), (width, height));
        }
    }
}
