//! One run as carrying sees it: what is decided on it, since when, and in which pictures its faces are.

use super::super::plan::View;
use crate::domain::{
    Author, Change, Decision, DiscardReason, Identity, IdentityId, Operation, OperationKind, PersonId, Roster, RunId, Settled,
    Source, TrackId, TrackMap,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Something that is decided of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// Whose a track is, or that it counts for nobody.
    Track(TrackId),
    /// What an identity is called.
    Name(IdentityId),
    /// Its label and its lock.
    Hold(IdentityId),
    /// What a track is made of.
    Parts(TrackId),
    /// That a track is not of somebody.
    Never(TrackId, PersonId),
    /// By what its tracks are grouped.
    Thresholds,
}

/// When people decided what on one run, by the entries of the log.
#[derive(Debug, Clone, Default)]
pub(super) struct Since {
    /// The decisions that stand, ascending: what was taken back is not among them.
    made: BTreeMap<Key, Vec<u64>>,
    /// What was decided, and all of it taken back.
    taken_back: BTreeSet<Key>,
    /// Which decisions were taken back; they may be made again.
    undone: BTreeSet<(Key, u64)>,
    /// What is being brought, and since when it was decided where it comes from.
    brought: BTreeMap<Key, u64>,
    /// The last entry about anything of it, also by which something was carried here.
    pub(super) last: u64,
}

impl Since {
    /// Reads one more entry of the log, for every run.
    pub(super) fn follow(all: &mut BTreeMap<RunId, Self>, operation: &Operation) {
        let is_person = matches!(operation.author, Author::User { .. });
        if !is_person && operation.kind != OperationKind::Carry {
            return;
        }
        for change in &operation.changes {
            let (run, mut keys) = keys(change);
            if operation.kind == OperationKind::Group && !moves_a_decision(change) {
                keys.retain(|key| !matches!(key, Key::Track(_)));
            }
            let since = all.entry(run).or_default();
            if !keys.is_empty() {
                since.last = operation.seq;
            }
            for key in keys.into_iter().filter(|_| is_person) {
                since.take(key, operation);
            }
        }
    }

    fn take(&mut self, key: Key, operation: &Operation) {
        let made = self.made.entry(key).or_default();
        // What did not count as deciding on it does not count when it is taken back either.
        match operation.kind {
            OperationKind::Undo { of } if !made.contains(&of) => return,
            OperationKind::Redo { of } if !self.undone.remove(&(key, of)) => return,
            OperationKind::Undo { of } => {
                made.retain(|seq| *seq != of);
                self.undone.insert((key, of));
            }
            OperationKind::Redo { of: seq } => made.push(seq),
            _ => made.push(operation.seq),
        }
        made.sort_unstable();
        made.dedup();
        if made.is_empty() {
            self.taken_back.insert(key)
        } else {
            self.taken_back.remove(&key)
        };
    }

    /// Returns the entry by which a person decided it last; 0 where nobody did, or took it back.
    pub(super) fn at(&self, key: Key) -> u64 {
        self.made.get(&key).and_then(|made| made.last()).copied().unwrap_or_default()
    }

    /// Tells whether something else about it came after that entry. What was only carried, 0, is older than everything, also than taking it
    /// back.
    pub(super) fn is_later(&self, key: Key, than: u64) -> bool {
        self.known(key) > than || (than == 0 && self.taken_back.contains(&key))
    }

    /// Returns the entry by which a person decided it last, here or where it was brought from; 0 where that is not known.
    pub(super) fn known(&self, key: Key) -> u64 {
        self.at(key).max(self.brought.get(&key).copied().unwrap_or_default())
    }

    /// Remembers that it was brought from where it was decided at that entry.
    pub(super) fn bring(&mut self, key: Key, since: u64) {
        let brought = self.brought.entry(key).or_default();
        *brought = since.max(*brought);
    }
}

/// Returns the run that a change is about.
pub(super) fn run_of(change: &Change) -> RunId {
    keys(change).0
}

/// Tells whether other groups move a track that somebody decided on; that the others move with the thresholds is no decision on each of them.
fn moves_a_decision(change: &Change) -> bool {
    let Change::Assign { edit, .. } = change else { return true };
    [edit.from, edit.to].into_iter().flatten().any(|a| a.is_decided(None))
}

