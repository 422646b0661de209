//! Pictures as plain bytes.

use super::Size;

/// Holds a picture of 8-bit RGB, rows from the top, no padding: `data.len() == width * height * 3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbImage {
    pub width: u32,
    pub height: u32,
    pub data: Vec<u8>,
}

impl RgbImage {
    /// Makes a black picture.
    #[must_use]
    pub fn black(size: Size) -> Self {
        let bytes = size.width as usize * size.height as usize * 3;
        Self { width: size.width, height: size.height, data: vec![0; bytes] }
    }

    /// Returns width and height.
    #[must_use]
    pub fn size(&self) -> Size {
        Size { width: self.width, height: self.height }
    }

    /// Returns BT.601 luma, one byte a pixel, rows from the top.
    #[must_use]
    pub fn luma(&self) -> Vec<u8> {
        self.data
            .chunks_exact(3)
            .map(|p| {
                let y = 77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2]);
                u8::try_from(y >> 8).unwrap_or(u8::MAX)
            })
            .collect()
    }
}
