//! The library: every episode and how far it is.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::model::{Arrive, Model};
use super::super::text::{clock, fit};
use super::super::theme::Role;
use super::super::update::{Effect, open, step_of};
use super::super::worker::Ask;
use crate::session::{EpisodeLine, EpisodeState};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = super::rows(model);
    let count = model.episodes.shown().len();
    if let Some(step) = step_of(action) {
        model.episodes.cursor.step(step, count, 1, rows);
        return Vec::new();
    }
    match action {
        Action::Open => {
            let episode = model.episodes.shown().get(model.episodes.cursor.at).map(|l| l.episode.clone());
            open(model, Arrive { episode, ..Arrive::default() })
        }
        Action::Refresh => vec![Effect::Ask(Ask::Episodes)],
        _ => Vec::new(),
    }
}

/// The line under the rule and the head of the table.
const TOP: u16 = 3;

pub(crate) fn click(model: &mut Model, y: u16) -> Vec<Effect> {
    let at = model.episodes.cursor.top + usize::from(y.saturating_sub(TOP));
    if y < TOP || at >= model.episodes.shown().len() {
        return Vec::new();
    }
    if model.episodes.cursor.at == at {
        return act(model, Action::Open);
    }
    model.episodes.cursor.at = at;
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(lines) = &model.episodes.lines else {
        return canvas.says(area, Role::Dim, "reading the library …", "");
    };
    if let Err(told) = lines {
        return canvas.says(area, Role::Error, &told.what, told.hint.as_deref().unwrap_or_default());
    }
    let shown = model.episodes.shown();
    if shown.is_empty() {
        let (what, hint) = if model.episodes.filter.is_empty() {
            ("the library is empty", "screenalytics run EPISODE.mp4 measures an episode; screenalytics demo draws one to try")
        } else {
            ("no episode fits the filter", "Esc in the filter (/) takes it away")
        };
        return canvas.says(area, Role::Dim, what, hint);
    }
    let wide = usize::from(area.width);
    let name = shown.iter().map(|l| l.episode.as_str().len()).max().unwrap_or(0).clamp(12, 40);
    canvas.line(area, 0, Line::from(canvas.dim(format!("   {:<name$}  {:>9}   people", "episode", "length"))));
    let rows = usize::from(area.height).saturating_sub(1);
    for (row, (at, line)) in shown.iter().enumerate().skip(model.episodes.cursor.top).take(rows).enumerate() {
        let is_here = at == model.episodes.cursor.at;
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let (glyph, role, length, text) = told(line);
        let cells = vec![
            canvas.mark(is_here),
            canvas.span(role, format!("{glyph} ")),
            canvas.span(if is_here { Role::Title } else { Role::Text }, format!("{:<name$}", fit(line.episode.as_str(), name))),
            canvas.span(Role::Text, format!("  {length:>9}   ")),
            Span::styled(
                fit(&text, wide.saturating_sub(name + 18)),
                canvas.theme.style(if is_here { Role::Text } else { Role::Dim }),
            ),
        ];
        canvas.line(area, row, Line::from(cells));
    }
}

fn told(line: &EpisodeLine) -> (&'static str, Role, String, String) {
    match &line.state {
        EpisodeState::Done { clusters, named, duration, .. } => {
            let (glyph, role) = if named == clusters { ("●", Role::Good) } else { ("○", Role::Proposed) };
            (glyph, role, clock(*duration), format!("{named} of {clusters} named"))
        }
        EpisodeState::Unfinished { shots, .. } => (
            "◐",
            Role::Doubt,
            String::new(),
            format!("unfinished: {shots} shots are stored; screenalytics run goes on from there"),
        ),
        EpisodeState::Broken { reason } => ("✕", Role::Bad, String::new(), reason.clone()),
    }
}
