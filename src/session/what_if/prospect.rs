//! What would be otherwise: seconds, identities that become one, identities that fall apart.

use super::{Thresholds, WhatIfSource};
use crate::algo::screen_time::{WhoIsWho, fold};
use crate::domain::{CropKey, Identity, IdentityId, Mark, MediaTime, PersonId, ScreenTime, TrackId};
use crate::pipeline::group::State;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What thresholds would make of an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    pub thresholds: Thresholds,
    /// The entry of the log that it was worked out after.
    pub seq: u64,
    /// Identities now and then.
    pub identities: (usize, usize),
    /// Tracks that stand alone, now and then, by the word why ([`Identity::alone`]; `others_taken_out` where a person left it alone).
    pub singles: Singles,
    /// Everybody who has a name now or then; by falling seconds of now.
    pub people: Vec<PersonShift>,
    /// What is seen of those who have no name, now and then: their sum.
    pub unnamed: (MediaTime, MediaTime),
    /// By falling seconds that move.
    pub turnovers: Vec<Turnover>,
    /// What joins and what falls apart in all, of which `turnovers` tells the largest.
    pub joins: usize,
    pub splits: usize,
}

/// Why a track stands alone that was not alone when tracks were grouped.
const OTHERS_TAKEN_OUT: &str = "others_taken_out";

/// Tracks that stand alone, now and then, by why.
pub type Singles = BTreeMap<String, (usize, usize)>;

/// Somebody's seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonShift {
    pub name: String,
    pub person: Option<PersonId>,
    pub now: MediaTime,
    pub then: MediaTime,
}

/// Identities that become one, or one that falls apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turnover {
    pub kind: TurnoverKind,
    /// What falls apart, or what they become: a new identity where nobody decided on one of them.
    pub identity: IdentityId,
    pub name: Option<String>,
    /// By falling seconds. What is one track by itself stands together in one part at the end.
    pub parts: Vec<Part>,
    /// All but the largest part.
    pub moved: MediaTime,
}

/// What happens to the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TurnoverKind {
    Join,
    Split,
}

/// Tracks that were one identity, or will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The identity that they are of now; absent where they are of several, one track each.
    pub identity: Option<IdentityId>,
    pub name: Option<String>,
    pub tracks: usize,
    /// Sum over the tracks.
    pub seconds: MediaTime,
    /// The best crop of them.
    pub best: Option<CropKey>,
}

/// Changes that are told one by one.
const MOST: usize = 200;

/// Sums up an episode whose tracks are so; speech is left out.
pub(super) fn times(source: &WhatIfSource, state: &State) -> ScreenTime {
    let mut identities = state.identities.clone();
    source.roster.bring_up(identities.values_mut());
    // Discarded tracks have no assignment, and why they were discarded is of no interest here.
    let marks: BTreeMap<TrackId, Mark> = BTreeMap::new();
    let who = WhoIsWho { assignments: &state.assignments, identities: &identities, marks: &marks };
    fold(&source.settings.screen_time, source.measured.values(), who, None, source.length)
}

pub(super) fn compare(source: &WhatIfSource, now: &ScreenTime, after: &State, thresholds: Thresholds) -> Prospect {
    let then = times(source, after);
    let (turnovers, joins, splits) = turnovers(source, after);
    Prospect {
        thresholds,
        seq: source.snapshot.seq,
        identities: (source.before.identities.len(), after.identities.len()),
        singles: singles(&source.before, after),
        people: people(now, &then),
        unnamed: (unnamed(now), unnamed(&then)),
        turnovers,
        joins,
        splits,
    }
}

fn unnamed(time: &ScreenTime) -> MediaTime {
    time.people.iter().filter(|p| p.name.is_none()).fold(MediaTime::ZERO, |sum, p| sum + p.visual_time)
}

fn people(now: &ScreenTime, then: &ScreenTime) -> Vec<PersonShift> {
    let mut all: BTreeMap<(Option<PersonId>, String), (MediaTime, MediaTime)> = BTreeMap::new();
    let named = |time: &ScreenTime| -> Vec<((Option<PersonId>, String), MediaTime)> {
        time.people.iter().filter_map(|p| Some(((p.person, p.name.clone()?), p.visual_time))).collect()
    };
    for (who, time) in named(now) {
        all.entry(who).or_default().0 = time;
    }
    for (who, time) in named(then) {
        all.entry(who).or_default().1 = time;
    }
    let mut people: Vec<PersonShift> =
        all.into_iter().map(|((person, name), (now, then))| PersonShift { name, person, now, then }).collect();
    people.sort_by(|a, b| (Reverse(a.now), Reverse(a.then), &a.name).cmp(&(Reverse(b.now), Reverse(b.then), &b.name)));
    people
}

