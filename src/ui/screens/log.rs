//! Who decided what, and when; an entry can be taken back alone.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::model::Model;
use super::super::text::fit;
use super::super::theme::Role;
use super::super::update::{Effect, if_writable, step_of};
use super::super::worker::Ask;
use crate::domain::{Author, LogEntry, OperationKind};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::collections::BTreeSet;

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = super::rows(model);
    let count = model.log.shown().len();
    if let Some(step) = step_of(action) {
        model.log.cursor.step(step, count, 1, rows);
        return Vec::new();
    }
    match action {
        Action::UndoThis => {
            let Some(of) = model.log.shown().get(model.log.cursor.at).map(|o| o.seq) else { return Vec::new() };
            if_writable(model, Ask::Undo(Some(of)))
        }
        Action::Refresh => vec![Effect::Ask(Ask::Log)],
        _ => Vec::new(),
    }
}

/// Returns who decided, in a word or two.
pub(crate) fn who(entry: &LogEntry) -> String {
    match &entry.author {
        Author::User { name, host, client } => {
            let at = host.as_deref().map(|h| format!("@{h}")).unwrap_or_default();
            let from = client.as_deref().map(|c| format!(" from {c}")).unwrap_or_default();
            format!("{name}{at}{from}")
        }
        Author::Pipeline { run } => format!("run {run}"),
    }
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(entries) = &model.log.entries else { return canvas.says(area, Role::Dim, "reading the log …", "") };
    let undone: BTreeSet<u64> = undone(entries);
    let shown = model.log.shown();
    if shown.is_empty() {
        return canvas.says(area, Role::Dim, "no entry fits", "Esc in the filter (/) takes it away");
    }
    let wide = usize::from(area.width);
    let author = if wide >= 100 { 28 } else { 14 };
    canvas.line(area, 0, Line::from(canvas.dim(format!("      #  when{:15}  {:<author$}  what", "", "who"))));
    let rows = usize::from(area.height).saturating_sub(1);
    for (row, (at, entry)) in shown.iter().enumerate().skip(model.log.cursor.top).take(rows).enumerate() {
        let is_here = at == model.log.cursor.at;
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let (glyph, role) = match (&entry.kind, undone.contains(&entry.seq)) {
            (_, true) => ("✕", Role::Dim),
            (OperationKind::Undo { .. }, _) => ("↶", Role::Dim),
            (OperationKind::Redo { .. }, _) => ("↷", Role::Text),
            (OperationKind::Group | OperationKind::Carry | OperationKind::Import, _) => ("○", Role::Proposed),
            _ => ("●", Role::Text),
        };
        let when = entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let cells = vec![
            canvas.mark(is_here),
            canvas.span(role, format!("{glyph} {:>4}", entry.seq)),
            canvas.span(Role::Dim, format!("  {when}  {:<author$}  ", fit(&who(entry), author))),
            canvas.span(if is_here { Role::Title } else { role }, fit(&entry.summary, wide.saturating_sub(author + 33))),
        ];
        canvas.line(area, row, Line::from(cells));
    }
}

/// Returns the entries that are taken back as the log stands.
fn undone(entries: &[LogEntry]) -> BTreeSet<u64> {
    let mut out = BTreeSet::new();
    for entry in entries {
        match entry.kind {
            OperationKind::Undo { of } => {
                out.insert(of);
            }
            OperationKind::Redo { of } => {
                out.remove(&of);
            }
            _ => {}
        }
    }
    out
}
