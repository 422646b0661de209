//! Tracks as filmstrips: one row a track, every n-th crop of it.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::list::Step;
use super::super::model::Status;
use super::super::model::{Desk, Detail, EVERY, Model, Picking, title};
use super::super::pictures::Kind;
use super::super::text::{clock, fit};
use super::super::theme::Role;
use super::super::update::{Effect, back, if_writable, pick, step_of};
use super::super::worker::{Ask, Told};
use crate::domain::{MediaTime, TrackId};
use crate::session::{Command, TrackInfo};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Columns of text before a strip.
const HEAD: u16 = 26;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    rows: usize,
    picture: (u16, u16),
    /// Crops that a row shows.
    crops: usize,
    side: u16,
}

fn shape(size: (u16, u16), detail: Detail) -> Shape {
    let (width, height) = (size.0, size.1.saturating_sub(7));
    let picture = match detail {
        Detail::Fine => (8, 5),
        Detail::Coarse => (11, 7),
        Detail::Off => (8, 3),
    };
    let side = match detail {
        Detail::Off => 0,
        _ if width >= 180 => 64,
        _ if width >= 110 => 46,
        _ => 0,
    };
    let room = width.saturating_sub(HEAD + side);
    Shape { rows: usize::from(height / (picture.1 + 1)).max(1), picture, crops: usize::from(room / (picture.0 + 1)).max(1), side }
}

/// Steps between crops that can be chosen.
const MOST: usize = 12;

/// Crops that are asked for at once.
const PAGE: usize = 24;

