//! What can go wrong while mouths are looked at.

use crate::infer::InferError;
use crate::media::MediaError;
use crate::store::StoreError;

/// Says which part failed, and why.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Infer(#[from] InferError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot start a thread: {source}")]
    Thread { source: std::io::Error },
}

impl LinkError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Media(e) => Some(e.hint()),
            Self::Infer(e) => e.hint(),
            Self::Store(e) => Some(e.hint()),
            Self::Thread { .. } => Some("the system's limit of threads is reached; set [workers] embed to 1".into()),
        }
    }
}
