//! Groups the tracks of a run into clusters and proposes them through the log.
//!
//! What a person decided stays: a track that was confirmed, carried, propagated or locked keeps its assignment, and so do the
//! tracks of an identity that has a name, a label or a lock. A track that a person discarded is left out. Everything else is
//! proposed anew.

mod carry;

pub use carry::{Carried, carry, carry_nevers};

use crate::algo::cluster::{self, Alone, Cluster, PoolParams, TrackSample, pool};
use crate::algo::quality::eye_span;
use crate::algo::screen_time::box_spans;
use crate::domain::{
    Assignment, Author, BBox, Change, CropKey, Draft, Edit, EmbedderId, Embedding, Face, Fate, Identity, IdentityId, MediaTime,
    Method, OperationKind, Quality, RunMeta, Source, Span, TrackId,
};
use crate::store::{EpisodeStore, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Groups the tracks of `run` and appends what changed as one operation; nothing where nothing changed.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn run(
    store: &EpisodeStore,
    run: &RunMeta,
    embedder: &EmbedderId,
    pool: &PoolParams,
    clusters: &cluster::Params,
    at: Timestamp,
) -> Result<(), StoreError> {
    let samples = samples(store, run, embedder, pool)?;
    let clustering = cluster::cluster(clusters, &samples, &store.shots(run.id)?);
    let before = State { assignments: store.assignments(run.id)?, identities: store.identities(run.id)? };
    let after = propose(&before, &clustering.clusters, store.next_identity_id(run.id)?);
    let changes = before.changes_to(&after, run);
    if changes.is_empty() {
        return Ok(());
    }
    let summary = format!("{} tracks in {} clusters", after.assignments.len(), after.identities.len());
    store.append(Draft { at, author: Author::Pipeline { run: run.id }, kind: OperationKind::Group, summary, changes })?;
    Ok(())
}

/// Assignments and identities of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    pub assignments: BTreeMap<TrackId, Assignment>,
    pub identities: BTreeMap<IdentityId, Identity>,
}

impl State {
    /// Returns one edit for each thing that is not the same afterwards.
    #[must_use]
    pub fn changes_to(&self, after: &Self, run: &RunMeta) -> Vec<Change> {
        let mut changes = Vec::new();
        let ids: BTreeSet<IdentityId> = self.identities.keys().chain(after.identities.keys()).copied().collect();
        for id in ids {
            let edit = Edit { from: self.identities.get(&id).cloned(), to: after.identities.get(&id).cloned() };
            if edit.from != edit.to {
                changes.push(Change::Identity { run: run.id, id, edit });
            }
        }
        let tracks: BTreeSet<TrackId> = self.assignments.keys().chain(after.assignments.keys()).copied().collect();
        for track in tracks {
            let edit = Edit { from: self.assignments.get(&track).copied(), to: after.assignments.get(&track).copied() };
            if edit.from != edit.to {
                changes.push(Change::Assign { run: run.id, track, edit });
            }
        }
        changes
    }

    /// Tells whether a person decided on the identity.
    fn is_held(&self, id: IdentityId) -> bool {
        self.identities
            .get(&id)
            .is_some_and(|i| i.name.is_some() || i.label.is_some() || i.locked || i.source != Source::Proposed)
    }

    /// Returns the identity that a person's decision gives the track.
    fn held(&self, track: TrackId) -> Option<IdentityId> {
        let a = self.assignments.get(&track)?;
        (a.locked || a.source != Source::Proposed || self.is_held(a.identity)).then_some(a.identity)
    }
}

