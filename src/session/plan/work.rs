//! A command worked out, step by step, on a copy of what it touches.

use super::super::command::{Command, Target};
use super::voice::Voices;
use super::{Named, Refusal, View};
use crate::domain::{
    Assignment, Change, Decision, DiscardReason, Edit, Identity, IdentityId, Mark, Method, Never, OperationKind, PersonId, RunId,
    Settled, Source, Span, TrackId, TrackParts,
};
use std::collections::{BTreeMap, BTreeSet};

/// The state while a command is worked out: only what it touches.
pub(super) struct Work<'a> {
    pub(super) view: &'a View,
    pub(super) assignments: BTreeMap<TrackId, Option<Assignment>>,
    pub(super) identities: BTreeMap<IdentityId, Option<Identity>>,
    pub(super) parts: BTreeMap<TrackId, Option<TrackParts>>,
    pub(super) marks: BTreeMap<TrackId, Option<Mark>>,
    pub(super) nevers: BTreeMap<(TrackId, PersonId), Option<Never>>,
    pub(super) pictures: BTreeMap<TrackId, Vec<u64>>,
    pub(super) next_identity: IdentityId,
    pub(super) next_track: TrackId,
    pub(super) voices: Voices,
    pub(super) settled: BTreeMap<(RunId, Decision), Settled>,
}

