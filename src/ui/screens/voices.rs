//! The A/V tab: lanes of sound and faces around one moment, and below them every turn, who says it and why that is believed.

mod lanes;
mod side;
#[cfg(test)]
mod tests;

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::line;
use super::super::list::Step;
use super::super::model::{Asking, Desk, Item, Model, Pick, Picking, Speaks, Status, Tab, TurnRow, title};
use super::super::replay;
use super::super::text::{clock, fit, score};
use super::super::theme::Role;
use super::super::update::{Effect, back, if_writable, pick, step_of};
use super::super::worker::Ask;
use super::near;
use crate::domain::{IdentityId, LinkMethod, MediaTime, Span, SpeakerId};
use crate::session::{Command, Target, Whose};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::collections::BTreeMap;

/// Seconds that the lanes may show.
const WIDTHS: [u32; 7] = [5, 10, 20, 45, 90, 300, 1200];
/// How far the moment moves where no words are.
const NUDGE: MediaTime = MediaTime(200_000);

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(step) = step_of(action) {
        return walk(model, step);
    }
    if let Some(nth) = near::nth(action) {
        return take(model, nth);
    }
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let snapshot = desk.snapshot.clone();
    let voices = &mut desk.voices;
    match action {
        Action::Closer | Action::Wider => {
            let at = WIDTHS.iter().position(|w| *w == voices.width).unwrap_or(2);
            let to = if action == Action::Wider { at + 1 } else { at.saturating_sub(1) };
            voices.width = WIDTHS[to.min(WIDTHS.len() - 1)];
        }
        Action::Only => {
            voices.only = voices.only.next();
            voices.arrange(&snapshot);
            voices.at = None;
            model.status = Status::Done(format!("{}: {}", voices.only.title(), voices.order.len()));
        }
        Action::NextDoubt | Action::PrevDoubt => doubt(model, action == Action::NextDoubt),
        Action::RangeTime => voices.mark = voices.mark.is_none().then(|| voices.now(&snapshot)).flatten(),
        Action::Select => {
            if let Some(id) = voices.row().map(|r| r.id) {
                if !voices.selected.remove(&id) {
                    voices.selected.insert(id);
                }
                return walk(model, Step::Down);
            }
        }
        Action::SelectNone => {
            if voices.selected.is_empty() && voices.mark.is_none() {
                return back(model);
            }
            voices.select_nothing();
        }
        Action::Play => {
            let now = voices.now(&snapshot).unwrap_or_default();
            let turn = voices.row().map(|r| r.span);
            // From the moment on where it lies in the turn, else the whole.
            let rest = turn.filter(|t| t.start() < now && now < t.end()).map(|t| Span::new(now, t.end()));
            let range = voices.range(&snapshot).filter(|r| !r.is_empty());
            return range.or(rest).or(turn).map_or_else(Vec::new, |span| replay::begin(model, span));
        }
        Action::ShowPicture => {
            let Some(at) = voices.now(&snapshot) else { return Vec::new() };
            desk.film.frame = desk.snapshot.frame_at(at);
            desk.film.follow = None;
            desk.tab = Tab::Detections;
            return super::settle(model);
        }
        Action::ShowTracks => {
            let Some(id) = voices.row().and_then(|r| r.who) else { return Vec::new() };
            desk.tab = Tab::Identities;
            desk.grid.filter.clear();
            desk.grid.under = Some(id);
            desk.arrange();
        }
        _ => return decide(model, action),
    }
    Vec::new()
}

