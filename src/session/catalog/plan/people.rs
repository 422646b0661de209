//! People: who they are, what they are called, and where what is theirs goes when they are deleted.

use super::super::command::{CatalogCommand, Dependents, Wish};
use super::super::refusal::CatalogRefusal;
use super::{NAMELESS, Planned, View, ask, changed, gone, made, tidy, united};
use crate::domain::{Asset, CatalogChange, Edit, Membership, OperationKind, Person, PersonId, Slug, name_key, tidy_name};
use crate::session::SessionError;
use crate::store::StoreError;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn plan(view: &View, command: &CatalogCommand) -> Result<Option<Planned>, SessionError> {
    match command {
        CatalogCommand::AddPerson { name, aliases, notes } => {
            let new = Person { notes: tidy(notes.as_ref()), ..newcomer(view, name)? };
            let person = Person { aliases: with_aliases(view, &new, aliases)?, ..new };
            let summary = format!("added {}", person.name);
            let change = CatalogChange::Person { id: person.id, edit: made(person) };
            Ok(Some((OperationKind::Create, summary, vec![change])))
        }
        CatalogCommand::EditPerson { person, aliases, not, notes } => {
            edit(view, *person, aliases, not, notes).map_err(Into::into)
        }
        CatalogCommand::Rename { person, name } => rename(view, *person, name),
        CatalogCommand::Merge { people, into } => Ok(merge(view, people, *into)?),
        CatalogCommand::DeletePerson { person, dependents } => Ok(Some(delete(view, *person, dependents)?)),
        _ => Ok(None),
    }
}

/// Plans that somebody new is in the cast of a show.
pub(super) fn new_member(view: &View, show: &Slug, name: &str) -> Result<Planned, SessionError> {
    let person = newcomer(view, name)?;
    let (_, entered) = view.show(show)?;
    let part = Membership { person: person.id, show: show.clone(), role: None, seasons: Vec::new() };
    let summary = format!("added {} to the cast of {show}", person.name);
    let mut changes = Vec::from_iter(entered);
    let id = person.id;
    changes.push(CatalogChange::Person { id, edit: made(person) });
    changes.push(CatalogChange::Membership { person: id, show: show.clone(), edit: made(part) });
    Ok((OperationKind::Create, summary, changes))
}

/// Returns somebody new of a name that is nobody's yet.
fn newcomer(view: &View, name: &str) -> Result<Person, SessionError> {
    let name = tidy_name(name);
    if name.is_empty() {
        return Err(StoreError::EmptyName.into());
    }
    if let Some(person) = called(view, &name) {
        let free = free_name(view, &name);
        return Err(CatalogRefusal::PersonThere { name: person.name.clone(), person: person.id, free }.into());
    }
    Ok(Person::new(PersonId(view.directory.last_person.saturating_add(1)), &name, view.now))
}

/// Returns who stands for themselves and is called so now.
fn called<'a>(view: &'a View, name: &str) -> Option<&'a Person> {
    let key = name_key(name);
    view.roster.people().find(|p| name_key(&p.name) == key)
}

/// Returns a name like this one that is nobody's: with a number behind it, as `Ava Stone (II)`.
fn free_name(view: &View, name: &str) -> String {
    let numbers = ["II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"];
    let mut names = numbers.iter().map(|n| format!("{name} ({n})"));
    names.find(|n| called(view, n).is_none()).unwrap_or_else(|| format!("{name} of …"))
}

/// Returns the aliases of a person with `more` of them, as they were written.
fn with_aliases(view: &View, person: &Person, more: &[String]) -> Result<Vec<String>, CatalogRefusal> {
    let mut aliases = person.aliases.clone();
    for alias in more.iter().map(|a| tidy_name(a)).filter(|a| !a.is_empty()) {
        let key = name_key(&alias);
        if let Some(other) = called(view, &alias).filter(|p| p.id != person.id) {
            return Err(CatalogRefusal::AliasTaken { alias, name: other.name.clone(), person: other.id });
        }
        if key != name_key(&person.name) && !aliases.iter().any(|a| name_key(a) == key) {
            aliases.push(alias);
        }
    }
    Ok(aliases)
}

fn edit(
    view: &View,
    id: PersonId,
    more: &[String],
    not: &[String],
    notes: &Wish<String>,
) -> Result<Option<Planned>, CatalogRefusal> {
    let person = view.person(id)?;
    let mut kept = person.clone();
    for alias in not {
        let before = kept.aliases.len();
        kept.aliases.retain(|a| name_key(a) != name_key(alias));
        if kept.aliases.len() == before {
            let (name, known) = (person.name.clone(), person.aliases.clone());
            return Err(CatalogRefusal::NoAlias { name, alias: alias.clone(), known });
        }
    }
    let to = Person { aliases: with_aliases(view, &kept, more)?, notes: notes.of(person.notes.as_ref()), ..kept };
    if to == *person {
        return Ok(None);
    }
    let summary = match (to.aliases == person.aliases, to.notes == person.notes) {
        (false, true) if to.aliases.is_empty() => format!("{} has no other names", person.name),
        (false, true) => format!("{} is also called {}", person.name, to.aliases.join(", ")),
        (true, false) => format!("the notes on {} are changed", person.name),
        _ => format!("{} is edited", person.name),
    };
    Ok(Some((OperationKind::Edit, summary, vec![CatalogChange::Person { id, edit: changed(person, to) }])))
}

