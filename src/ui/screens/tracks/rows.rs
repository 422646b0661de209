//! One row a track: what it is, and its crops.

use super::super::super::draw::Canvas;
use super::super::super::model::{Desk, Strip, title};
use super::super::super::pictures::Kind;
use super::super::super::text::{clock, fit, pad};
use super::super::super::theme::Role;
use super::{HEAD, Shape, badge, stretch};
use crate::domain::MediaTime;
use crate::session::TrackInfo;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Returns the first crop that the row under the cursor shows, so that the one under the cursor is on the screen.
pub(super) fn first(desk: &Desk, shape: Shape, count: usize) -> usize {
    (desk.strips.crop.min(count.saturating_sub(1)) + 1).saturating_sub(shape.crops)
}

pub(super) fn draw_row(
    desk: &Desk,
    info: &TrackInfo,
    canvas: &mut Canvas<'_, '_>,
    place: Rect,
    shape: Shape,
    (is_here, is_chosen): (bool, bool),
) {
    let track = &info.track;
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    let seen = MediaTime(info.seen.iter().map(|s| s.len().0).sum());
    if is_here {
        for row in 0..shape.picture.1 {
            canvas.line(place, row, Line::from(canvas.span(Role::Cursor, "▌")));
        }
    }
    let head = Rect::new(place.x + 1, place.y, HEAD - 2, place.height).intersection(place);
    let wide = usize::from(head.width);
    canvas.line(
        head,
        0,
        Line::from(vec![
            canvas.span(Role::Selected, if is_chosen { "◆ " } else { "" }),
            canvas.span(if is_here { Role::Title } else { Role::Text }, clock(track.first.pts - origin)),
            canvas.dim(format!("  {}  {}", clock(seen), track.id)),
        ]),
    );
    let owner = info.assignment.and_then(|a| desk.card_of(a.identity));
    let (role, who) = match (owner, info.assignment, info.discarded) {
        (_, _, Some(reason)) => (Role::Rejected, reason.to_string()),
        (Some(card), Some(assignment), _) => (Role::from(assignment.source), format!("{} {:.2}", title(card), assignment.score)),
        _ => (Role::Unnamed, "nobody".to_owned()),
    };
    canvas.line(
        head,
        1,
        Line::from(vec![
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(Role::Text, fit(&who, wide.saturating_sub(4))),
            canvas.span(Role::Locked, if info.locked { " ■" } else { "" }),
        ]),
    );
    let doubts: Vec<String> = info.doubts.iter().map(ToString::to_string).collect();
    if !doubts.is_empty() {
        canvas.line(head, 2, Line::from(canvas.span(Role::Doubt, fit(&format!("▲ {}", doubts.join(", ")), wide))));
    }
    let Some(strip) = desk.strips.crops.get(&track.id) else { return };
    if shape.picture.1 > 3 {
        canvas.line(head, 3, Line::from(canvas.dim(format!("shot {} · {} crops", track.shot.0, strip.total))));
    }
    draw_crops(desk, strip, canvas, place, shape, is_here);
}

/// The crops of a row, with the reason below each that is doubtful, and the range that was begun.
fn draw_crops(desk: &Desk, strip: &Strip, canvas: &mut Canvas<'_, '_>, place: Rect, shape: Shape, is_here: bool) {
    let count = strip.count();
    let at = desk.strips.crop.min(count.saturating_sub(1));
    let from = if is_here { first(desk, shape, count) } else { 0 };
    let range = if is_here { stretch::of(desk).map(|s| s.crops) } else { None };
    let cells = usize::from(shape.picture.0);
    for slot in from..(from + shape.crops).min(count) {
        let x = place.x + HEAD + u16::try_from(slot - from).unwrap_or(0) * (shape.picture.0 + 1);
        let picture = Rect::new(x, place.y, shape.picture.0, shape.picture.1).intersection(place);
        let crop = strip.rows.get(slot);
        if shape.picture.1 > 3 {
            canvas.face(desk, crop.map(|c| c.key), picture, Kind::Face);
        } else if let Some(crop) = crop {
            canvas.line(picture, 0, Line::from(canvas.dim(crop.at.frame.to_string())));
        }
        let below = Rect::new(x, place.y + shape.picture.1, shape.picture.0, 1).intersection(place);
        let why = crop.map(|c| badge(c, cells)).unwrap_or_default();
        let line = match range {
            _ if is_here && slot == at => canvas.span(Role::Cursor, pad(&why, cells).replace(' ', "▔")),
            Some((a, b)) if (a..=b).contains(&slot) => canvas.span(Role::Selected, pad(&why, cells).replace(' ', "═")),
            _ => canvas.span(Role::Doubt, why),
        };
        canvas.line(below, 0, Line::from(line));
    }
    if from + shape.crops < count {
        let x = place.x + HEAD + u16::try_from(shape.crops).unwrap_or(0) * (shape.picture.0 + 1) - 1;
        let more = Rect::new(x, place.y + shape.picture.1 / 2, 1, 1).intersection(place);
        canvas.line(more, 0, Line::from(canvas.dim("▸")));
    }
}

/// Shots of the episode, where the track's person is seen in them, and where the cursor is.
pub(super) fn timeline<'a>(desk: &Desk, track: &TrackInfo, canvas: &Canvas<'_, '_>, wide: u16) -> Line<'a> {
    let cells = super::super::timeline_cells(wide);
    let cell = |t: i64| super::super::timeline_cell(desk, MediaTime(t), cells);
    let mut line = vec!['·'; cells];
    for shot in desk.snapshot.shots.iter().skip(1) {
        line[cell(shot.start.0)] = '┆';
    }
    let card = track.assignment.and_then(|a| desk.card_of(a.identity));
    let spans = card.iter().flat_map(|c| &c.tracks).filter_map(|t| desk.snapshot.tracks.get(t)).flat_map(|t| &t.seen);
    for span in spans.chain(&track.seen) {
        for place in &mut line[cell(span.start().0)..=cell(span.end().0 - 1)] {
            *place = '▅';
        }
    }
    let here = cell(track.track.first.pts.0);
    let text = |part: &[char]| part.iter().collect::<String>();
    Line::from(vec![
        canvas.dim(format!(" {:>9} ", clock(MediaTime::ZERO))),
        canvas.span(Role::Bar, text(&line[..here])),
        canvas.span(Role::Cursor, "┃"),
        canvas.span(Role::Bar, text(&line[here + 1..])),
        canvas.dim(format!(" {}", clock(desk.snapshot.time.duration))),
    ])
}
