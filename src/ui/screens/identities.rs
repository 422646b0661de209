//! Identities as cards: a face, a name, seconds, doubt.

mod film;

use super::super::draw::{Canvas, counted};
use super::super::keymap::Action;
use super::super::model::{Desk, Detail, Model, Picking, Tab, title};
use super::super::pictures::Kind;
use super::super::text::{clock, fit, width};
use super::super::theme::Role;
use super::super::update::{Effect, back as act_back, if_writable, pick, step_of};
use super::super::worker::Ask;
use crate::domain::{IdentityId, MediaTime};
use crate::session::{Card, Command, Doubt, Near};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// How the screen is divided; it depends on the terminal alone, so that moving never reflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub columns: usize,
    pub rows: usize,
    /// Cells of a card's picture.
    pub picture: (u16, u16),
    /// Columns of the side with the large face; 0 where there is none.
    pub side: u16,
}

/// Lines of text under a picture.
const TEXT: u16 = 2;

/// Divides a screen of this size.
pub(crate) fn shape(size: (u16, u16), detail: Detail) -> Shape {
    let (width, height) = (size.0, size.1.saturating_sub(6));
    let picture = match detail {
        Detail::Fine => (14, 8),
        Detail::Coarse => (20, 10),
        Detail::Off => (20, 0),
    };
    let side = match detail {
        Detail::Off => 0,
        _ if width >= 180 => 64,
        _ if width >= 110 => 46,
        _ => 0,
    };
    let columns = usize::from((width - side.min(width)) / (picture.0 + 3)).max(1);
    let rows = usize::from(height / (picture.1 + TEXT + 1)).max(1);
    Shape { columns, rows, picture, side }
}

