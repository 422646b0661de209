//! Everybody of the library, and where they are seen.

use super::super::draw::{Canvas, counted};
use super::super::keymap::Action;
use super::super::list::{Cursor, Step};
use super::super::model::{Arrive, Detail, Model, Tab};
use super::super::pictures::Kind;
use super::super::text::{bar, fit, length, pad, pad_left, percent};
use super::super::theme::Role;
use super::super::update::{Effect, open, step_of};
use super::super::worker::Ask;
use crate::domain::{EpisodeId, IdentityId, MediaTime};
use crate::session::{CastState, PersonLine};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Columns of the side with face and episodes; 0 where there is no room for it.
fn side(width: u16) -> u16 {
    match width {
        180.. => 84,
        100.. => 52,
        _ => 0,
    }
}

/// Lines under the head of the list.
fn list_rows(model: &Model) -> usize {
    super::rows(model).saturating_sub(2).max(1)
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = list_rows(model);
    let people = &mut model.holdings.people;
    people.rows = rows;
    let episodes = people.person().map_or(0, |p| p.episodes.len());
    if let Some(step) = step_of(action) {
        match (&mut people.within, step) {
            (Some(_), Step::Left) => people.within = None,
            (Some(cursor), _) => cursor.step(step, episodes, 1, rows),
            (None, Step::Right) => enter(model),
            (None, Step::Left) => {}
            (None, _) => {
                people.cursor.step(step, people.order.len(), 1, rows);
                people.follow();
            }
        }
        return Vec::new();
    }
    match action {
        Action::Open => return go_on(model),
        Action::Sort => {
            people.sort = people.sort.next();
            people.arrange();
        }
        Action::SortReverse => {
            people.reversed = !people.reversed;
            people.arrange();
        }
        Action::Refresh => return vec![Effect::Ask(Ask::Casts)],
        _ => {}
    }
    Vec::new()
}

/// Leaves the episodes of a person; tells whether one was among them.
pub(crate) fn leave(model: &mut Model) -> bool {
    model.holdings.people.within.take().is_some()
}

/// Goes among the episodes of the person, to the one that their face is from.
fn enter(model: &mut Model) {
    let rows = list_rows(model);
    let people = &mut model.holdings.people;
    let Some(person) = people.person().filter(|p| !p.episodes.is_empty()) else { return };
    let from = person.portrait.as_ref().map(|p| p.episode.clone());
    let at = from.and_then(|id| person.episodes.iter().position(|e| e.episode == id)).unwrap_or(0);
    let count = person.episodes.len();
    let mut cursor = Cursor { at, top: 0 };
    cursor.show(count, 1, rows);
    people.within = Some(cursor);
}

/// Opens the episode under the cursor at this person; from the list, the only one, or goes among them.
fn go_on(model: &mut Model) -> Vec<Effect> {
    let people = &model.holdings.people;
    let Some(person) = people.person() else { return Vec::new() };
    let at = match (people.within, person.episodes.as_slice()) {
        (Some(cursor), _) => cursor.at,
        (None, [_]) => 0,
        (None, _) => {
            enter(model);
            return Vec::new();
        }
    };
    let Some(episode) = person.episodes.get(at) else { return Vec::new() };
    at_identity(model, episode.episode.clone(), episode.identity)
}

/// Opens an episode with the cursor on an identity.
pub(crate) fn at_identity(model: &mut Model, episode: EpisodeId, identity: Option<IdentityId>) -> Vec<Effect> {
    open(model, Arrive { episode: Some(episode), tab: Some(Tab::Identities), identity, ..Arrive::default() })
}

/// The line under the rule, and what is said above the list.
const TOP: u16 = 4;

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let beside = side(model.size.0);
    if y < TOP || (beside > 0 && x >= model.size.0.saturating_sub(beside)) {
        return Vec::new();
    }
    let people = &mut model.holdings.people;
    let at = people.cursor.top + usize::from(y - TOP);
    if at >= people.order.len() {
        return Vec::new();
    }
    if people.cursor.at == at {
        return go_on(model);
    }
    people.cursor.at = at;
    people.follow();
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let holdings = &model.holdings;
    let people = &holdings.people;
    if let Some(told) = &holdings.fault {
        return canvas.says(area, Role::Error, &told.what, told.hint.as_deref().unwrap_or_default());
    }
    if people.order.is_empty() {
        let (what, hint) = match (people.filter.is_empty(), holdings.is_read) {
            (false, _) => ("nobody fits the filter", "Esc in the filter (/) takes it away"),
            (true, false) => ("reading the library …", ""),
            (true, true) => ("nobody has a name yet", "r names an identity of an episode; then they are here"),
        };
        return canvas.says(area, Role::Dim, what, hint);
    }
    let beside = side(area.width);
    if beside == 0 && people.within.is_some() {
        if let Some(person) = people.person() {
            draw_episodes(model, person, canvas, area);
        }
        return;
    }
    let list = Rect::new(area.x, area.y, area.width.saturating_sub(beside), area.height);
    draw_list(model, canvas, list);
    let shown = if people.within.is_some() { people.person() } else { people.beside.as_ref().and_then(|key| people.of(key)) };
    if let Some(person) = shown.filter(|_| beside > 0) {
        draw_side(model, person, canvas, Rect::new(list.right(), area.y, beside, area.height));
    }
}