/// Returns what a change decides, and of which run.
fn keys(change: &Change) -> (RunId, Vec<Key>) {
    match change {
        Change::Assign { run, track, .. } | Change::Mark { run, track, .. } => (*run, vec![Key::Track(*track)]),
        Change::Track { run, track, .. } => (*run, vec![Key::Parts(*track)]),
        Change::Never { run, track, person, .. } => (*run, vec![Key::Never(*track, *person)]),
        Change::Thresholds { run, .. } => (*run, vec![Key::Thresholds]),
        Change::Identity { run, id, edit } => {
            let name = |i: &Option<Identity>| i.as_ref().filter(|i| is_named(i)).map(|i| (i.name.clone(), i.person));
            let hold = |i: &Option<Identity>| i.as_ref().map_or((None, false), |i| (i.label.clone(), i.locked));
            let is_named = name(&edit.from) != name(&edit.to);
            let is_held = hold(&edit.from) != hold(&edit.to);
            let keys = [(is_named, Key::Name(*id)), (is_held, Key::Hold(*id))];
            (*run, keys.into_iter().filter(|(is, _)| *is).map(|(_, key)| key).collect())
        }
        Change::Voice { run, .. }
        | Change::Said { run, .. }
        | Change::Turn { run, .. }
        | Change::Words { run, .. }
        | Change::Settle { run, .. } => (*run, Vec::new()),
    }
}

/// Whose a track is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Person(PersonId),
    Name(String),
    /// An identity of its own run.
    Unnamed(IdentityId),
}

/// What was decided of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Discarded(DiscardReason),
    Of(IdentityId),
}

/// Tells whether a person said who an identity is; a name that a run proposes is none.
pub(super) fn is_named(identity: &Identity) -> bool {
    identity.name.is_some() && identity.source != Source::Proposed
}

/// One run.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) view: View,
    /// The pictures of each tracklet, ascending.
    pub(super) frames: Arc<BTreeMap<TrackId, Vec<u64>>>,
    pub(super) since: Since,
    pub(super) roster: Arc<Roster>,
}

impl Side {
    pub(super) fn run(&self) -> RunId {
        self.view.run
    }

    pub(super) fn map(&self) -> TrackMap {
        TrackMap::new(self.view.parts.clone())
    }

    /// Returns who an identity is, as the catalog knows people now.
    pub(super) fn who(&self, id: IdentityId) -> Who {
        let Some(identity) = self.view.identities.get(&id) else { return Who::Unnamed(id) };
        let mut identity = identity.clone();
        if !self.roster.is_plain() {
            self.roster.bring_up([&mut identity]);
        }
        match (identity.person, identity.name) {
            (Some(person), Some(_)) => Who::Person(person),
            (None, Some(name)) => Who::Name(name),
            (_, None) => Who::Unnamed(id),
        }
    }

    /// Returns what an identity is called now, or its number.
    pub(super) fn called(&self, id: IdentityId) -> String {
        let Some(identity) = self.view.identities.get(&id) else { return id.to_string() };
        let mut identity = identity.clone();
        self.roster.bring_up([&mut identity]);
        identity.name.or(identity.label).unwrap_or_else(|| id.to_string())
    }

    /// Returns the person that stands for another, themselves where nobody does.
    fn stands_for(&self, person: PersonId) -> PersonId {
        self.roster.now(person)
    }

    /// Tells whether a track is somebody's now, decided or not.
    pub(super) fn is_of(&self, track: TrackId, person: PersonId) -> bool {
        let a = self.view.assignments.get(&track);
        a.is_some_and(|a| self.who(a.identity) == Who::Person(self.stands_for(person)))
    }

    /// Returns the entry by which a person gave the identity of a track its name; 0 where nobody did.
    pub(super) fn named_at(&self, track: TrackId) -> u64 {
        self.view.assignments.get(&track).map_or(0, |a| self.since.at(Key::Name(a.identity)))
    }

    /// Returns what says that a track is not of a person, who may stand for others.
    pub(super) fn denials(&self, track: TrackId, person: PersonId) -> Vec<(TrackId, PersonId)> {
        let all = (track, PersonId(0))..=(track, PersonId(u32::MAX));
        let person = self.stands_for(person);
        self.view.nevers.range(all).map(|(key, _)| *key).filter(|key| self.stands_for(key.1) == person).collect()
    }

    /// Tells whether somebody said that a track is not of a person.
    pub(super) fn denies(&self, track: TrackId, person: PersonId) -> bool {
        !self.denials(track, person).is_empty()
    }

