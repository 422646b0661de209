//! Reads people and shows from files into the catalog: all of them as one operation, or nothing.

use super::decide::view;
use super::plan::{Planned, View};
use crate::domain::{
    Asset, CatalogChange, CatalogDraft, CatalogOperation, Directory, Edit, Featured, Membership, OperationKind, Person, PersonId,
    PictureId, Roster, Show, Slug, name_key, tidy_name,
};
use crate::export::catalog::{
    CatalogRow, CatalogRowError, PersonRow, Placed, Who, read_catalog_csv, read_catalog_json, write_catalog_csv,
    write_catalog_json,
};
use crate::session::{SessionError, Workspace, author, counted, read_text, write_whole};
use crate::store::picture_id;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How a catalog is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogFormat {
    /// One file, `catalog.json`.
    Json,
    /// One file a table.
    Csv,
}

/// Writes what people decided about people and shows, and the pictures of people, into `folder`, which is made where it is missing; returns
/// the files. Faces of the facebank stay in the library.
///
/// # Errors
/// Fails where the catalog cannot be read or the folder not be written to.
pub fn export_catalog(workspace: &Workspace, folder: &Path, format: CatalogFormat) -> Result<Vec<PathBuf>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let directory = catalog.directory()?;
    let mut files = match format {
        CatalogFormat::Json => vec![("catalog.json".to_owned(), write_catalog_json(&directory))],
        CatalogFormat::Csv => write_catalog_csv(&directory),
    };
    for asset in directory.assets.values() {
        if let Some(jpeg) = catalog.picture(&PictureId(asset.sha256.clone()))? {
            files.push((file_of(&asset.sha256), jpeg));
        }
    }
    let mut written = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|source| SessionError::Write { path: parent.to_owned(), source })?;
        write_whole(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}

/// What an import changes, or would change.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogImport {
    /// One line a change: what it is about, and whether it is new.
    pub lines: Vec<String>,
    /// Rows that say what is there already.
    pub same: usize,
    /// The entry of the log; absent where nothing changes, and of a dry run.
    pub done: Option<CatalogOperation>,
}

/// Reads `path`, a JSON file, a CSV file or a folder of them, and brings the catalog up to it: what is new is added, what differs is
/// changed, what the files do not name stays. People are found by number and name together, or by name where a row has no number.
///
/// # Errors
/// Fails, and changes nothing, with every line that cannot be read or does not fit, and why.
pub fn import_catalog(workspace: &Workspace, path: &Path, is_dry: bool) -> Result<CatalogImport, SessionError> {
    let refuse = |errors: Vec<CatalogRowError>| SessionError::CatalogFile { path: path.to_owned(), errors };
    let rows = read(path, &refuse)?;
    let catalog = workspace.open_library()?.catalog();
    let view = view(&catalog)?;
    let (beside, mut pictures) = (pictures_beside(path), BTreeSet::new());
    for row in &rows {
        if let CatalogRow::Asset { asset, .. } = &row.value
            && (beside.contains_key(&asset.sha256) || catalog.picture(&PictureId(asset.sha256.clone()))?.is_some())
        {
            pictures.insert(asset.sha256.clone());
        }
    }
    let Import { planned, lines, same } = plan(&view, rows, &pictures).map_err(refuse)?;
    if is_dry || planned.2.is_empty() {
        return Ok(CatalogImport { lines, same, done: None });
    }
    catalog.put_pictures(beside.iter().filter(|(sha256, _)| pictures.contains(*sha256)).map(|(_, jpeg)| jpeg.as_slice()))?;
    let (kind, summary, changes) = planned;
    let done = catalog.append(CatalogDraft { author: author(), kind, summary, changes, at: view.now })?;
    Ok(CatalogImport { lines, same, done: Some(done) })
}

/// Where pictures lie in an exported folder.
const PICTURES: &str = "pictures";

/// Names the file of a picture in an exported folder.
fn file_of(sha256: &str) -> String {
    format!("{PICTURES}/{sha256}.jpg")
}

/// Reads the pictures that lie beside the files, by their digests; what is something else is passed over.
fn pictures_beside(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    let entries = folder.and_then(|folder| std::fs::read_dir(folder.join(PICTURES)).ok());
    let files = entries.into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "jpg"));
    files.filter_map(|file| std::fs::read(file).ok()).map(|bytes| (picture_id(&bytes).0, bytes)).collect()
}

