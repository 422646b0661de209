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
const BLOCK_CELLS: i64 = (BLOCK_X * BLOCK_Y) as i64;
/// Variance of a cell (grey levels squared) that sensor noise, rounding and compression account for.
const NOISE: f64 = 4.0;
/// Below this variance of a cell (grey levels squared) a picture counts as plain, and its colour decides.
const PLAIN: f64 = 36.0;
/// Change of colour (grey levels) between two plain pictures that counts as a whole change.
const COLOUR_SPAN: f64 = 60.0;

/// Holds a picture prepared for comparing: luma with repeated edges, and its sums.
#[derive(Debug, Clone)]
pub(super) struct Texture {
    /// `[ROWS, STRIDE]`.
    cells: Vec<i16>,
    /// `[ROWS + 1, STRIDE + 1]`: sums over everything above and left.
    sums: Vec<i32>,
    squares: Vec<i32>,
    cb: Vec<u8>,
    cr: Vec<u8>,
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
        for row in 0..ROWS {
            let y = row.saturating_sub(REACH_Y).min(HEIGHT - 1);
            for column in 0..STRIDE {
                let x = column.saturating_sub(REACH_X).min(WIDTH - 1);
                cells.push(signature.luma.get(y * WIDTH + x).copied().map_or(0, i16::from));
            }
        }
        let mut sums = vec![0; (ROWS + 1) * (STRIDE + 1)];
        let mut squares = sums.clone();
        for (row, line) in cells.chunks_exact(STRIDE).enumerate() {
            let (mut sum, mut square) = (0, 0);
            for (column, &cell) in line.iter().enumerate() {
                sum += i32::from(cell);
                square += i32::from(cell) * i32::from(cell);
                let at = (row + 1) * (STRIDE + 1) + column + 1;
                sums[at] = sums[at - STRIDE - 1] + sum;
                squares[at] = squares[at - STRIDE - 1] + square;
            }
        }
        Self { cells, sums, squares, cb: signature.cb.clone(), cr: signature.cr.clone() }
    }

    /// Returns sum and squared deviation (sum over the block) of the block whose top left padded cell is given.
    fn block(&self, x: usize, y: usize) -> (i64, f64) {
        let over = |table: &[i32]| {
            let (top, bottom) = (y * (STRIDE + 1), (y + BLOCK_Y) * (STRIDE + 1));
            i64::from(table[bottom + x + BLOCK_X] - table[top + x + BLOCK_X] - table[bottom + x] + table[top + x])
        };
        let (sum, square) = (over(&self.sums), over(&self.squares));
        (sum, (square * BLOCK_CELLS - sum * sum) as f64 / BLOCK_CELLS as f64)
    }

    /// Returns the sum of products of a block here with a block there.
    fn product(&self, x: usize, y: usize, other: &Self, other_x: usize, other_y: usize) -> i64 {
        let mut sum = 0_i32;
        for row in 0..BLOCK_Y {
            let a = &self.cells[(y + row) * STRIDE + x..][..BLOCK_X];
            let b = &other.cells[(other_y + row) * STRIDE + other_x..][..BLOCK_X];
            sum += a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>();
        }
        i64::from(sum)
    }
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
    let noise = NOISE * BLOCK_CELLS as f64;
    let (mut left_over, mut energy) = (0.0, 0.0);
    for top in (REACH_Y..REACH_Y + HEIGHT).step_by(BLOCK_Y) {
        for left in (REACH_X..REACH_X + WIDTH).step_by(BLOCK_X) {
            let (sum, deviation) = of.block(left, top);
            energy += deviation;
            if deviation > noise {
                left_over += (fit(from, of, left, top, sum, deviation, noise) - noise).max(0.0);
            }
        }
    }
    (left_over, energy)
}

/// Returns the squared error of the best fit of one block; stops at the first fit within `enough`.
fn fit(from: &Texture, of: &Texture, left: usize, top: usize, sum: i64, deviation: f64, enough: f64) -> f64 {
    let error_at = |x: usize, y: usize| {
        let (other_sum, other_deviation) = from.block(x, y);
        let covariance = (of.product(left, top, from, x, y) * BLOCK_CELLS - sum * other_sum) as f64 / BLOCK_CELLS as f64;
        if covariance <= 0.0 || other_deviation < 1.0 {
            return deviation;
        }
        (deviation - covariance * covariance / other_deviation).max(0.0)
    };
    let mut best = error_at(left, top);
    for y in top - REACH_Y..=top + REACH_Y {
        for x in left - REACH_X..=left + REACH_X {
            if best <= enough {
                return best;
            }
            best = best.min(error_at(x, y));
        }
    }
    best
}

/// Returns the mean change of luma or twice that of chroma, whichever is larger, in grey levels.
fn colour_change(a: &Texture, b: &Texture) -> f64 {
    let luma = a.cells.iter().zip(&b.cells).map(|(&a, &b)| f64::from((a - b).abs())).sum::<f64>() / a.cells.len() as f64;
    let chroma =
        |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum::<f64>() / a.len().max(1) as f64;
    luma.max(chroma(&a.cb, &b.cb) + chroma(&a.cr, &b.cr))
}
