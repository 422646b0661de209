//! Compares clusters and seconds by person.

use super::faces::Seen;
use super::truth::{Bound, TruthShot};
use super::{Run, Truth};
use crate::algo::screen_time::{measure, union};
use crate::domain::{Fate, IdentityId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Says what clusters were judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purity {
    /// By the true face that each box lies on.
    Faces,
    /// By who is in the shot of each box: two people who always appear together cannot be told apart.
    Shots,
}

/// What was found of one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonScore {
    pub name: String,
    pub truth_s: f64,
    pub bound: Bound,
    pub found_s: f64,
    /// By cluster.
    pub clusters: Vec<IdentityId>,
}

/// How well tracks were joined into people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeopleScore {
    pub judged_by: Purity,
    /// Share of boxes that lie on faces of their cluster's person, `0..=1`; absent without clusters.
    pub purity: Option<f64>,
    /// Clusters of somebody, for each person seen.
    pub clusters_per_person: Option<f64>,
    pub clusters: u64,
    /// Clusters whose boxes lie on nobody's face.
    pub clusters_of_nobody: Vec<IdentityId>,
    /// By name.
    pub people: Vec<PersonScore>,
    /// Sum over people of what their seconds are off: either way for exact ones, only what is too much for upper bounds.
    pub error_s: f64,
    /// `error_s` in per cent of all true seconds.
    pub error_percent: Option<f64>,
    /// Sum of what is missing below upper bounds, in seconds: not an error by itself.
    pub below_bounds_s: f64,
}

/// Returns whose each cluster is, as positions in [`Truth::people`].
pub(super) fn owners(truth: &Truth, run: &Run, seen: &Seen) -> BTreeMap<IdentityId, usize> {
    if truth.faces.is_empty() { by_shots(truth, run) } else { by_faces(run, seen) }
}

fn by_faces(run: &Run, seen: &Seen) -> BTreeMap<IdentityId, usize> {
    seen.boxes_by_person(run.clusters).into_iter().filter_map(|(c, boxes)| Some((c, majority(&boxes)?))).collect()
}

/// Takes the names that the run gives where the truth knows them; else the person of most of the boxes' shots, and of several such
/// the one with the fewest boxes so far, largest clusters first.
fn by_shots(truth: &Truth, run: &Run) -> BTreeMap<IdentityId, usize> {
    let mut owners = BTreeMap::new();
    for person in &run.screen_time.people {
        let known = truth.people.iter().position(|p| Some(&p.name) == person.name.as_ref());
        owners.extend(known.into_iter().flat_map(|k| person.identities.iter().map(move |i| (*i, k))));
    }
    let mut clusters: Vec<(IdentityId, BTreeMap<usize, u64>)> =
        shot_boxes(truth, run, |s| s.people.clone()).into_iter().filter(|c| !owners.contains_key(&c.0)).collect();
    clusters.sort_by_key(|(id, boxes)| (std::cmp::Reverse(boxes.values().sum::<u64>()), *id));
    let mut taken: BTreeMap<usize, u64> = BTreeMap::new();
    for (cluster, boxes) in clusters {
        let most = boxes.values().max().copied().unwrap_or(0);
        let choice = boxes.iter().filter(|b| *b.1 == most).min_by_key(|b| (taken.get(b.0).copied().unwrap_or(0), *b.0));
        if let Some((person, count)) = choice {
            *taken.entry(*person).or_default() += count;
            owners.insert(cluster, *person);
        }
    }
    owners
}

/// Returns, for each cluster, in how many of its boxes' shots each person is, as `who` says of a shot.
fn shot_boxes(truth: &Truth, run: &Run, who: impl Fn(&TruthShot) -> Vec<usize>) -> BTreeMap<IdentityId, BTreeMap<usize, u64>> {
    let mut out: BTreeMap<IdentityId, BTreeMap<usize, u64>> = BTreeMap::new();
    for face in run.faces {
        if let Fate::Tracked(track) = face.fate
            && let Some(cluster) = run.clusters.get(&track)
        {
            let boxes = out.entry(*cluster).or_default();
            for person in truth.shot_at(face.at.frame).map(&who).unwrap_or_default() {
                *boxes.entry(person).or_default() += 1;
            }
        }
    }
    out
}

