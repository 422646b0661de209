//! What a reviewer can decide, as a value: what a key, a command line and a replayed file mean.

use crate::domain::{Decision, DiscardReason, IdentityId, MediaTime, RunId, SpeakerId, TrackId, TurnId};
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

/// Whose a voice or a turn is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    To(Target),
    /// Nobody whom one knows.
    Nobody,
    /// Whoever the evidence says: what was decided before is taken back.
    Evidence,
}

/// A track that looks like those of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Similar {
    pub track: TrackId,
    /// Belief that it is theirs, `0..=1`.
    pub score: f32,
}

/// A decision of an earlier run, as of an entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    pub run: RunId,
    pub decision: Decision,
    pub since: u64,
}

/// One decision about an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// The identity is this person.
    Name { identity: IdentityId, name: String },
    /// The tracks are of somebody else.
    Assign { tracks: Vec<TrackId>, to: Target },
    /// The tracks are of a named identity because they look like it: as they were found, above a belief of `threshold`. Those of `lock` are
    /// locked by the same decision.
    Propagate {
        to: IdentityId,
        tracks: Vec<Similar>,
        threshold: f32,
        #[serde(default)]
        lock: Vec<TrackId>,
    },
    /// Pictures `from..to` of a track are of somebody else: they become a track of their own.
    AssignPictures { track: TrackId, from: u64, to: u64, target: Target },
    /// The identities are the same person as `into`, whose name stays.
    Merge { identities: Vec<IdentityId>, into: IdentityId },
    /// The tracks are not of their identity; together they become a new one.
    Remove { tracks: Vec<TrackId> },
    /// The tracks, and all tracks of the identities, are not of that person, and no run says so again.
    Never {
        #[serde(default)]
        tracks: Vec<TrackId>,
        #[serde(default)]
        identities: Vec<IdentityId>,
        name: String,
    },
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
    /// What earlier runs decided needs no place in this one any more.
    Settle { open: Vec<Earlier> },
    /// The voices are somebody's.
    Voice { speakers: Vec<SpeakerId>, to: Whose },
    /// Each voice is that identity's, as the evidence says: a person agrees.
    AgreeVoices { voices: Vec<(SpeakerId, IdentityId)> },
    /// The turns are somebody's, whoever their voice is.
    Say { turns: Vec<TurnId>, by: Whose },
    /// What is said from `from` to `to`, by one voice or by all, is somebody's: turns that reach out of it are cut.
    SayRange {
        from: MediaTime,
        to: MediaTime,
        #[serde(default)]
        speaker: Option<SpeakerId>,
        by: Whose,
    },
    /// The turns are of another voice; absent: of a new one.
    GiveTurns {
        turns: Vec<TurnId>,
        #[serde(default)]
        to: Option<SpeakerId>,
    },
    /// The voices are one with `into`.
    MergeVoices { speakers: Vec<SpeakerId>, into: SpeakerId },
    /// The turn is two, the second from `at` on.
    SplitTurn { turn: TurnId, at: MediaTime },
    /// The turns are one; the first keeps its number, its voice and its person.
    JoinTurns { turns: Vec<TurnId> },
    /// The turn is from `from` to `to`.
    MoveTurn { turn: TurnId, from: MediaTime, to: MediaTime },
    /// Somebody speaks whom the run did not hear; without a voice it is a new one.
    AddTurn {
        from: MediaTime,
        to: MediaTime,
        #[serde(default)]
        speaker: Option<SpeakerId>,
    },
    /// Nobody speaks there.
    DropTurns { turns: Vec<TurnId> },
    /// The mouth of the turns is, or is not, in the picture; absent: as the evidence says.
    Screen {
        turns: Vec<TurnId>,
        #[serde(default)]
        seen: Option<bool>,
    },
    /// What is said in a turn.
    Words { turn: TurnId, text: String },
}

impl Command {
    /// Returns the name of the person that it is about, where it names one.
    pub(super) fn person(&self) -> Option<&str> {
        match self {
            Self::Name { name, .. }
            | Self::Never { name, .. }
            | Self::Assign { to: Target::Person(name), .. }
            | Self::AssignPictures { target: Target::Person(name), .. }
            | Self::Voice { to: Whose::To(Target::Person(name)), .. }
            | Self::Say { by: Whose::To(Target::Person(name)), .. }
            | Self::SayRange { by: Whose::To(Target::Person(name)), .. } => Some(name),
            _ => None,
        }
    }

    /// Tells whether the person that it names has to be known already.
    pub(super) fn is_of_known_person(&self) -> bool {
        matches!(self, Self::Never { .. })
    }
}
