//! Whom a track is not of: said, handed on where tracks are cut and joined, taken back where somebody gives it to them after all.

use super::work::{Work, told};
use super::{Named, Refusal};
use crate::domain::{Assignment, Identity, IdentityId, Method, Never, OperationKind, PersonId, Source, TrackId};
use std::collections::{BTreeMap, BTreeSet};

const SAID: Never = Never { source: Source::Confirmed };

impl Work<'_> {
    /// Says that tracks are not of a person. Those that are theirs so far become an identity without a name; one that they are all of
    /// loses its name instead.
    pub(super) fn never(
        &mut self,
        tracks: &[TrackId],
        identities: &[IdentityId],
        named: &Named,
    ) -> Result<(OperationKind, String), Refusal> {
        let mut all: BTreeSet<TrackId> = tracks.iter().copied().collect();
        for id in identities {
            self.identity(*id)?;
            all.extend(self.tracks_of(*id));
        }
        if all.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        let is_theirs = |i: &Identity| i.person.is_some_and(|p| p == named.id || named.also.contains(&p));
        let mut theirs: BTreeMap<IdentityId, Vec<TrackId>> = BTreeMap::new();
        for track in &all {
            self.exists(*track)?;
            self.leave(*track)?;
            self.nevers.insert((*track, named.id), Some(SAID));
            if let Some(a) = self.assignment(*track)
                && is_theirs(&self.identity(a.identity)?)
            {
                theirs.entry(a.identity).or_default().push(*track);
            }
        }
        let mut loose = Vec::new();
        for (id, out) in theirs {
            if self.tracks_of(id).len() > out.len() {
                loose.extend(out);
                continue;
            }
            let identity = self.identity(id)?;
            self.identities.insert(id, Some(Identity { name: None, person: None, source: Source::Proposed, ..identity }));
            for track in out {
                self.free(track, id);
            }
        }
        if !loose.is_empty() {
            let id = self.new_identity(None);
            for track in &loose {
                self.free(*track, id);
            }
            self.identities.entry(id).and_modify(|i| {
                if let Some(i) = i {
                    i.source = Source::Proposed;
                }
            });
        }
        let all: Vec<TrackId> = all.into_iter().collect();
        Ok((OperationKind::Never, format!("{} not {}", told(&all), named.name)))
    }

    /// Says of tracks that are taken out of their identity that they are not its person.
    pub(super) fn never_who_they_are(&mut self, tracks: &[TrackId]) -> Result<(), Refusal> {
        for track in tracks {
            let Some(a) = self.assignment(*track) else { continue };
            if let Some(person) = self.identity(a.identity)?.person {
                self.nevers.insert((*track, person), Some(SAID));
            }
        }
        Ok(())
    }

    /// Takes back that a track is not of a person, whichever of their numbers it was said of: somebody gives it to them.
    pub(super) fn allow(&mut self, track: TrackId, person: PersonId) {
        for said in self.never_of(track) {
            if self.is_one(said, person) {
                self.nevers.insert((track, said), None);
            }
        }
    }

    /// Refuses to call tracks by the name of somebody whom one of them is not of.
    pub(super) fn refuse_nevers(&self, tracks: &[TrackId], person: PersonId, name: &str) -> Result<(), Refusal> {
        match tracks.iter().find(|t| self.is_never(**t, person)) {
            Some(track) => Err(Refusal::Never { track: *track, name: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// Says of `to` what is said of `from`: whom it is not of.
    pub(super) fn hand_on_nevers(&mut self, from: TrackId, to: TrackId) {
        for person in self.never_of(from) {
            self.nevers.insert((to, person), Some(SAID));
        }
    }

    /// Forgets what is said of a track that is no more.
    pub(super) fn forget_nevers(&mut self, track: TrackId) {
        for person in self.never_of(track) {
            self.nevers.insert((track, person), None);
        }
    }

    pub(super) fn tracks_of(&self, id: IdentityId) -> Vec<TrackId> {
        self.members(std::iter::once(id)).remove(&id).unwrap_or_default()
    }

    fn never_of(&self, track: TrackId) -> Vec<PersonId> {
        let all = (track, PersonId(0))..=(track, PersonId(u32::MAX));
        let known =
            self.view.nevers.range(all.clone()).chain(self.nevers.range(all.clone()).filter_map(|(k, n)| Some((k, n.as_ref()?))));
        let people: BTreeSet<PersonId> = known.map(|(key, _)| key.1).collect();
        let stands = |person: &PersonId| match self.nevers.get(&(track, *person)) {
            Some(said) => said.is_some(),
            None => self.view.nevers.contains_key(&(track, *person)),
        };
        people.into_iter().filter(stands).collect()
    }

    /// Tells whether a track was said not to be a person, or one who was found to be them.
    fn is_never(&self, track: TrackId, person: PersonId) -> bool {
        self.never_of(track).into_iter().any(|said| self.is_one(said, person))
    }

    fn is_one(&self, a: PersonId, b: PersonId) -> bool {
        self.view.roster.now(a) == self.view.roster.now(b)
    }

    /// Leaves a track in an identity that nobody claims for it, so that a run may say whose it is.
    fn free(&mut self, track: TrackId, identity: IdentityId) {
        let a =
            Assignment { identity, source: Source::Proposed, method: Method::User, score: 0.0, threshold: 0.0, locked: false };
        self.assignments.insert(track, Some(a));
    }
}
