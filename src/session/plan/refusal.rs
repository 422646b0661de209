//! Why a decision cannot be made.

use crate::domain::{IdentityId, MediaTime, Span, SpeakerId, TrackId, TurnId};

/// Says why nothing was decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no track {track}")]
    NoTrack { track: TrackId },
    #[error("there is no identity {identity}")]
    NoIdentity { identity: IdentityId, known: Vec<IdentityId> },
    #[error("no track or identity is named")]
    NothingNamed,
    #[error("{what} is locked")]
    Locked { what: String },
    #[error("track {track} cannot be cut at picture {at}: it has pictures {first} to {last}")]
    CutOutside { track: TrackId, at: u64, first: u64, last: u64 },
    #[error("track {track} has none of the pictures {from} to {to}")]
    NoPictures { track: TrackId, from: u64, to: u64 },
    #[error("tracks {a} and {b} are in two shots, and a track lies in one")]
    TwoShots { a: TrackId, b: TrackId },
    #[error("tracks {a} and {b} are both seen in {pictures} pictures, first in {first}: two faces at once are two people")]
    Overlap { a: TrackId, b: TrackId, first: u64, pictures: usize },
    #[error("track {track} counts for nobody, so there is nothing to lock")]
    Nobodys { track: TrackId },
    #[error("pictures can be given to somebody for one track at a time")]
    PicturesOfOne,
    #[error("one track cannot be joined to itself")]
    OneTrack,
    #[error("{identity} cannot be merged into itself")]
    Itself { identity: IdentityId },
    #[error("track {track} is not discarded")]
    NotDiscarded { track: TrackId },
    #[error("there is no turn {turn}")]
    NoTurn { turn: TurnId },
    #[error("there is no voice {speaker}")]
    NoVoice { speaker: SpeakerId, known: Vec<SpeakerId> },
    #[error("nobody speaks from {} to {}", .from.clock(), .to.clock())]
    Silence { from: MediaTime, to: MediaTime },
    #[error("turn {turn} cannot be cut at {}: it is from {} to {}", .at.clock(), .span.start().clock(), .span.end().clock())]
    CutOutsideTurn { turn: TurnId, at: MediaTime, span: Span },
    #[error("a turn from {} on would have no length", .from.clock())]
    NoLength { from: MediaTime },
    #[error("one turn cannot be joined to itself")]
    OneTurn,
    #[error("one voice cannot be merged into itself")]
    OneVoice,
    #[error("nobody is called {name:?}")]
    NoPerson { name: String },
    #[error("track {track} is said not to be {name}")]
    Never { track: TrackId, name: String },
    #[error("{what} is nobody who has a name")]
    Unnamed { what: String },
    #[error("they are of two people")]
    TwoPeople,
    #[error("track {track} was decided by a person, and only a decision about it itself changes that")]
    IsDecided { track: TrackId },
    #[error("track {track} counts for nobody: it is discarded")]
    IsDiscarded { track: TrackId },
    #[error("the belief that track {track} is theirs is not between 0 and 1")]
    NoBelief { track: TrackId },
    #[error("the name of a person is empty")]
    EmptyName,
}

impl Refusal {
    /// Says what to do instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoTrack { .. } => "`screenalytics tracks EPISODE` lists them".into(),
            Self::NoIdentity { known, .. } => {
                let shown: Vec<String> = known.iter().take(8).map(ToString::to_string).collect();
                format!("known: {}{}", shown.join(", "), if known.len() > 8 { ", and more" } else { "" })
            }
            Self::NothingNamed => "name at least one".into(),
            Self::Locked { .. } => "unlock it first: `screenalytics unlock`".into(),
            Self::CutOutside { first, last, .. } => {
                format!("give a picture after {first} and up to {last}, with a face of the track on both sides")
            }
            Self::NoPictures { .. } => "`screenalytics tracks EPISODE` shows the pictures of each track".into(),
            Self::TwoShots { .. } => "assign both to one person instead".into(),
            Self::Overlap { .. } => "cut one of them first, or assign them to two people".into(),
            Self::Nobodys { .. } => "give it to somebody first".into(),
            Self::PicturesOfOne => "name one track, or leave --pictures out".into(),
            Self::OneTrack | Self::Itself { .. } | Self::OneTurn | Self::OneVoice => "name two".into(),
            Self::NoTurn { .. } => "`screenalytics turns EPISODE` lists them".into(),
            Self::NoVoice { known, .. } => {
                let shown: Vec<String> = known.iter().take(12).map(ToString::to_string).collect();
                if shown.is_empty() { "no voice was heard in this run".into() } else { format!("known: {}", shown.join(", ")) }
            }
            Self::Silence { .. } => "add a turn there first, or choose another stretch".into(),
            Self::CutOutsideTurn { .. } => "choose a moment inside it".into(),
            Self::NoLength { .. } => "its end has to come after its start".into(),
            Self::NotDiscarded { .. } => "it counts already".into(),
            Self::NoPerson { .. } => "`screenalytics people` lists whom the library knows".into(),
            Self::Never { track, .. } => format!("give {track} to them alone first, or take it out"),
            Self::Unnamed { .. } => "name it first: `screenalytics name`".into(),
            Self::TwoPeople => "start from tracks of one person".into(),
            Self::IsDecided { .. } => "`screenalytics assign` gives it to somebody else".into(),
            Self::IsDiscarded { .. } => "`screenalytics restore` lets it count again".into(),
            Self::NoBelief { .. } => "write a number such as 0.93".into(),
            Self::EmptyName => "write the name in quotes, such as \"Ava Stone\"".into(),
        }
    }
}
