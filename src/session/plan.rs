//! From what a reviewer means to what changes, or to a refusal that says why. Pure.

mod never;
#[cfg(test)]
mod never_tests;
mod propagate;
mod refusal;
#[cfg(test)]
mod tests;
mod voice;
#[cfg(test)]
mod voice_tests;
mod work;

pub use refusal::Refusal;

use super::command::Command;
use crate::domain::{
    Assignment, Change, Decision, Identity, IdentityId, Mark, Never, OperationKind, PersonId, Roster, RunId, Settled, Spoken,
    Thresholds, TrackId, TrackPart, TrackParts, Tracklet,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use work::Work;

/// A person of the catalog whom a command names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: PersonId,
    /// As the catalog writes it.
    pub name: String,
    /// Those who were found to be them.
    pub also: Vec<PersonId>,
}

/// The decided data of one run, and as much of the measured as planning needs.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub run: RunId,
    pub tracklets: BTreeMap<TrackId, Tracklet>,
    /// Pictures with a face of the tracks that the command looks at, ascending.
    pub pictures: BTreeMap<TrackId, Vec<u64>>,
    pub parts: BTreeMap<TrackId, TrackParts>,
    pub assignments: BTreeMap<TrackId, Assignment>,
    pub identities: BTreeMap<IdentityId, Identity>,
    pub marks: BTreeMap<TrackId, Mark>,
    /// Whom tracks are not of.
    pub nevers: BTreeMap<(TrackId, PersonId), Never>,
    pub next_identity: IdentityId,
    pub next_track: TrackId,
    pub spoken: Arc<Spoken>,
    /// Decisions of all runs that a person has done with.
    pub settled: BTreeMap<(RunId, Decision), Settled>,
    /// Who was found to be whom. What is stored of identities is never written anew by it; whom tracks are not of is read through it.
    pub roster: Arc<Roster>,
    /// By what its tracks are grouped; absent: as the settings say.
    pub thresholds: Option<Thresholds>,
}

/// What a command comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub kind: OperationKind,
    /// One line for people.
    pub summary: String,
    /// Empty where everything is so already.
    pub changes: Vec<Change>,
}

impl View {
    /// Returns what a track is made of; `None` where there is no such track.
    #[must_use]
    pub fn parts_of(&self, track: TrackId) -> Option<TrackParts> {
        match self.parts.get(&track) {
            Some(parts) => Some(parts.clone()).filter(|p| !p.0.is_empty()),
            None => {
                let own = self.tracklets.get(&track)?;
                Some(TrackParts(vec![TrackPart { tracklet: track, from: own.first.frame, to: own.last.frame + 1 }]))
            }
        }
    }

    /// Brings the view up to an operation that was appended to the log; changes of other runs are passed over.
    pub(super) fn follow(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Assign { run, track, edit } if *run == self.run => set(&mut self.assignments, *track, edit.to),
                Change::Identity { run, id, edit } if *run == self.run => {
                    set(&mut self.identities, *id, edit.to.clone());
                    self.next_identity = self.next_identity.max(IdentityId(id.0.saturating_add(1)));
                }
                Change::Track { run, track, edit } if *run == self.run => {
                    set(&mut self.parts, *track, edit.to.clone());
                    self.next_track = self.next_track.max(TrackId(track.0.saturating_add(1)));
                }
                Change::Mark { run, track, edit } if *run == self.run => set(&mut self.marks, *track, edit.to),
                Change::Thresholds { run, edit } if *run == self.run => self.thresholds = edit.to,
                Change::Settle { run, decision, edit } => set(&mut self.settled, (*run, *decision), edit.to),
                Change::Never { run, track, person, edit } if *run == self.run => {
                    set(&mut self.nevers, (*track, *person), edit.to);
                }
                Change::Voice { .. } | Change::Said { .. } | Change::Turn { .. } | Change::Words { .. } => {
                    Arc::make_mut(&mut self.spoken).follow(self.run, change);
                }
                _ => {}
            }
        }
    }

    /// Returns the tracks whose pictures planning has to know.
    pub(super) fn looked_at(&self, command: &Command) -> BTreeSet<TrackId> {
        match command {
            Command::Split { track, .. } | Command::AssignPictures { track, .. } | Command::DiscardPictures { track, .. } => {
                BTreeSet::from([*track])
            }
            Command::Join { tracks } => tracks.iter().copied().collect(),
            Command::Propagate { to, tracks, .. } => tracks.iter().map(|s| s.track).chain(self.tracks_of_person(*to)).collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Works out what `command` changes; `named` is the person that it names.
    ///
    /// # Errors
    /// Fails where it names what is not there, or goes against a lock or against what was seen.
    pub fn plan(&self, command: &Command, named: Option<&Named>) -> Result<Plan, Refusal> {
        let mut work = Work {
            view: self,
            assignments: BTreeMap::new(),
            identities: BTreeMap::new(),
            parts: BTreeMap::new(),
            marks: BTreeMap::new(),
            nevers: BTreeMap::new(),
            pictures: self.pictures.clone(),
            next_identity: self.next_identity,
            next_track: self.next_track,
            voices: voice::Voices::default(),
            settled: BTreeMap::new(),
        };
        let (kind, summary) = work.follow(command, named)?;
        Ok(Plan { kind, summary, changes: work.changes() })
    }
}

fn set<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}
