//! How much of one picture's structure another picture explains.

use crate::domain::Signature;

const WIDTH: usize = Signature::LUMA.0;
const HEIGHT: usize = Signature::LUMA.1;
/// Search range in cells: a tenth of the width, a twelfth of the height, which covers all but whip pans.
const REACH_X: usize = 6;
const REACH_Y: usize = 3;
const STRIDE: usize = WIDTH + 2 * REACH_X;
const ROWS: usize = HEIGHT + 2 * REACH_Y;
/// Block size in cells: small enough to follow people, large enough that chance does not match two blocks.
const BLOCK_X: usize = 8;
const BLOCK_Y: usize = 9;
/// Top left padded cells that a block can have.
const PLACES_X: usize = STRIDE - BLOCK_X + 1;
const PLACES_Y: usize = ROWS - BLOCK_Y + 1;
/// Padded cells from the first to the last of a block.
const WINDOW: usize = (BLOCK_Y - 1) * STRIDE + BLOCK_X;
/// Variance of a cell (grey levels squared) that sensor noise, rounding and compression account for.
const NOISE: f64 = 4.0;
const BLOCK_CELLS: f32 = 72.0;
const BLOCK_NOISE: f32 = 4.0 * BLOCK_CELLS;
const _: () = assert!(BLOCK_X * BLOCK_Y == 72);
/// Below this variance of a cell (grey levels squared) a picture counts as plain, and its colour decides.
const PLAIN: f64 = 36.0;
/// Brightest cell of a black bar.
const BAR: u8 = 6;
/// Share of a block's structure that a fit may leave for the search to stop.
const GOOD_FIT: f32 = 0.03;
/// Change of colour (grey levels) between two plain pictures that counts as a whole change.
const COLOUR_SPAN: f64 = 60.0;

/// Holds a picture prepared for comparing.
#[derive(Debug, Clone)]
pub(super) struct Texture {
    /// Luma with repeated edges, also over black bars, `[ROWS, STRIDE]`; whole numbers, so that sums of products over a block are exact.
    cells: Vec<f32>,
    /// `[PLACES_Y, PLACES_X]`, by the block's top left padded cell.
    blocks: Vec<Block>,
    cb: Vec<u8>,
    cr: Vec<u8>,
}

/// Sums over one block.
#[derive(Debug, Clone, Copy)]
struct Block {
    sum: f32,
    /// Squared deviation from the block's mean.
    deviation: f32,
}

/// Says how two pictures differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Difference {
    /// Share of both pictures' structure that neither motion nor a change of light explains, `0..=1`.
    pub share: f64,
    /// The same, as root mean square over the cells, in grey levels.
    pub level: f64,
}

impl Texture {
    pub(super) fn new(signature: &Signature) -> Self {
        let mut cells = Vec::with_capacity(ROWS * STRIDE);
        let (bars_x, bars_y) = bars(&signature.luma);
        for row in 0..ROWS {
            let y = row.saturating_sub(REACH_Y).clamp(bars_y, HEIGHT - 1 - bars_y);
            for column in 0..STRIDE {
                let x = column.saturating_sub(REACH_X).clamp(bars_x, WIDTH - 1 - bars_x);
                cells.push(signature.luma.get(y * WIDTH + x).copied().map_or(0.0, f32::from));
            }
        }
        let blocks = blocks(&cells);
        Self { cells, blocks, cb: signature.cb.clone(), cr: signature.cr.clone() }
    }

    /// Fits this picture as a mix of two others: returns the weight of `late`, and the share of the change between them, in
    /// squares, that the best mix leaves over.
    pub(super) fn as_mix(&self, early: &Self, late: &Self) -> (f64, f64) {
        let (mut here, mut across, mut along) = (0.0, 0.0, 0.0);
        for ((&cell, &early), &late) in self.cells.iter().zip(&early.cells).zip(&late.cells) {
            let (step, span) = (f64::from(cell - early), f64::from(late - early));
            here += step * step;
            across += span * span;
            along += step * span;
        }
        let across = f64::max(across, 1.0);
        let weight = along / across;
        (weight, (here / across - weight * weight).max(0.0))
    }

    /// Returns the cells from a block's first to its last, whole rows between; its top left padded cell is given.
    fn window(&self, x: usize, y: usize) -> &[f32; WINDOW] {
        self.cells[y * STRIDE + x..].first_chunk().expect("a block lies inside the padded picture")
    }

    fn block(&self, x: usize, y: usize) -> Block {
        self.blocks[y * PLACES_X + x]
    }
}

/// Returns the width of the black bars on either side, and the height of those above and below, in cells.
///
/// Their edges never change, so they would make any two pictures alike.
fn bars(luma: &[u8]) -> (usize, usize) {
    let is_black = |x: usize, y: usize| luma.get(y * WIDTH + x).is_none_or(|&cell| cell <= BAR);
    let column = |x: usize| (0..HEIGHT).all(|y| is_black(x, y));
    let row = |y: usize| (0..WIDTH).all(|x| is_black(x, y));
    let bars_x = (0..WIDTH / 4).take_while(|&x| column(x) && column(WIDTH - 1 - x)).count();
    let bars_y = (0..HEIGHT / 4).take_while(|&y| row(y) && row(HEIGHT - 1 - y)).count();
    (bars_x, bars_y)
}

