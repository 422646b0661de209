//! Turns 8-bit pictures into what a model was trained on.

use super::InferError;
use crate::domain::{RgbImage, Size};
use serde::{Deserialize, Serialize};

/// Order of the colour planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Planes {
    Rgb,
    Bgr,
}

/// Says how a model takes its pixels: `(value - mean) / divide`, means in the order of the planes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    pub planes: Planes,
    pub mean: [f32; 3],
    pub divide: f32,
}

impl Pixels {
    /// Looks up the value of each of the 256 levels of each plane.
    pub(super) fn levels(&self) -> Levels {
        let level =
            |plane: usize| std::array::from_fn(|v| (u8::try_from(v).map_or(255.0, f32::from) - self.mean[plane]) / self.divide);
        Levels { planes: self.planes, table: [level(0), level(1), level(2)] }
    }
}

/// `Pixels` worked out for every level.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    planes: Planes,
    table: [[f32; 256]; 3],
}

impl Levels {
    /// Writes `[3, H, W] f32` to `out`: the picture at the top left, black to its right and below.
    pub(super) fn fill(&self, image: &RgbImage, input: Size, out: &mut [f32]) -> Result<(), InferError> {
        self.fill_at(image, (0, 0), 0, input, out)
    }

    /// The same with the picture's corner at `(x, y)` and the level `around` it.
    pub(super) fn fill_at(
        &self,
        image: &RgbImage,
        (x, y): (u32, u32),
        around: u8,
        input: Size,
        out: &mut [f32],
    ) -> Result<(), InferError> {
        let (width, height) = (input.width as usize, input.height as usize);
        let (across, down) = (image.width as usize, image.height as usize);
        let (x, y) = (x as usize, y as usize);
        let fits =
            x + across <= width && y + down <= height && image.data.len() == across * down * 3 && out.len() == width * height * 3;
        if !fits {
            return Err(InferError::Picture { found: image.size(), due: input });
        }
        for (i, plane) in out.chunks_exact_mut((width * height).max(1)).enumerate() {
            let channel = if self.planes == Planes::Rgb { i } else { 2 - i };
            let (table, around) = (&self.table[i], self.table[i][usize::from(around)]);
            let (above, rest) = plane.split_at_mut(y * width);
            let (rows, below) = rest.split_at_mut(down * width);
            above.fill(around);
            below.fill(around);
            for (row, line) in rows.chunks_exact_mut(width.max(1)).zip(image.data.chunks_exact((across * 3).max(1))) {
                row[..x].fill(around);
                row[x + across..].fill(around);
                for (value, rgb) in row[x..x + across].iter_mut().zip(line.chunks_exact(3)) {
                    *value = table[usize::from(rgb[channel])];
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_ordered_scaled_and_padded_with_black() {
        let image = RgbImage { width: 1, height: 1, data: vec![10, 20, 30] };
        let pixels = Pixels { planes: Planes::Bgr, mean: [1.0, 2.0, 3.0], divide: 2.0 };
        let mut out = vec![9.0; 12];
        pixels.levels().fill(&image, Size { width: 2, height: 2 }, &mut out).unwrap();
        assert_eq!(out, [14.5, -0.5, -0.5, -0.5, 9.0, -1.0, -1.0, -1.0, 3.5, -1.5, -1.5, -1.5]);
    }

    #[test]
    fn a_picture_in_the_middle_has_its_surroundings_on_all_sides() {
        let image = RgbImage { width: 1, height: 1, data: vec![10, 20, 30] };
        let pixels = Pixels { planes: Planes::Rgb, mean: [0.0; 3], divide: 1.0 };
        let mut out = vec![9.0; 27];
        pixels.levels().fill_at(&image, (1, 1), 114, Size { width: 3, height: 3 }, &mut out).unwrap();
        let due = |middle: f32| [114.0, 114.0, 114.0, 114.0, middle, 114.0, 114.0, 114.0, 114.0];
        assert_eq!(out, [due(10.0), due(20.0), due(30.0)].concat());
    }

    #[test]
    fn a_picture_larger_than_the_input_is_refused() {
        let pixels = Pixels { planes: Planes::Rgb, mean: [0.0; 3], divide: 1.0 };
        let image = RgbImage::black(Size { width: 3, height: 1 });
        assert!(pixels.levels().fill(&image, Size { width: 2, height: 2 }, &mut [0.0; 12]).is_err());
    }
}
