//! Decisions as an append-only list of operations.
//!
//! A change carries the value before and the value after, so that its inverse is the swap; no command
//! has undo code of its own. After helix's and jj's operation logs.

use super::{
    Assignment, Decision, Identity, IdentityId, Mark, Never, PersonId, RunId, Settled, SpeakerId, Thresholds, TrackId,
    TrackParts, Transcript, TurnId, TurnState, VoiceLink,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Says what a key held before and holds after; `None` is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit<T> {
    pub from: Option<T>,
    pub to: Option<T>,
}

impl<T> Edit<T> {
    /// Returns the edit that takes this one back.
    #[must_use]
    pub fn invert(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// One edit of the decided data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    Assign {
        run: RunId,
        track: TrackId,
        edit: Edit<Assignment>,
    },
    Identity {
        run: RunId,
        id: IdentityId,
        edit: Edit<Identity>,
    },
    /// What a track is made of; absent: its tracklet as measured.
    Track {
        run: RunId,
        track: TrackId,
        edit: Edit<TrackParts>,
    },
    Mark {
        run: RunId,
        track: TrackId,
        edit: Edit<Mark>,
    },
    /// Whom a track is not of.
    Never {
        run: RunId,
        track: TrackId,
        person: PersonId,
        edit: Edit<Never>,
    },
    /// Who a voice is.
    Voice {
        run: RunId,
        speaker: SpeakerId,
        edit: Edit<VoiceLink>,
    },
    /// Who speaks in one turn, whoever its voice is.
    Said {
        run: RunId,
        turn: TurnId,
        edit: Edit<VoiceLink>,
    },
    /// When a turn is, whose voice it has, and whether its mouth is seen; absent: as it was heard.
    Turn {
        run: RunId,
        turn: TurnId,
        edit: Edit<TurnState>,
    },
    /// What is said in a turn; absent: as the speech model heard it.
    Words {
        run: RunId,
        turn: TurnId,
        edit: Edit<Transcript>,
    },
    /// By what the tracks of a run are grouped; absent: as the settings say.
    Thresholds {
        run: RunId,
        edit: Edit<Thresholds>,
    },
    /// A decision of this run that another could not take over is done with.
    Settle {
        run: RunId,
        decision: Decision,
        edit: Edit<Settled>,
    },
}

impl Change {
    /// Returns the change that takes this one back.
    #[must_use]
    pub fn invert(self) -> Self {
        match self {
            Self::Assign { run, track, edit } => Self::Assign { run, track, edit: edit.invert() },
            Self::Identity { run, id, edit } => Self::Identity { run, id, edit: edit.invert() },
            Self::Track { run, track, edit } => Self::Track { run, track, edit: edit.invert() },
            Self::Mark { run, track, edit } => Self::Mark { run, track, edit: edit.invert() },
            Self::Never { run, track, person, edit } => Self::Never { run, track, person, edit: edit.invert() },
            Self::Voice { run, speaker, edit } => Self::Voice { run, speaker, edit: edit.invert() },
            Self::Said { run, turn, edit } => Self::Said { run, turn, edit: edit.invert() },
            Self::Turn { run, turn, edit } => Self::Turn { run, turn, edit: edit.invert() },
            Self::Words { run, turn, edit } => Self::Words { run, turn, edit: edit.invert() },
            Self::Thresholds { run, edit } => Self::Thresholds { run, edit: edit.invert() },
            Self::Settle { run, decision, edit } => Self::Settle { run, decision, edit: edit.invert() },
        }
    }

    /// Names what it edits, for people.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Assign { run, track, .. } => format!("track {track} of run {run}"),
            Self::Identity { run, id, .. } => format!("identity {id} of run {run}"),
            Self::Track { run, track, .. } => format!("the pictures of track {track} of run {run}"),
            Self::Mark { run, track, .. } => format!("the mark of track {track} of run {run}"),
            Self::Never { run, track, person, .. } => format!("whether track {track} of run {run} is of {person}"),
            Self::Voice { run, speaker, .. } => format!("voice {speaker} of run {run}"),
            Self::Said { run, turn, .. } => format!("who speaks in turn {turn} of run {run}"),
            Self::Turn { run, turn, .. } => format!("turn {turn} of run {run}"),
            Self::Words { run, turn, .. } => format!("the words of turn {turn} of run {run}"),
            Self::Thresholds { run, .. } => format!("by what the tracks of run {run} are grouped"),
            Self::Settle { run, decision, .. } => format!("whether {decision} of run {run} is settled"),
        }
    }
}

