//! Who looks like whom in an open episode: candidates for a track, neighbours of an identity.
//!
//! Tracks are compared as clustering compares them: vectors of tracks pooled from their crops, those of identities the mean of their
//! tracks', cosines on the scale of single faces ([`likeness`]). Pooling reads every vector of the run once, in slices, so that
//! whoever asks never holds up a decision.

use super::state::State;
use crate::algo::cluster::{Mean, PoolParams, likeness, pool};
use crate::algo::propagate;
use crate::algo::quality::BadgeParams;
use crate::config::Settings;
use crate::domain::{CropInfo, EmbedderId, Face, Fate, IdentityId, MediaTime, ShotId, TrackId, TrackMap, Tracklet};
use crate::session::SessionError;
use crate::store::EpisodeStore;
use std::collections::{BTreeMap, BTreeSet};

/// Whose like is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Near {
    Track(TrackId),
    Identity(IdentityId),
}

/// An identity that looks like the one asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub identity: IdentityId,
    /// Cosine on the scale of single faces, `-1..=1`.
    pub likeness: f32,
    /// When both are in one picture first, and so are two people.
    pub together: Option<MediaTime>,
}

/// What is known of who is near.
#[derive(Debug, Clone, PartialEq)]
pub enum Nearest {
    /// So many tracks of the run are pooled; asking again goes on.
    NotYet { done: usize, of: usize },
    /// By falling likeness. None where nothing of it could be embedded.
    Found(Vec<Candidate>),
}

/// Identities that can be chosen and are listed at most; those that are seen together with it come on top.
const MOST: usize = 9;
/// Crops whose vectors are read at a time: some 20 ms.
const SLICE: usize = 4_000;

/// The numbers of comparing, as the embedder of the run has its cosines.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pool: PoolParams,
    badges: BadgeParams,
    pub(super) propagate: propagate::Params,
    pub(super) strangers: f32,
}

impl Scale {
    /// Takes them from settings that were brought to the embedder's cosines.
    pub(super) fn of(own: &Settings) -> Self {
        let (pool, badges) = (own.pool.clone(), own.badges.clone());
        Self { pool, badges, propagate: own.propagate.clone(), strangers: own.cluster.strangers }
    }
}

/// Vectors that were made so far.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    /// `None` where no crop of a track could be embedded.
    tracks: BTreeMap<TrackId, Option<Mean>>,
    /// Of identities, as they were at this entry of the log.
    identities: Option<(u64, BTreeMap<IdentityId, Mean>)>,
}

impl Vectors {
    /// Returns the vector of a track; `None` where no crop of it could be embedded.
    pub(super) fn of(&self, track: TrackId) -> Option<&Mean> {
        self.tracks.get(&track).and_then(Option::as_ref)
    }

    /// Returns how many tracks are pooled.
    pub(super) fn pooled(&self) -> usize {
        self.tracks.len()
    }

    /// Forgets a track, whose pictures are others now.
    pub(super) fn forget(&mut self, track: TrackId) {
        self.tracks.remove(&track);
    }
}

impl State {
    /// Returns who is near, or makes some more of the vectors that it takes to know.
    pub(super) fn near(&mut self, store: &EpisodeStore, scale: &Scale, to: Near) -> Result<Nearest, SessionError> {
        let mut vectors = std::mem::take(&mut self.vectors);
        let found = self.near_by(&mut vectors, store, scale, to);
        self.vectors = vectors;
        found
    }

    fn near_by(&self, vectors: &mut Vectors, store: &EpisodeStore, scale: &Scale, to: Near) -> Result<Nearest, SessionError> {
        if !self.pool_more(vectors, store, scale)? {
            return Ok(Nearest::NotYet { done: vectors.tracks.len(), of: self.tracks.len() });
        }
        if vectors.identities.as_ref().is_none_or(|(seq, _)| *seq != self.seq) {
            vectors.identities = Some((self.seq, self.identity_means(&vectors.tracks)));
        }
        let Some((_, means)) = &vectors.identities else { return Ok(Nearest::Found(Vec::new())) };
        let own = match to {
            Near::Track(track) => vectors.tracks.get(&track).and_then(Option::as_ref),
            Near::Identity(id) => means.get(&id),
        };
        let Some(own) = own else { return Ok(Nearest::Found(Vec::new())) };
        let mut all: Vec<(f32, IdentityId)> = means
            .iter()
            .filter(|(id, _)| !self.is_own(to, **id))
            .filter_map(|(id, mean)| Some((likeness(scale.strangers, own, mean)?, *id)))
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut meetings = Meetings { state: self, store, map: TrackMap::new(self.view.parts.clone()), shots: BTreeMap::new() };
        let mut people = BTreeSet::new();
        let (mut found, mut free) = (Vec::new(), 0);
        for (likeness, identity) in all {
            // One person needs one line, whatever number of identities has the name.
            if !self.person_of(identity).is_none_or(|person| people.insert(person)) {
                continue;
            }
            let together = meetings.first(to, identity)?;
            found.push(Candidate { identity, likeness, together });
            free += usize::from(together.is_none());
            if free == MOST || found.len() == 2 * MOST {
                break;
            }
        }
        Ok(Nearest::Found(found))
    }

    /// Tells whether `id` is what is asked for, or what a track has already.
    fn is_own(&self, to: Near, id: IdentityId) -> bool {
        let own = match to {
            Near::Track(track) => self.view.assignments.get(&track).map(|a| a.identity),
            Near::Identity(own) => Some(own),
        };
        let is_track = matches!(to, Near::Track(_));
        own == Some(id) || (is_track && own.and_then(|o| self.person_of(o)).is_some_and(|p| self.person_of(id) == Some(p)))
    }

