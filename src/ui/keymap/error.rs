//! What can be wrong with a file of keys.

use super::key::KeyError;
use super::{Action, Place};
use std::path::PathBuf;

/// Says what is wrong with a file of keys; `origin` is file and line.
#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    #[error("cannot read keys {path:?}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{origin}: this is not TOML: {message}")]
    Syntax { origin: String, message: String },
    #[error("{origin}: there is no {what} {name:?}")]
    Unknown { origin: String, what: &'static str, name: String, nearest: Vec<String> },
    #[error("{origin}: {action} does nothing in {place}", action = action.name(), place = place.name())]
    Elsewhere { origin: String, action: Action, place: Place, known: Vec<Place> },
    #[error("{origin}: {source}")]
    Key { origin: String, source: KeyError },
    #[error("{origin}: {field} is missing")]
    Missing { origin: String, field: &'static str },
    #[error("{origin}: expected {expected}")]
    Kind { origin: String, expected: &'static str },
    #[error("{origin}: {key} is already taken by {taken}, which begins the same way")]
    Taken { origin: String, key: String, taken: String },
    #[error("{origin}: {action} stands twice in {place}", action = action.name(), place = place.name())]
    Twice { origin: String, action: Action, place: Place },
}

impl KeymapError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        const LISTED: &str = "docs/KEYS.md lists every place, action and key";
        match self {
            Self::Read { .. } => "check the permissions of the file, or move it away to use the built-in keys".into(),
            Self::Syntax { .. } => "correct the line; config/keymap.toml shows how keys are written".into(),
            Self::Unknown { nearest, .. } | Self::Key { source: KeyError::Unknown { nearest, .. }, .. }
                if !nearest.is_empty() =>
            {
                format!("did you mean {}?", nearest.join(" or "))
            }
            Self::Elsewhere { known, action, .. } => {
                let places: Vec<&str> = known.iter().map(|place| place.name()).collect();
                format!("{} is known in {}", action.name(), places.join(", "))
            }
            Self::Key { source: KeyError::Same { told, .. }, .. } => format!("write {told}, or take another key"),
            Self::Unknown { .. } | Self::Key { .. } => LISTED.into(),
            Self::Missing { .. } | Self::Kind { .. } => {
                "write it as in config/keymap.toml: { on = \"r\", run = \"name\", desc = \"what it does\", hint = \"name\" }"
                    .into()
            }
            Self::Taken { .. } => "take another key for one of the two".into(),
            Self::Twice { .. } => "give it all its keys in one line: on = [\"k\", \"Up\"]".into(),
        }
    }
}
