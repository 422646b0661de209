//! How a picker is drawn: its lines, and where they are people, the face of the one under the cursor.

use super::draw::{Canvas, panel, wrap};
use super::model::{Desk, Detail, Model, Overlay, Pick, Picker, Picking};
use super::pictures::Kind;
use super::text::{fit, width};
use super::theme::Role;
use crate::domain::CropKey;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Lines of a picker without faces.
const LINES: u16 = 12;
/// Lines around those of the list.
const AROUND: u16 = 6;

/// How a picker is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    width: u16,
    height: u16,
    /// Items that it shows.
    rows: usize,
    /// Lines of each: two where each has a face.
    lines: u16,
    /// Cells of the large face; none where nobody is picked.
    face: Option<(u16, u16)>,
}

fn shape(size: (u16, u16), detail: Detail, what: &Picking) -> Shape {
    let people =
        matches!(what, Picking::Name(_) | Picking::Assign(_) | Picking::Merge(_) | Picking::Speaker(_)) && detail != Detail::Off;
    if !people {
        return Shape { width: 72, height: LINES + AROUND, rows: usize::from(LINES), lines: 1, face: None };
    }
    let width = size.0.saturating_sub(4).min(112);
    let height = size.1.saturating_sub(4).min(if size.1 >= 36 { 32 } else { LINES + AROUND });
    let high = height.saturating_sub(5);
    let wide = (high * 8 / 5).min(width * 9 / 20);
    let lines = if detail == Detail::Fine { 2 } else { 1 };
    let rows = usize::from(height.saturating_sub(AROUND) / lines).max(1);
    Shape { width, height, rows, lines, face: Some((wide, (wide * 5 / 8).min(high))) }
}

/// Returns how many items the open picker shows.
pub(crate) fn rows(model: &Model) -> usize {
    match &model.overlay {
        Some(Overlay::Picker(picker)) => shape(model.size, model.detail, &picker.what).rows,
        _ => 1,
    }
}

/// Returns the face of the line under the cursor of the open picker.
pub(crate) fn under(model: &Model) -> Option<CropKey> {
    let (Some(Overlay::Picker(picker)), Some(desk)) = (&model.overlay, &model.desk) else { return None };
    let (item, _) = picker.shown.get(picker.cursor.at)?;
    face(desk, &picker.items.get(*item)?.pick)
}

fn face(desk: &Desk, pick: &Pick) -> Option<CropKey> {
    match pick {
        Pick::Identity(id) => desk.card_of(*id)?.best,
        Pick::Person(name) => desk.snapshot.identities.iter().find(|c| c.identity.name.as_ref() == Some(name))?.best,
        _ => None,
    }
}

pub(crate) fn draw(model: &Model, picker: &Picker, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let shape = shape(model.size, model.detail, &picker.what);
    let inner = panel(canvas, area, shape.width, shape.height, &picker.title);
    let list = Rect { width: inner.width.saturating_sub(shape.face.map_or(0, |f| f.0 + 2)), ..inner };
    let line = Line::from(vec![
        canvas.span(Role::Accent, "› "),
        canvas.span(Role::Title, super::text::fit_end(picker.input.value(), usize::from(list.width).saturating_sub(4))),
        canvas.span(Role::Cursor, "▏"),
    ]);
    canvas.line(list, 0, line);
    if picker.shown.is_empty() {
        let line = Line::from(canvas.dim("nothing fits; Esc closes"));
        canvas.line(list, 2, line);
    }
    let wide = usize::from(list.width);
    for (row, text) in super::picker::told(picker).map(|t| wrap(t, wide)).into_iter().flatten().enumerate() {
        let line = Line::from(canvas.dim(text));
        canvas.line(list, u16::try_from(row + picker.shown.len() + 3).unwrap_or(u16::MAX), line);
    }
    // The large face follows a cursor that rests, and is fetched first.
    if let (Some((wide, high)), Some(desk)) = (shape.face, &model.desk)
        && desk.picked.is_some()
    {
        canvas.face(desk, desk.picked, Rect::new(inner.right() - wide, inner.y, wide, high), Kind::Face);
    }
    for (row, at) in (picker.cursor.top..picker.shown.len()).take(shape.rows).enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX).saturating_mul(shape.lines);
        draw_item(
            model,
            picker,
            at,
            canvas,
            Rect { y: list.y.saturating_add(2 + row), height: shape.lines, ..list }.intersection(list),
        );
    }
}

fn draw_item(model: &Model, picker: &Picker, at: usize, canvas: &mut Canvas<'_, '_>, mut place: Rect) {
    let Some((item, met)) = picker.shown.get(at).and_then(|(item, met)| Some((picker.items.get(*item)?, met))) else { return };
    let is_here = at == picker.cursor.at;
    if is_here {
        canvas.lay_cursor(place, 0);
    }
    if place.height > 1 {
        let small = Rect::new(place.x + 1, place.y, 4, 2).intersection(place);
        if let Some((desk, key)) = model.desk.as_ref().and_then(|d| Some((d, face(d, &item.pick)?))) {
            canvas.face(desk, Some(key), small, Kind::Face);
        }
        let mark = Line::from(canvas.mark(is_here));
        canvas.line(place, 0, mark);
        place = Rect { x: place.x + 6, width: place.width.saturating_sub(6), ..place };
    }
    let wide = usize::from(place.width);
    let note = fit(&item.note, wide / 2);
    let room = wide.saturating_sub(width(&note) + 3);
    let text = fit(&item.text, room);
    let mut cells = vec![canvas.mark(is_here && place.height == 1), canvas.span(Role::Text, " ")];
    for (n, letter) in text.chars().enumerate() {
        let role = match (met.contains(&n), is_here) {
            (true, _) => Role::Accent,
            (false, true) => Role::Title,
            (false, false) => Role::Text,
        };
        cells.push(canvas.span(role, letter.to_string()));
    }
    let gap = room.saturating_sub(width(&text));
    let role = if note.starts_with('✕') { Role::Rejected } else { Role::Dim };
    cells.push(canvas.span(role, format!("{}{note}", " ".repeat(gap + 1))));
    canvas.line(place, 0, Line::from(cells));
}
