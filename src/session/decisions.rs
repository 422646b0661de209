//! The log of an episode's decisions: read, taken back, done again.

use super::{SessionError, Workspace, user_name};
use crate::domain::{Author, EpisodeId, Operation, redo_draft, undo_draft};
use jiff::Timestamp;

/// Returns every entry of the log, the oldest first.
///
/// # Errors
/// Fails where there is no such episode.
pub fn log(workspace: &Workspace, episode: &EpisodeId) -> Result<Vec<Operation>, SessionError> {
    let library = workspace.open_library()?;
    Ok(workspace.read(&library, episode)?.operations()?)
}

/// Takes back the last decision of a person; `None` where there is none left. Nothing leaves the log: the undo is an entry too.
///
/// # Errors
/// Fails where there is no such episode, another process writes to it, or a later run changed what was decided.
pub fn undo(workspace: &Workspace, episode: &EpisodeId) -> Result<Option<Operation>, SessionError> {
    append(workspace, episode, undo_draft)
}

/// Does again what was undone last; `None` where there is nothing.
///
/// # Errors
/// As for [`undo`].
pub fn redo(workspace: &Workspace, episode: &EpisodeId) -> Result<Option<Operation>, SessionError> {
    append(workspace, episode, redo_draft)
}

fn append(
    workspace: &Workspace,
    episode: &EpisodeId,
    draft: fn(&[Operation], Author, Timestamp) -> Option<crate::domain::Draft>,
) -> Result<Option<Operation>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.write(&library, episode)?;
    let author = Author::User { name: user_name() };
    match draft(&store.operations()?, author, Timestamp::now()) {
        Some(draft) => Ok(Some(store.append(draft)?)),
        None => Ok(None),
    }
}
