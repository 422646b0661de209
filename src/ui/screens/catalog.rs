//! Decisions about shows and people by key: what is said of them is edited line by line, what depends on what is deleted is asked for.

#[cfg(test)]
mod tests;

use super::super::line;
use super::super::model::{Asking, Branch, Field, Item, Model, Pick, Status, Subject};
use super::super::picker;
use super::super::text::{fit, length};
use super::super::update::Effect;
use super::super::worker::{Ask, Told};
use crate::domain::{Directory, PersonId, Slug};
use crate::session::{CatalogCommand, Dependents, EpisodeEdit, Wish};
use jiff::civil::Date;

/// Cells of a name in the title of a picker, so that the question has room.
const TITLE: usize = 30;

/// Offers what can be said of something, with what is said now, and `more`.
pub(crate) fn edit(model: &mut Model, subjects: &[Subject], more: Vec<Item>) {
    let mut items = Vec::new();
    for subject in subjects {
        for field in subject.fields() {
            let note = now(model, subject, *field);
            let note = if note.is_empty() { "nothing yet".to_owned() } else { note };
            let text = match subject {
                Subject::Member(_, show) => format!("{} in {show}", field.word()),
                _ => field.word().into(),
            };
            items.push(Item { text, note, pick: Pick::Field(subject.clone(), *field) });
        }
    }
    items.extend(more);
    if let Some(first) = subjects.first() {
        let title = format!("what is said of {}", called(model, first));
        picker::offer(model, title, items);
    }
}

/// Asks for one line of what is said; what is said now stands there.
pub(crate) fn ask(model: &mut Model, subject: Subject, field: Field) {
    let (text, what) = (now(model, &subject, field), called(model, &subject));
    let hint = field.hint();
    let prompt = if hint.is_empty() { format!("{what}, {}", field.word()) } else { format!("{what}, {} ({hint})", field.word()) };
    line::begin(model, Asking::Field(subject, field), &prompt, &text);
}

fn called(model: &Model, subject: &Subject) -> String {
    let name = |id: &PersonId| model.holdings.roster.stands_for(*id).map_or_else(|| id.to_string(), |p| p.name.clone());
    match subject {
        Subject::Show(show) => show.to_string(),
        Subject::Season(show, number) => format!("{show} season {number}"),
        Subject::Episode(id) => id.to_string(),
        Subject::Person(id) => name(id),
        Subject::Member(id, show) => format!("{} in {show}", name(id)),
    }
}

/// Returns what is said now, as it is written.
fn now(model: &Model, subject: &Subject, field: Field) -> String {
    let directory = &model.holdings.directory;
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    match (subject, field) {
        (Subject::Show(show), Field::Title) => text(directory.shows.get(show).and_then(|s| s.title.as_ref())),
        (Subject::Show(show), _) => text(directory.shows.get(show).and_then(|s| s.notes.as_ref())),
        (Subject::Season(show, number), field) => {
            let season = directory.seasons.get(&(show.clone(), *number));
            match field {
                Field::Title => text(season.and_then(|s| s.title.as_ref())),
                _ => season.and_then(|s| s.year).map(|y| y.to_string()).unwrap_or_default(),
            }
        }
        (Subject::Episode(id), field) => {
            let Some(entry) = model.holdings.cast(id).map(|l| &l.entry) else { return String::new() };
            let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
            match field {
                Field::Title => text(entry.title.as_ref()),
                Field::AirDate => entry.air_date.map(|d| d.to_string()).unwrap_or_default(),
                Field::Show => text(entry.show.as_ref()),
                Field::Season => number(entry.season),
                _ => number(entry.episode),
            }
        }
        (Subject::Person(id), field) => {
            let person = directory.people.get(id);
            match field {
                Field::Name => person.map(|p| p.name.clone()).unwrap_or_default(),
                Field::Aliases => person.map(|p| p.aliases.join(", ")).unwrap_or_default(),
                _ => text(person.and_then(|p| p.notes.as_ref())),
            }
        }
        (Subject::Member(id, show), field) => {
            let part = directory.memberships.get(&(*id, show.clone()));
            match field {
                Field::Role => text(part.and_then(|m| m.role.as_ref())),
                _ => part.map(|m| super::people::ranges(&m.seasons)).unwrap_or_default(),
            }
        }
    }
}