fn rename(view: &View, id: PersonId, name: &str) -> Result<Option<Planned>, SessionError> {
    let (person, name) = (view.person(id)?, tidy_name(name));
    if name.is_empty() {
        return Err(StoreError::EmptyName.into());
    }
    if name == person.name {
        return Ok(None);
    }
    if let Some(other) = called(view, &name).filter(|other| other.id != id) {
        let free = free_name(view, &name);
        return Err(CatalogRefusal::PersonThere { name: other.name.clone(), person: other.id, free }.into());
    }
    let mut to = person.clone();
    to.former.retain(|n| name_key(n) != name_key(&name) && name_key(n) != name_key(&person.name));
    to.aliases.retain(|n| name_key(n) != name_key(&name));
    if name_key(&person.name) != name_key(&name) {
        to.former.push(person.name.clone());
    }
    let summary = format!("{} is called {name} now", person.name);
    to.name = name;
    Ok(Some((OperationKind::Rename, summary, vec![CatalogChange::Person { id, edit: changed(person, to) }])))
}

fn merge(view: &View, people: &[PersonId], into: PersonId) -> Result<Option<Planned>, CatalogRefusal> {
    let target = view.person(into)?;
    let mut ids: Vec<PersonId> = people.iter().copied().filter(|id| *id != into).collect();
    ids.sort_unstable();
    ids.dedup();
    let merged = ids.iter().map(|id| view.person(*id)).collect::<Result<Vec<&Person>, _>>()?;
    if merged.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = merged.iter().map(|p| p.name.as_str()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let summary = format!("{} {verb} {}", names.join(" and "), target.name);
    let mut changes = Vec::new();
    let mut moving = Moving::new(view, &mut changes);
    for person in merged {
        moving.hand_over(person.id, Some(into));
        let edit = changed(person, Person { merged_into: Some(into), ..person.clone() });
        moving.changes.push(CatalogChange::Person { id: person.id, edit });
    }
    Ok(Some((OperationKind::Merge, summary, changes)))
}

fn delete(view: &View, id: PersonId, dependents: &Dependents<PersonId>) -> Result<Planned, CatalogRefusal> {
    let person = view.person(id)?;
    let to = match dependents {
        Dependents::To(to) if *to == id => return Err(CatalogRefusal::Itself { what: person.name.clone() }),
        Dependents::To(to) => Some(view.person(*to)?),
        Dependents::Refuse | Dependents::Delete => None,
    };
    if *dependents == Dependents::Refuse {
        ask(view, person)?;
    }
    let mut changes = Vec::new();
    Moving::new(view, &mut changes).hand_over(id, to.map(|p| p.id));
    let gone = Person { removed: true, merged_into: to.map(|p| p.id), ..person.clone() };
    changes.push(CatalogChange::Person { id, edit: changed(person, gone) });
    let went = match (to, dependents) {
        (Some(to), _) => format!("; what was theirs is {}'s", to.name),
        (None, Dependents::Refuse) => String::new(),
        (None, _) => NAMELESS.to_owned(),
    };
    Ok((OperationKind::Delete, format!("{} deleted{went}", person.name), changes))
}

/// Gives what the catalog keeps of people to others.
struct Moving<'a> {
    view: &'a View,
    changes: &'a mut Vec<CatalogChange>,
    /// Casts and featured pictures of those who get it, as the changes so far leave them.
    parts: BTreeMap<(PersonId, Slug), Membership>,
    featured: BTreeSet<(PersonId, Option<Slug>)>,
}

impl<'a> Moving<'a> {
    fn new(view: &'a View, changes: &'a mut Vec<CatalogChange>) -> Self {
        let directory = &view.directory;
        let featured = directory.featured.keys().cloned().collect();
        Self { view, changes, parts: directory.memberships.clone(), featured }
    }

    /// Gives casts and pictures of somebody to `to`; to nobody: takes them away. Where both are in the cast of a show the seasons of both count,
    /// and the picture that stands for `to` stays.
    fn hand_over(&mut self, from: PersonId, to: Option<PersonId>) {
        let directory = &self.view.directory;
        for part in directory.memberships.values().filter(|m| m.person == from) {
            self.changes.push(CatalogChange::Membership { person: from, show: part.show.clone(), edit: gone(part) });
            let Some(to) = to else { continue };
            let (key, moved) = ((to, part.show.clone()), Membership { person: to, ..part.clone() });
            let there = self.parts.get(&key);
            let edit =
                Edit { from: there.cloned(), to: Some(there.map_or_else(|| moved.clone(), |there| united(there, &moved))) };
            if edit.from != edit.to {
                self.parts.extend(edit.to.clone().map(|part| (key, part)));
                self.changes.push(CatalogChange::Membership { person: to, show: part.show.clone(), edit });
            }
        }
        for ((_, show), picture) in directory.featured.iter().filter(|((person, _), _)| *person == from) {
            self.changes.push(CatalogChange::Featured { person: from, show: show.clone(), edit: gone(picture) });
            if let Some(to) = to.filter(|to| self.featured.insert((*to, show.clone()))) {
                self.changes.push(CatalogChange::Featured { person: to, show: show.clone(), edit: made(*picture) });
            }
        }
        for asset in directory.assets.values().filter(|a| a.person == from) {
            let there = to.map(|person| Asset { person, ..asset.clone() });
            self.changes.push(CatalogChange::Asset { id: asset.id, edit: Edit { from: Some(asset.clone()), to: there } });
        }
    }
}
