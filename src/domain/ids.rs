//! Names of things. Numbers are never used again within a run or an episode.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Says why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("{found:?} is not an episode id")]
    Episode { found: String },
    #[error("no episode id can be made of the file name {found:?}")]
    FileName { found: String },
    #[error("{found:?} is not {expected}")]
    Number { found: String, expected: &'static str },
}

impl IdError {
    /// Says what to write instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Episode { .. } => {
                "write lower case letters, digits and single hyphens, such as rhobh-s05e17 or my-clip; at most 100 characters"
                    .into()
            }
            Self::FileName { .. } => {
                "give one with --ep-id, such as --ep-id rhobh-s05e17, or --show, --season and --episode".into()
            }
            Self::Number { expected, .. } => format!("write {expected}"),
        }
    }
}

/// Names an episode: lower case letters, digits and single inner hyphens, such as `rhobh-s05e17`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EpisodeId(String);

impl EpisodeId {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EpisodeId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        let ok = !text.is_empty()
            && text.len() <= 100
            && text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        if ok { Ok(Self(text)) } else { Err(IdError::Episode { found: text }) }
    }
}

impl FromStr for EpisodeId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<EpisodeId> for String {
    fn from(id: EpisodeId) -> Self {
        id.0
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $width:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:0width$}"), self.0, width = $width)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            /// Takes the printed form, or the number alone.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.strip_prefix($prefix).unwrap_or(text);
                let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                digits
                    .parse()
                    .ok()
                    .filter(|n| all_digits && *n > 0)
                    .map(Self)
                    .ok_or_else(|| IdError::Number { found: text.to_owned(), expected: $expected })
            }
        }
    };
}

number_id!(
    /// Names one execution of the pipeline on an episode, from 1.
    RunId, "r", 1, "a run such as r1"
);
number_id!(
    /// Names a shot of a run, from 1.
    ShotId, "s", 1, "a shot such as s12"
);
number_id!(
    /// Names a track of a run, from 1. The tracklet that a track was made of has the same number.
    TrackId, "t", 1, "a track such as t812"
);
number_id!(
    /// Names a voice of a run, from 1.
    SpeakerId, "S", 1, "a voice such as S2"
);
number_id!(
    /// Names a turn of speech of a run, from 1.
    TurnId, "u", 1, "a turn such as u12"
);
number_id!(
    /// Names an identity of an episode, from 1.
    IdentityId, "id_", 4, "a cluster such as id_0003"
);
number_id!(
    /// Names a person of the catalog, from 1.
    PersonId, "p_", 4, "a person such as p_0012"
);
number_id!(
    /// Names a picture that the catalog keeps of somebody, from 1.
    AssetId, "m_", 4, "a picture such as m_0007"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episode_ids_take_slugs_and_refuse_paths() {
        assert!("rhobh-s05e17".parse::<EpisodeId>().is_ok());
        for bad in ["", "..", "a/b", "A", "a--b", "-a", "a-", "a b", "é"] {
            assert!(bad.parse::<EpisodeId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_print_and_parse_both_ways() {
        assert_eq!(IdentityId(3).to_string(), "id_0003");
        assert_eq!("id_0003".parse(), Ok(IdentityId(3)));
        assert_eq!("3".parse(), Ok(IdentityId(3)));
        assert!("id_0000".parse::<IdentityId>().is_err());
        assert!("+3".parse::<IdentityId>().is_err());
    }
}
