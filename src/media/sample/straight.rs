//! The fast path of the sampler: maps that keep rows rows, such as the whole picture at a detector's size.

use super::{Source, clamp, is_zero, taps_for, usize_of};
use crate::domain::{Affine, RgbImage, Size};
use crate::media::planes::{Plane, Row};

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
    let [to_luma, to_chroma] = source.to_planes().map(|p| map.then(&p));
    let per = (taps_for(map.a), taps_for(map.d));
    let width = columns.len();
    let mut luma = Channel::new(&to_luma, &columns, per);
    let mut cb = Channel::new(&to_chroma, &columns, per);
    let mut cr = Channel::new(&to_chroma, &columns, per);
    let neutral = vec![source.colour.chroma.1; width];
    let mut red = vec![0_u8; width];
    let mut green = vec![0_u8; width];
    let mut blue = vec![0_u8; width];
    let stride = usize_of(out.width) * 3;
    for y in rows {
        luma.row(&source.planes.luma, y);
        let (u, v): (&[f32], &[f32]) = match &source.planes.chroma {
            Some([plane_cb, plane_cr]) => {
                cb.row(plane_cb, y);
                cr.row(plane_cr, y);
                (&cb.out, &cr.out)
            }
            None => (&neutral, &neutral),
        };
        let line = &mut image.data[y * stride + columns.start * 3..y * stride + columns.end * 3];
        if let Some(tone) = source.colour.tone {
            for ((p, &y), (&u, &v)) in line.chunks_exact_mut(3).zip(&luma.out).zip(u.iter().zip(v)) {
                p.copy_from_slice(&tone.map(source.colour.matrix.rgb(y, u, v)));
            }
            continue;
        }
        source.colour.matrix.row(&luma.out, u, v, [&mut red, &mut green, &mut blue]);
        for (((p, &r), &g), &b) in line.chunks_exact_mut(3).zip(&red).zip(&green).zip(&blue) {
            p[0] = r;
            p[1] = g;
            p[2] = b;
        }
    }
    image
}

/// Returns the output positions whose centres lie inside `0..size` of the source.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the output's size before")]
fn inside(step: f64, shift: f64, out: u32, size: u32) -> std::ops::Range<usize> {
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

/// One of luma, Cb, Cr on its way to an output row.
struct Channel {
    columns: Taps,
    /// Vertical: source position of output row `y`, sample `k`, is `step * (y + (k + 0.5) / per) + shift`.
    step: f64,
    shift: f64,
    per: usize,
    /// The blended source row, from `columns.first` on.
    line: Vec<f32>,
    /// Horizontal samples before averaging; unused for one sample a pixel.
    fine: Vec<f32>,
    out: Vec<f32>,
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

impl Channel {
    fn new(map: &Affine, columns: &std::ops::Range<usize>, per: (usize, usize)) -> Self {
        let taps = Taps::new(map.a, map.tx, columns, per.0);
        let fine = if per.0 > 1 { vec![0.0; taps.left.len()] } else { Vec::new() };
        let line = vec![0.0; taps.len];
        Self { columns: taps, step: map.d, shift: map.ty, per: per.1, line, fine, out: vec![0.0; columns.len()] }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    fn row(&mut self, plane: &Plane<'_>, y: usize) {
        let share = 1.0 / self.per as f32;
        for k in 0..self.per {
            let (top, weight) = tap(self.step, self.shift, y, k, self.per);
            let (upper, lower) = (plane.row(clamp(top, plane.height)), plane.row(clamp(top + 1, plane.height)));
            let weights = (share * (1.0 - weight), share * weight);
            let begin = if k == 0 { Begin::Anew } else { Begin::Add };
            blend(&mut self.line, self.columns.first, plane.width, (upper, lower), weights, begin);
        }
        if self.fine.is_empty() {
            self.columns.apply(&self.line, &mut self.out);
            return;
        }
        self.columns.apply(&self.line, &mut self.fine);
        let per = self.fine.len() / self.out.len();
        let share = 1.0 / per as f32;
        for (o, group) in self.out.iter_mut().zip(self.fine.chunks_exact(per)) {
            *o = group.iter().sum::<f32>() * share;
        }
    }
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
    fn new(step: f64, shift: f64, columns: &std::ops::Range<usize>, per: usize) -> Self {
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

/// Blends two rows of a plane, `line[i]` standing for column `first + i`; columns outside repeat the edge.
#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
fn blend(line: &mut [f32], first: i64, width: usize, rows: (Row<'_>, Row<'_>), weights: (f32, f32), begin: Begin) {
    let pad = usize::try_from(-first).unwrap_or(0).min(line.len() - 1);
    let start = usize::try_from(first).unwrap_or(0).min(width - 1);
    let count = (width - start).min(line.len() - pad);
    let body = &mut line[pad..pad + count];
    match rows {
        (Row::Bytes(a), Row::Bytes(b)) => {
            let pairs = a[start..start + count].iter().zip(&b[start..start + count]);
            blend_pairs(body, pairs.map(|(&a, &b)| (f32::from(a), f32::from(b))), weights, begin);
        }
        (Row::Spread(a, s), Row::Spread(b, _)) => {
            let pairs = a[start * s..].iter().step_by(s).zip(b[start * s..].iter().step_by(s));
            blend_pairs(body, pairs.map(|(&a, &b)| (f32::from(a), f32::from(b))), weights, begin);
        }
        (Row::Words(a, s, shift, mask), Row::Words(b, ..)) => {
            let word = move |p: &[u8]| f32::from((u16::from_ne_bytes([p[0], p[1]]) >> shift) & mask);
            let pairs = a[start * s..].chunks(s).zip(b[start * s..].chunks(s));
            blend_pairs(body, pairs.map(move |(a, b)| (word(a), word(b))), weights, begin);
        }
        _ => {}
    }
    let (head, rest) = line.split_at_mut(pad);
    head.fill(rest.first().copied().unwrap_or(0.0));
    let edge = rest[count - 1];
    rest[count..].fill(edge);
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
fn blend_pairs(body: &mut [f32], pairs: impl Iterator<Item = (f32, f32)>, (upper, lower): (f32, f32), begin: Begin) {
    match begin {
        Begin::Anew => {
            for (o, (a, b)) in body.iter_mut().zip(pairs) {
                *o = a * upper + b * lower;
            }
        }
        Begin::Add => {
            for (o, (a, b)) in body.iter_mut().zip(pairs) {
                *o += a * upper + b * lower;
            }
        }
    }
}
