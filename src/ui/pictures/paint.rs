//! Puts a picture, or its placeholder, into a frame.

use super::mosaic::Block;
use super::prepare::Inner;
use super::screen::Mark;
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
    /// The cells of `inner`, row by row.
    Blocks { inner: Inner, cells: Vec<Block> },
    /// The terminal's own graphics fill `inner`.
    Graphic { number: u32, inner: Inner },
    /// There is no picture, or it cannot be read.
    Missing,
}

/// Draws a picture into `area`, or a placeholder of that size in the style `quiet` where it is not there (yet).
pub fn paint(frame: &mut Frame<'_>, area: Rect, drawn: Option<&Drawn>, quiet: Style) {
    paint_into(frame.buffer_mut(), area, drawn, quiet);
}

/// Does the same on a buffer.
pub fn paint_into(buffer: &mut Buffer, area: Rect, drawn: Option<&Drawn>, quiet: Style) {
    let area = area.intersection(buffer.area);
    match drawn.map(|d| &*d.0) {
        Some(Form::Blocks { inner, cells }) => {
            clear(buffer, area, quiet);
            for (row, line) in (0..inner.rows).zip(cells.chunks(usize::from(inner.columns.max(1)))) {
                for (column, block) in (0..inner.columns).zip(line) {
                    if let Some(cell) = within(buffer, area, inner.x + column, inner.y + row) {
                        cell.reset();
                        cell.set_char(block.symbol).set_fg(block.ink).set_bg(block.paper);
                    }
                }
            }
        }
        Some(Form::Graphic { number, inner }) => {
            clear(buffer, area, quiet);
            for row in 0..inner.rows {
                for column in 0..inner.columns {
                    if let Some(cell) = within(buffer, area, inner.x + column, inner.y + row) {
                        Mark { number: *number, row, column }.put(cell);
                    }
                }
            }
        }
        Some(Form::Missing) => placeholder(buffer, area, '✕', quiet),
        None => placeholder(buffer, area, '·', quiet),
    }
}

fn within(buffer: &mut Buffer, area: Rect, x: u16, y: u16) -> Option<&mut ratatui::buffer::Cell> {
    if x >= area.width || y >= area.height {
        return None;
    }
    buffer.cell_mut((area.x + x, area.y + y))
}

fn clear(buffer: &mut Buffer, area: Rect, quiet: Style) {
    for position in area.positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
            cell.set_style(quiet);
        }
    }
}

/// Leaves the area empty but for one quiet sign in its middle.
fn placeholder(buffer: &mut Buffer, area: Rect, sign: char, quiet: Style) {
    clear(buffer, area, quiet);
    if let Some(cell) = within(buffer, area, area.width / 2, area.height / 2) {
        cell.set_char(sign);
    }
}
