//! What a library knows across its episodes: people, shows, and the list of episodes.

mod rows;

use super::codec::{from_json, to_json};
use super::engine::{Engine, Fault, pause};
use super::error::StoreError;
use super::lock::FileLock;
use super::tables::{Bytes, EPISODE_FACTS, EPISODES, Kind, LAST_PERSON, LOG, NAMES, PEOPLE, STATE};
use super::verify::{Chain, Finding, Findings};
use super::{references, voice_bank};
use crate::domain::{
    Author, CatalogChange, CatalogDraft, CatalogOperation, Described, Directory, Edit, EpisodeEntry, EpisodeFacts, EpisodeId,
    OperationKind, Person, PersonId, Roster, name_key, tidy_name,
};
use jiff::Timestamp;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The catalog of a library.
///
/// Several processes use it at once: every call opens the file, does one short transaction and closes it again.
/// Writers wait for each other up to ten seconds; readers do not wait for writers.
#[derive(Debug, Clone)]
pub struct Catalog {
    path: PathBuf,
}

impl Catalog {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn make_if_missing(&self) -> Result<(), StoreError> {
        if self.path.exists() { Ok(()) } else { self.write(|_| Ok(())) }
    }

    /// Returns the file that holds it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the people who stand for themselves, by id.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn people(&self) -> Result<Vec<Person>, StoreError> {
        Ok(self.roster()?.people().cloned().collect())
    }

    /// Returns everybody who was ever added, and who was found to be whom.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn roster(&self) -> Result<Roster, StoreError> {
        self.read(|txn| roster(&txn.open_table(PEOPLE)?))
    }

    /// Returns the person of that name, or who was once called so, or whom they were found to be, or whose alias it is; case and spacing are
    /// ignored.
    ///
    /// # Errors
    /// Fails where several share the alias, or the file cannot be read.
    pub fn person_by_name(&self, name: &str) -> Result<Option<Person>, StoreError> {
        self.read(|txn| {
            let id = txn.open_table(NAMES)?.get(name_key(name).as_str())?.map(|id| PersonId(id.value()));
            let everybody = roster(&txn.open_table(PEOPLE)?)?;
            let Some(id) = id else { return Ok(refuse_shared(&everybody, name).map(|()| None)?) };
            Ok(everybody.stands_for(id).cloned())
        })
    }

    /// Returns the person of that name and adds them where there is none; asking again changes nothing.
    ///
    /// # Errors
    /// Fails for an empty name and for an alias that several share, where other processes keep writing for ten seconds, or where writing fails.
    pub fn ensure_person(&self, name: &str, author: Author, at: Timestamp) -> Result<PersonId, StoreError> {
        let (name, key) = (tidy_name(name), name_key(name));
        if name.is_empty() {
            return Err(StoreError::EmptyName);
        }
        if let Some(known) = self.person_by_name(&name)? {
            return Ok(known.id);
        }
        self.write(|txn| {
            if let Some(id) = txn.open_table(NAMES)?.get(key.as_str())?.map(|id| PersonId(id.value())) {
                return Ok(roster(&txn.open_table(PEOPLE)?)?.stands_for(id).map_or(id, |p| p.id));
            }
            refuse_shared(&roster(&txn.open_table(PEOPLE)?)?, &name)?;
            let last = txn.open_table(STATE)?.get(LAST_PERSON)?.map_or(0, |last| last.value());
            let id = PersonId(last.saturating_add(1));
            let edit = Edit { from: None, to: Some(Person::new(id, &name, at)) };
            let changes = vec![CatalogChange::Person { id, edit }];
            let summary = format!("added {name}");
            rows::append(txn, CatalogDraft { author, kind: OperationKind::Add, summary, changes, at })?;
            Ok(id)
        })
    }

    /// Appends an operation and brings everything up to it, in one transaction.
    ///
    /// # Errors
    /// Fails, and changes nothing at all, where a change expects another value than is there, a number is used again, two people would have
    /// one name or be each other, other processes keep writing for ten seconds, or writing fails.
    pub fn append(&self, draft: CatalogDraft) -> Result<CatalogOperation, StoreError> {
        self.write(|txn| rows::append(txn, draft))
    }

    /// Returns what the log has made of people and shows.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn directory(&self) -> Result<Directory, StoreError> {
        self.read(rows::directory)
    }

    /// Returns the log of the catalog.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn operations(&self) -> Result<Vec<CatalogOperation>, StoreError> {
        self.read(|txn| {
            let table = txn.open_table(LOG)?;
            table.iter()?.map(|entry| Ok(from_json(entry?.1.value())?)).collect()
        })
    }

    /// Returns what is known of all episodes, by id: as they were entered, or as people said since.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn episodes(&self) -> Result<Vec<EpisodeEntry>, StoreError> {
        self.read(|txn| {
            let (table, facts) = (txn.open_table(EPISODES)?, txn.open_table(EPISODE_FACTS)?);
            let entry = |row: redb::AccessGuard<'_, Bytes>| {
                let entry: EpisodeEntry = from_json(row.value())?;
                said(entry, &facts)
            };
            table.iter()?.map(|row| entry(row?.1)).collect()
        })
    }

    /// Returns what is known of one episode, likewise.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn episode(&self, episode: &EpisodeId) -> Result<Option<EpisodeEntry>, StoreError> {
        self.read(|txn| {
            let row = txn.open_table(EPISODES)?.get_owned(episode.as_str())?;
            let Some(entry) = row.map(|row| from_json::<EpisodeEntry>(row.value())).transpose()? else { return Ok(None) };
            said(entry, &txn.open_table(EPISODE_FACTS)?).map(Some)
        })
    }

    /// Returns all episodes as they were entered, by id, whatever people said since.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn episodes_as_entered(&self) -> Result<Vec<EpisodeEntry>, StoreError> {
        self.read(|txn| txn.open_table(EPISODES)?.iter()?.map(|row| Ok(from_json(row?.1.value())?)).collect())
    }

    /// Enters that an episode is measured from a video, and what is said of it; what is not said stays as it was entered. Where people said
    /// something of it before, they say this now too, as an operation of `author`. All of it is one transaction.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn enter_episode(
        &self,
        episode: &EpisodeId,
        video: &str,
        described: &Described,
        author: Author,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let entering = Entering { episode, video, described, at };
        if self.read(|txn| entering.of(&txn.open_table(EPISODES)?, &txn.open_table(EPISODE_FACTS)?))? == (None, None) {
            return Ok(());
        }
        self.write(|txn| {
            let (entry, edit) = entering.of(&txn.open_table(EPISODES)?, &txn.open_table(EPISODE_FACTS)?)?;
            if let Some(entry) = entry {
                txn.open_table(EPISODES)?.insert(episode.as_str(), to_json(&entry)?.as_slice())?;
            }
            if let Some(edit) = edit {
                let changes = vec![CatalogChange::Episode { id: episode.clone(), edit }];
                let (kind, summary) = (OperationKind::Edit, format!("episode {episode} edited"));
                rows::append(txn, CatalogDraft { author, kind, summary, changes, at })?;
            }
            Ok(())
        })
    }

    /// Stores what is known of an episode, in place of what was entered before.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn put_episode(&self, entry: &EpisodeEntry) -> Result<(), StoreError> {
        self.write(|txn| {
            txn.open_table(EPISODES)?.insert(entry.id.as_str(), to_json(entry)?.as_slice())?;
            Ok(())
        })
    }

    /// Tells whether an episode was entered, or people said something of it.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn knows_episode(&self, episode: &EpisodeId) -> Result<bool, StoreError> {
        self.read(|txn| {
            let is_entered = txn.open_table(EPISODES)?.get(episode.as_str())?.is_some();
            Ok(is_entered || facts_of(&txn.open_table(EPISODE_FACTS)?, episode)?.is_some())
        })
    }

    /// Forgets an episode and tells whether it was known. What people said of it is forgotten as an operation of `author`, in the same
    /// transaction.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn remove_episode(&self, episode: &EpisodeId, author: Author, at: Timestamp) -> Result<bool, StoreError> {
        if !self.knows_episode(episode)? {
            return Ok(false);
        }
        self.write(|txn| {
            let was_entered = txn.open_table(EPISODES)?.remove(episode.as_str())?.is_some();
            let said = facts_of(&txn.open_table(EPISODE_FACTS)?, episode)?;
            let Some(said) = said else { return Ok(was_entered) };
            let changes = vec![CatalogChange::Episode { id: episode.clone(), edit: Edit { from: Some(said), to: None } }];
            let (kind, summary) = (OperationKind::Delete, format!("episode {episode} deleted"));
            rows::append(txn, CatalogDraft { author, kind, summary, changes, at })?;
            Ok(true)
        })
    }

    /// Reads everything and returns what is wrong: the chain of the log, and whether it gives what is there.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn verify(&self) -> Result<Vec<Finding>, StoreError> {
        self.read(|txn| {
            let (mut findings, mut chain) = (Findings::default(), Chain::default());
            let mut from_log = Directory::default();
            for entry in txn.open_table(LOG)?.iter()? {
                let (seq, row) = entry?;
                let operation: CatalogOperation = from_json(row.value())?;
                let place = chain.check(seq.value(), operation.seq, &operation.previous_hash, row.value(), &mut findings);
                if let Err(error) = from_log.apply(&operation.kind, &operation.changes) {
                    findings.add(&place, error.to_string());
                }
            }
            let directory = rows::directory(txn)?;
            for place in rows::differences(&directory, &from_log) {
                findings.add(place, "they are not what the log says");
            }
            let names = txn.open_table(NAMES)?;
            for person in Roster::new(directory.people.into_values()).people() {
                let Person { id, name, .. } = person;
                if names.get(name_key(name).as_str())?.map(|id| id.value()) != Some(id.0) {
                    findings.add("people", format!("{id} is not found by the name {name:?}"));
                }
            }
            references::verify(txn, &mut findings)?;
            for row in voice_bank::rows(txn)? {
                if let Err(error) = row {
                    findings.add("voice prints", error.to_string());
                }
            }
            Ok(findings.0)
        })
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, StoreError> {
        Engine::open_reader(&self.path, &self.lock_path(), Kind::Catalog)?.read(work)
    }

    pub(super) fn write<T>(&self, work: impl FnOnce(&WriteTransaction) -> Result<T, Fault>) -> Result<T, StoreError> {
        let begin = Instant::now();
        let _lock = loop {
            match FileLock::try_take(&self.lock_path())? {
                Some(lock) => break lock,
                None => pause(&self.path, begin)?,
            }
        };
        Engine::open_writer(&self.path, Kind::Catalog)?.write(work)
    }

    fn lock_path(&self) -> PathBuf {
        self.path.with_extension("lock")
    }
}

