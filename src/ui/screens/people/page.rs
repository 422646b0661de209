//! The page of a person: who they are, where they are seen over the seasons, episode by episode, and their pictures.

use super::super::super::draw::{Canvas, counted};
use super::super::super::keymap::Action;
use super::super::super::list::Step;
use super::super::super::model::{Asking, Detail, Model, Page, Part, Status};
use super::super::super::text::{fit, length, pad, pad_left, percent, score, sparkline, width};
use super::super::super::theme::Role;
use super::super::super::update::{Effect, step_of};
use super::super::catalog;
use super::{at_identity, faces, pictures, share, standing, strip, told_of};
use crate::session::{CastState, PersonLine};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Where what stands on the page.
struct Places {
    who: Rect,
    /// Cells of the large face.
    face: (u16, u16),
    /// Absent where only one part has room.
    strip: Option<Rect>,
    episodes: Option<Rect>,
    pictures: Option<Rect>,
}

/// Lines of what is said of somebody on a narrow screen.
const SAID: u16 = 4;

fn places(model: &Model, person: &PersonLine, page: &Page, area: Rect) -> Places {
    let seasons = strip::seasons(model, person);
    let tall = |rows: u16| u16::try_from(strip::lines(&seasons, usize::from(rows) / 3)).unwrap_or(u16::MAX);
    if area.width < 110 {
        let said = Rect::new(area.x + 1, area.y, area.width - 1, SAID);
        let rest = Rect::new(area.x, area.y + SAID + 1, area.width, area.height.saturating_sub(SAID + 1));
        let (strip, below) = cut(Rect::new(rest.x + 1, rest.y, rest.width - 1, rest.height), tall(rest.height) + 1);
        let below = Rect::new(rest.x, below.y, rest.width, below.height);
        return match page.part {
            Part::Episodes => Places { who: said, face: (0, 0), strip: Some(strip), episodes: Some(below), pictures: None },
            Part::Pictures => Places { who: said, face: (0, 0), strip: None, episodes: None, pictures: Some(rest) },
        };
    }
    let left = if area.width >= 180 { 68 } else { 48 };
    let who = Rect::new(area.x + 1, area.y, left - 2, area.height);
    let face = match model.detail {
        Detail::Off => 0,
        Detail::Coarse => area.height / 2,
        Detail::Fine => area.height * 2 / 5,
    };
    let face = face.min((left - 2) * 5 / 8);
    let right = Rect::new(area.x + left + 1, area.y, area.width - left - 2, area.height);
    let (strip, below) = cut(right, tall(right.height) + 2);
    let strip = Rect::new(strip.x, strip.y + 1, strip.width, strip.height.saturating_sub(1));
    // Episodes take what they need, as long as pictures have room for some of them.
    let needed = u16::try_from(person.episodes.len() + 3).unwrap_or(u16::MAX);
    let (episodes, pictures) = cut(below, needed.min(below.height.saturating_sub(pictures::least(model))));
    Places { who, face: (face * 8 / 5, face), strip: Some(strip), episodes: Some(episodes), pictures: Some(pictures) }
}

/// Cuts an area after so many lines.
fn cut(area: Rect, lines: u16) -> (Rect, Rect) {
    let lines = lines.min(area.height);
    let below = Rect::new(area.x, area.y + lines, area.width, area.height - lines);
    (Rect::new(area.x, area.y, area.width, lines), below)
}

/// Returns the part of the screen between the lines at the top and at the bottom.
fn body(model: &Model) -> Rect {
    Rect::new(0, 0, model.size.0, u16::try_from(super::super::rows(model)).unwrap_or(u16::MAX))
}

pub(super) fn fit_to_screen(model: &mut Model) {
    let Some((person, page)) = model.holdings.people.person().zip(model.holdings.people.page) else { return };
    let places = places(model, person, &page, body(model));
    let (episodes, count) = (person.episodes.len(), pictures::of(model, person).len());
    let grid = places.pictures.map(|area| pictures::grid(model, area));
    let Some(page) = &mut model.holdings.people.page else { return };
    if let Some(area) = places.episodes {
        page.episodes.show(episodes, 1, list_rows(area));
    }
    if let Some((columns, rows)) = grid {
        page.pictures.show(count, columns, rows);
    }
}

/// Lines of the list of episodes under its head.
fn list_rows(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(2)).max(1)
}