fn draw_list(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let people = &model.holdings.people;
    let mut head = format!(" sorted by {}{}", people.sort.title(), if people.reversed { ", reversed" } else { "" });
    if !people.filter.is_empty() {
        head = format!("{head} · filter “{}”: {} of {}", people.filter, people.order.len(), people.lines.len());
    }
    if !people.selected.is_empty() {
        head = format!("{head} · {} selected", people.selected.len());
    }
    if let Some((read, all)) = model.holdings.progress {
        head = format!("{head} · reading {read} of {all} episodes");
    }
    canvas.line(area, 0, Line::from(canvas.dim(fit(&head, usize::from(area.width)))));
    let wide = usize::from(area.width);
    let name = people
        .lines
        .iter()
        .map(|l| super::super::text::width(&l.name))
        .max()
        .unwrap_or(0)
        .clamp(12, if wide < 90 { 20 } else { 30 });
    // Mark, glyph, name, seconds, episodes; then last seen, and a bar in what is left.
    let fixed = 3 + name + 10 + 10;
    let last = if wide >= fixed + 22 { 20 } else { 0 };
    let room = wide.saturating_sub(fixed + last + 3).min(40);
    let title = format!("   {}{:>10}{:>10}", pad("", name), "seen", "episodes");
    let title = if last > 0 { format!("{title}  {}", pad("last seen", last - 2)) } else { title };
    canvas.line(area, 1, Line::from(canvas.dim(fit(&title, wide))));
    let most = people.lines.iter().map(|l| l.visual_time.0).max().unwrap_or(0).max(1);
    let rows = usize::from(area.height).saturating_sub(2);
    let shown: Vec<(usize, &PersonLine)> = (people.cursor.top..(people.cursor.top + rows).min(people.order.len()))
        .filter_map(|at| Some((at, people.at(at)?)))
        .collect();
    for (row, (at, person)) in shown.into_iter().enumerate() {
        let is_here = at == people.cursor.at;
        let is_chosen = person.id.is_some_and(|id| people.selected.contains(&id));
        let row = u16::try_from(row + 2).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let role = if is_chosen { Role::Selected } else { standing(person) };
        let name_role = match (is_here, is_chosen) {
            (true, _) => Role::Title,
            (_, true) => Role::Selected,
            _ => Role::Text,
        };
        let mut cells = vec![
            canvas.mark(is_here),
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(name_role, pad(&person.name, name)),
        ];
        if person.episodes.is_empty() {
            cells.push(canvas.dim(format!("{:>10}  in no episode", "")));
        } else {
            cells.push(canvas.span(Role::Title, pad_left(&length(person.visual_time), 10)));
            cells.push(canvas.span(Role::Text, pad_left(&person.episodes.len().to_string(), 10)));
            if last > 0 {
                let id = person.last().map(|e| e.episode.to_string()).unwrap_or_default();
                cells.push(canvas.dim(format!("  {}", pad(&id, last - 2))));
            }
            if room >= 6 {
                let share = person.visual_time.0 as f64 / most as f64;
                cells.push(canvas.span(Role::Bar, format!("  {}", bar(share, room))));
            }
        }
        canvas.line(area, row, Line::from(cells));
    }
}

/// Returns how sure it is that what is theirs is theirs.
fn standing(person: &PersonLine) -> Role {
    if person.episodes.is_empty() {
        Role::Dim
    } else if person.confirmed.0 * 2 >= person.visual_time.0 {
        Role::Confirmed
    } else {
        Role::Proposed
    }
}

/// The face, what there is to know, and every episode as a bar.
fn draw_side(model: &Model, person: &PersonLine, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let inner = Rect::new(area.x + 2, area.y, area.width.saturating_sub(3), area.height);
    let tall = match model.detail {
        Detail::Off => 0,
        // As blocks a small face shows nobody.
        Detail::Coarse => inner.height * 3 / 5,
        Detail::Fine => inner.height / 2,
    };
    let height = tall.min(inner.width * 5 / 8);
    let mut row = 0;
    if height > 3 && person.portrait.is_some() {
        let wide = (height * 8 / 5).min(inner.width);
        let place = Rect::new(inner.x + (inner.width - wide) / 2, inner.y, wide, height);
        canvas.portrait(model.holdings.portraits.as_ref(), person.portrait.as_ref(), place, Kind::Face);
        row = height + 1;
    }
    let role = standing(person);
    let id = person.id.map(|id| format!("  {id}")).unwrap_or_default();
    canvas.line(
        inner,
        row,
        Line::from(vec![
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(Role::Title, fit(&person.name, usize::from(inner.width).saturating_sub(id.len() + 2))),
            canvas.dim(id),
        ]),
    );
    canvas.line(inner, row + 1, Line::from(sums(canvas, person)));
    let rest = Rect::new(inner.x, inner.y + row + 3, inner.width, inner.height.saturating_sub(row + 3));
    draw_bars(model, person, canvas, rest);
}

