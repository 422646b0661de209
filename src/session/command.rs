//! What a reviewer can decide, as a value: what a key, a command line and a replayed file mean.

use crate::domain::{DiscardReason, IdentityId, TrackId};
use serde::{Deserialize, Serialize};

/// Whom tracks are given to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Identity(IdentityId),
    /// The identity that has this name, or a new one.
    Person(String),
    /// A new identity without a name.
    New,
}

/// One decision about an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// The identity is this person.
    Name { identity: IdentityId, name: String },
    /// The tracks are of somebody else.
    Assign { tracks: Vec<TrackId>, to: Target },
    /// Pictures `from..to` of a track are of somebody else: they become a track of their own.
    AssignPictures { track: TrackId, from: u64, to: u64, target: Target },
    /// The identities are the same person as `into`, whose name stays.
    Merge { identities: Vec<IdentityId>, into: IdentityId },
    /// The tracks are not of their identity; together they become a new one.
    Remove { tracks: Vec<TrackId> },
    /// The tracks, and all tracks of the identities, count for nobody.
    Discard {
        #[serde(default)]
        tracks: Vec<TrackId>,
        #[serde(default)]
        identities: Vec<IdentityId>,
        reason: DiscardReason,
    },
    /// Pictures `from..to` of a track count for nobody: they become a track of their own, which is discarded.
    DiscardPictures { track: TrackId, from: u64, to: u64, reason: DiscardReason },
    /// The tracks count again, as a new identity.
    Restore { tracks: Vec<TrackId> },
    /// The track is two: one before picture `at`, one from it on.
    Split { track: TrackId, at: u64 },
    /// The tracks of one shot are one; the first keeps its number and its identity.
    Join { tracks: Vec<TrackId> },
    /// Nothing but unlocking changes the tracks and identities.
    Lock {
        #[serde(default)]
        tracks: Vec<TrackId>,
        #[serde(default)]
        identities: Vec<IdentityId>,
    },
    Unlock {
        #[serde(default)]
        tracks: Vec<TrackId>,
        #[serde(default)]
        identities: Vec<IdentityId>,
    },
}

impl Command {
    /// Returns the name of the person that it is about, where it names one.
    pub(super) fn person(&self) -> Option<&str> {
        match self {
            Self::Name { name, .. }
            | Self::Assign { to: Target::Person(name), .. }
            | Self::AssignPictures { target: Target::Person(name), .. } => Some(name),
            _ => None,
        }
    }

    /// Returns the tracks whose pictures it has to know.
    pub(super) fn looked_at(&self) -> Vec<TrackId> {
        match self {
            Self::Split { track, .. } | Self::AssignPictures { track, .. } | Self::DiscardPictures { track, .. } => {
                vec![*track]
            }
            Self::Join { tracks } => tracks.clone(),
            _ => Vec::new(),
        }
    }
}
