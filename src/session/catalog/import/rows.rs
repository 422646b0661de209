//! Works rows into a directory, one by one. Pure.

use super::super::plan::{Planned, View, ask, entered};
use super::super::sound::broken;
use super::file_of;
use super::whom::{MOST_KEPT, Whom};
use crate::domain::{
    Asset, AssetId, CatalogChange, Directory, Edit, EpisodeFacts, Featured, Membership, OperationKind, Person, PersonId, Roster,
    Season, Show, Slug, name_key, tidy_name,
};
use crate::export::catalog::{
    AssetRow, CatalogRow, CatalogRowError, EpisodeRow, FeaturedRow, Field, MemberRow, PersonRow, Placed, SeasonRow, ShowRow, Who,
};
use crate::session::counted;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A planned import.
#[derive(Debug)]
pub(in super::super) struct Import {
    pub(in super::super) planned: Planned,
    /// What each change is, in words.
    pub(in super::super) lines: Vec<String>,
    /// Rows that change nothing.
    pub(in super::super) same: usize,
}

/// What a row comes to.
struct Said {
    change: CatalogChange,
    /// What it is about is in the catalog already.
    known: bool,
    name: Option<String>,
}

enum Outcome {
    Changes(Box<Said>),
    /// What is of that key is so already.
    IsSo(String),
}

impl From<Said> for Outcome {
    fn from(said: Said) -> Self {
        Self::Changes(Box::new(said))
    }
}

/// Works the rows into a directory, one by one.
struct Work<'a> {
    view: &'a View,
    whom: &'a Whom,
    directory: Directory,
    changes: Vec<CatalogChange>,
    lines: Vec<String>,
    same: usize,
    /// What rows before said, with their places.
    said: BTreeMap<String, String>,
    /// Digests of the pictures that are kept, or lie beside the files.
    pictures: &'a BTreeSet<String>,
    /// The number here of each picture of the file.
    assets: BTreeMap<AssetId, AssetId>,
    /// Shows that rows of episodes name: an episode brings its show.
    named: BTreeSet<Slug>,
    /// Whom names find, when all rows of people are read.
    names: BTreeMap<String, PersonId>,
}

/// Returns whom rows delete without saying to whom they go.
pub(in super::super) fn deletes(view: &View, rows: &[Placed<CatalogRow>]) -> BTreeSet<PersonId> {
    let people: Vec<&PersonRow> = rows.iter().filter_map(|row| as_person(&row.value)).collect();
    let whom = Whom::of(&view.directory, &people);
    let gone = people.iter().zip(&whom.rows).filter(|(row, _)| row.removed == Field::Said(true));
    gone.filter_map(|(_, id)| id.clone().ok()).filter(|id| view.directory.people.get(id).is_some_and(|p| !p.removed)).collect()
}

fn as_person(row: &CatalogRow) -> Option<&PersonRow> {
    if let CatalogRow::Person(row) = row { Some(row) } else { None }
}

