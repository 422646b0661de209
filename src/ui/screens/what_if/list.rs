//! What would join and what would fall apart, with the faces of it.

use super::super::super::draw::Canvas;
use super::super::super::model::{Desk, Detail, WhatIfPanel};
use super::super::super::pictures::Kind;
use super::super::super::text::{clock, count, fit, pad, width};
use super::super::super::theme::Role;
use crate::session::{Part, Prospect, Turnover, TurnoverKind};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Cells of one face.
fn picture(detail: Detail) -> (u16, u16) {
    match detail {
        Detail::Fine => (11, 6),
        Detail::Coarse => (14, 7),
        Detail::Off => (14, 0),
    }
}

/// Draws as many as have room, from the one under the cursor on.
pub(super) fn draw(desk: &Desk, panel: &WhatIfPanel, found: &Prospect, canvas: &mut Canvas<'_, '_>, detail: Detail, area: Rect) {
    let all = found.joins + found.splits;
    let head = match (found.joins, found.splits) {
        (0, 0) => " no identity changes".to_owned(),
        (joins, 0) => format!(" {} would join", groups(joins)),
        (0, splits) => format!(" {} would fall apart", groups(splits)),
        (joins, splits) => format!(" {} would join, {} fall apart", groups(joins), count(splits as u64)),
    };
    let place = if found.turnovers.len() > 1 {
        format!("{} of {} ", count(panel.cursor.at as u64 + 1), count(all as u64))
    } else {
        String::new()
    };
    let blank = usize::from(area.width).saturating_sub(width(&head) + width(&place));
    canvas.line(area, 0, Line::from(vec![canvas.span(Role::Text, head), canvas.dim(format!("{}{place}", " ".repeat(blank)))]));
    let (wide, high) = picture(detail);
    // The picture goes before the words where there is no room for both.
    let high = high.min(area.height.saturating_sub(4));
    let due = high + 3;
    for (slot, (at, turnover)) in found.turnovers.iter().enumerate().skip(panel.cursor.at).enumerate() {
        let top = 1 + u16::try_from(slot).unwrap_or(u16::MAX).saturating_mul(due);
        if top + due > area.height + 1 {
            break;
        }
        let place = Rect::new(area.x, area.y + top, area.width, due.min(area.height.saturating_sub(top)));
        one(desk, turnover, canvas, place, (wide, high), at == panel.cursor.at);
    }
}

fn groups(n: usize) -> String {
    if n == 1 { "1 group".into() } else { format!("{} groups", count(n as u64)) }
}

fn one(desk: &Desk, turnover: &Turnover, canvas: &mut Canvas<'_, '_>, place: Rect, picture: (u16, u16), is_here: bool) {
    let (sign, role) = match turnover.kind {
        TurnoverKind::Join => ("⊕", Role::Good),
        TurnoverKind::Split => ("⊖", Role::Doubt),
    };
    let names: Vec<String> = turnover.parts.iter().map(|p| called(desk, p, turnover.kind)).collect();
    let told = match turnover.kind {
        TurnoverKind::Join => match &turnover.name {
            Some(name) if !names.contains(name) => format!("{} become {name}", names.join(" + ")),
            _ => format!("{} become one", names.join(" + ")),
        },
        TurnoverKind::Split => {
            let whole = turnover.name.clone().unwrap_or_else(|| format!("unnamed {}", turnover.identity.0));
            format!("{whole} falls apart: {}", names.join(" | "))
        }
    };
    let moved = format!("{} ", clock(turnover.moved));
    let room = usize::from(place.width).saturating_sub(width(&moved) + 4);
    let line = vec![
        canvas.mark(is_here),
        canvas.span(role, format!("{sign} ")),
        canvas.span(if is_here { Role::Title } else { Role::Text }, pad(&told, room)),
        canvas.span(Role::Text, moved),
    ];
    canvas.line(place, 0, Line::from(line));
    let (wide, high) = picture;
    let columns = usize::from(place.width.saturating_sub(2) / (wide + 1)).max(1);
    let shown = if turnover.parts.len() > columns { columns - 1 } else { turnover.parts.len() };
    for (n, part) in turnover.parts.iter().take(shown).enumerate() {
        let x = place.x + 2 + u16::try_from(n).unwrap_or(0) * (wide + 1);
        let face = Rect::new(x, place.y + 1, wide, high).intersection(place);
        canvas.face(desk, part.best, face, Kind::Face);
        let text = Rect::new(x, place.y + 1 + high, wide, 1).intersection(place);
        let told = format!("{} {}t", clock(part.seconds), part.tracks);
        canvas.line(text, 0, Line::from(canvas.dim(fit(&told, usize::from(wide)))));
    }
    if turnover.parts.len() > shown {
        let x = place.x + 2 + u16::try_from(shown).unwrap_or(0) * (wide + 1);
        let text = Rect::new(x, place.y + 1 + high, wide, 1).intersection(place);
        canvas.line(text, 0, Line::from(canvas.dim(format!("{} more", turnover.parts.len() - shown))));
    }
}

fn called(desk: &Desk, part: &Part, kind: TurnoverKind) -> String {
    if let Some(name) = &part.name {
        return name.clone();
    }
    let known = part.identity.filter(|id| kind == TurnoverKind::Join || desk.card_of(*id).is_some());
    match (known, part.tracks) {
        (Some(id), _) => format!("unnamed {}", id.0),
        (None, 1) => "1 track alone".into(),
        (None, n) if part.identity.is_none() => format!("{n} tracks alone"),
        (None, n) => format!("{n} tracks"),
    }
}
