//! Everybody of the library, and where they are seen.

use super::super::draw::{Canvas, counted};
use super::super::keymap::Action;
use super::super::line;
use super::super::list::{Cursor, Step};
use super::super::model::{Arrive, Asking, Detail, Item, Model, People, Pick, Picking, Tab};
use super::super::pictures::Kind;
use super::super::text::{bar, fit, length, pad, pad_left, percent};
use super::super::theme::Role;
use super::super::update::{Effect, back, open, step_of};
use super::super::worker::Ask;
use crate::domain::{EpisodeId, IdentityId, MediaTime, PersonId};
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

/// Fits the list to the screen.
pub(crate) fn fit_to_screen(model: &mut Model) {
    model.holdings.people.rows = list_rows(model);
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    fit_to_screen(model);
    let people = &mut model.holdings.people;
    let rows = people.rows;
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
        Action::Name => rename(model),
        Action::Merge => {
            let people = chosen(&model.holdings.people);
            if !people.is_empty() {
                super::super::picker::begin(model, Picking::MergePeople(people));
            }
        }
        Action::Select => {
            if let Some(id) = people.person().and_then(|p| p.id)
                && !people.selected.remove(&id)
            {
                people.selected.insert(id);
            }
        }
        Action::SelectNone if people.selected.is_empty() => return back(model),
        Action::SelectNone => people.selected.clear(),
        Action::Refresh => return vec![Effect::Ask(Ask::Casts)],
        _ => {}
    }
    Vec::new()
}

/// Returns the selected people, else the one under the cursor, whom the catalog knows.
fn chosen(people: &People) -> Vec<PersonId> {
    if people.selected.is_empty() {
        people.person().and_then(|p| p.id).into_iter().collect()
    } else {
        people.selected.iter().copied().collect()
    }
}

/// Asks what the person under the cursor is called.
fn rename(model: &mut Model) {
    let Some((id, name)) = model.holdings.people.person().and_then(|p| Some((p.id?, p.name.clone()))) else { return };
    line::begin(model, Asking::Rename(id), &format!("{name} is called, in every episode"), &name);
}

