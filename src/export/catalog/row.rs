//! What the files of a catalog say, before anybody knows whom they mean.

use crate::domain::{Asset, AssetId, EpisodeFacts, EpisodeId, Person, PersonId, Season, Show, Slug};
use jiff::Timestamp;

/// What one row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogRow {
    Person(PersonRow),
    /// `added_at` absent: when it is read.
    Show {
        show: Show,
        added_at: Option<Timestamp>,
    },
    Season(Season),
    Episode {
        id: EpisodeId,
        facts: EpisodeFacts,
    },
    Member {
        person: Who,
        show: Slug,
        role: Option<String>,
        seasons: Vec<u32>,
    },
    /// The person of `asset` is whom `person` means; `added_at` as for a show.
    Asset {
        person: Who,
        asset: Asset,
        added_at: Option<Timestamp>,
    },
    Featured {
        person: Who,
        show: Option<Slug>,
        asset: AssetId,
    },
}

/// What a row says of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonRow {
    /// Absent: whoever has the name.
    pub id: Option<PersonId>,
    pub name: String,
    pub aliases: Vec<String>,
    pub former: Vec<String>,
    pub notes: Option<String>,
    pub merged_into: Option<PersonId>,
    pub removed: bool,
    pub added_at: Option<Timestamp>,
}

impl From<Person> for PersonRow {
    fn from(person: Person) -> Self {
        let Person { id, name, added_at, aliases, notes, former, merged_into, removed } = person;
        Self { id: Some(id), name, aliases, former, notes, merged_into, removed, added_at: Some(added_at) }
    }
}

/// Whom a row means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Number(PersonId),
    Name(String),
}

/// Something, and where it stands, such as `people.csv line 4` or `people[3]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    pub place: String,
    pub value: T,
}

/// Says why a file cannot be read as part of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct CatalogRowError {
    pub place: String,
    pub what: String,
}
