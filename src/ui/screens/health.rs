//! What `doctor` finds.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::model::Model;
use super::super::text::fit;
use super::super::theme::Role;
use super::super::update::Effect;
use super::super::worker::Ask;
use crate::session::Outcome;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if action == Action::Refresh {
        model.health = None;
        return vec![Effect::Ask(Ask::Health)];
    }
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(checks) = &model.health else { return canvas.says(area, Role::Dim, "looking at machine and library …", "") };
    let name = checks.iter().map(|c| c.what.chars().count()).max().unwrap_or(0).min(36);
    let wide = usize::from(area.width).saturating_sub(name + 6);
    let mut row = 0;
    for check in checks {
        let (glyph, role, text, hint) = match &check.outcome {
            Outcome::Good(text) => ("●", Role::Good, text, None::<&String>),
            Outcome::Doubtful { what, hint } => ("▲", Role::Doubt, what, Some(hint)),
            Outcome::Bad { what, hint } => ("✕", Role::Bad, what, hint.as_ref()),
        };
        for (n, part) in super::super::draw::wrap(text, wide).into_iter().enumerate() {
            let head = if n == 0 { format!("{:<name$}  ", fit(&check.what, name)) } else { " ".repeat(name + 2) };
            let mark = if n == 0 { canvas.span(role, format!(" {glyph} ")) } else { canvas.span(Role::Text, "   ") };
            canvas.line(area, row, Line::from(vec![mark, canvas.span(Role::Title, head), canvas.span(Role::Text, part)]));
            row += 1;
        }
        for part in hint.into_iter().flat_map(|h| super::super::draw::wrap(h, wide)) {
            canvas.line(area, row, Line::from(vec![canvas.span(Role::Text, " ".repeat(name + 5)), canvas.dim(part)]));
            row += 1;
        }
    }
}
