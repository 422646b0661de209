//! Two runs of the episode beside each other: decisions that found no place, people who gained and lost, tracks that changed hands.

mod detail;
mod rows;

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::model::{Beside, Desk, Model, Status, Tab};
use super::super::text::fit;
use super::super::theme::Role;
use super::super::update::{Effect, if_writable, step_of};
use super::super::worker::Ask;
use super::near::nth;
use crate::domain::{MediaTime, TrackId};
use crate::session::{Command, Earlier, OpenDecision};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// From this width on what is under the cursor is shown beside the list, else below it.
const WIDE: u16 = 110;
/// Lines of it below the list.
const BELOW: u16 = 9;
/// The line with both runs, the line of the parts, and the head of the list.
const HEAD: u16 = 3;

/// Divides the pane into the list and what is shown of the line under the cursor.
fn areas(area: Rect) -> (Rect, Rect) {
    let body = Rect::new(area.x, area.y + HEAD, area.width, area.height.saturating_sub(HEAD));
    if area.width >= WIDE {
        let side = (area.width * 2 / 5).clamp(44, 80);
        let list = Rect::new(body.x, body.y, body.width - side, body.height);
        return (list, Rect::new(list.right() + 2, body.y, side - 2, body.height));
    }
    let below = BELOW.min(body.height / 2);
    let list = Rect::new(body.x, body.y, body.width, body.height - below);
    (list, Rect::new(body.x + 1, list.bottom() + 1, body.width.saturating_sub(2), below.saturating_sub(1)))
}

fn list_rows(model: &Model) -> usize {
    let area = Rect::new(0, 2, model.size.0, model.size.1.saturating_sub(5));
    usize::from(areas(area).0.height).max(1)
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = list_rows(model);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let runs = &mut desk.runs;
    if let Some(step) = step_of(action) {
        let count = runs.count(runs.part);
        runs.cursor_mut().step(step, count, 1, rows);
        return Vec::new();
    }
    if let Some(nth) = nth(action) {
        return choose(model, nth);
    }
    match action {
        Action::NextPart => runs.part = runs.part.next(),
        Action::PrevPart => runs.part = runs.part.before(),
        Action::OtherRun => {
            let at = runs.others.iter().position(|r| Some(*r) == runs.with).map_or(0, |at| at + 1);
            let Some(next) = runs.others.get(at % runs.others.len().max(1)) else {
                return say(model, "there is no other run to compare with");
            };
            runs.with = Some(*next);
            return settle(model);
        }
        Action::Settle => {
            let open: Vec<Earlier> = runs.open().filter(|o| !o.is_settled).map(OpenDecision::earlier).into_iter().collect();
            return done_with(model, open);
        }
        Action::SettleAll => {
            let all = runs.carried.iter().flat_map(|c| &c.open).filter(|o| !o.is_settled);
            let open: Vec<Earlier> = all.map(OpenDecision::earlier).collect();
            return done_with(model, open);
        }
        Action::Open | Action::ShowTracks => return show_track(model),
        Action::ShowPicture => return show_picture(model),
        _ => {}
    }
    Vec::new()
}

fn say(model: &mut Model, what: &str) -> Vec<Effect> {
    model.status = Status::Done(what.to_owned());
    Vec::new()
}

fn done_with(model: &mut Model, open: Vec<Earlier>) -> Vec<Effect> {
    if open.is_empty() {
        return say(model, "no decision is open there");
    }
    if_writable(model, Ask::Decide(Command::Settle { open }))
}

/// Decides what a digit stands for.
fn choose(model: &mut Model, nth: usize) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let Some(open) = desk.runs.open() else { return say(model, "digits decide on what is listed as open") };
    if open.is_settled {
        return say(model, "it is settled; undo takes that back");
    }
    match open.choices.get(nth - 1) {
        Some(choice) => {
            let command = choice.command.clone();
            if_writable(model, Ask::Decide(command))
        }
        None => say(model, "there is no such choice; x is done with it"),
    }
}

/// Returns the track of this run under the cursor, and a moment of it.
fn under(desk: &Desk) -> (Option<TrackId>, Option<MediaTime>) {
    let (runs, at) = (&desk.runs, desk.runs.cursor().at);
    let Some(diff) = &runs.diff else { return (None, None) };
    match runs.part {
        Beside::Open => match runs.open() {
            Some(open) => {
                let hold = open.holds.first();
                (hold.map(|h| h.track), hold.map(|h| h.from.pts).or(open.span.map(|s| s.0.pts)))
            }
            None => (None, None),
        },
        Beside::People => {
            let id = diff.people.get(at).and_then(|p| match &p.who {
                crate::session::Who::Unnamed { new, .. } => *new,
                _ => desk.snapshot.identities.iter().find(|c| c.identity.name.as_deref() == Some(&p.name)).map(|c| c.identity.id),
            });
            let card = id.and_then(|id| desk.card_of(id));
            (card.and_then(|c| c.tracks.first().copied()), card.map(|c| c.first))
        }
        Beside::Hands => diff.hands.get(at).map_or((None, None), |h| (Some(h.new), Some(h.span.start()))),
        Beside::Lone => match diff.appeared.get(at) {
            Some(lone) => (Some(lone.track), Some(lone.span.start())),
            None => (None, diff.vanished.get(at.saturating_sub(diff.appeared.len())).map(|t| t.span.start())),
        },
        Beside::Settings => {
            let shot = at.checked_sub(diff.settings.len()).and_then(|at| diff.shots.get(at));
            (None, shot.map(|s| s.at))
        }
    }
}

