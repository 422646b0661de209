//! Pictures of block characters: two colours and a shape in each cell.

use super::probe::Depth;
use image::RgbImage;
use ratatui::style::Color;

/// One cell of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub symbol: char,
    pub ink: Color,
    pub paper: Color,
}

/// Turns a picture of `columns` x `2 rows` pixels into half blocks, row by row.
pub(super) fn half_blocks(picture: &RgbImage, depth: Depth) -> Vec<Block> {
    let mut cells = Vec::new();
    for y in 0..picture.height() / 2 {
        for x in 0..picture.width() {
            let (upper, lower) = (picture.get_pixel(x, 2 * y).0, picture.get_pixel(x, 2 * y + 1).0);
            cells.push(Block { symbol: '▀', ink: colour(upper, depth), paper: colour(lower, depth) });
        }
    }
    cells
}

/// Brings a colour to what the terminal has.
pub(super) fn colour([r, g, b]: [u8; 3], depth: Depth) -> Color {
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
