//! One entry of the log, change by change.

use super::super::draw::{Canvas, counted, wrap};
use super::super::model::{Desk, LogDetail, Model, title};
use super::super::text::{clock, fit, score};
use super::super::theme::Role;
use super::log::{sign, who};
use super::log_people;
use crate::domain::{
    Assignment, Change, Edit, Identity, IdentityId, LogEntry, Method, OperationKind, PersonId, Source, TrackParts, Transcript,
    TurnState, VoiceLink,
};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::collections::BTreeSet;

pub(crate) fn draw(model: &Model, undone: &BTreeSet<u64>, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let log = &model.log;
    let Some(entry) = log.entry() else { return };
    let wide = usize::from(area.width).saturating_sub(1);
    let (glyph, role) = sign(entry, undone.contains(&entry.seq));
    let when = entry.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut row = 0;
    let head = vec![
        canvas.span(role, format!("{glyph} ")),
        canvas.span(Role::Title, format!("#{} {}", entry.seq, entry.kind.name())),
        canvas.dim(fit(&format!("  {when}  {}", who(entry)), wide.saturating_sub(16))),
    ];
    canvas.line(area, row, Line::from(head));
    for line in wrap(&entry.summary, wide.saturating_sub(2)).into_iter().take(3) {
        row += 1;
        canvas.line(area, row, Line::from(canvas.span(Role::Text, format!("  {line}"))));
    }
    if let Some(what) = back(entry, log.entries.as_deref().unwrap_or_default()) {
        row += 1;
        canvas.line(area, row, Line::from(canvas.dim(fit(&format!("  {what}"), wide))));
    }
    row += 2;
    let Some(detail) = log.detail.as_ref().filter(|d| d.seq() == entry.seq) else {
        return canvas.line(area, row, Line::from(canvas.dim("  …")));
    };
    let shown = usize::from(area.height.saturating_sub(row + 1));
    let count = detail.count();
    let top = log.top.min(count.saturating_sub(shown));
    let from = if top > 0 { format!(", from number {} on", top + 1) } else { String::new() };
    canvas.line(area, row, Line::from(canvas.dim(format!("  {}{from}", counted(count, "change")))));
    let changes: Vec<(Role, String)> = match detail {
        LogDetail::Episode(operation) => {
            operation.changes.iter().skip(top).take(shown).map(|c| told(model.desk.as_ref(), c)).collect()
        }
        LogDetail::People(operation) => {
            operation.changes.iter().skip(top).take(shown).map(|c| log_people::told(model, c)).collect()
        }
    };
    for (role, text) in changes {
        for (n, part) in wrap(&text, wide.saturating_sub(4)).into_iter().enumerate() {
            row += 1;
            let indent = if n == 0 { "  " } else { "    " };
            canvas.line(area, row, Line::from(canvas.span(role, format!("{indent}{part}"))));
        }
    }
}

/// Says what it takes back, or what took it back.
fn back(entry: &LogEntry, log: &[LogEntry]) -> Option<String> {
    match entry.kind {
        OperationKind::Undo { of } => return Some(format!("takes back #{of}")),
        OperationKind::Redo { of } => return Some(format!("does #{of} again")),
        _ => {}
    }
    let last = log
        .iter()
        .rev()
        .find(|e| matches!(e.kind, OperationKind::Undo { of } | OperationKind::Redo { of } if of == entry.seq))?;
    Some(match last.kind {
        OperationKind::Redo { .. } => format!("taken back, and done again by #{}", last.seq),
        _ => format!("taken back by #{}: {}", last.seq, who(last)),
    })
}

/// Says what a change makes of what.
fn told(desk: Option<&Desk>, change: &Change) -> (Role, String) {
    match change {
        Change::Assign { track, edit, .. } => {
            let role = edit.to.map_or(Role::Rejected, |a| Role::from(a.source));
            (role, format!("{track} {} → {}", assigned(desk, edit.from.as_ref()), assigned(desk, edit.to.as_ref())))
        }
        Change::Identity { id, edit, .. } => (Role::Text, format!("{id} {}", identity(edit))),
        Change::Track { track, edit, .. } => {
            (Role::Text, format!("{track} pictures {} → {}", pictures(edit.from.as_ref()), pictures(edit.to.as_ref())))
        }
        Change::Mark { track, edit, .. } => {
            let mark =
                |m: Option<crate::domain::Mark>| m.map_or_else(|| "counts".to_owned(), |m| format!("discarded, {}", m.discarded));
            (Role::Text, format!("{track} {} → {}", mark(edit.from), mark(edit.to)))
        }
        Change::Never { track, person, edit, .. } => {
            let said = if edit.to.is_some() { "is not" } else { "may be" };
            (Role::Text, format!("{track} {said} {}", person_called(desk, *person)))
        }
        Change::Voice { speaker, edit, .. } => {
            (Role::Text, format!("voice {speaker} {} → {}", voice(desk, edit.from.as_ref()), voice(desk, edit.to.as_ref())))
        }
        Change::Said { turn, edit, .. } => {
            (Role::Text, format!("turn {turn} {} → {}", voice(desk, edit.from.as_ref()), voice(desk, edit.to.as_ref())))
        }
        Change::Turn { turn, edit, .. } => {
            (Role::Text, format!("turn {turn} {} → {}", turn_state(edit.from.as_ref()), turn_state(edit.to.as_ref())))
        }
        Change::Thresholds { edit, .. } => {
            let told = |t: Option<crate::domain::Thresholds>| t.map_or_else(|| "as the settings say".into(), |t| t.to_string());
            (Role::Text, format!("grouped at {} → {}", told(edit.from), told(edit.to)))
        }
        Change::Settle { run, decision, edit } => {
            let word = |s: Option<crate::domain::Settled>| if s.is_some() { "settled" } else { "open" };
            (Role::Text, format!("{decision} of {run} {} → {}", word(edit.from), word(edit.to)))
        }
        Change::Words { turn, edit, .. } => {
            (Role::Text, format!("turn {turn} {} → {}", words(edit.from.as_ref()), words(edit.to.as_ref())))
        }
    }
}

