//! The general path of the sampler: rotations and shears, such as face-aligned crops.

use super::rows::Rows;
use super::{Source, byte, clamp, taps_for, usize_of};
use crate::domain::{Affine, RgbImage, Size};

/// A part of the picture as RGB; taps outside it give its edge.
struct Patch {
    x: i64,
    y: i64,
    width: usize,
    height: usize,
    data: Vec<[u8; 3]>,
}

/// Fills `out` pixels through a map that turns or shears.
pub(super) fn sample(source: &Source<'_>, out: Size, map: &Affine) -> RgbImage {
    let mut image = RgbImage::black(out);
    let all = [map.a, map.b, map.tx, map.c, map.d, map.ty];
    if out.width == 0 || out.height == 0 || !all.iter().all(|v| v.is_finite()) {
        return image;
    }
    let (w, h) = (f64::from(source.stored.width), f64::from(source.stored.height));
    let map = map.then(&source.to_rows());
    // The same rectangle in rows that are read.
    let (_, top) = at(&source.to_rows(), 0.0, 0.0);
    let (_, bottom) = at(&source.to_rows(), w, h);
    let Some(patch) = Patch::cut(source, &map, out) else { return image };
    let per = (taps_for(map.a.hypot(map.c)), taps_for(map.b.hypot(map.d)));
    let count = per.0 * per.1;
    let share = 1.0 / count as f32;
    let width = usize_of(out.width);
    for (line, row) in image.data.chunks_exact_mut(3 * width).enumerate() {
        let py = line as f64;
        for (column, pixel) in row.chunks_exact_mut(3).enumerate() {
            let px = column as f64;
            let (cx, cy) = at(&map, px + 0.5, py + 0.5);
            if cx < 0.0 || cy < top || cx > w || cy > bottom {
                continue;
            }
            if count == 1 {
                pixel.copy_from_slice(&patch.bilinear((cx, cy)).map(byte));
                continue;
            }
            let mut sum = [0.0_f32; 3];
            for k in 0..count {
                let sx = px + ((k % per.0) as f64 + 0.5) / per.0 as f64;
                let sy = py + ((k / per.0) as f64 + 0.5) / per.1 as f64;
                for (s, v) in sum.iter_mut().zip(patch.bilinear(at(&map, sx, sy))) {
                    *s += v;
                }
            }
            pixel.copy_from_slice(&sum.map(|s| byte(s * share)));
        }
    }
    image
}

fn at(m: &Affine, x: f64, y: f64) -> (f64, f64) {
    (m.a * x + m.b * y + m.tx, m.c * x + m.d * y + m.ty)
}

impl Patch {
    /// Converts what an output of `out` pixels can touch; `None` where that is all outside the picture.
    fn cut(source: &Source<'_>, map: &Affine, out: Size) -> Option<Self> {
        let (w, h) = (f64::from(out.width), f64::from(out.height));
        let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)].map(|(x, y)| at(map, x, y));
        let (x, width) = reach(corners.map(|c| c.0), source.planes.luma.width)?;
        let (y, height) = reach(corners.map(|c| c.1), source.planes.luma.height)?;
        let mut rows = Rows::new(source, x..x + width);
        let skip = x - rows.start();
        let mut data = Vec::with_capacity(width * height);
        for row in y..y + height {
            let [[red, green, blue], _] = rows.pair(row, row);
            let columns = red[skip..].iter().zip(&green[skip..]).zip(&blue[skip..]);
            data.extend(columns.take(width).map(|((&r, &g), &b)| [r, g, b]));
        }
        Some(Self { x: i64::try_from(x).ok()?, y: i64::try_from(y).ok()?, width, height, data })
    }

    #[expect(clippy::cast_possible_truncation, reason = "positions inside a picture; casts saturate")]
    fn bilinear(&self, (x, y): (f64, f64)) -> [f32; 3] {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (floor(x), floor(y));
        let (wx, wy) = ((x - f64::from(left)) as f32, (y - f64::from(top)) as f32);
        let (left, top) = (i64::from(left) - self.x, i64::from(top) - self.y);
        let (x0, x1) = (clamp(left, self.width), clamp(left + 1, self.width));
        let (y0, y1) = (clamp(top, self.height) * self.width, clamp(top + 1, self.height) * self.width);
        let value = |i: usize| self.data[i].map(f32::from);
        let (a, b, c, d) = (value(y0 + x0), value(y0 + x1), value(y1 + x0), value(y1 + x1));
        std::array::from_fn(|i| {
            let upper = a[i] + (b[i] - a[i]) * wx;
            let lower = c[i] + (d[i] - c[i]) * wx;
            upper + (lower - upper) * wy
        })
    }
}

/// Rounds down; `f64::floor` is a call into the C library where the compiler may not assume SSE 4.1.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "positions near a picture; the cast saturates")]
fn floor(v: f64) -> i32 {
    let whole = v as i32;
    whole - i32::from(f64::from(whole) > v)
}

/// Returns first and count of the samples that positions within the corners' range can touch.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture before")]
fn reach(corners: [f64; 4], size: usize) -> Option<(usize, usize)> {
    let low = corners.into_iter().fold(f64::INFINITY, f64::min);
    let high = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if high < 0.0 || low > size as f64 {
        return None;
    }
    let last = size as f64 - 1.0;
    let (first, end) = ((low - 2.0).clamp(0.0, last) as usize, (high + 2.0).clamp(0.0, last) as usize);
    Some((first, end - first + 1))
}
