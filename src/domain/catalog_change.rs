//! Decisions about a library's people and shows, as the catalog's own log keeps them.

use super::{
    Asset, AssetId, Author, Edit, EpisodeFacts, EpisodeId, Featured, LogEntry, Membership, OperationKind, Person, PersonId,
    Reference, ReferenceId, Season, Show, Slug,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One entry of the catalog's own log; never changed once written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogOperation {
    /// Position in the log, from 1, without holes.
    pub seq: u64,
    pub at: Timestamp,
    pub author: Author,
    /// What was meant.
    #[serde(default = "added")]
    pub kind: OperationKind,
    /// One line for people.
    pub summary: String,
    pub changes: Vec<CatalogChange>,
    /// SHA-256 in hex of the entry before as stored; empty for the first.
    pub previous_hash: String,
}

impl CatalogOperation {
    /// Returns the changes that take it back: each inverted, the last first.
    #[must_use]
    pub fn inverted(&self) -> Vec<CatalogChange> {
        self.changes.iter().rev().cloned().map(CatalogChange::invert).collect()
    }
}

impl From<&CatalogOperation> for LogEntry {
    fn from(operation: &CatalogOperation) -> Self {
        let CatalogOperation { seq, at, author, kind, summary, .. } = operation;
        Self { seq: *seq, at: *at, author: author.clone(), kind: kind.clone(), summary: summary.clone() }
    }
}

/// What an entry of a catalog's log is that does not say so: older programs only added people.
fn added() -> OperationKind {
    OperationKind::Add
}

/// An operation on the catalog that is not in its log yet.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogDraft {
    pub author: Author,
    pub kind: OperationKind,
    /// One line for people.
    pub summary: String,
    /// Applied in order.
    pub changes: Vec<CatalogChange>,
    pub at: Timestamp,
}

/// One edit of the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CatalogChange {
    Person {
        id: PersonId,
        edit: Edit<Person>,
    },
    Show {
        slug: Slug,
        edit: Edit<Show>,
    },
    Season {
        show: Slug,
        number: u32,
        edit: Edit<Season>,
    },
    /// What people say of an episode; absent: as it was entered.
    Episode {
        id: EpisodeId,
        edit: Edit<EpisodeFacts>,
    },
    Membership {
        person: PersonId,
        show: Slug,
        edit: Edit<Membership>,
    },
    Asset {
        id: AssetId,
        edit: Edit<Asset>,
    },
    /// Which picture stands for somebody; without a show: everywhere where no show says otherwise.
    Featured {
        person: PersonId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        show: Option<Slug>,
        edit: Edit<Featured>,
    },
    /// A face that is known to be somebody's.
    Reference {
        id: ReferenceId,
        edit: Edit<Reference>,
    },
}

impl CatalogChange {
    /// Returns the change that takes this one back.
    #[must_use]
    pub fn invert(self) -> Self {
        match self {
            Self::Person { id, edit } => Self::Person { id, edit: edit.invert() },
            Self::Show { slug, edit } => Self::Show { slug, edit: edit.invert() },
            Self::Season { show, number, edit } => Self::Season { show, number, edit: edit.invert() },
            Self::Episode { id, edit } => Self::Episode { id, edit: edit.invert() },
            Self::Membership { person, show, edit } => Self::Membership { person, show, edit: edit.invert() },
            Self::Asset { id, edit } => Self::Asset { id, edit: edit.invert() },
            Self::Featured { person, show, edit } => Self::Featured { person, show, edit: edit.invert() },
            Self::Reference { id, edit } => Self::Reference { id, edit: edit.invert() },
        }
    }

    /// Names what it edits, for people.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Person { id, .. } => format!("person {id}"),
            Self::Show { slug, .. } => format!("show {slug}"),
            Self::Season { show, number, .. } => format!("season {number} of {show}"),
            Self::Episode { id, .. } => format!("episode {id}"),
            Self::Membership { person, show, .. } => format!("the part of {person} in {show}"),
            Self::Asset { id, .. } => format!("picture {id}"),
            Self::Featured { person, show: Some(show), .. } => format!("the picture of {person} in {show}"),
            Self::Featured { person, show: None, .. } => format!("the picture of {person}"),
            Self::Reference { id, .. } => format!("reference {id}"),
        }
    }
}