/// An episode that is entered, for the first time or again.
struct Entering<'a> {
    episode: &'a EpisodeId,
    video: &'a str,
    described: &'a Described,
    at: Timestamp,
}

impl Entering<'_> {
    /// Returns the entry and the edit of what people said; none of what is so already.
    fn of(
        &self,
        entries: &impl ReadableTable<&'static str, Bytes>,
        facts: &impl ReadableTable<&'static str, Bytes>,
    ) -> Result<(Option<EpisodeEntry>, Option<Edit<EpisodeFacts>>), Fault> {
        let key = self.episode.as_str();
        let Described { title, air_date } = self.described;
        let before: Option<EpisodeEntry> = entries.get(key)?.map(|row| from_json(row.value())).transpose()?;
        let mut entry = before.clone().unwrap_or_else(|| EpisodeEntry::new(self.episode, self.video, self.at));
        self.video.clone_into(&mut entry.video);
        (entry.title, entry.air_date) = (title.clone().or(entry.title), air_date.or(entry.air_date));
        let said = facts_of(facts, self.episode)?;
        let edit = said.map(|said| {
            let to = EpisodeFacts {
                title: title.clone().or_else(|| said.title.clone()),
                air_date: air_date.or(said.air_date),
                ..said.clone()
            };
            Edit { from: Some(said), to: Some(to) }
        });
        Ok((Some(entry).filter(|e| before.as_ref() != Some(e)), edit.filter(|e| e.from != e.to)))
    }
}