/// Gives an action its meaning here; `None` where it means what it means in the list.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let (person, page) = model.holdings.people.person().zip(model.holdings.people.page)?;
    let places = places(model, person, &page, body(model));
    if let Some(step) = step_of(action) {
        let (episodes, count) = (person.episodes.len(), pictures::of(model, person).len());
        let (columns, rows) = places.pictures.map_or((1, 1), |area| pictures::grid(model, area));
        let lines = places.episodes.map_or(1, list_rows);
        let page = model.holdings.people.page.as_mut()?;
        match (page.part, step) {
            // The strip runs from left to right, the list from top to bottom.
            (Part::Episodes, Step::Left) => page.episodes.step(Step::Up, episodes, 1, lines),
            (Part::Episodes, Step::Right) => page.episodes.step(Step::Down, episodes, 1, lines),
            (Part::Episodes, step) => page.episodes.step(step, episodes, 1, lines),
            (Part::Pictures, step) => page.pictures.step(step, count, columns, rows),
        }
        return Some(Vec::new());
    }
    match action {
        Action::NextField | Action::PrevField => {
            let page = model.holdings.people.page.as_mut()?;
            page.part = if page.part == Part::Episodes { Part::Pictures } else { Part::Episodes };
            fit_to_screen(model);
            Some(Vec::new())
        }
        Action::Open => Some(go_on(model)),
        Action::Feature => Some(pictures::feature(model)),
        Action::MoreCrops | Action::FewerCrops => Some(pictures::spread(model, action)),
        Action::Remove if page.part == Part::Pictures => Some(pictures::remove(model)),
        Action::Add => {
            if let Some(asking) = person.id.map(|id| Asking::NewPicture(id, person.name.clone())) {
                catalog::ask_new(model, asking);
            }
            Some(Vec::new())
        }
        // On a page there is one person, and nothing to sort.
        Action::Select | Action::Sort | Action::SortReverse | Action::AsFaces => Some(Vec::new()),
        Action::NextTab | Action::PrevTab => {
            let people = &mut model.holdings.people;
            let step = if action == Action::NextTab { Step::Right } else { Step::Left };
            let count = people.order.len();
            people.cursor.step(step, count, people.shape.0, people.shape.1);
            let part = page.part;
            people.follow();
            people.beside.clone_from(&people.under);
            super::enter(model);
            if let Some(page) = &mut model.holdings.people.page {
                page.part = part;
            }
            fit_to_screen(model);
            Some(Vec::new())
        }
        _ => None,
    }
}

/// Opens the episode under the cursor at this person.
fn go_on(model: &mut Model) -> Vec<Effect> {
    let people = &model.holdings.people;
    let Some((person, page)) = people.person().zip(people.page) else { return Vec::new() };
    let at = match page.part {
        Part::Episodes => person.episodes.get(page.episodes.at),
        Part::Pictures => {
            let face = pictures::of(model, person).into_iter().nth(page.pictures.at).and_then(|p| p.episode);
            face.and_then(|id| person.episodes.iter().find(|e| e.episode == id))
        }
    };
    let Some((episode, identity)) = at.map(|e| (e.episode.clone(), e.identity)) else {
        if page.part == Part::Pictures {
            model.status = Status::Done("this picture is of no episode that they are in".into());
        }
        return Vec::new();
    };
    at_identity(model, episode, identity)
}

pub(super) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let Some((person, page)) = model.holdings.people.person().zip(model.holdings.people.page) else { return Vec::new() };
    let places = places(model, person, &page, body(model));
    let is_in = |area: &Rect| x >= area.x && x < area.right() && y > area.y + 1 && y < area.bottom();
    let (episodes, count) = (person.episodes.len(), pictures::of(model, person).len());
    if let Some(area) = places.episodes.filter(is_in) {
        let at = page.episodes.top + usize::from(y - area.y - 2);
        return click_at(model, Part::Episodes, at, episodes);
    }
    if let Some(at) = places.pictures.filter(is_in).and_then(|area| pictures::at(model, &page, area, x, y)) {
        return click_at(model, Part::Pictures, at, count);
    }
    Vec::new()
}

/// Puts the cursor there; where it is there already, opens it.
fn click_at(model: &mut Model, part: Part, at: usize, count: usize) -> Vec<Effect> {
    let Some(page) = model.holdings.people.page.as_mut().filter(|_| at < count) else { return Vec::new() };
    let cursor = if part == Part::Episodes { &mut page.episodes } else { &mut page.pictures };
    let is_there = cursor.at == at && page.part == part;
    cursor.at = at;
    page.part = part;
    if is_there { go_on(model) } else { Vec::new() }
}

pub(super) fn draw(model: &Model, person: &PersonLine, page: &Page, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let places = places(model, person, page, area);
    who(model, person, canvas, &places);
    let here = person.episodes.get(page.episodes.at).map(|e| &e.episode);
    if let Some(place) = places.strip {
        let seasons = strip::seasons(model, person);
        if !seasons.is_empty() {
            strip::draw(&seasons, person, here, canvas, place);
        }
    }
    if let Some(place) = places.episodes {
        episodes(person, page, canvas, place);
    }
    if let Some(place) = places.pictures {
        pictures::draw(model, person, page, canvas, place);
    }
}

