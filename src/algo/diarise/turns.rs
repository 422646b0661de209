//! Turns from stretches of frames.

use super::Params;
use super::stitch::Stretch;
use super::window::Grid;
use crate::domain::{MediaTime, Span, SpeakerId, Turn, TurnId};

/// Makes turns: pauses of one voice shorter than `gap_s` are filled, what is then shorter than `min_turn_s` is dropped.
///
/// Turns are numbered from 1 by start, and lie inside `span`. A turn's confidence is the mean of its frames; filled frames count nothing.
pub(super) fn turns(mut stretches: Vec<Stretch>, grid: &Grid, span: Span, params: &Params) -> Vec<Turn> {
    stretches.sort_by_key(|s| (s.voice, s.first));
    let mut joined: Vec<(Stretch, usize)> = Vec::new();
    for next in stretches {
        let frames = next.end - next.first;
        match joined.last_mut() {
            Some((last, spoken))
                if last.voice == next.voice && grid.edge(next.first) - grid.edge(last.end) < secs(params.gap_s) =>
            {
                last.end = next.end;
                last.belief += next.belief;
                *spoken += frames;
            }
            _ => joined.push((next, frames)),
        }
    }
    let mut turns: Vec<Turn> = joined
        .into_iter()
        .map(|(stretch, frames)| Turn {
            id: TurnId(0),
            span: Span::new(grid.edge(stretch.first).max(span.start()), grid.edge(stretch.end).min(span.end())),
            speaker: SpeakerId(u32::try_from(stretch.voice + 1).unwrap_or(u32::MAX)),
            confidence: (stretch.belief / frames.max(1) as f32).clamp(0.0, 1.0),
        })
        .filter(|turn| !turn.span.is_empty() && turn.span.len() >= secs(params.min_turn_s))
        .collect();
    turns.sort_by_key(|t| (t.span, t.speaker));
    for (turn, id) in turns.iter_mut().zip(1..) {
        turn.id = TurnId(id);
    }
    turns
}

fn secs(s: f32) -> MediaTime {
    MediaTime::from_secs(f64::from(s))
}
