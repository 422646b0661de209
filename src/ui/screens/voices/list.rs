//! The list of turns: when, whose voice, who, how sure that is, and what is said.

use super::super::super::draw::Canvas;
use super::super::super::keymap::Action;
use super::super::super::model::{Desk, Model, TurnRow, title};
use super::super::super::text::{clock, fit, pad, score, seconds, width};
use super::super::super::theme::Role;
use super::{CANDIDATES, Shape, candidates, same_voices, side};
use crate::domain::{IdentityId, LinkMethod};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Text};

/// Cells of a candidate's name where nothing is beside the list.
const NAME: (usize, usize) = (6, 20);
/// Cells around it: `1 `, ` .81  `.
const AROUND: usize = 8;

/// Returns how many candidates of the turn under the cursor are shown: beside the list, or above it where nothing is beside it.
pub(super) fn offered(model: &Model) -> usize {
    let Some((desk, turn)) = model.desk.as_ref().and_then(|desk| Some((desk, desk.voices.row()?))) else { return 0 };
    let shape = super::shape(model.size);
    if shape.side > 0 { side::offered(desk, turn, shape) } else { above(model, desk, turn).len() }
}

/// Returns the candidates that fit into the line above the list, and how wide their names may be.
fn above(model: &Model, desk: &Desk, turn: &TurnRow) -> Vec<(IdentityId, f32, usize)> {
    let room = usize::from(model.size.0).saturating_sub(width(&voice(model, desk, turn)) + 1);
    let found = candidates(desk, turn.speaker);
    let count = found.len().min(CANDIDATES).min(room / (NAME.0 + AROUND));
    let name = (room / count.max(1)).saturating_sub(AROUND).min(NAME.1);
    found.into_iter().take(count).map(|(id, belief)| (id, belief, name)).collect()
}

/// Returns whose candidates these are, and which voice seems to be the same.
fn voice(model: &Model, desk: &Desk, turn: &TurnRow) -> String {
    let key = super::key(model, Action::MergeVoices);
    let same = same_voices(desk, turn.speaker).next().map(|other| format!("▲ same as {other}? {key}  ")).unwrap_or_default();
    format!(" {}  {same}", turn.speaker)
}

pub(super) fn draw(model: &Model, desk: &Desk, shape: Shape, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let voices = &desk.voices;
    let filter = if voices.filter.is_empty() { String::new() } else { format!(" · / {}", voices.filter) };
    let doubtful = voices.rows.iter().filter(|r| r.doubt.is_some()).count();
    let head =
        format!(" {} of {} turns · {}{filter} · {doubtful} doubtful", voices.order.len(), voices.rows.len(), voices.only.title());
    canvas.line(area, 0, Line::from(canvas.dim(fit(&head, usize::from(area.width)))));
    if shape.head > 1 {
        draw_candidates(model, desk, canvas, area);
    }
    if voices.order.is_empty() {
        let rest = Rect { y: area.y + shape.head, height: area.height.saturating_sub(shape.head), ..area };
        let [what, hint] = super::empty(model, desk);
        return canvas.says(rest, Role::Dim, &what, &hint);
    }
    for (row, (at, turn)) in voices.order.iter().enumerate().skip(voices.cursor.top).take(shape.rows).enumerate() {
        let Some(turn) = voices.rows.get(*turn) else { continue };
        let is_here = at == voices.cursor.at;
        let row = u16::try_from(row).unwrap_or(u16::MAX).saturating_add(shape.head);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let cells = cells(desk, turn, is_here, usize::from(area.width).saturating_sub(1), canvas);
        canvas.line(Rect { width: area.width.saturating_sub(1), ..area }, row, Line::from(cells));
    }
}

/// Writes whose the voice under the cursor could be, in one line.
fn draw_candidates(model: &Model, desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(turn) = desk.voices.row() else { return };
    let found = above(model, desk, turn);
    let mut line = vec![canvas.span(Role::Doubt, voice(model, desk, turn))];
    for (n, (id, belief, name)) in found.iter().enumerate() {
        let who = desk.card_of(*id).map_or_else(|| id.to_string(), title);
        line.push(canvas.span(Role::Accent, format!("{} ", n + 1)));
        line.push(canvas.span(Role::Text, fit(&who, *name)));
        line.push(canvas.dim(format!(" {}  ", score(f64::from(*belief)))));
    }
    if found.is_empty() {
        let key = super::key(model, Action::WhoseVoice);
        line.push(canvas.dim(format!("no mouth is seen moving with it; {key} says whose it is")));
    }
    canvas.line(area, 1, Line::from(line));
}

fn cells<'t>(desk: &Desk, turn: &TurnRow, is_here: bool, wide: usize, canvas: &Canvas<'_, '_>) -> Vec<Text<'t>> {
    let name = (wide / 5).clamp(12, 22);
    let role = sureness(turn);
    let belief = turn.link.filter(|l| l.identity.is_some() && l.method != LinkMethod::User);
    let belief = belief.map_or_else(|| "   ".to_owned(), |l| score(f64::from(l.confidence * turn.voice)));
    let decided = if desk.snapshot.spoken.seen(turn.id).is_some() { "!" } else { " " };
    let place = match (turn.who, turn.on_screen) {
        (None, _) => "",
        (_, on) if on >= 0.95 => "on",
        (_, on) if on <= 0.05 => "off",
        _ => "part",
    };
    let mark = if desk.voices.selected.contains(&turn.id) { Role::Selected } else { Role::Text };
    let mut cells = vec![
        canvas.mark(is_here),
        canvas.span(mark, mark.glyph()),
        canvas.span(Role::Dim, format!("{:>9} {:>6} ", clock(turn.span.start() - desk.origin()), seconds(turn.span.len()))),
        canvas.span(Role::Dim, format!("{:<4}", turn.speaker.to_string())),
        canvas.span(role, format!("{} ", role.glyph())),
        canvas.span(if turn.who.is_some() { Role::Named } else { Role::Unnamed }, pad(&turn.name, name)),
        canvas.span(Role::Dim, format!(" {belief:>4} {place:<4}{decided} ")),
    ];
    if let Some(doubt) = turn.doubt {
        cells.push(canvas.span(Role::Doubt, format!("▲ {doubt} ")));
    }
    if !turn.text.is_empty() {
        let used: usize = cells.iter().map(Text::width).sum();
        let text = fit(&format!("“{}”", turn.text), wide.saturating_sub(used));
        cells.push(canvas.span(if is_here { Role::Title } else { Role::Text }, text));
    }
    cells
}

/// Returns how sure it is who speaks.
pub(super) fn sureness(turn: &TurnRow) -> Role {
    match turn.link {
        Some(l) if l.method == LinkMethod::User => Role::Confirmed,
        Some(l) if l.identity.is_some() => Role::Proposed,
        _ => Role::Doubt,
    }
}
