//! Who and what a library knows across its episodes.

use super::{Author, Edit, EpisodeId, EpisodeNumber, LogEntry, OperationKind, PersonId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A member of the catalog, whom identities refer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// As it was written, spacing tidied.
    pub name: String,
    pub added_at: Timestamp,
    /// What they were called before, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<String>,
    /// Whom they were found to be: what is theirs is that person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<PersonId>,
}

impl Person {
    /// Tells whether they are or were called so; case and spacing are ignored.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        let key = name_key(name);
        std::iter::once(&self.name).chain(&self.former).any(|n| name_key(n) == key)
    }
}

/// Tidies the spacing of a name: no blanks at the ends, single ones inside.
#[must_use]
pub fn tidy_name(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns what two writings of one name have in common: case and spacing are ignored.
#[must_use]
pub fn name_key(name: &str) -> String {
    tidy_name(name).to_lowercase()
}

/// What a person says of an episode beyond its id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Described {
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub air_date: Option<Date>,
}

/// What the catalog knows of an episode; the bundle itself holds everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeEntry {
    pub id: EpisodeId,
    pub title: Option<String>,
    #[serde(default)]
    pub air_date: Option<Date>,
    /// Absolute path when it was added.
    pub video: String,
    pub added_at: Timestamp,
    /// Show slug.
    pub show: Option<String>,
    pub season: Option<u32>,
    /// Number within the season.
    pub episode: Option<u32>,
}

impl EpisodeEntry {
    /// Makes the entry of an episode; show, season and episode are read from the id where it has them.
    #[must_use]
    pub fn new(id: &EpisodeId, video: &str, added_at: Timestamp) -> Self {
        let number = EpisodeNumber::of(id);
        Self {
            id: id.clone(),
            title: None,
            air_date: None,
            video: video.to_owned(),
            added_at,
            show: number.as_ref().map(|n| n.show.clone()),
            season: number.as_ref().map(|n| n.season),
            episode: number.map(|n| n.episode),
        }
    }
}

/// One entry of the catalog's own log; never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CatalogChange {
    Person { id: PersonId, edit: Edit<Person> },
}

impl CatalogChange {
    /// Returns the change that takes this one back.
    #[must_use]
    pub fn invert(self) -> Self {
        let Self::Person { id, edit } = self;
        Self::Person { id, edit: edit.invert() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_spacing() {
        assert_eq!(name_key("  Ava\t STONE "), name_key("ava stone"));
        assert_eq!(tidy_name("  Ava\t Stone "), "Ava Stone");
        assert_ne!(name_key("Ava Stone"), name_key("AvaStone"));
    }
}
