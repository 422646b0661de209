//! People as faces: the cast of a show at a glance.

use super::super::super::draw::{Canvas, counted};
use super::super::super::model::{Detail, Model};
use super::super::super::pictures::Kind;
use super::super::super::text::{fit, length, pad, width};
use super::super::super::theme::Role;
use super::{HEAD, part_short, part_text, parts, side, standing};
use crate::domain::{Asset, PictureId, Slug};
use crate::session::PersonLine;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Lines of text under a face.
const TEXT: u16 = 3;

/// How the faces are laid out; it depends on the terminal alone, so that moving never reflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Columns and rows.
    pub fits: (usize, usize),
    /// Cells of a face.
    face: (u16, u16),
}

pub(super) fn shape(model: &Model) -> Shape {
    let face = match model.detail {
        Detail::Fine => (16, 9),
        Detail::Coarse => (20, 10),
        Detail::Off => (24, 0),
    };
    let wide = model.size.0.saturating_sub(side(model));
    let tall = u16::try_from(super::super::rows(model)).unwrap_or(u16::MAX).saturating_sub(HEAD);
    let columns = usize::from(wide / (face.0 + 3)).max(1);
    let rows = usize::from((tall + 1) / (face.1 + TEXT + 1)).max(1);
    Shape { fits: (columns, rows), face }
}

/// Returns the person at a place of the screen.
pub(super) fn at(model: &Model, x: u16, y: u16) -> Option<usize> {
    let Shape { fits: (columns, _), face } = shape(model);
    let (column, row) = (usize::from(x / (face.0 + 3)), usize::from(y.checked_sub(HEAD)? / (face.1 + TEXT + 1)));
    (column < columns).then_some((model.holdings.people.cursor.top + row) * columns + column)
}

pub(super) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let people = &model.holdings.people;
    let Shape { fits: (columns, rows), face } = shape(model);
    let (wide, tall) = (face.0 + 3, face.1 + TEXT + 1);
    let first = people.cursor.top * columns;
    let mut cards: Vec<(usize, Rect)> = (first..(first + columns * rows).min(people.order.len()))
        .map(|at| {
            let (column, row) = ((at - first) % columns, (at - first) / columns);
            let (column, row) = (u16::try_from(column).unwrap_or(0), u16::try_from(row).unwrap_or(0));
            (at, Rect::new(area.x + column * wide, area.y + row * tall, wide - 1, tall - 1).intersection(area))
        })
        .collect();
    // What lies nearest to the cursor is fetched first.
    cards.sort_by_key(|(at, _)| at.abs_diff(people.cursor.at));
    for (at, place) in cards {
        if let Some(person) = people.at(at) {
            card(model, person, canvas, place, face, at == people.cursor.at);
        }
    }
}

fn card(model: &Model, person: &PersonLine, canvas: &mut Canvas<'_, '_>, place: Rect, face: (u16, u16), is_here: bool) {
    let people = &model.holdings.people;
    let is_chosen = person.id.is_some_and(|id| people.selected.contains(&id));
    let picture = Rect::new(place.x + 1, place.y, face.0, face.1).intersection(place);
    if picture.height > 0 {
        stands_for(model, person, canvas, picture);
    }
    if is_here {
        for row in 0..place.height {
            canvas.line(place, row, Line::from(canvas.span(Role::Cursor, "▌")));
        }
    }
    let text = Rect::new(place.x + 1, place.y + face.1, place.width.saturating_sub(1), TEXT).intersection(place);
    let wide = usize::from(text.width);
    let role = if is_chosen { Role::Selected } else { standing(person) };
    let name_role = match (is_here, is_chosen) {
        (true, _) => Role::Title,
        (_, true) => Role::Selected,
        _ => Role::Text,
    };
    let name = pad(&person.name, wide.saturating_sub(2));
    canvas.line(text, 0, Line::from(vec![canvas.span(role, format!("{} ", role.glyph())), canvas.span(name_role, name)]));
    let (part_role, part) = match (parts(model, person).first(), &people.show) {
        (Some(part), _) if width(&part_text(part)) > wide => (Role::Text, part_short(part)),
        (Some(part), _) => (Role::Text, part_text(part)),
        (None, Some(_)) => (Role::Dim, "not of the cast".into()),
        (None, None) => (Role::Dim, String::new()),
    };
    canvas.line(text, 1, Line::from(canvas.span(part_role, fit(&part, wide))));
    let seen = if person.episodes.is_empty() {
        vec![canvas.dim("in no episode yet")]
    } else {
        vec![
            canvas.span(Role::Title, length(person.visual_time)),
            canvas.dim(format!("  {}", counted(person.episodes.len(), "episode"))),
        ]
    };
    canvas.line(text, 2, Line::from(seen));
}

/// Paints the picture that stands for somebody: the one that was chosen, else their best face.
pub(super) fn stands_for(model: &Model, person: &PersonLine, canvas: &mut Canvas<'_, '_>, place: Rect) {
    let portraits = model.holdings.portraits.as_ref();
    match featured(model, person) {
        Some(asset) => canvas.kept(portraits, &PictureId(asset.sha256.clone()), place, kind_of(asset)),
        None => canvas.portrait(portraits, person.portrait.as_ref(), place, Kind::Face),
    }
}

/// Returns how a picture of the catalog is shown: one with the proportions of a kept face as those are, any other whole, because nobody knows where in it
/// the face is.
pub(super) fn kind_of(asset: &Asset) -> Kind {
    if asset.width.checked_mul(5) == asset.height.checked_mul(4) { Kind::Face } else { Kind::Portrait }
}

/// Returns the picture that was chosen for somebody: in the show at hand, else everywhere.
pub(super) fn featured<'a>(model: &'a Model, person: &PersonLine) -> Option<&'a Asset> {
    let directory = &model.holdings.directory;
    let of = |show: Option<Slug>| directory.featured.get(&(person.id?, show));
    let here = model.holdings.people.show.as_deref().and_then(|s| s.parse().ok());
    let chosen = here.and_then(|show| of(Some(show))).or_else(|| of(None))?;
    directory.assets.get(&chosen.asset)
}
