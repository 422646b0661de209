//! Faces that are known to be somebody's: what the facebank of a library keeps.

use super::{EpisodeId, IdError, PersonId, Quality, RunId, TrackId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Names a reference, from 1; never used again within a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReferenceId(pub u64);

impl ReferenceId {
    /// Returns the number as the catalog counts them: it gives out fewer than 2^32.
    #[must_use]
    pub fn number(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ref_{:04}", self.0)
    }
}

impl FromStr for ReferenceId {
    type Err = IdError;
    /// Takes the printed form, or the number alone.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix("ref_").unwrap_or(text);
        let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|n| all_digits && *n > 0).map(Self);
        number.ok_or_else(|| IdError::Number { found: text.to_owned(), expected: "a reference such as ref_0012" })
    }
}

/// Names a kept picture by what is in it: the SHA-256 of its JPEG, in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PictureId(pub String);

impl fmt::Display for PictureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says where the face of a reference comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// A picture: its absolute path then, and the SHA-256 of the whole file, in hex.
    File { path: String, sha256: String },
    /// A kept crop of an episode.
    Crop { episode: EpisodeId, run: RunId, track: TrackId, frame: u64 },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => f.write_str(path),
            Self::Crop { episode, run, track, frame } => write!(f, "{episode} {run} {track}:{frame}"),
        }
    }
}

/// A face that is known to be somebody's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub id: ReferenceId,
    /// Whose it was said to be; the roster says who that is now.
    pub person: PersonId,
    pub quality: Quality,
    pub origin: Origin,
    /// The canonical aligned face, 160x160, that the vector of any embedder is made of.
    pub picture: PictureId,
    /// The face and its surroundings, for people to look at.
    pub thumb: PictureId,
    pub added_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_named_in_one_way_and_found_by_its_number_too() {
        assert_eq!(ReferenceId(7).to_string(), "ref_0007");
        assert_eq!(("ref_0007".parse(), "7".parse()), (Ok(ReferenceId(7)), Ok(ReferenceId(7))));
        for wrong in ["", "0", "ref_", "-1", "+1", "p_0007"] {
            assert!(wrong.parse::<ReferenceId>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_origin_is_stored_with_a_word_that_says_which() {
        let crop = Origin::Crop { episode: "a-s01e01".parse().unwrap(), run: RunId(2), track: TrackId(9), frame: 40 };
        let text = serde_json::to_string(&crop).unwrap();
        assert_eq!(text, r#"{"from":"crop","episode":"a-s01e01","run":2,"track":9,"frame":40}"#);
        assert_eq!(serde_json::from_str::<Origin>(&text).unwrap(), crop);
        assert_eq!(crop.to_string(), "a-s01e01 r2 t9:40");
    }
}
