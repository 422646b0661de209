//! Carries what people decided on one run to another by where and when faces were seen.

use super::State;
use crate::domain::{
    Assignment, Author, BBox, Change, DiscardReason, Draft, Edit, Fate, Identity, IdentityId, Mark, Method, Never, Operation,
    OperationKind, PersonId, RunId, RunMeta, Source, TrackId,
};
use crate::store::{EpisodeStore, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Overlap of two boxes of one picture that makes them one face.
const SAME_FACE_IOU: f32 = 0.5;

/// What was carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Identities that got a name.
    pub names: usize,
    /// Tracks that were given to somebody, or discarded.
    pub tracks: usize,
    /// Decided tracks of the run before whose faces are in no one track of this one; the run before keeps them.
    pub lost: usize,
}

/// Brings decisions on the active run to `run`: names of identities, whose a track is, discarded tracks. Names that a run proposes are no
/// decisions.
///
/// A decision goes where more than half of the boxes that both runs saw (IoU 0.5) carry it. What a person decided on `run` itself
/// stays unless the other decision is later in the log; locks stay. Nothing happens where `run` is the active run, or saw
/// another video.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn carry(store: &EpisodeStore, run: &RunMeta, at: Timestamp) -> Result<Carried, StoreError> {
    let Some(active) = store.active_run()?.filter(|r| *r != run.id) else { return Ok(Carried::default()) };
    if store.run(active)?.video.sha256 != run.video.sha256 {
        return Ok(Carried::default());
    }
    let log = store.operations()?;
    let (then, now) = (Side::read(store, active, &log)?, Side::read(store, run.id, &log)?);
    if !then.has_decisions() {
        return Ok(Carried::default());
    }
    let shared = Shared::of(&boxes(store, active)?, &boxes(store, run.id)?);
    let (after, marks, carried) = bring(&then, &now, &shared, store.next_identity_id(run.id)?);
    let mut changes = now.state.changes_to(&after, run);
    for (track, mark) in marks {
        let edit = Edit { from: now.marks.get(&track).copied(), to: mark };
        changes.extend((edit.from != edit.to).then_some(Change::Mark { run: run.id, track, edit }));
    }
    if !changes.is_empty() {
        let summary = format!("{} names and {} tracks carried over from {active}", carried.names, carried.tracks);
        store.append(Draft { at, author: Author::Pipeline { run: run.id }, kind: OperationKind::Carry, summary, changes })?;
    }
    Ok(carried)
}

/// Brings to `run` whom tracks of the active run are not of, before they are grouped: what more than half of the boxes that both runs saw
/// carry. Returns how many tracks that is.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn carry_nevers(store: &EpisodeStore, run: &RunMeta, at: Timestamp) -> Result<usize, StoreError> {
    let Some(active) = store.active_run()?.filter(|r| *r != run.id) else { return Ok(0) };
    if store.nevers(active)?.is_empty() || store.run(active)?.video.sha256 != run.video.sha256 {
        return Ok(0);
    }
    let log = store.operations()?;
    let (then, now) = (Side::read(store, active, &log)?, Side::read(store, run.id, &log)?);
    let shared = Shared::of(&boxes(store, active)?, &boxes(store, run.id)?);
    let brought = nevers(&then, &now, &shared);
    let tracks = brought.keys().map(|key| key.0).collect::<BTreeSet<_>>().len();
    let change =
        |((track, person), never)| Change::Never { run: run.id, track, person, edit: Edit { from: None, to: Some(never) } };
    let changes: Vec<Change> = brought.into_iter().map(change).collect();
    if !changes.is_empty() {
        let summary = format!("who {tracks} tracks are not carried over from {active}");
        store.append(Draft { at, author: Author::Pipeline { run: run.id }, kind: OperationKind::Carry, summary, changes })?;
    }
    Ok(tracks)
}

/// What is decided on one run, and since which entry of the log.
#[derive(Debug, Default)]
struct Side {
    state: State,
    marks: BTreeMap<TrackId, Mark>,
    nevers: BTreeMap<(TrackId, PersonId), Never>,
    /// The last entry by which a person decided on a track.
    tracks_at: BTreeMap<TrackId, u64>,
    identities_at: BTreeMap<IdentityId, u64>,
}

