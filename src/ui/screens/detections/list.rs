//! The faces of a picture as text, and the thresholds.

use super::super::super::draw::{Canvas, counted};
use super::super::super::model::{Desk, Seen, Slider, title};
use super::super::super::text::{count, fit, pad, score};
use super::super::super::theme::Role;
use super::picture;
use crate::domain::{DropReason, Face, Fate};
use crate::session::{Limits, Lost};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Says why a detection counts for nobody.
pub(super) fn reason(reason: DropReason) -> &'static str {
    match reason {
        DropReason::TooSmall => "too small",
        DropReason::LowScore => "score too low for a track",
        DropReason::Unconfirmed => "seen once, score too low",
        DropReason::DissolveGhost => "fading in a dissolve",
        DropReason::Malformed => "no usable box or points",
        DropReason::Denied => "denied by the second detector",
    }
}

/// Lines that a face takes in a list of this height.
fn lines(area: Rect, faces: usize) -> u16 {
    if 2 * faces < usize::from(area.height) { 2 } else { 1 }
}

/// Returns the face in line `y` of the terminal.
pub(super) fn at(area: Rect, faces: usize, y: u16) -> Option<usize> {
    let row = y.checked_sub(area.y + 1)?;
    Some(usize::from(row / lines(area, faces))).filter(|at| *at < faces)
}

pub(super) fn draw(desk: &Desk, seen: &Seen, canvas: &mut Canvas<'_, '_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let faces = seen.faces();
    let head = match seen {
        Seen::Unknown => "…".to_owned(),
        Seen::Measured(_) => counted(faces.len(), "face"),
        Seen::Between(_) => format!("about {}", counted(faces.len(), "face")),
    };
    canvas.line(area, 0, Line::from(canvas.dim(format!("  {head}"))));
    let (high, selected, wide) = (lines(area, faces.len()), desk.film.selected(faces), usize::from(area.width));
    for (at, face) in faces.iter().enumerate() {
        let row = 1 + high.saturating_mul(u16::try_from(at).unwrap_or(u16::MAX));
        if row >= area.height {
            break;
        }
        if at == selected {
            canvas.lay_cursor(area, row);
        }
        canvas.line(area, row, first_line(desk, canvas, face, at, at == selected, wide));
        if high == 2 {
            let (role, text) = second_line(desk, face);
            canvas.line(area, row + 1, Line::from(canvas.span(role, format!("      {}", fit(&text, wide.saturating_sub(6))))));
        }
    }
}

fn first_line<'a>(desk: &Desk, canvas: &Canvas<'_, '_>, face: &Face, at: usize, is_here: bool, wide: usize) -> Line<'a> {
    let bbox = face.detection.bbox;
    let numbers = format!("{:>4} {:>4.0}×{:<4.0}", score(f64::from(face.detection.score)), bbox.width(), bbox.height());
    let (role, who) = whose(desk, face);
    Line::from(vec![
        canvas.mark(is_here),
        Span::styled(format!("{:>2} ", at + 1), picture::style(canvas.theme, face.fate)),
        canvas.span(role, format!("{} ", role.glyph())),
        canvas.span(if is_here { Role::Title } else { Role::Text }, pad(&who, wide.saturating_sub(6 + numbers.chars().count()))),
        canvas.span(Role::Text, numbers),
    ])
}

/// Returns who a face is taken for.
fn whose(desk: &Desk, face: &Face) -> (Role, String) {
    let track = match face.fate {
        Fate::Dropped(why) => return (Role::Rejected, reason(why).to_owned()),
        Fate::Tracked(track) => desk.snapshot.tracks.get(&track),
    };
    let Some(track) = track else { return (Role::Unnamed, "no such track".into()) };
    if let Some(discarded) = track.discarded {
        return (Role::Rejected, discarded.to_string());
    }
    match track.assignment.and_then(|a| Some((a, desk.card_of(a.identity)?))) {
        Some((assignment, card)) => (Role::from(assignment.source), title(card)),
        None => (Role::Unnamed, "nobody".into()),
    }
}

