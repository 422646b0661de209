//! Whose the tracks of a made-up episode are, as a run would propose it.

use super::lot::{below, share};
use super::scenes::Scenes;
use crate::domain::{Assignment, Change, Edit, Identity, IdentityId, Method, PersonId, RunId, Source, TrackId};
use std::collections::BTreeMap;

/// Clusters that hold three tracks of five; the n-th has 1/n of the share of the first (Zipf).
const CAST: u32 = 24;
const CAST_SHARE: f32 = 0.6;
/// Of the others, these are in clusters of about five; what is left is single.
const SMALL_SHARE: f32 = 0.3;
const SMALL_SIZE: u32 = 5;
const NAMES: [&str; 3] = ["Ada Example", "Bo Example", "Cleo Example"];
const WHY_ALONE: [&str; 4] = ["too_short", "too_small", "low_quality", "far_from_all"];

pub(super) struct Cast {
    /// By track: the cluster, from 0.
    clusters: BTreeMap<TrackId, u32>,
    identities: BTreeMap<IdentityId, Identity>,
    ids: BTreeMap<u32, IdentityId>,
}

impl Cast {
    pub(super) fn new(scenes: &Scenes) -> Self {
        let (number, tracks) = (scenes.number(), scenes.tracks());
        let small = 1 + tracks * 3 / 10 / SMALL_SIZE;
        let mut clusters = BTreeMap::new();
        let mut sizes: BTreeMap<u32, u32> = BTreeMap::new();
        for track in 1..=tracks {
            let u = share(&[number, track, 1]);
            let cluster = if u < CAST_SHARE {
                zipf(u / CAST_SHARE)
            } else if u < CAST_SHARE + SMALL_SHARE {
                CAST + below(small, &[number, track, 2])
            } else {
                CAST + small + track
            };
            clusters.insert(TrackId(track), cluster);
            *sizes.entry(cluster).or_default() += 1;
        }
        // Numbered as they first appear, without holes.
        let mut ids: BTreeMap<u32, IdentityId> = BTreeMap::new();
        let mut identities = BTreeMap::new();
        for (track, cluster) in &clusters {
            let next = IdentityId(u32::try_from(ids.len()).unwrap_or(u32::MAX).saturating_add(1));
            if ids.contains_key(cluster) {
                continue;
            }
            ids.insert(*cluster, next);
            let is_alone = sizes.get(cluster) == Some(&1);
            let why = WHY_ALONE[usize::try_from(below(4, &[number, track.0, 4])).unwrap_or_default()];
            let identity = Identity {
                id: next,
                label: None,
                name: None,
                person: None,
                source: Source::Proposed,
                alone: is_alone.then(|| why.to_owned()),
                locked: false,
            };
            identities.insert(next, identity);
        }
        Self { clusters, identities, ids }
    }

    /// Returns the cluster of a track.
    pub(super) fn of(&self, track: TrackId) -> u32 {
        self.clusters.get(&track).copied().unwrap_or_default()
    }

    pub(super) fn identities(&self) -> &BTreeMap<IdentityId, Identity> {
        &self.identities
    }

    /// Returns what a run proposes.
    pub(super) fn proposed(&self, run: RunId) -> Vec<Change> {
        let made = self.identities.values().map(|identity| Change::Identity {
            run,
            id: identity.id,
            edit: Edit { from: None, to: Some(identity.clone()) },
        });
        let given = self.clusters.iter().filter_map(|(track, cluster)| {
            let assignment = Assignment {
                identity: *self.ids.get(cluster)?,
                source: Source::Proposed,
                method: Method::Cluster,
                // Most are sure, as of a run.
                score: 1.0 - 0.6 * share(&[track.0, *cluster, 5]).powi(3),
                threshold: 0.35,
                locked: false,
            };
            Some(Change::Assign { run, track: *track, edit: Edit { from: None, to: Some(assignment) } })
        });
        made.chain(given).collect()
    }

    /// Returns the clusters that are named: the largest.
    pub(super) fn named(&self) -> impl Iterator<Item = (IdentityId, &'static str)> + '_ {
        (0..).zip(NAMES).filter_map(|(cluster, name)| Some((*self.ids.get(&cluster)?, name)))
    }

    /// Returns what naming a cluster changes.
    pub(super) fn naming(&self, run: RunId, id: IdentityId, name: &str, person: PersonId) -> Change {
        let from = self.identities.get(&id).cloned();
        let to =
            from.clone().map(|i| Identity { name: Some(name.to_owned()), person: Some(person), source: Source::Confirmed, ..i });
        Change::Identity { run, id, edit: Edit { from, to } }
    }
}

/// Returns the member of the cast that a share of `0..1` falls to.
fn zipf(u: f32) -> u32 {
    let weight = |n: u32| 1.0 / (n as f32 + 1.0);
    let all: f32 = (0..CAST).map(weight).sum();
    let mut left = u * all;
    for n in 0..CAST {
        left -= weight(n);
        if left < 0.0 {
            return n;
        }
    }
    CAST - 1
}
