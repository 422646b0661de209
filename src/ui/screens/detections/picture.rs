//! The picture with its boxes; where there is none, the boxes alone.

use super::super::super::draw::Canvas;
use super::super::super::model::{Desk, Detail, Framed, Model, Seen, Shown, Stroke};
use super::super::super::pictures::{self, Kind, Loaded, Mark, Pen, PictureId, scope};
use super::super::super::text::fit;
use super::super::super::theme::{Role, Theme, indexed};
use crate::domain::{BBox, CropKey, Face, Fate, Size, TrackId};
use crate::session::FrameView;
use image::RgbImage;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// What counts for nobody.
const GREY: [u8; 3] = [170; 3];

/// Returns the style of a track: the same in the picture and in the list beside it.
pub(super) fn style(theme: &Theme, fate: Fate) -> Style {
    match fate {
        Fate::Tracked(track) => theme.series(usize::try_from(track.0).unwrap_or(0)),
        Fate::Dropped(_) => theme.style(Role::Rejected),
    }
}

fn colour(theme: &Theme, fate: Fate) -> [u8; 3] {
    let Fate::Tracked(_) = fate else { return GREY };
    match style(theme, fate).fg {
        Some(Color::Rgb(r, g, b)) => [r, g, b],
        Some(Color::Indexed(i @ 16..)) => indexed(i),
        _ => [240; 3],
    }
}

/// Says how each face of the picture at the cursor is drawn.
fn framed(desk: &Desk, theme: &Theme, seen: &Seen) -> Vec<Framed> {
    let faces = seen.faces();
    let selected = desk.film.selected(faces);
    let one = |(at, face): (usize, &Face)| Framed {
        face: *face,
        colour: colour(theme, face.fate),
        stroke: match (seen, face.fate) {
            (Seen::Between(_), _) => Stroke::Faint,
            (_, Fate::Dropped(_)) => Stroke::Dashed,
            _ if desk.film.drops(face) => Stroke::Dashed,
            _ => Stroke::Solid,
        },
        is_selected: at == selected,
        number: at + 1,
    };
    faces.iter().enumerate().map(one).collect()
}

/// Puts a picture and what is drawn on it together.
pub(super) fn compose(desk: &Desk, theme: &Theme, view: &Arc<FrameView>) -> Shown {
    let boxes = framed(desk, theme, &desk.film.seen());
    let mut hasher = DefaultHasher::new();
    view.image.size().hash(&mut hasher);
    for framed in &boxes {
        let corners = framed.face.detection.bbox;
        [corners.x1, corners.y1, corners.x2, corners.y2].map(f32::to_bits).hash(&mut hasher);
        (framed.colour, framed.stroke, framed.is_selected).hash(&mut hasher);
    }
    let hash = hasher.finish();
    let look = u32::try_from((hash ^ (hash >> 32)) & u64::from(u32::MAX)).unwrap_or(0);
    Shown { view: Arc::clone(view), boxes: Arc::new(boxes), look }
}

pub(super) fn draw(model: &Model, desk: &Desk, seen: &Seen, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let film = &desk.film;
    let shown = film.shown.as_ref().filter(|_| model.detail != Detail::Off && film.trouble.is_none());
    let Some(shown) = shown else {
        let boxes = framed(desk, &model.theme, seen);
        sketch(canvas, &boxes, super::full(desk), area);
        if let Some(told) = &film.trouble {
            let hint =
                format!("{} · F5 looks again; crops, tracks and names need no video", told.hint.as_deref().unwrap_or_default());
            let room = Rect::new(area.x + 1, area.bottom().saturating_sub(6), area.width.saturating_sub(2), area.height.min(5));
            for row in 0..room.height {
                canvas.line(room, row, Line::from(" ".repeat(usize::from(room.width))));
            }
            canvas.says(room, Role::Error, &told.what, &hint);
        }
        return;
    };
    let id = PictureId {
        scope: scope(&desk.snapshot.episode, desk.snapshot.run.id),
        key: CropKey { track: TrackId(shown.look), frame: shown.view.at.frame },
        cells: (area.width, area.height),
        kind: Kind::Whole,
    };
    let (view, boxes, detail) = (Arc::clone(&shown.view), Arc::clone(&shown.boxes), model.detail);
    let is_there = canvas.whole(id, area, Arc::new(move || marked(&view, &boxes, detail)));
    if detail == Detail::Coarse && is_there {
        for framed in shown.boxes.iter() {
            let (x, y) = corner(&framed.face.detection.bbox, super::full(desk), area);
            number(canvas, framed, (x, y), area);
        }
    }
}

/// Draws the boxes into a copy of the picture.
fn marked(view: &FrameView, boxes: &[Framed], detail: Detail) -> Option<Loaded> {
    let mut picture = RgbImage::from_raw(view.image.width, view.image.height, view.image.data.clone())?;
    let pen = match detail {
        // Half a cell, both ways: what blocks can show.
        Detail::Coarse | Detail::Off => Pen { upright: 4, level: 8, edged: false, faint: 0.8 },
        Detail::Fine => {
            let thick = (view.image.height.min(view.image.width) / 240).max(2);
            Pen { upright: thick, level: thick, edged: true, faint: 0.55 }
        }
    };
    let (width, height) = (view.full.width as f32, view.full.height as f32);
    let one = |framed: &Framed| {
        let detection = &framed.face.detection;
        let points = detection.landmarks.iter().flatten().map(|p| [p.x / width, p.y / height]);
        // Five blocks would cover a face of fewer than eight.
        let high = detection.bbox.height() / height * view.image.height as f32;
        let are_points_seen = detail == Detail::Fine || high >= 128.0;
        Mark {
            corners: [
                detection.bbox.x1 / width,
                detection.bbox.y1 / height,
                detection.bbox.x2 / width,
                detection.bbox.y2 / height,
            ],
            points: if are_points_seen { points.collect() } else { Vec::new() },
            colour: framed.colour,
            line: match framed.stroke {
                Stroke::Solid => pictures::Line::Solid,
                Stroke::Dashed => pictures::Line::Dashed,
                Stroke::Faint => pictures::Line::Faint,
            },
            is_selected: framed.is_selected,
            number: (detail == Detail::Fine).then_some(framed.number),
        }
    };
    // The selected one comes last, on top.
    let mut marks: Vec<(bool, Mark)> = boxes.iter().map(|framed| (framed.is_selected, one(framed))).collect();
    marks.sort_by_key(|(is_selected, _)| *is_selected);
    let marks: Vec<Mark> = marks.into_iter().map(|(_, mark)| mark).collect();
    pictures::mark(&mut picture, &marks, pen);
    Some(Loaded::Pixels(picture))
}

