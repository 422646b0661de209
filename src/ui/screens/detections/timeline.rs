//! The whole episode in two lines: how many faces there are at a time, and the shots.

use super::super::super::draw::Canvas;
use super::super::super::model::Desk;
use super::super::super::text::{clock, sparkline};
use super::super::super::theme::Role;
use crate::domain::MediaTime;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn draw(desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    if area.height < 2 {
        return;
    }
    let cells = super::super::timeline_cells(area.width);
    let crowd: Vec<char> = sparkline(&crowd(desk, cells)).chars().collect();
    let mut shots = vec!['─'; cells];
    for shot in desk.snapshot.shots.iter().skip(1) {
        shots[super::super::timeline_cell(desk, shot.start, cells)] = '┆';
    }
    let here = super::super::timeline_cell(desk, desk.moment() + desk.origin(), cells);
    let text = |part: &[char]| part.iter().collect::<String>();
    for (row, (line, role, sides)) in (0_u16..).zip([
        (&crowd, Role::Spark, ("faces".to_owned(), String::new())),
        (&shots, Role::Rule, (clock(MediaTime::ZERO), clock(desk.snapshot.time.duration))),
    ]) {
        let cells = vec![
            canvas.dim(format!(" {:>9} ", sides.0)),
            canvas.span(role, text(&line[..here])),
            canvas.span(Role::Cursor, if row == 0 { text(&line[here..=here]) } else { "┃".into() }),
            canvas.span(role, text(&line[here + 1..])),
            canvas.dim(format!(" {}", sides.1)),
        ];
        canvas.line(area, row, Line::from(cells));
    }
}

/// Returns for each stretch of the episode how many faces are seen at a time on average, as shares of the most.
fn crowd(desk: &Desk, cells: usize) -> Vec<f64> {
    let count = i64::try_from(cells).unwrap_or(1);
    let (origin, length) = (desk.origin().0, desk.snapshot.time.duration.0.max(1));
    let mut seen = vec![0.0f64; cells];
    for span in desk.snapshot.tracks.values().filter(|t| t.discarded.is_none()).flat_map(|t| &t.seen) {
        let (from, to) = ((span.start().0 - origin).clamp(0, length), (span.end().0 - origin).clamp(0, length));
        for cell in from * count / length..=((to - 1).max(from) * count / length).min(count - 1) {
            let (begin, end) = (length * cell / count, length * (cell + 1) / count);
            if let Some(seen) = usize::try_from(cell).ok().and_then(|cell| seen.get_mut(cell)) {
                *seen += (to.min(end) - from.max(begin)).max(0) as f64 / (end - begin).max(1) as f64;
            }
        }
    }
    let most = seen.iter().copied().fold(0.0, f64::max);
    seen.into_iter().map(|n| if most > 0.0 { n / most } else { 0.0 }).collect()
}
