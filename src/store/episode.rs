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
