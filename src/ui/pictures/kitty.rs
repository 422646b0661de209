//! Kitty's graphics protocol: pictures sent once by number, placed by characters.
//!
//! <https://sw.kovidgoyal.net/kitty/graphics-protocol/>, Unicode placeholders. A cell of a picture is U+10EEEE in a colour that says
//! which picture, with combining characters that say which part; a cell without them continues the one on its left.

use super::diacritics::diacritic;
use super::escape::Wrap;
use crate::ui::theme::Colours;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

pub(super) const PLACEHOLDER: char = '\u{10eeee}';

/// How a terminal names a picture: kitty's id, and the colour that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    number: u32,
    colours: Colours,
}

impl Name {
    /// Names the picture of this number, below 2^24 and not 0. Where colours are few, the palette's index says the low part and a
    /// third combining character the high one.
    pub(super) fn new(number: u32, colours: Colours) -> Self {
        Self { number, colours }
    }

    fn id(self) -> u32 {
        match self.colours {
            Colours::Indexed256 => ((self.number / 240 % 250) << 24) | (16 + self.number % 240),
            Colours::True | Colours::None => self.number,
        }
    }

    /// Returns the sequence after which characters are of this picture.
    pub(super) fn colour(self) -> String {
        let [_, r, g, b] = self.id().to_be_bytes();
        match self.colours {
            Colours::Indexed256 => format!("\x1b[38;5;{b}m"),
            Colours::True | Colours::None => format!("\x1b[38;2;{r};{g};{b}m"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn true_colour(number: u32) -> Name {
        Name::new(number, Colours::True)
    }

    #[test]
    fn a_picture_is_sent_in_pieces_that_the_protocol_allows() {
        let png: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let sent = send(true_colour(7), &png, (12, 6), Wrap::No);
        let pieces: Vec<&str> = sent.split_terminator("\x1b\\").collect();
        assert_eq!(pieces.len(), 4);
        assert!(pieces[0].starts_with("\x1b_Gq=2,a=T,U=1,f=100,i=7,c=12,r=6,m=1;"), "{}", &pieces[0][..50]);
        assert!(pieces[1].starts_with("\x1b_Gq=2,m=1;") && pieces[3].starts_with("\x1b_Gq=2,m=0;"));
        let payloads: Vec<&str> = pieces.iter().map(|p| p.split_once(';').unwrap().1).collect();
        assert!(payloads.iter().all(|p| p.len() <= 4096));
        assert_eq!(STANDARD.decode(payloads.concat()).unwrap(), png);
    }

    #[test]
    fn in_tmux_each_piece_is_wrapped_and_its_escapes_doubled() {
        let sent = send(true_colour(7), b"png", (1, 1), Wrap::Tmux);
        assert_eq!(sent, "\x1bPtmux;\x1b\x1b_Gq=2,a=T,U=1,f=100,i=7,c=1,r=1,m=0;cG5n\x1b\x1b\\\x1b\\");
        assert_eq!(delete(true_colour(7), Wrap::No), "\x1b_Gq=2,a=d,d=I,i=7\x1b\\");
    }

    #[test]
    fn the_colour_of_a_placeholder_says_its_picture() {
        assert_eq!(true_colour(0x01_02_03).colour(), "\x1b[38;2;1;2;3m");
        let few = Name::new(500, Colours::Indexed256);
        assert_eq!(few.colour(), "\x1b[38;5;36m", "500 = 2 * 240 + 20, from colour 16 on");
        assert!(send(few, b"", (1, 1), Wrap::No).contains(&format!("i={},", 2 * 0x100_0000 + 36)));
        let mut cells = String::new();
        few.cells(&mut cells, 0, 0, 2);
        assert_eq!(cells, "\u{10eeee}\u{305}\u{305}\u{30e}\u{10eeee}", "row 0, column 0, high byte 2, and one more of the same");
    }

    #[test]
    fn cells_say_no_more_than_they_must() {
        let cells = |row, from, columns| {
            let mut out = String::new();
            true_colour(9).cells(&mut out, row, from, columns);
            out
        };
        assert_eq!(cells(0, 0, 2), "\u{10eeee}\u{10eeee}");
        assert_eq!(cells(1, 0, 2), "\u{10eeee}\u{30d}\u{10eeee}");
        assert_eq!(cells(0, 1, 2), "\u{10eeee}\u{305}\u{30d}\u{10eeee}");
        assert_eq!(cells(400, 0, 2), "", "more rows than the protocol can number");
    }

    #[test]
    fn no_two_numbers_of_a_session_are_one_name() {
        let ids: std::collections::HashSet<u32> = (1..50_000).map(|n| Name::new(n, Colours::Indexed256).id()).collect();
        assert_eq!(ids.len(), 49_999);
    }
}
