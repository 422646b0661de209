//! The general path of the sampler: rotations and shears, such as face-aligned crops.

use super::{Source, byte, clamp, is_zero, taps_for, usize_of};
use crate::domain::{Affine, RgbImage, Size};
use crate::media::planes::{Plane, Row};

/// A copied part of a plane; taps outside it give its edge.
struct Patch {
    x: i64,
    y: i64,
    width: usize,
    height: usize,
    data: Vec<u16>,
}

/// Fills `out` pixels through a map that turns or shears.
pub(super) fn sample(source: &Source<'_>, out: Size, map: &Affine) -> RgbImage {
    let mut image = RgbImage::black(out);
    let all = [map.a, map.b, map.tx, map.c, map.d, map.ty];
    if out.width == 0 || out.height == 0 || !all.iter().all(|v| v.is_finite()) {
        return image;
    }
    let [to_luma, to_chroma] = source.to_planes();
    let (luma_map, chroma_map) = (map.then(&to_luma), map.then(&to_chroma));
    let Some(luma) = Patch::cut(&source.planes.luma, &luma_map, out) else { return image };
    let chroma = match &source.planes.chroma {
        Some([cb, cr]) => match (Patch::cut(cb, &chroma_map, out), Patch::cut(cr, &chroma_map, out)) {
            (Some(cb), Some(cr)) => Some((cb, cr)),
            _ => return image,
        },
        None => None,
    };
    let per = (taps_for(map.a.hypot(map.c)), taps_for(map.b.hypot(map.d)));
    let share = 1.0 / (per.0 * per.1) as f32;
    let neutral = source.colour.chroma.1;
    let (w, h) = (f64::from(source.stored.width), f64::from(source.stored.height));
    let width = usize_of(out.width);
    for (i, pixel) in image.data.chunks_exact_mut(3).enumerate() {
        let (px, py) = ((i % width) as f64, (i / width) as f64);
        let (cx, cy) = at(map, px + 0.5, py + 0.5);
        if cx < 0.0 || cy < 0.0 || cx > w || cy > h {
            continue;
        }
        let (mut y, mut u, mut v) = (0.0, 0.0, 0.0);
        for k in 0..per.0 * per.1 {
            let sx = px + ((k % per.0) as f64 + 0.5) / per.0 as f64;
            let sy = py + ((k / per.0) as f64 + 0.5) / per.1 as f64;
            y += luma.bilinear(at(&luma_map, sx, sy));
            if let Some((cb, cr)) = &chroma {
                let place = at(&chroma_map, sx, sy);
                u += cb.bilinear(place);
                v += cr.bilinear(place);
            }
        }
        let (u, v) = if chroma.is_some() { (u * share, v * share) } else { (neutral, neutral) };
        let rgb = source.colour.matrix.rgb(y * share, u, v);
        let bytes = source.colour.tone.map_or_else(|| rgb.map(byte), |t| t.map(rgb));
        pixel.copy_from_slice(&bytes);
    }
    image
}

fn at(m: &Affine, x: f64, y: f64) -> (f64, f64) {
    (m.a * x + m.b * y + m.tx, m.c * x + m.d * y + m.ty)
}

impl Patch {
    /// Copies what an output of `out` pixels can touch; `None` where that is all outside the plane.
    fn cut(plane: &Plane<'_>, map: &Affine, out: Size) -> Option<Self> {
        let (w, h) = (f64::from(out.width), f64::from(out.height));
        let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)].map(|(x, y)| at(map, x, y));
        let (x, columns) = reach(corners.map(|c| c.0), plane.width)?;
        let (y, rows) = reach(corners.map(|c| c.1), plane.height)?;
        let mut data = vec![0; columns * rows];
        for (line, row) in data.chunks_exact_mut(columns).zip(y..) {
            copy(plane.row(row), x, line);
        }
        Some(Self { x: i64::try_from(x).ok()?, y: i64::try_from(y).ok()?, width: columns, height: rows, data })
    }

    #[expect(clippy::cast_possible_truncation, reason = "positions inside a picture; casts saturate")]
    fn bilinear(&self, (x, y): (f64, f64)) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (wx, wy) = ((x - left) as f32, (y - top) as f32);
        let (left, top) = (left as i64 - self.x, top as i64 - self.y);
        let (x0, x1) = (clamp(left, self.width), clamp(left + 1, self.width));
        let (y0, y1) = (clamp(top, self.height) * self.width, clamp(top + 1, self.height) * self.width);
        let value = |i: usize| f32::from(self.data[i]);
        let upper = value(y0 + x0) + (value(y0 + x1) - value(y0 + x0)) * wx;
        let lower = value(y1 + x0) + (value(y1 + x1) - value(y1 + x0)) * wx;
        upper + (lower - upper) * wy
    }
}

/// Returns first and count of the samples that positions within the corners' range can touch.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the plane before")]
fn reach(corners: [f64; 4], size: usize) -> Option<(usize, usize)> {
    let low = corners.into_iter().fold(f64::INFINITY, f64::min);
    let high = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if high < 0.0 || low > size as f64 || is_zero(size as f64) {
        return None;
    }
    let first = (low - 2.0).clamp(0.0, size as f64 - 1.0) as usize;
    let last = (high + 2.0).clamp(0.0, size as f64 - 1.0) as usize;
    Some((first, last - first + 1))
}

fn copy(row: Row<'_>, x: usize, line: &mut [u16]) {
    match row {
        Row::Bytes(bytes) => {
            for (o, &b) in line.iter_mut().zip(&bytes[x..]) {
                *o = b.into();
            }
        }
        Row::Spread(bytes, step) => {
            for (o, &b) in line.iter_mut().zip(bytes[x * step..].iter().step_by(step)) {
                *o = b.into();
            }
        }
        Row::Words(bytes, step, shift, mask) => {
            for (o, p) in line.iter_mut().zip(bytes[x * step..].chunks(step)) {
                *o = (u16::from_ne_bytes([p[0], p[1]]) >> shift) & mask;
            }
        }
    }
}
