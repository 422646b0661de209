//! Pictures of block characters: in each cell the shape and the two colours that come nearest to the pixels.
//!
//! A cell is 8x8 points. Every shape cuts them in two, and for each cut the best colours are the means of both parts; the shape with
//! the least squared error is taken, as chafa does it. The shapes are halves, quarters and eighths (U+2580 to U+259F), which are in
//! every font that has `▀`; or octants (Unicode 16), where the terminal draws them.

use super::probe::Depth;
use crate::config::BlockKind;
use image::RgbImage;
use ratatui::style::Color;
use ratatui::symbols::pixel::OCTANTS;

/// Points of a cell, across and down.
pub(super) const POINTS: u32 = 8;
/// How near (of 255, weighted as the eye does) two colours are taken for one.
const FLAT: f32 = 6.0;
/// How near to the cell on its left a cell's colours are set to be the same, which costs no bytes.
const ALIKE: f32 = 4.0;
const LOWER_EIGHTHS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
const LEFT_EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/// Octants that are quarters and halves too, as bits of the array of octants: rows of two, from the top.
const QUARTERS: [usize; 4] = [0b0000_0101, 0b0000_1010, 0b0101_0000, 0b1010_0000];

/// One cell of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub symbol: char,
    pub ink: Color,
    pub paper: Color,
}

/// Three channels of linear sums or means.
type Rgb = [f32; 3];

/// A cell before its colours are those of a terminal.
#[derive(Debug, Clone, Copy)]
struct Fit {
    symbol: char,
    ink: Rgb,
    paper: Rgb,
}

/// Turns a picture of `8 columns` x `8 rows` pixels into cells, row by row.
pub(super) fn mosaic(picture: &RgbImage, kind: BlockKind, depth: Depth) -> Vec<Block> {
    let shapes = octant_shapes(kind);
    let (columns, rows) = (picture.width() / POINTS, picture.height() / POINTS);
    let mut cells = Vec::new();
    for row in 0..rows {
        let mut left: Option<Fit> = None;
        for column in 0..columns {
            let sums = Sums::of(picture, column * POINTS, row * POINTS);
            let mut fit = sums.best(kind, &shapes);
            cheaper(&mut fit, left);
            left = Some(fit);
            cells.push(Block { symbol: fit.symbol, ink: colour(fit.ink, depth), paper: colour(fit.paper, depth) });
        }
    }
    cells
}

/// Returns the shapes made of octants, each as its bits and its character, one of each pair that only swaps the colours.
fn octant_shapes(kind: BlockKind) -> Vec<(usize, char)> {
    let all = match kind {
        BlockKind::Half => vec![0b1111_0000],
        BlockKind::Blocks => {
            (1..15_usize).map(|bits| (0..4).filter(|i| bits & (1 << i) != 0).map(|i| QUARTERS[i]).sum()).collect()
        }
        BlockKind::Octants => (1..255).collect::<Vec<usize>>(),
    };
    all.into_iter().filter(|bits| bits & 0b1000_0000 != 0).filter_map(|bits| Some((bits, *OCTANTS.get(bits)?))).collect()
}

/// Sums of the colours of a cell's points: of all, of rows, columns and octants.
struct Sums {
    all: Rgb,
    rows: [Rgb; 8],
    columns: [Rgb; 8],
    octants: [Rgb; 8],
}

impl Sums {
    fn of(picture: &RgbImage, left: u32, top: u32) -> Self {
        let mut sums = Self { all: [0.0; 3], rows: [[0.0; 3]; 8], columns: [[0.0; 3]; 8], octants: [[0.0; 3]; 8] };
        for (y, (row, pair)) in (top..).zip(sums.rows.iter_mut().zip([0, 0, 2, 2, 4, 4, 6, 6])) {
            for (x, (column, half)) in (left..).zip(sums.columns.iter_mut().zip([0, 0, 0, 0, 1, 1, 1, 1])) {
                let point = picture.get_pixel(x, y).0.map(f32::from);
                add(row, point);
                add(column, point);
                add(&mut sums.octants[pair + half], point);
                add(&mut sums.all, point);
            }
        }
        sums
    }