impl Side {
    fn read(store: &EpisodeStore, run: RunId, log: &[Operation]) -> Result<Self, StoreError> {
        let state = State { assignments: store.assignments(run)?, identities: store.identities(run)? };
        let mut side = Self { state, marks: store.marks(run)?, nevers: store.nevers(run)?, ..Self::default() };
        for operation in log.iter().filter(|o| matches!(o.author, Author::User { .. })) {
            for change in &operation.changes {
                match change {
                    Change::Assign { run: of, track, .. } | Change::Mark { run: of, track, .. } if *of == run => {
                        side.tracks_at.insert(*track, operation.seq);
                    }
                    Change::Identity { run: of, id, .. } if *of == run => {
                        side.identities_at.insert(*id, operation.seq);
                    }
                    _ => {}
                }
            }
        }
        Ok(side)
    }

    fn has_decisions(&self) -> bool {
        let named = self.state.identities.values().any(is_named);
        named || !self.marks.is_empty() || self.state.assignments.values().any(|a| a.source != Source::Proposed)
    }

    /// Returns what was decided on a track, if anything.
    fn verdict(&self, track: TrackId) -> Option<Verdict> {
        if let Some(mark) = self.marks.get(&track) {
            return Some(Verdict::Discarded(mark.discarded));
        }
        let a = self.state.assignments.get(&track)?;
        (a.source != Source::Proposed || a.locked).then_some(Verdict::Of(a.identity))
    }

    fn decided_at(&self, track: TrackId) -> u64 {
        self.tracks_at.get(&track).copied().unwrap_or_default()
    }
}

/// Tells whether somebody decided who an identity is.
fn is_named(identity: &Identity) -> bool {
    identity.name.is_some() && identity.source != Source::Proposed
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Discarded(DiscardReason),
    Of(IdentityId),
}

/// How many boxes each pair of tracks of two runs shares: new track, then old track.
#[derive(Debug, Default)]
struct Shared(BTreeMap<TrackId, BTreeMap<TrackId, usize>>);

/// Boxes of a run by picture, each with its track.
type Boxes = BTreeMap<u64, Vec<(BBox, TrackId)>>;

impl Shared {
    fn of(old: &Boxes, new: &Boxes) -> Self {
        let mut shared = Self::default();
        for (frame, here) in new {
            let Some(there) = old.get(frame) else { continue };
            for (bbox, track) in here {
                let best = there.iter().map(|(b, t)| (b.iou(bbox), *t)).max_by(|a, b| a.0.total_cmp(&b.0));
                if let Some((iou, other)) = best
                    && iou >= SAME_FACE_IOU
                {
                    *shared.0.entry(*track).or_default().entry(other).or_default() += 1;
                }
            }
        }
        shared
    }

    /// Returns what more than half of the boxes that `tracks` share with old ones say, with their share; a box without a say counts.
    fn majority<T: Ord + Copy>(&self, tracks: &[TrackId], say: impl Fn(TrackId) -> Option<T>) -> Option<(T, f32)> {
        let (mut votes, mut all) = (BTreeMap::<T, usize>::new(), 0);
        for (old, boxes) in tracks.iter().filter_map(|t| self.0.get(t)).flatten() {
            all += boxes;
            if let Some(said) = say(*old) {
                *votes.entry(said).or_default() += boxes;
            }
        }
        let (said, n) = votes.into_iter().max_by_key(|(_, n)| *n)?;
        (n * 2 > all).then_some((said, n as f32 / all as f32))
    }
}

fn boxes(store: &EpisodeStore, run: RunId) -> Result<Boxes, StoreError> {
    let map = store.track_map(run)?;
    let mut boxes: Boxes = BTreeMap::new();
    for shot in store.shots(run)? {
        for face in store.faces(run, shot.id)? {
            if let Fate::Tracked(track) = map.face(face).fate {
                boxes.entry(face.at.frame).or_default().push((face.detection.bbox, track));
            }
        }
    }
    Ok(boxes)
}

