//! One episode's bundle, open for writing or for reading.

use super::engine::Engine;
use super::error::StoreError;
use super::library::{EPISODE_FILE, Library};
use super::lock::FileLock;
use super::tables::Kind;
use crate::domain::EpisodeId;
use std::fs;
use std::path::{Path, PathBuf};

/// The measured and decided data of one episode.
///
/// Methods that write need a store from [`EpisodeStore::open_writer`], and return only when what they wrote is on the
/// disk. It can be shared between threads; reading never waits for writing.
#[derive(Debug)]
pub struct EpisodeStore {
    // Closed before the lock is released: fields are dropped in this order.
    pub(super) engine: Engine,
    episode: EpisodeId,
    _lock: Option<FileLock>,
}

impl EpisodeStore {
    /// Opens the bundle of `episode` for writing and makes it where it is missing.
    ///
    /// # Errors
    /// Fails with [`StoreError::Held`] while another process, or another store of this one, writes to it, and
    /// where the file is damaged or was written by a newer version.
    pub fn open_writer(library: &Library, episode: &EpisodeId) -> Result<Self, StoreError> {
        let bundle = library.episode_path(episode);
        let cache = library.cache_path(episode);
        fs::create_dir_all(&cache).map_err(StoreError::io("make", &cache))?;
        let lock_path = lock_path(&bundle);
        let Some(lock) = FileLock::try_take(&lock_path)? else {
            return Err(StoreError::Held { episode: episode.clone(), holder: FileLock::holder(&lock_path) });
        };
        let engine = Engine::open_writer(&bundle.join(EPISODE_FILE), Kind::Episode)?;
        Ok(Self { engine, episode: episode.clone(), _lock: Some(lock) })
    }

    /// Opens the bundle of `episode` for reading, also while another process writes to it; each call sees what was
    /// committed by then.
    ///
    /// # Errors
    /// Fails where there is no such episode, or the file is damaged or was written by a newer version.
    pub fn open_reader(library: &Library, episode: &EpisodeId) -> Result<Self, StoreError> {
        if !library.has_episode(episode) {
            return Err(StoreError::NoEpisode { episode: episode.clone(), library: library.root().to_owned() });
        }
        let bundle = library.episode_path(episode);
        let engine = Engine::open_reader(&bundle.join(EPISODE_FILE), &lock_path(&bundle), Kind::Episode)?;
        Ok(Self { engine, episode: episode.clone(), _lock: None })
    }

    /// Makes a store that is gone when dropped.
    ///
    /// # Errors
    /// Fails where there is no memory for it.
    pub fn in_memory(episode: &EpisodeId) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::in_memory(Kind::Episode)?, episode: episode.clone(), _lock: None })
    }

    /// Makes a store on an open database.
    #[cfg(test)]
    pub(super) fn on(engine: Engine, episode: &EpisodeId) -> Self {
        Self { engine, episode: episode.clone(), _lock: None }
    }

    /// Returns the episode.
    pub fn episode(&self) -> &EpisodeId {
        &self.episode
    }

    /// Returns the file that holds it.
    pub fn path(&self) -> &Path {
        self.engine.path()
    }
}

