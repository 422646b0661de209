//! Whose the clusters of a run are: what people decided, and faces that the library knows.

use super::State;
use crate::algo::cluster::{Clustering, Member, TrackSample};
use crate::algo::recognise::{self, Gallery, Holder, Likenesses, Membership, Seen, Whose};
use crate::domain::{Assignment, Identity, IdentityId, Method, Never, PersonId, Roster, Shot, ShotId, Source, TrackId};
use std::collections::{BTreeMap, BTreeSet};

/// The faces that a library knows, all of the embedder of the run, and whose they are.
#[derive(Debug, Clone, Copy)]
pub struct KnownFaces<'a> {
    pub params: &'a recognise::Params,
    pub gallery: &'a Gallery,
    pub roster: &'a Roster,
    /// Mean cosine of strangers.
    pub strangers: f32,
}

/// Tracks that are believed to be one person, and whose.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    pub whose: Whose,
    /// By track, each with what is proposed of it wherever it goes; held ones have nothing.
    pub members: Vec<(TrackId, Option<Believed>)>,
    pub alone: Option<String>,
}

/// What is believed of a track in its group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Believed {
    pub method: Method,
    pub score: f32,
    pub threshold: f32,
}

impl KnownFaces<'_> {
    /// Compares tracks with everybody.
    #[must_use]
    pub fn likenesses(&self, samples: &[TrackSample]) -> Likenesses {
        Likenesses::new(self.params, self.gallery, self.strangers, samples.iter().map(|s| s.vector.as_ref()))
    }

    fn person(&self, id: PersonId) -> PersonId {
        self.roster.stands_for(id).map_or(id, |p| p.id)
    }
}

/// Says whose each cluster is, and parts and joins them where they are of several known people, or several are of one. `likenesses` are those
/// of `samples`.
#[must_use]
pub fn settle(
    known: &KnownFaces,
    before: &State,
    nevers: &BTreeMap<(TrackId, PersonId), Never>,
    samples: &[TrackSample],
    likenesses: &Likenesses,
    shots: &[Shot],
    clustering: &Clustering,
) -> Vec<Settled> {
    let place: BTreeMap<TrackId, usize> = samples.iter().enumerate().map(|(at, s)| (s.id, at)).collect();
    let mut never: BTreeMap<TrackId, BTreeSet<PersonId>> = BTreeMap::new();
    for (track, person) in nevers.keys() {
        never.entry(*track).or_default().insert(known.person(*person));
    }
    let nobody = BTreeSet::new();
    let seen: Vec<Seen> = samples
        .iter()
        .map(|s| Seen {
            shot: s.shot,
            frames: &s.frames,
            vector: s.vector.as_ref(),
            quality: s.quality,
            held: before.held(s.id).map(|identity| Holder {
                identity,
                person: before.identities.get(&identity).and_then(|i| i.person).map(|p| known.person(p)),
            }),
            never: never.get(&s.id).unwrap_or(&nobody),
        })
        .collect();
    let members: BTreeMap<TrackId, Member> =
        clustering.clusters.iter().flat_map(|c| &c.members).map(|member| (member.track, *member)).collect();
    let clusters: Vec<Vec<usize>> =
        clustering.clusters.iter().map(|c| c.members.iter().filter_map(|m| place.get(&m.track).copied()).collect()).collect();
    let alone: BTreeMap<TrackId, String> =
        clustering.clusters.iter().filter_map(|c| Some((c.members.first()?.track, c.alone.as_ref()?.to_string()))).collect();
    let mut shots: Vec<&Shot> = shots.iter().collect();
    shots.sort_by_key(|s| s.start_frame);
    let shots: Vec<ShotId> = shots.iter().map(|s| s.id).collect();
    let groups = recognise::recognise(known.params, known.gallery, known.strangers, &seen, likenesses, &clusters, &shots);
    let order: BTreeMap<TrackId, usize> =
        clustering.clusters.iter().enumerate().flat_map(|(n, c)| c.members.iter().map(move |m| (m.track, n))).collect();
    let mut settled: Vec<Settled> = groups
        .into_iter()
        .map(|group| {
            let own: Vec<(TrackId, Option<Believed>)> = group
                .tracks
                .iter()
                .map(|(at, why)| {
                    let track = samples[*at].id;
                    (track, believed(*why, members.get(&track)))
                })
                .collect();
            let single = if own.len() == 1 { own.first().map(|m| m.0) } else { None };
            let alone = single
                .filter(|_| group.whose == Whose::Nobody)
                .map(|track| alone.get(&track).cloned().unwrap_or_else(|| "seen_together".to_owned()));
            Settled { whose: group.whose, members: own, alone }
        })
        .collect();
    // In the order of clusters, which is by falling time: new identities are numbered so.
    settled.sort_by_key(|s| s.members.iter().filter_map(|m| Some((order.get(&m.0).copied()?, m.0))).min());
    settled
}