fn read(path: &Path, refuse: &dyn Fn(Vec<CatalogRowError>) -> SessionError) -> Result<Vec<Placed<CatalogRow>>, SessionError> {
    let file_name = |p: &Path| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let is = |p: &Path, ending: &str| p.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    let (mut csv, mut json) = (Vec::new(), None);
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|source| SessionError::Read { path: path.to_owned(), source })?;
        for entry in entries.flatten().map(|e| e.path()) {
            if is(&entry, "csv") {
                csv.push((file_name(&entry), read_text(&entry)?));
            } else if file_name(&entry) == "catalog.json" {
                json = Some(read_text(&entry)?);
            }
        }
        csv.sort();
    } else if is(path, "csv") {
        csv.push((file_name(path), read_text(path)?));
    } else if is(path, "json") {
        json = Some(read_text(path)?);
    } else {
        return Err(SessionError::NoFormat { path: path.to_owned() });
    }
    match json {
        Some(_) if !csv.is_empty() => {
            let what = "it holds catalog.json and CSV files; name the one that is meant".to_owned();
            Err(refuse(vec![CatalogRowError { place: file_name(path), what }]))
        }
        Some(text) => read_catalog_json(&text).map_err(|error| refuse(vec![error])),
        None if csv.is_empty() => Err(SessionError::NoFormat { path: path.to_owned() }),
        None => read_catalog_csv(&csv).map_err(refuse),
    }
}

/// A planned import.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) planned: Planned,
    /// What each change is, in words.
    pub(super) lines: Vec<String>,
    /// Rows that change nothing.
    pub(super) same: usize,
}

/// What a row comes to.
struct Said {
    change: CatalogChange,
    /// What it is about is in the catalog already.
    known: bool,
    name: Option<String>,
}

/// Works the rows into a directory, one by one.
struct Work<'a> {
    view: &'a View,
    directory: Directory,
    changes: Vec<CatalogChange>,
    lines: Vec<String>,
    same: usize,
    /// What rows before said, with their places.
    said: BTreeMap<String, String>,
    /// Digests of the pictures that are kept, or lie beside the files.
    pictures: &'a BTreeSet<String>,
    /// Shows that rows of episodes name: an episode brings its show.
    named: BTreeSet<Slug>,
}

