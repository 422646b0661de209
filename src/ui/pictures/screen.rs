//! Which cells of the screen show which part of which picture, and what it takes to bring the terminal there.
//!
//! Graphics do not travel through ratatui: their cells are marked and skipped, and what changed is written after each draw. So text
//! drawn over a picture, and taken away again, costs only the cells that it covered, and a picture that comes back costs one colour
//! and its cells, not a colour for each of its rows.

use super::kitty::{Name, PLACEHOLDER};
use super::probe::Depth;
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
    /// By kitty's placeholders, in colours of this depth.
    Placeholders(Depth),
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
                Placing::Placeholders(depth) => self.placeholders(&mut out, Name::new(number, *depth), &cells),
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
