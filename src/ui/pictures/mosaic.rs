//! Pictures of block characters: in each cell the shape and the two colours that come nearest to the pixels.
//!
//! A cell is 8x8 points. Every shape cuts them in two, and for each cut the best colours are the means of both parts; the shape with
//! the least squared error is taken, as chafa does it. The shapes are halves, quarters and eighths (U+2580 to U+259F), which are in
//! every font that has `▀`; or octants (Unicode 16), where the terminal draws them.

use crate::config::BlockKind;
use crate::ui::theme::{Colours, indexed};
use image::RgbImage;
use ratatui::style::Color;
use ratatui::symbols::pixel::OCTANTS;
use std::collections::HashMap;

/// Points of a cell, across and down.
pub(super) const POINTS: u32 = 8;
/// How near (of 255, weighted as the eye does) a cell's two colours are taken for one: a third of the bytes less.
const FLAT: f32 = 9.0;
/// How near to those of the cell on its left a cell's colours are made the same: nine tenths of the bytes less.
const ALIKE: f32 = 6.0;
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

/// Sums or means of three channels.
type Rgb = [f32; 3];

/// A cell before its colours are those of a terminal; without ink where it is of one colour.
#[derive(Debug, Clone, Copy)]
struct Fit {
    symbol: char,
    ink: Option<Rgb>,
    paper: Rgb,
}

/// Turns a picture of `8 columns` x `8 rows` pixels into cells, row by row, of at most about `bytes` each on their way to the terminal.
pub(super) fn mosaic(picture: &RgbImage, kind: BlockKind, colours: Colours, bytes: f64) -> Vec<Block> {
    /// By how much tolerances grow until the picture is cheap enough: noise over the whole picture needs the last.
    const TOLERANCES: [f32; 5] = [1.0, 1.5, 2.2, 3.3, 5.0];
    let shapes = octant_shapes(kind);
    let (columns, rows) = (picture.width() / POINTS, picture.height() / POINTS);
    let fits: Vec<Fit> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .map(|(column, row)| Sums::of(picture, column * POINTS, row * POINTS).best(kind, &shapes))
        .collect();
    let width = usize::try_from(columns).unwrap_or(1).max(1);
    let mut shown = Shown { colours, known: HashMap::new() };
    let mut blocks = Vec::new();
    for tolerance in TOLERANCES {
        blocks.clear();
        for line in fits.chunks(width) {
            let mut left = None;
            for fit in line {
                let fit = cheaper(*fit, left, tolerance);
                let ink = fit.ink.map_or(Color::Reset, |ink| shown.colour(ink));
                blocks.push(Block { symbol: fit.symbol, ink, paper: shown.colour(fit.paper) });
                left = Some(fit);
            }
        }
        if cost(&blocks, width) as f64 <= bytes * blocks.len() as f64 {
            break;
        }
    }
    blocks
}