/// Returns whom tracks of this run are not of because most of their boxes were said not to be theirs; where somebody gave the track to
/// them here, that stands.
fn nevers(then: &Side, now: &Side, shared: &Shared) -> BTreeMap<(TrackId, PersonId), Never> {
    let people: BTreeSet<PersonId> = then.nevers.keys().map(|key| key.1).collect();
    let mut brought = BTreeMap::new();
    for track in shared.0.keys() {
        for person in &people {
            let theirs = now.state.assignments.get(track).filter(|a| a.source != Source::Proposed);
            let is_theirs = theirs.and_then(|a| now.state.identities.get(&a.identity)).is_some_and(|i| i.person == Some(*person));
            let said = shared.majority(&[*track], |old| then.nevers.contains_key(&(old, *person)).then_some(()));
            if said.is_some() && !is_theirs && !now.nevers.contains_key(&(*track, *person)) {
                brought.insert((*track, *person), Never { source: Source::Carried });
            }
        }
    }
    brought
}

/// Works out the state with the decisions of `then`, the marks that change, and what that comes to.
fn bring(then: &Side, now: &Side, shared: &Shared, mut next: IdentityId) -> (State, BTreeMap<TrackId, Option<Mark>>, Carried) {
    let mut after = now.state.clone();
    let mut carried = Carried::default();
    let members = |state: &State, id: IdentityId| -> Vec<TrackId> {
        state.assignments.iter().filter(|(_, a)| a.identity == id).map(|(t, _)| *t).collect()
    };
    let was = |old: TrackId| then.state.assignments.get(&old).map(|a| a.identity);

    let mut meant: BTreeMap<IdentityId, IdentityId> = BTreeMap::new();
    for (id, identity) in &mut after.identities {
        let Some((old, _)) = shared.majority(&members(&now.state, *id), was) else { continue };
        let Some(from) = then.state.identities.get(&old) else { continue };
        if !is_named(from) {
            meant.entry(old).or_insert(*id);
            continue;
        }
        let since = |side: &Side, id: IdentityId| side.identities_at.get(&id).copied().unwrap_or_default();
        let is_later = !is_named(identity) || since(then, old) > since(now, *id);
        if identity.locked || !is_later || (&identity.name, identity.person) == (&from.name, from.person) {
            continue;
        }
        *identity = Identity { name: from.name.clone(), person: from.person, source: Source::Carried, ..identity.clone() };
        carried.names += 1;
    }

    let mut marks = BTreeMap::new();
    let mut met: BTreeSet<TrackId> = BTreeSet::new();
    for (track, old_tracks) in &shared.0 {
        let Some((verdict, share)) = shared.majority(&[*track], |old| then.verdict(old)) else { continue };
        let from: Vec<TrackId> = old_tracks.keys().copied().filter(|old| then.verdict(*old) == Some(verdict)).collect();
        met.extend(&from);
        let since = from.iter().map(|old| then.decided_at(*old)).max().unwrap_or_default();
        let own = now.state.assignments.get(track);
        let held = own.is_some_and(|a| a.locked || now.state.identities.get(&a.identity).is_some_and(|i| i.locked));
        if held || (now.verdict(*track).is_some() && since <= now.decided_at(*track)) {
            continue;
        }
        match verdict {
            Verdict::Discarded(reason) => {
                after.assignments.remove(track);
                marks.insert(*track, Some(Mark { discarded: reason }));
                carried.tracks += usize::from(now.marks.get(track) != Some(&Mark { discarded: reason }));
            }
            Verdict::Of(old) => {
                let to = match counterpart(&after, then.state.identities.get(&old), meant.get(&old)) {
                    Some(id) => id,
                    None => {
                        let id = next;
                        next = IdentityId(id.0 + 1);
                        meant.insert(old, id);
                        let (name, person) = then.state.identities.get(&old).map_or((None, None), |i| (i.name.clone(), i.person));
                        let made =
                            Identity { id, label: None, name, person, source: Source::Carried, alone: None, locked: false };
                        after.identities.insert(id, made);
                        id
                    }
                };
                let locked = from.iter().any(|old| then.state.assignments.get(old).is_some_and(|a| a.locked));
                let brought = Assignment {
                    identity: to,
                    source: Source::Carried,
                    method: Method::Overlap,
                    score: share,
                    threshold: 0.5,
                    locked,
                };
                carried.tracks += usize::from(own != Some(&brought));
                after.assignments.insert(*track, brought);
                marks.insert(*track, None);
            }
        }
    }
    let decided = then.marks.keys().chain(then.state.assignments.keys()).filter(|t| then.verdict(**t).is_some());
    carried.lost = decided.filter(|t| !met.contains(t)).count();

    let used: BTreeSet<IdentityId> = after.assignments.values().map(|a| a.identity).collect();
    let emptied = |id: &IdentityId| !used.contains(id) && !members(&now.state, *id).is_empty();
    after.identities.retain(|id, i| i.name.is_some() || i.label.is_some() || i.locked || !emptied(id));
    (after, marks, carried)
}

