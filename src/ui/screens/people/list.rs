//! People as lines: seconds, episodes, the last one.

use super::super::super::draw::Canvas;
use super::super::super::model::Model;
use super::super::super::text::{bar, fit, length, pad, pad_left, width};
use super::super::super::theme::Role;
use super::{HEAD, part_text, parts, standing};
use crate::session::PersonLine;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Returns the person in a line of the screen.
pub(super) fn at(model: &Model, y: u16) -> Option<usize> {
    let row = y.checked_sub(HEAD + 1)?;
    Some(model.holdings.people.cursor.top + usize::from(row))
}

pub(super) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let people = &model.holdings.people;
    let wide = usize::from(area.width);
    let longest = people.lines.iter().map(|l| width(&l.name)).max().unwrap_or(0);
    let name = longest.clamp(12, if wide < 90 { 20 } else { 30 });
    // In a show what they are in it comes first, else where they were last.
    let (title, text): (&str, &dyn Fn(&PersonLine) -> String) = if people.show.is_some() {
        ("in the show", &|l| parts(model, l).first().map_or_else(|| "not of the cast".into(), |p| part_text(p)))
    } else {
        ("last seen", &|l| l.last().map(|e| e.episode.to_string()).unwrap_or_default())
    };
    // Mark, glyph, name, seconds, episodes; then that, and a bar in what is left.
    let fixed = 3 + name + 10 + 10;
    let note = if wide >= fixed + 22 { 20 } else { 0 };
    let room = wide.saturating_sub(fixed + note + 3).min(40);
    let head = format!("   {}{:>10}{:>10}", pad("", name), "seen", "episodes");
    let head = if note > 0 { format!("{head}  {}", pad(title, note - 2)) } else { head };
    canvas.line(area, 0, Line::from(canvas.dim(fit(&head, wide))));
    let most = people.lines.iter().map(|l| l.visual_time.0).max().unwrap_or(0).max(1);
    let rows = usize::from(area.height).saturating_sub(1);
    let shown = (people.cursor.top..people.order.len()).take(rows).filter_map(|at| Some((at, people.at(at)?)));
    for (row, (at, person)) in shown.enumerate() {
        let is_here = at == people.cursor.at;
        let is_chosen = person.id.is_some_and(|id| people.selected.contains(&id));
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let role = if is_chosen { Role::Selected } else { standing(person) };
        let name_role = match (is_here, is_chosen) {
            (true, _) => Role::Title,
            (_, true) => Role::Selected,
            _ => Role::Text,
        };
        let mut cells = vec![
            canvas.mark(is_here),
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(name_role, pad(&person.name, name)),
        ];
        if person.episodes.is_empty() {
            cells.push(canvas.dim(format!("{:>10}{:>10}", "", "none")));
        } else {
            cells.push(canvas.span(Role::Title, pad_left(&length(person.visual_time), 10)));
            cells.push(canvas.span(Role::Text, pad_left(&person.episodes.len().to_string(), 10)));
        }
        if note > 0 {
            cells.push(canvas.dim(format!("  {}", pad(&text(person), note - 2))));
        }
        if room >= 6 && !person.episodes.is_empty() {
            let share = person.visual_time.0 as f64 / most as f64;
            cells.push(canvas.span(Role::Bar, format!("  {}", bar(share, room))));
        }
        canvas.line(area, row, Line::from(cells));
    }
}
