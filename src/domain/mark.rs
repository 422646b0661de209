//! What a person says of a track besides who it is.

use super::Source;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Says why a track counts for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscardReason {
    /// The detector was wrong.
    NotAFace,
    /// A picture of a face: a poster, a screen, a photograph.
    Poster,
    /// Somebody of the crowd whom nobody counts.
    Crowd,
}

impl DiscardReason {
    pub const ALL: [Self; 3] = [Self::NotAFace, Self::Poster, Self::Crowd];

    /// Returns its name as written on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAFace => "not-a-face",
            Self::Poster => "poster",
            Self::Crowd => "crowd",
        }
    }
}

impl fmt::Display for DiscardReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAFace => "not a face",
            Self::Poster => "a poster",
            Self::Crowd => "crowd",
        })
    }
}

impl FromStr for DiscardReason {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|r| r.name() == text);
        known.ok_or_else(|| format!("{text:?} is none of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// That a track is not of somebody: no run proposes them for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Never {
    /// Confirmed where it was said of this very track, carried where of one of an earlier run.
    pub source: Source,
}

/// What is marked on a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// It counts for nobody, and no run proposes it again.
    pub discarded: DiscardReason,
}