/// Returns the state after proposing `clusters`: decisions stay, a cluster with decided tracks joins the identity that most of
/// its decided tracks have, and every other cluster becomes an identity of its own, numbered from `next`.
#[must_use]
pub fn propose(before: &State, clusters: &[Cluster], mut next: IdentityId) -> State {
    let mut after = State::default();
    for (track, assignment) in &before.assignments {
        if before.held(*track).is_some() {
            after.assignments.insert(*track, *assignment);
        }
    }
    // Identities that a person decided on stay even when nothing is left in them.
    let used: BTreeSet<IdentityId> = after.assignments.values().map(|a| a.identity).collect();
    let kept = |id: &IdentityId| before.is_held(*id) || used.contains(id);
    after.identities = before.identities.iter().filter(|(id, _)| kept(id)).map(|(id, i)| (*id, i.clone())).collect();

    let mut free: Vec<&Cluster> = Vec::new();
    for cluster in clusters {
        let mut votes: BTreeMap<IdentityId, usize> = BTreeMap::new();
        for member in &cluster.members {
            if let Some(id) = before.held(member.track) {
                *votes.entry(id).or_default() += 1;
            }
        }
        // Most votes; the lower number where they are equal.
        match votes.into_iter().max_by_key(|(id, n)| (*n, std::cmp::Reverse(*id))) {
            Some((id, _)) => assign(&mut after, before, cluster, id),
            None => free.push(cluster),
        }
    }
    let mut reusable = reusable(before, &after, &free);
    for cluster in free {
        let first = cluster.members.first().map(|m| m.track);
        let id = first.and_then(|track| reusable.remove(&track)).unwrap_or_else(|| {
            let id = next;
            next = IdentityId(next.0 + 1);
            id
        });
        after.identities.insert(
            id,
            Identity {
                id,
                label: None,
                name: None,
                person: None,
                source: Source::Proposed,
                alone: cluster.alone.as_ref().map(Alone::to_string),
                locked: false,
            },
        );
        assign(&mut after, before, cluster, id);
    }
    after
}

/// Finds the clusters that hold exactly the tracks that an undecided identity holds already, by first track: they keep its id.
fn reusable(before: &State, after: &State, free: &[&Cluster]) -> BTreeMap<TrackId, IdentityId> {
    let mut members: BTreeMap<IdentityId, Vec<TrackId>> = BTreeMap::new();
    for (track, a) in &before.assignments {
        members.entry(a.identity).or_default().push(*track);
    }
    let same: BTreeMap<Vec<TrackId>, IdentityId> =
        members.into_iter().filter(|(id, _)| !after.identities.contains_key(id)).map(|(id, tracks)| (tracks, id)).collect();
    free.iter()
        .filter_map(|c| {
            let tracks: Vec<TrackId> = c.members.iter().map(|m| m.track).collect();
            Some((*tracks.first()?, *same.get(&tracks)?))
        })
        .collect()
}

fn assign(after: &mut State, before: &State, cluster: &Cluster, identity: IdentityId) {
    for member in &cluster.members {
        if before.held(member.track).is_none() {
            let proposed = Assignment {
                identity,
                source: Source::Proposed,
                method: Method::Cluster,
                score: member.score,
                threshold: member.threshold,
                locked: false,
            };
            after.assignments.insert(member.track, proposed);
        }
    }
}

/// What is gathered of one track over its shot.
#[derive(Debug, Default)]
struct Gathered {
    frames: Vec<u64>,
    first_box: Option<BBox>,
    last_box: Option<BBox>,
    eye_px: f32,
}

