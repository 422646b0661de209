//! Asks the terminal once what it can draw.

use crate::config::ImageProtocol;
use ratatui_image::picker::cap_parser::QueryStdioOptions;
use ratatui_image::picker::{Picker, ProtocolType};
use std::time::Duration;

/// How pictures reach the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Kitty's graphics: sent once by number, placed by Unicode placeholders.
    Kitty,
    /// DEC sixel: sent with every appearance.
    Sixel,
    /// iTerm2's inline files: sent with every appearance.
    Iterm2,
    /// Block characters with two colours each, which every terminal has.
    HalfBlocks,
    /// Quiet placeholders only.
    Off,
}

/// How many colours block characters may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    True,
    /// The 240 fixed ones of the 256-colour palette.
    Indexed,
    /// No colour at all: blocks become placeholders.
    None,
}

/// What was found out about the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    pub protocol: Protocol,
    /// Pixels of a cell, width and height; 10x20 where the terminal does not say.
    pub cell: (u16, u16),
    /// Whether escape sequences must be wrapped for tmux to pass them on.
    pub tmux: bool,
    pub depth: Depth,
}

impl Probe {
    /// Returns what is taken for granted without asking: blocks in true colour, as in tests.
    #[must_use]
    pub fn blocks() -> Self {
        Self { protocol: Protocol::HalfBlocks, cell: (10, 20), tmux: false, depth: Depth::True }
    }
}

/// Asks the terminal what it can draw, within `timeout`; call it in raw mode and before events are read.
///
/// A terminal that does not answer gets blocks. Where a protocol is asked for that needs no cell size (blocks, off), nothing is sent.
#[must_use]
pub fn probe(wanted: ImageProtocol, depth: Depth, timeout: Duration) -> Probe {
    let asked = match wanted {
        ImageProtocol::Auto => None,
        ImageProtocol::Kitty => Some(Protocol::Kitty),
        ImageProtocol::Sixel => Some(Protocol::Sixel),
        ImageProtocol::Iterm2 => Some(Protocol::Iterm2),
        ImageProtocol::HalfBlocks => Some(Protocol::HalfBlocks),
        ImageProtocol::Off => Some(Protocol::Off),
    };
    if let Some(protocol @ (Protocol::HalfBlocks | Protocol::Off)) = asked {
        return Probe { protocol, depth, ..Probe::blocks() };
    }
    let options = QueryStdioOptions { timeout, ..QueryStdioOptions::default() };
    let picker = Picker::from_query_stdio_with_options(options).unwrap_or_else(|_| Picker::halfblocks());
    let found = match picker.protocol_type() {
        ProtocolType::Kitty => Protocol::Kitty,
        ProtocolType::Sixel => Protocol::Sixel,
        ProtocolType::Iterm2 => Protocol::Iterm2,
        ProtocolType::Halfblocks => Protocol::HalfBlocks,
    };
    let font = picker.font_size();
    let cell = (font.width.max(1), font.height.max(1));
    Probe { protocol: asked.unwrap_or(found), cell, tmux: picker.tmux_detected(), depth }
}
