//! Which cells of the screen show which part of which picture, and what it takes to bring the terminal there.
//!
//! Graphics do not travel through ratatui: their cells are marked and skipped, and what changed is written after each draw. So text
//! drawn over a picture, and taken away again, costs only the cells that it covered, and a picture that comes back costs one colour
//! and its cells, not a colour for each of its rows.

use super::kitty::{Name, PLACEHOLDER};
use crate::ui::theme::Colours;
use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Says of a cell which part of which picture it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub number: u32,
    pub row: u16,
    pub column: u16,
}

impl Mark {
    /// Writes the mark where ratatui does not print it; a style put over the cell does no harm to it.
    pub(super) fn put(self, cell: &mut Cell) {
        cell.reset();
        cell.set_symbol(&format!("{PLACEHOLDER}{:x}.{:x}.{:x}", self.number, self.row, self.column));
        cell.set_diff_option(CellDiffOption::Skip);
    }

    fn of(cell: &Cell) -> Option<Self> {
        if cell.diff_option != CellDiffOption::Skip {
            return None;
        }
        let mut parts = cell.symbol().strip_prefix(PLACEHOLDER)?.split('.');
        let number = u32::from_str_radix(parts.next()?, 16).ok()?;
        let row = u16::from_str_radix(parts.next()?, 16).ok()?;
        let column = u16::from_str_radix(parts.next()?, 16).ok()?;
        Some(Self { number, row, column })
    }
}

/// What the terminal shows of pictures, as far as it was told.
#[derive(Debug, Default)]
pub(super) struct Screen {
    area: Rect,
    marks: Vec<Option<Mark>>,
}

/// How pictures are put at the cursor.
pub(super) enum Placing<'a> {
    /// By kitty's placeholders, in as many colours as the terminal has.
    Placeholders(Colours),
    /// By the data of each picture, with the cells that it fills.
    Data(&'a dyn Fn(u32) -> Option<(&'a str, usize)>),
}

impl Screen {
    /// Forgets what was shown: all of it is to be written again.
    pub(super) fn forget(&mut self) {
        self.marks.clear();
    }

    /// Takes what was just drawn and returns what brings the terminal there; nothing where nothing changed.
    pub(super) fn follow(&mut self, drawn: &Buffer, placing: &Placing<'_>) -> String {
        if drawn.area != self.area || self.marks.len() != drawn.content.len() {
            self.area = drawn.area;
            self.marks = vec![None; drawn.content.len()];
        }
        let mut marks: Vec<Option<Mark>> = drawn.content.iter().map(Mark::of).collect();
        // Cells that changed, by picture: where they are and what they show.
        let mut changed: BTreeMap<u32, Vec<(usize, Mark)>> = BTreeMap::new();
        for (at, mark) in marks.iter().enumerate().filter(|(at, mark)| self.marks.get(*at) != Some(*mark)) {
            if let Some(mark) = mark {
                changed.entry(mark.number).or_default().push((at, *mark));
            }
        }
        let mut out = String::new();
        for (number, cells) in changed {
            match placing {
                Placing::Placeholders(colours) => self.placeholders(&mut out, Name::new(number, *colours), &cells),
                Placing::Data(data) => {
                    let shown = marks.iter().flatten().filter(|m| m.number == number).count();
                    let corner = cells.iter().find(|(_, m)| (m.row, m.column) == (0, 0)).map(|(at, _)| *at);
                    let corner = corner.or_else(|| marks.iter().position(|m| *m == Some(Mark { number, row: 0, column: 0 })));
                    match (data(number), corner) {
                        (Some((data, whole)), Some(corner)) if shown == whole => {
                            self.move_to(&mut out, corner);
                            out.push_str(data);
                        }
                        // Partly covered: what was there stays, and it is sent when it is free.
                        _ => marks.iter_mut().filter(|m| m.is_some_and(|m| m.number == number)).for_each(|m| *m = None),
                    }
                }
            }
        }
        self.marks = marks;
        if out.is_empty() { out } else { format!("\x1b7{out}\x1b8") }
    }

    /// Writes cells of one picture, run by run.
    fn placeholders(&self, out: &mut String, name: Name, cells: &[(usize, Mark)]) {
        let width = usize::from(self.area.width.max(1));
        out.push_str(&name.colour());
        let mut last: Option<(usize, u16)> = None;
        for run in cells.chunk_by(|(a, m), (b, n)| b - a == 1 && b % width != 0 && m.row == n.row && n.column == m.column + 1) {
            let [(at, mark), ..] = run else { continue };
            let length = u16::try_from(run.len()).unwrap_or(u16::MAX);
            match last {
                // One down and back is shorter than a whole address; not from the last column, where the cursor waits to wrap.
                Some((before, columns)) if before + width == *at && (before % width) + usize::from(columns) < width => {
                    let _ = write!(out, "\x1bD\x1b[{columns}D");
                }
                _ => self.move_to(out, *at),
            }
            name.cells(out, mark.row, mark.column, length);
            last = Some((*at, length));
        }
    }