    pub(super) fn person_of(&self, id: IdentityId) -> Option<crate::domain::PersonId> {
        let person = self.view.identities.get(&id).and_then(|i| i.person)?;
        Some(self.roster.stands_for(person).map_or(person, |p| p.id))
    }

    /// Makes the vectors of some more tracks; tells whether there are all of them.
    pub(super) fn pool_more(&self, vectors: &mut Vectors, store: &EpisodeStore, scale: &Scale) -> Result<bool, SessionError> {
        let embedder = EmbedderId(self.run.embedder.id.clone());
        let mut read = 0;
        for track in self.tracks.keys() {
            if vectors.tracks.contains_key(track) {
                continue;
            }
            if read >= SLICE {
                return Ok(false);
            }
            let parts = self.view.parts_of(*track).unwrap_or_default();
            let mut known = BTreeMap::new();
            let tracklets: BTreeSet<TrackId> = parts.0.iter().map(|p| p.tracklet).collect();
            for tracklet in tracklets {
                known.extend(store.track_embeddings(self.run.id, &embedder, tracklet)?);
            }
            let crops = self.crops_of(*track);
            read += crops.len();
            let weigh = |c: &CropInfo| self.badges(&scale.badges, c).weigh(&c.quality);
            let own: Vec<_> = crops.iter().filter_map(|c| Some((known.get(&c.key())?, weigh(c)))).collect();
            let own: Vec<_> = own.iter().map(|(vector, quality)| (*vector, quality)).collect();
            vectors.tracks.insert(*track, pool(&scale.pool, &own).map(|p| p.vector));
        }
        Ok(true)
    }

    /// Returns the vector of each identity: the mean of its tracks', as clustering has it.
    fn identity_means(&self, tracks: &BTreeMap<TrackId, Option<Mean>>) -> BTreeMap<IdentityId, Mean> {
        let mut members: BTreeMap<IdentityId, Vec<&Mean>> = BTreeMap::new();
        for (track, assignment) in &self.view.assignments {
            if let Some(Some(mean)) = tracks.get(track) {
                members.entry(assignment.identity).or_default().push(mean);
            }
        }
        members.into_iter().filter_map(|(id, means)| Some((id, Mean::of_means(means.into_iter())?))).collect()
    }
}

/// Finds pictures with two people in them.
struct Meetings<'a> {
    state: &'a State,
    store: &'a EpisodeStore,
    map: TrackMap,
    /// The pictures of each track of the shots that were looked at.
    shots: BTreeMap<ShotId, BTreeMap<TrackId, BTreeMap<u64, MediaTime>>>,
}

impl Meetings<'_> {
    /// Returns when `to` and an identity are in one picture first; an identity that has a person means all that have it.
    fn first(&mut self, to: Near, identity: IdentityId) -> Result<Option<MediaTime>, SessionError> {
        let own = match to {
            Near::Track(track) => vec![track],
            Near::Identity(id) => self.tracks_of(id),
        };
        let person = self.state.person_of(identity);
        let all: Vec<IdentityId> = match person {
            Some(person) if matches!(to, Near::Track(_)) => {
                let of_person = self.state.view.identities.values().filter(|i| self.state.person_of(i.id) == Some(person));
                of_person.map(|i| i.id).collect()
            }
            _ => vec![identity],
        };
        let tracks = self.state.tracks.clone();
        let mut others: BTreeMap<ShotId, Vec<&Tracklet>> = BTreeMap::new();
        for track in all.into_iter().flat_map(|id| self.tracks_of(id)).filter_map(|t| tracks.get(&t)) {
            others.entry(track.track.shot).or_default().push(&track.track);
        }
        let mut own: Vec<&Tracklet> = own.iter().filter_map(|t| tracks.get(t)).map(|i| &i.track).collect();
        own.sort_by_key(|t| t.first);
        for a in own {
            let overlaps = |b: &&&Tracklet| a.first.frame <= b.last.frame && b.first.frame <= a.last.frame;
            let mut first: Option<MediaTime> = None;
            for b in others.get(&a.shot).into_iter().flatten().filter(overlaps) {
                let seen = self.shot(a.shot)?;
                let (Some(x), Some(y)) = (seen.get(&a.id), seen.get(&b.id)) else { continue };
                let met = x.iter().find(|(frame, _)| y.contains_key(frame)).map(|(_, at)| *at);
                first = first.into_iter().chain(met).min();
            }
            if first.is_some() {
                return Ok(first);
            }
        }
        Ok(None)
    }

    fn tracks_of(&self, id: IdentityId) -> Vec<TrackId> {
        self.state.cards.get(&id).map(|card| card.tracks.clone()).unwrap_or_default()
    }

    fn shot(&mut self, id: ShotId) -> Result<&BTreeMap<TrackId, BTreeMap<u64, MediaTime>>, SessionError> {
        if !self.shots.contains_key(&id) {
            let mut seen: BTreeMap<TrackId, BTreeMap<u64, MediaTime>> = BTreeMap::new();
            for face in self.store.faces(self.state.run.id, id)? {
                let Face { at, fate: Fate::Tracked(track), .. } = self.map.face(face) else { continue };
                seen.entry(track).or_default().insert(at.frame, at.pts);
            }
            self.shots.insert(id, seen);
        }
        Ok(self.shots.entry(id).or_default())
    }
}
