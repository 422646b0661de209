//! Decisions of a run by name, and those that a person has done with.

use super::{IdentityId, PersonId, TrackId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One decision of a run, by what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// What an identity is called, its label, its lock.
    Identity(IdentityId),
    /// Whose a track is, its lock, or that it counts for nobody.
    Track(TrackId),
    /// A tracklet was cut before a picture.
    Cut { tracklet: TrackId, at: u64 },
    /// Several tracklets are one track.
    Join(TrackId),
    /// A track is not of somebody.
    Never { track: TrackId, person: PersonId },
}

/// A decision of an earlier run that needs no place in another any more: a person saw that it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The entry of the log that the decision came from; a later one about the same thing is open again.
    pub since: u64,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(id) => write!(f, "identity-{}", id.0),
            Self::Track(track) => write!(f, "track-{}", track.0),
            Self::Cut { tracklet, at } => write!(f, "cut-{}-{at}", tracklet.0),
            Self::Join(track) => write!(f, "join-{}", track.0),
            Self::Never { track, person } => write!(f, "never-{}-{}", track.0, person.0),
        }
    }
}

impl FromStr for Decision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no decision: identity-N, track-N, cut-N-PICTURE, join-N or never-N-PERSON");
        let (what, number) = text.split_once('-').ok_or_else(wrong)?;
        let small = |n: &str| n.parse::<u32>().map_err(|_| wrong());
        match what {
            "identity" => Ok(Self::Identity(IdentityId(small(number)?))),
            "track" => Ok(Self::Track(TrackId(small(number)?))),
            "join" => Ok(Self::Join(TrackId(small(number)?))),
            "cut" => {
                let (tracklet, at) = number.split_once('-').ok_or_else(wrong)?;
                Ok(Self::Cut { tracklet: TrackId(small(tracklet)?), at: at.parse().map_err(|_| wrong())? })
            }
            "never" => {
                let (track, person) = number.split_once('-').ok_or_else(wrong)?;
                Ok(Self::Never { track: TrackId(small(track)?), person: PersonId(small(person)?) })
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_read_as_it_is_written() {
        let all = [
            Decision::Identity(IdentityId(3)),
            Decision::Track(TrackId(7)),
            Decision::Cut { tracklet: TrackId(7), at: 120 },
            Decision::Join(TrackId(9)),
            Decision::Never { track: TrackId(4), person: PersonId(2) },
        ];
        for decision in all {
            assert_eq!(decision.to_string().parse(), Ok(decision));
        }
        for wrong in ["", "track", "track-", "track-x", "cut-7", "cut-7-", "turn-3", "track-4294967296"] {
            assert!(wrong.parse::<Decision>().is_err(), "{wrong}");
        }
    }
}