/// Takes a line that was typed.
pub(crate) fn typed(model: &mut Model, subject: &Subject, field: Field, text: &str) -> Vec<Effect> {
    match command(&model.holdings.directory, subject, field, text) {
        Ok(command) => vec![Effect::Ask(Ask::Catalog(command))],
        Err(told) => refuse(model, told),
    }
}

fn refuse(model: &mut Model, told: Told) -> Vec<Effect> {
    model.status = Status::Failed(told);
    Vec::new()
}

/// Returns the decision that a line means.
fn command(directory: &Directory, subject: &Subject, field: Field, text: &str) -> Result<CatalogCommand, Told> {
    let written = || Wish::written(Some(text));
    Ok(match subject {
        Subject::Show(slug) => {
            let (title, notes) = if field == Field::Title { (written(), Wish::Keep) } else { (Wish::Keep, written()) };
            CatalogCommand::EditShow { slug: slug.clone(), title, notes }
        }
        Subject::Season(show, number) => {
            let (title, year) = match field {
                Field::Title => (written(), Wish::Keep),
                _ => (Wish::Keep, parsed(text, "a year, such as 2014")?),
            };
            CatalogCommand::EditSeason { show: show.clone(), number: *number, title, year }
        }
        Subject::Episode(episode) => {
            let mut edit = EpisodeEdit::default();
            match field {
                Field::Title => edit.title = written(),
                Field::AirDate => edit.air_date = parsed::<Date>(text, "a day, such as 2014-11-18")?,
                Field::Show => edit.show = slug_wish(text)?,
                Field::Season => edit.season = parsed(text, "a number")?,
                _ => edit.episode = parsed(text, "a number")?,
            }
            CatalogCommand::EditEpisode { episode: episode.clone(), edit }
        }
        Subject::Person(person) if field == Field::Name => CatalogCommand::Rename { person: *person, name: text.to_owned() },
        Subject::Person(person) if field == Field::Aliases => {
            let before = directory.people.get(person).map(|p| p.aliases.clone()).unwrap_or_default();
            let after: Vec<String> = text.split(',').map(|a| a.trim().to_owned()).filter(|a| !a.is_empty()).collect();
            let not = before.iter().filter(|a| !after.contains(a)).cloned().collect();
            let aliases = after.into_iter().filter(|a| !before.contains(a)).collect();
            CatalogCommand::EditPerson { person: *person, aliases, not, notes: Wish::Keep }
        }
        Subject::Person(person) => {
            CatalogCommand::EditPerson { person: *person, aliases: Vec::new(), not: Vec::new(), notes: written() }
        }
        Subject::Member(person, show) => {
            let (role, seasons) = match field {
                Field::Role => (written(), Wish::Keep),
                _ => (Wish::Keep, seasons(text)?),
            };
            CatalogCommand::EditMember { show: show.clone(), person: *person, role, seasons }
        }
    })
}

/// Reads what somebody wrote; an empty line clears.
fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> Result<Wish<T>, Told> {
    if text.trim().is_empty() {
        return Ok(Wish::Clear);
    }
    let told = |_| Told { what: format!("{text:?} is not {what}"), hint: Some("an empty line takes it away".into()) };
    text.trim().parse().map(Wish::Set).map_err(told)
}

fn slug_of(text: &str) -> Result<Slug, Told> {
    text.parse().map_err(|error: crate::domain::SlugError| Told { what: error.to_string(), hint: Some(error.hint()) })
}

fn slug_wish(text: &str) -> Result<Wish<Slug>, Told> {
    if text.is_empty() { Ok(Wish::Clear) } else { slug_of(text).map(Wish::Set) }
}

