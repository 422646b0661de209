//! What can be wrong with a theme.

use std::path::PathBuf;

/// Says what is wrong with a theme; `origin` is file and line.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    #[error("there is no theme {name:?}")]
    NoTheme { name: String, nearest: Vec<String>, known: Vec<String> },
    #[error("cannot read theme {path:?}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{origin}: this is not TOML: {message}")]
    Syntax { origin: String, message: String },
    #[error("{origin}: there is no {what} {name:?}")]
    Unknown { origin: String, what: &'static str, name: String, nearest: Vec<String> },
    #[error("{origin}: expected {expected}")]
    Kind { origin: String, expected: &'static str },
    #[error("{origin}: no look for {}", roles.join(", "))]
    Missing { origin: String, roles: Vec<&'static str> },
}

impl ThemeError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoTheme { nearest, .. } | Self::Unknown { nearest, .. } if !nearest.is_empty() => {
                format!("did you mean {}?", nearest.join(" or "))
            }
            Self::NoTheme { known, .. } => format!("there are {}", known.join(", ")),
            Self::Read { .. } => "check the permissions of the file, or take another theme".into(),
            Self::Unknown { what: "colour", .. } => {
                "write #rrggbb, a number of 0 to 255, a name of the file's [colours] or of the terminal's, or default".into()
            }
            Self::Syntax { .. } | Self::Unknown { .. } | Self::Kind { .. } => {
                "themes/dark.toml shows how a theme is written".into()
            }
            Self::Missing { .. } => "give every role a look, or begin with base = \"dark\" and change some".into(),
        }
    }
}
