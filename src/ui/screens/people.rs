//! Everybody of the library or of one show, and where they are seen: a list, faces, and a page for each.

mod faces;
mod list;
mod page;
mod pictures;
mod strip;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_cast;
#[cfg(test)]
mod tests_pictures;

use super::super::draw::{Canvas, counted};
use super::super::keymap::{Action, Place};
use super::super::line;
use super::super::list::{Cursor, Step};
use super::super::model::{Arrive, Asking, Detail, Item, Model, Page, People, Pick, Picking, Status, Subject, Tab};
use super::super::text::{bar, fit, length, pad, pad_left, percent, width};
use super::super::theme::Role;
use super::super::update::{Effect, back, open, step_of};
use super::super::worker::Ask;
use super::catalog;
use crate::domain::{EpisodeId, IdentityId, MediaTime, Membership, PersonId, Slug};
use crate::session::{CatalogCommand, Dependents, PersonLine, TrackFace};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Lines above the list or the faces: whose they are, how they are sorted.
const HEAD: u16 = 2;

/// Cells of names in the title of a picker, so that the question has room.
const TITLE: usize = 36;

/// Columns of the side with face and episodes; 0 where there is no room for it.
fn side(model: &Model) -> u16 {
    match model.size.0 {
        _ if model.holdings.people.as_faces && model.detail == Detail::Off => 0,
        180.. => 84,
        110.. if model.holdings.people.as_faces => 46,
        100.. => 52,
        _ => 0,
    }
}

/// Fits what is shown to the screen.
pub(crate) fn fit_to_screen(model: &mut Model) {
    let rows = super::rows(model).saturating_sub(usize::from(HEAD)).max(1);
    let people = &model.holdings.people;
    let shape = if people.as_faces { faces::shape(model).fits } else { (1, rows.saturating_sub(1).max(1)) };
    model.holdings.people.shape = shape;
    page::fit_to_screen(model);
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    fit_to_screen(model);
    if model.holdings.people.page.is_some()
        && let Some(effects) = page::act(model, action)
    {
        return effects;
    }
    let people = &mut model.holdings.people;
    let (columns, rows) = people.shape;
    if let Some(step) = step_of(action).filter(|_| people.page.is_none()) {
        match step {
            Step::Right if columns == 1 => enter(model),
            Step::Left if columns == 1 => {}
            _ => {
                people.cursor.step(step, people.order.len(), columns, rows);
                people.follow();
            }
        }
        return Vec::new();
    }
    match action {
        Action::Open => enter(model),
        Action::NextTab | Action::PrevTab => another_show(model, action),
        Action::AsFaces => {
            people.as_faces = !people.as_faces;
            fit_to_screen(model);
            model.holdings.people.arrange();
        }
        Action::Sort => {
            people.sort = people.sort.next();
            people.arrange();
        }
        Action::SortReverse => {
            people.reversed = !people.reversed;
            people.arrange();
        }
        Action::Edit => edit(model),
        Action::Add => return add(model),
        Action::Remove => return leave_cast(model),
        Action::Delete => return delete(model),
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
        // What was refused is put away first.
        Action::SelectNone if matches!(model.status, Status::Failed(_)) => model.status = Status::Quiet,
        Action::SelectNone if people.selected.is_empty() || people.page.is_some() => return back(model),
        Action::SelectNone => people.selected.clear(),
        Action::Refresh => return vec![Effect::Ask(Ask::Casts)],
        _ => {}
    }
    Vec::new()
}

/// Goes on to the cast of another show; everybody comes before the first.
fn another_show(model: &mut Model, action: Action) {
    let scopes = scopes(model);
    let holdings = &mut model.holdings;
    let at = scopes.iter().position(|s| *s == holdings.people.show).unwrap_or(0);
    let step = if action == Action::NextTab { 1 } else { scopes.len().saturating_sub(1) };
    let to = scopes.into_iter().cycle().nth(at + step).flatten();
    show_cast(model, to);
}

/// Shows the cast of a show as faces, or everybody as a list.
pub(crate) fn show_cast(model: &mut Model, show: Option<String>) {
    let holdings = &mut model.holdings;
    let people = &mut holdings.people;
    people.as_faces = show.is_some();
    (people.show, people.page) = (show, None);
    people.gather(&holdings.roster, &holdings.directory, &holdings.casts);
    fit_to_screen(model);
    model.holdings.people.arrange();
}

/// Everybody, and every show.
fn scopes(model: &Model) -> Vec<Option<String>> {
    let shows = model.holdings.shows.lines.iter().filter_map(|s| s.show.clone());
    std::iter::once(None).chain(shows.map(Some)).collect()
}

