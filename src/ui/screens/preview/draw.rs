//! How it is drawn: who gains and who loses, the tracks by falling belief, and beside them the face that one decides about.

use super::super::super::draw::{Canvas, counted};
use super::super::super::model::{Desk, Detail, Model, Preview, title};
use super::super::super::pictures::Kind;
use super::super::super::text::{bar, clock, fit, pad, pad_left, percent, score, seconds, width};
use super::super::super::theme::Role;
use crate::domain::IdentityId;
use crate::session::{Offer, Shift};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Lines above the list: who it is, who gains, who loses.
const HEAD: u16 = 3;
/// Lines that say what the tracks below them are.
const GROUPS: u16 = 2;

/// How the screen is divided; it depends on the terminal alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// Offers that are shown.
    rows: usize,
    /// Lines of each: three where each has a face.
    lines: u16,
    /// Columns of the side with the large faces; 0 where there is none.
    side: u16,
    /// Both faces have room, one above the other.
    has_both: bool,
}

fn shape(size: (u16, u16), detail: Detail) -> Shape {
    let (wide, high) = (size.0, size.1.saturating_sub(5));
    let side = match detail {
        Detail::Off => 0,
        _ if wide >= 180 => 68,
        _ if wide >= 110 => 46,
        _ => 28,
    };
    let lines = if detail == Detail::Fine { 3 } else { 1 };
    let room = high.saturating_sub(HEAD + GROUPS + 1);
    Shape { rows: usize::from(room / lines).max(1), lines, side, has_both: high >= 30 || detail == Detail::Fine }
}

/// Returns how many offers the screen shows.
pub(super) fn rows(model: &Model) -> usize {
    shape(model.size, model.detail).rows
}

/// What stands in a line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Sure,
    Doubtful,
    Offer(usize),
}

/// Returns the lines of the list: what a group is stands above its first track, and above the first of the screen.
fn list(preview: &Preview, rows: usize) -> Vec<Row> {
    let (offers, least) = (preview.offers(), preview.least());
    let mut list = Vec::new();
    let mut group = None;
    for at in (preview.cursor.top..offers.len()).take(rows) {
        let own = if offers[at].belief >= least { Row::Sure } else { Row::Doubtful };
        if group != Some(own) {
            list.push(own);
            group = Some(own);
        }
        list.push(Row::Offer(at));
    }
    list
}

/// Returns the offer at a row of the screen.
pub(super) fn offer_at(model: &Model, y: u16) -> Option<usize> {
    let preview = model.desk.as_ref()?.preview()?;
    let shape = shape(model.size, model.detail);
    let mut top = 2 + HEAD;
    for row in list(preview, shape.rows) {
        let high = if matches!(row, Row::Offer(_)) { shape.lines } else { 1 };
        if (top..top + high).contains(&y) {
            return if let Row::Offer(at) = row { Some(at) } else { None };
        }
        top += high;
    }
    None
}

pub(crate) fn draw(model: &Model, preview: &Preview, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    let Some(found) = &preview.found else {
        let told = preview.progress.map_or_else(|| "…".to_owned(), |(done, of)| format!("{done} of {of} tracks so far"));
        return canvas.says(area, Role::Dim, "comparing all tracks with theirs", &told);
    };
    let shape = shape(model.size, model.detail);
    head(desk, preview, canvas, area);
    let wide = area.width.saturating_sub(shape.side);
    let body = Rect::new(area.x, area.y + HEAD, wide, area.height.saturating_sub(HEAD + 1));
    if found.offers.is_empty() {
        let how = counted(found.known, "track");
        let hint = format!("compared with {how} of theirs; Esc goes back");
        canvas.says(body, Role::Dim, &format!("no other track looks like {}", found.name), &hint);
    }
    let mut y = body.y;
    let mut faces = Vec::new();
    for row in list(preview, shape.rows) {
        let high = if matches!(row, Row::Offer(_)) { shape.lines } else { 1 };
        let place = Rect::new(body.x, y, body.width, high).intersection(body);
        y += high;
        match row {
            Row::Offer(at) => {
                draw_offer(desk, preview, at, canvas, place);
                faces.push((at, place));
            }
            Row::Sure | Row::Doubtful => group(preview, row, canvas, place),
        }
    }
    if shape.side > 0 {
        let side = Rect::new(area.right() - shape.side + 2, area.y + HEAD, shape.side - 2, area.height.saturating_sub(HEAD));
        draw_side(desk, preview, canvas, shape, side);
    }
    // What lies nearest to the cursor is fetched first.
    faces.sort_by_key(|(at, _)| at.abs_diff(preview.cursor.at));
    for (at, place) in faces.into_iter().filter(|_| shape.lines > 1) {
        let best = preview.offers().get(at).and_then(|o| desk.snapshot.tracks.get(&o.track)).and_then(|t| t.best);
        canvas.face(desk, best, Rect::new(place.x + 1, place.y, 6, 3).intersection(place), Kind::Face);
    }
    let left: Vec<String> = found.left.iter().map(|(why, n)| format!("{n} {why}")).collect();
    if !left.is_empty() {
        let told = format!(" left alone: {}", left.join(", "));
        let line = Line::from(canvas.dim(fit(&told, usize::from(wide))));
        canvas.line(area, area.height - 1, line);
    }
}

