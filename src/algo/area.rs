//! Means over rectangles of a picture, at any size, for the price of one pass.

use crate::domain::RgbImage;
use std::ops::Range;

/// Sums of all pixels above and left of each corner (Crow 1984, "Summed-area tables for texture mapping").
///
/// Sums wrap around; a difference of them is right as long as the rectangle itself holds less than 2^32 / 255 pixels.
#[derive(Debug, Clone)]
pub struct AreaTable {
    width: usize,
    height: usize,
    /// `[height + 1, width + 1, 3]`
    sums: Vec<[u32; 3]>,
}

impl AreaTable {
    /// Adds up a picture. Takes 12 bytes a pixel. A picture whose data are too short counts as empty.
    #[must_use]
    pub fn new(image: &RgbImage) -> Self {
        let (mut width, mut height) = (image.width as usize, image.height as usize);
        if image.data.len() < width * height * 3 {
            (width, height) = (0, 0);
        }
        let stride = width + 1;
        let mut sums = vec![[0u32; 3]; stride * (height + 1)];
        for (y, row) in image.data.chunks_exact((width * 3).max(1)).take(height).enumerate() {
            let (above, below) = sums.split_at_mut((y + 1) * stride);
            let above = &above[y * stride..];
            let mut line = [0u32; 3];
            for ((rgb, up), out) in row.chunks_exact(3).zip(&above[1..]).zip(&mut below[1..stride]) {
                for c in 0..3 {
                    line[c] = line[c].wrapping_add(u32::from(rgb[c]));
                    out[c] = line[c].wrapping_add(up[c]);
                }
            }
        }
        Self { width, height, sums }
    }

    /// Returns width and height of the picture in pixels.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Shrinks or enlarges the pixels `x` by `y` to `width` by `height` and writes them as planes, `[3, height, width] f32`, each
    /// value through `level`.
    ///
    /// As PyTorch's `interpolate(mode="area")`: an output pixel is the plain mean of every whole pixel it touches, so those at the
    /// seams count for both neighbours. What lies outside the picture is left out. Writes nothing
    /// where the rectangle is empty or `out` has another length.
    pub fn resize_into(
        &self,
        x: Range<usize>,
        y: Range<usize>,
        (width, height): (usize, usize),
        out: &mut [f32],
        level: impl Fn(f32) -> f32,
    ) {
        let (x, y) = (x.start..x.end.min(self.width), y.start..y.end.min(self.height));
        let plane = width * height;
        if x.is_empty() || y.is_empty() || plane == 0 || out.len() != 3 * plane {
            return;
        }
        let edges = |range: &Range<usize>, n: usize| -> Vec<(usize, usize)> {
            let len = range.len();
            (0..n).map(|i| (range.start + i * len / n, range.start + ((i + 1) * len).div_ceil(n))).collect()
        };
        let columns = edges(&x, width);
        let stride = self.width + 1;
        let (red, rest) = out.split_at_mut(plane);
        let (green, blue) = rest.split_at_mut(plane);
        for (row, (top, bottom)) in edges(&y, height).into_iter().enumerate() {
            let upper = &self.sums[top * stride..][..stride];
            let lower = &self.sums[bottom * stride..][..stride];
            let at = row * width..(row + 1) * width;
            let lines = red[at.clone()].iter_mut().zip(&mut green[at.clone()]).zip(&mut blue[at]);
            for (((r, g), b), &(left, right)) in lines.zip(&columns) {
                let share = 1.0 / ((right - left) * (bottom - top)) as f32;
                let mean = |c: usize| {
                    let sum =
                        lower[right][c].wrapping_sub(upper[right][c]).wrapping_sub(lower[left][c].wrapping_sub(upper[left][c]));
                    level(sum as f32 * share)
                };
                (*r, *g, *b) = (mean(0), mean(1), mean(2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Size;
    use proptest::prelude::*;

    /// The plain way: every output pixel adds up its own pixels.
    fn naive(image: &RgbImage, x: &Range<usize>, y: &Range<usize>, w: usize, h: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for c in 0..3 {
            for j in 0..h {
                for i in 0..w {
                    let (mut sum, mut n) = (0u64, 0u64);
                    for v in y.start + j * y.len() / h..y.start + ((j + 1) * y.len()).div_ceil(h) {
                        for u in x.start + i * x.len() / w..x.start + ((i + 1) * x.len()).div_ceil(w) {
                            sum += u64::from(image.data[(v * image.width as usize + u) * 3 + c]);
                            n += 1;
                        }
                    }
                    out.push(sum as f32 / n as f32);
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn every_size_is_the_mean_of_the_pixels_it_touches(
            seed in any::<u32>(), from in (0usize..6, 0usize..5), len in (1usize..14, 1usize..12), to in (1usize..20, 1usize..20),
        ) {
            let (width, height) = (20u32, 17u32);
            let data = (0..width * height * 3).map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13).to_le_bytes()[0]).collect();
            let image = RgbImage { width, height, data };
            let (x, y) = (from.0..from.0 + len.0, from.1..from.1 + len.1);
            let mut found = vec![0.0; to.0 * to.1 * 3];
            AreaTable::new(&image).resize_into(x.clone(), y.clone(), to, &mut found, |v| v);
            for (f, d) in found.iter().zip(naive(&image, &x, &y, to.0, to.1)) {
                // A mean of bytes in f32: one rounding of the sum, one of the share.
                prop_assert!((f - d).abs() < 1e-4, "{f} {d}");
            }
        }
    }

    #[test]
    fn nothing_is_written_where_there_is_nothing() {
        let table = AreaTable::new(&RgbImage::black(Size { width: 4, height: 4 }));
        let mut out = [7.0; 3];
        table.resize_into(4..9, 0..4, (1, 1), &mut out, |v| v);
        assert_eq!(out.map(f32::to_bits), [7f32; 3].map(f32::to_bits));
        let broken = AreaTable::new(&RgbImage { width: 9, height: 9, data: vec![1; 5] });
        assert_eq!(broken.size(), (0, 0));
    }
}