    /// Returns what was decided on a track, if anything.
    pub(super) fn verdict(&self, track: TrackId) -> Option<Verdict> {
        if let Some(mark) = self.view.marks.get(&track) {
            return Some(Verdict::Discarded(mark.discarded));
        }
        let a = self.view.assignments.get(&track)?;
        (a.source != Source::Proposed || a.locked).then_some(Verdict::Of(a.identity))
    }

    pub(super) fn is_locked(&self, track: TrackId) -> bool {
        let a = self.view.assignments.get(&track);
        a.is_some_and(|a| a.locked || self.view.identities.get(&a.identity).is_some_and(|i| i.locked))
    }

    pub(super) fn members(&self, id: IdentityId) -> Vec<TrackId> {
        self.view.assignments.iter().filter(|(_, a)| a.identity == id).map(|(t, _)| *t).collect()
    }

    /// Returns the tracks of every identity, in one pass.
    pub(super) fn all_members(&self) -> BTreeMap<IdentityId, Vec<TrackId>> {
        let mut members: BTreeMap<IdentityId, Vec<TrackId>> = BTreeMap::new();
        for (track, a) in &self.view.assignments {
            members.entry(a.identity).or_default().push(*track);
        }
        members
    }

    /// Returns the pictures of a track as people made it, ascending.
    pub(super) fn pictures(&self, track: TrackId) -> Vec<u64> {
        let parts = self.view.parts_of(track).unwrap_or_default();
        let own = parts.0.iter().flat_map(|p| {
            let frames = self.frames.get(&p.tracklet).map(Vec::as_slice).unwrap_or_default();
            frames.iter().copied().filter(|f| (p.from..p.to).contains(f))
        });
        let mut pictures: Vec<u64> = own.collect();
        pictures.sort_unstable();
        pictures
    }

    /// Returns everything that is decided, by its name. What an identity is called counts where it has tracks that were not decided on one by
    /// one: these tell whose they are themselves.
    pub(super) fn decisions(&self) -> BTreeSet<Decision> {
        let plain = self.view.assignments.iter().filter(|(t, _)| self.verdict(**t).is_none());
        let plain: BTreeSet<IdentityId> = plain.map(|(_, a)| a.identity).collect();
        let is_held = |i: &&Identity| is_named(i) && plain.contains(&i.id) || i.label.is_some() || i.locked;
        let mut all: BTreeSet<Decision> =
            self.view.identities.values().filter(is_held).map(|i| Decision::Identity(i.id)).collect();
        let tracks = self.view.marks.keys().chain(self.view.assignments.keys()).copied();
        all.extend(tracks.filter(|t| self.verdict(*t).is_some()).map(Decision::Track));
        all.extend(self.view.nevers.keys().map(|(track, person)| Decision::Never { track: *track, person: *person }));
        let mut parts: BTreeMap<TrackId, Vec<(u64, TrackId)>> = BTreeMap::new();
        for (track, own) in &self.view.parts {
            let tracklets: BTreeSet<TrackId> = own.0.iter().map(|p| p.tracklet).collect();
            all.extend((tracklets.len() > 1).then_some(Decision::Join(*track)));
            for part in &own.0 {
                parts.entry(part.tracklet).or_default().push((part.from, *track));
            }
        }
        for (tracklet, mut own) in parts {
            own.sort_unstable();
            let cuts = own.windows(2).filter(|w| w[0].1 != w[1].1);
            all.extend(cuts.map(|w| Decision::Cut { tracklet, at: w[1].0 }));
        }
        all
    }

    /// Returns the entry of the log by which a person decided it; 0 where it was only carried here.
    pub(super) fn since(&self, decision: Decision) -> u64 {
        let since = &self.since;
        match decision {
            Decision::Identity(id) => since.at(Key::Name(id)).max(since.at(Key::Hold(id))),
            Decision::Track(track) => since.at(Key::Track(track)),
            Decision::Join(track) => since.at(Key::Parts(track)),
            Decision::Never { track, person } => since.at(Key::Never(track, person)),
            Decision::Cut { tracklet, at } => {
                let map = self.map();
                let sides = [map.track(tracklet, at.saturating_sub(1)), map.track(tracklet, at)];
                sides.map(|track| since.at(Key::Parts(track))).into_iter().max().unwrap_or_default()
            }
        }
    }

    /// Tells whether a person has done with a decision.
    pub(super) fn is_settled(&self, decision: Decision) -> bool {
        let settled: Option<&Settled> = self.view.settled.get(&(self.run(), decision));
        settled.is_some_and(|s| s.since >= self.since(decision))
    }
}
