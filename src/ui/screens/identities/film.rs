//! The tracks of an identity as one face each, beside the grid where there is room: is it one person?

use super::super::super::draw::Canvas;
use super::super::super::model::{Desk, Detail};
use super::super::super::pictures::Kind;
use super::super::super::text::{clock, fit, pad, width as width_of};
use super::super::super::theme::Role;
use crate::domain::MediaTime;
use crate::session::{Card, TrackInfo};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Lines that the large face leaves to it, from this width of the side on.
pub(super) const LINES: u16 = 17;
pub(super) const WIDE: u16 = 60;

fn picture(detail: Detail) -> (u16, u16) {
    match detail {
        Detail::Fine => (9, 6),
        Detail::Coarse | Detail::Off => (11, 7),
    }
}

/// Draws as many tracks as have room, spread evenly over all of them, in order of time, each with its moment and what is doubtful.
pub(super) fn draw(desk: &Desk, card: &Card, canvas: &mut Canvas<'_, '_>, detail: Detail, place: Rect) {
    let (width, height) = picture(detail);
    let columns = usize::from(place.width / (width + 1)).max(1);
    let rows = usize::from(place.height / (height + 1));
    let mut tracks: Vec<&TrackInfo> = card.tracks.iter().filter_map(|t| desk.snapshot.tracks.get(t)).collect();
    tracks.sort_by_key(|t| (t.track.first, t.track.id));
    let (all, shown) = (tracks.len(), (columns * rows).min(tracks.len()));
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    for slot in 0..shown {
        let Some(info) = tracks.get(slot * all / shown.max(1)) else { continue };
        let (column, row) = (u16::try_from(slot % columns).unwrap_or(0), u16::try_from(slot / columns).unwrap_or(0));
        let at = Rect::new(place.x + column * (width + 1), place.y + row * (height + 1), width, height + 1).intersection(place);
        canvas.face(desk, info.best, Rect { height: height.min(at.height), ..at }, Kind::Face);
        let time = clock(info.track.first.pts - origin);
        let cells = usize::from(width);
        let room = cells.saturating_sub(time.len());
        // A word that has no room is no word.
        let doubt = match info.doubts.first().map(|d| format!("▲{d}")) {
            Some(word) if width_of(&word) > room => "▲".to_owned(),
            word => word.unwrap_or_default(),
        };
        let line = Line::from(vec![canvas.dim(pad(&time, time.len().min(cells))), canvas.span(Role::Doubt, fit(&doubt, room))]);
        canvas.line(Rect { y: at.y + height, height: 1, ..at }.intersection(place), 0, line);
    }
}
