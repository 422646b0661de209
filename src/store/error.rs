//! What can go wrong with stored data.

use super::lock::Holder;
use crate::domain::{ChangeError, EpisodeId, PersonId, RunId, ShotId};
use std::io;
use std::path::{Path, PathBuf};

/// Says why stored data could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("library {path:?} is not a directory")]
    NotADirectory { path: PathBuf },
    #[error("{path:?} is not a library: it holds {found:?}, which no library has")]
    ForeignDirectory { path: PathBuf, found: String },
    #[error("cannot {action} {path:?}: {source}")]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the disk is full, cannot write {path:?}")]
    DiskFull { path: PathBuf },
    #[error("no episode {episode} in library {library:?}")]
    NoEpisode { episode: EpisodeId, library: PathBuf },
    #[error("episode {episode} is in use: {}", Holder::describe(.holder.as_ref()))]
    Held { episode: EpisodeId, holder: Option<Holder> },
    #[error("{path:?} is in use by another process (waited {waited_s} s)")]
    Busy { path: PathBuf, waited_s: u64 },
    #[error("{path:?} is open for reading only")]
    ReadOnly { path: PathBuf },
    #[error("{path:?} is damaged: {what}")]
    Damaged { path: PathBuf, what: String },
    #[error("{path:?} was written by a newer version: layout {found}, this program knows {known}")]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("{path:?} has no run {run}")]
    NoRun { path: PathBuf, run: RunId },
    #[error("run {run} cannot begin: the next run is {next}")]
    RunId { run: RunId, next: RunId },
    #[error("run {run} was not stored: its description holds a number that is not finite")]
    NotFinite { run: RunId },
    #[error("shot {shot} of run {run} was not stored: {what}")]
    Shot { run: RunId, shot: ShotId, what: String },
    #[error("the turns of run {run} were not stored: {what}")]
    Voices { run: RunId, what: String },
    #[error("embeddings of run {run} were not stored: {what}")]
    Embeddings { run: RunId, what: String },
    #[error("nothing was decided: {0}")]
    Change(#[from] ChangeError),
    #[error("{name:?} is the name of {a} and would be that of {b}")]
    NameTaken { name: String, a: PersonId, b: PersonId },
    #[error("{person} would be nobody: they would be found to be themselves, or somebody who is not there")]
    NobodyLeft { person: PersonId },
    #[error("{name:?} could be {}", people.iter().map(|(id, name)| format!("{name} ({id})")).collect::<Vec<_>>().join(" or "))]
    SharedAlias { name: String, people: Vec<(PersonId, String)> },
    #[error("a person needs a name")]
    EmptyName,
}

impl StoreError {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotADirectory { .. } | Self::ForeignDirectory { .. } => {
                "give --library an empty or new directory, or one that screenalytics made".into()
            }
            Self::Io { .. } => "check that the directory exists and that you may write to it".into(),
            Self::DiskFull { .. } => "free some space and run again: whole shots stored so far are kept".into(),
            Self::NoEpisode { .. } => "`screenalytics status` lists the episodes; `screenalytics run VIDEO` adds one".into(),
            Self::Held { .. } => "wait for it to end, or stop it; reading is possible meanwhile".into(),
            Self::Busy { .. } => "try again; if nothing else runs, look for a hung screenalytics process".into(),
            Self::ReadOnly { .. } => "open it for writing".into(),
            Self::Damaged { path, .. } => match episode_of(path) {
                Some(episode) => format!(
                    "the file was left as it is: restore a copy of it, or remove it with `screenalytics delete {episode}` and run again"
                ),
                None => {
                    "the file was left as it is: restore a copy, or move it away to begin a new one; episodes keep their data"
                        .into()
                }
            },
            Self::Newer { .. } => "update screenalytics".into(),
            Self::NoRun { .. } => "`screenalytics status` lists the runs".into(),
            Self::RunId { .. } | Self::NotFinite { .. } | Self::Shot { .. } | Self::Voices { .. } | Self::Embeddings { .. } => {
                "this is a fault of the program, please report it; what was stored before is whole".into()
            }
            Self::Change(_) => "look at the values as they are now and decide again".into(),
            Self::NameTaken { .. } => {
                "if both are one person, merge them; if not, give one a name that tells them apart, such as \"Ava Stone (II)\""
                    .into()
            }
            Self::NobodyLeft { .. } => "look at who is there now and decide again".into(),
            Self::SharedAlias { .. } => "say which of them, by the name or the number".into(),
            Self::EmptyName => "write the name of the person".into(),
        }
    }

    /// Tells whether the file or its folder may only be read.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        let Self::Io { source, .. } = self else { return false };
        matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| {
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
                Self::DiskFull { path }
            } else {
                Self::Io { action, path, source }
            }
        }
    }

    /// Translates what redb says of the file at `path`.
    pub(super) fn redb(path: &Path, error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Io(source) => match source.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    Self::Damaged { path: path.to_owned(), what: source.to_string() }
                }
                _ => Self::io("read or write", path)(source),
            },
            redb::Error::PreviousIo => Self::io("write", path)(io::Error::other("an earlier write failed")),
            redb::Error::UpgradeRequired(_) => Self::Newer { path: path.to_owned(), found: 0, known: super::tables::SCHEMA },
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                Self::Busy { path: path.to_owned(), waited_s: 0 }
            }
            error => Self::Damaged { path: path.to_owned(), what: error.to_string() },
        }
    }

    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }
}

/// Names the episode whose bundle `path` lies in.
fn episode_of(path: &Path) -> Option<String> {
    let name = path.parent()?.file_name()?.to_str()?;
    (path.file_name()? == super::library::EPISODE_FILE).then(|| name.to_owned())
}
