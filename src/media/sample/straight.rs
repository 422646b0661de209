//! The fast path of the sampler: maps that keep rows rows, such as the whole picture at a detector's size.

use super::rows::Rows;
use super::{Source, byte, clamp, is_zero, taps_for, usize_of};
use crate::domain::{Affine, RgbImage, Size};
use std::ops::Range;

/// Picks the code compiled for the machine's vector unit; every variant computes the same.
pub(super) fn sample(source: &Source<'_>, out: Size, map: &Affine) -> RgbImage {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "calling code compiled for AVX2")]
        // SAFETY: the processor has AVX2, as just checked.
        return unsafe { straight_avx2(source, out, map) };
    }
    straight(source, out, map)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn straight_avx2(source: &Source<'_>, out: Size, map: &Affine) -> RgbImage {
    straight(source, out, map)
}

/// Samples along rows and columns of the planes.
#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
fn straight(source: &Source<'_>, out: Size, map: &Affine) -> RgbImage {
    let mut image = RgbImage::black(out);
    let columns = inside(map.a, map.tx, out.width, source.stored.width);
    let rows = inside(map.d, map.ty, out.height, source.stored.height);
    if columns.is_empty() || rows.is_empty() {
        return image;
    }
    let map = map.then(&source.to_rows());
    let (across, down) = (taps_for(map.a), taps_for(map.d));
    let (width, height) = (source.planes.luma.width, source.planes.luma.height);
    let taps = Taps::new(map.a, map.tx, &columns, across);
    let mut rgb_rows = Rows::new(source, taps.touched(width));
    let mut line = vec![0.0; taps.len];
    let mut fine = vec![0.0; taps.left.len()];
    let mut planes = [vec![0_u8; columns.len()], vec![0; columns.len()], vec![0; columns.len()]];
    let share = (1.0 / down as f32, 1.0 / across as f32);
    let stride = usize_of(out.width) * 3;
    for y in rows {
        let vertical: Vec<(usize, usize, f32)> = (0..down)
            .map(|k| tap(map.d, map.ty, y, k, down))
            .map(|(top, weight)| {
                let (top, next) = (clamp(top, height), clamp(top + 1, height));
                // A row that weighs nothing need not be made.
                if weight > 0.0 { (top, next, weight) } else { (top, top, 0.0) }
            })
            .collect();
        for (channel, plane) in planes.iter_mut().enumerate() {
            for (k, &(upper, lower, weight)) in vertical.iter().enumerate() {
                let start = rgb_rows.start();
                let [upper, lower] = rgb_rows.pair(upper, lower);
                let weights = (share.0 * (1.0 - weight), share.0 * weight);
                let begin = if k == 0 { Begin::Anew } else { Begin::Add };
                blend(&mut line, taps.first, start, width, (&upper[channel], &lower[channel]), weights, begin);
            }
            taps.apply(&line, &mut fine);
            if across == 1 {
                plane.iter_mut().zip(&fine).for_each(|(o, &v)| *o = byte(v));
                continue;
            }
            for (o, group) in plane.iter_mut().zip(fine.chunks_exact(across)) {
                *o = byte(group.iter().sum::<f32>() * share.1);
            }
        }
        let pixels = image.data[y * stride + columns.start * 3..y * stride + columns.end * 3].chunks_exact_mut(3);
        let [red, green, blue] = &planes;
        for (((p, &r), &g), &b) in pixels.zip(red).zip(green).zip(blue) {
            p[0] = r;
            p[1] = g;
            p[2] = b;
        }
    }
    image
}

/// Returns the output positions whose centres lie inside `0..size` of the source.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the output's size before")]
fn inside(step: f64, shift: f64, out: u32, size: u32) -> Range<usize> {
    // A millionth of a pixel keeps an edge that lies on a centre from flickering with rounding.
    const SLACK: f64 = 1e-6;
    let is_inside = |i: usize| {
        let at = step * (i as f64 + 0.5) + shift;
        at >= -SLACK && at <= f64::from(size) + SLACK
    };
    let last = usize_of(out);
    if is_zero(step) || !step.is_finite() || !shift.is_finite() {
        return if step.is_finite() && shift.is_finite() && last > 0 && is_inside(0) { 0..last } else { 0..0 };
    }
    let (p, q) = ((-shift / step) - 0.5, ((f64::from(size) - shift) / step) - 0.5);
    let limit = |v: f64| v.clamp(0.0, f64::from(out)) as usize;
    let mut range = limit(p.min(q).floor())..(limit(p.max(q).ceil()) + 1).min(last);
    while !range.is_empty() && !is_inside(range.start) {
        range.start += 1;
    }
    while !range.is_empty() && !is_inside(range.end - 1) {
        range.end -= 1;
    }
    range
}