/// Returns the selected people, else the one under the cursor, whom the catalog knows; on a page the person whose it is.
fn chosen(people: &People) -> Vec<PersonId> {
    if people.page.is_some() || people.selected.is_empty() {
        people.person().and_then(|p| p.id).into_iter().collect()
    } else {
        people.selected.iter().copied().collect()
    }
}

/// Offers what is said of the person under the cursor, and of their parts in shows.
fn edit(model: &mut Model) {
    let Some(person) = model.holdings.people.person() else { return };
    let Some(id) = person.id else { return };
    let parts = parts(model, person).into_iter().map(|m| Subject::Member(id, m.show.clone()));
    let subjects: Vec<Subject> = std::iter::once(Subject::Person(id)).chain(parts).collect();
    let more = pictures::kinds(model);
    catalog::edit(model, &subjects, more);
}

/// Adds somebody to the library; in a show, the selected people to its cast, else whoever is picked.
fn add(model: &mut Model) -> Vec<Effect> {
    let people = &mut model.holdings.people;
    let Some(show) = people.show.as_deref().and_then(|s| s.parse::<Slug>().ok()) else {
        catalog::ask_new(model, Asking::NewMember(None));
        return Vec::new();
    };
    let joining: Vec<PersonId> = people.selected.iter().copied().filter(|id| !people.is_member(*id)).collect();
    if joining.is_empty() {
        catalog::add_member(model, &show);
        return Vec::new();
    }
    people.selected.clear();
    vec![Effect::Ask(Ask::Catalog(CatalogCommand::AddMember { show, people: joining, role: None, seasons: Vec::new() }))]
}

/// Deletes the person under the cursor; of several it is not clear where what is theirs goes.
fn delete(model: &mut Model) -> Vec<Effect> {
    let people = &model.holdings.people;
    let Some(person) = people.person().and_then(|p| p.id) else { return Vec::new() };
    if people.page.is_none() && people.selected.iter().any(|id| *id != person) {
        let key = |action| model.keymap.key_of(Place::People, action).unwrap_or_else(|| ":".into());
        let (none, delete) = (key(Action::SelectNone), key(Action::Delete));
        model.status = Status::Done(format!("one person is deleted at a time: {none} selects nobody, then {delete}"));
        return Vec::new();
    }
    vec![Effect::Ask(Ask::Catalog(CatalogCommand::DeletePerson { person, dependents: Dependents::Refuse }))]
}

/// Takes the selected people, else the one under the cursor, out of the cast of the show at hand.
fn leave_cast(model: &mut Model) -> Vec<Effect> {
    let people = &mut model.holdings.people;
    let key = |action| model.keymap.key_of(Place::People, action).unwrap_or_else(|| ":".into());
    let show: Option<Slug> = people.show.as_deref().and_then(|s| s.parse().ok());
    let Some(show) = show else {
        let next = key(Action::NextTab);
        model.status = Status::Done(format!("{next} goes to the cast of a show; there somebody is taken out of it"));
        return Vec::new();
    };
    let is_page = people.page.is_some();
    let asked = if is_page { people.person().and_then(|p| p.id).into_iter().collect() } else { chosen(people) };
    let leaving: Vec<PersonId> = asked.iter().copied().filter(|id| people.is_member(*id)).collect();
    if leaving.is_empty() {
        let who =
            people.person().map(|p| p.name.clone()).filter(|_| asked.len() == 1).unwrap_or_else(|| "nobody selected".into());
        let add = key(Action::Add);
        model.status = Status::Done(format!("{who} is not in the cast of {show}, only seen in it; {add} adds to the cast"));
        return Vec::new();
    }
    if !is_page {
        people.selected.clear();
    }
    vec![Effect::Ask(Ask::Catalog(CatalogCommand::RemoveMember { show, people: leaving }))]
}

/// Asks what the person under the cursor is called.
fn rename(model: &mut Model) {
    let Some((id, name)) = model.holdings.people.person().and_then(|p| Some((p.id?, p.name.clone()))) else { return };
    line::begin(model, Asking::Rename(id), &format!("{name} is called, in every episode"), &name);
}

/// Offers whom some people may be: everybody else of the catalog.
pub(crate) fn whom(model: &Model, merged: &[PersonId]) -> (String, Vec<Item>) {
    // Also those outside the cast that is shown.
    let lines = crate::session::people(&model.holdings.roster, &model.holdings.casts);
    let names: Vec<&str> =
        lines.iter().filter(|l| l.id.is_some_and(|id| merged.contains(&id))).map(|l| l.name.as_str()).collect();
    let others = lines.iter().filter_map(|l| Some((l.id.filter(|id| !merged.contains(id))?, l)));
    let items = others.map(|(id, l)| Item { text: l.name.clone(), note: seen_text(l), pick: Pick::Somebody(id) }).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    (format!("who {verb} {}, in every episode?", fit(&names.join(" and "), TITLE)), items)
}