/// Asks for the crops of the tracks on the screen.
pub(crate) fn ask_for_crops(model: &mut Model) -> Vec<Effect> {
    let shape = shape(model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let strips = &mut desk.strips;
    strips.rows = shape.rows;
    strips.cursor.show(strips.order.len(), 1, shape.rows);
    let mut asks = Vec::new();
    let mut shown: Vec<usize> = (strips.cursor.top..(strips.cursor.top + shape.rows).min(strips.order.len())).collect();
    shown.sort_by_key(|at| at.abs_diff(strips.cursor.at));
    for at in shown {
        let track = strips.order[at];
        let strip = strips.crops.entry(track).or_default();
        let is_new = strip.total == 0 && strip.rows.is_empty();
        let wants_more = at == strips.cursor.at && strip.next.is_some() && strips.crop + shape.crops + 2 > strip.rows.len();
        if !strip.is_asked && (is_new || wants_more) {
            strip.is_asked = true;
            asks.push(Effect::Ask(Ask::Crops { track, after: strip.next, every: strips.every, limit: PAGE }));
        }
    }
    asks
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let shape = shape(model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let strips = &mut desk.strips;
    strips.rows = shape.rows;
    if let Some(step) = step_of(action) {
        let crops = strips.order.get(strips.cursor.at).and_then(|t| strips.crops.get(t)).map_or(0, |s| s.rows.len());
        match step {
            Step::Left => strips.crop = strips.crop.min(crops.saturating_sub(1)).saturating_sub(1),
            Step::Right => strips.crop = (strips.crop + 1).min(crops.saturating_sub(1)),
            _ => {
                let before = strips.cursor.at;
                strips.cursor.step(step, strips.order.len(), 1, shape.rows);
                if strips.cursor.at != before {
                    strips.crop = 0;
                }
            }
        }
        return ask_for_crops(model);
    }
    let tracks = chosen(desk);
    match action {
        Action::Zoom => desk.is_zoomed = !desk.is_zoomed,
        Action::Select => {
            if let Some(id) = desk.track().map(|t| t.track.id)
                && !desk.strips.selected.remove(&id)
            {
                desk.strips.selected.insert(id);
            }
        }
        Action::SelectRange => match desk.strips.anchor.take() {
            None => desk.strips.anchor = Some(desk.strips.cursor.at),
            Some(_) => desk.strips.selected.extend(tracks),
        },
        Action::SelectNone if desk.strips.selected.is_empty() && desk.strips.anchor.is_none() => return back(model),
        Action::SelectNone => {
            desk.strips.selected.clear();
            desk.strips.anchor = None;
        }
        Action::MoreCrops | Action::FewerCrops | Action::AllCrops => {
            let every = desk.strips.every;
            desk.strips.every = match action {
                Action::MoreCrops => every.saturating_sub(1).max(1),
                Action::FewerCrops => (every + 1).min(MOST),
                _ if every == 1 => EVERY,
                _ => 1,
            };
            if desk.strips.every != every {
                desk.strips.crops.clear();
                desk.strips.crop = 0;
            }
            return ask_for_crops(model);
        }
        Action::Reassign if !tracks.is_empty() => return pick(model, Picking::Assign(tracks)),
        Action::Discard if !tracks.is_empty() => return pick(model, Picking::DiscardTracks(tracks)),
        Action::Remove if !tracks.is_empty() => return if_writable(model, Ask::Decide(Command::Remove { tracks })),
        Action::Restore if !tracks.is_empty() => return if_writable(model, Ask::Decide(Command::Restore { tracks })),
        Action::Join => {
            if tracks.len() < 2 {
                let hint = Some("Space selects; two or more of one shot that are never seen at once become one".into());
                model.status = Status::Failed(Told { what: "one track cannot be joined to itself".into(), hint });
                return Vec::new();
            }
            return if_writable(model, Ask::Decide(Command::Join { tracks }));
        }
        Action::Split => {
            let at = desk.crop().map(|c| (c.track, c.at.frame));
            return at.map_or_else(Vec::new, |(track, at)| if_writable(model, Ask::Decide(Command::Split { track, at })));
        }
        Action::Lock if !tracks.is_empty() => {
            let all = tracks.iter().filter_map(|t| desk.snapshot.tracks.get(t)).all(|t| t.locked);
            let identities = Vec::new();
            let command = if all { Command::Unlock { tracks, identities } } else { Command::Lock { tracks, identities } };
            return if_writable(model, Ask::Decide(command));
        }
        _ => {}
    }
    Vec::new()
}

/// Returns the selected tracks, else the one under the cursor.
fn chosen(desk: &Desk) -> Vec<TrackId> {
    let strips = &desk.strips;
    if let Some(anchor) = strips.anchor {
        let (from, to) = (anchor.min(strips.cursor.at), anchor.max(strips.cursor.at));
        return strips.order.get(from..=to.min(strips.order.len().saturating_sub(1))).unwrap_or_default().to_vec();
    }
    if strips.selected.is_empty() {
        desk.track().map(|t| t.track.id).into_iter().collect()
    } else {
        strips.selected.iter().copied().collect()
    }
}

pub(crate) fn click(model: &mut Model, y: u16) -> Vec<Effect> {
    let shape = shape(model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let at = desk.strips.cursor.top + usize::from(y.saturating_sub(3) / (shape.picture.1 + 1));
    if at < desk.strips.order.len() {
        desk.strips.cursor.at = at;
        desk.strips.crop = 0;
    }
    ask_for_crops(model)
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    if desk.is_zoomed {
        return canvas.zoomed(desk, desk.crop().map(|c| c.key), area);
    }
    let shape = shape(model.size, model.detail);
    let strips = &desk.strips;
    let of =
        strips.of.and_then(|id| desk.card_of(id)).map_or_else(|| "all tracks".to_owned(), |c| format!("tracks of {}", title(c)));
    let mut head = format!(" {of}: {} · every {} crop", strips.order.len(), ordinal(strips.every));
    if !strips.filter.is_empty() {
        head = format!("{head} · filter “{}”", strips.filter);
    }
    let count = chosen(desk).len();
    if !strips.selected.is_empty() || strips.anchor.is_some() {
        head = format!("{head} · {count} selected");
    }
    canvas.line(area, 0, Line::from(canvas.dim(head)));
    if strips.order.is_empty() {
        return canvas.says(area, Role::Dim, "no track to show", "q goes back; / filters by name or number");
    }
    let wide = area.width.saturating_sub(shape.side);
    let picked = chosen(desk);
    for (row, at) in (strips.cursor.top..(strips.cursor.top + shape.rows).min(strips.order.len())).enumerate() {
        let Some(track) = desk.snapshot.tracks.get(&strips.order[at]) else { continue };
        let y = area.y + 1 + u16::try_from(row).unwrap_or(0) * (shape.picture.1 + 1);
        let place = Rect::new(area.x, y, wide, shape.picture.1 + 1).intersection(area);
        let is_chosen = picked.contains(&track.track.id) && (strips.anchor.is_some() || !strips.selected.is_empty());
        draw_row(desk, track, canvas, place, shape, (at == strips.cursor.at, is_chosen));
    }
    let bottom = Rect::new(area.x, area.bottom().saturating_sub(1), wide, 1);
    if let Some(track) = desk.track() {
        canvas.line(bottom, 0, timeline(desk, track, canvas, usize::from(wide)));
    }
    if shape.side > 0 {
        let side = Rect::new(area.right() - shape.side, area.y + 1, shape.side, area.height.saturating_sub(1));
        draw_side(desk, canvas, side);
    }
}

fn ordinal(n: usize) -> String {
    match n {
        1 => "single".into(),
        2 => "2nd".into(),
        3 => "3rd".into(),
        n => format!("{n}th"),
    }
}

fn draw_row(
    desk: &Desk,
    info: &TrackInfo,
    canvas: &mut Canvas<'_, '_>,
    place: Rect,
    shape: Shape,
    (is_here, is_chosen): (bool, bool),
) {
    let track = &info.track;
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    let seen = MediaTime(info.seen.iter().map(|s| s.len().0).sum());
    if is_here {
        for row in 0..shape.picture.1 {
            canvas.line(place, row, Line::from(canvas.span(Role::Cursor, "▌")));
        }
    }
    let head = Rect::new(place.x + 1, place.y, HEAD - 2, place.height).intersection(place);
    let wide = usize::from(head.width);
    canvas.line(
        head,
        0,
        Line::from(vec![
            canvas.span(Role::Selected, if is_chosen { "◆ " } else { "" }),
            canvas.span(if is_here { Role::Title } else { Role::Text }, clock(track.first.pts - origin)),
            canvas.dim(format!("  {}  {}", clock(seen), track.id)),
        ]),
    );
    let owner = info.assignment.and_then(|a| desk.card_of(a.identity));
    let (role, who) = match (owner, info.assignment, info.discarded) {
        (_, _, Some(reason)) => (Role::Rejected, reason.to_string()),
        (Some(card), Some(assignment), _) => (Role::from(assignment.source), format!("{} {:.2}", title(card), assignment.score)),
        _ => (Role::Unnamed, "nobody".to_owned()),
    };
    canvas.line(
        head,
        1,
        Line::from(vec![
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(Role::Text, fit(&who, wide.saturating_sub(4))),
            canvas.span(Role::Locked, if info.locked { " ■" } else { "" }),
        ]),
    );
    let doubts: Vec<String> = info.doubts.iter().map(ToString::to_string).collect();
    if !doubts.is_empty() {
        canvas.line(head, 2, Line::from(canvas.span(Role::Doubt, fit(&format!("▲ {}", doubts.join(", ")), wide))));
    }
    let Some(strip) = desk.strips.crops.get(&track.id) else { return };
    if shape.picture.1 > 3 {
        canvas.line(head, 3, Line::from(canvas.dim(format!("shot {} · {} crops", track.shot.0, strip.total))));
    }
    let at = if is_here { desk.strips.crop.min(strip.rows.len().saturating_sub(1)) } else { 0 };
    let from = (at + 1).saturating_sub(shape.crops);
    for (slot, crop) in strip.rows.iter().enumerate().skip(from).take(shape.crops) {
        let x = place.x + HEAD + u16::try_from(slot - from).unwrap_or(0) * (shape.picture.0 + 1);
        let picture = Rect::new(x, place.y, shape.picture.0, shape.picture.1).intersection(place);
        if shape.picture.1 > 3 {
            canvas.face(desk, Some(crop.key), picture, Kind::Face);
        } else {
            canvas.line(picture, 0, Line::from(canvas.dim(crop.at.frame.to_string())));
        }
        let below = Rect::new(x, place.y + shape.picture.1, shape.picture.0, 1).intersection(place);
        let mark = if crop.doubts.is_empty() { " " } else { "▲" };
        if is_here && slot == at {
            canvas.line(
                below,
                0,
                Line::from(canvas.span(Role::Cursor, format!("{}{mark}", "▔".repeat(usize::from(shape.picture.0) - 1)))),
            );
        } else {
            canvas.line(below, 0, Line::from(canvas.span(Role::Doubt, mark)));
        }
    }
}

/// Shots of the episode, where the track's person is seen in them, and where the cursor is.
fn timeline<'a>(desk: &Desk, track: &TrackInfo, canvas: &Canvas<'_, '_>, wide: usize) -> Line<'a> {
    let origin = desk.snapshot.shots.first().map_or(0, |s| s.start.0);
    let length = desk.snapshot.time.duration.0.max(1);
    let cells = wide.saturating_sub(22).max(1);
    let count = i64::try_from(cells).unwrap_or(1);
    let cell = |t: i64| usize::try_from((t - origin).clamp(0, length - 1) * count / length).unwrap_or(0);
    let mut line = vec!['·'; cells];
    for shot in desk.snapshot.shots.iter().skip(1) {
        line[cell(shot.start.0)] = '┆';
    }
    let card = track.assignment.and_then(|a| desk.card_of(a.identity));
    let spans = card.iter().flat_map(|c| &c.tracks).filter_map(|t| desk.snapshot.tracks.get(t)).flat_map(|t| &t.seen);
    for span in spans.chain(&track.seen) {
        for place in &mut line[cell(span.start().0)..=cell(span.end().0 - 1)] {
            *place = '▅';
        }
    }
    let here = cell(track.track.first.pts.0);
    let text = |part: &[char]| part.iter().collect::<String>();
    Line::from(vec![
        canvas.dim(format!(" {:>9} ", clock(MediaTime::ZERO))),
        canvas.span(Role::Bar, text(&line[..here])),
        canvas.span(Role::Cursor, "┃"),
        canvas.span(Role::Bar, text(&line[here + 1..])),
        canvas.dim(format!(" {}", clock(desk.snapshot.time.duration))),
    ])
}

/// The crop under the cursor, large, with what is known of it.
fn draw_side(desk: &Desk, canvas: &mut Canvas<'_, '_>, side: Rect) {
    let Some(crop) = &desk.strips.beside else { return };
    let width = side.width.saturating_sub(2);
    let height = side.height.saturating_sub(7).min(width * 5 / 8);
    let wide = (height * 8 / 5).min(width);
    canvas.face(desk, Some(crop.key), Rect::new(side.x + 2 + (width - wide) / 2, side.y, wide, height), Kind::Face);
    let text = Rect::new(side.x + 2, side.y + height, width, side.height - height);
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    let quality = &crop.quality;
    let size = (crop.detection.bbox.width(), crop.detection.bbox.height());
    canvas.line(
        text,
        1,
        Line::from(vec![
            canvas.span(Role::Title, clock(crop.at.pts - origin)),
            canvas.dim(format!("  picture {}  {:.0}×{:.0} px", crop.at.frame, size.0, size.1)),
        ]),
    );
    canvas.line(
        text,
        2,
        Line::from(
            canvas.dim(format!("score {:.2}  quality {:.2}  yaw {:+.0}°", crop.detection.score, quality.total, quality.yaw)),
        ),
    );
    canvas.line(
        text,
        3,
        Line::from(
            canvas
                .dim(format!("sharp {:.2}  light {:.2}  uncovered {:.2}", quality.sharpness, quality.light, quality.visibility)),
        ),
    );
    let doubts: Vec<String> = crop.doubts.iter().map(|d| format!("▲ {d}")).collect();
    canvas.line(text, 4, Line::from(canvas.span(Role::Doubt, fit(&doubts.join("  "), usize::from(width)))));
}