/// Sums every block of a padded picture by running sums over rows, then columns.
fn blocks(cells: &[f32]) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(PLACES_X * PLACES_Y);
    let mut columns = [(0.0_f32, 0.0_f32); STRIDE];
    for row in 0..ROWS {
        for (x, (sum, square)) in columns.iter_mut().enumerate() {
            let cell = cells[row * STRIDE + x];
            let gone = if row < BLOCK_Y { 0.0 } else { cells[(row - BLOCK_Y) * STRIDE + x] };
            *sum += cell - gone;
            *square += cell * cell - gone * gone;
        }
        if row + 1 < BLOCK_Y {
            continue;
        }
        for covered in columns.windows(BLOCK_X) {
            let (sum, square) = covered.iter().fold((0.0, 0.0), |total, column| (total.0 + column.0, total.1 + column.1));
            blocks.push(Block { sum, deviation: (square - sum * sum / BLOCK_CELLS).max(0.0) });
        }
    }
    blocks
}

/// Compares two pictures by what neither local motion nor a change of brightness and contrast explains.
///
/// Every 8x9 block of either picture is fitted, by least squares with a gain above zero and an offset, to the best block of the
/// other one within a tenth of the picture; what is left over is weighed against the structure of both. Plain pictures, which
/// have no structure, are compared by colour.
pub(super) fn difference(a: &Texture, b: &Texture) -> Difference {
    let (unexplained_b, energy_b) = unexplained(a, b);
    let (unexplained_a, energy_a) = unexplained(b, a);
    let cells = (WIDTH * HEIGHT) as f64;
    let energy = energy_a + energy_b;
    let share = (unexplained_a + unexplained_b) / (energy + NOISE * cells / 2.0);
    let level = ((unexplained_a + unexplained_b) / (2.0 * cells)).sqrt();
    if energy_a.max(energy_b) >= PLAIN * cells {
        return Difference { share, level };
    }
    let colour = colour_change(a, b);
    Difference { share: share.max((colour / COLOUR_SPAN).min(1.0)), level: level.max(colour) }
}

/// Returns what `from` leaves unexplained of `of`, and the structure of `of`; both are sums of squares over the cells.
fn unexplained(from: &Texture, of: &Texture) -> (f64, f64) {
    let (mut left_over, mut energy) = (0.0, 0.0);
    // Neighbouring blocks move alike, so each tries the last one's step first.
    let mut guess = (REACH_X, REACH_Y);
    for top in (REACH_Y..REACH_Y + HEIGHT).step_by(BLOCK_Y) {
        for left in (REACH_X..REACH_X + WIDTH).step_by(BLOCK_X) {
            let deviation = of.block(left, top).deviation;
            energy += f64::from(deviation);
            if deviation > BLOCK_NOISE {
                let (error, step) = fit(from, of, left, top, guess);
                guess = step;
                left_over += f64::from((error - BLOCK_NOISE).max(0.0));
            }
        }
    }
    (left_over, energy)
}

/// Returns the squared error of the best fit of one block, and its step in `0..=2 * REACH`; stops at the first fit that is good
/// enough, beginning with `guess`.
fn fit(from: &Texture, of: &Texture, left: usize, top: usize, guess: (usize, usize)) -> (f32, (usize, usize)) {
    let (window, block) = (of.window(left, top), of.block(left, top));
    let enough = BLOCK_NOISE.max(GOOD_FIT * block.deviation);
    let corner = (left - REACH_X, top - REACH_Y);
    let mut best = (block.deviation, guess);
    for step in std::iter::once(guess).chain(STEPS) {
        let (x, y) = (corner.0 + step.0, corner.1 + step.1);
        let other = from.block(x, y);
        let covariance = product(window, from.window(x, y)) - block.sum * other.sum / BLOCK_CELLS;
        if covariance > 0.0 && other.deviation >= 1.0 {
            let error = (block.deviation - covariance * covariance / other.deviation).max(0.0);
            if error < best.0 {
                best = (error, step);
            }
        }
        if best.0 <= enough {
            break;
        }
    }
    best
}

/// Steps of a block within reach, nearest first.
const STEPS: [(usize, usize); STEP_COUNT] = steps();
const STEP_COUNT: usize = (2 * REACH_X + 1) * (2 * REACH_Y + 1);

const fn steps() -> [(usize, usize); STEP_COUNT] {
    let mut steps = [(0, 0); STEP_COUNT];
    let (mut count, mut ring) = (0, 0);
    while count < STEP_COUNT {
        let mut at = 0;
        while at < STEP_COUNT {
            let (x, y) = (at % (2 * REACH_X + 1), at / (2 * REACH_X + 1));
            let (far_x, far_y) = (x.abs_diff(REACH_X), y.abs_diff(REACH_Y));
            if (if far_x > far_y { far_x } else { far_y }) == ring {
                steps[count] = (x, y);
                count += 1;
            }
            at += 1;
        }
        ring += 1;
    }
    steps
}

/// Returns the sum of products of two blocks.
fn product(a: &[f32; WINDOW], b: &[f32; WINDOW]) -> f32 {
    let mut lanes = [0.0; BLOCK_X];
    for row in 0..BLOCK_Y {
        for (column, lane) in lanes.iter_mut().enumerate() {
            let at = row * STRIDE + column;
            *lane += a[at] * b[at];
        }
    }
    lanes.iter().sum()
}

/// Returns the mean change of luma or twice that of chroma, whichever is larger, in grey levels.
fn colour_change(a: &Texture, b: &Texture) -> f64 {
    let luma = a.cells.iter().zip(&b.cells).map(|(&a, &b)| f64::from((a - b).abs())).sum::<f64>() / a.cells.len() as f64;
    let chroma =
        |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum::<f64>() / a.len().max(1) as f64;
    luma.max(chroma(&a.cb, &b.cb) + chroma(&a.cr, &b.cr))
}
