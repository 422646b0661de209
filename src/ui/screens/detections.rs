//! The picture at the cursor with what the detector saw in it, and what other thresholds would leave of that.

mod list;
mod picture;
mod place;
#[cfg(test)]
mod tests;
mod timeline;

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::list::Cursor;
use super::super::model::{Desk, Detail, Model, Slider, Status, Tab, Way};
use super::super::replay;
use super::super::text::{clock, count, fit, width};
use super::super::theme::Role;
use super::super::update::Effect;
use super::super::worker::{Ask, Told};
use crate::domain::{Fate, MediaTime, ShotId, Size, Span};
use crate::session::FrameView;
use place::{Place, place};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::sync::Arc;

const SECOND: MediaTime = MediaTime(1_000_000);
/// What a page is in time.
const PAGE: MediaTime = MediaTime(10_000_000);

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let (frame, last) = (desk.film.frame, desk.snapshot.frames().saturating_sub(1));
    let to = match action {
        Action::Right => frame + 1,
        Action::Left => frame.saturating_sub(1),
        Action::NextSecond => later(desk, SECOND),
        Action::PrevSecond => earlier(desk, SECOND),
        Action::PageDown => later(desk, PAGE),
        Action::PageUp => earlier(desk, PAGE),
        Action::Down => desk.snapshot.shot_of(frame).map_or(frame, |shot| shot.end_frame),
        Action::Up => shot_before(desk),
        Action::First => 0,
        Action::Last => last,
        _ => return act_here(model, action),
    };
    go(model, to.min(last))
}

fn act_here(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    match action {
        Action::NextFace | Action::PrevFace => {
            let seen = desk.film.seen();
            let (at, all) = (desk.film.selected(seen.faces()), seen.faces().len().max(1));
            let to = if action == Action::NextFace { (at + 1) % all } else { (at + all - 1) % all };
            desk.film.select(to, seen.faces());
        }
        Action::Stricter => desk.film.slide(Way::Stricter),
        Action::Looser => desk.film.slide(Way::Looser),
        Action::OtherSlider => {
            desk.film.slider = if desk.film.slider == Slider::Score { Slider::Size } else { Slider::Score };
        }
        Action::ResetSliders => desk.film.limits = desk.film.own,
        Action::CopySettings => return copy_settings(model),
        Action::Play => {
            let Some(shot) = desk.snapshot.shot_of(desk.film.frame) else { return Vec::new() };
            let span = Span::new(desk.snapshot.time_of(desk.film.frame), shot.end);
            return replay::begin(model, span);
        }
        Action::Zoom => {
            desk.is_zoomed = !desk.is_zoomed;
            return settle(model);
        }
        Action::Refresh => {
            (desk.film.trouble, desk.film.decoded) = (None, None);
            return settle(model);
        }
        Action::Open => return open_track(model),
        _ => {}
    }
    Vec::new()
}

fn later(desk: &Desk, by: MediaTime) -> u64 {
    let to = desk.snapshot.frame_at(desk.snapshot.time_of(desk.film.frame) + by);
    to.max(desk.film.frame + 1)
}

fn earlier(desk: &Desk, by: MediaTime) -> u64 {
    let to = desk.snapshot.frame_at(desk.snapshot.time_of(desk.film.frame) - by);
    to.min(desk.film.frame.saturating_sub(1))
}

/// Returns the first picture of the shot; there already, that of the shot before.
fn shot_before(desk: &Desk) -> u64 {
    let frame = desk.film.frame;
    let start = |frame: u64| desk.snapshot.shot_of(frame).map_or(0, |shot| shot.start_frame);
    let own = start(frame);
    if own < frame { own } else { start(own.saturating_sub(1)) }
}

/// Moves the cursor to a picture.
pub(crate) fn go(model: &mut Model, frame: u64) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    desk.film.frame = frame;
    ask_for_picture(model).into_iter().collect()
}

fn copy_settings(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let settings = desk.film.settings();
    if settings.is_empty() {
        model.status = Status::Done("the thresholds are those of the run: + makes one stricter".into());
        return Vec::new();
    }
    let words: Vec<String> = settings.iter().map(|s| format!("--set {s}")).collect();
    let text = words.join(" ");
    model.status = Status::Done(format!("copied for `screenalytics run`: {text}"));
    vec![Effect::Copy(text)]
}

/// Goes to the track of the selected face.
fn open_track(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let seen = desk.film.seen();
    let Some(face) = seen.faces().get(desk.film.selected(seen.faces())) else { return Vec::new() };
    match face.fate {
        Fate::Tracked(track) => {
            desk.strips.of = None;
            desk.strips.filter.clear();
            desk.arrange();
            let at = desk.strips.order.iter().position(|id| *id == track);
            desk.strips.cursor = Cursor { at: at.unwrap_or(0), ..desk.strips.cursor };
            (desk.strips.crop, desk.strips.mark, desk.is_zoomed) = (0, None, false);
            desk.tab = Tab::Tracks;
            super::settle(model)
        }
        Fate::Dropped(reason) => {
            model.status = Status::Done(format!("this face is in no track: {}", list::reason(reason)));
            Vec::new()
        }
    }
}

/// Shows the picture that a crop of a track is from.
pub(crate) fn show(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let Some((track, frame)) = desk.crop().map(|crop| (crop.track, crop.at.frame)) else { return Vec::new() };
    (desk.film.frame, desk.film.follow) = (frame, Some(track));
    desk.is_zoomed = false;
    super::tracks::leave_whole(desk);
    desk.tab = Tab::Detections;
    settle(model)
}