/// Says who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Author {
    User {
        /// Login name.
        name: String,
        /// Where the program ran.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// Address that the reviewer's SSH session came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<String>,
    },
    Pipeline {
        run: RunId,
    },
}

/// Says what was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OperationKind {
    /// A run's grouping of tracks.
    Group,
    /// A person who is new to the catalog.
    Add,
    /// Something that people made in the catalog.
    Create,
    /// What the catalog says of something is changed.
    Edit,
    /// Something is no part of the catalog any more.
    Delete,
    /// A person is called otherwise.
    Rename,
    Name,
    Assign,
    /// Tracks like those of somebody are theirs too.
    Propagate,
    Merge,
    Remove,
    /// Tracks are not of somebody.
    Never,
    Discard,
    Restore,
    Split,
    Join,
    Lock,
    Unlock,
    /// Who a voice or a turn of it is.
    Voice,
    /// Turns were cut, joined, or given to another voice.
    Turn,
    /// A mouth is or is not in the picture.
    Screen,
    /// What is said was written otherwise.
    Words,
    /// What an earlier run decided and no other takes over was seen.
    Settle,
    Import,
    Carry,
    Undo {
        of: u64,
    },
    Redo {
        of: u64,
    },
}

impl OperationKind {
    /// The names of all kinds, in the order of their declaration.
    pub const NAMES: [&str; 27] = [
        "group",
        "add",
        "create",
        "edit",
        "delete",
        "rename",
        "name",
        "assign",
        "propagate",
        "merge",
        "remove",
        "never",
        "discard",
        "restore",
        "split",
        "join",
        "lock",
        "unlock",
        "voice",
        "turn",
        "screen",
        "words",
        "settle",
        "import",
        "carry",
        "undo",
        "redo",
    ];

    /// Returns its name, as the log stores it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let at = match self {
            Self::Group => 0,
            Self::Add => 1,
            Self::Create => 2,
            Self::Edit => 3,
            Self::Delete => 4,
            Self::Rename => 5,
            Self::Name => 6,
            Self::Assign => 7,
            Self::Propagate => 8,
            Self::Merge => 9,
            Self::Remove => 10,
            Self::Never => 11,
            Self::Discard => 12,
            Self::Restore => 13,
            Self::Split => 14,
            Self::Join => 15,
            Self::Lock => 16,
            Self::Unlock => 17,
            Self::Voice => 18,
            Self::Turn => 19,
            Self::Screen => 20,
            Self::Words => 21,
            Self::Settle => 22,
            Self::Import => 23,
            Self::Carry => 24,
            Self::Undo { .. } => 25,
            Self::Redo { .. } => 26,
        };
        Self::NAMES[at]
    }
}

/// An entry of the log without its changes: what lists show, and undo goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Position in the log, from 1, without holes.
    pub seq: u64,
    pub at: Timestamp,
    pub author: Author,
    pub kind: OperationKind,
    /// One line for people.
    pub summary: String,
}

impl From<&Operation> for LogEntry {
    fn from(operation: &Operation) -> Self {
        let Operation { seq, at, author, kind, summary, .. } = operation;
        Self { seq: *seq, at: *at, author: author.clone(), kind: kind.clone(), summary: summary.clone() }
    }
}

/// An operation that is not in the log yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub author: Author,
    pub kind: OperationKind,
    /// One line for people.
    pub summary: String,
    /// Applied in order; one key may be edited twice.
    pub changes: Vec<Change>,
    pub at: Timestamp,
}

/// One entry of the log; never changed once written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Position in the log, from 1, without holes.
    pub seq: u64,
    pub at: Timestamp,
    pub author: Author,
    pub kind: OperationKind,
    /// One line for people.
    pub summary: String,
    pub changes: Vec<Change>,
    /// SHA-256 in hex of the entry before as stored; empty for the first.
    pub previous_hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_called_what_the_log_stores() {
        for name in OperationKind::NAMES {
            let kind: OperationKind = serde_json::from_value(serde_json::json!({"type": name, "of": 1})).unwrap();
            assert_eq!(kind.name(), name);
        }
    }
}
