//! Tracks as filmstrips: one row a track, every n-th crop of it; or every crop of one track over the whole pane.

mod rows;
mod side;
pub(crate) mod stretch;
#[cfg(test)]
mod tests;
mod whole;

pub(crate) use side::told;

use super::super::draw::Canvas;
use super::super::keymap::{Action, Place};
use super::super::list::Step;
use super::super::model::{Asking, Desk, Detail, EVERY, Given, Model, Picking, Status, Strip, title};
use super::super::text::fit;
use super::super::theme::Role;
use super::super::update::{Effect, back, if_writable, pick, step_of};
use super::super::worker::{Ask, Told};
use super::super::{line, replay, text};
use super::near;
use crate::domain::{MediaTime, Span, TrackId};
use crate::session::{Command, Near, Target};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// What is played of a track with a single picture, and after the last of any.
const SHORTEST: MediaTime = MediaTime(200_000);
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

/// Crops that are asked for at once at least.
const PAGE: usize = 24;

/// Asks for the crops of the tracks on the screen, and no more of them than it shows.
pub(crate) fn ask_for_crops(model: &mut Model) -> Vec<Effect> {
    let (size, detail) = (model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let shape = shape(size, detail);
    let strips = &mut desk.strips;
    strips.rows = shape.rows;
    strips.cursor.show(strips.order.len(), 1, shape.rows);
    let mut shown: Vec<usize> = match strips.whole {
        Some(_) => vec![strips.cursor.at],
        None => (strips.cursor.top..(strips.cursor.top + shape.rows).min(strips.order.len())).collect(),
    };
    shown.sort_by_key(|at| at.abs_diff(strips.cursor.at));
    let mut asks = Vec::new();
    for at in shown {
        let Some(track) = strips.order.get(at).copied() else { continue };
        let every = strips.every_of(track);
        let needed = match strips.whole {
            Some(top) => whole::grid(size, detail).needed(top),
            None if at == strips.cursor.at => strips.crop + shape.crops + 2,
            None => 0,
        };
        let strip = strips.crops.entry(track).or_default();
        if strip.every != every {
            *strip = Strip { every, ..Strip::default() };
        }
        let is_new = strip.total == 0 && strip.rows.is_empty();
        let wants_more = strip.next.is_some() && needed > strip.rows.len();
        if !strip.is_asked && (is_new || wants_more) {
            strip.is_asked = true;
            let limit = needed.saturating_sub(strip.rows.len()).max(PAGE);
            asks.push(Effect::Ask(Ask::Crops { track, after: strip.next, every, limit }));
        }
    }
    asks
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(step) = step_of(action) {
        return walk(model, step);
    }
    if let Some(nth) = near::nth(action) {
        return take(model, nth);
    }
    let Some(desk) = &mut model.desk else { return Vec::new() };
    match action {
        Action::Zoom => desk.is_zoomed = !desk.is_zoomed,
        Action::Whole => {
            whole::toggle(desk);
            return ask_for_crops(model);
        }
        Action::ShowPicture => return super::detections::show(model),
        Action::Play => {
            let Some(span) = desk.track().map(|t| Span::new(t.track.first.pts, t.track.last.pts + SHORTEST)) else {
                return Vec::new();
            };
            return replay::begin(model, span);
        }
        Action::Select => {
            if let Some(id) = desk.track().map(|t| t.track.id)
                && !desk.strips.selected.remove(&id)
            {
                desk.strips.selected.insert(id);
            }
        }
        Action::SelectRange => match desk.strips.anchor {
            None => desk.strips.anchor = Some(desk.strips.cursor.at),
            Some(_) => {
                let tracks = chosen(desk);
                desk.strips.selected.extend(tracks);
                desk.strips.anchor = None;
            }
        },
        Action::RangeCrops => {
            desk.strips.mark = match desk.strips.mark {
                None => desk.crop().map(|c| (c.track, c.at.frame)),
                Some(_) => None,
            };
        }
        Action::SelectNone => {
            let strips = &mut desk.strips;
            if strips.selected.is_empty() && strips.anchor.is_none() && strips.mark.is_none() {
                return back(model);
            }
            strips.select_nothing();
        }
        Action::MoreCrops | Action::FewerCrops | Action::AllCrops => {
            thin(desk, action);
            return ask_for_crops(model);
        }
        Action::Propagate => {
            let from = chosen(desk).into_iter().map(Near::Track).collect();
            return super::preview::open(model, from);
        }
        Action::Join => return join(model),
        Action::Split => {
            let at = desk.crop().map(|c| (c.track, c.at.frame));
            desk.strips.mark = None;
            return at.map_or_else(Vec::new, |(track, at)| if_writable(model, Ask::Decide(Command::Split { track, at })));
        }
        Action::Feature => return super::feature::crop(model),
        Action::Promote => {
            let from = super::promote::of_tracks(desk, chosen(desk));
            return from.map_or_else(Vec::new, |from| vec![Effect::Ask(Ask::Promote(from))]);
        }
        _ => return give(model, action),
    }
    Vec::new()
}

/// Goes back from one track over the whole pane to the strips; tells whether one was there.
pub(crate) fn leave_whole(desk: &mut Desk) -> bool {
    let was = desk.strips.whole.is_some();
    if was {
        whole::toggle(desk);
    }
    was
}

/// Moves the cursor: over tracks and their crops, or over the crops of one.
fn walk(model: &mut Model, step: Step) -> Vec<Effect> {
    let (size, detail) = (model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let strips = &mut desk.strips;
    let count = strips.strip().map_or(0, Strip::count);
    if strips.whole.is_some() {
        whole::walk(desk, step, size, detail);
        return ask_for_crops(model);
    }
    match step {
        Step::Left => strips.crop = strips.crop.min(count.saturating_sub(1)).saturating_sub(1),
        Step::Right => strips.crop = (strips.crop + 1).min(count.saturating_sub(1)),
        _ => {
            let before = strips.cursor.at;
            strips.cursor.step(step, strips.order.len(), 1, shape(size, detail).rows);
            if strips.cursor.at != before {
                (strips.crop, strips.mark) = (0, None);
            }
        }
    }
    ask_for_crops(model)
}

/// Shows more or fewer crops of each track.
fn thin(desk: &mut Desk, action: Action) {
    let every = desk.strips.every;
    desk.strips.every = match action {
        Action::MoreCrops => every.saturating_sub(1).max(1),
        Action::FewerCrops => (every + 1).min(MOST),
        _ if every == 1 => EVERY,
        _ => 1,
    };
    if desk.strips.every != every {
        if desk.strips.whole.is_some() {
            whole::toggle(desk);
        }
        desk.strips.crops.clear();
        (desk.strips.crop, desk.strips.mark) = (0, None);
    }
}

/// Decides on the range of crops, else on the tracks that are selected, else on the one under the cursor.
fn give(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    if action == Action::OneCrop {
        let given = stretch::of_one(desk).map(Given::Pictures);
        return given.map_or_else(Vec::new, |given| pick(model, Picking::Assign(given)));
    }
    let Some(given) = given(desk) else {
        if desk.strips.mark.is_some() {
            model.status = Status::Done("the crop after the range is on its way; once more, please".into());
        }
        return Vec::new();
    };
    let tracks = chosen(desk);
    match action {
        Action::Reassign => pick(model, Picking::Assign(given)),
        Action::NewPerson => {
            line::begin(model, Asking::NewPerson(given), "name of the new person", "");
            Vec::new()
        }
        Action::Discard => pick(model, Picking::DiscardTracks(given)),
        Action::Remove => match given {
            Given::Tracks(tracks) => if_writable(model, Ask::Decide(Command::Remove { tracks })),
            pictures @ Given::Pictures(_) => decide(model, pictures.to(Target::New)),
        },
        Action::Restore => if_writable(model, Ask::Decide(Command::Restore { tracks })),
        Action::Lock => {
            let all = tracks.iter().filter_map(|t| desk.snapshot.tracks.get(t)).all(|t| t.locked);
            let identities = Vec::new();
            let command = if all { Command::Unlock { tracks, identities } } else { Command::Lock { tracks, identities } };
            if_writable(model, Ask::Decide(command))
        }
        _ => Vec::new(),
    }
}

/// Gives what is chosen to a candidate.
fn take(model: &mut Model, nth: usize) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    match (near::candidate(desk, nth, near::room(model.size.0)), given(desk)) {
        (Ok(identity), Some(given)) => decide(model, given.to(Target::Identity(identity))),
        (Ok(_), None) => Vec::new(),
        (Err(why), _) => {
            model.status = Status::Done(why);
            Vec::new()
        }
    }
}

fn decide(model: &mut Model, command: Command) -> Vec<Effect> {
    if let Some(desk) = &mut model.desk {
        desk.strips.select_nothing();
    }
    if_writable(model, Ask::Decide(command))
}

fn join(model: &mut Model) -> Vec<Effect> {
    let tracks = model.desk.as_ref().map(chosen).unwrap_or_default();
    if tracks.len() < 2 {
        let hint = Some("Space selects; two or more of one shot that are never seen at once become one".into());
        model.status = Status::Failed(Told { what: "one track cannot be joined to itself".into(), hint });
        return Vec::new();
    }
    if_writable(model, Ask::Decide(Command::Join { tracks }))
}

/// Returns what a decision means: the range of crops, else the selected tracks, else the one under the cursor.
fn given(desk: &Desk) -> Option<Given> {
    if desk.strips.mark.is_some() {
        return stretch::of(desk).map(Given::Pictures);
    }
    Some(chosen(desk)).filter(|tracks| !tracks.is_empty()).map(Given::Tracks)
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

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let shape = shape(model.size, model.detail);
    let (size, detail) = (model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    if desk.strips.whole.is_some() {
        whole::click(desk, x, y, size, detail);
        return ask_for_crops(model);
    }
    if y + 4 >= model.size.1 {
        return drag(model, x, y);
    }
    let at = desk.strips.cursor.top + usize::from(y.saturating_sub(3) / (shape.picture.1 + 1));
    if at >= desk.strips.order.len() {
        return Vec::new();
    }
    if at != desk.strips.cursor.at {
        (desk.strips.cursor.at, desk.strips.crop, desk.strips.mark) = (at, 0, None);
    }
    if let (Some(along), Some(count)) = (x.checked_sub(HEAD), desk.strips.strip().map(Strip::count)) {
        let slot = usize::from(along / (shape.picture.0 + 1));
        let first = rows::first(desk, shape, count);
        if slot < shape.crops && first + slot < count {
            desk.strips.crop = first + slot;
        }
    }
    ask_for_crops(model)
}

/// Moves the cursor along the timeline, to the track that is nearest in time.
pub(crate) fn drag(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let shape = shape(model.size, model.detail);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    // A hand wanders off a line while it drags.
    if desk.strips.whole.is_some() || y.abs_diff(model.size.1.saturating_sub(4)) > 1 {
        return Vec::new();
    }
    let time = super::time_at(desk, x, model.size.0.saturating_sub(shape.side));
    let away = |id: &TrackId| {
        let track = &desk.snapshot.tracks.get(id)?.track;
        Some((track.first.pts - time).max(time - track.last.pts).max(MediaTime::ZERO))
    };
    let order = desk.strips.order.iter().enumerate();
    if let Some((at, _)) = order.filter_map(|(at, id)| Some((at, away(id)?))).min_by_key(|(_, away)| *away) {
        (desk.strips.cursor.at, desk.strips.crop, desk.strips.mark) = (at, 0, None);
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
    head(model, desk, canvas, area);
    if strips.order.is_empty() {
        return canvas.says(area, Role::Dim, "no track to show", "q goes back; / filters by name, number or badge");
    }
    let wide = area.width.saturating_sub(shape.side);
    if strips.whole.is_some() {
        let pane = Rect::new(area.x, area.y + 1, wide, area.height.saturating_sub(2));
        whole::draw(desk, canvas, pane, whole::grid(model.size, model.detail));
    } else {
        let picked = if strips.anchor.is_some() || !strips.selected.is_empty() { chosen(desk) } else { Vec::new() };
        for (row, at) in (strips.cursor.top..(strips.cursor.top + shape.rows).min(strips.order.len())).enumerate() {
            let Some(track) = strips.order.get(at).and_then(|id| desk.snapshot.tracks.get(id)) else { continue };
            let y = area.y + 1 + u16::try_from(row).unwrap_or(0) * (shape.picture.1 + 1);
            let place = Rect::new(area.x, y, wide, shape.picture.1 + 1).intersection(area);
            let is_chosen = picked.contains(&track.track.id);
            rows::draw_row(desk, track, canvas, place, shape, (at == strips.cursor.at, is_chosen));
        }
    }
    let bottom = Rect::new(area.x, area.bottom().saturating_sub(1), wide, 1);
    if let Some(track) = desk.track() {
        canvas.line(bottom, 0, rows::timeline(desk, track, canvas, wide));
    }
    if shape.side > 0 {
        let side = Rect::new(area.right() - shape.side, area.y + 1, shape.side, area.height.saturating_sub(1));
        side::draw_side(desk, canvas, side);
    }
}

/// What is shown, what a decision would mean, and who it could be.
fn head(model: &Model, desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let strips = &desk.strips;
    let left = usize::from(area.width).saturating_sub(near::room(area.width));
    let line = if let Some(mark) = strips.mark {
        let told = stretch::of(desk).map_or_else(|| format!("from picture {}", mark.1), |s| stretch::told(&s));
        vec![canvas.span(Role::Selected, text::pad(&format!(" ◆ {told}"), left))]
    } else if !strips.selected.is_empty() || strips.anchor.is_some() {
        let count = super::super::draw::counted(chosen(desk).len(), "track");
        vec![canvas.span(Role::Selected, text::pad(&format!(" ◆ {count} selected"), left))]
    } else if let (Some(_), Some(track)) = (strips.whole, desk.track()) {
        let owner = track.assignment.and_then(|a| desk.card_of(a.identity)).map_or("nobody".into(), title);
        let count = strips.strip().map_or(0, |s| s.total);
        vec![canvas.dim(text::pad(&format!(" {} · {owner} · all {count} crops", track.track.id), left))]
    } else {
        let of = strips.of.and_then(|id| desk.card_of(id)).map_or_else(|| "all tracks".to_owned(), title);
        let filter = if strips.filter.is_empty() { String::new() } else { format!(" · “{}”", strips.filter) };
        let every = ordinal(strips.every);
        vec![canvas.dim(text::pad(&format!(" {of}: {}{filter} · every {every} crop", strips.order.len()), left))]
    };
    let mut line = line;
    line.extend(near::candidates(desk, canvas, near::room(area.width), &keys(model)));
    canvas.line(area, 0, Line::from(line));
}

/// Returns what follows the candidates: whoever is none of them.
fn keys(model: &Model) -> Vec<(String, &'static str)> {
    let key = |action| model.keymap.key_of(Place::Tracks, action).unwrap_or_default();
    vec![(key(Action::Discard), "nobody"), (key(Action::NewPerson), "new person")]
}

fn ordinal(n: usize) -> String {
    match n {
        1 => "single".into(),
        2 => "2nd".into(),
        3 => "3rd".into(),
        n => format!("{n}th"),
    }
}

/// Returns the doubts of a crop as a badge that says why: `▲profile`, `▲blurred +1` where there is no room for all.
fn badge(crop: &crate::session::CropRow, cells: usize) -> String {
    let words: Vec<String> = crop.doubts.iter().map(ToString::to_string).collect();
    let all = format!("▲{}", words.join(" "));
    match words.as_slice() {
        [] => String::new(),
        [first, rest @ ..] if text::width(&all) > cells && !rest.is_empty() => fit(&format!("▲{first} +{}", rest.len()), cells),
        _ => fit(&all, cells),
    }
}
