//! Groups the tracks of a run into clusters, says whose they are, and proposes it through the log.
//!
//! What a person decided stays: a track that was confirmed, carried, propagated or locked keeps its assignment, and so do the
//! tracks of an identity that has a decided name, a label or a lock. A track that a person discarded is left out. Everything else is
//! proposed anew.

mod known;

pub use known::{Believed, KnownFaces, Settled, propose, settle};

use crate::algo::cluster::{self, PoolParams, TrackSample, pool};
use crate::algo::quality::{BadgeParams, badges, eye_span};
use crate::algo::screen_time::box_spans;
use crate::domain::{
    Assignment, Author, BBox, Change, CropKey, Draft, Edit, EmbedderId, Embedding, Face, Fate, Identity, IdentityId, MediaTime,
    OperationKind, Quality, RunMeta, Source, Span, TrackId,
};
use crate::store::{EpisodeStore, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a crop weighs in its track's vector.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    pub pool: &'a PoolParams,
    pub badges: &'a BadgeParams,
}

/// Groups the tracks of `run` and appends what changed as one operation; nothing where nothing changed.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn run(
    store: &EpisodeStore,
    run: &RunMeta,
    embedder: &EmbedderId,
    weights: Weights<'_>,
    clusters: &cluster::Params,
    known: &KnownFaces,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (samples, shots) = (samples(store, run, embedder, weights)?, store.shots(run.id)?);
    let clustering = cluster::cluster(clusters, &samples, &shots);
    let before = State { assignments: store.assignments(run.id)?, identities: store.identities(run.id)? };
    let groups = settle(known, &before, &store.nevers(run.id)?, &samples, &known.likenesses(&samples), &shots, &clustering);
    let after = propose(known, &before, &heard(store, run)?, &groups, store.next_identity_id(run.id)?);
    let changes = before.changes_to(&after, run);
    if changes.is_empty() {
        return Ok(());
    }
    let people = after.identities.values().filter(|i| i.person.is_some() && i.source == Source::Proposed).count();
    let told = if people == 0 { String::new() } else { format!(", {people} of people who are known") };
    let summary = format!("{} tracks in {} clusters{told}", after.assignments.len(), after.identities.len());
    store.append(Draft { at, author: Author::Pipeline { run: run.id }, kind: OperationKind::Group, summary, changes })?;
    Ok(())
}

/// Returns the identities that voices and turns of a run refer to.
fn heard(store: &EpisodeStore, run: &RunMeta) -> Result<BTreeSet<IdentityId>, StoreError> {
    let (voices, said) = (store.voice_links(run.id)?, store.said(run.id)?);
    Ok(voices.values().chain(said.values()).filter_map(|link| link.identity).collect())
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
        self.identities.get(&id).is_some_and(Identity::is_decided)
    }

    /// Returns the identity that a person's decision gives the track.
    fn held(&self, track: TrackId) -> Option<IdentityId> {
        let a = self.assignments.get(&track)?;
        a.is_decided(self.identities.get(&a.identity)).then_some(a.identity)
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
    weights: Weights<'_>,
) -> Result<Vec<TrackSample>, StoreError> {
    let (map, marks) = (store.track_map(run.id)?, store.marks(run.id)?);
    let vectors: BTreeMap<CropKey, Embedding> = store.embeddings(run.id, embedder)?.into_iter().collect();
    let looks = store.looks(run.id)?;
    let mut crops: BTreeMap<TrackId, Vec<(&Embedding, Quality)>> = BTreeMap::new();
    let mut occluded: BTreeMap<TrackId, Vec<bool>> = BTreeMap::new();
    for crop in store.crops(run.id)? {
        if let Some(vector) = vectors.get(&crop.key()) {
            let own = badges(weights.badges, &crop.quality, looks.get(&crop.key()));
            let track = map.crop(crop).track;
            crops.entry(track).or_default().push((vector, own.weigh(&crop.quality)));
            occluded.entry(track).or_default().push(own.is_occluded());
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
            let pooled = pool(weights.pool, &own);
            samples.push(TrackSample {
                id,
                shot: shot.id,
                frames: track.frames,
                time,
                first_box,
                last_box,
                quality: pooled.as_ref().map_or(0.0, |p| p.quality),
                vector: pooled.map(|p| p.vector),
                occluded: occluded.get(&id).map_or(0.0, |all| share(all)),
                eye_px: track.eye_px,
            });
        }
    }
    samples.sort_by_key(|s| s.id);
    Ok(samples)
}

fn share(all: &[bool]) -> f32 {
    all.iter().filter(|is_so| **is_so).count() as f32 / all.len().max(1) as f32
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
mod tests;