/// Finds the identity that stands for one of the other run: the same person, or the one that shares most of its boxes.
fn counterpart(after: &State, old: Option<&Identity>, meant: Option<&IdentityId>) -> Option<IdentityId> {
    let same = |i: &Identity| match old.and_then(|o| o.person) {
        Some(person) => i.person == Some(person),
        None => old.is_some_and(|o| o.name.is_some() && o.name == i.name),
    };
    let known = after.identities.values().find(|i| same(i)).map(|i| i.id);
    known.or_else(|| meant.copied().filter(|id| after.identities.contains_key(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PersonId;

    fn identity(id: u32, name: Option<&str>) -> (IdentityId, Identity) {
        let person = name.map(|n| PersonId(u32::from(n.as_bytes()[0])));
        let source = if name.is_some() { Source::Confirmed } else { Source::Proposed };
        let id = IdentityId(id);
        (id, Identity { id, label: None, name: name.map(str::to_owned), person, source, alone: None, locked: false })
    }

    fn assigned(track: u32, identity: u32, source: Source) -> (TrackId, Assignment) {
        let identity = IdentityId(identity);
        (TrackId(track), Assignment { identity, source, method: Method::Cluster, score: 0.9, threshold: 0.4, locked: false })
    }

    fn side(identities: &[(u32, Option<&str>)], tracks: &[(u32, u32, Source)]) -> Side {
        let state = State {
            identities: identities.iter().map(|(id, name)| identity(*id, *name)).collect(),
            assignments: tracks.iter().map(|(t, id, source)| assigned(*t, *id, *source)).collect(),
        };
        Side { state, ..Side::default() }
    }

    /// New track, old track, boxes.
    fn shared(pairs: &[(u32, u32, usize)]) -> Shared {
        let mut shared = Shared::default();
        for (new, old, n) in pairs {
            shared.0.entry(TrackId(*new)).or_default().insert(TrackId(*old), *n);
        }
        shared
    }

    #[test]
    fn boxes_are_one_face_where_they_overlap_by_half() {
        let at = |x: f32, track: u32| (BBox::new(x, 0.0, x + 10.0, 10.0), TrackId(track));
        let old = BTreeMap::from([(0, vec![at(0.0, 1), at(50.0, 2)]), (3, vec![at(0.0, 1)])]);
        let new = BTreeMap::from([(0, vec![at(1.0, 7)]), (3, vec![at(8.0, 7)]), (6, vec![at(1.0, 7)])]);
        assert_eq!(Shared::of(&old, &new).0, shared(&[(7, 1, 1)]).0);
    }

    #[test]
    fn a_name_goes_to_whoever_shares_most_of_its_boxes() {
        use Source::Proposed;
        let then = side(&[(1, Some("Ava")), (2, None)], &[(1, 1, Proposed), (2, 2, Proposed)]);
        let now = side(&[(5, None), (6, None)], &[(7, 5, Proposed), (8, 6, Proposed), (9, 6, Proposed)]);
        let (after, _, carried) = bring(&then, &now, &shared(&[(7, 1, 9), (7, 2, 8), (8, 1, 5), (9, 2, 5)]), IdentityId(7));
        assert_eq!(after.identities[&IdentityId(5)].name.as_deref(), Some("Ava"));
        assert_eq!(after.identities[&IdentityId(6)].name, None, "half is no majority");
        assert_eq!(carried, Carried { names: 1, tracks: 0, lost: 0 });
    }

    #[test]
    fn a_track_goes_to_the_person_it_was_given_to_and_a_discarded_one_stays_out() {
        use Source::{Confirmed, Proposed};
        let mut then = side(&[(1, Some("Ava")), (2, Some("Ben"))], &[(1, 1, Proposed), (2, 2, Confirmed)]);
        then.marks.insert(TrackId(3), Mark { discarded: DiscardReason::Poster });
        let now = side(&[(5, None), (6, None)], &[(7, 5, Proposed), (8, 5, Proposed), (9, 6, Proposed)]);
        let (after, marks, carried) = bring(&then, &now, &shared(&[(7, 1, 20), (8, 2, 9), (9, 3, 4)]), IdentityId(7));
        assert_eq!(after.identities[&IdentityId(5)].name.as_deref(), Some("Ava"));
        let ben = after.assignments[&TrackId(8)];
        assert_eq!((ben.identity, ben.source, ben.method), (IdentityId(7), Source::Carried, Method::Overlap));
        assert_eq!(after.identities[&IdentityId(7)].name.as_deref(), Some("Ben"));
        assert_eq!(marks[&TrackId(9)], Some(Mark { discarded: DiscardReason::Poster }));
        assert!(!after.assignments.contains_key(&TrackId(9)) && !after.identities.contains_key(&IdentityId(6)));
        assert_eq!(carried, Carried { names: 1, tracks: 2, lost: 0 });
    }

    #[test]
    fn whom_a_track_is_not_of_goes_with_its_boxes_and_a_name_that_a_run_proposed_does_not() {
        use Source::{Confirmed, Proposed};
        let mut then = side(&[(1, Some("Ava"))], &[(1, 1, Proposed), (2, 1, Proposed)]);
        then.state.identities.values_mut().for_each(|i| i.source = Proposed);
        then.nevers.insert((TrackId(1), PersonId(7)), Never { source: Confirmed });
        assert!(!then.has_decisions());
        let now = side(&[(5, None)], &[(7, 5, Proposed), (8, 5, Proposed)]);
        let shared = shared(&[(7, 1, 5), (8, 1, 3), (8, 2, 4)]);
        assert_eq!(nevers(&then, &now, &shared), [((TrackId(7), PersonId(7)), Never { source: Source::Carried })].into());
        let (after, _, carried) = bring(&then, &now, &shared, IdentityId(6));
        assert_eq!(after.identities[&IdentityId(5)].name, None);
        assert_eq!(carried, Carried::default());
    }

    #[test]
    fn the_later_of_two_decisions_stands_and_what_is_seen_no_more_is_counted() {
        use Source::Confirmed;
        let mut then = side(&[(1, Some("Ava")), (2, Some("Ben"))], &[(1, 1, Confirmed), (2, 2, Confirmed), (3, 2, Confirmed)]);
        then.tracks_at = [(TrackId(1), 4), (TrackId(2), 9), (TrackId(3), 9)].into();
        let mut now = side(&[(5, Some("Ava")), (6, Some("Ben"))], &[(7, 6, Confirmed), (8, 5, Confirmed)]);
        now.tracks_at = [(TrackId(7), 6), (TrackId(8), 6)].into();
        let (after, _, carried) = bring(&then, &now, &shared(&[(7, 1, 5), (8, 2, 5)]), IdentityId(7));
        assert_eq!(after.assignments[&TrackId(7)].identity, IdentityId(6), "decided here after it was decided there");
        assert_eq!(after.assignments[&TrackId(8)].identity, IdentityId(6), "decided there after it was decided here");
        assert_eq!(carried, Carried { names: 0, tracks: 1, lost: 1 });
    }
}