/// Says in few words how long somebody is seen.
pub(crate) fn seen_text(person: &PersonLine) -> String {
    if person.episodes.is_empty() {
        return "in no episode yet".into();
    }
    format!("{} in {}", length(person.visual_time), counted(person.episodes.len(), "episode"))
}

/// Takes the faces of somebody's tracks in an episode, where their page is still open.
pub(crate) fn faces_found(model: &mut Model, person: PersonId, episode: &EpisodeId, faces: Vec<TrackFace>) {
    pictures::spread_out(model, person, episode, faces);
}

/// Leaves the page of a person; tells whether one was open.
pub(crate) fn leave(model: &mut Model) -> bool {
    model.holdings.people.spread = None;
    model.holdings.people.page.take().is_some()
}

/// Opens the page of the person under the cursor, at the episode that their face is from.
fn enter(model: &mut Model) {
    let people = &mut model.holdings.people;
    let Some(person) = people.person() else { return };
    let from = person.portrait.as_ref().map(|p| p.episode.clone());
    let at = from.and_then(|id| person.episodes.iter().position(|e| e.episode == id)).unwrap_or(0);
    people.page = Some(Page { episodes: Cursor { at, top: 0 }, ..Page::default() });
    fit_to_screen(model);
}

/// Opens an episode with the cursor on an identity.
pub(crate) fn at_identity(model: &mut Model, episode: EpisodeId, identity: Option<IdentityId>) -> Vec<Effect> {
    open(model, Arrive { episode: Some(episode), tab: Some(Tab::Identities), identity, ..Arrive::default() })
}

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    fit_to_screen(model);
    // Two lines above every screen, and those above what is listed.
    let Some(y) = y.checked_sub(2) else { return Vec::new() };
    if model.holdings.people.page.is_some() {
        return page::click(model, x, y);
    }
    let beside = side(model);
    if beside > 0 && x >= model.size.0.saturating_sub(beside) {
        return Vec::new();
    }
    let at = if model.holdings.people.as_faces { faces::at(model, x, y) } else { list::at(model, y) };
    let people = &mut model.holdings.people;
    let Some(at) = at.filter(|at| *at < people.order.len()) else { return Vec::new() };
    if people.cursor.at == at {
        enter(model);
        return Vec::new();
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
    if let Some((page, person)) = people.page.as_ref().zip(people.person()) {
        return page::draw(model, person, page, canvas, area);
    }
    tabs(model, canvas, area);
    canvas.line(area, 1, Line::from(canvas.dim(fit(&head(model), usize::from(area.width)))));
    let body = Rect::new(area.x, area.y + HEAD, area.width, area.height.saturating_sub(HEAD));
    if people.order.is_empty() {
        let key = |place, action| model.keymap.key_of(place, action).unwrap_or_else(|| ":".into());
        let here = |action| key(Place::People, action);
        let (add, next) = (here(Action::Add), here(Action::NextTab));
        let (what, hint) = match (people.filter.is_empty(), holdings.is_read, &people.show) {
            (false, ..) => {
                let (filter, leave) = (here(Action::Filter), key(Place::Input, Action::Back));
                ("nobody fits the filter".to_owned(), format!("{filter} {leave} takes it away"))
            }
            (true, false, _) => ("reading the library …".into(), String::new()),
            (true, true, Some(show)) => {
                (format!("nobody is in the cast of {show}"), format!("{add} says who is; {next} goes on to the next show"))
            }
            (true, true, None) => {
                let name = key(Place::Identities, Action::Name);
                ("nobody has a name yet".into(), format!("{add} adds somebody; {name} in an episode names an identity"))
            }
        };
        return canvas.says(body, Role::Dim, &what, &hint);
    }
    let beside = side(model);
    let left = Rect::new(body.x, body.y, body.width.saturating_sub(beside), body.height);
    if people.as_faces {
        faces::draw(model, canvas, left);
    } else {
        list::draw(model, canvas, left);
    }
    if let Some(person) = people.beside.as_ref().and_then(|key| people.of(key)).filter(|_| beside > 0) {
        draw_side(model, person, canvas, Rect::new(left.right(), area.y, beside, area.height));
    }
}

