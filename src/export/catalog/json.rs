//! One JSON object with a list for each table.

use super::row::{
    AssetRow, CatalogRow, CatalogRowError, EpisodeRow, FeaturedRow, MemberRow, PersonRow, Placed, SeasonRow, ShowRow,
};
use serde::{Deserialize, Serialize};

/// Raised when the shape changes.
const VERSION: u32 = 1;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    catalog_version: u32,
    #[serde(default)]
    people: Vec<PersonRow>,
    #[serde(default)]
    shows: Vec<ShowRow>,
    #[serde(default)]
    seasons: Vec<SeasonRow>,
    #[serde(default)]
    episodes: Vec<EpisodeRow>,
    #[serde(default)]
    cast: Vec<MemberRow>,
    #[serde(default)]
    pictures: Vec<AssetRow>,
    #[serde(default)]
    featured: Vec<FeaturedRow>,
}

/// Writes rows as JSON.
#[must_use]
pub fn write_catalog_json(rows: &[CatalogRow]) -> Vec<u8> {
    let mut file = File { catalog_version: VERSION, ..File::default() };
    for row in rows {
        match row.clone() {
            CatalogRow::Person(row) => file.people.push(row),
            CatalogRow::Show(row) => file.shows.push(row),
            CatalogRow::Season(row) => file.seasons.push(row),
            CatalogRow::Episode(row) => file.episodes.push(row),
            CatalogRow::Member(row) => file.cast.push(row),
            CatalogRow::Asset(row) => file.pictures.push(row),
            CatalogRow::Featured(row) => file.featured.push(row),
        }
    }
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
    let File { people, shows, seasons, episodes, cast, pictures, featured, .. } = file;
    let mut rows = Vec::new();
    placed(&mut rows, "people", people, CatalogRow::Person);
    placed(&mut rows, "shows", shows, CatalogRow::Show);
    placed(&mut rows, "seasons", seasons, CatalogRow::Season);
    placed(&mut rows, "episodes", episodes, CatalogRow::Episode);
    placed(&mut rows, "cast", cast, CatalogRow::Member);
    placed(&mut rows, "pictures", pictures, CatalogRow::Asset);
    placed(&mut rows, "featured", featured, CatalogRow::Featured);
    Ok(rows)
}

fn placed<T>(rows: &mut Vec<Placed<CatalogRow>>, table: &str, list: Vec<T>, row: impl Fn(T) -> CatalogRow) {
    let own = list.into_iter().enumerate();
    rows.extend(own.map(|(at, value)| Placed { place: format!("{table}[{at}]"), value: row(value) }));
}
