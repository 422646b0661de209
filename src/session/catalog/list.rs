//! Shows and seasons as the catalog and the episodes know them.

use super::refusal::CatalogRefusal;
use crate::config::nearest;
use crate::domain::{Directory, EpisodeEntry, EpisodeId, Slug};
use crate::session::{SessionError, Workspace};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One show, whether people added it or only episodes name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShowEntry {
    pub show: Slug,
    pub title: Option<String>,
    pub notes: Option<String>,
    /// By number.
    pub seasons: Vec<SeasonEntry>,
    /// By season, number, id.
    pub episodes: Vec<EpisodeId>,
    /// How many belong to its cast.
    pub cast: usize,
}

/// One season of a show, likewise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeasonEntry {
    pub number: u32,
    pub title: Option<String>,
    pub year: Option<i16>,
    pub episodes: Vec<EpisodeId>,
}

/// Returns every show of the library, by its short name.
///
/// # Errors
/// Fails where the catalog cannot be read.
pub fn catalog_shows(workspace: &Workspace) -> Result<Vec<ShowEntry>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    Ok(shows(&catalog.directory()?, catalog.episodes()?))
}

/// Returns one show.
///
/// # Errors
/// Fails where there is none of that name, with those that are near.
pub fn catalog_show(workspace: &Workspace, show: &Slug) -> Result<ShowEntry, SessionError> {
    let mut all = catalog_shows(workspace)?;
    let found = all.iter().position(|s| s.show == *show).map(|at| all.swap_remove(at));
    let known: Vec<&str> = all.iter().map(|s| s.show.as_str()).collect();
    Ok(found.ok_or_else(|| CatalogRefusal::NoShow { show: show.clone(), nearest: nearest(show.as_str(), &known) })?)
}

fn shows(directory: &Directory, mut episodes: Vec<EpisodeEntry>) -> Vec<ShowEntry> {
    episodes.sort_by_key(|e| (e.season.is_none(), e.season, e.episode, e.id.clone()));
    let mut of_show: BTreeMap<Slug, Vec<(Option<u32>, EpisodeId)>> = BTreeMap::new();
    for entry in episodes {
        if let Some(show) = entry.facts().show {
            of_show.entry(show).or_default().push((entry.season, entry.id));
        }
    }
    let all: BTreeSet<Slug> = directory.shows.keys().chain(of_show.keys()).cloned().collect();
    let mut entries = Vec::new();
    for show in all {
        let episodes = of_show.remove(&show).unwrap_or_default();
        let told = directory.seasons.values().filter(|s| s.show == show);
        let numbers: BTreeSet<u32> = told.map(|s| s.number).chain(episodes.iter().filter_map(|(n, _)| *n)).collect();
        let season = |number: u32| {
            let told = directory.seasons.get(&(show.clone(), number));
            let own = episodes.iter().filter(|(n, _)| *n == Some(number));
            let (title, year) = (told.and_then(|s| s.title.clone()), told.and_then(|s| s.year));
            SeasonEntry { number, title, year, episodes: own.map(|(_, id)| id.clone()).collect() }
        };
        let told = directory.shows.get(&show);
        entries.push(ShowEntry {
            title: told.and_then(|s| s.title.clone()),
            notes: told.and_then(|s| s.notes.clone()),
            seasons: numbers.into_iter().map(season).collect(),
            episodes: episodes.iter().map(|(_, id)| id.clone()).collect(),
            cast: directory.memberships.values().filter(|m| m.show == show).count(),
            show,
        });
    }
    entries
}
