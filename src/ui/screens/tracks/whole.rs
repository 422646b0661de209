//! One track over the whole pane: all its crops, of which only those on the screen are fetched.

use super::super::super::draw::Canvas;
use super::super::super::list::{Cursor, Step};
use super::super::super::model::{Desk, Detail, Strip};
use super::super::super::pictures::Kind;
use super::super::super::text::{clock, pad};
use super::super::super::theme::Role;
use super::{badge, shape, stretch};
use crate::domain::MediaTime;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Lines of text under a crop.
const TEXT: u16 = 2;

/// How the pane is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub columns: usize,
    pub rows: usize,
    picture: (u16, u16),
}

impl Grid {
    /// Returns how many crops it takes to fill the pane and a row more, from this row on.
    pub(super) fn needed(self, top: usize) -> usize {
        (top + self.rows + 1) * self.columns
    }
}

pub(super) fn grid(size: (u16, u16), detail: Detail) -> Grid {
    let shape = shape(size, detail);
    let (wide, high) = (size.0.saturating_sub(shape.side + 1), size.1.saturating_sub(7));
    Grid {
        columns: usize::from(wide / (shape.picture.0 + 1)).max(1),
        rows: usize::from(high / (shape.picture.1 + TEXT)).max(1),
        picture: shape.picture,
    }
}

/// Opens the track under the cursor at its crop, or goes back to the strips.
pub(super) fn toggle(desk: &mut Desk) {
    let strips = &mut desk.strips;
    if strips.whole.take().is_some() {
        strips.crop /= strips.every.max(1);
        strips.mark = None;
    } else if strips.cursor.at < strips.order.len() {
        strips.crop *= strips.every;
        strips.whole = Some(0);
    }
}

pub(super) fn walk(desk: &mut Desk, step: Step, size: (u16, u16), detail: Detail) {
    let count = desk.strips.strip().map_or(0, Strip::count);
    let (grid, strips) = (grid(size, detail), &mut desk.strips);
    let mut cursor = Cursor { at: strips.crop, top: strips.whole.unwrap_or(0) };
    cursor.step(step, count, grid.columns, grid.rows);
    (strips.crop, strips.whole) = (cursor.at, Some(cursor.top));
}

pub(super) fn click(desk: &mut Desk, x: u16, y: u16, size: (u16, u16), detail: Detail) {
    let count = desk.strips.strip().map_or(0, Strip::count);
    let (grid, strips) = (grid(size, detail), &mut desk.strips);
    let (column, row) = (x.saturating_sub(1) / (grid.picture.0 + 1), y.saturating_sub(3) / (grid.picture.1 + TEXT));
    let at = (strips.whole.unwrap_or(0) + usize::from(row)) * grid.columns + usize::from(column);
    if usize::from(column) < grid.columns && at < count {
        strips.crop = at;
    }
}

pub(super) fn draw(desk: &Desk, canvas: &mut Canvas<'_, '_>, pane: Rect, grid: Grid) {
    let Some(strip) = desk.strips.strip() else { return };
    let count = strip.count();
    let mut cursor = Cursor { at: desk.strips.crop, top: desk.strips.whole.unwrap_or(0) };
    cursor.show(count, grid.columns, grid.rows);
    let range = stretch::of(desk).map(|s| s.crops);
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    let (width, height) = (grid.picture.0 + 1, grid.picture.1 + TEXT);
    let cells = usize::from(grid.picture.0);
    let first = cursor.top * grid.columns;
    let mut shown: Vec<usize> = (first..(first + grid.columns * grid.rows).min(count)).collect();
    // What lies nearest to the cursor is fetched first.
    shown.sort_by_key(|at| at.abs_diff(cursor.at));
    for at in shown {
        let (column, row) = ((at - first) % grid.columns, (at - first) / grid.columns);
        let (column, row) = (u16::try_from(column).unwrap_or(0), u16::try_from(row).unwrap_or(0));
        let place = Rect::new(pane.x + 1 + column * width, pane.y + row * height, grid.picture.0, height).intersection(pane);
        let picture = Rect::new(place.x, place.y, place.width, grid.picture.1).intersection(pane);
        let crop = strip.rows.get(at);
        canvas.face(desk, crop.map(|c| c.key), picture, Kind::Face);
        let text = Rect::new(place.x, place.y + grid.picture.1, place.width, TEXT).intersection(pane);
        let is_here = at == cursor.at;
        let role = match range {
            _ if is_here => Role::Cursor,
            Some((from, to)) if (from..=to).contains(&at) => Role::Selected,
            _ => Role::Text,
        };
        let time = crop.map(|c| clock(c.at.pts - origin)).unwrap_or_default();
        if is_here {
            let edge = Rect::new(place.x - 1, place.y, 1, place.height);
            for row in 0..edge.height {
                canvas.line(edge, row, Line::from(canvas.span(Role::Cursor, "▌")));
            }
        }
        canvas.line(text, 0, Line::from(canvas.span(role, pad(&time, cells))));
        if let Some(crop) = crop {
            let line = match badge(crop, cells) {
                badge if badge.is_empty() => canvas.dim(format!("q {:.2}", crop.quality.total)),
                badge => canvas.span(Role::Doubt, badge),
            };
            canvas.line(text, 1, Line::from(line));
        }
    }
}
