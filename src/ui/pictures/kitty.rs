//! Kitty's graphics protocol: pictures sent once by number, placed by characters.
//!
//! <https://sw.kovidgoyal.net/kitty/graphics-protocol/>, Unicode placeholders. A cell of a picture is U+10EEEE in a colour that says
//! which picture, with combining characters that say which part; a cell without them continues the one on its left.

use super::diacritics::diacritic;
use super::escape::Wrap;
use super::probe::Depth;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

pub(super) const PLACEHOLDER: char = '\u{10eeee}';

/// How a terminal names a picture: kitty's id, and the colour that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    number: u32,
    depth: Depth,
}

impl Name {
    /// Names the picture of this number, below 2^24 and not 0. Where colours are few, the palette's index says the low part and a
    /// third combining character the high one.
    pub(super) fn new(number: u32, depth: Depth) -> Self {
        Self { number, depth }
    }

    fn id(self) -> u32 {
        match self.depth {
            Depth::Indexed => ((self.number / 240 % 250) << 24) | (16 + self.number % 240),
            Depth::True | Depth::None => self.number,
        }
    }

    /// Returns the sequence after which characters are of this picture.
    pub(super) fn colour(self) -> String {
        let [_, r, g, b] = self.id().to_be_bytes();
        match self.depth {
            Depth::Indexed => format!("\x1b[38;5;{b}m"),
            Depth::True | Depth::None => format!("\x1b[38;2;{r};{g};{b}m"),
        }
    }

    /// Appends `columns` cells of row `row`, from column `from` on; nothing where the picture is too large to be numbered.
    pub(super) fn cells(self, out: &mut String, row: u16, from: u16, columns: u16) {
        let high = u16::from(self.id().to_be_bytes()[0]);
        let (Some(row_mark), Some(column_mark), Some(high_mark)) = (diacritic(row), diacritic(from), diacritic(high)) else {
            return;
        };
        for n in 0..columns {
            out.push(PLACEHOLDER);
            if n > 0 {
                continue;
            }
            // What is left away is 0.
            if row > 0 || from > 0 || high > 0 {
                out.push(row_mark);
            }
            if from > 0 || high > 0 {
                out.push(column_mark);
            }
            if high > 0 {
                out.push(high_mark);
            }
        }
    }
}

/// Returns what sends a PNG to be shown in so many cells; the terminal scales it and answers nothing.
pub(super) fn send(name: Name, png: &[u8], (columns, rows): (u16, u16), wrap: Wrap) -> String {
    /// Most base64 characters in one piece, as the protocol has it.
    const PIECE: usize = 4096;
    let text = STANDARD.encode(png);
    let mut out = String::with_capacity(text.len() + 200);
    let mut rest = text.as_str();
    let mut first = true;
    while first || !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(PIECE));
        rest = after;
        let more = u8::from(!rest.is_empty());
        let mut keys = format!("q=2,m={more}");
        if first {
            keys = format!("q=2,a=T,U=1,f=100,i={},c={columns},r={rows},m={more}", name.id());
        }
        first = false;
        wrap.put(&mut out, &format!("\x1b_G{keys};{piece}\x1b\\"));
    }
    out
}

/// Returns what makes the terminal forget a picture.
pub(super) fn delete(name: Name, wrap: Wrap) -> String {
    let mut keys = String::new();
    // Writing to a text cannot fail.
    let _ = write!(keys, "\x1b_Gq=2,a=d,d=I,i={}\x1b\\", name.id());
    let mut out = String::new();
    wrap.put(&mut out, &keys);
    out
}