fn believed(why: Membership, member: Option<&Member>) -> Option<Believed> {
    let clustered = member.map_or((0.0, 0.0), |m| (m.score, m.threshold));
    match why {
        Membership::Held => None,
        Membership::Face(found) => Some(Believed { method: Method::Facebank, score: found.belief, threshold: found.threshold }),
        Membership::Cluster(found) => {
            Some(Believed { method: Method::Facebank, score: found.belief * clustered.0, threshold: found.threshold })
        }
        Membership::Company => Some(Believed { method: Method::Cluster, score: clustered.0, threshold: clustered.1 }),
    }
}

/// Returns the state after proposing groups: decisions stay, the tracks of a person go to an identity of theirs, and every group of nobody
/// becomes an identity of its own. An identity that holds exactly the tracks that it held before keeps its number. `named` are identities that
/// something else refers to, such as voices: they stay though no track is left in them. New ones are numbered from `next`.
#[must_use]
pub fn propose(
    known: &KnownFaces,
    before: &State,
    named: &BTreeSet<IdentityId>,
    groups: &[Settled],
    mut next: IdentityId,
) -> State {
    let mut after = State::default();
    for (track, assignment) in &before.assignments {
        if before.held(*track).is_some() {
            after.assignments.insert(*track, *assignment);
        }
    }
    // Identities that a person decided on stay even when nothing is left in them.
    let kept =
        |id: &IdentityId| before.is_held(*id) || named.contains(id) || after.assignments.values().any(|a| a.identity == *id);
    after.identities = before.identities.iter().filter(|(id, _)| kept(id)).map(|(id, i)| (*id, i.clone())).collect();

    let mut reusable = reusable(before, &after, groups);
    let mut fresh = || {
        let id = next;
        next = IdentityId(id.0 + 1);
        id
    };
    for group in groups {
        let made =
            |id| Identity { id, label: None, name: None, person: None, source: Source::Proposed, alone: None, locked: false };
        let id = match group.whose {
            Whose::Identity(id) => id,
            Whose::Person(person) => {
                let is_theirs = |i: &&Identity| i.person.is_some_and(|p| known.person(p) == person);
                let there = after.identities.values().find(is_theirs).map(|i| i.id);
                let was =
                    || before.identities.values().filter(|i| !after.identities.contains_key(&i.id)).find(is_theirs).map(|i| i.id);
                let first = group.members.first().map(|m| m.0);
                let same = first.and_then(|track| reusable.remove(&track));
                let id = there.or_else(was).or(same).unwrap_or_else(&mut fresh);
                if there.is_none() {
                    let name = known.roster.stands_for(person).map(|p| p.name.clone());
                    after.identities.insert(id, Identity { name, person: Some(person), ..made(id) });
                }
                id
            }
            Whose::Nobody => {
                let first = group.members.first().map(|m| m.0);
                let id = first.and_then(|track| reusable.remove(&track)).unwrap_or_else(&mut fresh);
                after.identities.insert(id, Identity { alone: group.alone.clone(), ..made(id) });
                id
            }
        };
        for (track, believed) in &group.members {
            if let Some(Believed { method, score, threshold }) = *believed {
                let proposed = Assignment { identity: id, source: Source::Proposed, method, score, threshold, locked: false };
                after.assignments.insert(*track, proposed);
            }
        }
    }
    after
}

/// Finds the groups that hold exactly the tracks that an undecided identity of nobody holds already, by first track: they keep its id.
fn reusable(before: &State, after: &State, groups: &[Settled]) -> BTreeMap<TrackId, IdentityId> {
    let mut members: BTreeMap<IdentityId, Vec<TrackId>> = BTreeMap::new();
    for (track, a) in &before.assignments {
        members.entry(a.identity).or_default().push(*track);
    }
    let is_free =
        |id: &IdentityId| !after.identities.contains_key(id) && before.identities.get(id).is_some_and(|i| i.person.is_none());
    let same: BTreeMap<Vec<TrackId>, IdentityId> =
        members.into_iter().filter(|(id, _)| is_free(id)).map(|(id, tracks)| (tracks, id)).collect();
    groups
        .iter()
        .filter(|g| !matches!(g.whose, Whose::Identity(_)))
        .filter_map(|g| {
            let tracks: Vec<TrackId> = g.members.iter().map(|m| m.0).collect();
            Some((*tracks.first()?, *same.get(&tracks)?))
        })
        .collect()
}
