//! Rows of RGB, as swscale makes them.

use super::{Source, byte};
use crate::media::colour::Matrix;
use crate::media::planes::{Plane, Row};
use std::ops::Range;

/// Red, green and blue of some columns of one row.
pub(super) type Rgb = [Vec<u8>; 3];

/// Converts rows of a source on demand and keeps the last two.
pub(super) struct Rows<'a> {
    source: &'a Source<'a>,
    columns: Range<usize>,
    kept: [(Option<usize>, Rgb); 2],
    luma: Vec<u16>,
    cb: Vec<u16>,
    cr: Vec<u16>,
    /// What chroma adds to red, green and blue; of one chroma row.
    few: [Vec<i16>; 3],
    /// The same, spread to luma's columns.
    tint: [Vec<i16>; 3],
    tint_row: Option<usize>,
}

impl<'a> Rows<'a> {
    /// Prepares for the given columns, widened to whole chroma samples.
    pub(super) fn new(source: &'a Source<'a>, columns: Range<usize>) -> Self {
        let group = 1 << source.log2_chroma.0;
        let start = columns.start / group * group;
        let end = columns.end.next_multiple_of(group).min(source.planes.luma.width);
        let n = end - start;
        let empty = || (None, [vec![0; n], vec![0; n], vec![0; n]]);
        let few = n.div_ceil(group);
        Self {
            source,
            columns: start..end,
            kept: [empty(), empty()],
            luma: vec![0; n],
            cb: vec![0; few],
            cr: vec![0; few],
            few: [vec![0; few], vec![0; few], vec![0; few]],
            tint: [vec![0; n], vec![0; n], vec![0; n]],
            tint_row: None,
        }
    }

    /// Returns the column of the first value.
    pub(super) fn start(&self) -> usize {
        self.columns.start
    }

