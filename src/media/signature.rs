//! A picture shrunk for shot cutting.

use super::colour::Colour;
use super::geometry::{Display, Orientation};
use super::planes::{Plane, Planes, Row};
use crate::domain::{Point, Signature, Size};

/// Rows read of one cell; more would not change a mean over thousands of pixels.
const ROWS: usize = 12;

/// Averages the planes over the displayed picture's cells; black where there are none.
pub(super) fn shrink(source: Option<(Planes<'_>, Colour)>, orientation: Orientation) -> Signature {
    let (luma, chroma) = (Signature::LUMA, Signature::CHROMA);
    let Some((planes, colour)) = source else {
        let grey = vec![128; chroma.0 * chroma.1];
        return Signature { luma: vec![0; luma.0 * luma.1], cb: grey.clone(), cr: grey };
    };
    let scaled = |plane: &Plane<'_>, grid: (usize, usize), (scale, zero): (f32, f32), base: f32| -> Vec<u8> {
        let means = turned(orientation, grid, |stored| means(plane, stored));
        means.into_iter().map(|m| byte((m - zero) * scale + base)).collect()
    };
    let [cb, cr] = match &planes.chroma {
        Some([cb, cr]) => [cb, cr].map(|p| scaled(p, chroma, colour.chroma, 128.0)),
        None => [vec![128; chroma.0 * chroma.1], vec![128; chroma.0 * chroma.1]],
    };
    Signature { luma: scaled(&planes.luma, luma, colour.luma, 0.0), cb, cr }
}

/// Computes a grid in stored orientation and lays it out as displayed.
fn turned(orientation: Orientation, grid: (usize, usize), means: impl Fn((usize, usize)) -> Vec<f32>) -> Vec<f32> {
    let stored = if orientation.swaps_axes() { (grid.1, grid.0) } else { grid };
    let values = means(stored);
    if orientation == Orientation::UPRIGHT {
        return values;
    }
    let size = |(w, h): (usize, usize)| Size { width: u32::try_from(w).unwrap_or(1), height: u32::try_from(h).unwrap_or(1) };
    let map = Display { orientation, size: size(grid) }.to_stored(size(stored));
    let cells = (0..grid.1).flat_map(|y| (0..grid.0).map(move |x| (x, y)));
    cells
        .map(|(x, y)| {
            let p = map.apply(Point { x: x as f32 + 0.5, y: y as f32 + 0.5 });
            values[index(p.y, stored.1) * stored.0 + index(p.x, stored.0)]
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cell's centre is inside the grid")]
fn index(v: f32, size: usize) -> usize {
    (v.max(0.0) as usize).min(size - 1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn byte(v: f32) -> u8 {
    (v + 0.5).clamp(0.0, 255.0) as u8
}

/// Returns where cell `i` of `cells` begins and ends among `size` samples; never empty.
fn span(i: usize, cells: usize, size: usize) -> (usize, usize) {
    let start = (i * size / cells).min(size - 1);
    (start, ((i + 1) * size / cells).max(start + 1))
}

/// Averages a plane over `columns x rows` cells, rows from the top.
fn means(plane: &Plane<'_>, (columns, rows): (usize, usize)) -> Vec<f32> {
    let mut out = Vec::with_capacity(columns * rows);
    // Twelve rows of bytes fit sixteen bits, which is twice as fast to add up.
    let mut narrow = vec![0_u16; plane.width];
    let mut sums = vec![0_u32; plane.width];
    for r in 0..rows {
        let (top, end) = span(r, rows, plane.height);
        let step = (end - top).div_ceil(ROWS);
        narrow.fill(0);
        sums.fill(0);
        let mut count = 0_u32;
        for y in (top..end).step_by(step) {
            count += 1;
            match plane.row(y) {
                Row::Bytes(bytes) => narrow.iter_mut().zip(bytes).for_each(|(s, &b)| *s += u16::from(b)),
                Row::Spread(bytes, k) => {
                    narrow.iter_mut().zip(bytes.iter().step_by(k)).for_each(|(s, &b)| *s += u16::from(b));
                }
                Row::Words(bytes, k, shift, mask) => {
                    let words = bytes.chunks(k).map(|p| (u16::from_ne_bytes([p[0], p[1]]) >> shift) & mask);
                    sums.iter_mut().zip(words).for_each(|(s, w)| *s += u32::from(w));
                }
            }
        }
        for c in 0..columns {
            let (left, right) = span(c, columns, plane.width);
            let total: u32 =
                sums[left..right].iter().sum::<u32>() + narrow[left..right].iter().map(|&s| u32::from(s)).sum::<u32>();
            let samples = count * u32::try_from(right - left).unwrap_or(u32::MAX);
            out.push(total as f32 / samples as f32);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cover_a_picture_smaller_and_larger_than_the_grid() {
        for size in [1, 3, 36, 37, 720] {
            let spans: Vec<_> = (0..36).map(|i| span(i, 36, size)).collect();
            assert!(spans.iter().all(|(a, b)| a < b && *b <= size), "{size}");
            assert_eq!((spans[0].0, spans[35].1), (0, size));
        }
    }

    #[test]
    fn a_turned_grid_is_read_from_its_stored_place() {
        let o = Orientation::from_matrix(&[0, 1, 0, -1, 0, 0, 0, 0, 1]);
        // Stored 2 columns by 3 rows, a quarter turn clockwise makes 3 columns by 2 rows.
        let got = turned(o, (3, 2), |stored| {
            assert_eq!(stored, (2, 3));
            vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        });
        assert_eq!(got, [4.0, 2.0, 0.0, 5.0, 3.0, 1.0]);
    }
}
