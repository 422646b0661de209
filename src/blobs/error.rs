//! What can go wrong with blobs.

use std::io;
use std::path::PathBuf;

/// Says why a blob could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("no blob {key:?}")]
    NotFound { key: String },
    #[error("{key:?} is no key of a blob: {reason}")]
    Key { key: String, reason: String },
    #[error("an empty prefix would delete every blob")]
    EmptyPrefix,
    #[error("cannot {action} {path:?}: {source}")]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the disk is full, cannot write blob {key:?}")]
    DiskFull { key: String },
    #[error("cannot {action} blob {key:?}: {told}")]
    Store { action: &'static str, key: String, told: String },
    #[error("blobs were asked for from inside an asynchronous task")]
    InsideRuntime,
}

impl BlobError {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound { .. } => "it was never stored, or was deleted".into(),
            Self::Key { .. } => "write names parted by single slashes, without `.` and `..`".into(),
            Self::EmptyPrefix => "name what to delete, such as frames/EP".into(),
            Self::Io { .. } | Self::Store { .. } => "check that the directory exists and that you may write to it".into(),
            Self::DiskFull { .. } => "free some space and try again".into(),
            Self::InsideRuntime => "this is a fault of the program, please report it".into(),
        }
    }

    /// Translates what object_store says of `key`.
    pub(super) fn store(action: &'static str, key: &str, error: &object_store::Error) -> Self {
        let key = key.to_owned();
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::NotFound { key };
        }
        if io_kind(error) == Some(io::ErrorKind::StorageFull) {
            return Self::DiskFull { key };
        }
        Self::Store { action, key, told: error.to_string() }
    }
}

/// Finds the kind of the IO error that caused `error`.
fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    std::iter::successors(Some(error), |e| e.source()).find_map(|e| e.downcast_ref::<io::Error>()).map(io::Error::kind)
}
