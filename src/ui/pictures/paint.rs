//! Puts a picture, or its placeholder, into a frame.

use super::mosaic::Block;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;

/// A picture ready to be drawn; cheap to clone.
#[derive(Debug, Clone)]
pub struct Drawn(pub(super) Arc<Form>);

#[derive(Debug)]
pub(super) enum Form {
    /// Cells row by row, `columns` in each.
    Blocks { columns: u16, cells: Vec<Block> },
    /// There is no picture, or it cannot be read.
    Missing,
}

impl Drawn {
    /// Returns about how much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let inner = match &*self.0 {
            Form::Blocks { cells, .. } => size_of_val(cells.as_slice()),
            Form::Missing => 0,
        };
        u64::try_from(inner + 64).unwrap_or(u64::MAX)
    }
}

/// Draws a picture into `area`, or a placeholder of that size in the style `quiet` where it is not there (yet).
pub fn paint(frame: &mut Frame, area: Rect, drawn: Option<&Drawn>, quiet: Style) {
    paint_into(frame.buffer_mut(), area, drawn, quiet);
}

/// Does the same on a buffer.
pub fn paint_into(buffer: &mut Buffer, area: Rect, drawn: Option<&Drawn>, quiet: Style) {
    let area = area.intersection(buffer.area);
    match drawn.map(|d| &*d.0) {
        Some(Form::Blocks { columns, cells }) => {
            for (row, line) in (area.top()..area.bottom()).zip(cells.chunks(usize::from((*columns).max(1)))) {
                for (column, block) in (area.left()..area.right()).zip(line) {
                    if let Some(cell) = buffer.cell_mut((column, row)) {
                        cell.reset();
                        cell.set_char(block.symbol).set_fg(block.ink).set_bg(block.paper);
                    }
                }
            }
        }
        Some(Form::Missing) => placeholder(buffer, area, '✕', quiet),
        None => placeholder(buffer, area, '·', quiet),
    }
}

/// Leaves the area empty but for one quiet sign in its middle.
fn placeholder(buffer: &mut Buffer, area: Rect, sign: char, quiet: Style) {
    for position in area.positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
            cell.set_style(quiet);
        }
    }
    if let Some(cell) = buffer.cell_mut((area.x + area.width / 2, area.y + area.height / 2)).filter(|_| !area.is_empty()) {
        cell.set_char(sign);
    }
}