/// Reads the tracks of a run as clustering sees them, by id; those that a person discarded are left out.
///
/// # Errors
/// Fails where the store cannot be read.
pub fn samples(
    store: &EpisodeStore,
    run: &RunMeta,
    embedder: &EmbedderId,
    params: &PoolParams,
) -> Result<Vec<TrackSample>, StoreError> {
    let (map, marks) = (store.track_map(run.id)?, store.marks(run.id)?);
    let vectors: BTreeMap<CropKey, Embedding> = store.embeddings(run.id, embedder)?.into_iter().collect();
    let mut crops: BTreeMap<TrackId, Vec<(&Embedding, Quality)>> = BTreeMap::new();
    for crop in store.crops(run.id)? {
        if let Some(vector) = vectors.get(&crop.key()) {
            crops.entry(map.crop(crop).track).or_default().push((vector, crop.quality));
        }
    }
    let mut samples = Vec::new();
    for shot in store.shots(run.id)? {
        let analysed = store.analysed(run.id, shot.id)?;
        let mut gathered: BTreeMap<TrackId, Gathered> = BTreeMap::new();
        for face in store.faces(run.id, shot.id)? {
            gather(&mut gathered, &map.face(face));
        }
        let steps: BTreeMap<u64, Span> = box_spans(&shot, &analysed).into_iter().collect();
        for (id, track) in gathered {
            let (Some(first_box), Some(last_box)) = (track.first_box, track.last_box) else { continue };
            if marks.contains_key(&id) {
                continue;
            }
            let time = track.frames.iter().filter_map(|f| steps.get(f)).fold(MediaTime::ZERO, |sum, span| sum + span.len());
            let own: Vec<(&Embedding, &Quality)> = crops.get(&id).into_iter().flatten().map(|(v, q)| (*v, q)).collect();
            let pooled = pool(params, &own);
            samples.push(TrackSample {
                id,
                shot: shot.id,
                frames: track.frames,
                time,
                first_box,
                last_box,
                quality: pooled.as_ref().map_or(0.0, |p| p.quality),
                vector: pooled.map(|p| p.vector),
                eye_px: track.eye_px,
            });
        }
    }
    samples.sort_by_key(|s| s.id);
    Ok(samples)
}

fn gather(tracks: &mut BTreeMap<TrackId, Gathered>, face: &Face) {
    let Fate::Tracked(id) = face.fate else { return };
    let track = tracks.entry(id).or_default();
    track.frames.push(face.at.frame);
    track.first_box.get_or_insert(face.detection.bbox);
    track.last_box = Some(face.detection.bbox);
    track.eye_px = track.eye_px.max(eye_span(&face.detection));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::cluster::Member;

    fn cluster_of(tracks: &[u32]) -> Cluster {
        let member = |t: &u32| Member { track: TrackId(*t), score: 0.9, threshold: 0.35 };
        Cluster { members: tracks.iter().map(member).collect(), time: MediaTime::ZERO, boxes: 1, alone: None }
    }

    fn who(state: &State, track: u32) -> u32 {
        state.assignments[&TrackId(track)].identity.0
    }

    #[test]
    fn grouping_again_with_the_same_result_changes_nothing() {
        let clusters = [cluster_of(&[1, 3]), cluster_of(&[2])];
        let first = propose(&State::default(), &clusters, IdentityId(1));
        let again = propose(&first, &clusters, IdentityId(3));
        assert_eq!(first, again);
    }

    #[test]
    fn a_named_identity_keeps_its_tracks_and_draws_those_that_cluster_with_them() {
        let mut named = propose(&State::default(), &[cluster_of(&[1, 3]), cluster_of(&[2])], IdentityId(1));
        if let Some(identity) = named.identities.get_mut(&IdentityId(1)) {
            identity.name = Some("Ava Stone".into());
            identity.source = Source::Confirmed;
        }
        let after = propose(&named, &[cluster_of(&[1, 2, 4]), cluster_of(&[3])], IdentityId(3));
        assert_eq!((who(&after, 1), who(&after, 2), who(&after, 3), who(&after, 4)), (1, 1, 1, 1));
        assert_eq!(after.identities.len(), 1);
    }

    #[test]
    fn ids_of_identities_that_vanish_are_not_used_again() {
        let first = propose(&State::default(), &[cluster_of(&[1]), cluster_of(&[2])], IdentityId(1));
        let after = propose(&first, &[cluster_of(&[1, 2])], IdentityId(3));
        assert_eq!(after.identities.keys().copied().collect::<Vec<_>>(), [IdentityId(3)]);
    }
}