fn show_track(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let (track, at) = under(desk);
    let Some(track) = track else {
        return if at.is_some() { show_picture(model) } else { say(model, "no track of this run is under the cursor") };
    };
    desk.strips.of = None;
    desk.strips.filter.clear();
    desk.tab = Tab::Tracks;
    desk.arrange();
    if let Some(at) = desk.strips.order.iter().position(|t| *t == track) {
        desk.strips.cursor.at = at;
        desk.strips.cursor.show(desk.strips.order.len(), 1, desk.strips.rows);
    }
    super::settle(model)
}

fn show_picture(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let Some(at) = under(desk).1 else { return say(model, "nothing under the cursor has a picture") };
    desk.film.frame = desk.snapshot.frame_at(at);
    desk.film.follow = None;
    desk.tab = Tab::Detections;
    super::settle(model)
}

/// Keeps the cursors on the screen when a list is another.
pub(crate) fn arrange(model: &mut Model) {
    let rows = list_rows(model);
    let Some(desk) = &mut model.desk else { return };
    let count = desk.runs.count(desk.runs.part);
    desk.runs.cursor_mut().show(count, 1, rows);
}

/// Asks for what is to be compared, once for each state of the episode.
pub(crate) fn settle(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let wanted = Some((desk.snapshot.seq, desk.runs.with));
    if desk.runs.asked == wanted {
        return Vec::new();
    }
    desk.runs.asked = wanted;
    desk.runs.fault = None;
    vec![Effect::Ask(Ask::Compare(desk.runs.with))]
}

pub(crate) fn click(model: &mut Model, y: u16) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let top = 2 + HEAD;
    let at = desk.runs.cursor().top + usize::from(y.saturating_sub(top));
    if y < top || at >= desk.runs.count(desk.runs.part) {
        return Vec::new();
    }
    if desk.runs.cursor().at == at {
        return act(model, Action::Open);
    }
    desk.runs.cursor_mut().at = at;
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    let runs = &desk.runs;
    if let Some(fault) = &runs.fault {
        return canvas.says(area, Role::Error, &fault.what, fault.hint.as_deref().unwrap_or_default());
    }
    let Some(diff) = &runs.diff else {
        if !runs.others.is_empty() || runs.carried.is_none() || runs.asked.is_none() {
            return canvas.says(area, Role::Dim, "comparing two runs …", "");
        }
        let hint = "r on the list of episodes measures it once more; what was decided is carried over";
        return canvas.says(area, Role::Dim, "there is no other run to compare with", hint);
    };
    let wide = usize::from(area.width);
    let models: Vec<String> = diff.settings.iter().map(|s| format!("{} {} → {}", s.key, s.before, s.after)).collect();
    let with = if runs.others.len() > 1 { format!(" (of {})", runs.others.len() + 1) } else { String::new() };
    let head = format!(" {} → {}{with}", diff.old.id, diff.new.id);
    let rest = fit(&models.join(" · "), wide.saturating_sub(head.chars().count() + 3));
    canvas.line(area, 0, Line::from(vec![canvas.span(Role::Title, head), canvas.dim(format!("  {rest}"))]));
    parts(desk, canvas, area);
    let (list, detail) = areas(area);
    rows::draw(desk, diff, canvas, Rect::new(list.x, list.y - 1, list.width, list.height + 1));
    if area.width >= WIDE {
        for row in 0..list.height {
            canvas.line(Rect::new(list.right(), list.y, 1, list.height), row, Line::from(canvas.span(Role::Rule, "│")));
        }
    } else {
        let rule = "─".repeat(wide);
        canvas.line(Rect::new(area.x, list.bottom(), area.width, 1), 0, Line::from(canvas.span(Role::Rule, rule)));
    }
    detail::draw(model, desk, diff, canvas, detail);
}

/// Writes which parts there are, how much is in each, and which one is shown.
fn parts(desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let (runs, narrow) = (&desk.runs, area.width < 96);
    let mut spans: Vec<Span<'_>> = Vec::new();
    for part in Beside::ALL {
        let word = match (part, narrow) {
            (Beside::Open, _) => "open",
            (Beside::People, _) => "people",
            (Beside::Hands, true) => "hands",
            (Beside::Hands, false) => "changed hands",
            (Beside::Lone, true) => "new, gone",
            (Beside::Lone, false) => "new and gone tracks",
            (Beside::Settings, true) => "settings",
            (Beside::Settings, false) => "settings and shots",
        };
        let count = if part == Beside::Open { runs.waiting() } else { runs.count(part) };
        let role = match part {
            _ if part == runs.part => Role::Accent,
            Beside::Open if count > 0 => Role::Doubt,
            _ => Role::Dim,
        };
        let mark = if part == Beside::Open && count > 0 { "▲ " } else { "" };
        spans.push(canvas.span(role, format!(" {mark}{word} {count}  ")));
    }
    canvas.line(area, 1, Line::from(spans));
}
