//! What the files of a catalog say, before anybody knows whom they mean.

use crate::domain::{
    Asset, AssetId, AssetKind, Directory, EpisodeFacts, EpisodeId, Featured, Membership, Person, PersonId, Season, Show, Slug,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a file says of one thing: that it holds a value, which may be that there is none, or nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The file has no such column, or leaves it out.
    #[default]
    Unsaid,
    Said(T),
}

impl<T> Field<T> {
    /// Returns what the file says, else what is known.
    pub fn or(self, known: T) -> T {
        match self {
            Self::Unsaid => known,
            Self::Said(value) => value,
        }
    }

    /// Returns what the file says, if anything.
    pub fn said(self) -> Option<T> {
        match self {
            Self::Unsaid => None,
            Self::Said(value) => Some(value),
        }
    }

    /// Tells whether the file says nothing of it.
    pub fn is_unsaid(&self) -> bool {
        matches!(self, Self::Unsaid)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unsaid => serializer.serialize_none(),
            Self::Said(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::Said)
    }
}

/// What one row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogRow {
    Person(PersonRow),
    Show(ShowRow),
    Season(SeasonRow),
    Episode(EpisodeRow),
    Member(MemberRow),
    Asset(AssetRow),
    Featured(FeaturedRow),
}

/// What a row says of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRow {
    /// Absent: whoever has the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<PersonId>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub aliases: Field<Vec<String>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub former: Field<Vec<String>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub notes: Field<Option<String>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub merged_into: Field<Option<PersonId>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub removed: Field<bool>,
    /// Absent, here and in the others: when it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_at: Option<Timestamp>,
}

/// What a row says of a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowRow {
    pub slug: Slug,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub title: Field<Option<String>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub notes: Field<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_at: Option<Timestamp>,
}

/// What a row says of a season.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeasonRow {
    pub show: Slug,
    pub number: u32,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub title: Field<Option<String>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub year: Field<Option<i16>>,
}

/// What a row says of an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeRow {
    pub id: EpisodeId,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub title: Field<Option<String>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub air_date: Field<Option<Date>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub show: Field<Option<Slug>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub season: Field<Option<u32>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub episode: Field<Option<u32>>,
}

impl EpisodeRow {
    /// Says everything of an episode.
    #[must_use]
    pub fn new(id: &EpisodeId, facts: &EpisodeFacts) -> Self {
        let EpisodeFacts { title, air_date, show, season, episode } = facts.clone();
        Self {
            id: id.clone(),
            title: Field::Said(title),
            air_date: Field::Said(air_date),
            show: Field::Said(show),
            season: Field::Said(season),
            episode: Field::Said(episode),
        }
    }
}

/// What a row says of somebody's part in a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRow {
    pub person: Who,
    pub show: Slug,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub role: Field<Option<String>>,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub seasons: Field<Vec<u32>>,
}

/// What a row says of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetRow {
    pub id: AssetId,
    pub person: Who,
    pub kind: AssetKind,
    pub sha256: String,
    pub width: u32,
    pub height: u32,
    #[serde(default, skip_serializing_if = "Field::is_unsaid")]
    pub source: Field<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_at: Option<Timestamp>,
}

/// Which picture stands for somebody, as a row says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturedRow {
    pub person: Who,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Slug>,
    pub picture: AssetId,
}

/// Whom a row means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Who {
    Number(PersonId),
    Name(String),
    /// A number with the name that goes with it: another library may give the number to somebody else.
    #[serde(skip)]
    Called(PersonId, String),
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

/// Returns everything that a directory says, as rows in the order of the tables; faces of the facebank are none.
#[must_use]
pub fn catalog_rows(directory: &Directory) -> Vec<CatalogRow> {
    let mut rows: Vec<CatalogRow> = Vec::new();
    rows.extend(directory.people.values().cloned().map(|person| {
        let Person { id, name, added_at, aliases, notes, former, merged_into, removed } = person;
        CatalogRow::Person(PersonRow {
            id: Some(id),
            name,
            aliases: Field::Said(aliases),
            former: Field::Said(former),
            notes: Field::Said(notes),
            merged_into: Field::Said(merged_into),
            removed: Field::Said(removed),
            added_at: Some(added_at),
        })
    }));
    rows.extend(directory.shows.values().cloned().map(|show| {
        let Show { slug, title, notes, added_at } = show;
        CatalogRow::Show(ShowRow { slug, title: Field::Said(title), notes: Field::Said(notes), added_at: Some(added_at) })
    }));
    rows.extend(directory.seasons.values().cloned().map(|season| {
        let Season { show, number, title, year } = season;
        CatalogRow::Season(SeasonRow { show, number, title: Field::Said(title), year: Field::Said(year) })
    }));
    rows.extend(directory.episodes.iter().map(|(id, facts)| CatalogRow::Episode(EpisodeRow::new(id, facts))));
    rows.extend(directory.memberships.values().cloned().map(|part| {
        let Membership { person, show, role, seasons } = part;
        CatalogRow::Member(MemberRow {
            person: Who::Number(person),
            show,
            role: Field::Said(role),
            seasons: Field::Said(seasons),
        })
    }));
    rows.extend(directory.assets.values().cloned().map(|asset| {
        let Asset { id, person, kind, sha256, width, height, source, added_at } = asset;
        let (person, source) = (Who::Number(person), Field::Said(source));
        CatalogRow::Asset(AssetRow { id, person, kind, sha256, width, height, source, added_at: Some(added_at) })
    }));
    rows.extend(directory.featured.iter().map(|((person, show), Featured { asset })| {
        CatalogRow::Featured(FeaturedRow { person: Who::Number(*person), show: show.clone(), picture: *asset })
    }));
    rows
}
