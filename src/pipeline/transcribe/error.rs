//! What can go wrong while something is written down.

use crate::infer::InferError;
use crate::media::MediaError;
use crate::store::StoreError;

/// Says which part failed, and why.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Infer(#[from] InferError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TranscribeError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Media(e) => Some(e.hint()),
            Self::Infer(e) => e.hint(),
            Self::Store(e) => Some(e.hint()),
        }
    }
}