/// Brings the cursor onto the screen, however large that is by now.
pub(crate) fn settle(model: &mut Model) {
    let shape = shape(model.size, model.detail);
    if let Some(desk) = &mut model.desk {
        desk.grid.shape = (shape.columns, shape.rows);
        desk.grid.cursor.show(desk.grid.order.len(), shape.columns, shape.rows);
    }
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    settle(model);
    let shape = shape(model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let grid = &mut desk.grid;
    if let Some(step) = step_of(action) {
        grid.cursor.step(step, grid.order.len(), shape.columns, shape.rows);
        desk.grid.under = desk.card().map(|c| c.identity.id);
        return Vec::new();
    }
    match action {
        Action::Zoom => desk.is_zoomed = !desk.is_zoomed,
        Action::Select => {
            if let Some(id) = desk.grid.under
                && !desk.grid.selected.remove(&id)
            {
                desk.grid.selected.insert(id);
            }
        }
        Action::SelectRange => range(desk),
        Action::SelectNone if desk.grid.selected.is_empty() && desk.grid.anchor.is_none() => return act_back(model),
        Action::SelectNone => {
            desk.grid.selected.clear();
            desk.grid.anchor = None;
        }
        Action::Sort => {
            desk.grid.sort = desk.grid.sort.next();
            desk.arrange();
        }
        Action::SortReverse => {
            desk.grid.reversed = !desk.grid.reversed;
            desk.arrange();
        }
        Action::Open => {
            desk.strips.of = desk.grid.under;
            desk.strips.cursor = super::super::list::Cursor::default();
            (desk.strips.crop, desk.strips.whole, desk.strips.mark) = (0, None, None);
            desk.tab = Tab::Tracks;
            desk.arrange();
            return super::settle(model);
        }
        Action::Propagate => {
            let from = chosen(desk).into_iter().map(Near::Identity).collect();
            return super::preview::open(model, from);
        }
        Action::WhatIf => return super::what_if::open(desk),
        Action::Name => return with(model, Picking::Name),
        Action::Merge => return with(model, Picking::Merge),
        Action::Discard => return with(model, Picking::DiscardIdentities),
        Action::Remove => {
            let tracks: Vec<_> = chosen(desk).iter().filter_map(|id| desk.card_of(*id)).flat_map(|c| c.tracks.clone()).collect();
            return if_writable(model, Ask::Decide(Command::Remove { tracks }));
        }
        Action::Promote => {
            let from = super::promote::of_identities(desk, &chosen(desk));
            return from.map_or_else(Vec::new, |from| vec![Effect::Ask(Ask::Promote(from))]);
        }
        Action::Lock => {
            let identities = chosen(desk);
            let all = identities.iter().filter_map(|id| desk.card_of(*id)).all(|c| c.identity.locked);
            let tracks = Vec::new();
            let command = if all { Command::Unlock { tracks, identities } } else { Command::Lock { tracks, identities } };
            return if_writable(model, Ask::Decide(command));
        }
        _ => {}
    }
    Vec::new()
}

/// Begins a range, or takes everything from where it began.
fn range(desk: &mut Desk) {
    let at = desk.grid.cursor.at;
    let Some(anchor) = desk.grid.anchor.take() else {
        desk.grid.anchor = Some(at);
        return;
    };
    let ids: Vec<IdentityId> = (anchor.min(at)..=anchor.max(at)).filter_map(|i| desk.card_at(i)).map(|c| c.identity.id).collect();
    desk.grid.selected.extend(ids);
}

/// Returns the selected identities, else the one under the cursor.
fn chosen(desk: &Desk) -> Vec<IdentityId> {
    let grid = &desk.grid;
    if let Some(anchor) = grid.anchor {
        let (from, to) = (anchor.min(grid.cursor.at), anchor.max(grid.cursor.at));
        return (from..=to).filter_map(|i| desk.card_at(i)).map(|c| c.identity.id).collect();
    }
    if grid.selected.is_empty() { grid.under.into_iter().collect() } else { grid.selected.iter().copied().collect() }
}

fn with(model: &mut Model, what: fn(Vec<IdentityId>) -> Picking) -> Vec<Effect> {
    let ids = model.desk.as_ref().map(chosen).unwrap_or_default();
    if ids.is_empty() { Vec::new() } else { pick(model, what(ids)) }
}

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let shape = shape(model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let (width, height) = (shape.picture.0 + 3, shape.picture.1 + TEXT + 1);
    let (column, row) = (usize::from(x / width), usize::from(y.saturating_sub(3) / height));
    let at = (desk.grid.cursor.top + row) * shape.columns + column;
    if column >= shape.columns || at >= desk.grid.order.len() {
        return Vec::new();
    }
    if desk.grid.cursor.at == at {
        return act(model, Action::Open);
    }
    desk.grid.cursor.at = at;
    desk.grid.under = desk.card().map(|c| c.identity.id);
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    if desk.is_zoomed {
        return canvas.zoomed(desk, desk.card().and_then(|c| c.best), area);
    }
    let shape = shape(model.size, model.detail);
    let grid = &desk.grid;
    let mut head = format!(" sorted by {}{}", grid.sort.title(), if grid.reversed { ", reversed" } else { "" });
    if !grid.filter.is_empty() {
        head = format!("{head} · filter “{}”: {} of {}", grid.filter, grid.order.len(), desk.snapshot.identities.len());
    }
    if !grid.selected.is_empty() {
        head = format!("{head} · {} selected", grid.selected.len());
    }
    if grid.anchor.is_some() {
        head = format!("{head} · range of {}", chosen(desk).len());
    }
    canvas.line(area, 0, Line::from(canvas.dim(head)));
    if grid.order.is_empty() {
        let hint =
            if grid.filter.is_empty() { "the run found no face that counts" } else { "Esc in the filter (/) takes it away" };
        return canvas.says(area, Role::Dim, "no identity to show", hint);
    }
    let (width, height) = (shape.picture.0 + 3, shape.picture.1 + TEXT + 1);
    let ranged: Vec<IdentityId> = if grid.anchor.is_some() { chosen(desk) } else { Vec::new() };
    let first = grid.cursor.top * shape.columns;
    let mut cards: Vec<(usize, Rect)> = (first..(first + shape.columns * shape.rows).min(grid.order.len()))
        .map(|at| {
            let (column, row) = ((at - first) % shape.columns, (at - first) / shape.columns);
            let (column, row) = (u16::try_from(column).unwrap_or(0), u16::try_from(row).unwrap_or(0));
            (at, Rect::new(area.x + column * width, area.y + 1 + row * height, width - 1, height - 1).intersection(area))
        })
        .collect();
    if shape.side > 0
        && let Some(card) = grid.beside.and_then(|id| desk.card_of(id))
    {
        let side = Rect::new(area.right() - shape.side, area.y + 1, shape.side, area.height.saturating_sub(1));
        draw_side(desk, card, canvas, model.detail, side);
    }
    // What lies nearest to the cursor is fetched first.
    cards.sort_by_key(|(at, _)| at.abs_diff(grid.cursor.at));
    for (at, place) in cards {
        let Some(card) = desk.card_at(at) else { continue };
        let id = card.identity.id;
        let is_chosen = grid.selected.contains(&id) || ranged.contains(&id);
        draw_card(desk, card, canvas, place, shape, (at == grid.cursor.at, is_chosen));
    }
}

fn draw_card(
    desk: &Desk,
    card: &Card,
    canvas: &mut Canvas<'_, '_>,
    place: Rect,
    shape: Shape,
    (is_here, is_chosen): (bool, bool),
) {
    let picture = Rect::new(place.x + 1, place.y, shape.picture.0, shape.picture.1).intersection(place);
    if picture.height > 0 {
        canvas.face(desk, card.best, picture, Kind::Face);
    }
    if is_here {
        for row in 0..place.height {
            canvas.line(place, row, Line::from(canvas.span(Role::Cursor, "▌")));
        }
    }
    let text = Rect::new(place.x + 1, place.y + shape.picture.1, place.width.saturating_sub(1), TEXT).intersection(place);
    let role = if is_chosen { Role::Selected } else { state(card) };
    let lock = if card.identity.locked { Role::Locked.glyph() } else { " " };
    let room = usize::from(text.width).saturating_sub(5);
    let name_role = match (is_here, is_chosen) {
        (true, _) => Role::Title,
        (_, true) => Role::Selected,
        _ => Role::Text,
    };
    canvas.line(
        text,
        0,
        Line::from(vec![
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(name_role, format!("{:<room$}", fit(&title(card), room))),
            canvas.span(Role::Locked, lock),
        ]),
    );
    let doubt = card.doubts.first().map(ToString::to_string).unwrap_or_default();
    let doubt = if doubt.is_empty() { String::new() } else { format!(" ▲{doubt}") };
    let seconds = format!("{} {}t", clock(card.seconds), card.tracks.len());
    let left = usize::from(text.width).saturating_sub(seconds.len() + 1);
    canvas.line(text, 1, Line::from(vec![canvas.span(Role::Text, seconds), canvas.span(Role::Doubt, fit(&doubt, left))]));
}

/// Returns how sure it is who that is.
pub(crate) fn state(card: &Card) -> Role {
    if card.identity.name.is_some() { Role::from(card.identity.source) } else { Role::Proposed }
}

/// The face under the cursor, large, and what there is to know of it.
fn draw_side(desk: &Desk, card: &Card, canvas: &mut Canvas<'_, '_>, detail: Detail, side: Rect) {
    let width = side.width.saturating_sub(2);
    let film = if side.width >= film::WIDE && side.height >= 40 { film::LINES } else { 0 };
    let height = side.height.saturating_sub(7 + film).min(width * 5 / 8);
    let wide = (height * 8 / 5).min(width);
    canvas.face(desk, card.best, Rect::new(side.x + 2 + (width - wide) / 2, side.y, wide, height), Kind::Face);
    let text = Rect::new(side.x + 2, side.y + height, width, side.height - height);
    if film > 0 {
        let place = Rect::new(text.x, text.y + 7, text.width, text.height.saturating_sub(7));
        film::draw(desk, card, canvas, detail, place);
    }
    let role = state(card);
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    canvas.line(
        text,
        1,
        Line::from(vec![
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(Role::Title, fit(&title(card), usize::from(width) - 2)),
        ]),
    );
    canvas.line(
        text,
        2,
        Line::from(vec![
            canvas.span(Role::Title, clock(card.seconds)),
            canvas.dim(format!("  belief {:.0} %  {}", 100.0 * card.belief, counted(card.tracks.len(), "track"))),
        ]),
    );
    canvas.line(
        text,
        3,
        Line::from(canvas.dim(format!("first {}  last {}", clock(card.first - origin), clock(card.last - origin)))),
    );
    canvas.line(text, 4, Line::from(canvas.span(Role::Bar, presence(desk, card, usize::from(width)))));
    let doubts: Vec<String> = card.doubts.iter().map(|d| format!("▲ {d}")).collect();
    canvas.line(text, 5, Line::from(canvas.span(Role::Doubt, fit(&doubts.join("  "), usize::from(width)))));
    let why: Vec<String> = card.badges.shown().map(|b| b.evidence.to_string()).collect();
    canvas.line(text, 6, Line::from(canvas.dim(fit(&why.join(", "), usize::from(width)))));
}

fn presence(desk: &Desk, card: &Card, cells: usize) -> String {
    let seen = card.tracks.iter().filter_map(|t| desk.snapshot.tracks.get(t)).flat_map(|t| &t.seen);
    super::presence(&desk.snapshot, seen, cells)
}

/// Returns a doubt, and what a badge rests on.
fn reason(card: &Card, doubt: &Doubt) -> String {
    let seen = card.badges.shown().find(|b| *doubt == Doubt::Badge(b.kind));
    seen.map_or_else(|| doubt.to_string(), |b| format!("{doubt}: {}", b.evidence))
}

/// What the line at the bottom says of the card under the cursor.
pub(crate) fn told(desk: &Desk, wide: u16) -> Option<(Role, String)> {
    let card = desk.card()?;
    let doubts: Vec<String> = card.doubts.iter().map(|d| reason(card, d)).collect();
    let doubts = if doubts.is_empty() { String::new() } else { format!("  ▲ {}", doubts.join(", ")) };
    let glyph = state(card).glyph();
    let belief = 100.0 * card.belief;
    let told = format!(
        "{glyph} {}  {}  {}  belief {belief:.0} %{doubts}",
        title(card),
        clock(card.seconds),
        counted(card.tracks.len(), "track")
    );
    let room = usize::from(wide).saturating_sub(width(&told) + 4);
    let near = super::near::neighbours(desk, room).map(|n| format!("  {n}")).unwrap_or_default();
    Some((state(card), told + &near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_faces_stand_in_a_row_on_the_smallest_screen_and_more_on_larger_ones() {
        for (size, detail, columns, rows) in [
            ((80, 24), Detail::Coarse, 3, 1),
            ((120, 40), Detail::Coarse, 3, 2),
            ((200, 60), Detail::Coarse, 5, 4),
            ((80, 24), Detail::Fine, 4, 1),
            ((120, 40), Detail::Fine, 4, 3),
            ((200, 60), Detail::Fine, 8, 4),
        ] {
            let shape = shape(size, detail);
            assert_eq!((shape.columns, shape.rows), (columns, rows), "{size:?} {detail:?}");
        }
    }
}
