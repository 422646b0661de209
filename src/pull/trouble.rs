//! Why one way to a file did not work; the next one is tried then.

use crate::convert::ConvertError;
use std::io;
use std::path::PathBuf;

/// Says what went wrong with one source.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("it is not there ({what})")]
    NotThere { what: String },
    #[error("the server answers {status}")]
    Status { status: u16, retry_after_s: Option<u64> },
    #[error("cannot reach {host}: {reason}")]
    Unreachable { host: String, reason: String },
    #[error("the connection broke after {done} of {due} bytes: {reason}")]
    Broken { done: u64, due: u64, reason: String },
    #[error("it has {found} bytes where {due} are due")]
    Size { found: u64, due: u64 },
    #[error("it has more than the {due} bytes that are due")]
    TooLong { due: u64 },
    #[error("its contents are others than published: sha256 {found}, and {due} was due")]
    Digest { found: String, due: String },
    #[error("there is no {program} on this machine")]
    NoClient { program: &'static str },
    #[error("{program} failed: {reason}")]
    Client { program: String, reason: String },
    #[error("the archive cannot be used: {reason}")]
    Archive { reason: String },
    #[error("cannot convert it: {0}")]
    Convert(#[from] ConvertError),
    #[error("this version has no recipe {name:?}")]
    Recipe { name: String },
    #[error("cannot read {path:?}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path:?}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{needed} bytes are needed in {path:?}, and {free} are free")]
    NoRoom { path: PathBuf, needed: u64, free: u64 },
}

impl Trouble {
    /// Tells whether another call may do better.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 416 | 425 | 429 | 500..=599),
            Self::Unreachable { .. } | Self::Broken { .. } => true,
            _ => false,
        }
    }

    /// Tells whether the disk is the reason: no other source can help then.
    pub(super) fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Write { .. } | Self::NoRoom { .. })
    }
}
