//! The lines of each part.

use super::super::super::draw::Canvas;
use super::super::super::model::{Beside, Desk};
use super::super::super::text::{clock, fit, width};
use super::super::super::theme::Role;
use crate::domain::MediaTime;
use crate::session::{LoneTrack, OpenDecision, PersonChange, RunDiff};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Writes the head of the list, and below it the lines that have room.
pub(super) fn draw(desk: &Desk, diff: &RunDiff, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let runs = &desk.runs;
    let (wide, cursor, count) = (usize::from(area.width), runs.cursor(), runs.count(runs.part));
    canvas.line(area, 0, Line::from(canvas.dim(fit(&head(desk, diff, wide), wide))));
    if count == 0 {
        let what = match runs.part {
            Beside::Open => held(desk),
            Beside::People => "nobody is seen in either run".into(),
            Beside::Hands => "no face is somebody else's".into(),
            Beside::Lone => "every track of each run has faces of the other".into(),
            Beside::Settings => "models, settings and shots are the same".into(),
        };
        return canvas.says(area, Role::Dim, &what, "");
    }
    let rows = usize::from(area.height).saturating_sub(1);
    for (row, at) in (cursor.top..count.min(cursor.top + rows)).enumerate() {
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        let is_here = at == cursor.at;
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let mut cells = vec![canvas.mark(is_here)];
        cells.extend(line(desk, diff, canvas, at, wide.saturating_sub(1), is_here));
        canvas.line(area, row, Line::from(cells));
    }
}

/// Says that nothing is open.
fn held(desk: &Desk) -> String {
    match desk.runs.carried.as_ref().map(|c| (c.held, c.overruled)) {
        None | Some((0, 0)) => "nothing was decided on an earlier run".into(),
        Some((held, 0)) => format!("every decision of earlier runs holds here: {held}"),
        Some((held, overruled)) => format!("{held} decisions of earlier runs hold here, {overruled} were overruled here"),
    }
}

fn head(desk: &Desk, diff: &RunDiff, wide: usize) -> String {
    match desk.runs.part {
        Beside::Open => format!("  {:>9}  {:<18}  why it does not hold here", "at", "decided"),
        Beside::People => {
            let name = name_cells(diff, wide);
            let speech = if is_heard(diff) && wide >= 76 { format!(" {:>8} {:>8}", "speaks", "seen so") } else { String::new() };
            format!("  {:<name$} {:>8} {:>8} {:>8}{speech}", "", diff.old.id.to_string(), diff.new.id.to_string(), "gained")
        }
        Beside::Hands => format!("  {:>9}  {:>8}  from → to", "at", "seconds"),
        Beside::Lone => format!("  {:>9}  {:>8}  {:<8} whose", "at", "seconds", "track"),
        Beside::Settings => format!("  {:<28} before → after", ""),
    }
}

fn line<'a>(desk: &Desk, diff: &RunDiff, canvas: &Canvas<'_, '_>, at: usize, wide: usize, is_here: bool) -> Vec<Span<'a>> {
    let text = if is_here { Role::Title } else { Role::Text };
    let time = |t: MediaTime| format!(" {:>9}", clock(t - diff.origin));
    match desk.runs.part {
        Beside::Open => {
            let Some(open) = desk.runs.carried.as_ref().and_then(|c| c.open.get(at)) else { return Vec::new() };
            decision(canvas, open, diff, wide, text)
        }
        Beside::People => diff.people.get(at).map(|p| person(canvas, diff, p, wide, text)).unwrap_or_default(),
        Beside::Hands => {
            let Some(h) = diff.hands.get(at) else { return Vec::new() };
            let (from, to) = (fit(&h.from, 24), fit(&h.to, 24));
            vec![
                canvas.dim(time(h.span.start())),
                canvas.span(Role::Title, format!("  {:>6.1} s", h.time.secs())),
                canvas.span(text, format!("  {from} → {to}")),
                canvas.dim(format!("  {} → {}", h.old, h.new)),
            ]
        }
        Beside::Lone => {
            let (lone, is_new): (&LoneTrack, bool) = match diff.appeared.get(at) {
                Some(lone) => (lone, true),
                None => match diff.vanished.get(at - diff.appeared.len()) {
                    Some(lone) => (lone, false),
                    None => return Vec::new(),
                },
            };
            let (sign, role) = if is_new { ("+", Role::Good) } else { ("−", Role::Bad) };
            vec![
                canvas.dim(time(lone.span.start())),
                canvas.span(role, format!(" {sign}")),
                canvas.span(Role::Title, format!("{:>6.1} s", lone.time.secs())),
                canvas.span(text, format!("  {:<8} {}", lone.track.to_string(), fit(&lone.who, 32))),
                canvas.dim(if is_new { "" } else { "  only in the run before" }),
            ]
        }
        Beside::Settings => match diff.settings.get(at) {
            Some(s) => {
                let told = fit(&format!("{} → {}", s.before, s.after), wide.saturating_sub(31));
                vec![canvas.span(text, format!(" {:<28} ", fit(&s.key, 28))), canvas.span(Role::Accent, told)]
            }
            None => match diff.shots.get(at - diff.settings.len()) {
                Some(shot) => {
                    let run = if shot.is_new { diff.new.id } else { diff.old.id };
                    vec![
                        canvas.dim(time(shot.at)),
                        canvas.span(text, format!("  a boundary of shots at picture {}, only in {run}", shot.frame)),
                    ]
                }
                None => Vec::new(),
            },
        },
    }
}