/// Who it is, how many are taken, and whose seconds change.
fn head(desk: &Desk, preview: &Preview, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(found) = &preview.found else { return };
    let wide = usize::from(area.width);
    let (taken, all) = (preview.taken.len(), found.offers.len());
    let right = if preview.is_stale(&desk.snapshot) {
        "▲ something was decided since: made anew … ".to_owned()
    } else {
        format!("{taken} of {} taken · from {} on ", counted(all, "track"), score(f64::from(preview.least())))
    };
    let how = format!("   compared with {} of theirs", counted(found.known, "track"));
    let left = format!(" who else is {}", found.name);
    let room = wide.saturating_sub(width(&right) + 1);
    let how = if width(&left) + width(&how) <= room { how } else { String::new() };
    let left = fit(&left, room);
    let gap = wide.saturating_sub(width(&left) + width(&how) + width(&right));
    let role = if preview.is_stale(&desk.snapshot) { Role::Doubt } else { Role::Accent };
    let line = vec![canvas.span(Role::Title, left), canvas.dim(format!("{how}{}", " ".repeat(gap))), canvas.span(role, right)];
    canvas.line(area, 0, Line::from(line));
    let Some((gains, loses)) = preview.shifts.split_first() else { return };
    let line = Line::from(shift(desk, gains, canvas, " "));
    canvas.line(area, 1, line);
    let mut line = Vec::new();
    let mut used = 0;
    for (n, lost) in loses.iter().enumerate() {
        let spans = shift(desk, lost, canvas, if n == 0 { " from " } else { "   " });
        let cells: usize = spans.iter().map(Span::width).sum();
        let more = format!("   and {} more", loses.len() - n);
        if used + cells + width(&more) > wide {
            line.push(canvas.dim(more));
            break;
        }
        used += cells;
        line.extend(spans);
    }
    canvas.line(area, 2, Line::from(line));
}

/// Says how somebody's seconds change: `Person A 3:12.0 → 4:21.4 +69.4 s`.
fn shift<'a>(desk: &Desk, shift: &Shift, canvas: &Canvas<'_, '_>, before: &'a str) -> Vec<Span<'a>> {
    let by = shift.after - shift.before;
    let (role, sign) = match by.0 {
        0 => (Role::Dim, "±"),
        1.. => (Role::Good, "+"),
        _ => (Role::Doubt, "−"),
    };
    vec![
        canvas.dim(before),
        canvas.span(Role::Text, fit(&called(desk, shift.identity), 24)),
        canvas.dim(format!(" {} → ", clock(shift.before))),
        canvas.span(Role::Title, clock(shift.after)),
        canvas.span(role, format!(" {sign}{}", seconds(by))),
    ]
}

fn called(desk: &Desk, id: IdentityId) -> String {
    desk.card_of(id).map_or_else(|| id.to_string(), title)
}

fn group(preview: &Preview, row: Row, canvas: &mut Canvas<'_, '_>, place: Rect) {
    let least = preview.least();
    let count = preview.offers().iter().filter(|o| (o.belief >= least) == (row == Row::Sure)).count();
    let (role, word) = if row == Row::Sure { (Role::Accent, "sure") } else { (Role::Doubt, "doubtful") };
    let from = if row == Row::Sure { format!("  belief {} or more", score(f64::from(least))) } else { String::new() };
    let line = Line::from(vec![canvas.span(role, format!(" {word} · {count}")), canvas.dim(from)]);
    canvas.line(place, 0, line);
}

/// Why a track is not in that would be by its belief.
fn against<'p>(preview: &Preview, offer: &'p Offer<IdentityId>) -> Option<&'p crate::domain::TrackId> {
    if preview.taken.contains(&offer.track) { None } else { offer.beside.iter().find(|t| preview.taken.contains(t)) }
}

