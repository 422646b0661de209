//! What can go wrong in the passes of a run.

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
    #[error("cannot encode a face crop of picture {frame} as JPEG: {reason}")]
    Encode { frame: u64, reason: String },
    #[error("cannot read the stored crop of track {track} at picture {frame}: {reason}")]
    Decode { track: u32, frame: u64, reason: String },
    #[error("cannot read the new crop of picture {frame}: {reason}")]
    Look { frame: u64, reason: String },
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
            Self::Encode { .. } | Self::Look { .. } => {
                Some("this is a fault of the program; please report it with the log file".into())
            }
            Self::Decode { .. } => Some("the library file is damaged; run `screenalytics doctor`".into()),
            Self::Thread { setting, .. } => Some(format!("the system's limit of threads is reached; set {setting} to 1")),
        }
    }
}