/// Reads seasons as they are shown: `1-3, 5`; an empty line means all.
fn seasons(text: &str) -> Result<Wish<Vec<u32>>, Told> {
    let wrong = |part: &str| Told {
        what: format!("{part:?} is no season"),
        hint: Some("write numbers and ranges, such as 1-3, 5; an empty line means all seasons".into()),
    };
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |n: &str| n.trim().parse::<u32>().ok().filter(|n| (1..=999).contains(n)).ok_or_else(|| wrong(part));
        let (from, to) = (number(from)?, number(to)?);
        if from > to {
            return Err(wrong(part));
        }
        all.extend(from..=to);
    }
    all.sort_unstable();
    all.dedup();
    Ok(if all.is_empty() { Wish::Clear } else { Wish::Set(all) })
}

/// Offers what can be added where the cursor is in the tree.
pub(crate) fn add_to_shows(model: &mut Model, show: Option<&Slug>) {
    let item = |text: String, note: &str, pick| Item { text, note: note.into(), pick };
    let mut items = Vec::new();
    if let Some(show) = show {
        items.push(item(format!("a season of {show}"), "its number", Pick::Add(Asking::NewSeason(show.clone()))));
    }
    items.push(item("a show".into(), "its short name, then its title", Pick::Add(Asking::NewShow)));
    items.push(item("an episode".into(), "from its video", Pick::Action(super::super::keymap::Action::AddEpisode)));
    picker::offer(model, "what to add".into(), items);
}

/// Asks for the line that adds something.
pub(crate) fn ask_new(model: &mut Model, what: Asking) {
    let prompt = match &what {
        Asking::NewShow => "a show: its short name, then its title if it has one".to_owned(),
        Asking::NewSeason(show) => format!("{show}: the number of the season, then its title if it has one"),
        Asking::NewMember(Some(show)) => format!("somebody new in the cast of {show}: their name"),
        Asking::NewPicture(_, name) => format!("a picture of {name}: the file, JPEG or PNG"),
        _ => "somebody: their name".to_owned(),
    };
    line::begin(model, what, &prompt, "");
}

/// Takes the line that adds something.
pub(crate) fn typed_new(model: &mut Model, what: &Asking, text: &str) -> Vec<Effect> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let title = Some(rest.trim().to_owned()).filter(|t| !t.is_empty());
    let made = match what {
        Asking::NewShow => slug_of(first).map(|slug| CatalogCommand::AddShow { slug, title, notes: None }),
        Asking::NewSeason(show) => match first.parse() {
            Ok(number) => Ok(CatalogCommand::AddSeason { show: show.clone(), number, title, year: None }),
            Err(_) => Err(Told { what: format!("{first:?} is no number of a season"), hint: Some("such as 5".into()) }),
        },
        Asking::NewMember(Some(show)) => Ok(CatalogCommand::AddNewMember { show: show.clone(), name: text.to_owned() }),
        _ => Ok(CatalogCommand::AddPerson { name: text.to_owned(), aliases: Vec::new(), notes: None }),
    };
    match made {
        Ok(command) => vec![Effect::Ask(Ask::Catalog(command))],
        Err(told) => refuse(model, told),
    }
}

/// Offers who may join the cast of a show: those seen in it first.
pub(crate) fn add_member(model: &mut Model, show: &Slug) {
    let holdings = &model.holdings;
    let is_member = |id: PersonId| holdings.directory.memberships.contains_key(&(id, show.clone()));
    let mut lines = crate::session::people(&holdings.roster, &holdings.casts);
    lines.retain(|l| l.id.is_some_and(|id| !is_member(id)));
    let in_show = |l: &crate::session::PersonLine| {
        let is_of = |e: &crate::session::PersonEpisode| {
            holdings.cast(&e.episode).is_some_and(|c| c.entry.show.as_deref() == Some(show.as_str()))
        };
        let seen: i64 = l.episodes.iter().filter(|e| is_of(e)).map(|e| e.visual_time.0).sum();
        crate::domain::MediaTime(seen)
    };
    lines.sort_by_cached_key(|l| std::cmp::Reverse(in_show(l)));
    let mut items: Vec<Item> = lines
        .iter()
        .filter_map(|l| {
            let seen = in_show(l);
            let note = if seen.0 > 0 { format!("seen {}", length(seen)) } else { "not seen in it".into() };
            let people = vec![l.id?];
            let command = CatalogCommand::AddMember { show: show.clone(), people, role: None, seasons: Vec::new() };
            Some(Item { text: l.name.clone(), note, pick: Pick::Decide(command) })
        })
        .collect();
    let new = Pick::Add(Asking::NewMember(Some(show.clone())));
    items.push(Item { text: "somebody new".into(), note: "asks for their name".into(), pick: new });
    picker::offer_people(model, show, format!("who is in the cast of {show}?"), items);
}

