//! From what a reviewer means to what changes, or to a refusal that says why. Pure.

use super::command::{Command, Target};
use crate::domain::{
    Assignment, Change, DiscardReason, Edit, Identity, IdentityId, Mark, Method, OperationKind, PersonId, RunId, Source, TrackId,
    TrackPart, TrackParts, Tracklet,
};
use std::collections::{BTreeMap, BTreeSet};

/// Says why nothing was decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no track {track}")]
    NoTrack { track: TrackId },
    #[error("there is no identity {identity}")]
    NoIdentity { identity: IdentityId, known: Vec<IdentityId> },
    #[error("no track or identity is named")]
    NothingNamed,
    #[error("{what} is locked")]
    Locked { what: String },
    #[error("track {track} cannot be cut at picture {at}: it has pictures {first} to {last}")]
    CutOutside { track: TrackId, at: u64, first: u64, last: u64 },
    #[error("track {track} has none of the pictures {from} to {to}")]
    NoPictures { track: TrackId, from: u64, to: u64 },
    #[error("tracks {a} and {b} are in two shots, and a track lies in one")]
    TwoShots { a: TrackId, b: TrackId },
    #[error("tracks {a} and {b} are both seen in {pictures} pictures, first in {first}: two faces at once are two people")]
    Overlap { a: TrackId, b: TrackId, first: u64, pictures: usize },
    #[error("track {track} counts for nobody, so there is nothing to lock")]
    Nobodys { track: TrackId },
    #[error("pictures can be given to somebody for one track at a time")]
    PicturesOfOne,
    #[error("one track cannot be joined to itself")]
    OneTrack,
    #[error("{identity} cannot be merged into itself")]
    Itself { identity: IdentityId },
    #[error("track {track} is not discarded")]
    NotDiscarded { track: TrackId },
    #[error("the name of a person is empty")]
    EmptyName,
}

impl Refusal {
    /// Says what to do instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoTrack { .. } => "`screenalytics tracks EPISODE` lists them".into(),
            Self::NoIdentity { known, .. } => {
                let shown: Vec<String> = known.iter().take(8).map(ToString::to_string).collect();
                format!("known: {}{}", shown.join(", "), if known.len() > 8 { ", and more" } else { "" })
            }
            Self::NothingNamed => "name at least one".into(),
            Self::Locked { .. } => "unlock it first: `screenalytics unlock`".into(),
            Self::CutOutside { first, last, .. } => {
                format!("give a picture after {first} and up to {last}, with a face of the track on both sides")
            }
            Self::NoPictures { .. } => "`screenalytics tracks EPISODE` shows the pictures of each track".into(),
            Self::TwoShots { .. } => "assign both to one person instead".into(),
            Self::Overlap { .. } => "cut one of them first, or assign them to two people".into(),
            Self::Nobodys { .. } => "give it to somebody first".into(),
            Self::PicturesOfOne => "name one track, or leave --pictures out".into(),
            Self::OneTrack | Self::Itself { .. } => "name two".into(),
            Self::NotDiscarded { .. } => "it counts already".into(),
            Self::EmptyName => "write the name in quotes, such as \"Ava Stone\"".into(),
        }
    }
}

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
    pub next_identity: IdentityId,
    pub next_track: TrackId,
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
                _ => {}
            }
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
            pictures: self.pictures.clone(),
            next_identity: self.next_identity,
            next_track: self.next_track,
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

/// The state while a command is worked out: only what it touches.
struct Work<'a> {
    view: &'a View,
    assignments: BTreeMap<TrackId, Option<Assignment>>,
    identities: BTreeMap<IdentityId, Option<Identity>>,
    parts: BTreeMap<TrackId, Option<TrackParts>>,
    marks: BTreeMap<TrackId, Option<Mark>>,
    pictures: BTreeMap<TrackId, Vec<u64>>,
    next_identity: IdentityId,
    next_track: TrackId,
}

