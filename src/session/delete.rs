//! Takes an episode out of the library.

use super::{SessionError, Workspace, author};
use crate::blobs::Blobs;
use crate::domain::EpisodeId;
use crate::export::artifacts::Layout;
use crate::store::Library;
use jiff::Timestamp;
use std::path::Path;

/// What goes with an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Goes {
    pub runs: u64,
    pub operations: u64,
    pub bytes: u64,
    /// Files for other tools and their bytes below the library's blobs, which go only where that is asked for.
    pub blobs: u64,
    pub blob_bytes: u64,
}

impl std::ops::AddAssign for Goes {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.operations += other.operations;
        self.bytes += other.bytes;
        self.blobs += other.blobs;
        self.blob_bytes += other.blob_bytes;
    }
}

impl Goes {
    /// Returns its size in words.
    #[must_use]
    pub fn size(&self) -> String {
        size_text(self.bytes)
    }

    /// Returns the size of its blobs in words.
    #[must_use]
    pub fn blob_size(&self) -> String {
        size_text(self.blob_bytes)
    }
}

fn size_text(bytes: u64) -> String {
    let mega = bytes as f64 / 1e6;
    if mega >= 1000.0 { format!("{:.1} GB", mega / 1000.0) } else { format!("{mega:.1} MB") }
}

/// Counts what goes with an episode. One whose file cannot be read still has a size.
///
/// # Errors
/// Fails where there is no such episode.
pub fn what_goes(workspace: &Workspace, episode: &EpisodeId) -> Result<Goes, SessionError> {
    let library = workspace.open_library()?;
    require(workspace, &library, episode)?;
    let bytes = size_of(&library.episode_path(episode));
    let counts = workspace.read(&library, episode).and_then(|s| Ok((s.runs()?.len() as u64, s.operations()?.len() as u64)));
    let (runs, operations) = counts.unwrap_or_default();
    let (mut blobs, mut blob_bytes) = (0, 0);
    if library.blobs_path().is_dir() {
        let stored = Blobs::open(&workspace.settings.storage, &library.blobs_path())?;
        for prefix in Layout::new(episode).prefixes() {
            for blob in stored.list(&prefix)? {
                (blobs, blob_bytes) = (blobs + 1, blob_bytes + blob.bytes);
            }
        }
    }
    Ok(Goes { runs, operations, bytes, blobs, blob_bytes })
}

/// Deletes an episode, and its blobs where `blobs` says so; its video stays.
///
/// # Errors
/// Fails where there is no such episode, or another process works on it.
pub fn delete(workspace: &Workspace, episode: &EpisodeId, blobs: bool) -> Result<(), SessionError> {
    let library = workspace.open_library()?;
    require(workspace, &library, episode)?;
    library.delete_episode(episode, author(), Timestamp::now())?;
    if blobs && library.blobs_path().is_dir() {
        let stored = Blobs::open(&workspace.settings.storage, &library.blobs_path())?;
        for prefix in Layout::new(episode).prefixes() {
            stored.delete_prefix(&prefix)?;
        }
    }
    tracing::info!(%episode, "deleted");
    Ok(())
}

/// Refuses an episode that is not there; one of which only the catalog knows goes too.
fn require(workspace: &Workspace, library: &Library, episode: &EpisodeId) -> Result<(), SessionError> {
    if library.catalog().knows_episode(episode)? { Ok(()) } else { workspace.require(library, episode) }
}

fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(m) if m.is_dir() => size_of(&entry.path()),
            Ok(m) => m.len(),
            Err(_) => 0,
        })
        .sum()
}