fn full(desk: &Desk) -> Size {
    desk.snapshot.run.video.size
}

fn place_of(model: &Model, desk: &Desk) -> Place {
    place(model.size, full(desk), desk.is_zoomed)
}

/// Asks for the picture at the cursor, unless it is there.
fn ask_for_picture(model: &mut Model) -> Option<Effect> {
    let desk = model.desk.as_mut().filter(|_| model.detail != Detail::Off)?;
    let cells = place(model.size, full(desk), desk.is_zoomed).frame;
    // Of blocks no more is shown than 8x16 a cell; a cell of a terminal with graphics has about 10x20.
    let (x, y) = if model.detail == Detail::Fine { (10, 20) } else { (8, 16) };
    let within = Size { width: u32::from(cells.width.max(1)) * x, height: u32::from(cells.height.max(1)) * y };
    let film = &mut desk.film;
    let is_there = film.decoded.as_ref().is_some_and(|view| view.at.frame == film.frame && film.within == within);
    film.within = within;
    (film.trouble.is_none() && !is_there && desk.snapshot.frames() > 0).then_some(Effect::Frame(film.frame, within))
}

/// Asks for all that the screen shows and is not there yet.
pub(crate) fn settle(model: &mut Model) -> Vec<Effect> {
    let mut effects: Vec<Effect> = ask_for_picture(model).into_iter().collect();
    let Some(desk) = &mut model.desk else { return effects };
    let shot: Option<ShotId> = desk.snapshot.shot_of(desk.film.frame).map(|shot| shot.id);
    let film = &mut desk.film;
    if film.shot().is_none() && shot.is_some() && film.asked != shot {
        film.asked = shot;
        effects.extend(shot.map(|shot| Effect::Ask(Ask::ShotFaces(shot))));
    }
    if !film.asked_spread {
        film.asked_spread = true;
        effects.push(Effect::Ask(Ask::Spread));
    }
    effects
}

/// Takes a picture, or the reason why there is none.
pub(crate) fn take_frame(model: &mut Model, found: Result<Arc<FrameView>, Told>) {
    let Some(desk) = &mut model.desk else { return };
    match found {
        Ok(view) => (desk.film.decoded, desk.film.trouble) = (Some(view), None),
        Err(told) => (desk.film.decoded, desk.film.shown, desk.film.trouble) = (None, None, Some(told)),
    }
}

/// The keys rest: the picture at the cursor is painted, once it and what was seen in it are there.
pub(crate) fn rest(model: &mut Model) {
    let Some(desk) = &model.desk else { return };
    let film = &desk.film;
    let Some(view) = film.decoded.as_ref().filter(|view| view.at.frame == film.frame && film.shot().is_some()) else { return };
    let shown = picture::compose(desk, &model.theme, view);
    if let Some(desk) = &mut model.desk {
        desk.film.shown = Some(shown);
    }
}

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let place = place(model.size, full(desk), desk.is_zoomed);
    let seen = desk.film.seen();
    let faces = seen.faces();
    let chosen = if place.list.contains((x, y).into()) {
        list::at(place.list, faces.len(), y)
    } else if place.frame.contains((x, y).into()) {
        picture::face_at(faces, full(desk), place.frame, (x, y))
    } else if let Some((slider, value)) = list::slider_at(place.sliders, (x, y)) {
        desk.film.set(slider, value);
        None
    } else {
        return drag(model, x, y);
    };
    match chosen {
        Some(at) if at == desk.film.selected(faces) => open_track(model),
        Some(at) => {
            desk.film.select(at, faces);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Moves the cursor along the timeline.
pub(crate) fn drag(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let place = place_of(model, desk);
    // A hand wanders off a line while it drags.
    if place.timeline.height == 0 || y + 1 < place.timeline.y || y > place.timeline.bottom() {
        return Vec::new();
    }
    let to = desk.snapshot.frame_at(super::time_at(desk, x, place.timeline.width));
    go(model, to)
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    if desk.snapshot.frames() == 0 {
        return canvas.says(area, Role::Dim, "no shot is stored", "screenalytics run measures the episode");
    }
    let place = place_of(model, desk);
    draw_head(desk, canvas, place.head);
    let seen = desk.film.seen();
    picture::draw(model, desk, &seen, canvas, place.frame);
    list::draw(desk, &seen, canvas, place.list);
    list::draw_sliders(desk, canvas, place.sliders);
    timeline::draw(desk, canvas, place.timeline);
}

fn draw_head(desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let film = &desk.film;
    let mut words = format!("  picture {}", count(film.frame));
    if let Some(shot) = desk.snapshot.shot_of(film.frame) {
        let into = desk.snapshot.time_of(film.frame) - shot.start;
        words = format!("{words} · shot {} of {}, {} in", shot.id.0, desk.snapshot.shots.len(), clock(into));
    }
    if let super::super::model::Seen::Between(_) = film.seen() {
        words += " · not analysed: boxes lie between those before and after";
    }
    let time = format!(" {}", clock(desk.moment()));
    let room = usize::from(area.width).saturating_sub(width(&time));
    canvas.line(area, 0, Line::from(vec![canvas.span(Role::Title, time), canvas.dim(fit(&words, room))]));
}