/// Decisions about the voice, the turns or the range.
fn decide(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let (voices, snapshot) = (&desk.voices, &desk.snapshot);
    let range = voices.range(snapshot).filter(|r| !r.is_empty());
    let Some(row) = voices.row() else {
        let (Action::AddTurn, Some(range)) = (action, range) else { return Vec::new() };
        return if_writable(model, Ask::Decide(Command::AddTurn { from: range.start(), to: range.end(), speaker: None }));
    };
    let (id, span, speaker, turns, now) = (row.id, row.span, row.speaker, voices.chosen(), voices.now(snapshot));
    let now = now.unwrap_or(span.start());
    let command = match action {
        Action::WhoseVoice => return pick(model, Picking::Speaker(Speaks::Voice(speaker))),
        Action::Name | Action::Open => {
            let what = range.map_or(Speaks::Turns(turns), Speaks::Range);
            return pick(model, Picking::Speaker(what));
        }
        Action::MergeVoices => return pick(model, Picking::MergeVoice(speaker)),
        Action::GiveVoice => return pick(model, Picking::GiveVoice(turns)),
        Action::Words => {
            let text = row.text.clone();
            line::begin(model, Asking::Words(id), &format!("{id} says"), &text);
            return Vec::new();
        }
        Action::OffScreen => {
            let seen = match snapshot.spoken.seen(id) {
                None => Some(false),
                Some(false) => Some(true),
                Some(true) => None,
            };
            Command::Screen { turns, seen }
        }
        Action::DropTurn => Command::DropTurns { turns },
        Action::Split => Command::SplitTurn { turn: id, at: now },
        Action::StartHere => Command::MoveTurn { turn: id, from: now, to: span.end() },
        Action::EndHere => Command::MoveTurn { turn: id, from: span.start(), to: now },
        Action::AddTurn => match range {
            Some(range) => Command::AddTurn { from: range.start(), to: range.end(), speaker: None },
            None => {
                model.status = Status::Done("v begins a range at the moment, h and l move it; then a".into());
                return Vec::new();
            }
        },
        Action::Join if turns.len() > 1 => Command::JoinTurns { turns },
        Action::Join => {
            let next = voices.rows.iter().find(|r| r.speaker == speaker && r.span.start() >= span.start() && r.id != id);
            match next.map(|r| r.id) {
                Some(next) => Command::JoinTurns { turns: vec![id, next] },
                None => {
                    model.status = Status::Done(format!("no turn of {speaker} comes after it"));
                    return Vec::new();
                }
            }
        }
        _ => return Vec::new(),
    };
    if let Some(desk) = &mut model.desk {
        desk.voices.select_nothing();
    }
    if_writable(model, Ask::Decide(command))
}

/// Gives the voice to one of its candidates.
fn take(model: &mut Model, nth: usize) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let Some(row) = desk.voices.row() else { return Vec::new() };
    let Some((id, _)) = candidates(desk, row.speaker).get(nth.saturating_sub(1)).copied() else {
        model.status = Status::Done("no face moves its mouth with this voice more than that; r picks anybody".into());
        return Vec::new();
    };
    let to = Whose::To(Target::Identity(id));
    if_writable(model, Ask::Decide(Command::Voice { speakers: vec![row.speaker], to }))
}

/// Returns whom a voice could belong to, best first, with their belief.
fn candidates(desk: &Desk, speaker: SpeakerId) -> Vec<(IdentityId, f32)> {
    let found = desk.snapshot.speech.as_ref().and_then(|s| s.fused.candidates.get(&speaker));
    found.map(|list| list.iter().map(|c| (c.identity, c.confidence)).collect()).unwrap_or_default()
}

fn walk(model: &mut Model, step: Step) -> Vec<Effect> {
    let rows = shape(model.size).rows;
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let snapshot = desk.snapshot.clone();
    let voices = &mut desk.voices;
    match step {
        Step::Left | Step::Right => {
            let Some(now) = voices.now(&snapshot) else { return Vec::new() };
            voices.at = Some(nudged(voices.row(), &snapshot, now, step == Step::Right));
        }
        step => {
            voices.shown = rows;
            voices.cursor.step(step, voices.order.len(), 1, rows);
            voices.at = None;
        }
    }
    Vec::new()
}

/// Returns the edge of a word before or after a moment, where that is in the turn; else a moment a little away.
fn nudged(row: Option<&TurnRow>, snapshot: &crate::session::Snapshot, now: MediaTime, forward: bool) -> MediaTime {
    let away = if forward { now + NUDGE } else { now - NUDGE };
    let words = row.and_then(|r| snapshot.spoken.transcript(r.id)).map(|t| t.words.as_slice()).unwrap_or_default();
    let edges = words.iter().map(|w| w.span.start()).chain(words.last().map(|w| w.span.end()));
    let edge = if forward { edges.filter(|e| *e > now).min() } else { edges.filter(|e| *e < now).max() };
    edge.filter(|_| row.is_some_and(|r| r.span.start() <= now && now <= r.span.end())).unwrap_or(away)
}

