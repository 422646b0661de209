//! What a library knows across its episodes: people, and the list of episodes.

use super::codec::{from_json, to_json};
use super::decisions::append_row;
use super::engine::{Engine, Fault, pause};
use super::error::StoreError;
use super::lock::FileLock;
use super::tables::{Bytes, EPISODES, Kind, LAST_PERSON, LOG, NAMES, PEOPLE, STATE};
use super::verify::{Chain, Finding, Findings};
use super::voice_bank;
use crate::domain::{
    Author, CatalogChange, CatalogDraft, CatalogOperation, ChangeError, Edit, EpisodeEntry, EpisodeId, OperationKind, Person,
    PersonId, Roster, name_key, tidy_name,
};
use jiff::Timestamp;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::collections::BTreeMap;
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

    /// Returns the person of that name, or who was once called so, or whom they were found to be; case and spacing are ignored.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn person_by_name(&self, name: &str) -> Result<Option<Person>, StoreError> {
        self.read(|txn| {
            let Some(id) = txn.open_table(NAMES)?.get(name_key(name).as_str())?.map(|id| id.value()) else { return Ok(None) };
            Ok(roster(&txn.open_table(PEOPLE)?)?.stands_for(PersonId(id)).cloned())
        })
    }

    /// Returns the person of that name and adds them where there is none; asking again changes nothing.
    ///
    /// # Errors
    /// Fails for an empty name, where other processes keep writing for ten seconds, or where writing fails.
    pub fn ensure_person(&self, name: &str, author: Author, at: Timestamp) -> Result<PersonId, StoreError> {
        let (name, key) = (tidy_name(name), name_key(name));
        if name.is_empty() {
            return Err(StoreError::EmptyName);
        }
        if let Some(known) = self.person_by_name(&name)? {
            return Ok(known.id);
        }
        self.write(|txn| {
            let mut names = txn.open_table(NAMES)?;
            if let Some(id) = names.get(key.as_str())? {
                let id = PersonId(id.value());
                return Ok(roster(&txn.open_table(PEOPLE)?)?.stands_for(id).map_or(id, |p| p.id));
            }
            let mut state = txn.open_table(STATE)?;
            let id = PersonId(state.get(LAST_PERSON)?.map_or(0, |last| last.value()).saturating_add(1));
            state.insert(LAST_PERSON, id.0)?;
            names.insert(key.as_str(), id.0)?;
            let person = Person { id, name: name.clone(), added_at: at, former: Vec::new(), merged_into: None };
            txn.open_table(PEOPLE)?.insert(id.0, to_json(&person)?.as_slice())?;
            append_row(txn, |seq, previous_hash| CatalogOperation {
                seq,
                at,
                author,
                kind: OperationKind::Add,
                summary: format!("added {name}"),
                changes: vec![CatalogChange::Person { id, edit: Edit { from: None, to: Some(person) } }],
                previous_hash,
            })?;
            Ok(id)
        })
    }

    /// Appends an operation and brings the people up to it, in one transaction.
    ///
    /// # Errors
    /// Fails, and changes nothing at all, where a change expects another person than is there, two would have one name or be each other,
    /// other processes keep writing for ten seconds, or writing fails.
    pub fn append(&self, draft: CatalogDraft) -> Result<CatalogOperation, StoreError> {
        self.write(|txn| {
            let mut people = txn.open_table(PEOPLE)?;
            for CatalogChange::Person { id, edit } in &draft.changes {
                let found: Option<Person> = people.get(id.0)?.map(|row| from_json(row.value())).transpose()?;
                if found != edit.from {
                    let told = |p: Option<&Person>| p.map_or_else(|| "nobody".to_owned(), |p| format!("{p:?}"));
                    let (expected, found) = (told(edit.from.as_ref()), told(found.as_ref()));
                    return Err(StoreError::Change(ChangeError::MovedOn { key: format!("person {id}"), expected, found }).into());
                }
                match &edit.to {
                    Some(person) => people.insert(id.0, to_json(person)?.as_slice())?,
                    None => people.remove(id.0)?,
                };
            }
            let everybody = roster(&people)?;
            for CatalogChange::Person { id, edit } in &draft.changes {
                if edit.to.is_some() && everybody.stands_for(*id).is_none() {
                    return Err(StoreError::NobodyLeft { person: *id }.into());
                }
            }
            let now = everybody.names().map_err(|(name, a, b)| StoreError::NameTaken { name, a, b })?;
            let mut names = txn.open_table(NAMES)?;
            names.retain(|_, _| false)?;
            for (name, id) in now {
                names.insert(name.as_str(), id.0)?;
            }
            append_row(txn, |seq, previous_hash| {
                let CatalogDraft { author, kind, summary, changes, at } = draft;
                CatalogOperation { seq, at, author, kind, summary, changes, previous_hash }
            })
        })
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

    /// Returns what is known of all episodes, by id.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn episodes(&self) -> Result<Vec<EpisodeEntry>, StoreError> {
        self.read(|txn| {
            let table = txn.open_table(EPISODES)?;
            table.iter()?.map(|entry| Ok(from_json(entry?.1.value())?)).collect()
        })
    }

    /// Returns what is known of one episode.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn episode(&self, episode: &EpisodeId) -> Result<Option<EpisodeEntry>, StoreError> {
        self.read(|txn| {
            let row = txn.open_table(EPISODES)?.get_owned(episode.as_str())?;
            Ok(row.map(|row| from_json(row.value())).transpose()?)
        })
    }

    /// Stores what is known of an episode, in place of what was known before.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn put_episode(&self, entry: &EpisodeEntry) -> Result<(), StoreError> {
        self.write(|txn| {
            txn.open_table(EPISODES)?.insert(entry.id.as_str(), to_json(entry)?.as_slice())?;
            Ok(())
        })
    }

    /// Forgets an episode and tells whether it was known.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn remove_episode(&self, episode: &EpisodeId) -> Result<bool, StoreError> {
        if self.episode(episode)?.is_none() {
            return Ok(false);
        }
        self.write(|txn| Ok(txn.open_table(EPISODES)?.remove(episode.as_str())?.is_some()))
    }

    /// Reads everything and returns what is wrong: the chain of the log, and whether it gives the people that are there.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn verify(&self) -> Result<Vec<Finding>, StoreError> {
        self.read(|txn| {
            let (mut findings, mut chain) = (Findings::default(), Chain::default());
            let mut from_log = BTreeMap::new();
            for entry in txn.open_table(LOG)?.iter()? {
                let (seq, row) = entry?;
                let operation: CatalogOperation = from_json(row.value())?;
                chain.check(seq.value(), operation.seq, &operation.previous_hash, row.value(), &mut findings);
                for CatalogChange::Person { id, edit } in operation.changes {
                    match edit.to {
                        Some(person) => from_log.insert(id, person),
                        None => from_log.remove(&id),
                    };
                }
            }
            let mut people = BTreeMap::new();
            for entry in txn.open_table(PEOPLE)?.iter()? {
                let (id, row) = entry?;
                people.insert(PersonId(id.value()), from_json::<Person>(row.value())?);
            }
            if people != from_log {
                findings.add("people", "they are not what the log says");
            }
            let names = txn.open_table(NAMES)?;
            for person in Roster::new(people.into_values()).people() {
                let Person { id, name, .. } = person;
                if names.get(name_key(name).as_str())?.map(|id| id.value()) != Some(id.0) {
                    findings.add("people", format!("{id} is not found by the name {name:?}"));
                }
            }
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

fn roster(table: &impl ReadableTable<u32, Bytes>) -> Result<Roster, Fault> {
    let mut people: Vec<Person> = Vec::new();
    for entry in table.iter()? {
        people.push(from_json(entry?.1.value())?);
    }
    Ok(Roster::new(people))
}

#[cfg(test)]
mod tests {
    use super::super::Library;
    use super::super::sample::episode;
    use super::*;

    fn user() -> Author {
        Author::User { name: "ana".into(), host: None, client: None }
    }

    #[test]
    fn one_name_is_one_person_however_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Library::open(dir.path()).unwrap().catalog();
        let ava = catalog.ensure_person(" Ava  Stone", user(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(catalog.ensure_person("ava stone ", user(), Timestamp::UNIX_EPOCH).unwrap(), ava);
        let ben = catalog.ensure_person("Ben Reed", user(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((ava, ben), (PersonId(1), PersonId(2)));
        assert_eq!(catalog.person_by_name("AVA STONE").unwrap().unwrap().name, "Ava Stone");
        assert_eq!(catalog.people().unwrap().len(), 2);
        let log = catalog.operations().unwrap();
        assert_eq!(log.iter().map(|o| o.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(log[1].previous_hash.len(), 64);
        assert_eq!(catalog.verify().unwrap(), []);
        catalog.write(|txn| Ok(txn.open_table(PEOPLE)?.remove(ben.0).map(drop)?)).unwrap();
        assert_eq!(catalog.verify().unwrap()[0].what, "they are not what the log says");
        assert!(matches!(catalog.ensure_person(" ", user(), Timestamp::UNIX_EPOCH), Err(StoreError::EmptyName)));
    }

    #[test]
    fn episodes_are_entered_changed_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Library::open(dir.path()).unwrap().catalog();
        let mut entry = EpisodeEntry {
            id: episode(),
            title: None,
            air_date: None,
            video: "/v.mp4".into(),
            added_at: Timestamp::UNIX_EPOCH,
            show: Some("demo".into()),
            season: Some(1),
            episode: Some(2),
        };
        catalog.put_episode(&entry).unwrap();
        entry.title = Some("Pilot".into());
        catalog.put_episode(&entry).unwrap();
        assert_eq!(catalog.episode(&episode()).unwrap(), Some(entry.clone()));
        assert_eq!(catalog.episodes().unwrap(), [entry]);
        assert!(catalog.remove_episode(&episode()).unwrap());
        assert!(!catalog.remove_episode(&episode()).unwrap());
    }

    #[test]
    fn many_writers_at_once_wait_for_each_other_and_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let ids: Vec<Vec<PersonId>> = std::thread::scope(|scope| {
            let work = |n: usize| {
                let catalog = library.catalog();
                (0..4).map(move |i| catalog.ensure_person(&format!("P{}", (n + i) % 6), user(), Timestamp::UNIX_EPOCH).unwrap())
            };
            let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || work(n).collect())).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let people = library.catalog().people().unwrap();
        assert_eq!(people.len(), 6);
        for (n, found) in ids.iter().enumerate() {
            for (i, id) in found.iter().enumerate() {
                assert_eq!(people.iter().find(|p| p.id == *id).unwrap().name, format!("P{}", (n + i) % 6));
            }
        }
    }
}
