//! Shows, their seasons and episodes.

use super::{CastLine, CastState, Progress};
use crate::domain::{Directory, EpisodeId, MediaTime, name_key};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One show; episodes whose id names none are together under none.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowLine {
    /// Its slug.
    pub show: Option<String>,
    /// What people call it.
    pub title: Option<String>,
    pub notes: Option<String>,
    /// By number, those without a season last.
    pub seasons: Vec<SeasonLine>,
    pub sums: Sums,
}

/// One season of a show.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonLine {
    pub season: Option<u32>,
    pub title: Option<String>,
    pub year: Option<i16>,
    /// In the order of the casts.
    pub episodes: Vec<EpisodeId>,
    pub sums: Sums,
}

/// What some episodes come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sums {
    pub episodes: usize,
    /// Episodes with an active run.
    pub measured: usize,
    pub duration: MediaTime,
    pub identities: usize,
    pub named: usize,
    /// How much of what is seen was decided on.
    pub progress: Progress,
    /// Whom one sees and for how long, by falling time, then name.
    pub people: Vec<(String, MediaTime)>,
}

/// By number, those without one last.
type Seasons<'a> = BTreeMap<(bool, Option<u32>), Vec<&'a CastLine>>;

/// Gathers episodes by show and season, and the shows and seasons of the catalog that have none; shows by name, those without a show last.
#[must_use]
pub fn shows(directory: &Directory, casts: &[CastLine]) -> Vec<ShowLine> {
    let mut by_show: BTreeMap<(bool, Option<&str>), Seasons<'_>> = BTreeMap::new();
    for slug in directory.shows.keys() {
        by_show.entry((false, Some(slug.as_str()))).or_default();
    }
    for (show, number) in directory.seasons.keys() {
        by_show.entry((false, Some(show.as_str()))).or_default().entry((false, Some(*number))).or_default();
    }
    for line in casts {
        let (show, season) = (line.entry.show.as_deref(), line.entry.season);
        let seasons = by_show.entry((show.is_none(), show)).or_default();
        seasons.entry((season.is_none(), season)).or_default().push(line);
    }
    by_show.into_iter().map(|((_, show), seasons)| of_show(directory, show, seasons)).collect()
}

fn of_show(directory: &Directory, show: Option<&str>, seasons: Seasons<'_>) -> ShowLine {
    let said = directory.shows.iter().find(|(slug, _)| Some(slug.as_str()) == show).map(|(_, said)| said);
    let of_season = |((_, season), lines): ((bool, Option<u32>), Vec<&CastLine>)| {
        let mut said = directory.seasons.values().filter(|s| Some(s.show.as_str()) == show && Some(s.number) == season);
        let said = said.next();
        SeasonLine {
            season,
            title: said.and_then(|s| s.title.clone()),
            year: said.and_then(|s| s.year),
            sums: sums(lines.iter().copied()),
            episodes: lines.into_iter().map(|l| l.entry.id.clone()).collect(),
        }
    };
    ShowLine {
        show: show.map(str::to_owned),
        title: said.and_then(|s| s.title.clone()),
        notes: said.and_then(|s| s.notes.clone()),
        sums: sums(seasons.values().flatten().copied()),
        seasons: seasons.into_iter().map(of_season).collect(),
    }
}

fn sums<'a>(lines: impl Iterator<Item = &'a CastLine>) -> Sums {
    let mut sums = Sums::default();
    let mut people: BTreeMap<String, (String, MediaTime)> = BTreeMap::new();
    for line in lines {
        sums.episodes += 1;
        let CastState::Known(cast) = &line.state else { continue };
        sums.measured += 1;
        sums.duration = sums.duration + cast.duration;
        sums.identities += cast.identities;
        sums.named += cast.named;
        sums.progress += cast.progress;
        for a in &cast.people {
            let known = people.entry(name_key(&a.name)).or_insert_with(|| (a.name.clone(), MediaTime::ZERO));
            known.1 = known.1 + a.visual_time;
        }
    }
    sums.people = people.into_values().collect();
    sums.people.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    sums
}