fn doubt(model: &mut Model, forward: bool) {
    let rows = shape(model.size).rows;
    let Some(desk) = &mut model.desk else { return };
    let voices = &mut desk.voices;
    let is_doubtful = |at: &usize| voices.order.get(*at).is_some_and(|i| voices.rows[*i].doubt.is_some());
    let at = voices.cursor.at;
    let found = if forward { (at + 1..voices.order.len()).find(is_doubtful) } else { (0..at).rev().find(is_doubtful) };
    match found {
        Some(to) => {
            voices.cursor.at = to;
            voices.cursor.show(voices.order.len(), 1, rows);
            voices.at = None;
        }
        None => {
            let side = if forward { "after" } else { "before" };
            model.status = Status::Done(format!("nothing doubtful {side} this turn"));
        }
    }
}

/// Asks for what the tab shows and is not there yet; everything is in the snapshot.
pub(crate) fn settle(model: &mut Model) -> Vec<Effect> {
    let rows = shape(model.size).rows;
    if let Some(desk) = &mut model.desk {
        desk.voices.shown = rows;
        desk.voices.cursor.show(desk.voices.order.len(), 1, rows);
    }
    Vec::new()
}

/// Puts those first whom a voice or a turn could belong to.
pub(crate) fn sort(desk: &Desk, what: &Speaks, items: &mut [Item]) {
    let speaker = match what {
        Speaks::Voice(speaker) => Some(*speaker),
        Speaks::Turns(_) | Speaks::Range(_) => desk.voices.row().map(|r| r.speaker),
    };
    let likely: BTreeMap<String, (usize, f32)> = speaker
        .map(|s| candidates(desk, s))
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .filter_map(|(n, (id, belief))| Some((title(desk.card_of(id)?), (n, belief))))
        .collect();
    for item in items.iter_mut() {
        if let Some((_, belief)) = likely.get(&item.text) {
            item.note = format!("mouth moves with it {}", score(f64::from(*belief)));
        }
    }
    items.sort_by_key(|i| likely.get(&i.text).map_or(usize::MAX, |l| l.0));
}

/// Asks who speaks.
pub(crate) fn asks(what: &Speaks) -> String {
    match what {
        Speaks::Voice(speaker) => format!("whose voice is {speaker}, in all its turns?"),
        Speaks::Turns(turns) if turns.len() == 1 => "who speaks in this turn?".into(),
        Speaks::Turns(turns) => format!("who speaks in these {} turns?", turns.len()),
        Speaks::Range(span) => format!("who speaks in these {}?", super::super::text::seconds(span.len())),
    }
}

/// Returns every voice, by falling time.
pub(crate) fn all(desk: &Desk) -> Vec<Item> {
    let mut voices: Vec<(SpeakerId, MediaTime)> = desk.snapshot.spoken.voices().into_iter().collect();
    voices.sort_by_key(|(id, time)| (std::cmp::Reverse(*time), *id));
    let names: BTreeMap<SpeakerId, &str> =
        desk.voices.rows.iter().filter(|r| r.who.is_some()).map(|r| (r.speaker, r.name.as_str())).collect();
    let item = |(id, time): (SpeakerId, MediaTime)| {
        let text = names.get(&id).map_or_else(|| id.to_string(), |name| format!("{id} {name}"));
        Item { text, note: clock(time), pick: Pick::Voice(id) }
    };
    voices.into_iter().map(item).collect()
}

/// Returns every other voice; those that seem to be the same person's first.
pub(crate) fn others(desk: &Desk, of: SpeakerId) -> Vec<Item> {
    let proposed: Vec<SpeakerId> = desk
        .snapshot
        .speech
        .iter()
        .flat_map(|s| &s.fused.merges)
        .filter_map(|m| if m.from == of { Some(m.into) } else { (m.into == of).then_some(m.from) })
        .collect();
    let mut items: Vec<Item> = all(desk).into_iter().filter(|i| i.pick != Pick::Voice(of)).collect();
    for item in &mut items {
        if proposed.iter().any(|p| item.pick == Pick::Voice(*p)) {
            item.note = "one mouth moves with both".into();
        }
    }
    items.sort_by_key(|i| !proposed.iter().any(|p| i.pick == Pick::Voice(*p)));
    items
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    lanes: u16,
    rows: usize,
    side: u16,
}