/// Where the two taps of each column lie and how much the right one weighs.
struct Taps {
    /// Source column of the blended row's first value; may be outside the plane, whose edge is then repeated.
    first: i64,
    /// Values in the blended row.
    len: usize,
    left: Vec<u32>,
    weight: Vec<f32>,
    /// The same distance between all left taps and one weight: no table needed.
    regular: Option<(usize, f32)>,
}

/// Returns the first of the two taps of sample `k` of `per` at output position `i`, and the weight of the second.
#[expect(clippy::cast_possible_truncation, reason = "positions inside a picture; casts saturate")]
fn tap(step: f64, shift: f64, i: usize, k: usize, per: usize) -> (i64, f32) {
    let at = step * (i as f64 + (k as f64 + 0.5) / per as f64) + shift - 0.5;
    let floor = at.floor();
    // Rounding far below a pixel must not decide on which side of a sample a position falls.
    let weight = at - floor;
    if weight > 1.0 - 1e-7 { (floor as i64 + 1, 0.0) } else { (floor as i64, weight as f32) }
}

impl Taps {
    fn new(step: f64, shift: f64, columns: &Range<usize>, per: usize) -> Self {
        let all: Vec<(i64, f32)> = columns.clone().flat_map(|x| (0..per).map(move |k| tap(step, shift, x, k, per))).collect();
        let first = all.iter().map(|t| t.0).min().unwrap_or(0);
        let last = all.iter().map(|t| t.0).max().unwrap_or(0) + 1;
        let left: Vec<u32> = all.iter().map(|t| u32::try_from(t.0 - first).unwrap_or(0)).collect();
        let weight: Vec<f32> = all.iter().map(|t| t.1).collect();
        let stride = left.get(1).copied().unwrap_or(1);
        let even = left.iter().zip(0_u32..).all(|(l, i)| *l == i * stride);
        let same = weight.iter().all(|w| (w - weight[0]).abs() < 1e-6);
        let regular = (even && same && (1..=3).contains(&stride)).then(|| (usize_of(stride), weight[0]));
        Self { first, len: usize::try_from(last - first + 1).unwrap_or(1), left, weight, regular }
    }

    /// Returns the columns of a row of `width` that are read.
    fn touched(&self, width: usize) -> Range<usize> {
        let last = self.first + i64::try_from(self.len).unwrap_or(0) - 1;
        clamp(self.first, width)..clamp(last, width) + 1
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    fn apply(&self, line: &[f32], out: &mut [f32]) {
        match self.regular {
            Some((1, w)) => {
                for ((o, &l), &r) in out.iter_mut().zip(line).zip(&line[1..]) {
                    *o = l + (r - l) * w;
                }
            }
            Some((2, w)) => strided::<2>(line, out, w),
            Some((_, w)) => strided::<3>(line, out, w),
            None => {
                for ((o, &i), &w) in out.iter_mut().zip(&self.left).zip(&self.weight) {
                    let pair = line.get(usize_of(i)..usize_of(i) + 2);
                    let (l, r) = pair.map_or((0.0, 0.0), |p| (p[0], p[1]));
                    *o = l + (r - l) * w;
                }
            }
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
fn strided<const STEP: usize>(line: &[f32], out: &mut [f32], w: f32) {
    let last = out.len() - 1;
    for (o, pair) in out[..last].iter_mut().zip(line.chunks_exact(STEP)) {
        *o = pair[0] + (pair[1] - pair[0]) * w;
    }
    // The last pair may end the row before its chunk is full.
    let (l, r) = (line[last * STEP], line[last * STEP + 1]);
    out[last] = l + (r - l) * w;
}

/// Says whether a blend starts a row or adds to it.
#[derive(Clone, Copy)]
enum Begin {
    Anew,
    Add,
}

/// Blends two rows whose first value is column `start`; `line[i]` stands for column `first + i`, columns outside repeat the edge.
#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
fn blend(
    line: &mut [f32],
    first: i64,
    start: usize,
    width: usize,
    (upper, lower): (&[u8], &[u8]),
    weights: (f32, f32),
    begin: Begin,
) {
    let pad = usize::try_from(-first).unwrap_or(0).min(line.len() - 1);
    let from = clamp(first, width);
    let count = (width - from).min(line.len() - pad);
    let body = &mut line[pad..pad + count];
    let pairs = upper[from - start..].iter().zip(&lower[from - start..]);
    match begin {
        Begin::Anew => {
            for (o, (&a, &b)) in body.iter_mut().zip(pairs) {
                *o = f32::from(a) * weights.0 + f32::from(b) * weights.1;
            }
        }
        Begin::Add => {
            for (o, (&a, &b)) in body.iter_mut().zip(pairs) {
                *o += f32::from(a) * weights.0 + f32::from(b) * weights.1;
            }
        }
    }
    let (head, rest) = line.split_at_mut(pad);
    head.fill(rest[0]);
    let edge = rest[count - 1];
    rest[count..].fill(edge);
}
