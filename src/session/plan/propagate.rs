//! Tracks like those of somebody become theirs, at once.

use super::super::command::Similar;
use super::work::{Work, told};
use super::{Refusal, View};
use crate::domain::{Assignment, IdentityId, Method, OperationKind, Source, TrackId};
use std::collections::BTreeMap;

impl View {
    /// Returns the tracks of whoever an identity is.
    pub(in crate::session) fn tracks_of_person(&self, id: IdentityId) -> Vec<TrackId> {
        let person = self.identities.get(&id).and_then(|i| i.person);
        let is_theirs = |a: &Assignment| {
            let own = || self.identities.get(&a.identity).and_then(|i| i.person);
            a.identity == id || (person.is_some() && own() == person)
        };
        self.assignments.iter().filter(|(_, a)| is_theirs(a)).map(|(track, _)| *track).collect()
    }

    /// Tells whether a person decided whose a track is.
    pub(in crate::session) fn is_decided(&self, track: TrackId) -> bool {
        self.assignments.get(&track).is_some_and(|a| a.is_decided(self.identities.get(&a.identity)))
    }
}

impl Work<'_> {
    /// Gives tracks to somebody because they look like theirs, and locks those that they were found by.
    pub(super) fn propagate(
        &mut self,
        to: IdentityId,
        tracks: &[Similar],
        threshold: f32,
        lock: &[TrackId],
    ) -> Result<(OperationKind, String), Refusal> {
        let target = self.identity(to)?;
        if target.name.is_none() {
            return Err(Refusal::Unnamed { what: to.to_string() });
        }
        if tracks.is_empty() && lock.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        let is_belief = |score: f32| (0.0..=1.0).contains(&score);
        for Similar { track, score } in tracks {
            self.exists(*track)?;
            if !is_belief(*score) || !is_belief(threshold) {
                return Err(Refusal::NoBelief { track: *track });
            }
            self.leave(*track)?;
            if self.view.marks.contains_key(track) {
                return Err(Refusal::IsDiscarded { track: *track });
            }
            if self.view.is_decided(*track) {
                return Err(Refusal::IsDecided { track: *track });
            }
        }
        let all: Vec<TrackId> = tracks.iter().map(|s| s.track).collect();
        if let (Some(person), Some(name)) = (target.person, &target.name) {
            self.refuse_nevers(&all, person, name)?;
        }
        self.refuse_meetings(to, tracks)?;
        for Similar { track, score } in tracks {
            let found = Assignment {
                identity: to,
                source: Source::Propagated,
                method: Method::Likeness,
                score: *score,
                threshold,
                locked: false,
            };
            self.assignments.insert(*track, Some(found));
        }
        self.drop_empty();
        for track in lock {
            self.exists(*track)?;
            let was = self.assignment(*track).ok_or(Refusal::Nobodys { track: *track })?;
            self.assignments.insert(*track, Some(Assignment { locked: true, ..was }));
        }
        let given = (!all.is_empty()).then(|| format!("{} → {} by likeness", told(&all), self.shown(to)));
        let locked = (!lock.is_empty()).then(|| format!("{} locked", told(lock)));
        Ok((OperationKind::Propagate, given.into_iter().chain(locked).collect::<Vec<_>>().join(", ")))
    }

    /// Refuses two tracks of one person in one picture.
    fn refuse_meetings(&self, to: IdentityId, tracks: &[Similar]) -> Result<(), Refusal> {
        let mut seen: BTreeMap<u64, TrackId> = BTreeMap::new();
        for track in self.view.tracks_of_person(to) {
            seen.extend(self.pictures(track).into_iter().map(|p| (p, track)));
        }
        for Similar { track, .. } in tracks {
            let own = self.pictures(*track);
            let mut shared = own.iter().filter_map(|p| Some((*p, seen.get(p)?)).filter(|(_, other)| *other != track));
            if let Some((first, other)) = shared.next() {
                let (a, b, pictures) = (*other, *track, 1 + shared.filter(|(_, also)| *also == other).count());
                return Err(Refusal::Overlap { a, b, first, pictures });
            }
            seen.extend(own.into_iter().map(|p| (p, *track)));
        }
        Ok(())
    }
}