fn shape(size: (u16, u16)) -> Shape {
    let (width, height) = (size.0, size.1.saturating_sub(5));
    let lanes = (height / 2).clamp(8, 18);
    let side = if width >= 150 {
        52
    } else if width >= 110 {
        40
    } else {
        0
    };
    Shape { lanes, rows: usize::from(height.saturating_sub(lanes + 1)).max(1), side }
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    let Some(speech) = &desk.snapshot.speech else {
        return canvas.says(
            area,
            Role::Dim,
            "the sound was not listened to",
            "run the episode again: R in Episodes, or `screenalytics run` on its video",
        );
    };
    if speech.turns.is_empty() && desk.snapshot.levels.is_empty() {
        return canvas.says(area, Role::Dim, "the video has no sound", "only what is seen is counted");
    }
    let shape = shape(model.size);
    let wide = area.width.saturating_sub(shape.side);
    lanes::draw(desk, speech, canvas, Rect { height: shape.lanes, ..area });
    let list = Rect { y: area.y + shape.lanes, height: area.height.saturating_sub(shape.lanes), width: wide, ..area };
    draw_list(desk, canvas, list);
    if shape.side > 0 {
        let side = Rect { x: area.x + wide + 1, width: shape.side.saturating_sub(1), ..list };
        side::draw(desk, speech, canvas, side);
    }
}

fn draw_list(desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let voices = &desk.voices;
    let filter = if voices.filter.is_empty() { String::new() } else { format!(" · / {}", voices.filter) };
    let doubtful = voices.rows.iter().filter(|r| r.doubt.is_some()).count();
    let head =
        format!(" {} of {} turns · {}{filter} · {doubtful} doubtful", voices.order.len(), voices.rows.len(), voices.only.title());
    canvas.line(area, 0, Line::from(canvas.dim(fit(&head, usize::from(area.width)))));
    if voices.order.is_empty() {
        let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let hint = if voices.rows.is_empty() { "nobody speaks in this episode" } else { "f shows other turns" };
        return canvas.says(rest, Role::Dim, "no turn is listed", hint);
    }
    let origin = desk.origin();
    let name = usize::from(area.width / 5).clamp(12, 22);
    let rows = usize::from(area.height.saturating_sub(1));
    for (row, (at, turn)) in voices.order.iter().enumerate().skip(voices.cursor.top).take(rows).enumerate() {
        let Some(turn) = voices.rows.get(*turn) else { continue };
        let is_here = at == voices.cursor.at;
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let cells = cells(desk, turn, is_here, name, origin, canvas);
        canvas.line(Rect { width: area.width.saturating_sub(1), ..area }, row, Line::from(cells));
    }
}

fn cells<'t>(
    desk: &Desk,
    turn: &TurnRow,
    is_here: bool,
    name: usize,
    origin: MediaTime,
    canvas: &Canvas<'_, '_>,
) -> Vec<ratatui::text::Span<'t>> {
    let role = sureness(turn);
    let belief = turn.link.filter(|l| l.identity.is_some() && l.method != LinkMethod::User);
    let belief = belief.map_or_else(|| "   ".to_owned(), |l| score(f64::from(l.confidence * turn.voice)));
    let decided = if desk.snapshot.spoken.seen(turn.id).is_some() { "!" } else { " " };
    let place = match (turn.who, turn.on_screen) {
        (None, _) => "   ",
        (_, on) if on >= 0.95 => "on ",
        (_, on) if on <= 0.05 => "off",
        _ => "o/o",
    };
    let mark = if desk.voices.selected.contains(&turn.id) { Role::Selected } else { Role::Text };
    let mut cells = vec![
        canvas.mark(is_here),
        canvas.span(mark, mark.glyph()),
        canvas.span(
            Role::Dim,
            format!("{:>9} {:>5} ", clock(turn.span.start() - origin), super::super::text::seconds(turn.span.len())),
        ),
        canvas.span(Role::Dim, format!("{:<4}", turn.speaker.to_string())),
        canvas.span(role, format!("{} ", role.glyph())),
        canvas.span(
            if turn.who.is_some() { Role::Named } else { Role::Unnamed },
            super::super::text::pad(&fit(&turn.name, name), name),
        ),
        canvas.span(Role::Dim, format!(" {belief:>4} {place}{decided} ")),
    ];
    if let Some(doubt) = turn.doubt {
        cells.push(canvas.span(Role::Doubt, format!("▲ {doubt} ")));
    }
    if !turn.text.is_empty() {
        cells.push(canvas.span(if is_here { Role::Title } else { Role::Text }, format!("“{}”", turn.text)));
    }
    cells
}

/// Returns how sure it is who speaks.
fn sureness(turn: &TurnRow) -> Role {
    match turn.link {
        Some(l) if l.method == LinkMethod::User => Role::Confirmed,
        Some(l) if l.identity.is_some() => Role::Proposed,
        _ => Role::Doubt,
    }
}