/// Returns the lock file of a bundle.
pub(super) fn lock_path(bundle: &Path) -> PathBuf {
    bundle.join("writer.lock")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{SMALL, embedder, episode, meta, shot};
    use super::super::tables::SCHEMA;
    use super::*;
    use crate::domain::RunId;

    const RUN: RunId = RunId(1);

    #[test]
    fn a_second_writer_is_refused_and_told_who_writes() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let first = EpisodeStore::open_writer(&library, &episode()).unwrap();
        let told = EpisodeStore::open_writer(&library, &episode()).unwrap_err().to_string();
        let begin = format!("episode demo-s01e02 is in use: process {} on ", std::process::id());
        assert!(told.starts_with(&begin), "{told}");
        drop(first);
        EpisodeStore::open_writer(&library, &episode()).unwrap();
    }

    #[test]
    fn a_reader_follows_a_writer_and_may_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let writer = EpisodeStore::open_writer(&library, &episode()).unwrap();
        writer.begin_run(&meta(1)).unwrap();
        let reader = EpisodeStore::open_reader(&library, &episode()).unwrap();
        for id in 1..=20 {
            writer.write_shot(RUN, &shot(id, SMALL), &embedder()).unwrap();
            assert_eq!(reader.last_shot(RUN).unwrap().map(|s| s.id.0), Some(id));
        }
        assert_eq!(reader.measured_digest(RUN).unwrap(), writer.measured_digest(RUN).unwrap());
        assert!(matches!(reader.begin_run(&meta(2)), Err(StoreError::ReadOnly { .. })));
        drop(writer);
        assert_eq!(reader.shots(RUN).unwrap().len(), 20);
    }

    /// Makes a bundle with some shots and returns its file.
    fn bundle(library: &Library) -> PathBuf {
        let store = EpisodeStore::open_writer(library, &episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        for id in 1..=5 {
            store.write_shot(RUN, &shot(id, SMALL), &embedder()).unwrap();
        }
        store.path().to_owned()
    }

    #[test]
    fn a_broken_file_is_named_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let path = bundle(&library);
        let whole = fs::read(&path).unwrap();
        let cases: [(&str, Vec<u8>); 4] = [
            ("empty", vec![]),
            ("garbage", b"not a database".repeat(1000)),
            ("cut to its half", whole[..whole.len() / 2].to_vec()),
            ("cut inside the head", whole[..100].to_vec()),
        ];
        for (case, bytes) in cases {
            fs::write(&path, &bytes).unwrap();
            for told in [
                EpisodeStore::open_reader(&library, &episode()).unwrap_err(),
                EpisodeStore::open_writer(&library, &episode()).unwrap_err(),
            ] {
                assert!(matches!(&told, StoreError::Damaged { path: named, .. } if *named == path), "{case}: {told}");
                assert!(told.hint().contains("`screenalytics delete demo-s01e02`"), "{case}: {}", told.hint());
            }
            assert!(fs::read(&path).unwrap() == bytes, "{case}: the file was changed");
        }
    }

    #[test]
    fn another_kind_of_file_and_a_newer_layout_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let path = bundle(&library);
        fs::copy(library.catalog().path(), &path).unwrap();
        let told = EpisodeStore::open_reader(&library, &episode()).unwrap_err();
        assert!(told.to_string().ends_with("is damaged: it is no episode of a library"), "{told}");
        fs::remove_file(&path).unwrap();
        let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
        store
            .engine
            .write(|txn| Ok(txn.open_table(super::super::tables::SCHEMA_VERSION)?.insert("episode", SCHEMA + 1).map(drop)?))
            .unwrap();
        drop(store);
        let told = EpisodeStore::open_writer(&library, &episode()).unwrap_err();
        assert!(matches!(told, StoreError::Newer { found, known: SCHEMA, .. } if found == SCHEMA + 1), "{told}");
    }

    #[test]
    fn a_bundle_of_an_older_layout_is_brought_up_by_whoever_opens_it() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let age = || {
            let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
            store
                .engine
                .write(|txn| {
                    use super::super::tables::{
                        HEARD, HIGHEST_TRACK, LOOKS, MARKS, NEVERS, SCHEMA_VERSION, SETTLED, THRESHOLDS, TRACKS,
                    };
                    for table in HEARD {
                        txn.delete_table(table)?;
                    }
                    txn.delete_table(LOOKS)?;
                    txn.delete_table(TRACKS)?;
                    txn.delete_table(MARKS)?;
                    txn.delete_table(SETTLED)?;
                    txn.delete_table(THRESHOLDS)?;
                    txn.delete_table(NEVERS)?;
                    txn.delete_table(HIGHEST_TRACK)?;
                    Ok(txn.open_table(SCHEMA_VERSION)?.insert("episode", 1).map(drop)?)
                })
                .unwrap();
        };
        age();
        assert!(EpisodeStore::open_reader(&library, &episode()).unwrap().marks(crate::domain::RunId(1)).unwrap().is_empty());
        age();
        assert!(EpisodeStore::open_writer(&library, &episode()).unwrap().verify().unwrap().is_empty());
    }
}