fn draw_offer(desk: &Desk, preview: &Preview, at: usize, canvas: &mut Canvas<'_, '_>, place: Rect) {
    let Some(offer) = preview.offers().get(at) else { return };
    let Some(info) = desk.snapshot.tracks.get(&offer.track) else { return };
    let is_here = at == preview.cursor.at;
    let is_in = preview.taken.contains(&offer.track);
    if is_here {
        canvas.lay_cursor(place, 0);
    }
    for row in 0..place.height {
        let mark = Line::from(canvas.mark(is_here));
        canvas.line(place, row, mark);
    }
    let shift = if place.height > 1 { 8 } else { 1 };
    let text = Rect { x: place.x + shift, width: place.width.saturating_sub(shift), ..place };
    let wide = usize::from(text.width);
    let (role, glyph) = match (is_in, against(preview, offer)) {
        (true, _) => (Role::Selected, Role::Selected.glyph()),
        (false, Some(_)) => (Role::Rejected, Role::Rejected.glyph()),
        (false, None) => (Role::Dim, "·"),
    };
    let plain = if is_in { Role::Text } else { Role::Dim };
    let whose = info.assignment.map_or_else(|| "nobody".to_owned(), |a| called(desk, a.identity));
    let why = why(desk, preview, offer);
    let mut line = vec![
        canvas.span(role, format!("{glyph} ")),
        canvas.span(if is_here { Role::Title } else { plain }, pad_left(&clock(info.track.first.pts - desk.origin()), 8)),
        canvas.span(plain, format!("{}  ", pad_left(&seconds(info.seconds()), 8))),
        canvas.dim(format!("{:<7}", offer.track.to_string())),
    ];
    let used: usize = line.iter().map(Span::width).sum();
    let belief = score(f64::from(offer.belief));
    let believed = if offer.belief >= preview.least() { Role::Text } else { Role::Doubt };
    if place.height > 1 {
        line.push(canvas.span(plain, fit(&format!("now {whose}"), wide.saturating_sub(used))));
        canvas.line(text, 0, Line::from(line));
        let cells = 12.min(wide.saturating_sub(8));
        let line = vec![
            canvas.span(believed, format!("  {belief} ")),
            canvas.span(Role::Bar, bar(f64::from(offer.belief), cells)),
            canvas.dim(fit(&format!("  {why}"), wide.saturating_sub(cells + 7))),
        ];
        canvas.line(text, 1, Line::from(line));
        return;
    }
    let name = wide.saturating_sub(used + 6).min(if wide >= 90 { 24 } else { 15 });
    line.push(canvas.span(plain, pad(&whose, name)));
    line.push(canvas.span(believed, format!("  {belief}")));
    let used: usize = line.iter().map(Span::width).sum();
    let room = wide.saturating_sub(used);
    let cells = if room >= 48 { 8 } else { 0 };
    if cells > 0 {
        line.push(canvas.span(Role::Bar, format!("  {}", bar(f64::from(offer.belief), cells))));
    }
    if room >= 16 {
        line.push(canvas.dim(fit(&format!("  {why}"), room.saturating_sub(if cells > 0 { cells + 3 } else { 1 }))));
    }
    canvas.line(text, 0, Line::from(line));
}

/// Says what speaks against a track, or who comes next.
fn why(desk: &Desk, preview: &Preview, offer: &Offer<IdentityId>) -> String {
    if let Some(other) = against(preview, offer) {
        return format!("in one picture with {other}");
    }
    let next = offer.next.filter(|(_, likeness)| *likeness > 0.0);
    next.map_or_else(String::new, |(id, likeness)| format!("next {} {}", called(desk, id), score(f64::from(likeness))))
}

/// The face that one decides about, and the one of theirs that it is most like.
fn draw_side(desk: &Desk, preview: &Preview, canvas: &mut Canvas<'_, '_>, shape: Shape, side: Rect) {
    let Some((offer, own, nearest)) = &preview.beside else { return };
    let lines = if shape.has_both { side.height / 2 } else { side.height };
    let high = lines.saturating_sub(2).min(side.width * 5 / 8);
    let wide = (high * 8 / 5).min(side.width);
    let place = |top: u16| Rect::new(side.x + (side.width - wide) / 2, side.y + top, wide, high).intersection(side);
    let caption = |row: u16, line: Line<'_>, canvas: &mut Canvas<'_, '_>| {
        canvas.line(side, row, line);
    };
    canvas.face(desk, Some(*own), place(0), Kind::Face);
    let belief = percent(f64::from(offer.belief));
    let line = Line::from(vec![canvas.span(Role::Title, offer.track.to_string()), canvas.dim(format!("  belief {belief}"))]);
    caption(high, line, canvas);
    if shape.has_both {
        canvas.face(desk, *nearest, place(lines), Kind::Face);
    }
    let like = format!("  of theirs, likeness {}", score(f64::from(offer.likeness)));
    let line = Line::from(vec![canvas.span(Role::Text, offer.nearest.to_string()), canvas.dim(like)]);
    caption(if shape.has_both { lines + high } else { high + 1 }, line, canvas);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_shows_tracks_and_a_face() {
        for (size, detail, rows) in [
            ((80, 24), Detail::Coarse, 13),
            ((80, 24), Detail::Fine, 4),
            ((120, 40), Detail::Coarse, 29),
            ((120, 40), Detail::Fine, 9),
            ((200, 60), Detail::Fine, 16),
            ((60, 16), Detail::Off, 5),
        ] {
            let shape = shape(size, detail);
            assert_eq!(shape.rows, rows, "{size:?} {detail:?}");
            assert!(shape.side == 0 || size.0 - shape.side >= 50, "{size:?} {detail:?}");
        }
    }
}