fn singles(before: &State, after: &State) -> Singles {
    let mut singles = Singles::new();
    let alone = |state: &State| -> Vec<String> {
        let mut tracks: BTreeMap<IdentityId, usize> = BTreeMap::new();
        for a in state.assignments.values() {
            *tracks.entry(a.identity).or_default() += 1;
        }
        let single = state.identities.values().filter(|i| i.name.is_none() && tracks.get(&i.id) == Some(&1));
        single.map(|i| i.alone.clone().unwrap_or_else(|| OTHERS_TAKEN_OUT.into())).collect()
    };
    for why in alone(before) {
        singles.entry(why).or_default().0 += 1;
    }
    for why in alone(after) {
        singles.entry(why).or_default().1 += 1;
    }
    singles
}

/// Tracks by the identity that they have and the one that they would have.
type Flows = BTreeMap<(IdentityId, IdentityId), Vec<TrackId>>;

/// Returns the largest turnovers, and how many joins and splits there are in all.
fn turnovers(source: &WhatIfSource, after: &State) -> (Vec<Turnover>, usize, usize) {
    let mut flows = Flows::new();
    for (track, a) in &source.before.assignments {
        if let Some(to) = after.assignments.get(track) {
            flows.entry((a.identity, to.identity)).or_default().push(*track);
        }
    }
    let (mut from, mut to): (BTreeMap<_, BTreeSet<_>>, BTreeMap<_, BTreeSet<_>>) = (BTreeMap::new(), BTreeMap::new());
    for (was, is) in flows.keys() {
        from.entry(*was).or_default().insert(*is);
        to.entry(*is).or_default().insert(*was);
    }
    let mut all = Vec::new();
    for (is, parts) in to.iter().filter(|(_, parts)| parts.len() > 1) {
        let parts = parts.iter().map(|was| (*was, source.before.identities.get(was), &flows[&(*was, *is)]));
        all.push(turnover(source, TurnoverKind::Join, (*is, after.identities.get(is)), parts));
    }
    for (was, parts) in from.iter().filter(|(_, parts)| parts.len() > 1) {
        let parts = parts.iter().map(|is| (*is, after.identities.get(is), &flows[&(*was, *is)]));
        all.push(turnover(source, TurnoverKind::Split, (*was, source.before.identities.get(was)), parts));
    }
    all.sort_by_key(|t| (Reverse(t.moved), t.kind, t.parts.first().and_then(|p| p.best)));
    let joins = all.iter().filter(|t| t.kind == TurnoverKind::Join).count();
    let splits = all.len() - joins;
    all.truncate(MOST);
    (all, joins, splits)
}

fn turnover<'a>(
    source: &WhatIfSource,
    kind: TurnoverKind,
    whole: (IdentityId, Option<&Identity>),
    of: impl Iterator<Item = (IdentityId, Option<&'a Identity>, &'a Vec<TrackId>)>,
) -> Turnover {
    let (mut parts, mut single) = (Vec::new(), Vec::new());
    let (mut all, mut largest) = (MediaTime::ZERO, MediaTime::ZERO);
    for (id, identity, tracks) in of {
        let seconds = seconds(source, tracks);
        (all, largest) = (all + seconds, largest.max(seconds));
        let name = identity.and_then(|i| i.name.clone());
        if tracks.len() == 1 && name.is_none() {
            single.extend(tracks);
        } else {
            parts.push(Part { identity: Some(id), name, ..part(source, tracks) });
        }
    }
    parts.sort_by_key(|p| (Reverse(p.seconds), p.identity));
    if !single.is_empty() {
        parts.push(part(source, &single));
    }
    let (identity, name) = (whole.0, whole.1.and_then(|i| i.name.clone()));
    Turnover { kind, identity, name, parts, moved: all - largest }
}

fn part(source: &WhatIfSource, tracks: &[TrackId]) -> Part {
    let infos = tracks.iter().filter_map(|t| source.snapshot.tracks.get(t));
    let pictured = infos.filter_map(|i| Some((i.quality?.total, i.best?)));
    Part {
        identity: None,
        name: None,
        tracks: tracks.len(),
        seconds: seconds(source, tracks),
        best: pictured.min_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))).map(|(_, key)| key),
    }
}

fn seconds(source: &WhatIfSource, tracks: &[TrackId]) -> MediaTime {
    let infos = tracks.iter().filter_map(|t| source.snapshot.tracks.get(t));
    infos.fold(MediaTime::ZERO, |sum, i| sum + i.seconds())
}
