//! One JSON object with a list for each table.

use super::row::{CatalogRow, CatalogRowError, Placed, Who};
use crate::domain::{Asset, AssetId, Directory, EpisodeFacts, EpisodeId, Membership, Person, PersonId, Season, Show, Slug};
use serde::{Deserialize, Serialize};

/// Raised when the shape changes.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    catalog_version: u32,
    #[serde(default)]
    people: Vec<Person>,
    #[serde(default)]
    shows: Vec<Show>,
    #[serde(default)]
    seasons: Vec<Season>,
    #[serde(default)]
    episodes: Vec<EpisodeRow>,
    #[serde(default)]
    cast: Vec<Membership>,
    #[serde(default)]
    pictures: Vec<Asset>,
    #[serde(default)]
    featured: Vec<FeaturedRow>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EpisodeRow {
    id: EpisodeId,
    #[serde(flatten)]
    facts: EpisodeFacts,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeaturedRow {
    person: PersonId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    show: Option<Slug>,
    picture: AssetId,
}

/// Writes a directory as JSON.
#[must_use]
pub fn write_catalog_json(directory: &Directory) -> Vec<u8> {
    let file = File {
        catalog_version: VERSION,
        people: directory.people.values().cloned().collect(),
        shows: directory.shows.values().cloned().collect(),
        seasons: directory.seasons.values().cloned().collect(),
        episodes: directory.episodes.iter().map(|(id, f)| EpisodeRow { id: id.clone(), facts: f.clone() }).collect(),
        cast: directory.memberships.values().cloned().collect(),
        pictures: directory.assets.values().cloned().collect(),
        featured: directory
            .featured
            .iter()
            .map(|((person, show), f)| FeaturedRow { person: *person, show: show.clone(), picture: f.asset })
            .collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Reads the rows of a catalog as JSON.
///
/// # Errors
/// Fails with line and column where it is no such JSON, or of another version.
pub fn read_catalog_json(text: &str) -> Result<Vec<Placed<CatalogRow>>, CatalogRowError> {
    let file: File = serde_json::from_str(text).map_err(|e| {
        let what = e.to_string();
        let what = what.split(" at line ").next().unwrap_or_default().to_owned();
        CatalogRowError { place: format!("line {}, column {}", e.line(), e.column()), what }
    })?;
    if file.catalog_version != VERSION {
        let what = format!("it has version {}, this program reads {VERSION}", file.catalog_version);
        return Err(CatalogRowError { place: "catalog_version".into(), what });
    }
    let mut rows = Vec::new();
    let mut add = |table: &str, at: usize, value| rows.push(Placed { place: format!("{table}[{at}]"), value });
    for (at, person) in file.people.into_iter().enumerate() {
        add("people", at, CatalogRow::Person(person.into()));
    }
    for (at, show) in file.shows.into_iter().enumerate() {
        add("shows", at, CatalogRow::Show { added_at: Some(show.added_at), show });
    }
    for (at, season) in file.seasons.into_iter().enumerate() {
        add("seasons", at, CatalogRow::Season(season));
    }
    for (at, EpisodeRow { id, facts }) in file.episodes.into_iter().enumerate() {
        add("episodes", at, CatalogRow::Episode { id, facts });
    }
    for (at, Membership { person, show, role, seasons }) in file.cast.into_iter().enumerate() {
        add("cast", at, CatalogRow::Member { person: Who::Number(person), show, role, seasons });
    }
    for (at, asset) in file.pictures.into_iter().enumerate() {
        add("pictures", at, CatalogRow::Asset { person: Who::Number(asset.person), added_at: Some(asset.added_at), asset });
    }
    for (at, FeaturedRow { person, show, picture }) in file.featured.into_iter().enumerate() {
        add("featured", at, CatalogRow::Featured { person: Who::Number(person), show, asset: picture });
    }
    Ok(rows)
}
