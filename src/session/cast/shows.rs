//! Shows, their seasons and episodes.

use super::{CastLine, CastState};
use crate::domain::{EpisodeId, MediaTime, name_key};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One show; episodes whose id names none are together under none.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowLine {
    /// Its slug.
    pub show: Option<String>,
    /// By number, those without a season last.
    pub seasons: Vec<SeasonLine>,
    pub sums: Sums,
}

/// One season of a show.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonLine {
    pub season: Option<u32>,
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
    /// Whom one sees and for how long, by falling time, then name.
    pub people: Vec<(String, MediaTime)>,
}

/// By number, those without one last.
type Seasons<'a> = BTreeMap<(bool, Option<u32>), Vec<&'a CastLine>>;

/// Gathers episodes by show and season; shows by name, those without a show last.
#[must_use]
pub fn shows(casts: &[CastLine]) -> Vec<ShowLine> {
    let mut by_show: BTreeMap<(bool, Option<&str>), Seasons<'_>> = BTreeMap::new();
    for line in casts {
        let (show, season) = (line.entry.show.as_deref(), line.entry.season);
        let seasons = by_show.entry((show.is_none(), show)).or_default();
        seasons.entry((season.is_none(), season)).or_default().push(line);
    }
    let show = |((_, show), seasons): ((bool, Option<&str>), Seasons<'_>)| ShowLine {
        show: show.map(str::to_owned),
        sums: sums(seasons.values().flatten().copied()),
        seasons: seasons
            .into_iter()
            .map(|((_, season), lines)| SeasonLine {
                season,
                sums: sums(lines.iter().copied()),
                episodes: lines.into_iter().map(|l| l.entry.id.clone()).collect(),
            })
            .collect(),
    };
    by_show.into_iter().map(show).collect()
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
        for a in &cast.people {
            let known = people.entry(name_key(&a.name)).or_insert_with(|| (a.name.clone(), MediaTime::ZERO));
            known.1 = known.1 + a.visual_time;
        }
    }
    sums.people = people.into_values().collect();
    sums.people.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    sums
}
