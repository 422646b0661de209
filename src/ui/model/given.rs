//! What is given to somebody, and lines of text that are asked for.

use super::{Field, Subject};
use crate::domain::{DiscardReason, MediaTime, PersonId, Slug, Span, SpeakerId, TrackId, TurnId};
use crate::session::{Command, Target, Whose};
use tui_input::Input;

/// A line of text that is asked for.
#[derive(Debug)]
pub(crate) struct Line {
    pub what: Asking,
    pub prompt: String,
    pub input: Input,
}

/// What a line of text is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asking {
    /// Whose these are.
    NewPerson(Given),
    /// Where the totals go; a file that stands there is replaced where this very path was said to be taken.
    Export { taken: Option<String> },
    /// What a person of the library is called.
    Rename(PersonId),
    /// What is said of a show or person.
    Field(Subject, Field),
    /// A show: its short name and title.
    NewShow,
    /// A season of a show: its number and title.
    NewSeason(Slug),
    /// The name of somebody; of a cast where one is named.
    NewMember(Option<Slug>),
    /// A file with a picture of somebody, who is called so.
    NewPicture(PersonId, String),
    /// What is said in a turn.
    Words(TurnId),
}

/// What is given to somebody.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    Tracks(Vec<TrackId>),
    Pictures(Stretch),
}

impl Given {
    /// Returns the decision that gives it to somebody.
    pub(crate) fn to(self, target: Target) -> Command {
        match self {
            Self::Tracks(tracks) => Command::Assign { tracks, to: target },
            Self::Pictures(Stretch { track, from, to, .. }) => Command::AssignPictures { track, from, to, target },
        }
    }

    /// Returns the decision that counts it for nobody.
    pub(crate) fn discarded(self, reason: DiscardReason) -> Command {
        match self {
            Self::Tracks(tracks) => Command::Discard { tracks, identities: Vec::new(), reason },
            Self::Pictures(Stretch { track, from, to, .. }) => Command::DiscardPictures { track, from, to, reason },
        }
    }
}

/// Speech that is given to somebody.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Speaks {
    /// Every turn of a voice.
    Voice(SpeakerId),
    Turns(Vec<TurnId>),
    Range(Span),
}

impl Speaks {
    /// Returns the decision that gives it to somebody.
    pub(crate) fn to(self, whose: Whose) -> Command {
        match self {
            Self::Voice(speaker) => Command::Voice { speakers: vec![speaker], to: whose },
            Self::Turns(turns) => Command::Say { turns, by: whose },
            Self::Range(span) => Command::SayRange { from: span.start(), to: span.end(), speaker: None, by: whose },
        }
    }
}

/// Some pictures of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub track: TrackId,
    /// First picture.
    pub from: u64,
    /// First picture after it.
    pub to: u64,
    /// When the first begins.
    pub begin: MediaTime,
    /// When the last ends.
    pub end: MediaTime,
    /// Crops in it that the strip shows, by position: first and last.
    pub crops: (usize, usize),
}