    fn move_to(&self, out: &mut String, at: usize) {
        let width = usize::from(self.area.width.max(1));
        let (x, y) = (usize::from(self.area.x) + at % width, usize::from(self.area.y) + at / width);
        // Writing to a text cannot fail.
        let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    const AREA: Rect = Rect::new(0, 0, 10, 5);

    /// A screen with a picture of 3x2 cells at column 2, row 1.
    fn with_picture(number: u32) -> Buffer {
        let mut buffer = Buffer::empty(AREA);
        for row in 0..2 {
            for column in 0..3 {
                Mark { number, row, column }.put(&mut buffer[(2 + column, 1 + row)]);
            }
        }
        buffer
    }

    fn kitty(screen: &mut Screen, buffer: &Buffer) -> String {
        screen.follow(buffer, &Placing::Placeholders(Colours::True))
    }

    #[test]
    fn a_picture_costs_one_colour_and_its_cells_and_an_unchanged_screen_nothing() {
        let mut screen = Screen::default();
        let p = "\u{10eeee}";
        let due = format!("\x1b7\x1b[38;2;0;0;5m\x1b[2;3H{p}{p}{p}\x1bD\x1b[3D{p}\u{30d}{p}{p}\x1b8");
        assert_eq!(kitty(&mut screen, &with_picture(5)), due);
        assert_eq!(kitty(&mut screen, &with_picture(5)), "");
        screen.forget();
        assert_eq!(kitty(&mut screen, &with_picture(5)), due);
    }

    #[test]
    fn text_over_a_picture_costs_nothing_and_its_end_only_the_cells_it_covered() {
        let mut screen = Screen::default();
        let _ = kitty(&mut screen, &with_picture(5));
        let mut covered = with_picture(5);
        covered[(3, 2)].reset();
        covered.set_string(3, 2, "x", Style::new());
        assert_eq!(kitty(&mut screen, &covered), "");
        let back = kitty(&mut screen, &with_picture(5));
        assert_eq!(back, "\x1b7\x1b[38;2;0;0;5m\x1b[3;4H\u{10eeee}\u{30d}\u{30d}\x1b8", "row 1, column 1");
    }

    #[test]
    fn a_style_over_a_picture_does_it_no_harm() {
        let mut screen = Screen::default();
        let _ = kitty(&mut screen, &with_picture(5));
        let mut styled = with_picture(5);
        styled.set_style(AREA, Style::new().red().on_blue().bold());
        assert_eq!(kitty(&mut screen, &styled), "");
    }

    #[test]
    fn pictures_side_by_side_are_each_written_as_one() {
        let mut screen = Screen::default();
        let mut buffer = with_picture(5);
        for row in 0..2 {
            Mark { number: 6, row, column: 0 }.put(&mut buffer[(5, 1 + row)]);
        }
        let out = kitty(&mut screen, &buffer);
        assert_eq!((out.matches("\x1b[38").count(), out.matches('\u{10eeee}').count()), (2, 8));
    }

    #[test]
    fn at_the_right_edge_the_cursor_is_sent_to_each_row() {
        let mut buffer = Buffer::empty(AREA);
        for row in 0..2 {
            Mark { number: 1, row, column: 0 }.put(&mut buffer[(9, row)]);
        }
        let out = kitty(&mut Screen::default(), &buffer);
        assert!(out.contains("\x1b[1;10H") && out.contains("\x1b[2;10H") && !out.contains("\x1bD"), "{out:?}");
    }

    #[test]
    fn data_are_sent_whole_and_again_once_nothing_covers_them() {
        let mut screen = Screen::default();
        let data = |_: u32| Some(("SIXELS", 6));
        let placing = Placing::Data(&data);
        assert_eq!(screen.follow(&with_picture(5), &placing), "\x1b7\x1b[2;3HSIXELS\x1b8");
        assert_eq!(screen.follow(&with_picture(5), &placing), "");
        let mut covered = with_picture(5);
        covered[(3, 2)].reset();
        assert_eq!(screen.follow(&covered, &placing), "", "what is left of it stays");
        assert_eq!(screen.follow(&with_picture(5), &placing), "\x1b7\x1b[2;3HSIXELS\x1b8");
    }

    #[test]
    fn ratatui_prints_no_cell_of_a_picture_and_all_that_comes_after_it() {
        let (empty, picture) = (Buffer::empty(AREA), with_picture(5));
        assert!(empty.diff(&picture).is_empty());
        assert_eq!(picture.diff(&empty).len(), 6);
    }

    #[test]
    fn another_size_of_screen_begins_anew() {
        let mut screen = Screen::default();
        let _ = kitty(&mut screen, &with_picture(5));
        let mut larger = Buffer::empty(Rect::new(0, 0, 12, 5));
        Mark { number: 5, row: 0, column: 0 }.put(&mut larger[(2, 1)]);
        assert!(kitty(&mut screen, &larger).contains('\u{10eeee}'));
    }
}