/// Plans an import, or returns everything that stands in the way.
pub(in super::super) fn plan(
    view: &View,
    rows: Vec<Placed<CatalogRow>>,
    pictures: &BTreeSet<String>,
) -> Result<Import, Vec<CatalogRowError>> {
    let named = rows.iter().filter_map(|row| match &row.value {
        CatalogRow::Episode(EpisodeRow { show: Field::Said(show), .. }) => show.clone(),
        _ => None,
    });
    let named = named.collect();
    let people: Vec<&PersonRow> = rows.iter().filter_map(|row| as_person(&row.value)).collect();
    let whom = Whom::of(&view.directory, &people);
    let mut work = Work {
        view,
        whom: &whom,
        directory: view.directory.clone(),
        changes: Vec::new(),
        lines: Vec::new(),
        same: 0,
        said: BTreeMap::new(),
        pictures,
        assets: BTreeMap::new(),
        named,
        names: BTreeMap::new(),
    };
    let mut errors: Vec<(usize, CatalogRowError)> = Vec::new();
    let (mut people, mut others) = (Vec::new(), Vec::new());
    for (at, Placed { place, value }) in rows.into_iter().enumerate() {
        if let CatalogRow::Person(row) = value { people.push((at, place, row)) } else { others.push((at, place, value)) }
    }
    let mut people: Vec<_> = people.into_iter().zip(whom.rows.clone()).collect();
    // New numbers only rise.
    people.sort_by_key(|(_, id)| id.clone().ok());
    for ((at, place, row), id) in people {
        if let Err(what) = id.and_then(|id| work.person(&place, row, id)) {
            errors.push((at, CatalogRowError { place, what }));
        }
    }
    let everybody = Roster::new(work.directory.people.values().cloned());
    let names = everybody.names();
    let twice = names.as_ref().err().cloned();
    work.names = names.unwrap_or_default();
    for (at, place, row) in others {
        if let Err(what) = work.row(&place, row) {
            errors.push((at, CatalogRowError { place, what }));
        }
    }
    errors.sort_by_key(|(at, _)| *at);
    let mut errors: Vec<CatalogRowError> = errors.into_iter().map(|(_, error)| error).collect();
    if errors.is_empty()
        && let Some((name, a, b)) = twice
    {
        let place = work.said.get(&format!("person {b}")).or_else(|| work.said.get(&format!("person {a}")));
        let what = format!("{name:?} is the name of {a} and would be that of {b}");
        errors.push(CatalogRowError { place: place.cloned().unwrap_or_else(|| "people".into()), what });
    }
    if errors.is_empty() {
        work.enter_shows();
        for fault in broken(view, &OperationKind::Import, &work.changes).unwrap_or_default() {
            let (key, what) = (fault.key(), fault.what());
            let place = work.said.get(&key).cloned().unwrap_or_else(|| key.clone());
            errors.push(CatalogRowError { what: if place == key { what } else { format!("{key}: {what}") }, place });
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let rows = counted(work.changes.len() as u64, "row");
    let planned = (OperationKind::Import, format!("imported {rows}"), work.changes);
    Ok(Import { planned, lines: work.lines, same: work.same })
}

impl Work<'_> {
    fn row(&mut self, place: &str, row: CatalogRow) -> Result<(), String> {
        let outcome = match row {
            // These are read before all others.
            CatalogRow::Person(_) => return Ok(()),
            CatalogRow::Show(row) => self.of_show(row),
            CatalogRow::Season(row) => self.season(row)?.into(),
            CatalogRow::Episode(row) => self.episode(row)?,
            CatalogRow::Member(row) => self.member(row)?.into(),
            CatalogRow::Asset(row) => self.asset(row)?.into(),
            CatalogRow::Featured(row) => self.featured(row)?.into(),
        };
        match outcome {
            Outcome::Changes(said) => self.put(place, *said),
            Outcome::IsSo(key) => self.is_so(place, &key),
        }
    }

    /// Keeps that a row says of something what is so already.
    fn is_so(&mut self, place: &str, key: &str) -> Result<(), String> {
        if let Some(before) = self.said.insert(key.to_owned(), place.to_owned()) {
            return Err(format!("{key} stands in {before} already"));
        }
        self.same += 1;
        Ok(())
    }

    /// Keeps a change; refuses a second row about the same thing.
    fn put(&mut self, place: &str, said: Said) -> Result<(), String> {
        let Said { change, known, name } = said;
        let key = change.key();
        // What is the same either way round changes nothing.
        if change.clone().invert() == change {
            return self.is_so(place, &key);
        }
        if let Some(before) = self.said.insert(key.clone(), place.to_owned()) {
            return Err(format!("{key} stands in {before} already"));
        }
        self.directory.apply(&OperationKind::Import, std::slice::from_ref(&change)).map_err(|e| e.to_string())?;
        let name = name.filter(|n| !n.is_empty()).map(|n| format!("  {n}")).unwrap_or_default();
        self.lines.push(format!("{} {key}{name}", if known { "changed" } else { "new" }));
        self.changes.push(change);
        Ok(())
    }

    /// Returns when something was added: what a file says, else what is known, else now.
    fn since(&self, said: Option<Timestamp>, known: Option<Timestamp>) -> Timestamp {
        said.or(known).unwrap_or(self.view.now)
    }

    fn person(&mut self, place: &str, row: PersonRow, id: PersonId) -> Result<(), String> {
        let PersonRow { id: number, name, aliases, former, notes, merged_into, removed, added_at } = row;
        let name = tidy_name(&name);
        if name.is_empty() {
            return Err("name is empty".into());
        }
        let from = self.directory.people.get(&id).cloned();
        let known = from.clone().unwrap_or_else(|| Person::new(id, &name, self.view.now));
        // Without a number a name only finds them.
        let name = if number.is_none() { known.name.clone() } else { name };
        let into = match merged_into {
            Field::Unsaid => known.merged_into,
            Field::Said(into) => into.map(|id| self.whom.number(id)),
        };
        let to = Person {
            id,
            added_at: self.since(added_at, from.as_ref().map(|p| p.added_at)),
            aliases: aliases.or(known.aliases.clone()),
            notes: notes.or(known.notes.clone()),
            former: all_former(from.as_ref(), &name, former.said().unwrap_or_default()),
            merged_into: into,
            removed: removed.or(known.removed),
            name: name.clone(),
        };
        if let Some(from) = &from {
            self.allow(from, &to)?;
        }
        let known = from.is_some();
        let edit = Edit { from, to: Some(to) };
        self.put(place, Said { known, name: Some(name), change: CatalogChange::Person { id, edit } })
    }

    /// Refuses what would quietly change whose faces somebody's are: nobody is deleted whose they are here, and nobody comes back.
    fn allow(&self, from: &Person, to: &Person) -> Result<(), String> {
        let (id, name) = (from.id, &from.name);
        if from.removed && !to.removed {
            return Err(format!("{name} ({id}) was deleted here; `screenalytics catalog undo` brings them back"));
        }
        if let Some(into) = from.merged_into
            && to.merged_into != Some(into)
        {
            return Err(format!("{name} ({id}) was found to be {into} here; `screenalytics catalog undo` takes that back"));
        }
        if !from.removed && to.removed && to.merged_into.is_none() {
            ask(self.view, from).map_err(|refusal| format!("{refusal}; `screenalytics person delete` asks where that goes"))?;
        }
        Ok(())
    }

    /// Reads a row of a show; one that says nothing but that it is there is so already where episodes name it.
    fn of_show(&self, row: ShowRow) -> Outcome {
        let ShowRow { slug, title, notes, added_at } = row;
        let from = self.directory.shows.get(&slug).cloned();
        let (title, notes) =
            (title.or(from.as_ref().and_then(|s| s.title.clone())), notes.or(from.as_ref().and_then(|s| s.notes.clone())));
        if from.is_none() && title.is_none() && notes.is_none() && added_at.is_none() && self.is_named(&slug) {
            return Outcome::IsSo(format!("show {slug}"));
        }
        let added_at = self.since(added_at, from.as_ref().map(|s| s.added_at));
        let (known, name) = (from.is_some(), title.clone());
        let edit = Edit { from, to: Some(Show { slug: slug.clone(), title, notes, added_at }) };
        Said { known, name, change: CatalogChange::Show { slug, edit } }.into()
    }

    fn season(&self, row: SeasonRow) -> Result<Said, String> {
        let SeasonRow { show, number, title, year } = row;
        self.show(&show)?;
        positive(number)?;
        let from = self.directory.seasons.get(&(show.clone(), number)).cloned();
        let title = title.or(from.as_ref().and_then(|s| s.title.clone()));
        let year = year.or(from.as_ref().and_then(|s| s.year));
        let (known, name) = (from.is_some(), title.clone());
        let edit = Edit { from, to: Some(Season { show: show.clone(), number, title, year }) };
        Ok(Said { known, name, change: CatalogChange::Season { show, number, edit } })
    }

    /// Reads a row of an episode; one that says what was entered changes nothing.
    fn episode(&self, row: EpisodeRow) -> Result<Outcome, String> {
        let EpisodeRow { id, title, air_date, show, season, episode } = row;
        let from = self.directory.episodes.get(&id).cloned();
        let now = from.as_ref().or(self.view.episodes.get(&id)).cloned();
        let base = now.clone().unwrap_or_default();
        let facts = EpisodeFacts {
            title: title.or(base.title),
            air_date: air_date.or(base.air_date),
            show: show.or(base.show),
            season: season.or(base.season),
            episode: episode.or(base.episode),
        };
        for number in [facts.season, facts.episode].into_iter().flatten() {
            positive(number)?;
        }
        if (facts.show.is_none() && facts.season.is_some()) || (facts.season.is_none() && facts.episode.is_some()) {
            return Err("an episode has a season only in a show, and a number only in a season".into());
        }
        if from.is_none() && now.as_ref() == Some(&facts) {
            return Ok(Outcome::IsSo(format!("episode {id}")));
        }
        let (known, name) = (now.is_some(), facts.title.clone());
        let edit = Edit { from, to: Some(facts) };
        Ok(Said { known, name, change: CatalogChange::Episode { id, edit } }.into())
    }

    fn member(&self, row: MemberRow) -> Result<Said, String> {
        let MemberRow { person, show, role, seasons } = row;
        self.show(&show)?;
        let person = self.who(&person)?;
        let from = self.directory.memberships.get(&(person, show.clone())).cloned();
        let role = role.or(from.as_ref().and_then(|m| m.role.clone()));
        let mut seasons = seasons.or(from.as_ref().map(|m| m.seasons.clone()).unwrap_or_default());
        for number in &seasons {
            positive(*number)?;
        }
        seasons.sort_unstable();
        seasons.dedup();
        let (known, name) = (from.is_some(), role.clone());
        let edit = Edit { from, to: Some(Membership { person, show: show.clone(), role, seasons }) };
        Ok(Said { known, name, change: CatalogChange::Membership { person, show, edit } })
    }

    /// A number finds a picture only together with its bytes and whom it shows: another library may have given it to another picture. Else
    /// the same bytes of the same kind find it. No two numbers of a file are one picture here: one person may have the same bytes twice.
    fn asset(&mut self, row: AssetRow) -> Result<Said, String> {
        let AssetRow { id: number, person, kind, sha256, width, height, source, added_at } = row;
        let person = self.who(&person)?;
        if !self.pictures.contains(&sha256) {
            return Err(format!("its picture is neither kept nor in the folder: {}", file_of(&sha256)));
        }
        let taken: BTreeSet<AssetId> = self.assets.iter().filter(|(file, _)| **file != number).map(|(_, here)| *here).collect();
        let is_it = |a: &&Asset| a.person == person && a.sha256 == sha256 && !taken.contains(&a.id);
        let known = self.directory.assets.get(&number).filter(is_it);
        let known = known.or_else(|| self.directory.assets.values().find(|a| is_it(a) && a.kind == kind)).cloned();
        let last = self.directory.last_asset;
        let id = match &known {
            Some(known) => known.id,
            None if number.0 > last && number.0 <= MOST_KEPT => number,
            None => AssetId(last.saturating_add(1)),
        };
        self.assets.insert(number, id);
        let source = source.or(known.as_ref().map(|a| a.source.clone()).unwrap_or_default());
        let added_at = self.since(added_at, known.as_ref().map(|a| a.added_at));
        let (is_known, name) = (known.is_some(), source.clone());
        let edit = Edit { from: known, to: Some(Asset { id, person, kind, sha256, width, height, source, added_at }) };
        Ok(Said { known: is_known, name: Some(name), change: CatalogChange::Asset { id, edit } })
    }

    fn featured(&self, row: FeaturedRow) -> Result<Said, String> {
        let FeaturedRow { person, show, picture } = row;
        let person = self.who(&person)?;
        if let Some(show) = &show {
            self.show(show)?;
        }
        let asset = self.assets.get(&picture).copied().unwrap_or(picture);
        match self.directory.assets.get(&asset) {
            Some(a) if a.person == person => {}
            Some(a) => return Err(format!("{asset} is a picture of {}", a.person)),
            None => return Err(format!("there is no picture {asset}")),
        }
        let from = self.directory.featured.get(&(person, show.clone())).copied();
        let (known, name) = (from.is_some(), Some(asset.to_string()));
        let edit = Edit { from, to: Some(Featured { asset }) };
        Ok(Said { known, name, change: CatalogChange::Featured { person, show, edit } })
    }

    fn who(&self, who: &Who) -> Result<PersonId, String> {
        let (id, name) = match who {
            Who::Name(name) => {
                return self.names.get(&name_key(name)).copied().ok_or_else(|| format!("there is nobody called {name:?}"));
            }
            Who::Number(id) => (self.whom.number(*id), None),
            Who::Called(id, name) => (self.whom.number(*id), Some(name)),
        };
        match self.directory.people.get(&id) {
            Some(person) if person.removed || person.merged_into.is_some() => {
                Err(format!("{} ({id}) was deleted or is somebody else", person.name))
            }
            Some(person) if name.is_some_and(|name| !person.has_name(name)) => {
                let name = name.cloned().unwrap_or_default();
                Err(format!("{id} is {} here and {name} in the file; without a number the name finds them", person.name))
            }
            Some(_) => Ok(id),
            None => Err(format!("there is no person {id}")),
        }
    }

    /// Enters the shows that only episodes name and the rows refer to: an episode may be deleted.
    fn enter_shows(&mut self) {
        let named = self.changes.iter().filter_map(|change| match change {
            CatalogChange::Season { show, .. }
            | CatalogChange::Membership { show, .. }
            | CatalogChange::Featured { show: Some(show), .. } => Some(show),
            _ => None,
        });
        let unentered: BTreeSet<Slug> = named.filter(|show| !self.directory.shows.contains_key(*show)).cloned().collect();
        self.lines.splice(0..0, unentered.iter().map(|slug| format!("new show {slug}")));
        self.changes.splice(0..0, unentered.into_iter().map(|slug| entered(&slug, self.view.now)));
    }

    /// Refuses a show that nobody knows.
    fn show(&self, slug: &Slug) -> Result<(), String> {
        let is_there = self.directory.shows.contains_key(slug) || self.is_named(slug);
        if is_there { Ok(()) } else { Err(format!("there is no show {slug}")) }
    }

    /// Tells whether an episode is of a show, here or in the file.
    fn is_named(&self, slug: &Slug) -> bool {
        self.named.contains(slug) || self.view.episodes.values().any(|e| e.show.as_ref() == Some(slug))
    }
}

/// Returns what somebody was called before: what is known and what the file says, without what they are called now. No name that was known is
/// forgotten: episodes store it.
fn all_former(from: Option<&Person>, name: &str, file: Vec<String>) -> Vec<String> {
    let Some(from) = from else { return file };
    let mut former = from.former.clone();
    if name_key(&from.name) != name_key(name) {
        former.retain(|n| name_key(n) != name_key(name));
        former.push(from.name.clone());
    }
    for other in file {
        if name_key(&other) != name_key(name) && !former.iter().any(|n| name_key(n) == name_key(&other)) {
            former.push(other);
        }
    }
    former
}

fn positive(number: u32) -> Result<(), String> {
    if number == 0 { Err("seasons and episodes are counted from 1".into()) } else { Ok(()) }
}