impl Work<'_> {
    pub(super) fn follow(&mut self, command: &Command, named: Option<&Named>) -> Result<(OperationKind, String), Refusal> {
        Ok(match command {
            Command::Name { identity, .. } => {
                let named = named.ok_or(Refusal::EmptyName)?;
                let before = self.unlocked(*identity)?;
                let named_as = |i: &Identity| Identity {
                    name: Some(named.name.clone()),
                    person: Some(named.id),
                    source: Source::Confirmed,
                    ..i.clone()
                };
                self.refuse_nevers(&self.tracks_of(*identity), named.id, &named.name)?;
                self.identities.insert(*identity, Some(named_as(&before)));
                (OperationKind::Name, format!("{identity} is {}", named.name))
            }
            Command::Assign { tracks, to } => {
                let to = self.target(to, named)?;
                self.move_all(tracks, to)?;
                (OperationKind::Assign, format!("{} → {}", told(tracks), self.shown(to)))
            }
            Command::Propagate { to, tracks, threshold, lock } => self.propagate(*to, tracks, *threshold, lock)?,
            Command::AssignPictures { track, from, to, target } => {
                let cut = self.cut_out(*track, *from, *to)?;
                let target = self.target(target, named)?;
                self.move_all(&[cut], target)?;
                let kind = if cut == *track { OperationKind::Assign } else { OperationKind::Split };
                (kind, format!("pictures {from} to {} of {track} → {} as {cut}", to - 1, self.shown(target)))
            }
            Command::Merge { identities, into } => self.merge(identities, *into)?,
            Command::Remove { tracks } => {
                self.never_who_they_are(tracks)?;
                let id = self.new_identity(None);
                self.move_all(tracks, id)?;
                (OperationKind::Remove, format!("{} taken out, now {id}", told(tracks)))
            }
            Command::Never { tracks, identities, .. } => self.never(tracks, identities, named.ok_or(Refusal::EmptyName)?)?,
            Command::Discard { tracks, identities, reason } => {
                let mut all = tracks.clone();
                let mut members = self.members(identities.iter().copied());
                for id in identities {
                    self.unlocked(*id)?;
                    all.extend(members.remove(id).unwrap_or_default());
                    self.identities.insert(*id, None);
                    self.relink(*id, None);
                }
                if all.is_empty() && identities.is_empty() {
                    return Err(Refusal::NothingNamed);
                }
                self.discard(&all, *reason)?;
                let who: Vec<String> = identities.iter().map(ToString::to_string).collect();
                let what = if who.is_empty() { told(&all) } else { format!("{} ({})", who.join(", "), told(&all)) };
                (OperationKind::Discard, format!("{what} discarded: {reason}"))
            }
            Command::DiscardPictures { track, from, to, reason } => {
                let cut = self.cut_out(*track, *from, *to)?;
                self.discard(&[cut], *reason)?;
                let kind = if cut == *track { OperationKind::Discard } else { OperationKind::Split };
                (kind, format!("pictures {from} to {} of {track} discarded as {cut}: {reason}", to - 1))
            }
            Command::Restore { tracks } => {
                for track in tracks {
                    self.exists(*track)?;
                    if !self.view.marks.contains_key(track) {
                        return Err(Refusal::NotDiscarded { track: *track });
                    }
                }
                let id = self.new_identity(None);
                self.move_all(tracks, id)?;
                (OperationKind::Restore, format!("{} back, now {id}", told(tracks)))
            }
            Command::Split { track, at } => {
                let tail = self.cut(*track, *at)?;
                (OperationKind::Split, format!("{track} cut at picture {at}; {tail} from there on"))
            }
            Command::Join { tracks } => self.join(tracks)?,
            Command::Lock { tracks, identities } => self.lock(tracks, identities, true)?,
            Command::Unlock { tracks, identities } => self.lock(tracks, identities, false)?,
            Command::Settle { open } => {
                let settled = open.iter().map(|o| ((o.run, o.decision), Settled { since: o.since }));
                self.settled = settled.collect();
                let told = match open.as_slice() {
                    [] => return Err(Refusal::NothingNamed),
                    [one] => format!("{} of {}", one.decision, one.run),
                    [one, rest @ ..] => format!("{} of {} and {} more", one.decision, one.run, rest.len()),
                };
                (OperationKind::Settle, format!("{told} settled"))
            }
            Command::Voice { speakers, to } => self.link_voices(speakers, to, named)?,
            Command::Say { turns, by } => self.say(turns, by, named)?,
            Command::SayRange { from, to, speaker, by } => self.say_range(Span::new(*from, *to), *speaker, by, named)?,
            Command::GiveTurns { turns, to } => self.give_turns(turns, *to)?,
            Command::AgreeVoices { voices } => self.agree_voices(voices)?,
            Command::MergeVoices { speakers, into } => self.merge_voices(speakers, *into)?,
            Command::SplitTurn { turn, at } => self.split_turn(*turn, *at)?,
            Command::JoinTurns { turns } => self.join_turns(turns)?,
            Command::MoveTurn { turn, from, to } => self.move_turn(*turn, Span::new(*from, *to))?,
            Command::AddTurn { from, to, speaker } => self.add_turn(Span::new(*from, *to), *speaker)?,
            Command::DropTurns { turns } => self.drop_turns(turns)?,
            Command::Screen { turns, seen } => self.screen(turns, *seen)?,
            Command::Words { turn, text } => self.write(*turn, text)?,
        })
    }

    fn merge(&mut self, identities: &[IdentityId], into: IdentityId) -> Result<(OperationKind, String), Refusal> {
        let target = self.identity(into)?;
        let mut name = target.clone();
        let (mut count, mut moved) = (0, Vec::new());
        let mut members = self.members(identities.iter().copied());
        for id in identities {
            if *id == into {
                return Err(Refusal::Itself { identity: into });
            }
            let from = self.unlocked(*id)?;
            if name.name.is_none() && from.name.is_some() {
                name = Identity { name: from.name, person: from.person, source: from.source, ..name };
            }
            for track in members.remove(id).unwrap_or_default() {
                self.leave(track)?;
                let Some(was) = self.assignment(track) else { continue };
                // That two identities are one person says as much of each of their tracks as was known before.
                let source = if was.source == Source::Confirmed { was.source } else { Source::Propagated };
                self.assignments.insert(track, Some(Assignment { identity: into, source, method: Method::User, ..was }));
                count += 1;
                moved.push(track);
            }
            self.identities.insert(*id, None);
            self.relink(*id, Some(into));
        }
        if identities.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        if let (Some(person), Some(shown)) = (name.person, &name.name) {
            let mut all = self.tracks_of(into);
            all.extend(moved);
            self.refuse_nevers(&all, person, shown)?;
        }
        if name != target {
            self.identities.insert(into, Some(name));
        }
        let from: Vec<String> = identities.iter().map(ToString::to_string).collect();
        let tracks = if count == 1 { "1 track".to_owned() } else { format!("{count} tracks") };
        Ok((OperationKind::Merge, format!("{} merged into {} ({tracks})", from.join(", "), self.shown(into))))
    }

    fn join(&mut self, tracks: &[TrackId]) -> Result<(OperationKind, String), Refusal> {
        let mut rest = tracks.iter().copied();
        let first = rest.next().ok_or(Refusal::NothingNamed)?;
        let mut all = self.exists(first)?;
        let mut seen: BTreeMap<u64, TrackId> = self.pictures(first).into_iter().map(|f| (f, first)).collect();
        self.leave(first)?;
        let mut joined = BTreeSet::new();
        for other in rest {
            if other == first || !joined.insert(other) {
                return Err(Refusal::OneTrack);
            }
            let parts = self.exists(other)?;
            self.leave(other)?;
            if self.shot(&all) != self.shot(&parts) {
                return Err(Refusal::TwoShots { a: first, b: other });
            }
            let own = self.pictures(other);
            let shared: Vec<u64> = own.iter().copied().filter(|f| seen.contains_key(f)).collect();
            if let Some(at) = shared.first() {
                let a = seen.get(at).copied().unwrap_or(first);
                return Err(Refusal::Overlap { a, b: other, first: *at, pictures: shared.len() });
            }
            seen.extend(own.into_iter().map(|f| (f, other)));
            all.0.extend(parts.0);
            // A track that was made by cutting is gone; a measured one stays, without pictures.
            let emptied = self.view.tracklets.contains_key(&other).then(TrackParts::default);
            self.parts.insert(other, emptied);
            self.assignments.insert(other, None);
            self.marks.insert(other, None);
            if let Some(whose) = self.assignment(first).and_then(|a| self.identity(a.identity).ok())
                && let (Some(person), Some(name)) = (whose.person, &whose.name)
            {
                self.refuse_nevers(&[other], person, name)?;
            }
            self.hand_on_nevers(other, first);
            self.forget_nevers(other);
        }
        if joined.is_empty() {
            return Err(Refusal::OneTrack);
        }
        all.0.sort_unstable_by_key(|p| (p.from, p.tracklet));
        self.parts.insert(first, Some(all));
        self.drop_empty();
        let others: Vec<TrackId> = joined.into_iter().collect();
        Ok((OperationKind::Join, format!("{} joined to {first}", told(&others))))
    }

    fn lock(&mut self, tracks: &[TrackId], identities: &[IdentityId], locked: bool) -> Result<(OperationKind, String), Refusal> {
        if tracks.is_empty() && identities.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        for id in identities {
            let identity = self.identity(*id)?;
            self.identities.insert(*id, Some(Identity { locked, ..identity }));
        }
        for track in tracks {
            self.exists(*track)?;
            let was = self.assignment(*track).ok_or(Refusal::Nobodys { track: *track })?;
            self.assignments.insert(*track, Some(Assignment { locked, ..was }));
        }
        let mut what: Vec<String> = identities.iter().map(ToString::to_string).collect();
        what.extend((!tracks.is_empty()).then(|| told(tracks)));
        let (kind, word) = if locked { (OperationKind::Lock, "locked") } else { (OperationKind::Unlock, "unlocked") };
        Ok((kind, format!("{} {word}", what.join(", "))))
    }

    /// Gives tracks to an identity, as a person's own decision.
    fn move_all(&mut self, tracks: &[TrackId], to: IdentityId) -> Result<(), Refusal> {
        if tracks.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        let person = self.identity(to)?.person;
        for track in tracks {
            self.exists(*track)?;
            self.leave(*track)?;
            if let Some(person) = person {
                self.allow(*track, person);
            }
            let decided = Assignment {
                identity: to,
                source: Source::Confirmed,
                method: Method::User,
                score: 1.0,
                threshold: 0.0,
                locked: false,
            };
            self.assignments.insert(*track, Some(decided));
            self.marks.insert(*track, None);
        }
        self.drop_empty();
        Ok(())
    }

    fn discard(&mut self, tracks: &[TrackId], reason: DiscardReason) -> Result<(), Refusal> {
        for track in tracks {
            self.leave(*track)?;
            self.assignments.insert(*track, None);
            self.marks.insert(*track, Some(Mark { discarded: reason }));
        }
        self.drop_empty();
        Ok(())
    }

    /// Cuts a track in two before picture `at`; returns the later one, which stays with the same identity.
    fn cut(&mut self, track: TrackId, at: u64) -> Result<TrackId, Refusal> {
        let parts = self.exists(track)?;
        self.leave(track)?;
        let pictures = self.pictures(track);
        let (first, last) = (pictures.first().copied().unwrap_or_default(), pictures.last().copied().unwrap_or_default());
        if at <= first || at > last {
            return Err(Refusal::CutOutside { track, at, first, last });
        }
        let (head, tail) = parts.split(at);
        let id = self.next_track;
        self.next_track = TrackId(id.0 + 1);
        self.parts.insert(track, Some(head));
        self.parts.insert(id, Some(tail));
        self.assignments.insert(id, self.assignment(track));
        self.marks.insert(id, self.mark(track));
        self.hand_on_nevers(track, id);
        let (before, after) = pictures.into_iter().partition(|f| *f < at);
        self.pictures.insert(track, before);
        self.pictures.insert(id, after);
        Ok(id)
    }

    /// Makes pictures `from..to` of a track one of their own, and returns it: the track itself where that is all of it.
    fn cut_out(&mut self, track: TrackId, from: u64, to: u64) -> Result<TrackId, Refusal> {
        self.exists(track)?;
        let pictures = self.pictures(track);
        let inside: Vec<u64> = pictures.iter().copied().filter(|f| (from..to).contains(f)).collect();
        let (Some(first), Some(last)) = (inside.first(), inside.last()) else {
            return Err(Refusal::NoPictures { track, from, to: to.saturating_sub(1) });
        };
        let middle = if pictures.first() == Some(first) { track } else { self.cut(track, *first)? };
        if let Some(after) = pictures.iter().find(|f| **f > *last) {
            self.cut(middle, *after)?;
        }
        Ok(middle)
    }

    /// Returns the identity that `target` means, making it where there is none.
    pub(super) fn target(&mut self, target: &Target, named: Option<&Named>) -> Result<IdentityId, Refusal> {
        match target {
            Target::Identity(id) => self.identity(*id).map(|i| i.id),
            Target::New => Ok(self.new_identity(None)),
            Target::Person(_) => {
                let named = named.ok_or(Refusal::EmptyName)?;
                let known = self
                    .view
                    .identities
                    .values()
                    .find(|i| i.person.is_some_and(|p| p == named.id || named.also.contains(&p)))
                    .map(|i| i.id);
                Ok(known.unwrap_or_else(|| self.new_identity(Some(named))))
            }
        }
    }

    pub(super) fn new_identity(&mut self, named: Option<&Named>) -> IdentityId {
        let id = self.next_identity;
        self.next_identity = IdentityId(id.0 + 1);
        let identity = Identity {
            id,
            label: None,
            name: named.map(|n| n.name.clone()),
            person: named.map(|n| n.id),
            source: Source::Confirmed,
            alone: None,
            locked: false,
        };
        self.identities.insert(id, Some(identity));
        id
    }

    /// Takes away identities that nobody named, labelled or locked, and that the command left without tracks.
    pub(super) fn drop_empty(&mut self) {
        let left: BTreeSet<IdentityId> =
            self.assignments.keys().filter_map(|t| self.view.assignments.get(t)).map(|a| a.identity).collect();
        let members = self.members(left.iter().copied());
        for id in left {
            let is_plain = |i: &Identity| i.name.is_none() && i.label.is_none() && !i.locked;
            if self.identity(id).is_ok_and(|i| is_plain(&i)) && !members.contains_key(&id) && !self.is_heard(id) {
                self.identities.insert(id, None);
            }
        }
    }

    /// Returns the tracks of each of some identities, by id, in one pass over all; an identity without tracks is left out.
    pub(super) fn members(&self, of: impl Iterator<Item = IdentityId>) -> BTreeMap<IdentityId, Vec<TrackId>> {
        let of: BTreeSet<IdentityId> = of.collect();
        let kept = self.view.assignments.iter().filter(|(t, _)| !self.assignments.contains_key(t)).map(|(t, a)| (*t, *a));
        let touched = self.assignments.iter().filter_map(|(t, a)| a.map(|a| (*t, a)));
        let mut members: BTreeMap<IdentityId, Vec<TrackId>> = BTreeMap::new();
        for (track, assignment) in kept.chain(touched).filter(|(_, a)| of.contains(&a.identity)) {
            members.entry(assignment.identity).or_default().push(track);
        }
        for tracks in members.values_mut() {
            tracks.sort_unstable();
        }
        members
    }

    pub(super) fn exists(&self, track: TrackId) -> Result<TrackParts, Refusal> {
        let parts = match self.parts.get(&track) {
            Some(parts) => parts.clone(),
            None => self.view.parts_of(track),
        };
        parts.filter(|p| !p.0.is_empty()).ok_or(Refusal::NoTrack { track })
    }

    pub(super) fn pictures(&self, track: TrackId) -> Vec<u64> {
        self.pictures.get(&track).cloned().unwrap_or_default()
    }

    fn shot(&self, parts: &TrackParts) -> Option<crate::domain::ShotId> {
        parts.0.first().and_then(|p| self.view.tracklets.get(&p.tracklet)).map(|t| t.shot)
    }

    pub(super) fn assignment(&self, track: TrackId) -> Option<Assignment> {
        self.assignments.get(&track).copied().unwrap_or_else(|| self.view.assignments.get(&track).copied())
    }

    fn mark(&self, track: TrackId) -> Option<Mark> {
        self.marks.get(&track).copied().unwrap_or_else(|| self.view.marks.get(&track).copied())
    }

    pub(super) fn identity(&self, id: IdentityId) -> Result<Identity, Refusal> {
        let found = self.identities.get(&id).cloned().unwrap_or_else(|| self.view.identities.get(&id).cloned());
        found.ok_or_else(|| Refusal::NoIdentity { identity: id, known: self.view.identities.keys().copied().collect() })
    }

    fn unlocked(&self, id: IdentityId) -> Result<Identity, Refusal> {
        let identity = self.identity(id)?;
        if identity.locked { Err(Refusal::Locked { what: self.shown(id) }) } else { Ok(identity) }
    }

    /// Refuses to change what a track is or whose it is where a lock holds it.
    pub(super) fn leave(&self, track: TrackId) -> Result<(), Refusal> {
        match self.view.assignments.get(&track) {
            Some(a) if a.locked => Err(Refusal::Locked { what: format!("track {track}") }),
            Some(a) if self.view.identities.get(&a.identity).is_some_and(|i| i.locked) => {
                Err(Refusal::Locked { what: format!("track {track}, as all of {}", self.shown(a.identity)) })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn shown(&self, id: IdentityId) -> String {
        self.identity(id).ok().and_then(|i| i.name).unwrap_or_else(|| id.to_string())
    }

    /// Returns one edit for each thing that is not as it was.
    pub(super) fn changes(self) -> Vec<Change> {
        let (view, run) = (self.view, self.view.run);
        let mut changes = Vec::new();
        Self::voice_changes(self.voices, view, &mut changes);
        for ((run, decision), to) in self.settled {
            let edit = Edit { from: view.settled.get(&(run, decision)).copied(), to: Some(to) };
            changes.extend((edit.from != edit.to).then_some(Change::Settle { run, decision, edit }));
        }
        for (track, to) in self.parts {
            let edit = Edit { from: view.parts.get(&track).cloned(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Track { run, track, edit }));
        }
        for (id, to) in self.identities {
            let edit = Edit { from: view.identities.get(&id).cloned(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Identity { run, id, edit }));
        }
        for (track, to) in self.marks {
            let edit = Edit { from: view.marks.get(&track).copied(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Mark { run, track, edit }));
        }
        for ((track, person), to) in self.nevers {
            let edit = Edit { from: view.nevers.get(&(track, person)).copied(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Never { run, track, person, edit }));
        }
        for (track, to) in self.assignments {
            let edit = Edit { from: view.assignments.get(&track).copied(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Assign { run, track, edit }));
        }
        changes
    }
}

/// Names tracks in a few words: `t7`, `t7 and t9`, `t7, t9 and 12 more`.
pub(super) fn told(tracks: &[TrackId]) -> String {
    match tracks {
        [] => "no track".into(),
        [one] => one.to_string(),
        [a, b] => format!("{a} and {b}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    }
}