    /// Returns two rows, converting those that are not at hand.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    pub(super) fn pair(&mut self, upper: usize, lower: usize) -> [&Rgb; 2] {
        let a = self.slot(upper, lower);
        let b = if lower == upper { a } else { self.slot(lower, upper) };
        [&self.kept[a].1, &self.kept[b].1]
    }

    /// Returns where row `y` is kept, without giving up row `other` for it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    fn slot(&mut self, y: usize, other: usize) -> usize {
        if let Some(at) = self.kept.iter().position(|k| k.0 == Some(y)) {
            return at;
        }
        let at = usize::from(self.kept[0].0 == Some(other));
        let mut row = std::mem::take(&mut self.kept[at].1);
        self.convert(y, &mut row);
        self.kept[at] = (Some(y), row);
        at
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    fn convert(&mut self, y: usize, out: &mut Rgb) {
        let source = self.source;
        load(&source.planes.luma, y, self.columns.start, &mut self.luma);
        let chroma_row = y >> source.log2_chroma.1;
        let is_new = self.tint_row.replace(chroma_row) != Some(chroma_row);
        if let (true, Some([cb, cr])) = (is_new, &source.planes.chroma) {
            let start = self.columns.start >> source.log2_chroma.0;
            load(cb, chroma_row, start, &mut self.cb);
            load(cr, chroma_row, start, &mut self.cr);
        }
        match (source.colour.tone, source.colour.fixed) {
            (None, Some(fixed)) => {
                if is_new && source.planes.chroma.is_some() {
                    fixed.tint(&self.cb, &self.cr, &mut self.few);
                    for (tint, few) in self.tint.iter_mut().zip(&self.few) {
                        spread(few, tint, source.log2_chroma.0);
                    }
                }
                for (out, tint) in out.iter_mut().zip(&self.tint) {
                    fixed.row(&self.luma, tint, out);
                }
            }
            _ => self.convert_deep(out),
        }
    }

    /// Converts samples of more than eight bits, and those that need tone mapping.
    fn convert_deep(&self, [red, green, blue]: &mut Rgb) {
        let colour = &self.source.colour;
        let shift = self.source.log2_chroma.0;
        let grey = self.source.planes.chroma.is_none();
        for (i, &y) in self.luma.iter().enumerate() {
            let (u, v) = if grey {
                (colour.chroma.1, colour.chroma.1)
            } else {
                (f32::from(self.cb[i >> shift]), f32::from(self.cr[i >> shift]))
            };
            let rgb = colour.matrix.rgb(f32::from(y), u, v);
            let [r, g, b] = colour.tone.map_or_else(|| rgb.map(byte), |t| t.map(rgb));
            (red[i], green[i], blue[i]) = (r, g, b);
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
fn load(plane: &Plane<'_>, y: usize, start: usize, out: &mut [u16]) {
    match plane.row(y) {
        Row::Bytes(bytes) => {
            for (o, &b) in out.iter_mut().zip(&bytes[start..]) {
                *o = b.into();
            }
        }
        Row::Spread(bytes, step) => {
            for (o, &b) in out.iter_mut().zip(bytes[start * step..].iter().step_by(step)) {
                *o = b.into();
            }
        }
        Row::Words(bytes, step, shift, mask) => {
            for (o, p) in out.iter_mut().zip(bytes[start * step..].chunks(step)) {
                *o = (u16::from_ne_bytes([p[0], p[1]]) >> shift) & mask;
            }
        }
    }
}

/// Repeats each value for the pixels of its group.
#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
fn spread(few: &[i16], out: &mut [i16], log2: u32) {
    match log2 {
        0 => out.copy_from_slice(&few[..out.len()]),
        1 => {
            let pairs = out.len() / 2;
            for (pair, &v) in out.chunks_exact_mut(2).zip(&few[..pairs]) {
                pair[0] = v;
                pair[1] = v;
            }
            if out.len() % 2 == 1 {
                out[2 * pairs] = few[pairs];
            }
        }
        _ => out.chunks_mut(1 << log2).zip(few).for_each(|(group, &v)| group.fill(v)),
    }
}

/// The colour matrix for 8-bit samples in the arithmetic of swscale's usual converter (`yuv2rgb`): every product is cut to a
/// whole number before they are added.
///
/// Rounding better would give other pictures than the ones that detectors are usually run on and that our references were made
/// from: off by one at most, but in a pattern that moves weak detections in dark scenes.
#[derive(Debug, Clone, Copy)]
pub(in crate::media) struct Fixed {
    /// Eight times the luma that is black.
    black: i16,
    /// All in 1/8192.
    luma: i32,
    cr_red: i32,
    cb_green: i32,
    cr_green: i32,
    cb_blue: i32,
}

impl Fixed {
    /// Takes the coefficients over; `black` is the luma sample that means black.
    #[expect(clippy::cast_possible_truncation, reason = "coefficients are below 3")]
    pub(in crate::media) fn new(m: &Matrix, black: f32) -> Self {
        let fixed = |v: f32| (v * 8192.0).round() as i32;
        Self {
            black: (black * 8.0) as i16,
            luma: fixed(m.luma),
            cr_red: fixed(m.cr_red),
            cb_green: fixed(m.cb_green),
            cr_green: fixed(m.cr_green),
            cb_blue: fixed(m.cb_blue),
        }
    }

    /// Multiplies a sample, already eight times its distance from zero, and cuts to a whole number.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    fn times(v: i16, by: i32) -> i16 {
        ((i32::from(v) * by) >> 16) as i16
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    fn tint(&self, cb: &[u16], cr: &[u16], [red, green, blue]: &mut [Vec<i16>; 3]) {
        let n = cb.len();
        let (cr, red, green, blue) = (&cr[..n], &mut red[..n], &mut green[..n], &mut blue[..n]);
        for i in 0..n {
            let (u, v) = (eightfold(cb[i]) - 1024, eightfold(cr[i]) - 1024);
            red[i] = Self::times(v, self.cr_red);
            green[i] = Self::times(u, self.cb_green) + Self::times(v, self.cr_green);
            blue[i] = Self::times(u, self.cb_blue);
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
    #[expect(clippy::cast_sign_loss, reason = "clamped before")]
    fn row(&self, luma: &[u16], tint: &[i16], out: &mut [u8]) {
        for ((o, &y), &t) in out.iter_mut().zip(luma).zip(tint) {
            *o = (Self::times(eightfold(y) - self.black, self.luma) + t).clamp(0, 255) as u8;
        }
    }
}

/// Returns eight times an 8-bit sample.
#[inline(always)]
#[expect(clippy::inline_always, reason = "is compiled once more for AVX2")]
#[expect(clippy::cast_possible_wrap, reason = "8-bit samples, so at most 2040")]
fn eightfold(v: u16) -> i16 {
    (v << 3) as i16
}