fn assigned(desk: Option<&Desk>, a: Option<&Assignment>) -> String {
    let Some(a) = a else { return "nobody".into() };
    let lock = if a.locked { " ■" } else { "" };
    let how = match (a.source, a.method) {
        (Source::Confirmed, Method::User) => "confirmed by hand".to_owned(),
        (source, method) => {
            let threshold = if a.threshold > 0.0 { format!(" of {}", score(f64::from(a.threshold))) } else { String::new() };
            format!("{} by {} {}{threshold}", source_word(source), method_word(method), score(f64::from(a.score)))
        }
    };
    format!("{} ({how}){lock}", called(desk, a.identity))
}

fn voice(desk: Option<&Desk>, link: Option<&VoiceLink>) -> String {
    match link {
        None => "as the evidence says".into(),
        Some(VoiceLink { identity: None, .. }) => "nobody known".into(),
        Some(VoiceLink { identity: Some(id), source: Source::Confirmed, method: Method::User, .. }) => {
            format!("{} (confirmed by hand)", called(desk, *id))
        }
        Some(VoiceLink { identity: Some(id), source, method, score: belief }) => {
            let (how, by) = (source_word(*source), method_word(*method));
            format!("{} ({how} by {by} {})", called(desk, *id), score(f64::from(*belief)))
        }
    }
}

fn turn_state(state: Option<&TurnState>) -> String {
    match state {
        None => "as heard".into(),
        Some(state) if state.span.is_empty() => "gone".into(),
        Some(state) => {
            let seen = match state.seen {
                None => "",
                Some(true) => ", in the picture",
                Some(false) => ", off screen",
            };
            format!("{} to {} of {}{seen}", clock(state.span.start()), clock(state.span.end()), state.speaker)
        }
    }
}

fn words(transcript: Option<&Transcript>) -> String {
    let Some(transcript) = transcript else { return "as heard".into() };
    let text: Vec<&str> = transcript.words.iter().map(|w| w.text.as_str()).collect();
    format!("“{}”", text.join(" "))
}

fn called(desk: Option<&Desk>, id: IdentityId) -> String {
    let name = desk.and_then(|d| d.card_of(id)).filter(|c| c.identity.name.is_some()).map(|c| format!(" {}", title(c)));
    format!("{id}{}", name.unwrap_or_default())
}

fn person_called(desk: Option<&Desk>, person: PersonId) -> String {
    let card = desk.and_then(|d| d.snapshot.identities.iter().find(|c| c.identity.person == Some(person)));
    card.and_then(|c| c.identity.name.clone()).unwrap_or_else(|| person.to_string())
}

fn source_word(source: Source) -> &'static str {
    match source {
        Source::Proposed => "proposed",
        Source::Propagated => "propagated",
        Source::Carried => "carried",
        Source::Confirmed => "confirmed",
    }
}

fn method_word(method: Method) -> &'static str {
    match method {
        Method::Cluster => "clustering",
        Method::Facebank => "known faces",
        Method::Overlap => "overlap",
        Method::Likeness => "likeness",
        Method::Voice => "voice",
        Method::Import => "import",
        Method::User => "hand",
    }
}

fn identity(edit: &Edit<Identity>) -> String {
    let name = |i: &Identity| i.name.clone().or_else(|| i.label.clone()).unwrap_or_else(|| "unnamed".into());
    match (&edit.from, &edit.to) {
        (None, Some(to)) => format!("new: {}", name(to)),
        (Some(from), None) => format!("{} is gone", name(from)),
        (Some(from), Some(to)) => {
            let mut parts = Vec::new();
            if name(from) != name(to) {
                parts.push(format!("{} → {}", name(from), name(to)));
            }
            if from.source != to.source {
                parts.push(format!("{} → {}", source_word(from.source), source_word(to.source)));
            }
            if from.locked != to.locked {
                parts.push(if to.locked { "locked ■".into() } else { "unlocked".into() });
            }
            if from.person != to.person {
                let person = |p: Option<crate::domain::PersonId>| p.map_or_else(|| "nobody".to_owned(), |p| p.to_string());
                parts.push(format!("person {} → {}", person(from.person), person(to.person)));
            }
            parts.join("  ")
        }
        (None, None) => String::new(),
    }
}

fn pictures(parts: Option<&TrackParts>) -> String {
    let Some(parts) = parts else { return "as measured".into() };
    if parts.0.is_empty() {
        return "none".into();
    }
    parts.0.iter().map(|p| format!("{} to {} of {}", p.from, p.to.saturating_sub(1), p.tracklet)).collect::<Vec<_>>().join(", ")
}
