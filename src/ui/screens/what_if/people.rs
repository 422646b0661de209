//! Everybody's seconds, now and then, with the difference drawn.

use super::super::super::draw::Canvas;
use super::super::super::text::{bar, clock, fit, length, pad};
use super::super::super::theme::Role;
use crate::domain::MediaTime;
use crate::session::{PersonShift, Prospect};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Draws as many as have room; those whose seconds change first.
pub(super) fn draw(found: &Prospect, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let changed = found.people.iter().filter(|p| p.now != p.then).count();
    let wide = usize::from(area.width);
    let name =
        found.people.iter().map(|p| super::super::super::text::width(&p.name)).max().unwrap_or(0).clamp(8, 22).min(wide / 3);
    let head = format!(" {} {:>9}   {:>9} {:>8}", pad("seconds", name + 2), "now", "then", "");
    canvas.line(area, 0, Line::from(canvas.dim(head)));
    if found.people.is_empty() {
        canvas.line(area, 1, Line::from(canvas.dim("   nobody has a name yet")));
        return;
    }
    let mut people: Vec<&PersonShift> = found.people.iter().collect();
    people.sort_by_key(|p| p.now == p.then);
    let rows = usize::from(area.height).saturating_sub(1);
    let shown = if people.len() > rows { rows.saturating_sub(1) } else { people.len() };
    let most = found.people.iter().map(|p| p.now.max(p.then)).max().unwrap_or(MediaTime::ZERO);
    let room = wide.saturating_sub(name + 38).min(60);
    for (row, person) in people.iter().take(shown).enumerate() {
        let is_other = person.now != person.then;
        let (strong, role) = if is_other { (Role::Title, Role::Text) } else { (Role::Dim, Role::Dim) };
        let mut line = vec![
            canvas.span(Role::Confirmed, format!(" {} ", Role::Confirmed.glyph())),
            canvas.span(if is_other { Role::Title } else { Role::Text }, pad(&person.name, name)),
            canvas.span(role, format!(" {:>9}", clock(person.now))),
            canvas.dim(if is_other { " → " } else { "   " }),
            canvas.span(strong, format!("{:>9}", if is_other { clock(person.then) } else { String::new() })),
            difference(canvas, person.now, person.then),
        ];
        if room >= 8 {
            line.extend(drawn(canvas, person, most, room));
        }
        canvas.line(area, u16::try_from(row + 1).unwrap_or(u16::MAX), Line::from(line));
    }
    if people.len() > shown {
        let more = format!("   and {} more, of whom {} change", people.len() - shown, changed.saturating_sub(shown));
        canvas.line(area, area.height.saturating_sub(1), Line::from(canvas.dim(fit(&more, wide))));
    }
}

/// Says how many seconds come or go.
pub(in super::super) fn difference<'t>(canvas: &Canvas<'_, '_>, now: MediaTime, then: MediaTime) -> Span<'t> {
    let by = then - now;
    let (role, sign) = match by.0 {
        0 => return canvas.dim(format!("{:>9} ", "")),
        more if more > 0 => (Role::Good, "+"),
        _ => (Role::Bad, "−"),
    };
    let tenths = by.0.unsigned_abs().div_ceil(100_000);
    let by = if tenths < 600 { format!("{}.{}", tenths / 10, tenths % 10) } else { length(MediaTime(by.0.abs())) };
    canvas.span(role, format!("{:>9} ", format!("{sign}{by}")))
}

/// A bar of what stays, and what comes or goes behind it.
fn drawn<'t>(canvas: &Canvas<'_, '_>, person: &PersonShift, most: MediaTime, room: usize) -> Vec<Span<'t>> {
    let share = |t: MediaTime| t.0 as f64 / most.0.max(1) as f64;
    let (low, high) = (person.now.min(person.then), person.now.max(person.then));
    if low == high {
        return vec![canvas.span(Role::BarRest, format!(" {}", bar(share(low), room)))];
    }
    let cells = |t: MediaTime| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the cells")]
        let cells = (share(t) * room as f64).round() as usize;
        cells.min(room)
    };
    let stays = cells(low).min(room - 1);
    let moves = cells(high).max(stays + 1) - stays;
    let (role, glyph) = if person.then > person.now { (Role::Good, "▓") } else { (Role::Bad, "░") };
    vec![
        canvas.span(Role::Bar, format!(" {}", "█".repeat(stays))),
        canvas.span(role, glyph.repeat(moves)),
        canvas.span(Role::Bar, " ".repeat(room - stays - moves)),
    ]
}