fn majority(boxes: &BTreeMap<usize, u64>) -> Option<usize> {
    let most = boxes.values().max()?;
    boxes.iter().find(|b| b.1 == most).map(|b| *b.0)
}

pub(super) fn score(truth: &Truth, run: &Run, seen: &Seen, owners: &BTreeMap<IdentityId, usize>) -> PeopleScore {
    let judged_by = if truth.faces.is_empty() { Purity::Shots } else { Purity::Faces };
    let boxes = match judged_by {
        Purity::Faces => seen.boxes_by_person(run.clusters),
        Purity::Shots => shot_boxes(truth, run, |s| s.people.iter().chain(&s.edge).copied().collect()),
    };
    let of_owner: u64 = boxes.iter().filter_map(|(c, b)| b.get(owners.get(c)?)).sum();
    let all = match judged_by {
        Purity::Faces => boxes.values().flat_map(BTreeMap::values).sum::<u64>(),
        Purity::Shots => {
            run.faces.iter().filter(|f| matches!(f.fate, Fate::Tracked(t) if run.clusters.contains_key(&t))).count() as u64
        }
    };
    let ids: BTreeSet<IdentityId> = run.clusters.values().copied().collect();
    let present: BTreeSet<usize> = match judged_by {
        Purity::Faces => seen.people(),
        Purity::Shots => truth.shots.iter().flat_map(|s| s.people.iter().copied()).collect(),
    };
    let owned = ids.iter().filter(|i| owners.contains_key(i)).count();
    let people: Vec<PersonScore> = truth
        .people
        .iter()
        .enumerate()
        .map(|(p, person)| PersonScore {
            name: person.name.clone(),
            truth_s: person.visual_s,
            bound: person.bound,
            found_s: seconds(run, owners, p),
            clusters: ids.iter().copied().filter(|i| owners.get(i) == Some(&p)).collect(),
        })
        .collect();
    let error_s: f64 = people
        .iter()
        .map(|p| match p.bound {
            Bound::Exact => (p.found_s - p.truth_s).abs(),
            Bound::AtMost => (p.found_s - p.truth_s).max(0.0),
        })
        .sum();
    let truth_s: f64 = people.iter().map(|p| p.truth_s).sum();
    PeopleScore {
        judged_by,
        purity: (all > 0).then(|| of_owner as f64 / all as f64),
        clusters_per_person: (!present.is_empty()).then(|| owned as f64 / present.len() as f64),
        clusters: ids.len() as u64,
        clusters_of_nobody: ids.iter().copied().filter(|i| !owners.contains_key(i)).collect(),
        error_s,
        error_percent: (truth_s > 0.0).then(|| 100.0 * error_s / truth_s),
        below_bounds_s: people
            .iter()
            .filter(|p| p.bound == Bound::AtMost)
            // Not `sum`: of nothing that is minus zero.
            .fold(0.0, |sum, p| sum + (p.truth_s - p.found_s).max(0.0)),
        people,
    }
}

/// Returns the seconds of all whose clusters are mostly the person's.
fn seconds(run: &Run, owners: &BTreeMap<IdentityId, usize>, person: usize) -> f64 {
    let theirs = run.screen_time.people.iter().filter(|p| {
        let mut votes: BTreeMap<usize, u64> = BTreeMap::new();
        for owner in p.identities.iter().filter_map(|i| owners.get(i)) {
            *votes.entry(*owner).or_default() += 1;
        }
        majority(&votes) == Some(person)
    });
    measure(&union(theirs.flat_map(|p| p.visual.iter().copied()))).secs()
}