/// Brings an entry up to what people said of the episode.
fn said(entry: EpisodeEntry, facts: &impl ReadableTable<&'static str, Bytes>) -> Result<EpisodeEntry, Fault> {
    Ok(match facts_of(facts, &entry.id)? {
        Some(facts) => entry.said_otherwise(facts),
        None => entry,
    })
}

/// Returns what people said of an episode.
fn facts_of(facts: &impl ReadableTable<&'static str, Bytes>, episode: &EpisodeId) -> Result<Option<EpisodeFacts>, Fault> {
    Ok(facts.get(episode.as_str())?.map(|row| from_json(row.value())).transpose()?)
}

/// Refuses a name that is nobody's and an alias of several.
fn refuse_shared(everybody: &Roster, name: &str) -> Result<(), StoreError> {
    let people: Vec<_> = everybody.sharing(name).into_iter().map(|p| (p.id, p.name.clone())).collect();
    if people.is_empty() { Ok(()) } else { Err(StoreError::SharedAlias { name: name.to_owned(), people }) }
}

fn roster(table: &impl ReadableTable<u32, Bytes>) -> Result<Roster, Fault> {
    let mut people: Vec<Person> = Vec::new();
    for entry in table.iter()? {
        people.push(from_json(entry?.1.value())?);
    }
    Ok(Roster::new(people))
}

#[cfg(test)]
mod tests;
