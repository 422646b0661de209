//! Who and what a library knows across its episodes.

use super::{AssetId, EpisodeId, EpisodeNumber, PersonId, Slug};
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
    /// What else they are called, as people wrote it; several may share one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// What they were called before, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<String>,
    /// Whom they were found to be: what is theirs is that person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<PersonId>,
    /// Whether they were deleted: no name finds them, and what is theirs is nobody's, or that of `merged_into`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

impl Person {
    /// Makes a person of whom only the name is known.
    #[must_use]
    pub fn new(id: PersonId, name: &str, added_at: Timestamp) -> Self {
        let (former, aliases) = (Vec::new(), Vec::new());
        Self { id, name: tidy_name(name), added_at, aliases, notes: None, former, merged_into: None, removed: false }
    }

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

    /// Returns what it says that people may say otherwise.
    #[must_use]
    pub fn facts(&self) -> EpisodeFacts {
        EpisodeFacts {
            title: self.title.clone(),
            air_date: self.air_date,
            show: self.show.as_ref().and_then(|show| show.parse().ok()),
            season: self.season,
            episode: self.episode,
        }
    }

    /// Returns the entry with what people said of the episode in place of what was entered.
    #[must_use]
    pub fn said_otherwise(self, facts: EpisodeFacts) -> Self {
        let EpisodeFacts { title, air_date, show, season, episode } = facts;
        Self { title, air_date, show: show.map(String::from), season, episode, ..self }
    }
}

/// What people say of a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    pub slug: Slug,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    pub added_at: Timestamp,
}

/// What people say of a season of a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    pub show: Slug,
    pub number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// In which it was first aired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
}

/// What people say of an episode in place of what was entered when it was added; all of it counts, also what is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EpisodeFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Slug>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<u32>,
    /// Number within the season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<u32>,
}

/// That somebody belongs to the cast of a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub person: PersonId,
    pub show: Slug,
    /// What they are in it, such as `housewife` or the part that they play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Ascending; all seasons where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<u32>,
}

/// A picture of somebody, kept in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    pub id: AssetId,
    pub person: PersonId,
    pub kind: AssetKind,
    /// SHA-256 in hex of the JPEG, under which it is kept.
    pub sha256: String,
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// Where it came from, such as the path of the file.
    pub source: String,
    pub added_at: Timestamp,
}

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A face or a person alone.
    Portrait,
    /// A scene out of a show.
    Still,
    /// A picture that advertises a show.
    Promo,
}

impl AssetKind {
    /// Every kind, by its name.
    pub const ALL: [Self; 3] = [Self::Portrait, Self::Still, Self::Promo];

    /// Returns its name, as the log stores it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portrait => "portrait",
            Self::Still => "still",
            Self::Promo => "promo",
        }
    }
}

/// Which picture stands for somebody: in one show, or everywhere where no show says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Featured {
    pub asset: AssetId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_of_an_older_program_is_read_and_written_as_it_was() {
        let row = r#"{"id":3,"name":"Ava Stone","added_at":"2026-01-02T03:04:05Z"}"#;
        let person: Person = serde_json::from_str(row).unwrap();
        assert_eq!(person, Person::new(PersonId(3), " Ava  Stone", "2026-01-02T03:04:05Z".parse().unwrap()));
        assert_eq!(serde_json::to_string(&person).unwrap(), row);
    }

    #[test]
    fn names_are_compared_without_case_and_spacing() {
        assert_eq!(name_key("  Ava\t STONE "), name_key("ava stone"));
        assert_eq!(tidy_name("  Ava\t Stone "), "Ava Stone");
        assert_ne!(name_key("Ava Stone"), name_key("AvaStone"));
    }
}
