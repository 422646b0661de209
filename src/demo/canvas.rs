//! Draws triangles: first which one each sample shows, then what it looks like.
//!
//! There are four samples a pixel. Where all four show one surface, the pixel is shaded once.

use super::light::film;
use super::noise::hash;
use super::vector::{Vec3, vec3};
use crate::domain::{RgbImage, Size};

/// A corner as the camera sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    /// Samples from the left and from the top, and nearness.
    pub at: Vec3,
    pub normal: Vec3,
    pub colour: Vec3,
    pub open: f32,
    pub lit: f32,
    /// Where it lay before any motion, face units.
    pub rest: Vec3,
}

/// A surface as the camera sees it, with what paints a point of it.
pub(super) struct Sheet<'a> {
    pub corners: Vec<Corner>,
    pub triangles: &'a [[usize; 3]],
    pub paint: Box<dyn Fn(&Corner) -> Vec3 + 'a>,
}

/// Which triangle a sample shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    sheet: u16,
    triangle: u32,
}

const NOTHING: Shown = Shown { sheet: u16::MAX, triangle: 0 };
/// Samples a pixel in each direction.
pub(super) const FINE: f32 = 2.0;

/// The part of a picture in which anything is drawn: pixels from the left and the top, and how many.
#[derive(Debug, Clone, Copy)]
struct Window {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Window {
    fn around(sheets: &[Sheet<'_>], size: Size) -> Self {
        let bounds = |of: fn(&Corner) -> f32| {
            let all = sheets.iter().flat_map(|s| &s.corners).map(of);
            all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
        };
        let side = |(low, high): (f32, f32), end: u32| between((low / FINE).floor() - 1.0, high / FINE + 1.0, end as usize);
        let (left, right) = side(bounds(|c| c.at.x), size.width);
        let (top, bottom) = side(bounds(|c| c.at.y), size.height);
        Self { left, top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
    }

    /// A point in samples from the window's own corner.
    fn from(&self, at: Vec3) -> Vec3 {
        vec3(at.x - self.left as f32 * FINE, at.y - self.top as f32 * FINE, at.z)
    }
}

/// Draws sheets over a picture of linear light, `size.width * size.height` pixels.
pub(super) fn draw(sheets: &[Sheet<'_>], size: Size, picture: &mut [Vec3]) {
    let window = Window::around(sheets, size);
    let shown = nearest(sheets, &window);
    let across = window.width * 2;
    for y in 0..window.height {
        let row = (window.top + y) * size.width as usize + window.left;
        for (x, pixel) in picture[row..row + window.width].iter_mut().enumerate() {
            let first = 2 * y * across + 2 * x;
            let four = [first, first + 1, first + across, first + across + 1].map(|i| shown[i]);
            if four == [NOTHING; 4] {
                continue;
            }
            let (sx, sy) = ((window.left + x) as f32 * FINE, (window.top + y) as f32 * FINE);
            if four.iter().all(|f| f.sheet == four[0].sheet) {
                *pixel = look(sheets, four[0], sx + 0.5, sy + 0.5);
                continue;
            }
            let behind = *pixel;
            let places = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
            let light = |(f, (dx, dy)): (&Shown, (f32, f32))| {
                if *f == NOTHING { behind } else { look(sheets, *f, sx + dx, sy + dy) }
            };
            *pixel = four.iter().zip(places).map(light).fold(Vec3::default(), |sum, c| sum + c * 0.25);
        }
    }
}

/// Returns what each sample of a window shows.
fn nearest(sheets: &[Sheet<'_>], window: &Window) -> Vec<Shown> {
    let (width, height) = (window.width * 2, window.height * 2);
    let mut shown = vec![NOTHING; width * height];
    let mut depth = vec![f32::NEG_INFINITY; width * height];
    for (sheet, s) in (0..).zip(sheets) {
        let places: Vec<Vec3> = s.corners.iter().map(|c| window.from(c.at)).collect();
        for (triangle, t) in (0..).zip(s.triangles) {
            let [a, b, c] = t.map(|i| places[i]);
            cover(a, b, c, width, height, |i, z| {
                if z > depth[i] {
                    depth[i] = z;
                    shown[i] = Shown { sheet, triangle };
                }
            });
        }
    }
    shown
}

/// Calls `at` with index and nearness of every sample in a triangle that shows its outside.
fn cover(a: Vec3, b: Vec3, c: Vec3, width: usize, height: usize, mut at: impl FnMut(usize, f32)) {
    let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    // On a picture, whose y goes down, anticlockwise is negative.
    if area > -1e-6 {
        return;
    }
    let inverse = 1.0 / area;
    let (x0, x1) = between(a.x.min(b.x).min(c.x), a.x.max(b.x).max(c.x), width);
    let (y0, y1) = between(a.y.min(b.y).min(c.y), a.y.max(b.y).max(c.y), height);
    if x0 >= x1 {
        return;
    }
    // Weights of a and b at the first sample, and what they gain to the right.
    let (ux, vx) = ((b.y - c.y) * inverse, (c.y - a.y) * inverse);
    let px = x0 as f32;
    for y in y0..y1 {
        let py = y as f32;
        let mut u = ((b.x - px) * (c.y - py) - (b.y - py) * (c.x - px)) * inverse;
        let mut v = ((c.x - px) * (a.y - py) - (c.y - py) * (a.x - px)) * inverse;
        for i in y * width + x0..y * width + x1 {
            let w = 1.0 - u - v;
            if u >= 0.0 && v >= 0.0 && w >= 0.0 {
                at(i, u * a.z + v * b.z + w * c.z);
            }
            u += ux;
            v += vx;
        }
    }
}

/// Returns the whole numbers from `low` to `high` that lie in `0..end`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate, which is what is wanted")]
fn between(low: f32, high: f32, end: usize) -> (usize, usize) {
    (low.ceil().max(0.0) as usize, ((high.floor() + 1.0).max(0.0) as usize).min(end))
}

/// Returns the light at a sample, from the triangle that it shows.
fn look(sheets: &[Sheet<'_>], shown: Shown, x: f32, y: f32) -> Vec3 {
    let sheet = &sheets[usize::from(shown.sheet)];
    let [a, b, c] = sheet.triangles[shown.triangle as usize].map(|i| &sheet.corners[i]);
    let area = (b.at.x - a.at.x) * (c.at.y - a.at.y) - (b.at.y - a.at.y) * (c.at.x - a.at.x);
    let u = ((b.at.x - x) * (c.at.y - y) - (b.at.y - y) * (c.at.x - x)) / area;
    let v = ((c.at.x - x) * (a.at.y - y) - (c.at.y - y) * (a.at.x - x)) / area;
    // The middle of a pixel may lie just outside the triangle that its first sample shows.
    let (u, v) = (u.clamp(-1.0, 2.0), v.clamp(-1.0, 2.0));
    let w = 1.0 - u - v;
    let three = |of: fn(&Corner) -> Vec3| of(a) * u + of(b) * v + of(c) * w;
    (sheet.paint)(&Corner {
        at: three(|k| k.at),
        normal: three(|k| k.normal).unit(),
        colour: three(|k| k.colour),
        rest: three(|k| k.rest),
        open: a.open * u + b.open * v + c.open * w,
        lit: (a.lit * u + b.lit * v + c.lit * w).clamp(0.0, 1.0),
    })
}

/// How light becomes bytes.
#[derive(Debug)]
pub(super) struct Film(Vec<u8>);

impl Film {
    /// Light from which on everything is white.
    const BRIGHTEST: f32 = 2.5;
    const STEPS: f32 = 4096.0;

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a tone of 0..=1 times 255")]
    pub(super) fn new() -> Self {
        let tone = |i: u16| (film(f32::from(i) * Self::BRIGHTEST / Self::STEPS) * 255.0 + 0.5) as u8;
        Self((0..4096).map(tone).collect())
    }

    /// Turns light into bytes, with a little grain that `seed` moves.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts of floats saturate, which is what is wanted"
    )]
    pub(super) fn develop(&self, picture: &[Vec3], size: Size, seed: i32) -> RgbImage {
        let mut data = Vec::with_capacity(picture.len() * 3);
        for (n, c) in (0..).zip(picture) {
            let scale = (1.0 + 0.04 * (hash(n, seed, 5) - 0.5)) * Self::STEPS / Self::BRIGHTEST;
            data.extend([c.x, c.y, c.z].map(|light| self.0[((light * scale) as usize).min(self.0.len() - 1)]));
        }
        RgbImage { width: size.width, height: size.height, data }
    }
}