fn decision<'a>(canvas: &Canvas<'_, '_>, open: &OpenDecision, diff: &RunDiff, wide: usize, text: Role) -> Vec<Span<'a>> {
    let at = open.span.map(|s| clock(s.0.pts - diff.origin)).unwrap_or_default();
    let (glyph, role, text) = if open.is_settled { ("✓", Role::Dim, Role::Dim) } else { ("▲", Role::Doubt, text) };
    let why = fit(open.why.text(), wide.saturating_sub(35));
    vec![
        canvas.span(role, format!("{glyph}{at:>9}")),
        canvas.span(text, format!("  {:<18}", fit(&open.who, 18))),
        canvas.span(if open.is_settled { Role::Dim } else { Role::Text }, format!("  {why}")),
    ]
}

fn is_heard(diff: &RunDiff) -> bool {
    let (before, after) = diff.totals();
    before.speaking + after.speaking > MediaTime::ZERO
}

fn name_cells(diff: &RunDiff, wide: usize) -> usize {
    let longest = diff.people.iter().map(|p| width(&p.name)).max().unwrap_or(0);
    longest.clamp(8, if wide < 76 { 16 } else { 26 })
}

fn person<'a>(canvas: &Canvas<'_, '_>, diff: &RunDiff, p: &PersonChange, wide: usize, text: Role) -> Vec<Span<'a>> {
    let name = name_cells(diff, wide);
    let gained = p.gained();
    let role = match gained.visual.0.signum() {
        1 => Role::Good,
        -1 => Role::Bad,
        _ => Role::Dim,
    };
    let mut cells = vec![
        canvas.span(text, format!(" {:<name$}", fit(&p.name, name))),
        canvas.span(Role::Text, format!(" {:>8.1} {:>8.1}", p.before.visual.secs(), p.after.visual.secs())),
        canvas.span(role, format!(" {:>+8.1}", gained.visual.secs())),
    ];
    let mut used = name + 28;
    if is_heard(diff) && wide >= 76 {
        cells.push(canvas.span(Role::Dim, format!(" {:>+8.1} {:>+8.1}", gained.speaking.secs(), gained.both.secs())));
        used += 18;
    }
    let room = wide.saturating_sub(used + 3) / 2;
    if room >= 3 {
        cells.extend(bars(canvas, diff, gained.visual, room.min(30)));
    }
    cells
}

/// Draws a loss to the left of the middle, and a gain to the right.
fn bars<'a>(canvas: &Canvas<'_, '_>, diff: &RunDiff, gained: MediaTime, room: usize) -> Vec<Span<'a>> {
    let most = diff.people.iter().map(|p| p.gained().visual.0.abs()).max().unwrap_or(0).max(1);
    let share = gained.0.abs() as f64 / most as f64;
    let eighths = room * 8;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of some hundred eighths of cells")]
    let filled = ((share * eighths as f64).round() as usize).max(usize::from(gained.0 != 0)).min(eighths);
    let (whole, part) = (filled / 8, filled % 8);
    let blank = " ".repeat(room);
    if gained.0 < 0 {
        // The left half of a cell is all that block characters have to the left: half cells.
        let cells = whole + usize::from(part >= 4 || whole == 0);
        let left = format!(" {}{}", " ".repeat(room - cells.min(room)), "█".repeat(cells.min(room)));
        return vec![canvas.span(Role::Bad, left), canvas.dim("│"), canvas.dim(blank)];
    }
    let eighth = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][part];
    vec![canvas.dim(format!(" {blank}")), canvas.dim("│"), canvas.span(Role::Good, format!("{}{eighth}", "█".repeat(whole)))]
}
