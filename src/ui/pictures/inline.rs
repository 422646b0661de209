//! Graphics that travel with every appearance: sixel and iTerm2's inline files.

use super::escape::Wrap;
use super::palette::{self, Indexed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage};
use ratatui::layout::Size;
use ratatui_image::protocol::sixel::Sixel;

/// Returns the sixel sequence that draws at the cursor; the picture has as many pixels as its cells.
///
/// It is brought to a few flat colours first: ratatui-image alone would spread 256 over it, at half as many bytes again.
pub(super) fn sixel(picture: &RgbImage, (columns, rows): (u16, u16), colours: u16, wrap: Wrap) -> Option<String> {
    let few = flat(&palette::reduce(picture, colours)?)?;
    let size = Size::new(columns, rows);
    Sixel::new(DynamicImage::ImageRgb8(few), size, wrap == Wrap::Tmux).ok().map(|s| s.data)
}

/// Returns the sequence of iTerm2's protocol that draws at the cursor, scaled to its cells by the terminal.
///
/// As JPEG, which iTerm2, WezTerm and the others that know the protocol read: ratatui-image sends PNG of all colours, five times the bytes.
pub(super) fn iterm2(picture: &RgbImage, (columns, rows): (u16, u16), quality: u8, wrap: Wrap) -> Option<String> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality.clamp(1, 100)).encode_image(picture).ok()?;
    let mut out = String::new();
    let head = format!("inline=1;size={};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1", jpeg.len());
    wrap.put(&mut out, &format!("\x1b]1337;File={head}:{}\x07", STANDARD.encode(&jpeg)));
    Some(out)
}

fn flat(picture: &Indexed) -> Option<RgbImage> {
    let pixels = picture.pixels.iter().filter_map(|i| picture.colours.get(usize::from(*i))).flatten().copied().collect();
    RgbImage::from_raw(picture.width, picture.height, pixels)
}