/// The face, and what is said of them.
fn who(model: &Model, person: &PersonLine, canvas: &mut Canvas<'_, '_>, places: &Places) {
    let (area, (wide, tall)) = (places.who, places.face);
    let mut row = 0;
    if tall > 3 {
        let place = Rect::new(area.x + (area.width - wide.min(area.width)) / 2, area.y, wide.min(area.width), tall);
        faces::stands_for(model, person, canvas, place);
        row = tall + 1;
    }
    let lines = usize::from(area.height.saturating_sub(row));
    let notes = lines.saturating_sub(6).max(1);
    for line in told_of(model, person, canvas, usize::from(area.width), notes).into_iter().take(lines) {
        canvas.line(area, row, line);
        row += 1;
    }
}

/// The title of a part, bright where the cursor is.
pub(super) fn part_title(canvas: &mut Canvas<'_, '_>, area: Rect, is_here: bool, title: &str, note: &str) {
    let title = canvas.span(if is_here { Role::Accent } else { Role::Dim }, format!(" {title}"));
    let note = canvas.dim(format!("  {}", fit(note, usize::from(area.width).saturating_sub(title.width() + 2))));
    canvas.line(area, 0, Line::from(vec![title, note]));
}

fn episodes(person: &PersonLine, page: &Page, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let is_focus = page.part == Part::Episodes;
    if person.episodes.is_empty() {
        return part_title(canvas, area, is_focus, "in no episode yet", "");
    }
    part_title(canvas, area, is_focus, &counted(person.episodes.len(), "episode"), "");
    let wide = usize::from(area.width);
    let id = person.episodes.iter().map(|e| width(e.episode.as_str())).max().unwrap_or(0).clamp(8, 24);
    let has_sound = person.speaking.is_some() && wide >= id + 50;
    let sound = if has_sound { 18 } else { 0 };
    let room = wide.saturating_sub(id + 24 + sound + 1);
    let mut head = format!("   {}{:>9}{:>7}", pad("", id), "seen", "share");
    if has_sound {
        head = format!("{head}{:>9}{:>9}", "speaks", "both");
    }
    if room >= 8 {
        head += "   when";
    }
    canvas.line(area, 1, Line::from(canvas.dim(fit(&head, wide))));
    let rows = list_rows(area);
    for (row, (at, e)) in person.episodes.iter().enumerate().skip(page.episodes.top).take(rows).enumerate() {
        let is_here = at == page.episodes.at;
        let row = u16::try_from(row + 2).unwrap_or(u16::MAX);
        if is_here && is_focus {
            canvas.lay_cursor(area, row);
        }
        let role = if e.confirmed.0 * 2 >= e.visual_time.0 { Role::Confirmed } else { Role::Proposed };
        let mut cells = vec![
            canvas.mark(is_here && is_focus),
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(if is_here { Role::Title } else { Role::Text }, pad(e.episode.as_str(), id)),
            canvas.span(Role::Title, pad_left(&length(e.visual_time), 9)),
            canvas.dim(format!("{:>6.1}%", 100.0 * share(e.visual_time, e.duration))),
        ];
        if has_sound {
            for part in [e.speaking, e.both] {
                cells.push(canvas.span(Role::Text, pad_left(&part.map(length).unwrap_or_default(), 9)));
            }
        }
        if room >= 8 {
            let when = sparkline(&strip::shares(&e.visual, e.origin, e.duration, room - 3));
            cells.push(canvas.span(Role::Spark, format!("   {when}")));
        }
        canvas.line(area, row, Line::from(cells));
    }
}

/// What the line at the bottom says of what is under the cursor.
pub(super) fn told(model: &Model, person: &PersonLine, page: &Page) -> Option<(Role, String)> {
    if page.part == Part::Pictures {
        return pictures::told(model, person, page);
    }
    let Some(e) = person.episodes.get(page.episodes.at) else {
        return Some((standing(person), format!("{}  in no episode yet", person.name)));
    };
    let line = model.holdings.cast(&e.episode);
    let title = line.and_then(|c| c.entry.title.clone()).map(|t| format!("  {t}")).unwrap_or_default();
    let length_of = line.and_then(|c| match &c.state {
        CastState::Known(cast) => Some(format!(" of {}", length(cast.duration))),
        CastState::NotRun | CastState::Broken { .. } => None,
    });
    let when = e.visual.first().zip(e.visual.last());
    let when =
        when.map(|(first, last)| format!("  first {}  last {}", length(first.start() - e.origin), length(last.end() - e.origin)));
    let confirmed = percent(share(e.confirmed, e.visual_time));
    let text = format!(
        "{}  {}{title}  {}{}{}  belief {}  confirmed {confirmed}",
        person.name,
        e.episode,
        length(e.visual_time),
        length_of.unwrap_or_default(),
        when.unwrap_or_default(),
        score(e.confidence)
    );
    Some((Role::Text, text))
}