/// Plans an import, or returns everything that stands in the way.
pub(super) fn plan(
    view: &View,
    rows: Vec<Placed<CatalogRow>>,
    pictures: &BTreeSet<String>,
) -> Result<Import, Vec<CatalogRowError>> {
    let (directory, changes) = (view.directory.clone(), Vec::new());
    let named = rows.iter().filter_map(|row| match &row.value {
        CatalogRow::Episode { facts, .. } => facts.show.clone(),
        _ => None,
    });
    let mut work =
        Work { view, directory, changes, lines: Vec::new(), same: 0, said: BTreeMap::new(), pictures, named: named.collect() };
    let mut errors = Vec::new();
    for Placed { place, value } in rows {
        if let Err(what) = work.row(&place, value) {
            errors.push(CatalogRowError { place, what });
        }
    }
    let everybody = Roster::new(work.directory.people.values().cloned());
    if errors.is_empty()
        && let Err((name, a, b)) = everybody.names()
    {
        let place = work.said.get(&format!("person {b}")).or_else(|| work.said.get(&format!("person {a}")));
        let what = format!("{name:?} is the name of {a} and would be that of {b}");
        errors.push(CatalogRowError { place: place.cloned().unwrap_or_else(|| "people".into()), what });
    }
    if errors.is_empty()
        && let Some(lost) = work.directory.people.keys().find(|id| everybody.is_lost(**id))
    {
        let place = work.said.get(&format!("person {lost}")).cloned().unwrap_or_else(|| "people".into());
        errors.push(CatalogRowError {
            place,
            what: format!("{lost} is merged into somebody who is not there, or into themselves"),
        });
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
        let said = match row {
            CatalogRow::Person(row) => self.person(row)?,
            CatalogRow::Show { mut show, added_at } => {
                let from = self.directory.shows.get(&show.slug).cloned();
                show.added_at = self.since(added_at, from.as_ref().map(|s: &Show| s.added_at));
                let (slug, name) = (show.slug.clone(), show.title.clone());
                let edit = Edit { from, to: Some(show) };
                Said { known: edit.from.is_some(), name, change: CatalogChange::Show { slug, edit } }
            }
            CatalogRow::Season(season) => {
                self.show(&season.show)?;
                positive(season.number)?;
                let (show, number, name) = (season.show.clone(), season.number, season.title.clone());
                let from = self.directory.seasons.get(&(show.clone(), number)).cloned();
                let edit = Edit { from, to: Some(season) };
                Said { known: edit.from.is_some(), name, change: CatalogChange::Season { show, number, edit } }
            }
            CatalogRow::Episode { id, facts } => {
                for number in [facts.season, facts.episode].into_iter().flatten() {
                    positive(number)?;
                }
                if (facts.show.is_none() && facts.season.is_some()) || (facts.season.is_none() && facts.episode.is_some()) {
                    return Err("an episode has a season only in a show, and a number only in a season".into());
                }
                let (from, name) = (self.directory.episodes.get(&id).cloned(), facts.title.clone());
                let edit = Edit { from, to: Some(facts) };
                Said { known: edit.from.is_some(), name, change: CatalogChange::Episode { id, edit } }
            }
            CatalogRow::Member { person, show, role, mut seasons } => {
                self.show(&show)?;
                let person = self.who(&person)?;
                for number in &seasons {
                    positive(*number)?;
                }
                seasons.sort_unstable();
                seasons.dedup();
                let from = self.directory.memberships.get(&(person, show.clone())).cloned();
                let edit = Edit { from, to: Some(Membership { person, show: show.clone(), role: role.clone(), seasons }) };
                Said { known: edit.from.is_some(), name: role, change: CatalogChange::Membership { person, show, edit } }
            }
            CatalogRow::Asset { person, asset, added_at } => {
                let (person, id, name) = (self.who(&person)?, asset.id, asset.source.clone());
                let from = self.directory.assets.get(&id).cloned();
                if from.is_none() && id.0 <= self.directory.last_asset {
                    return Err(format!("{id} was a picture before; numbers are never used again"));
                }
                if !self.pictures.contains(&asset.sha256) {
                    return Err(format!("its picture is neither kept nor in the folder: {}", file_of(&asset.sha256)));
                }
                let added_at = self.since(added_at, from.as_ref().map(|a: &Asset| a.added_at));
                let edit = Edit { from, to: Some(Asset { person, added_at, ..asset }) };
                Said { known: edit.from.is_some(), name: Some(name), change: CatalogChange::Asset { id, edit } }
            }
            CatalogRow::Featured { person, show, asset } => {
                let person = self.who(&person)?;
                if let Some(show) = &show {
                    self.show(show)?;
                }
                match self.directory.assets.get(&asset) {
                    Some(a) if a.person == person => {}
                    Some(a) => return Err(format!("{asset} is a picture of {}", a.person)),
                    None => return Err(format!("there is no picture {asset}")),
                }
                let from = self.directory.featured.get(&(person, show.clone())).copied();
                let edit = Edit { from, to: Some(Featured { asset }) };
                Said {
                    known: edit.from.is_some(),
                    name: Some(asset.to_string()),
                    change: CatalogChange::Featured { person, show, edit },
                }
            }
        };
        self.put(place, said)
    }

    /// Keeps a change; refuses a second row about the same thing.
    fn put(&mut self, place: &str, said: Said) -> Result<(), String> {
        let Said { change, known, name } = said;
        let key = change.key();
        if let Some(before) = self.said.insert(key.clone(), place.to_owned()) {
            return Err(format!("{key} stands in {before} already"));
        }
        // What is the same either way round changes nothing.
        if change.clone().invert() == change {
            self.same += 1;
            return Ok(());
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

    fn person(&self, row: PersonRow) -> Result<Said, String> {
        let PersonRow { id, name, aliases, former, notes, merged_into, removed, added_at } = row;
        let name = tidy_name(&name);
        if name.is_empty() {
            return Err("name is empty".into());
        }
        let id = match id {
            Some(id) => id,
            None => match self.called(&name) {
                Ok(known) => known,
                Err(_) => PersonId(self.directory.last_person.saturating_add(1)),
            },
        };
        let from = self.directory.people.get(&id).cloned();
        match &from {
            Some(known) if !known.has_name(&name) && !former.iter().any(|n| known.has_name(n)) => {
                return Err(format!("{id} is {} here and {name} in the file; without a number the name finds them", known.name));
            }
            None if id.0 <= self.directory.last_person => {
                return Err(format!("{id} was somebody before; numbers are never used again"));
            }
            _ => {}
        }
        let added_at = self.since(added_at, from.as_ref().map(|p| p.added_at));
        let to = Person { id, name: name.clone(), added_at, aliases, notes, former, merged_into, removed };
        let edit = Edit { from, to: Some(to) };
        Ok(Said { known: edit.from.is_some(), name: Some(name), change: CatalogChange::Person { id, edit } })
    }

    /// Finds who is called so, in the catalog or in the rows before.
    fn called(&self, name: &str) -> Result<PersonId, String> {
        let key = name_key(name);
        let mut found =
            self.directory.people.values().filter(|p| p.merged_into.is_none() && !p.removed && name_key(&p.name) == key);
        found.next().map(|p| p.id).ok_or_else(|| format!("there is nobody called {name:?}"))
    }

    fn who(&self, who: &Who) -> Result<PersonId, String> {
        match who {
            Who::Number(id) => match self.directory.people.get(id) {
                Some(person) if !person.removed && person.merged_into.is_none() => Ok(*id),
                Some(person) => Err(format!("{} ({id}) was deleted or is somebody else", person.name)),
                None => Err(format!("there is no person {id}")),
            },
            Who::Name(name) => self.called(name),
        }
    }

    /// Refuses a show that nobody knows.
    fn show(&self, slug: &Slug) -> Result<(), String> {
        let of_episodes = || self.view.episodes.values().any(|e| e.show.as_ref() == Some(slug));
        if self.directory.shows.contains_key(slug) || self.named.contains(slug) || of_episodes() {
            Ok(())
        } else {
            Err(format!("there is no show {slug}"))
        }
    }
}

fn positive(number: u32) -> Result<(), String> {
    if number == 0 { Err("seasons and episodes are counted from 1".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