/// Returns the cell of a box's left top corner.
fn corner(bbox: &BBox, full: Size, area: Rect) -> (i32, i32) {
    cell(bbox.x1, bbox.y1, full, area)
}

#[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
fn cell(x: f32, y: f32, full: Size, area: Rect) -> (i32, i32) {
    let x = f32::from(area.x) + x / full.width.max(1) as f32 * f32::from(area.width);
    let y = f32::from(area.y) + y / full.height.max(1) as f32 * f32::from(area.height);
    (x.floor().clamp(-1e4, 1e4) as i32, y.floor().clamp(-1e4, 1e4) as i32)
}

/// Returns the face whose box holds a cell; the smallest where several do.
pub(super) fn face_at(faces: &[Face], full: Size, area: Rect, (x, y): (u16, u16)) -> Option<usize> {
    let share = |at: u16, from: u16, cells: u16| (f32::from(at - from) + 0.5) / f32::from(cells.max(1));
    let x = share(x, area.x, area.width) * full.width as f32;
    let y = share(y, area.y, area.height) * full.height as f32;
    let holds = |b: &BBox| (b.x1..=b.x2).contains(&x) && (b.y1..=b.y2).contains(&y);
    let held = faces.iter().enumerate().filter(|(_, face)| holds(&face.detection.bbox));
    held.min_by(|a, b| a.1.detection.bbox.area().total_cmp(&b.1.detection.bbox.area())).map(|(at, _)| at)
}

/// Writes a face's number over the picture.
fn number(canvas: &mut Canvas<'_, '_>, framed: &Framed, at: (i32, i32), area: Rect) {
    let [r, g, b] = framed.colour;
    let style = canvas.theme.series(0);
    let style = if style.fg.is_some() {
        Style::new().fg(Color::Black).bg(nearest(canvas, Color::Rgb(r, g, b))).add_modifier(Modifier::BOLD)
    } else {
        Style::new().add_modifier(Modifier::REVERSED)
    };
    put(canvas, area, at, Span::styled(framed.number.to_string(), style));
}

/// Returns the style's own colour of a track where the terminal has fewer: the boxes were made from it.
fn nearest(canvas: &Canvas<'_, '_>, rgb: Color) -> Color {
    match canvas.theme.series(0).fg {
        Some(Color::Rgb(..)) => rgb,
        _ => Color::Indexed(231),
    }
}

/// Writes a few cells where they lie inside an area.
fn put(canvas: &mut Canvas<'_, '_>, area: Rect, (x, y): (i32, i32), span: Span<'_>) {
    let (Ok(x), Ok(y)) = (u16::try_from(x.max(i32::from(area.x))), u16::try_from(y.max(i32::from(area.y)))) else { return };
    if x < area.right() && y < area.bottom() {
        canvas.line(Rect::new(x, y, area.right() - x, 1), 0, Line::from(span));
    }
}

/// Draws the boxes by characters, on nothing.
fn sketch(canvas: &mut Canvas<'_, '_>, boxes: &[Framed], full: Size, area: Rect) {
    let whole = BBox::new(0.0, 0.0, full.width as f32, full.height as f32);
    outline(canvas, &whole, full, area, canvas.theme.style(Role::Rule), ['┄', '┆']);
    for framed in boxes {
        let style = style(canvas.theme, framed.face.fate);
        let (bold, lines) = match (framed.stroke, framed.is_selected) {
            (_, true) => (style.add_modifier(Modifier::BOLD), ['━', '┃']),
            (Stroke::Solid, _) => (style, ['─', '│']),
            (Stroke::Dashed | Stroke::Faint, _) => (style, ['╌', '╎']),
        };
        outline(canvas, &framed.face.detection.bbox, full, area, bold, lines);
        let at = corner(&framed.face.detection.bbox, full, area);
        put(canvas, area, at, Span::styled(fit(&framed.number.to_string(), 4), bold.add_modifier(Modifier::REVERSED)));
    }
}

fn outline(canvas: &mut Canvas<'_, '_>, bbox: &BBox, full: Size, area: Rect, style: Style, [level, upright]: [char; 2]) {
    let (left, top) = corner(bbox, full, area);
    let (right, bottom) = cell(bbox.x2, bbox.y2, full, area);
    let (left, top) = (left.max(i32::from(area.x)), top.max(i32::from(area.y)));
    let (right, bottom) = (right.min(i32::from(area.right()) - 1), bottom.min(i32::from(area.bottom()) - 1));
    let across = usize::try_from(right - left + 1).unwrap_or(0);
    for y in [top, bottom] {
        put(canvas, area, (left, y), Span::styled(level.to_string().repeat(across), style));
    }
    for y in top + 1..bottom {
        for x in [left, right] {
            put(canvas, area, (x, y), Span::styled(upright.to_string(), style));
        }
    }
}