    /// Returns the best of all shapes.
    fn best(&self, kind: BlockKind, shapes: &[(usize, char)]) -> Fit {
        let mean = self.all.map(|c| c / 64.0);
        let mut best = (energy(self.all, 64.0), Fit { symbol: ' ', ink: mean, paper: mean });
        let mut offer = |symbol: char, ink: Rgb, points: f32| {
            let paper = [self.all[0] - ink[0], self.all[1] - ink[1], self.all[2] - ink[2]];
            let kept = energy(ink, points) + energy(paper, 64.0 - points);
            if kept > best.0 {
                best = (kept, Fit { symbol, ink: ink.map(|c| c / points), paper: paper.map(|c| c / (64.0 - points)) });
            }
        };
        for (bits, symbol) in shapes {
            let mut ink = [0.0; 3];
            let mut points = 0.0;
            for (i, octant) in self.octants.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0) {
                debug_assert!(i < 8);
                add(&mut ink, *octant);
                points += 8.0;
            }
            offer(*symbol, ink, points);
        }
        if kind != BlockKind::Half {
            let mut ink = [0.0; 3];
            for (points, (symbol, row)) in
                [8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0].into_iter().zip(LOWER_EIGHTHS.iter().zip(self.rows.iter().rev()))
            {
                add(&mut ink, *row);
                offer(*symbol, ink, points);
            }
            let mut ink = [0.0; 3];
            for (points, (symbol, column)) in
                [8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0].into_iter().zip(LEFT_EIGHTHS.iter().zip(&self.columns))
            {
                add(&mut ink, *column);
                offer(*symbol, ink, points);
            }
        }
        best.1
    }
}

/// Takes colours that cost fewer bytes where the eye sees no difference.
fn cheaper(fit: &mut Fit, left: Option<Fit>) {
    if apart(fit.ink, fit.paper) < FLAT {
        let mean = [0, 1, 2].map(|i| f32::midpoint(fit.ink[i], fit.paper[i]));
        *fit = Fit { symbol: ' ', ink: left.map_or(mean, |l| l.ink), paper: mean };
    }
    let Some(left) = left else { return };
    if apart(fit.paper, left.paper) < ALIKE && apart(fit.ink, left.ink) < ALIKE {
        (fit.ink, fit.paper) = (left.ink, left.paper);
    }
}

fn add(sum: &mut Rgb, point: Rgb) {
    for (s, p) in sum.iter_mut().zip(point) {
        *s += p;
    }
}

/// The part of the squared colours that a mean keeps: the more, the less error; green counts most, as it does to the eye.
fn energy(sum: Rgb, points: f32) -> f32 {
    (2.0 * sum[0] * sum[0] + 4.0 * sum[1] * sum[1] + sum[2] * sum[2]) / points
}

/// Returns how far apart two colours are, of 255.
fn apart(a: Rgb, b: Rgb) -> f32 {
    let [r, g, b] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    ((2.0 * r * r + 4.0 * g * g + b * b) / 7.0).sqrt()
}

/// Brings a colour to what the terminal has.
fn colour(rgb: Rgb, depth: Depth) -> Color {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and clamped to the range before")]
    let [r, g, b] = rgb.map(|c| c.round().clamp(0.0, 255.0) as u8);
    match depth {
        Depth::True => Color::Rgb(r, g, b),
        Depth::Indexed => Color::Indexed(nearest_of_256([r, g, b])),
        Depth::None => Color::Reset,
    }
}

/// Returns the nearest of the 216 cube colours and 24 greys of the 256-colour palette.
fn nearest_of_256(rgb: [u8; 3]) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let far = |a: [u8; 3]| -> u32 { a.iter().zip(rgb).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let step = |value: u8| -> u8 { (0..6).min_by_key(|i| STEPS[usize::from(*i)].abs_diff(value)).unwrap_or(0) };
    let [r, g, b] = rgb.map(step);
    let cube = [r, g, b].map(|i| STEPS[usize::from(i)]);
    let sum: u32 = rgb.iter().map(|c| u32::from(*c)).sum();
    let grey = u8::try_from((sum / 3).saturating_sub(3) / 10).unwrap_or(23).min(23);
    let level = 8 + 10 * grey;
    if far([level; 3]) < far(cube) { 232 + grey } else { 16 + 36 * r + 6 * g + b }
}
