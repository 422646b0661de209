//! Takes an episode out of the library.

use super::{SessionError, Workspace};
use crate::domain::EpisodeId;
use std::path::Path;

/// What goes with an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goes {
    pub runs: u64,
    pub operations: u64,
    pub bytes: u64,
}

impl Goes {
    /// Returns its size in words.
    #[must_use]
    pub fn size(&self) -> String {
        let mega = self.bytes as f64 / 1e6;
        if mega >= 1000.0 { format!("{:.1} GB", mega / 1000.0) } else { format!("{mega:.1} MB") }
    }
}

/// Counts what goes with an episode. One whose file cannot be read still has a size.
///
/// # Errors
/// Fails where there is no such episode.
pub fn what_goes(workspace: &Workspace, episode: &EpisodeId) -> Result<Goes, SessionError> {
    let library = workspace.open_library()?;
    workspace.require(&library, episode)?;
    let bytes = size_of(&library.episode_path(episode));
    let counts = workspace.read(&library, episode).and_then(|s| Ok((s.runs()?.len() as u64, s.operations()?.len() as u64)));
    let (runs, operations) = counts.unwrap_or_default();
    Ok(Goes { runs, operations, bytes })
}

/// Deletes an episode; its video stays.
///
/// # Errors
/// Fails where there is no such episode, or another process works on it.
pub fn delete(workspace: &Workspace, episode: &EpisodeId) -> Result<(), SessionError> {
    let library = workspace.open_library()?;
    workspace.require(&library, episode)?;
    library.delete_episode(episode)?;
    library.catalog().remove_episode(episode)?;
    tracing::info!(%episode, "deleted");
    Ok(())
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
