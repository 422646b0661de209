//! What lies over a screen: help, pickers, the filter.

use super::super::keymap::Action;
use super::super::list::Cursor;
use super::{Asking, Field, Given, Line, Speaks, Subject};
use crate::domain::{DiscardReason, EpisodeId, IdentityId, PersonId, Slug, SpeakerId, TurnId};
use crate::session::{CatalogCommand, Choice, Standing};
use tui_input::Input;

/// What lies over the screen.
#[derive(Debug)]
pub(crate) enum Overlay {
    Help {
        cursor: Cursor,
    },
    Picker(Picker),
    /// The filter of the list below, as it is typed.
    Filter(Input),
    Confirm(Confirm),
    /// A line of text that is asked for.
    Line(Line),
}

/// A question that is answered by typing what it asks for.
#[derive(Debug)]
pub(crate) struct Confirm {
    pub title: String,
    /// What goes, line by line.
    pub lines: Vec<String>,
    /// What has to be typed.
    pub due: String,
    pub input: Input,
    /// Something that may go as well, and whether it does.
    pub also: Option<(String, bool)>,
    pub episodes: Vec<EpisodeId>,
}

/// A list to pick from by typing.
#[derive(Debug)]
pub(crate) struct Picker {
    pub what: Picking,
    pub title: String,
    pub input: Input,
    pub items: Vec<Item>,
    /// Positions in `items` and the letters that were met.
    pub shown: Vec<(usize, Vec<usize>)>,
    pub cursor: Cursor,
}

/// What picking is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Picking {
    Palette,
    /// A person for identities.
    Name(Vec<IdentityId>),
    /// Whom tracks or pictures belong to.
    Assign(Given),
    Merge(Vec<IdentityId>),
    /// Who some people of the library are.
    MergePeople(Vec<PersonId>),
    /// Something of shows and people: each line is what it does.
    Catalog,
    /// Who is in the cast of a show; each line is what it does, and who is typed may be new.
    Member(Slug),
    /// What to work out of an episode.
    Run(Box<Standing>),
    DiscardIdentities(Vec<IdentityId>),
    DiscardTracks(Given),
    /// Who speaks.
    Speaker(Speaks),
    /// Which voice this one is the same as.
    MergeVoice(SpeakerId),
    /// Whose voice turns have.
    GiveVoice(Vec<TurnId>),
}

/// One line of a picker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub text: String,
    /// Dim, at the right: a key, seconds.
    pub note: String,
    pub pick: Pick,
}

/// What a line stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pick {
    Action(Action),
    Person(String),
    /// A person by what was typed.
    NewPerson,
    Identity(IdentityId),
    /// Somebody of the library.
    Somebody(PersonId),
    NewIdentity,
    Reason(DiscardReason),
    Work(Choice),
    /// A decision about shows and people.
    Decide(CatalogCommand),
    /// A line of what is said.
    Field(Subject, Field),
    /// Something new, by the line that it is made of.
    Add(Asking),
    /// Nobody whom one knows.
    Nobody,
    /// Whom the evidence says.
    Evidence,
    Voice(SpeakerId),
    NewVoice,
}