/// Returns the track, and what speaks against the face.
fn second_line(desk: &Desk, face: &Face) -> (Role, String) {
    let Fate::Tracked(track) = face.fate else { return (Role::Dim, "in no track".into()) };
    if desk.film.drops(face) {
        return (Role::Doubt, format!("▲ would be dropped · {track}"));
    }
    if face.denied {
        return (Role::Doubt, format!("▲ denied by the second detector · {track}"));
    }
    let badges = desk.film.shot().and_then(|shot| shot.badges_of(face));
    let shown: Vec<String> = badges.iter().flat_map(|b| b.shown()).map(|b| format!("{}: {}", b.kind, b.evidence)).collect();
    if !shown.is_empty() {
        return (Role::Doubt, format!("▲ {} · {track}", shown.join(", ")));
    }
    let info = desk.snapshot.tracks.get(&track);
    let boxes = info.map(|i| format!(" · {} boxes", count(i.track.boxes.into()))).unwrap_or_default();
    (Role::Dim, format!("{track}{boxes}"))
}

/// Columns before a slider's bar, and of the bar.
const NAME: u16 = 18;
const BAR: u16 = 14;

/// Returns the slider under the mouse, and the share of its bar.
pub(super) fn slider_at(area: Rect, (x, y): (u16, u16)) -> Option<(Slider, f64)> {
    let slider = match y.checked_sub(area.y)? {
        0 if area.height > 0 => Slider::Score,
        1 if area.height > 1 => Slider::Size,
        _ => return None,
    };
    let along = x.checked_sub(area.x + NAME)?;
    (along < BAR).then(|| (slider, f64::from(along) / f64::from(BAR - 1)))
}

pub(super) fn draw_sliders(desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let film = &desk.film;
    let (limits, own) = (film.limits, film.own);
    let shot = film.shot().map(|shot| limits.lost(&shot.faces));
    let whole = film.spread.as_ref().map(|spread| (spread.lost(limits), spread.all()));
    let share = |now: u16, most: u16| f64::from(now) / f64::from(most.max(1));
    let rows = [
        (
            Slider::Score,
            format!("score ≥ {}", score(f64::from(limits.score) / 100.0)),
            share(limits.score.into(), Limits::MOST_SCORE.into()),
            limits.score > own.score,
            told("this shot", shot),
        ),
        (
            Slider::Size,
            format!("size ≥ {} px", limits.min_px),
            share(limits.min_px, Limits::MOST_PX),
            limits.min_px > own.min_px,
            told("the episode", whole),
        ),
    ];
    for (row, (slider, name, share, is_moved, told)) in (0_u16..).zip(rows) {
        let is_here = film.slider == slider;
        let role = if is_moved { Role::Doubt } else { Role::Text };
        let room = usize::from(area.width.saturating_sub(NAME + BAR + 3));
        canvas.line(
            area,
            row,
            Line::from(vec![
                canvas.mark(is_here),
                canvas.span(if is_here { Role::Title } else { role }, pad(&name, usize::from(NAME) - 2)),
                canvas.dim("▕"),
                canvas.span(if is_moved { Role::BarDoubt } else { Role::Bar }, super::super::super::text::bar(share, BAR.into())),
                canvas.dim("▏ "),
                canvas.span(told.0, fit(&told.1, room)),
            ]),
        );
    }
    let settings = film.settings();
    let text = if settings.is_empty() {
        "  thresholds as the run had them; + and - show what stricter ones would drop, nothing is changed".to_owned()
    } else {
        format!("  {} · c copies it for the next run; nothing is changed here", settings.join("  "))
    };
    canvas.line(area, 2, Line::from(canvas.dim(fit(&text, area.width.into()))));
}

/// Says what of how many would go.
fn told(of: &str, found: Option<(Lost, Lost)>) -> (Role, String) {
    let Some((lost, all)) = found else { return (Role::Dim, format!("{of}: …")) };
    if lost == Lost::default() {
        return (Role::Dim, format!("{of}: drops none of {} faces", count(all.faces.into())));
    }
    let (faces, all_faces) = (count(lost.faces.into()), count(all.faces.into()));
    let (tracks, all_tracks) = (count(lost.tracks.into()), count(all.tracks.into()));
    (Role::Doubt, format!("{of}: drops {faces} of {all_faces} faces, {tracks} of {all_tracks} tracks whole"))
}
