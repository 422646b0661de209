//! Makes one picture: from JPEG or pixels to cells, or to bytes for the terminal.

use super::Kind;
use super::escape::Wrap;
use super::inline;
use super::kitty::{self, Name};
use super::mosaic::{Block, POINTS, mosaic};
use super::palette::{png, reduce};
use super::prepare::{Cut, Inner, cut, decode, dim_background, light, scale, scale_down, sharpen};
use super::probe::{Probe, Protocol};
use crate::config::PictureParams;
use image::RgbImage;

/// What a picture is made from.
#[derive(Debug, Clone)]
pub enum Loaded {
    Jpeg(Vec<u8>),
    Pixels(RgbImage),
}

/// A picture made.
#[derive(Debug)]
pub(super) enum Made {
    Blocks {
        inner: Inner,
        cells: Vec<Block>,
    },
    /// Bytes for the terminal: for kitty, sent once; else with every appearance. `pixels` are those that the terminal keeps.
    Graphic {
        inner: Inner,
        data: String,
        pixels: u64,
    },
}

/// Makes a picture of so many cells; `None` where it cannot be read or has no cells.
///
/// `number` is what a kitty terminal will know it by.
pub(super) fn make(
    loaded: Loaded,
    (cells, kind): ((u16, u16), Kind),
    number: u32,
    probe: Probe,
    params: &PictureParams,
) -> Option<Made> {
    if cells.0 == 0 || cells.1 == 0 || probe.protocol == Protocol::Off {
        return None;
    }
    let picture = match loaded {
        Loaded::Jpeg(jpeg) => decode(&jpeg)?,
        Loaded::Pixels(picture) if picture.width() > 0 && picture.height() > 0 => picture,
        Loaded::Pixels(_) => return None,
    };
    let wrap = if probe.tmux { Wrap::Tmux } else { Wrap::No };
    let tightness = if probe.protocol == Protocol::HalfBlocks { Cut::Tight } else { Cut::Loose };
    let (mut part, inner) = cut(&picture, kind, tightness, cells, probe.cell, params);
    let filled = (inner.columns, inner.rows);
    let (width, height) = (u32::from(inner.columns) * u32::from(probe.cell.0), u32::from(inner.rows) * u32::from(probe.cell.1));
    if kind != Kind::Whole {
        light(&mut part, params);
    }
    let graphic = |data: String, pixels: u64| Some(Made::Graphic { inner, data, pixels });
    match probe.protocol {
        Protocol::Off => None,
        Protocol::HalfBlocks => {
            if kind == Kind::Face {
                dim_background(&mut part, params.dim_background.clamp(0.0, 1.0));
            }
            // Half of a cell's width is what blocks can show at best.
            let radius = f64::from(part.width()) / f64::from(inner.columns) / 2.0;
            sharpen(&mut part, radius, params.sharpen.max(0.0));
            let points = scale(&part, u32::from(inner.columns) * POINTS, u32::from(inner.rows) * POINTS);
            Some(Made::Blocks { inner, cells: mosaic(&points, params.blocks, probe.colours, params.bytes_per_cell) })
        }
        Protocol::Kitty => {
            let small = scale_down(&part, width, height);
            let pixels = u64::from(small.width()) * u64::from(small.height());
            let png = png_within(&small, f64::from(width) * f64::from(height) * params.bits_per_pixel / 8.0, params.colours)?;
            graphic(kitty::send(Name::new(number, probe.colours), &png, filled, wrap), pixels)
        }
        // A row of sixels is six pixels high; a last one would stand over the cells below.
        Protocol::Sixel => graphic(inline::sixel(&scale(&part, width, height / 6 * 6), filled, params.colours, wrap)?, 0),
        Protocol::Iterm2 => graphic(inline::iterm2(&scale_down(&part, width, height), filled, params.jpeg_quality, wrap)?, 0),
    }
}

/// Writes a palette PNG of at most about so many bytes: with fewer colours, and at last with fewer pixels, where it takes that.
fn png_within(picture: &RgbImage, most_bytes: f64, colours: u16) -> Option<Vec<u8>> {
    let fits = |bytes: &[u8]| bytes.len() as f64 <= most_bytes;
    for share in [1, 2, 4] {
        let bytes = png(&reduce(picture, colours / share)?)?;
        if fits(&bytes) {
            return Some(bytes);
        }
    }
    let small = scale(picture, picture.width() * 2 / 3, picture.height() * 2 / 3);
    png(&reduce(&small, colours / 4)?)
}