/// Everybody and the shows, the one at hand bright; where not all have room, those around it.
fn tabs(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let scopes = scopes(model);
    let here = scopes.iter().position(|s| *s == model.holdings.people.show).unwrap_or(0);
    let title = |s: &Option<String>| s.clone().unwrap_or_else(|| "everybody".into());
    let room = usize::from(area.width).saturating_sub(side(model) as usize + 12);
    let mut first = 0;
    let cells = |from: usize| scopes[from..=here].iter().map(|s| width(&title(s)) + 2).sum::<usize>();
    while first < here && cells(first) > room {
        first += 1;
    }
    let mut cells = vec![canvas.span(Role::Text, " ")];
    if first > 0 {
        cells.push(canvas.dim("… "));
    }
    for (at, scope) in scopes.iter().enumerate().skip(first) {
        cells.push(canvas.span(if at == here { Role::Accent } else { Role::Dim }, format!("{}  ", title(scope))));
    }
    if scopes.len() > 1 {
        let keys = [Action::PrevTab, Action::NextTab].map(|a| model.keymap.key_of(Place::People, a).unwrap_or_default());
        cells.push(canvas.dim(format!(" {} another show", keys.join(" "))));
    }
    let place = Rect::new(area.x, area.y, area.width.saturating_sub(side(model)), area.height);
    canvas.line(place, 0, Line::from(cells));
}

fn head(model: &Model) -> String {
    let people = &model.holdings.people;
    let first = if people.show.is_some() { " the cast first ·" } else { "" };
    let mut head = format!("{first} sorted by {}{}", people.sort.title(), if people.reversed { ", reversed" } else { "" });
    if !people.filter.is_empty() {
        head = format!("{head} · filter “{}”: {} of {}", people.filter, people.order.len(), people.lines.len());
    }
    if !people.selected.is_empty() {
        head = format!("{head} · {} selected", people.selected.len());
    }
    if let Some((read, all)) = model.holdings.progress {
        head = format!("{head} · reading {read} of {all} episodes");
    }
    head
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

/// Returns the parts that somebody has in shows: in the show at hand, else in all.
fn parts<'a>(model: &'a Model, person: &PersonLine) -> Vec<&'a Membership> {
    let holdings = &model.holdings;
    let is_here = |m: &&Membership| holdings.people.show.as_deref().is_none_or(|show| m.show.as_str() == show);
    holdings.directory.memberships.values().filter(|m| Some(m.person) == person.id).filter(is_here).collect()
}

/// Says a part in words: `housewife, seasons 1-3, 5`.
fn part_text(part: &Membership) -> String {
    let role = part.role.clone().unwrap_or_else(|| "cast".into());
    match part.seasons.as_slice() {
        [] => role,
        [one] => format!("{role}, season {one}"),
        many => format!("{role}, seasons {}", ranges(many)),
    }
}

/// Says a part in few cells: `housewife s1-3, 5`.
fn part_short(part: &Membership) -> String {
    let role = part.role.as_deref().unwrap_or("cast");
    if part.seasons.is_empty() { role.to_owned() } else { format!("{role} s{}", ranges(&part.seasons)) }
}

/// Returns ascending numbers as `1-3, 5`.
pub(crate) fn ranges(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for n in numbers {
        match runs.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(*n) => *to = *n,
            _ => runs.push((*n, *n)),
        }
    }
    let text = |(from, to): &(u32, u32)| if from == to { from.to_string() } else { format!("{from}-{to}") };
    runs.iter().map(text).collect::<Vec<_>>().join(", ")
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
    if height > 3 && (person.portrait.is_some() || faces::featured(model, person).is_some()) {
        let wide = (height * 8 / 5).min(inner.width);
        let place = Rect::new(inner.x + (inner.width - wide) / 2, inner.y, wide, height);
        faces::stands_for(model, person, canvas, place);
        row = height + 1;
    }
    for line in told_of(model, person, canvas, usize::from(inner.width), 1) {
        canvas.line(inner, row, line);
        row += 1;
    }
    let rest = Rect::new(inner.x, inner.y + row + 1, inner.width, inner.height.saturating_sub(row + 1));
    draw_bars(person, canvas, rest);
}

