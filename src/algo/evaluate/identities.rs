//! Judges who the boxes are said to be: one label for each person throughout, and the right name.

use super::faces::{Seen, Sighting};
use super::{Run, Truth, share};
use crate::algo::track::matching;
use crate::domain::{Fate, IdentityId, TrackId, name_key};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How well faces keep one identity, and get their name; absent figures mean that nothing can be said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IdentityScore {
    /// Share of true faces and of tracked boxes that agree where each person has at most one identity of the run and each identity at most
    /// one person, `0..=1`: IDF1 of Ristani et al. 2016, "Performance measures and a data set for multi-target, multi-camera tracking".
    pub idf1: Option<f64>,
    /// How much clusters tell of people and people of clusters, `0..=1`: mutual information over the mean of both entropies, over the faces
    /// that lie in a cluster.
    pub nmi: Option<f64>,
    /// Absent where the library knows nobody whom the truth names.
    pub names: Option<NameScore>,
}

/// How faces are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct NameScore {
    /// True faces of people whose face the library knows, or whom the run names.
    pub known: u64,
    /// Of those, with their own name.
    pub right: u64,
    /// Of those, with another's; the rest were not found or have no name.
    pub wrong: u64,
    /// Of those known, faces that something covers or that are in profile.
    pub hidden: u64,
    /// Of those hidden, with their own name.
    pub hidden_right: u64,
    /// True faces of everybody else.
    pub strangers: u64,
    /// Of those, with somebody's name.
    pub strangers_named: u64,
}

impl NameScore {
    /// Returns the share of known faces with the right name, `0..=1`.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        share(self.right as f64, self.known as f64)
    }

    /// Returns the share of hidden known faces with the right name, `0..=1`.
    #[must_use]
    pub fn hidden_accuracy(&self) -> Option<f64> {
        share(self.hidden_right as f64, self.hidden as f64)
    }

    /// Returns the share of faces of strangers that are taken for somebody, `0..=1`.
    #[must_use]
    pub fn false_names(&self) -> Option<f64> {
        share(self.strangers_named as f64, self.strangers as f64)
    }
}

pub(super) fn score(truth: &Truth, run: &Run, seen: &Seen) -> IdentityScore {
    let faces: Vec<&Sighting> = seen.sightings().filter(|s| s.counts).collect();
    let cluster = |s: &Sighting| match s.found {
        Some(Fate::Tracked(track)) => run.clusters.get(&track).copied(),
        _ => None,
    };
    let pairs: Vec<(usize, IdentityId)> = faces.iter().filter_map(|s| Some((s.face.person, cluster(s)?))).collect();
    IdentityScore { idf1: idf1(run, seen, &faces), nmi: nmi(&pairs), names: names(truth, run, &faces, cluster) }
}

/// Returns for each identity whom the run says it is: the first identity of its person.
fn people(run: &Run) -> BTreeMap<IdentityId, IdentityId> {
    let of_person = |ids: &Vec<IdentityId>| ids.first().map(|first| ids.iter().map(|id| (*id, *first)).collect::<Vec<_>>());
    run.screen_time.people.iter().filter_map(|p| of_person(&p.identities)).flatten().collect()
}

fn idf1(run: &Run, seen: &Seen, faces: &[&Sighting]) -> Option<f64> {
    let people = people(run);
    let label = |track: &TrackId| run.clusters.get(track).map(|id| people.get(id).copied().unwrap_or(*id));
    let (mut both, mut boxes) = (BTreeMap::<(usize, IdentityId), u64>::new(), 0);
    for s in faces {
        if let Some(Fate::Tracked(track)) = &s.found
            && let Some(label) = label(track)
        {
            *both.entry((s.face.person, label)).or_default() += 1;
            boxes += 1;
        }
    }
    boxes += seen.false_boxes.iter().filter(|(track, _)| label(track).is_some()).map(|(_, n)| n).sum::<u64>();
    let rows: Vec<usize> = both.keys().map(|k| k.0).collect::<BTreeSet<_>>().into_iter().collect();
    let columns: Vec<IdentityId> = both.keys().map(|k| k.1).collect::<BTreeSet<_>>().into_iter().collect();
    let count = |r: usize, c: usize| both.get(&(rows[r], columns[c])).copied().unwrap_or(0);
    let most = both.values().max().copied().unwrap_or(1);
    #[expect(clippy::cast_possible_truncation, reason = "costs of matching are f32")]
    let pairs = matching(rows.len(), columns.len(), 1.0, |r, c| (1.0 - count(r, c) as f64 / most as f64) as f32).pairs;
    let agree: u64 = pairs.into_iter().map(|(r, c)| count(r, c)).sum();
    share(2.0 * agree as f64, faces.len() as f64 + boxes as f64)
}

fn nmi(pairs: &[(usize, IdentityId)]) -> Option<f64> {
    if pairs.is_empty() {
        return None;
    }
    let all = pairs.len() as f64;
    let (people, clusters) = (counts(pairs.iter().map(|p| p.0)), counts(pairs.iter().map(|p| p.1)));
    let both = counts(pairs.iter().copied());
    let entropy = |n: &mut dyn Iterator<Item = u64>| -> f64 { n.map(|n| n as f64 / all).map(|p| -p * p.ln()).sum() };
    let (of_people, of_clusters) = (entropy(&mut people.values().copied()), entropy(&mut clusters.values().copied()));
    if people.len() == 1 && clusters.len() == 1 {
        return Some(1.0);
    }
    let mutual: f64 = both
        .iter()
        .map(|((person, cluster), n)| {
            let expected = people[person] as f64 * clusters[cluster] as f64 / all;
            *n as f64 / all * (*n as f64 / expected).ln()
        })
        .sum();
    Some((mutual / f64::midpoint(of_people, of_clusters)).clamp(0.0, 1.0))
}

fn names(truth: &Truth, run: &Run, faces: &[&Sighting], cluster: impl Fn(&Sighting) -> Option<IdentityId>) -> Option<NameScore> {
    let named: BTreeMap<IdentityId, String> = run
        .screen_time
        .people
        .iter()
        .filter_map(|p| Some((p.name.as_deref().map(key)?, &p.identities)))
        .flat_map(|(name, ids)| ids.iter().map(move |id| (*id, name.clone())))
        .collect();
    let known: BTreeSet<String> = named.values().cloned().chain(run.known.iter().map(|name| key(name))).collect();
    let mut score = NameScore::default();
    for face in faces {
        let own = key(&truth.people[face.face.person].name);
        let said = cluster(face).and_then(|id| named.get(&id));
        if known.contains(&own) {
            score.known += 1;
            score.right += u64::from(said == Some(&own));
            if face.face.cover.is_covered() || face.is_profile {
                score.hidden += 1;
                score.hidden_right += u64::from(said == Some(&own));
            }
            score.wrong += u64::from(said.is_some_and(|said| *said != own));
        } else {
            score.strangers += 1;
            score.strangers_named += u64::from(said.is_some());
        }
    }
    // Where nobody is known nobody can be named, rightly or wrongly.
    (!known.is_empty() && score.known + score.strangers > 0).then_some(score)
}

/// Returns what two writings of a name have in common; files write spaces as underscores.
fn key(name: &str) -> String {
    name_key(&name.replace('_', " "))
}

fn counts<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, u64> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}
