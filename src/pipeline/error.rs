//! What can go wrong in the passes over sound, mouths and words.

use crate::infer::InferError;
use crate::media::MediaError;
use crate::store::StoreError;

/// Says which part failed, and why.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Infer(#[from] InferError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `setting` is the one that wants fewer of them.
    #[error("cannot start a thread: {source}")]
    Thread { source: std::io::Error, setting: &'static str },
}

impl PassError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Media(e) => Some(e.hint()),
            Self::Infer(e) => e.hint(),
            Self::Store(e) => Some(e.hint()),
            Self::Thread { setting, .. } => Some(format!("the system's limit of threads is reached; set {setting} to 1")),
        }
    }
}