/// Offers what becomes of what depends on what is to be deleted.
pub(crate) fn dependents(model: &mut Model, command: &CatalogCommand, what: &str) {
    let item = |text: String, pick: CatalogCommand| Item { text, note: String::new(), pick: Pick::Decide(pick) };
    let holdings = &model.holdings;
    let items: Vec<Item> = match command {
        CatalogCommand::DeleteShow { slug, .. } => {
            let delete = |dependents| CatalogCommand::DeleteShow { slug: slug.clone(), dependents };
            let first = item("its seasons and cast go too; its episodes stay, of no show".into(), delete(Dependents::Delete));
            let others = holdings.shows.lines.iter().filter_map(|s| s.show.as_deref()?.parse::<Slug>().ok());
            let to = others.filter(|s| s != slug).map(|to| item(format!("it all goes to {to}"), delete(Dependents::To(to))));
            std::iter::once(first).chain(to).collect()
        }
        CatalogCommand::DeleteSeason { show, number, .. } => {
            let delete = |dependents| CatalogCommand::DeleteSeason { show: show.clone(), number: *number, dependents };
            let first = item("its episodes stay, of no season".into(), delete(Dependents::Delete));
            let line = holdings.shows.lines.iter().find(|s| s.show.as_deref() == Some(show.as_str()));
            let others = line.into_iter().flat_map(|s| &s.seasons).filter_map(|s| s.season).filter(|n| n != number);
            let to = others.map(|to| item(format!("they go to season {to}"), delete(Dependents::To(to))));
            std::iter::once(first).chain(to).collect()
        }
        CatalogCommand::DeletePerson { person, .. } => {
            let delete = |dependents| CatalogCommand::DeletePerson { person: *person, dependents };
            let lines = crate::session::people(&holdings.roster, &holdings.casts);
            let is_seen = lines.iter().any(|l| l.id == Some(*person) && !l.episodes.is_empty());
            let nobody = if is_seen { "to nobody: their faces have no name then" } else { "to nobody: it goes too" };
            let first = item(nobody.into(), delete(Dependents::Delete));
            let others = lines.iter().filter_map(|l| Some((l.id.filter(|id| id != person)?, l)));
            let to = others.map(|(id, l)| Item {
                note: super::people::seen_text(l),
                ..item(format!("to {}", l.name), delete(Dependents::To(id)))
            });
            std::iter::once(first).chain(to).collect()
        }
        _ => return,
    };
    // The list may be long: what depends on it stands below it, whole.
    let (name, depends) = what.split_once(" is not deleted: ").unwrap_or((what, ""));
    picker::offer(model, format!("delete {}: where does what depends on it go?", fit(name, TITLE)), items);
    model.status = Status::Done(format!("{depends} · Esc keeps it"));
}

/// Returns what the editor works on where the cursor is in the tree.
pub(crate) fn subject(branch: &Branch) -> Option<Subject> {
    match branch {
        Branch::Show(show) => Some(Subject::Show(show.as_deref()?.parse().ok()?)),
        Branch::Season(show, season) => Some(Subject::Season(show.as_deref()?.parse().ok()?, (*season)?)),
        Branch::Episode(id) => Some(Subject::Episode(id.clone())),
    }
}