/// What there is to say of somebody, line by line; of the notes as many lines as asked for.
fn told_of<'t>(model: &Model, person: &PersonLine, canvas: &Canvas<'_, '_>, wide: usize, notes: usize) -> Vec<Line<'t>> {
    let role = standing(person);
    let id = person.id.map(|id| format!("  {id}")).unwrap_or_default();
    let mut lines = vec![Line::from(vec![
        canvas.span(role, format!("{} ", role.glyph())),
        canvas.span(Role::Title, fit(&person.name, wide.saturating_sub(id.len() + 2))),
        canvas.dim(id),
    ])];
    lines.push(Line::from(sums(canvas, person, wide)));
    if let Some(spoken) = spoken(canvas, person) {
        lines.push(Line::from(spoken));
    }
    for part in parts(model, person) {
        let show = if model.holdings.people.show.is_some() { String::new() } else { format!("{}: ", part.show) };
        lines.push(Line::from(canvas.span(Role::Text, fit(&format!("{show}{}", part_text(part)), wide))));
    }
    if !person.aliases.is_empty() {
        lines.push(Line::from(canvas.dim(fit(&format!("also {}", person.aliases.join(", ")), wide))));
    }
    if let Some(text) = person.id.and_then(|id| model.holdings.directory.people.get(&id)).and_then(|p| p.notes.as_deref()) {
        let all = super::super::draw::wrap(text, wide);
        let more = all.len() > notes;
        for (at, line) in all.into_iter().take(notes).enumerate() {
            let line = if more && at + 1 == notes { fit(&format!("{line} …"), wide) } else { line };
            lines.push(Line::from(canvas.dim(line)));
        }
    }
    lines
}

fn sums<'t>(canvas: &Canvas<'_, '_>, person: &PersonLine, wide: usize) -> Vec<Span<'t>> {
    if person.episodes.is_empty() {
        return vec![canvas.dim("in no episode yet")];
    }
    let confirmed = person.confirmed.secs() / person.visual_time.secs().max(1e-6);
    let (seen, episodes) = (length(person.visual_time), counted(person.episodes.len(), "episode"));
    let mut rest = format!("  in {episodes}  confirmed {}", percent(confirmed));
    let belief = format!("  belief {}", percent(person.confidence));
    if "seen ".len() + width(&seen) + width(&rest) + width(&belief) <= wide {
        rest += &belief;
    }
    vec![canvas.dim("seen "), canvas.span(Role::Title, seen), canvas.dim(rest)]
}

/// How long they speak, and are seen speaking; nothing where no sound was analysed.
fn spoken<'t>(canvas: &Canvas<'_, '_>, person: &PersonLine) -> Option<Vec<Span<'t>>> {
    let (speaking, both) = person.speaking.zip(person.both)?;
    Some(vec![
        canvas.dim("speaks "),
        canvas.span(Role::Title, length(speaking)),
        canvas.dim("  both "),
        canvas.span(Role::Title, length(both)),
    ])
}

/// Their episodes as bars, from the last backwards as far as there is room.
fn draw_bars(person: &PersonLine, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let count = person.episodes.len();
    let rows = usize::from(area.height);
    let id = person.episodes.iter().map(|e| e.episode.as_str().len()).max().unwrap_or(0).min(24);
    let room = usize::from(area.width).saturating_sub(id + 2 + 9 + 7 + 2);
    let most = person.episodes.iter().map(|e| e.visual_time.0).max().unwrap_or(0).max(1);
    for (row, e) in person.episodes.iter().skip(count.saturating_sub(rows)).enumerate() {
        let mut cells = vec![
            canvas.span(Role::Text, format!(" {}", pad(e.episode.as_str(), id + 1))),
            canvas.span(Role::Text, pad_left(&length(e.visual_time), 8)),
            canvas.dim(format!("{:>6.1}% ", 100.0 * share(e.visual_time, e.duration))),
        ];
        if room >= 4 {
            cells.push(canvas.span(Role::Bar, format!(" {}", bar(e.visual_time.0 as f64 / most as f64, room))));
        }
        canvas.line(area, u16::try_from(row).unwrap_or(u16::MAX), Line::from(cells));
    }
}

fn share(part: MediaTime, of: MediaTime) -> f64 {
    if of > MediaTime::ZERO { part.0 as f64 / of.0 as f64 } else { 0.0 }
}

/// What the line at the bottom says of the person under the cursor.
pub(crate) fn told(model: &Model) -> Option<(Role, String)> {
    let people = &model.holdings.people;
    let person = people.person()?;
    if let Some(page) = &people.page {
        return page::told(model, person, page);
    }
    let role = standing(person);
    let last = person.last().map(|e| format!("  last seen in {}", e.episode)).unwrap_or_default();
    let part = parts(model, person).first().map(|p| format!("  {}", part_text(p))).unwrap_or_default();
    let seen = if person.episodes.is_empty() {
        "in no episode yet".to_owned()
    } else {
        let episodes = counted(person.episodes.len(), "episode");
        format!("{}  in {episodes}  belief {}{last}", length(person.visual_time), percent(person.confidence))
    };
    Some((role, format!("{} {}{part}  {seen}", role.glyph(), person.name)))
}
