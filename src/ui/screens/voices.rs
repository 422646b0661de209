//! The A/V tab: lanes of sound and faces around one moment, and below them every turn, who says it and why that is believed.

mod choices;
mod lanes;
mod list;
mod side;
#[cfg(test)]
mod tests;

use super::super::draw::Canvas;
use super::super::keymap::{Action, Place};
use super::super::line;
use super::super::list::Step;
use super::super::model::{Asking, Desk, Model, Picking, Speaks, Status, Tab, TurnRow};
use super::super::replay;
use super::super::text::clock;
use super::super::theme::Role;
use super::super::update::{Effect, back, if_writable, pick, step_of};
use super::super::worker::Ask;
use super::near;
use crate::domain::{IdentityId, MediaTime, Span, SpeakerId};
use crate::session::{Command, Target, Whose};
use ratatui::layout::Rect;

pub(crate) use choices::{asks, asks_voice, others, sort, voices_for};

/// Seconds that the lanes may show.
const WIDTHS: [u32; 7] = [5, 10, 20, 45, 90, 300, 1200];
/// Candidates that there are keys for.
const CANDIDATES: usize = 3;
/// How far the moment moves where no words are.
const NUDGE: MediaTime = MediaTime(200_000);

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(step) = step_of(action) {
        return walk(model, step);
    }
    if let Some(nth) = near::nth(action) {
        return take(model, nth);
    }
    if let Some(told) = unheard(model).filter(|_| action != Action::SelectNone) {
        return say(model, &told);
    }
    let keys = [Action::Left, Action::Right].map(|action| key(model, action)).join(" ");
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let snapshot = desk.snapshot.clone();
    let voices = &mut desk.voices;
    match action {
        Action::Closer | Action::Wider => {
            let at = WIDTHS.iter().position(|w| *w == voices.width).unwrap_or(2);
            let to = if action == Action::Wider { at + 1 } else { at.saturating_sub(1) }.min(WIDTHS.len() - 1);
            let is_all = i64::from(voices.width) * 1_000_000 >= snapshot.time.duration.0;
            if action == Action::Wider && (is_all || to == at) {
                model.status = Status::Done("wider it does not get".into());
            } else if to == at {
                model.status = Status::Done("closer it does not get".into());
            } else {
                voices.width = WIDTHS[to];
            }
        }
        Action::Only => {
            voices.only = voices.only.next();
            voices.arrange(&snapshot);
            model.status = Status::Done(format!("{}: {}", voices.only.title(), voices.order.len()));
        }
        Action::NextDoubt | Action::PrevDoubt => doubt(model, action == Action::NextDoubt),
        Action::RangeTime => {
            let now = voices.now(&snapshot).filter(|_| voices.mark.is_none());
            voices.mark = now;
            model.status = Status::Done(match now {
                Some(at) => format!("a range from {} on; {keys} move its end", clock(at - desk.origin())),
                None => "no range".into(),
            });
        }
        Action::Select => {
            let Some(id) = voices.row().map(|r| r.id) else { return say_empty(model) };
            if !voices.selected.remove(&id) {
                voices.selected.insert(id);
            }
            return walk(model, Step::Down);
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
            return match range.or(rest).or(turn) {
                Some(span) => replay::begin(model, span),
                None => say_empty(model),
            };
        }
        Action::ShowPicture => {
            let Some(at) = voices.now(&snapshot) else { return Vec::new() };
            desk.film.frame = desk.snapshot.frame_at(at);
            desk.film.follow = None;
            desk.tab = Tab::Detections;
            return super::settle(model);
        }
        Action::ShowTracks => {
            let Some(id) = voices.row().and_then(|r| r.who) else {
                let told = format!("whose voice it is is not known; {} says whose", key(model, Action::WhoseVoice));
                return say(model, &told);
            };
            desk.tab = Tab::Identities;
            desk.grid.filter.clear();
            desk.grid.under = Some(id);
            desk.arrange();
            return super::settle(model);
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
    if voices.mark.is_some() && !matches!(action, Action::Name | Action::Open | Action::AddTurn) {
        return say_range(model);
    }
    if voices.mark.is_some() && range.is_none() {
        let (left, right) = (key(model, Action::Left), key(model, Action::Right));
        return say(model, &format!("the range has no length yet: {left} and {right} move its end"));
    }
    let Some(row) = voices.row() else {
        return match (action, range) {
            (Action::AddTurn, Some(range)) => add(model, range),
            _ => say_empty(model),
        };
    };
    let (id, span, speaker, turns, now) = (row.id, row.span, row.speaker, voices.chosen(), voices.now(snapshot));
    let now = now.unwrap_or(span.start());
    let command = match action {
        Action::WhoseVoice => return pick(model, Picking::Speaker(Speaks::Voice(speaker))),
        Action::Name | Action::Open => {
            let what = range.map_or(Speaks::Turns(turns), Speaks::Range);
            return pick(model, Picking::Speaker(what));
        }
        Action::AgreeVoices => {
            let sure = desk.snapshot.speech.as_ref().map(|s| s.sure.clone()).unwrap_or_default();
            if sure.is_empty() {
                return say(model, "no voice is surely that of somebody named, except where it is decided");
            }
            Command::AgreeVoices { voices: sure }
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
            Some(range) => return add(model, range),
            None => {
                let [v, h, l, a] = [Action::RangeTime, Action::Left, Action::Right, Action::AddTurn].map(|a| key(model, a));
                return say(model, &format!("{v} begins a range at the moment, {h} and {l} move its end; then {a}"));
            }
        },
        Action::Join if turns.len() > 1 => Command::JoinTurns { turns },
        Action::Join => {
            let next = voices.rows.iter().find(|r| r.speaker == speaker && r.span.start() >= span.start() && r.id != id);
            match next.map(|r| r.id) {
                Some(next) => Command::JoinTurns { turns: vec![id, next] },
                None => return say(model, &format!("no turn of {speaker} comes after it")),
            }
        }
        _ => return Vec::new(),
    };
    if_writable(model, Ask::Decide(command))
}

/// Returns the key of an action.
fn key(model: &Model, action: Action) -> String {
    model.keymap.key_of(Place::Voices, action).unwrap_or_else(|| ":".into())
}

/// Says why a key does nothing.
fn say(model: &mut Model, what: &str) -> Vec<Effect> {
    model.status = Status::Done(what.to_owned());
    Vec::new()
}

/// Says that a key would decide about more than the range.
fn say_range(model: &mut Model) -> Vec<Effect> {
    let [w, a, p, esc] = [Action::Name, Action::AddTurn, Action::Play, Action::SelectNone].map(|a| key(model, a));
    say(model, &format!("{w} says who speaks in the range, {a} adds a turn, {p} plays it; {esc} ends it"))
}

fn say_empty(model: &mut Model) -> Vec<Effect> {
    let told = model.desk.as_ref().map(|desk| empty(model, desk).join("; ")).unwrap_or_default();
    say(model, &told)
}

/// Says why no turn is listed, and what helps.
fn empty(model: &Model, desk: &Desk) -> [String; 2] {
    let key = |action| key(model, action);
    if desk.voices.rows.is_empty() {
        let told =
            format!("where somebody does, {} begins a range and {} adds a turn", key(Action::RangeTime), key(Action::AddTurn));
        return ["nobody is heard speaking".into(), told];
    }
    ["no turn is listed".into(), format!("{} and {} list others", key(Action::Only), key(Action::Filter))]
}

/// Says why there is nothing to hear.
fn unheard(model: &Model) -> Option<String> {
    let desk = model.desk.as_ref()?;
    silent(desk).map(|(what, hint)| format!("{what}; {hint}"))
}

/// Says why the tab shows nothing, and what helps.
fn silent(desk: &Desk) -> Option<(&'static str, &'static str)> {
    match &desk.snapshot.speech {
        None => {
            Some(("the sound was not listened to", "run the episode again: r in Episodes, or `screenalytics run` on its video"))
        }
        Some(speech) if speech.turns.is_empty() && desk.snapshot.levels.is_empty() => {
            Some(("the video has no sound", "only what is seen is counted"))
        }
        Some(_) => None,
    }
}

fn add(model: &mut Model, range: Span) -> Vec<Effect> {
    if_writable(model, Ask::Decide(Command::AddTurn { from: range.start(), to: range.end(), speaker: None }))
}

/// Gives the voice to one of its candidates that are shown.
fn take(model: &mut Model, nth: usize) -> Vec<Effect> {
    if let Some(told) = unheard(model) {
        return say(model, &told);
    }
    let Some(desk) = &model.desk else { return Vec::new() };
    if desk.voices.mark.is_some() {
        return say_range(model);
    }
    let Some(row) = desk.voices.row() else { return say_empty(model) };
    let shown = list::offered(model);
    let Some((id, _)) = candidates(desk, row.speaker).into_iter().take(shown).nth(nth.saturating_sub(1)) else {
        return say(model, &format!("there is no candidate {nth}; {} says whose voice it is", key(model, Action::WhoseVoice)));
    };
    let to = Whose::To(Target::Identity(id));
    if_writable(model, Ask::Decide(Command::Voice { speakers: vec![row.speaker], to }))
}

/// Returns whom a voice could belong to, with their belief: by their mouths, best first, then by its sound.
fn candidates(desk: &Desk, speaker: SpeakerId) -> Vec<(IdentityId, f32)> {
    let found = desk.snapshot.speech.as_ref().and_then(|s| s.fused.candidates.get(&speaker));
    let mut found: Vec<_> = found.map(|list| list.iter().map(|c| (c.identity, c.confidence)).collect()).unwrap_or_default();
    found.extend(by_sound(desk, speaker).filter(|(id, _)| found.iter().all(|(known, _)| known != id)));
    found
}

/// Returns whom a voice belongs to by its sound alone, and the belief in it, where nobody decided that.
fn by_sound(desk: &Desk, speaker: SpeakerId) -> Option<(IdentityId, f32)> {
    let link = desk.snapshot.spoken.links.get(&speaker).filter(|link| !link.is_decided())?;
    Some((link.identity?, link.score))
}

/// Returns the voices that seem to be the same person's.
fn same_voices(desk: &Desk, speaker: SpeakerId) -> impl Iterator<Item = SpeakerId> {
    let merges = desk.snapshot.speech.iter().flat_map(|s| &s.fused.merges);
    merges.filter_map(move |m| if m.from == speaker { Some(m.into) } else { (m.into == speaker).then_some(m.from) })
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

#[derive(Debug, Clone, Copy)]
struct Shape {
    lanes: u16,
    /// Lines above the turns: how many there are, and whose the voice could be where nothing is beside them.
    head: u16,
    rows: usize,
    side: u16,
}

fn shape(size: (u16, u16)) -> Shape {
    let (width, height) = (size.0, size.1.saturating_sub(5));
    let lanes = (height / 2).clamp(6, 18);
    let side = match width {
        150.. => 52,
        110.. => 40,
        _ => 0,
    };
    let head = if side > 0 { 1 } else { 2 };
    Shape { lanes, head, rows: usize::from(height.saturating_sub(lanes + head)).max(1), side }
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    if let Some((what, hint)) = silent(desk) {
        return canvas.says(area, Role::Dim, what, hint);
    }
    let Some(speech) = &desk.snapshot.speech else { return };
    let shape = shape(model.size);
    let wide = area.width.saturating_sub(shape.side);
    lanes::draw(desk, speech, canvas, Rect { height: shape.lanes, ..area });
    let list = Rect { y: area.y + shape.lanes, height: area.height.saturating_sub(shape.lanes), width: wide, ..area };
    list::draw(model, desk, shape, canvas, list);
    if shape.side > 0 {
        let side = Rect { x: area.x + wide + 1, width: shape.side.saturating_sub(1), ..list };
        side::draw(model, desk, speech, canvas, side);
    }
}