/// Offers whom some people may be: everybody else of the catalog.
pub(crate) fn whom(model: &Model, merged: &[PersonId]) -> (String, Vec<Item>) {
    let lines = &model.holdings.people.lines;
    let names: Vec<&str> =
        lines.iter().filter(|l| l.id.is_some_and(|id| merged.contains(&id))).map(|l| l.name.as_str()).collect();
    let others = lines.iter().filter_map(|l| Some((l.id.filter(|id| !merged.contains(id))?, l)));
    let note = |l: &PersonLine| format!("{} in {}", length(l.visual_time), counted(l.episodes.len(), "episode"));
    let items = others.map(|(id, l)| Item { text: l.name.clone(), note: note(l), pick: Pick::Somebody(id) }).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    (format!("who {verb} {}, in every episode?", names.join(" and ")), items)
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
    if !person.aliases.is_empty() {
        let also = format!("also {}", person.aliases.join(", "));
        canvas.line(inner, row + 2, Line::from(canvas.dim(fit(&also, usize::from(inner.width)))));
    }
    let rest = Rect::new(inner.x, inner.y + row + 4, inner.width, inner.height.saturating_sub(row + 4));
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

#[cfg(test)]
mod tests {
    use super::super::super::keymap::Keymap;
    use super::super::super::model::{Overlay, Screen};
    use super::super::super::theme::{Colours, Theme};
    use super::super::super::update::{Msg, update};
    use super::super::super::worker::{Answer, Deed};
    use super::*;
    use crate::domain::{EpisodeEntry, Person, Roster, RunId};
    use crate::session::{Appearance, CastLine, CatalogCommand, EpisodeCast};
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    /// Ava in two episodes, Ben in one of them, Cleo in none.
    fn model() -> Model {
        let theme = Theme::load("dark", None, Colours::True).unwrap();
        let mut model = Model::new(Keymap::load(None).unwrap(), theme, Vec::new(), Detail::Off);
        let person = |id: u32, name: &str| Person::new(PersonId(id), name, jiff::Timestamp::UNIX_EPOCH);
        model.holdings.roster = Roster::new([person(1, "Ava"), person(2, "Ben"), person(3, "Cleo")]);
        let seen = |id: u32, name: &str, seconds: i64| Appearance {
            person: Some(PersonId(id)),
            name: name.into(),
            identities: vec![IdentityId(id + 4)],
            visual: vec![],
            visual_time: MediaTime(seconds * 1_000_000),
            confirmed: MediaTime::ZERO,
            confidence: 0.5,
            best: None,
        };
        let line = |id: &str, people: Vec<Appearance>| {
            let entry = EpisodeEntry::new(&id.parse().unwrap(), "/v.mp4", jiff::Timestamp::UNIX_EPOCH);
            let (run, zero) = (RunId(1), MediaTime::ZERO);
            let duration = MediaTime(60_000_000);
            let cast = EpisodeCast { run, origin: zero, duration, identities: 4, named: 2, covered: zero, unnamed: zero, people };
            CastLine { entry, state: CastState::Known(cast) }
        };
        let lines = vec![line("a-s01e01", vec![seen(1, "Ava", 9), seen(2, "Ben", 3)]), line("a-s01e02", vec![seen(1, "Ava", 5)])];
        model.screen = Screen::People;
        update(&mut model, Msg::Answer(Answer::Casts { lines, all: 2, is_last: true }));
        model
    }

    fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
        let code = |key: &str| match key {
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Space" => KeyCode::Char(' '),
            key => KeyCode::Char(key.chars().next().unwrap()),
        };
        keys.split(' ').flat_map(|key| update(model, Msg::Key(KeyEvent::new(code(key), KeyModifiers::NONE)))).collect()
    }

    #[test]
    fn enter_goes_among_the_episodes_of_a_person_and_opens_one_at_them() {
        let mut model = model();
        assert_eq!(press(&mut model, "Enter"), []);
        assert!(model.holdings.people.within.is_some());
        assert_eq!(press(&mut model, "j Enter"), [Effect::Ask(Ask::Open("a-s01e02".parse().unwrap()))]);
        assert_eq!(model.arrive.as_ref().and_then(|a| a.identity), Some(IdentityId(5)));
    }

    #[test]
    fn a_person_of_one_episode_opens_it_at_once_and_one_of_none_does_not() {
        let mut model = model();
        assert_eq!(press(&mut model, "j Enter"), [Effect::Ask(Ask::Open("a-s01e01".parse().unwrap()))]);
        assert_eq!(press(&mut model, "j Enter"), []);
        assert_eq!(
            (model.holdings.people.person().map(|p| p.name.as_str()), model.holdings.people.within.is_none()),
            (Some("Cleo"), true)
        );
    }

    #[test]
    fn a_name_is_typed_over_the_one_before() {
        let mut model = model();
        assert_eq!(
            press(&mut model, "r s Enter"),
            [Effect::Ask(Ask::Catalog(CatalogCommand::Rename { person: PersonId(1), name: "Avas".into() }))]
        );
    }

    #[test]
    fn selected_people_are_merged_into_whom_is_picked_and_an_undo_is_of_people() {
        let mut model = model();
        press(&mut model, "Space j Space m");
        let Some(Overlay::Picker(picker)) = &model.overlay else { panic!() };
        assert_eq!(picker.items.iter().map(|i| i.text.as_str()).collect::<Vec<_>>(), ["Cleo"]);
        let merge = CatalogCommand::Merge { people: vec![PersonId(1), PersonId(2)], into: PersonId(3) };
        assert_eq!(press(&mut model, "Enter"), [Effect::Ask(Ask::Catalog(merge))]);
        let done = Answer::PeopleDecided { summary: Some("Ava and Ben are Cleo".into()), what: Deed::Decision };
        assert_eq!(update(&mut model, Msg::Answer(done)), [Effect::Ask(Ask::Casts)]);
        assert_eq!(press(&mut model, "u"), [Effect::Ask(Ask::UndoPeople(None))]);
    }
}