/// Returns how many bytes the cells take on their way to the terminal, as crossterm writes them: both colours where one differs.
fn cost(blocks: &[Block], width: usize) -> usize {
    let digits = |n: u8| match n {
        0..10 => 1,
        10..100 => 2,
        100.. => 3,
    };
    let colour = |c: Color| match c {
        Color::Rgb(r, g, b) => 7 + digits(r) + digits(g) + digits(b),
        Color::Indexed(i) => 5 + digits(i),
        _ => 2,
    };
    let mut bytes = 0;
    for line in blocks.chunks(width) {
        let mut before = None;
        for block in line {
            let pair = (block.ink, block.paper);
            bytes += block.symbol.len_utf8() + if before == Some(pair) { 0 } else { 4 + colour(pair.0) + colour(pair.1) };
            before = Some(pair);
        }
    }
    bytes
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
        let mut best = (energy(self.all, 64.0), Fit { symbol: ' ', ink: None, paper: mean });
        let mut offer = |symbol: char, ink: Rgb, points: f32| {
            let paper = [self.all[0] - ink[0], self.all[1] - ink[1], self.all[2] - ink[2]];
            let kept = energy(ink, points) + energy(paper, 64.0 - points);
            if kept > best.0 {
                best = (kept, Fit { symbol, ink: Some(ink.map(|c| c / points)), paper: paper.map(|c| c / (64.0 - points)) });
            }
        };
        for (bits, symbol) in shapes {
            let mut ink = [0.0; 3];
            let mut points = 0.0;
            for (_, octant) in self.octants.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0) {
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

/// Takes colours that cost fewer bytes where the eye sees hardly a difference.
fn cheaper(mut fit: Fit, left: Option<Fit>, tolerance: f32) -> Fit {
    if let Some(ink) = fit.ink.filter(|ink| apart(*ink, fit.paper) < FLAT * tolerance) {
        fit = Fit { symbol: ' ', ink: None, paper: [0, 1, 2].map(|i| f32::midpoint(ink[i], fit.paper[i])) };
    }
    let Some(left) = left.filter(|left| apart(fit.paper, left.paper) < ALIKE * tolerance) else { return fit };
    let same_ink = match (fit.ink, left.ink) {
        (None, _) => true,
        (Some(ink), Some(before)) => apart(ink, before) < ALIKE * tolerance,
        (Some(_), None) => false,
    };
    if same_ink { Fit { symbol: fit.symbol, ..left } } else { fit }
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

/// Brings colours to what the terminal has.
struct Shown {
    colours: Colours,
    /// The palette's nearest to colours asked for before, which takes long to find.
    known: HashMap<[u8; 3], u8>,
}

impl Shown {
    fn colour(&mut self, rgb: Rgb) -> Color {
        match self.colours {
            Colours::True => {
                let [r, g, b] = rgb.map(byte);
                Color::Rgb(r, g, b)
            }
            Colours::Indexed256 => {
                // In steps of 8 it is asked for less often.
                let step = rgb.map(|c| byte(c) & 0xf8 | 4);
                Color::Indexed(*self.known.entry(step).or_insert_with(|| nearest_in_light(step)))
            }
            Colours::None => Color::Reset,
        }
    }
}

/// Returns the colour of the palette of 256 that is nearest in brightness first, in colour second: a face is known by its light, and
/// where a theme wants the nearest colour, a picture made of those has red and orange spots.
fn nearest_in_light(rgb: [u8; 3]) -> u8 {
    let parts = |rgb: [u8; 3]| {
        let [r, g, b] = rgb.map(f32::from);
        let light = 0.299 * r + 0.587 * g + 0.114 * b;
        [light, b - light, r - light]
    };
    let [light, blue, red] = parts(rgb);
    let far = |i: &u8| {
        let [l, b, r] = parts(indexed(*i));
        // The palette's dark colours are all glaring: what is wanted has a quarter less colour.
        4.0 * (l - light).powi(2) + (b - 0.75 * blue).powi(2) + (r - 0.75 * red).powi(2)
    };
    (16..=255).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(16)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and clamped to the range before")]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::backend::{Backend, CrosstermBackend};
    use ratatui::buffer::Cell;

    const INK: [u8; 3] = [240, 200, 60];
    const PAPER: [u8; 3] = [20, 40, 120];

    /// A cell whose point at (x, y) is ink where `is_ink` says so.
    fn cell(is_ink: impl Fn(u32, u32) -> bool) -> RgbImage {
        RgbImage::from_fn(8, 8, |x, y| image::Rgb(if is_ink(x, y) { INK } else { PAPER }))
    }

    fn drawn(picture: &RgbImage, kind: BlockKind) -> (char, Color, Color) {
        let blocks = mosaic(picture, kind, Colours::True, 100.0);
        assert_eq!(blocks.len(), 1);
        (blocks[0].symbol, blocks[0].ink, blocks[0].paper)
    }

    fn drawn_in(picture: &RgbImage, colours: Colours) -> (char, Color, Color) {
        let blocks = mosaic(picture, BlockKind::Blocks, colours, 100.0);
        assert_eq!(blocks.len(), 1);
        (blocks[0].symbol, blocks[0].ink, blocks[0].paper)
    }

    fn rgb([r, g, b]: [u8; 3]) -> Color {
        Color::Rgb(r, g, b)
    }

    /// Something with edges in every direction, as faces have, and noise from 0 to 1.
    fn busy(noise: f64) -> RgbImage {
        let mut seed = 7_u32;
        RgbImage::from_fn(8 * 40, 8 * 20, |x, y| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let random = f64::from(seed >> 24) * noise;
            let (dx, dy) = (f64::from(x) - 160.0, f64::from(y) - 80.0);
            let ring = 90.0 + 80.0 * (dx.hypot(2.0 * dy) / 6.0).sin();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            image::Rgb([1.0, 0.8, 0.6].map(|c| (ring * c + random).clamp(0.0, 255.0) as u8))
        })
    }

    /// Mean squared error of the cells against the points they stand for.
    fn error(picture: &RgbImage, blocks: &[Block]) -> f64 {
        let columns = picture.width() / POINTS;
        let mut sum = 0.0;
        for (x, y, pixel) in picture.enumerate_pixels() {
            let block = blocks[usize::try_from(y / POINTS * columns + x / POINTS).unwrap()];
            let shown = if is_ink(block.symbol, x % POINTS, y % POINTS) { block.ink } else { block.paper };
            let Color::Rgb(r, g, b) = shown else { panic!("{shown:?}") };
            sum += pixel.0.iter().zip([r, g, b]).map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2)).sum::<f64>();
        }
        sum / f64::from(picture.width() * picture.height())
    }

    fn is_ink(symbol: char, x: u32, y: u32) -> bool {
        if let Some(n) = (1_u32..).zip(LOWER_EIGHTHS).find_map(|(n, c)| (c == symbol).then_some(n)) {
            return y >= 8 - n;
        }
        if let Some(n) = (1_u32..).zip(LEFT_EIGHTHS).find_map(|(n, c)| (c == symbol).then_some(n)) {
            return x < n;
        }
        let bits = OCTANTS.iter().position(|c| *c == symbol).unwrap();
        bits & (1 << (y / 2 * 2 + x / 4)) != 0
    }

    #[test]
    fn a_cell_in_two_colours_is_drawn_exactly() {
        for n in 1..8 {
            for picture in [cell(|_, y| y >= 8 - n), cell(|x, _| x < n), cell(|_, y| y < n), cell(|x, _| x >= 8 - n)] {
                let blocks = mosaic(&picture, BlockKind::Blocks, Colours::True, 100.0);
                assert!(error(&picture, &blocks) < 1e-9, "{n} eighths: {blocks:?}");
            }
        }
        assert_eq!(drawn(&cell(|_, y| y >= 5), BlockKind::Blocks), ('▃', rgb(INK), rgb(PAPER)));
        assert_eq!(drawn(&cell(|x, _| x < 3), BlockKind::Blocks), ('▍', rgb(INK), rgb(PAPER)));
        let diagonal = cell(|x, y| (x < 4) == (y < 4));
        assert_eq!(drawn(&diagonal, BlockKind::Blocks), ('▚', rgb(INK), rgb(PAPER)));
        let corner = cell(|x, y| x < 4 && y < 4);
        assert_eq!(drawn(&corner, BlockKind::Blocks), ('▟', rgb(PAPER), rgb(INK)), "the same with the colours swapped");
        assert_eq!(drawn(&corner, BlockKind::Half).0, '▄', "half blocks know halves only");
    }

    #[test]
    fn a_cell_of_one_colour_is_a_blank() {
        assert_eq!(drawn(&cell(|_, _| false), BlockKind::Blocks), (' ', Color::Reset, rgb(PAPER)));
    }

    #[test]
    fn every_shape_that_is_offered_is_as_wide_as_one_cell() {
        use unicode_width::UnicodeWidthChar;
        for kind in [BlockKind::Half, BlockKind::Blocks, BlockKind::Octants] {
            for (_, symbol) in octant_shapes(kind) {
                assert_eq!(symbol.width(), Some(1), "{symbol:?}");
            }
        }
        assert_eq!(octant_shapes(BlockKind::Blocks).len(), 7);
        assert_eq!(octant_shapes(BlockKind::Octants).len(), 127);
    }

    #[test]
    fn more_shapes_come_nearer_to_the_picture() {
        let picture = busy(0.0);
        let of = |kind| error(&picture, &mosaic(&picture, kind, Colours::True, 100.0));
        let (half, blocks, octants) = (of(BlockKind::Half), of(BlockKind::Blocks), of(BlockKind::Octants));
        assert!(blocks < 0.8 * half, "{blocks} {half}");
        assert!(octants < blocks, "{octants} {blocks}");
    }

    #[test]
    fn the_cost_is_what_crossterm_writes() {
        let blocks = mosaic(&busy(0.3), BlockKind::Blocks, Colours::True, 100.0);
        let cells: Vec<Cell> = blocks
            .iter()
            .map(|b| {
                let mut cell = Cell::default();
                cell.set_char(b.symbol).set_fg(b.ink).set_bg(b.paper);
                cell
            })
            .collect();
        let mut written = Vec::new();
        let places = (0_u16..20).flat_map(|y| (0_u16..40).map(move |x| (x, y)));
        CrosstermBackend::new(&mut written).draw(places.zip(&cells).map(|((x, y), c)| (x, y, c))).unwrap();
        let moves: usize = (1..=20).map(|y| format!("\x1b[{y};1H").len()).sum();
        let reset = "\x1b[39m\x1b[49m\x1b[59m\x1b[0m".len();
        // A row may begin in the colours in which the one above ends.
        let due = cost(&blocks, 40) + moves + reset;
        assert!(written.len() <= due && written.len() + 20 * 40 > due, "{} {due}", written.len());
    }

    #[test]
    fn noise_costs_no_more_than_is_allowed() {
        for colours in [Colours::True, Colours::Indexed256] {
            let blocks = mosaic(&busy(1.0), BlockKind::Blocks, colours, 30.0);
            assert!(cost(&blocks, 40) <= 30 * blocks.len(), "{colours:?} {}", cost(&blocks, 40));
        }
        let free = mosaic(&busy(1.0), BlockKind::Blocks, Colours::True, 100.0);
        assert!(cost(&free, 40) > 33 * free.len(), "the noise is noise: {}", cost(&free, 40));
    }

    #[test]
    fn in_a_palette_brightness_stays_and_skin_does_not_turn_green() {
        let light = |[r, g, b]: [u8; 3]| 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
        for rgb in [[250, 250, 250], [12, 10, 9], [200, 150, 125], [120, 80, 60], [70, 45, 35]] {
            let picture = RgbImage::from_pixel(8, 8, image::Rgb(rgb));
            let Color::Indexed(i) = drawn_in(&picture, Colours::Indexed256).2 else { panic!("{rgb:?}") };
            let [r, g, b] = indexed(i);
            assert!((light([r, g, b]) - light(rgb)).abs() < 20.0 && r >= g && r >= b, "{rgb:?} {:?}", [r, g, b]);
        }
    }
}