impl Work<'_> {
    fn follow(&mut self, command: &Command, named: Option<&Named>) -> Result<(OperationKind, String), Refusal> {
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
                self.identities.insert(*identity, Some(named_as(&before)));
                (OperationKind::Name, format!("{identity} is {}", named.name))
            }
            Command::Assign { tracks, to } => {
                let to = self.target(to, named)?;
                self.move_all(tracks, to)?;
                (OperationKind::Assign, format!("{} → {}", told(tracks), self.shown(to)))
            }
            Command::AssignPictures { track, from, to, target } => {
                let cut = self.cut_out(*track, *from, *to)?;
                let target = self.target(target, named)?;
                self.move_all(&[cut], target)?;
                let kind = if cut == *track { OperationKind::Assign } else { OperationKind::Split };
                (kind, format!("pictures {from} to {} of {track} → {} as {cut}", to - 1, self.shown(target)))
            }
            Command::Merge { identities, into } => self.merge(identities, *into)?,
            Command::Remove { tracks } => {
                let id = self.new_identity(None);
                self.move_all(tracks, id)?;
                (OperationKind::Remove, format!("{} taken out, now {id}", told(tracks)))
            }
            Command::Discard { tracks, identities, reason } => {
                let mut all = tracks.clone();
                let mut members = self.members(identities.iter().copied());
                for id in identities {
                    self.unlocked(*id)?;
                    all.extend(members.remove(id).unwrap_or_default());
                    self.identities.insert(*id, None);
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
        })
    }

    fn merge(&mut self, identities: &[IdentityId], into: IdentityId) -> Result<(OperationKind, String), Refusal> {
        let target = self.identity(into)?;
        let mut name = target.clone();
        let mut count = 0;
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
            }
            self.identities.insert(*id, None);
        }
        if identities.is_empty() {
            return Err(Refusal::NothingNamed);
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
        for track in tracks {
            self.exists(*track)?;
            self.leave(*track)?;
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
    fn target(&mut self, target: &Target, named: Option<&Named>) -> Result<IdentityId, Refusal> {
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

    fn new_identity(&mut self, named: Option<&Named>) -> IdentityId {
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
    fn drop_empty(&mut self) {
        let left: BTreeSet<IdentityId> =
            self.assignments.keys().filter_map(|t| self.view.assignments.get(t)).map(|a| a.identity).collect();
        let members = self.members(left.iter().copied());
        for id in left {
            let is_plain = |i: &Identity| i.name.is_none() && i.label.is_none() && !i.locked;
            if self.identity(id).is_ok_and(|i| is_plain(&i)) && !members.contains_key(&id) {
                self.identities.insert(id, None);
            }
        }
    }

    /// Returns the tracks of each of some identities, by id, in one pass over all; an identity without tracks is left out.
    fn members(&self, of: impl Iterator<Item = IdentityId>) -> BTreeMap<IdentityId, Vec<TrackId>> {
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

    fn exists(&self, track: TrackId) -> Result<TrackParts, Refusal> {
        let parts = match self.parts.get(&track) {
            Some(parts) => parts.clone(),
            None => self.view.parts_of(track),
        };
        parts.filter(|p| !p.0.is_empty()).ok_or(Refusal::NoTrack { track })
    }

    fn pictures(&self, track: TrackId) -> Vec<u64> {
        self.pictures.get(&track).cloned().unwrap_or_default()
    }

    fn shot(&self, parts: &TrackParts) -> Option<crate::domain::ShotId> {
        parts.0.first().and_then(|p| self.view.tracklets.get(&p.tracklet)).map(|t| t.shot)
    }

    fn assignment(&self, track: TrackId) -> Option<Assignment> {
        self.assignments.get(&track).copied().unwrap_or_else(|| self.view.assignments.get(&track).copied())
    }

    fn mark(&self, track: TrackId) -> Option<Mark> {
        self.marks.get(&track).copied().unwrap_or_else(|| self.view.marks.get(&track).copied())
    }

    fn identity(&self, id: IdentityId) -> Result<Identity, Refusal> {
        let found = self.identities.get(&id).cloned().unwrap_or_else(|| self.view.identities.get(&id).cloned());
        found.ok_or_else(|| Refusal::NoIdentity { identity: id, known: self.view.identities.keys().copied().collect() })
    }

    fn unlocked(&self, id: IdentityId) -> Result<Identity, Refusal> {
        let identity = self.identity(id)?;
        if identity.locked { Err(Refusal::Locked { what: self.shown(id) }) } else { Ok(identity) }
    }

    /// Refuses to change what a track is or whose it is where a lock holds it.
    fn leave(&self, track: TrackId) -> Result<(), Refusal> {
        match self.view.assignments.get(&track) {
            Some(a) if a.locked => Err(Refusal::Locked { what: format!("track {track}") }),
            Some(a) if self.view.identities.get(&a.identity).is_some_and(|i| i.locked) => {
                Err(Refusal::Locked { what: format!("track {track}, as all of {}", self.shown(a.identity)) })
            }
            _ => Ok(()),
        }
    }

    fn shown(&self, id: IdentityId) -> String {
        self.identity(id).ok().and_then(|i| i.name).unwrap_or_else(|| id.to_string())
    }

    /// Returns one edit for each thing that is not as it was.
    fn changes(self) -> Vec<Change> {
        let (view, run) = (self.view, self.view.run);
        let mut changes = Vec::new();
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
        for (track, to) in self.assignments {
            let edit = Edit { from: view.assignments.get(&track).copied(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Assign { run, track, edit }));
        }
        changes
    }
}

/// Names tracks in a few words: `t7`, `t7 and t9`, `t7, t9 and 12 more`.
fn told(tracks: &[TrackId]) -> String {
    match tracks {
        [] => "no track".into(),
        [one] => one.to_string(),
        [a, b] => format!("{a} and {b}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Decided, FrameTime, MediaTime, ShotId, inverted};
    use proptest::prelude::*;

    const RUN: RunId = RunId(1);
    const SHOTS: u32 = 3;

    /// Three shots of 100 pictures; in each two tracks side by side, and a third one after the first.
    fn tracklets() -> Vec<Tracklet> {
        let at = |frame: u64| FrameTime { frame, pts: MediaTime(40_000 * i64::try_from(frame).unwrap()) };
        let made = |id: u32, shot: u32, from: u64, to: u64| Tracklet {
            id: TrackId(id),
            shot: ShotId(shot),
            first: at(u64::from(shot) * 100 + from),
            last: at(u64::from(shot) * 100 + to),
            boxes: 1,
            mean_score: 0.8,
            lost: false,
        };
        (1..=SHOTS)
            .flat_map(|s| {
                let id = 3 * (s - 1);
                [made(id + 1, s, 0, 40), made(id + 2, s, 0, 90), made(id + 3, s, 50, 90)]
            })
            .collect()
    }

    /// Every fifth picture of a track has a face.
    fn has_face(frame: u64) -> bool {
        frame.is_multiple_of(5)
    }

    fn view(decided: &Decided) -> View {
        let tracklets: BTreeMap<TrackId, Tracklet> = tracklets().into_iter().map(|t| (t.id, t)).collect();
        let highest = decided.highest_track.get(&RUN).map_or(3 * SHOTS, |t| t.0);
        let mut view = View {
            run: RUN,
            pictures: BTreeMap::new(),
            parts: decided.tracks.iter().map(|(k, v)| (k.1, v.clone())).collect(),
            assignments: decided.assignments.iter().map(|(k, v)| (k.1, *v)).collect(),
            identities: decided.identities.iter().map(|(k, v)| (k.1, v.clone())).collect(),
            marks: decided.marks.iter().map(|(k, v)| (k.1, *v)).collect(),
            next_identity: IdentityId(decided.highest_identity.get(&RUN).map_or(0, |i| i.0) + 1),
            next_track: TrackId(highest + 1),
            tracklets,
        };
        let all: Vec<TrackId> = (1..view.next_track.0).map(TrackId).collect();
        for track in all {
            let parts = view.parts_of(track).unwrap_or_default();
            let mut own: Vec<u64> = parts.0.iter().flat_map(|p| p.from..p.to).filter(|f| has_face(*f)).collect();
            own.sort_unstable();
            view.pictures.insert(track, own);
        }
        view
    }

    /// A cluster for each of the three places.
    fn start() -> Decided {
        let mut decided = Decided::default();
        let mut changes = Vec::new();
        for id in 1..=3 {
            let id = IdentityId(id);
            let identity =
                Identity { id, label: None, name: None, person: None, source: Source::Proposed, alone: None, locked: false };
            changes.push(Change::Identity { run: RUN, id, edit: Edit { from: None, to: Some(identity) } });
        }
        for t in tracklets() {
            let identity = IdentityId((t.id.0 - 1) % 3 + 1);
            let to = Assignment {
                identity,
                source: Source::Proposed,
                method: Method::Cluster,
                score: 0.6,
                threshold: 0.4,
                locked: false,
            };
            changes.push(Change::Assign { run: RUN, track: t.id, edit: Edit { from: None, to: Some(to) } });
        }
        decided.apply(&OperationKind::Group, &changes).unwrap();
        decided
    }

    fn plan(decided: &Decided, command: &Command) -> Result<Plan, Refusal> {
        let named = command.person().map(|name| Named {
            id: PersonId(u32::try_from(name.len()).unwrap()),
            name: name.into(),
            also: vec![],
        });
        view(decided).plan(command, named.as_ref())
    }

    fn done(decided: &mut Decided, command: &Command) -> Plan {
        let plan = plan(decided, command).unwrap();
        decided.apply(&plan.kind, &plan.changes).unwrap();
        sound(decided);
        plan
    }

    /// Every measured picture is in one track, every assignment leads from a track that is there to an identity that is there.
    fn sound(decided: &Decided) {
        let view = view(decided);
        let mut seen = BTreeSet::new();
        for id in (1..view.next_track.0).map(TrackId) {
            let Some(parts) = view.parts_of(id) else {
                assert!(!view.assignments.contains_key(&id), "{id} is gone, and still somebody's");
                continue;
            };
            assert!(!view.pictures[&id].is_empty(), "{id} has no face");
            let shots: BTreeSet<_> = parts.0.iter().map(|p| view.tracklets[&p.tracklet].shot).collect();
            assert_eq!(shots.len(), 1, "{id}");
            for part in &parts.0 {
                assert!((part.from..part.to).all(|f| seen.insert((part.tracklet, f))), "{id} shares pictures");
            }
            assert!(!(view.marks.contains_key(&id) && view.assignments.contains_key(&id)), "{id} is discarded and somebody's");
        }
        let due: u64 = view.tracklets.values().map(|t| t.last.frame + 1 - t.first.frame).sum();
        assert_eq!(seen.len() as u64, due);
        for (track, a) in &view.assignments {
            assert!(view.identities.contains_key(&a.identity), "{track} is of nobody that is there");
        }
    }

    #[test]
    fn a_track_is_cut_given_away_and_joined_again() {
        let mut decided = start();
        let cut = done(&mut decided, &Command::Split { track: TrackId(2), at: 130 });
        assert_eq!(cut.summary, "t2 cut at picture 130; t10 from there on");
        done(&mut decided, &Command::Assign { tracks: vec![TrackId(10)], to: Target::Person("Ava Stone".into()) });
        assert_eq!(decided.assignments[&(RUN, TrackId(10))].identity, IdentityId(4));
        let joined = done(&mut decided, &Command::Join { tracks: vec![TrackId(2), TrackId(10)] });
        assert_eq!(joined.summary, "t10 joined to t2");
        assert_eq!(view(&decided).parts_of(TrackId(10)), None);
        let again = done(&mut decided, &Command::Split { track: TrackId(2), at: 150 });
        assert!(again.summary.contains("t11"), "numbers are not used again: {}", again.summary);
    }

    #[test]
    fn pictures_in_the_middle_leave_a_track_before_and_one_after() {
        let mut decided = start();
        let command = Command::AssignPictures { track: TrackId(2), from: 120, to: 140, target: Target::New };
        assert_eq!(done(&mut decided, &command).summary, "pictures 120 to 139 of t2 → id_0004 as t10");
        let view = view(&decided);
        let span = |t: u32| (view.pictures[&TrackId(t)][0], *view.pictures[&TrackId(t)].last().unwrap());
        assert_eq!((span(2), span(10), span(11)), ((100, 115), (120, 135), (140, 190)));
        let of = |t: u32| view.assignments[&TrackId(t)].identity.0;
        assert_eq!((of(2), of(10), of(11)), (2, 4, 2));
    }

    #[test]
    fn pictures_are_discarded_alone_and_what_is_around_them_stays() {
        let mut decided = start();
        let command = Command::DiscardPictures { track: TrackId(2), from: 120, to: 140, reason: DiscardReason::NotAFace };
        assert_eq!(done(&mut decided, &command).summary, "pictures 120 to 139 of t2 discarded as t10: not a face");
        let marked: Vec<u32> = decided.marks.keys().map(|k| k.1.0).collect();
        assert_eq!(marked, [10]);
        let of = |t: u32| decided.assignments.get(&(RUN, TrackId(t))).map(|a| a.identity.0);
        assert_eq!((of(2), of(10), of(11)), (Some(2), None, Some(2)));
        let none = Command::DiscardPictures { track: TrackId(2), from: 121, to: 124, reason: DiscardReason::NotAFace };
        assert!(matches!(plan(&decided, &none), Err(Refusal::NoPictures { .. })));
    }

    #[test]
    fn merging_keeps_the_name_and_what_was_known_of_each_track() {
        let mut decided = start();
        done(&mut decided, &Command::Name { identity: IdentityId(3), name: "Ava Stone".into() });
        done(&mut decided, &Command::Assign { tracks: vec![TrackId(3)], to: Target::Identity(IdentityId(3)) });
        let merged = done(&mut decided, &Command::Merge { identities: vec![IdentityId(3)], into: IdentityId(1) });
        assert_eq!(merged.summary, "id_0003 merged into Ava Stone (3 tracks)");
        let into = &decided.identities[&(RUN, IdentityId(1))];
        assert_eq!((into.name.as_deref(), decided.identities.len()), (Some("Ava Stone"), 2));
        let source = |t: u32| decided.assignments[&(RUN, TrackId(t))].source;
        assert_eq!((source(1), source(3), source(6)), (Source::Proposed, Source::Confirmed, Source::Propagated));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        let mut decided = start();
        let refused = |decided: &Decided, command: Command| plan(decided, &command).unwrap_err();
        let t = TrackId;
        assert_eq!(
            refused(&decided, Command::Join { tracks: vec![t(1), t(2)] }),
            Refusal::Overlap { a: t(1), b: t(2), first: 100, pictures: 9 }
        );
        assert_eq!(refused(&decided, Command::Join { tracks: vec![t(1), t(4)] }), Refusal::TwoShots { a: t(1), b: t(4) });
        assert_eq!(refused(&decided, Command::Join { tracks: vec![t(1)] }), Refusal::OneTrack);
        assert_eq!(
            refused(&decided, Command::Split { track: t(1), at: 100 }),
            Refusal::CutOutside { track: t(1), at: 100, first: 100, last: 140 }
        );
        assert_eq!(refused(&decided, Command::Remove { tracks: vec![t(77)] }), Refusal::NoTrack { track: t(77) });
        assert_eq!(refused(&decided, Command::Remove { tracks: vec![] }), Refusal::NothingNamed);
        assert_eq!(refused(&decided, Command::Restore { tracks: vec![t(1)] }), Refusal::NotDiscarded { track: t(1) });
        let nobodys = |decided: &Decided| refused(decided, Command::Lock { tracks: vec![t(9)], identities: vec![] });
        done(&mut decided, &Command::Discard { tracks: vec![t(9)], identities: vec![], reason: DiscardReason::Crowd });
        assert_eq!(nobodys(&decided), Refusal::Nobodys { track: t(9) });
        let itself = Command::Merge { identities: vec![IdentityId(1)], into: IdentityId(1) };
        assert_eq!(refused(&decided, itself), Refusal::Itself { identity: IdentityId(1) });
        done(&mut decided, &Command::Lock { tracks: vec![t(2)], identities: vec![IdentityId(1)] });
        for command in [
            Command::Remove { tracks: vec![t(2)] },
            Command::Remove { tracks: vec![t(4)] },
            Command::Name { identity: IdentityId(1), name: "Ben".into() },
            Command::Merge { identities: vec![IdentityId(1)], into: IdentityId(2) },
            Command::Merge { identities: vec![IdentityId(2)], into: IdentityId(3) },
            Command::Discard { tracks: vec![], identities: vec![IdentityId(2)], reason: DiscardReason::Crowd },
            Command::Split { track: t(1), at: 120 },
        ] {
            let told = refused(&decided, command.clone());
            assert!(matches!(told, Refusal::Locked { .. }), "{command:?}: {told}");
        }
        done(&mut decided, &Command::Unlock { tracks: vec![t(2)], identities: vec![IdentityId(1)] });
        done(&mut decided, &Command::Split { track: t(1), at: 120 });
    }

    #[test]
    fn a_cluster_is_discarded_whole_and_its_tracks_come_back_one_by_one() {
        let mut decided = start();
        let all = Command::Discard { tracks: vec![], identities: vec![IdentityId(2)], reason: DiscardReason::Poster };
        assert_eq!(done(&mut decided, &all).summary, "id_0002 (t2, t5 and 1 more) discarded: a poster");
        assert_eq!((decided.marks.len(), decided.identities.len()), (3, 2));
        done(&mut decided, &Command::Restore { tracks: vec![TrackId(5)] });
        assert_eq!(decided.assignments[&(RUN, TrackId(5))].identity, IdentityId(4));
        done(&mut decided, &Command::Assign { tracks: vec![TrackId(2)], to: Target::Identity(IdentityId(4)) });
        assert_eq!(decided.marks.len(), 1);
    }

    fn commands() -> impl Strategy<Value = Command> {
        let track = || (1u32..14).prop_map(TrackId);
        let tracks = || prop::collection::vec((1u32..14).prop_map(TrackId), 1..3);
        let identity = || (1u32..7).prop_map(IdentityId);
        let target = || {
            prop_oneof![
                (1u32..7).prop_map(|id| Target::Identity(IdentityId(id))),
                prop_oneof![Just("Ava"), Just("Ben R")].prop_map(|n| Target::Person(n.into())),
                Just(Target::New)
            ]
        };
        prop_oneof![
            (identity(), prop_oneof![Just("Ava"), Just("Ben R")])
                .prop_map(|(identity, n)| Command::Name { identity, name: n.into() }),
            (tracks(), target()).prop_map(|(tracks, to)| Command::Assign { tracks, to }),
            (track(), 100u64..400, 1u64..60, target()).prop_map(|(track, from, n, target)| Command::AssignPictures {
                track,
                from,
                to: from + n,
                target
            }),
            (prop::collection::vec((1u32..7).prop_map(IdentityId), 1..3), identity())
                .prop_map(|(identities, into)| Command::Merge { identities, into }),
            tracks().prop_map(|tracks| Command::Remove { tracks }),
            (tracks(), identity(), any::<bool>()).prop_map(|(tracks, id, whole)| Command::Discard {
                tracks,
                identities: if whole { vec![id] } else { vec![] },
                reason: DiscardReason::NotAFace
            }),
            (track(), 100u64..400, 1u64..60).prop_map(|(track, from, n)| Command::DiscardPictures {
                track,
                from,
                to: from + n,
                reason: DiscardReason::Poster
            }),
            tracks().prop_map(|tracks| Command::Restore { tracks }),
            (track(), 100u64..400).prop_map(|(track, at)| Command::Split { track, at }),
            prop::collection::vec((1u32..14).prop_map(TrackId), 2..4).prop_map(|tracks| Command::Join { tracks }),
            (tracks(), identity()).prop_map(|(tracks, id)| Command::Lock { tracks, identities: vec![id] }),
            (tracks(), identity()).prop_map(|(tracks, id)| Command::Unlock { tracks, identities: vec![id] }),
        ]
    }

    /// All that the log leads to, less the numbers that are used up.
    fn state(decided: &Decided) -> String {
        format!("{:?} {:?} {:?} {:?}", decided.assignments, decided.identities, decided.tracks, decided.marks)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_decisions_are_sound_and_undo_and_redo_restore_every_state(list in prop::collection::vec(commands(), 1..40)) {
            let mut decided = start();
            let mut states = vec![state(&decided)];
            let mut plans = Vec::new();
            for command in list {
                let Ok(plan) = plan(&decided, &command) else { continue };
                decided.apply(&plan.kind, &plan.changes).unwrap();
                sound(&decided);
                states.push(state(&decided));
                plans.push(plan);
            }
            for (n, plan) in plans.iter().enumerate().rev() {
                decided.apply(&OperationKind::Undo { of: 1 }, &inverted(&plan.changes)).unwrap();
                prop_assert_eq!(&state(&decided), &states[n]);
            }
            for (n, plan) in plans.iter().enumerate() {
                decided.apply(&OperationKind::Redo { of: 1 }, &plan.changes).unwrap();
                prop_assert_eq!(&state(&decided), &states[n + 1]);
            }
        }

        #[test]
        fn commands_survive_being_written_down(command in commands()) {
            let text = serde_json::to_string(&command).unwrap();
            prop_assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command);
        }
    }
}
