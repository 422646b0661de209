//! What can go wrong while listening.

use crate::infer::InferError;
use crate::store::StoreError;

/// Says which part of listening failed, and why.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(transparent)]
    Infer(#[from] InferError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot start a thread: {source}")]
    Thread { source: std::io::Error },
}

impl ListenError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Infer(e) => e.hint(),
            Self::Store(e) => Some(e.hint()),
            Self::Thread { .. } => Some("the system's limit of threads is reached; set listen.workers to 1".into()),
        }
    }
}
