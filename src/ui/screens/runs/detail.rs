//! What is under the cursor: its faces in both runs, and what can be done.

use super::super::super::draw::{Canvas, wrap};
use super::super::super::keymap::Action;
use super::super::super::model::{Beside, Desk, Model};
use super::super::super::pictures::Kind;
use super::super::super::text::{clock, fit};
use super::super::super::theme::Role;
use crate::domain::{CropKey, RunId, TrackId};
use crate::session::{HandChange, OpenDecision, PersonChange, RunDiff};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Lines of text, each with its role, and the faces beside or above them: of which run, which crop, and what stands below it.
#[derive(Default)]
struct Shown {
    faces: Vec<(RunId, Option<CropKey>, String)>,
    lines: Vec<(Role, String)>,
}

pub(super) fn draw(model: &Model, desk: &Desk, diff: &RunDiff, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let (runs, at) = (&desk.runs, desk.runs.cursor().at);
    let key = |action| model.keymap.key_of(model.place_below(), action).unwrap_or_default();
    let best = |track: TrackId| desk.snapshot.tracks.get(&track).and_then(|t| t.best);
    let shown = match runs.part {
        Beside::Open => runs.open().map(|open| decision(diff, open, best, &key)),
        Beside::People => diff.people.get(at).map(|p| person(diff, p)),
        Beside::Hands => diff.hands.get(at).map(|h| hand(diff, h, &key)),
        Beside::Lone => match diff.appeared.get(at) {
            Some(lone) => Some((diff.new.id, lone)),
            None => diff.vanished.get(at.saturating_sub(diff.appeared.len())).map(|lone| (diff.old.id, lone)),
        }
        .map(|(run, lone)| Shown {
            faces: vec![(run, lone.face, run.to_string())],
            lines: vec![
                (Role::Title, format!("{} of {run}, {}", lone.track, lone.who)),
                (Role::Text, format!("{} to {}", clock(lone.span.start() - diff.origin), clock(lone.span.end() - diff.origin))),
                (Role::Dim, format!("{} its picture", key(Action::ShowPicture))),
            ],
        }),
        Beside::Settings => None,
    };
    let Some(shown) = shown else {
        let mut lines = vec![(Role::Title, "all in all".to_owned())];
        lines.extend(wrap(&diff.summary(), usize::from(area.width)).into_iter().map(|l| (Role::Text, l)));
        return write(canvas, area, lines);
    };
    let is_tall = area.height >= 20;
    // A face is 4:5; a cell is twice as high as wide.
    let tall = if is_tall { (area.height / 3).clamp(6, 14) } else { area.height.saturating_sub(1).min(7) };
    let wide = (tall * 8 / 5).min(area.width / 2);
    let mut left = area.x;
    for (run, face, below) in &shown.faces {
        let place = Rect::new(left, area.y, wide, tall);
        canvas.face_of(desk, *run, *face, place, Kind::Face);
        canvas.line(Rect::new(left, area.y + tall, wide, 1), 0, Line::from(canvas.dim(fit(below, usize::from(wide)))));
        left += wide + 2;
    }
    let text = if is_tall {
        Rect::new(area.x, area.y + tall + 2, area.width, area.height.saturating_sub(tall + 2))
    } else {
        Rect::new(left, area.y, area.right().saturating_sub(left), area.height)
    };
    write(canvas, text, shown.lines);
}

fn write(canvas: &mut Canvas<'_, '_>, area: Rect, lines: Vec<(Role, String)>) {
    let wide = usize::from(area.width);
    for (row, (role, text)) in lines.into_iter().enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        canvas.line(area, row, Line::from(canvas.span(role, fit(&text, wide))));
    }
}

fn decision(
    diff: &RunDiff,
    open: &OpenDecision,
    best: impl Fn(TrackId) -> Option<CropKey>,
    key: &dyn Fn(Action) -> String,
) -> Shown {
    let mut shown = Shown::default();
    shown.faces.push((open.run, open.face, format!("{} {}", open.run, open.track.map(|t| t.to_string()).unwrap_or_default())));
    if let Some(hold) = open.holds.first() {
        shown.faces.push((diff.new.id, best(hold.track), format!("{} {}", diff.new.id, hold.track)));
    }
    let lines = &mut shown.lines;
    let by = if open.since > 0 { format!(", entry {} of the log", open.since) } else { String::new() };
    lines.push((Role::Title, open.who.clone()));
    lines.push((Role::Dim, format!("{} of {}{by}", open.decision, open.run)));
    if open.is_settled {
        lines.push((Role::Good, format!("✓ settled; {} takes it back", key(Action::Undo))));
        return shown;
    }
    lines.push((Role::Doubt, format!("▲ {}", open.why.text())));
    for (n, choice) in open.choices.iter().enumerate() {
        lines.push((Role::Text, format!("{} {}", n + 1, choice.text)));
    }
    lines.push((Role::Text, format!("{} done with it: it stays as it is here", key(Action::Settle))));
    for hold in open.holds.iter().take(6) {
        let faces = if hold.faces == 1 { "1 face".to_owned() } else { format!("{} faces", hold.faces) };
        lines.push((Role::Dim, format!("{} has {faces} of it, and is {}", hold.track, hold.who)));
    }
    shown
}

fn person(diff: &RunDiff, p: &PersonChange) -> Shown {
    let (a, b, gained) = (p.before, p.after, p.gained());
    let line = |what: &str, a: crate::domain::MediaTime, b: crate::domain::MediaTime, g: crate::domain::MediaTime| {
        format!("{what:<9} {:>8.1} → {:>8.1}  {:>+8.1} s", a.secs(), b.secs(), g.secs())
    };
    let mut lines = vec![(Role::Title, p.name.clone()), (Role::Text, line("seen", a.visual, b.visual, gained.visual))];
    if a.speaking.0 + b.speaking.0 > 0 {
        lines.push((Role::Text, line("speaks", a.speaking, b.speaking, gained.speaking)));
        lines.push((Role::Text, line("seen so", a.both, b.both, gained.both)));
    }
    lines.push((Role::Dim, format!("{:.1} s of face came from others,", p.came.secs())));
    lines.push((Role::Dim, format!("{:.1} s went to others", p.went.secs())));
    let runs = [diff.old.id, diff.new.id];
    Shown { faces: runs.into_iter().zip(p.faces).map(|(run, face)| (run, face, run.to_string())).collect(), lines }
}

fn hand(diff: &RunDiff, h: &HandChange, key: &dyn Fn(Action) -> String) -> Shown {
    let runs = [(diff.old.id, h.old, &h.from), (diff.new.id, h.new, &h.to)];
    let faces = runs.into_iter().zip(h.faces).map(|((run, track, who), face)| (run, face, format!("{run} {track} {who}")));
    Shown {
        faces: faces.collect(),
        lines: vec![
            (Role::Title, format!("{} → {}", h.from, h.to)),
            (Role::Text, format!("{} to {}", clock(h.span.start() - diff.origin), clock(h.span.end() - diff.origin))),
            (Role::Text, format!("{:.1} s of face that both runs saw", h.time.secs())),
            (Role::Dim, format!("{} its track · {} its picture", key(Action::Open), key(Action::ShowPicture))),
        ],
    }
}