fn sums<'a>(canvas: &Canvas<'_, '_>, person: &PersonLine) -> Vec<ratatui::text::Span<'a>> {
    if person.episodes.is_empty() {
        return vec![canvas.dim("in no episode yet")];
    }
    let confirmed = person.confirmed.secs() / person.visual_time.secs().max(1e-6);
    vec![
        canvas.span(Role::Title, length(person.visual_time)),
        canvas.dim(format!(
            "  in {}  belief {}  confirmed {}",
            counted(person.episodes.len(), "episode"),
            percent(person.confidence),
            percent(confirmed)
        )),
    ]
}

/// The episodes of a person alone, where there is no room beside the list.
fn draw_episodes(model: &Model, person: &PersonLine, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let mut line = vec![canvas.span(Role::Title, format!(" {}  ", person.name))];
    line.extend(sums(canvas, person));
    canvas.line(area, 0, Line::from(line));
    draw_bars(model, person, canvas, Rect::new(area.x, area.y + 2, area.width, area.height.saturating_sub(2)));
}

/// One line an episode: its id, the seconds, a bar against the longest, and what part of the episode it is.
fn draw_bars(model: &Model, person: &PersonLine, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let people = &model.holdings.people;
    let count = person.episodes.len();
    let rows = usize::from(area.height);
    let top = match people.within {
        Some(cursor) => {
            let mut shown = cursor;
            shown.show(count, 1, rows);
            shown.top
        }
        None => count.saturating_sub(rows),
    };
    let id = person.episodes.iter().map(|e| e.episode.as_str().len()).max().unwrap_or(0).min(24);
    let wide = usize::from(area.width);
    let room = wide.saturating_sub(id + 2 + 9 + 7 + 2);
    let most = person.episodes.iter().map(|e| e.visual_time.0).max().unwrap_or(0).max(1);
    for (row, (at, e)) in person.episodes.iter().enumerate().skip(top).take(rows).enumerate() {
        let is_here = people.within.is_some_and(|c| c.at == at);
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let share = if e.duration > MediaTime::ZERO { e.visual_time.0 as f64 / e.duration.0 as f64 } else { 0.0 };
        let mut cells = vec![
            canvas.mark(is_here),
            canvas.span(if is_here { Role::Title } else { Role::Text }, pad(e.episode.as_str(), id + 1)),
            canvas.span(Role::Text, pad_left(&length(e.visual_time), 8)),
            canvas.dim(format!("{:>6.1}% ", 100.0 * share)),
        ];
        if room >= 4 {
            cells.push(canvas.span(Role::Bar, format!(" {}", bar(e.visual_time.0 as f64 / most as f64, room))));
        }
        canvas.line(area, row, Line::from(cells));
    }
}

/// What the line at the bottom says of the person under the cursor.
pub(crate) fn told(model: &Model) -> Option<(Role, String)> {
    let people = &model.holdings.people;
    let person = people.person()?;
    if let Some(e) = people.within.and_then(|c| person.episodes.get(c.at)) {
        let title =
            model.holdings.cast(&e.episode).and_then(|c| c.entry.title.clone()).map(|t| format!("  {t}")).unwrap_or_default();
        let first = model.holdings.cast(&e.episode).and_then(|c| match &c.state {
            CastState::Known(cast) => {
                cast.people.iter().find(|a| a.person == person.id && a.name == person.name).map(|a| (cast.origin, a))
            }
            CastState::NotRun | CastState::Broken { .. } => None,
        });
        let when = first.and_then(|(origin, a)| Some((a.visual.first()?.start() - origin, a.visual.last()?.end() - origin)));
        let when = when.map(|(from, to)| format!("  first {}  last {}", length(from), length(to))).unwrap_or_default();
        let text =
            format!("{}  {}{title}  {}{when}  belief {}", person.name, e.episode, length(e.visual_time), percent(e.confidence));
        return Some((Role::Text, text));
    }
    let role = standing(person);
    let last = person.last().map(|e| format!("  last seen in {}", e.episode)).unwrap_or_default();
    let episodes = counted(person.episodes.len(), "episode");
    Some((
        role,
        format!(
            "{} {}  {}  in {episodes}  belief {}{last}",
            role.glyph(),
            person.name,
            length(person.visual_time),
            percent(person.confidence)
        ),
    ))
}
