//! What people decided on earlier runs of an episode, in the run of now: brought where its tracks hold it, listed where they do not.
//!
//! What is carried is written, as one operation of the run. What is not is derived whenever somebody asks, from the decisions of all runs of
//! the same video as they stand, and from where their faces are ([ADR 13](../../docs/adr/0013-what-was-not-carried-is-derived.md)): every
//! decision of an earlier run holds in this one, was overruled here later, is in conflict, or is left over.

mod bring;
mod never;
mod open;
mod side;
#[cfg(test)]
mod tests;
mod verdict;

pub use open::{Choice, Hold, OpenDecision, Why};

use super::decisions;
use crate::algo::run_diff::{Pair, Params, Seen, Shared, pairs};
use crate::domain::{
    Author, Change, CropInfo, Decision, Draft, Edit, Fate as FaceFate, OperationKind, Roster, RunId, RunMeta, Spoken, Thresholds,
    TrackId, TrackMap,
};
use crate::pipeline::carry_voices::{self, LostSpeech};
use crate::store::{EpisodeStore, StoreError};
use jiff::Timestamp;
use side::{Key, Side, Since};
use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use verdict::{Fate, Versus};

/// Rounds of bringing names and tracks; two or three are enough for what people decide.
const MOST_ROUNDS: usize = 8;

/// What became of the decisions of earlier runs in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Identities that got a name now.
    pub names: usize,
    /// Tracks that were given to somebody now, discarded, cut or joined.
    pub tracks: usize,
    /// Decisions of earlier runs that hold in this one, brought now or before.
    pub held: usize,
    /// Decisions whose faces are in other hands.
    pub conflicts: usize,
    /// Decisions whose faces are in no track of this run.
    pub leftovers: usize,
}

impl Carried {
    /// Says in a line what was brought; `None` where no earlier run was decided on.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let Self { names, tracks, held, conflicts, leftovers } = *self;
        let counted = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        let brought = format!("{}, {} from earlier runs", counted(names, "name"), counted(tracks, "decided track"));
        (held + conflicts + leftovers > 0).then(|| format!("{brought}; {}", self.open_text()))
    }

    /// Says in a few words how many decisions hold, and how many do not.
    #[must_use]
    pub fn open_text(&self) -> String {
        let Self { held, conflicts, leftovers, .. } = *self;
        if conflicts + leftovers == 0 {
            return if held == 1 { "1 decision holds".into() } else { format!("all {held} decisions hold") };
        }
        let hold = if held == 1 { "holds" } else { "hold" };
        format!("{held} {hold}, {conflicts} in conflict, {leftovers} left over")
    }
}

/// What became of every decision of earlier runs in a run, as it stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CarryReport {
    /// Decisions that hold here.
    pub held: usize,
    /// Decisions that a person overruled here later.
    pub overruled: usize,
    /// Those in conflict and left over, in order of time; also those that a person has done with.
    pub open: Vec<OpenDecision>,
    /// What was decided of speech and nothing of now answers to, by time.
    pub speech: Vec<UnheardSpeech>,
}

/// A decision on speech of an earlier run that nothing of the run of now answers to.
#[derive(Debug, Clone, PartialEq)]
pub struct UnheardSpeech {
    pub run: RunId,
    pub lost: LostSpeech,
    /// Whose it was said to be; absent where that was nobody, or only words were written.
    pub who: Option<String>,
}

impl CarryReport {
    /// Returns how many decisions wait for somebody: in conflict, and left over.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let open = self.open.iter().filter(|o| !o.is_settled);
        let (left, conflicts): (Vec<&OpenDecision>, Vec<&OpenDecision>) = open.partition(|o| o.why == Why::NoFace);
        (conflicts.len(), left.len())
    }
}

/// What carrying reads of an episode, kept as long as it is open: what was measured never changes, and a run is looked at again only where
/// the log went on about it.
#[derive(Debug, Default)]
pub(super) struct Carrying {
    /// Only while they are paired.
    faces: BTreeMap<RunId, Arc<Vec<Seen>>>,
    pairs: BTreeMap<(RunId, RunId), Arc<Vec<Pair>>>,
    common: BTreeMap<(RunId, RunId), Arc<Vec<Pair>>>,
    frames: BTreeMap<RunId, Arc<BTreeMap<TrackId, Vec<u64>>>>,
    crops: BTreeMap<RunId, Arc<Vec<CropInfo>>>,
    since: BTreeMap<RunId, Since>,
    /// The last entry of the log that changes anything of a run.
    changed: BTreeMap<RunId, u64>,
    sides: BTreeMap<RunId, (u64, Arc<Side>)>,
    versus: BTreeMap<(RunId, RunId), Arc<Versus>>,
    spoken: BTreeMap<RunId, (u64, Arc<Spoken>)>,
    /// Whom they were read with.
    roster: Arc<Roster>,
    /// The last entry of the log that it knows.
    seq: u64,
}

/// A run with decisions, and which of them no run before it in the order took over.
struct Source {
    side: Arc<Side>,
    wanted: BTreeSet<Decision>,
}

impl Carrying {
    /// Brings the decisions of all other runs of the same video to `run`, as one operation; none where nothing changes.
    ///
    /// # Errors
    /// Fails where the store cannot be read or written.
    pub(super) fn carry(
        &mut self,
        store: &EpisodeStore,
        roster: &Arc<Roster>,
        params: &Params,
        run: &RunMeta,
        at: Timestamp,
    ) -> Result<Carried, StoreError> {
        let sources = self.sources(store, roster, params, run.id)?;
        if sources.is_empty() {
            return Ok(Carried::default());
        }
        let before = self.side(store, roster, run.id)?;
        let mut after = (*before).clone();
        // What a track is given to decides what most of an identity is, and so who gets a name: until nothing changes any more.
        for _ in 0..MOST_ROUNDS {
            let last = after.view.clone();
            for source in &sources {
                let pairs = self.common(store, params, source.side.run(), run.id)?;
                let wanted = source.wanted.iter().copied().filter(|d| !source.side.is_settled(*d)).collect();
                bring::bring(&source.side, &mut after, &pairs, &wanted);
            }
            if after.view == last {
                break;
            }
        }
        let changes = bring::changes(&before, &after);
        let name = |side: &Side, id| side.view.identities.get(id).and_then(|i| i.name.clone());
        let names = after.view.identities.keys().filter(|id| name(&after, id).is_some() && name(&before, id) != name(&after, id));
        let is_moved = |track: &&TrackId| {
            let of =
                |side: &Side| (side.verdict(**track), side.view.marks.get(track).copied(), side.view.parts.get(track).cloned());
            of(&before) != of(&after)
        };
        let touched: BTreeSet<TrackId> =
            after.view.assignments.keys().chain(after.view.marks.keys()).chain(after.view.parts.keys()).copied().collect();
        let mut carried = Carried { names: names.count(), tracks: touched.iter().filter(is_moved).count(), ..Carried::default() };
        if !changes.is_empty() {
            let from: Vec<String> = sources.iter().map(|s| s.side.run().to_string()).collect();
            let summary = format!("{} names and {} tracks carried over from {}", carried.names, carried.tracks, from.join(", "));
            store.append(Draft { at, author: Author::Pipeline { run: run.id }, kind: OperationKind::Carry, summary, changes })?;
        }
        let report = self.report(store, roster, params, run.id)?;
        carried.held = report.held + report.overruled;
        (carried.conflicts, carried.leftovers) = report.waiting();
        Ok(carried)
    }

    /// Brings whom tracks are not of, before they are grouped: no run says again what somebody denied.
    ///
    /// # Errors
    /// Fails where the store cannot be read or written.
    pub(super) fn carry_nevers(
        &mut self,
        store: &EpisodeStore,
        roster: &Arc<Roster>,
        params: &Params,
        run: &RunMeta,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sources = self.sources(store, roster, params, run.id)?;
        if sources.iter().all(|s| s.side.view.nevers.is_empty()) {
            return Ok(());
        }
        let before = self.side(store, roster, run.id)?;
        let mut after = (*before).clone();
        for source in sources.iter().filter(|s| !s.side.view.nevers.is_empty()) {
            let pairs = self.common(store, params, source.side.run(), run.id)?;
            let shared = Shared::of(&pairs, &source.side.map(), &after.map());
            let wanted = source.wanted.iter().copied().filter(|d| !source.side.is_settled(*d)).collect();
            never::bring(&source.side, &mut after, &shared, &wanted);
        }
        let changes = bring::changes(&before, &after);
        if !changes.is_empty() {
            let summary = format!("who {} tracks are not carried over", changes.len());
            store.append(Draft { at, author: Author::Pipeline { run: run.id }, kind: OperationKind::Carry, summary, changes })?;
        }
        Ok(())
    }

    /// Brings the thresholds that somebody decided last on any run of the same video: a run groups as was decided. Where that was taken back, and
    /// nothing else is decided, what was brought goes again.
    ///
    /// # Errors
    /// Fails where the store cannot be read or written.
    pub(super) fn carry_thresholds(&mut self, store: &EpisodeStore, run: &RunMeta, at: Timestamp) -> Result<(), StoreError> {
        self.follow(store)?;
        let runs = store.runs()?.into_iter().filter(|r| r.video.sha256 == run.video.sha256);
        // Runs that only hold a copy tell nothing: it outlives the decision.
        let decided = |r: RunMeta| Some((self.since.get(&r.id)?.at(Key::Thresholds), r.id)).filter(|(since, _)| *since > 0);
        let last = runs.filter_map(decided).max();
        let to = match last {
            Some((since, from)) => thresholds_of(store, since, from)?,
            None => None,
        };
        let own = store.thresholds()?.get(&run.id).copied();
        if own == to {
            return Ok(());
        }
        let by = to.map_or_else(|| "grouped as the settings say".into(), |to| format!("grouped at {to}"));
        let summary = match last {
            Some((_, from)) => format!("{by}, as {from} is"),
            None => format!("{by}: what was decided on another run is taken back"),
        };
        let change = Change::Thresholds { run: run.id, edit: Edit { from: own, to } };
        let author = Author::Pipeline { run: run.id };
        store.append(Draft { at, author, kind: OperationKind::Carry, summary, changes: vec![change] })?;
        Ok(())
    }

    /// Says what became of every decision of the other runs in `run`, as all of them stand.
    ///
    /// # Errors
    /// Fails where the store cannot be read.
    pub(super) fn report(
        &mut self,
        store: &EpisodeStore,
        roster: &Arc<Roster>,
        params: &Params,
        run: RunId,
    ) -> Result<CarryReport, StoreError> {
        let mut report = CarryReport { speech: self.speech(store, roster, run)?, ..CarryReport::default() };
        let sources = self.sources(store, roster, params, run)?;
        if sources.is_empty() {
            return Ok(report);
        }
        for source in sources {
            let versus = self.versus(store, roster, params, (source.side.run(), run))?;
            let rivals = open::Claims::of(&versus, &source.wanted);
            for decision in &source.wanted {
                match versus.fate(*decision) {
                    Fate::Holds => report.held += 1,
                    Fate::Overruled => report.overruled += 1,
                    Fate::Conflict(conflict) => report.open.push(open::conflict(&versus, &rivals, *decision, &conflict)),
                    Fate::Leftover => report.open.push(open::leftover(&versus, *decision)),
                }
            }
        }
        let mut maps: BTreeMap<RunId, TrackMap> = BTreeMap::new();
        for open in &mut report.open {
            let map = match maps.entry(open.run) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(store.track_map(open.run)?),
            };
            let crops = self.crops(store, open.run)?;
            let own = crops.iter().filter(|c| open.track == Some(map.track(c.track, c.at.frame)));
            open.face = own.max_by(|a, b| a.quality.total.total_cmp(&b.quality.total)).map(CropInfo::key);
        }
        report.open.sort_by_key(|o| (o.is_settled, o.span.map(|s| s.0), o.run, o.decision));
        Ok(report)
    }

    /// Lists what was decided of speech on the newest other run that was, and nothing of `run` answers to.
    fn speech(&mut self, store: &EpisodeStore, roster: &Roster, run: RunId) -> Result<Vec<UnheardSpeech>, StoreError> {
        self.follow(store)?;
        let video = store.run(run)?.video.sha256;
        let runs = store.runs()?;
        for other in runs.iter().rev().filter(|other| other.id != run && other.video.sha256 == video) {
            let then = self.spoken(store, other.id)?;
            if carry_voices::has_decisions(&then) {
                let lost = carry_voices::lost(&then, &*self.spoken(store, run)?);
                let mut identities = if lost.is_empty() { BTreeMap::new() } else { store.identities(other.id)? };
                roster.bring_up(identities.values_mut());
                let called = |id| identities.get(&id).and_then(|i| i.name.clone()).unwrap_or_else(|| id.to_string());
                let told = |lost: LostSpeech| UnheardSpeech { run: other.id, who: lost.identity.map(called), lost };
                return Ok(lost.into_iter().map(told).collect());
            }
        }
        Ok(Vec::new())
    }

    fn spoken(&mut self, store: &EpisodeStore, run: RunId) -> Result<Arc<Spoken>, StoreError> {
        let seq = self.changed.get(&run).copied().unwrap_or_default();
        if let Some((read, known)) = self.spoken.get(&run)
            && *read == seq
        {
            return Ok(known.clone());
        }
        let read = Arc::new(store.spoken(run)?);
        self.spoken.insert(run, (seq, read.clone()));
        Ok(read)
    }

    /// Returns the other runs of the same video that were decided on, the one that was decided on last first, each with the decisions that
    /// it is the one to tell. Of a decision that was carried from run to run that is the run in which a person made it, so that it
    /// counts once, and one that found no place in the next run is looked for in the one after; where people decided the same
    /// or something else later on another run, it is that one.
    fn sources(
        &mut self,
        store: &EpisodeStore,
        roster: &Arc<Roster>,
        params: &Params,
        run: RunId,
    ) -> Result<Vec<Source>, StoreError> {
        self.follow(store)?;
        let video = store.run(run)?.video.sha256;
        let mut runs: Vec<RunId> = Vec::new();
        for other in store.runs()? {
            let is_decided = self.since.get(&other.id).is_some_and(|s| s.last > 0);
            if other.id != run && other.video.sha256 == video && is_decided {
                runs.push(other.id);
            }
        }
        // Nothing more is read of an episode that has but one run.
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        runs.sort_by_key(|id| Reverse((self.since.get(id).map(|s| s.last), *id)));
        let count = runs.len();
        runs.push(run);
        let mut sources: Vec<Source> = Vec::new();
        for (at, id) in runs.iter().enumerate().take(count) {
            let side = self.side(store, roster, *id)?;
            let mut wanted = side.decisions();
            for (other_at, other) in runs.iter().enumerate().filter(|(other, _)| *other != at) {
                let versus = self.versus(store, roster, params, (*id, *other))?;
                wanted.retain(|decision| {
                    let made_there = versus.made_there(*decision) > 0;
                    let fate = versus.fate(*decision);
                    if side.since(*decision) == 0 {
                        // A copy: whoever made it tells it, and whoever decided otherwise since; where it was taken back, the copy that was
                        // made last.
                        return !made_there && fate != Fate::Overruled && (other_at > at || fate != Fate::Holds);
                    }
                    other_at > at
                        || match fate {
                            Fate::Holds => !made_there,
                            Fate::Overruled => false,
                            Fate::Conflict(_) | Fate::Leftover => true,
                        }
                });
            }
            if !wanted.is_empty() {
                sources.push(Source { side, wanted });
            }
        }
        // By now all are paired.
        self.faces.clear();
        Ok(sources)
    }

    /// Returns the other runs of an episode, the one to compare with first: of the same video and decided on last, then the newest.
    pub(super) fn others(&mut self, store: &EpisodeStore, run: RunId) -> Result<Vec<RunId>, StoreError> {
        self.follow(store)?;
        let video = store.run(run)?.video.sha256;
        let mut others: Vec<RunMeta> = store.runs()?.into_iter().filter(|r| r.id != run && r.finished_at.is_some()).collect();
        let last = |r: &RunMeta| self.since.get(&r.id).map_or(0, |s| s.last);
        others.sort_by_key(|r| Reverse((r.video.sha256 == video, last(r), r.id)));
        Ok(others.into_iter().map(|r| r.id).collect())
    }

    /// Returns the last entry of the log that changes anything of a run, whoever made it.
    pub(super) fn changed(&mut self, store: &EpisodeStore, run: RunId) -> Result<u64, StoreError> {
        self.follow(store)?;
        Ok(self.changed.get(&run).copied().unwrap_or_default())
    }

    /// Returns what crops a run kept, read once.
    fn crops(&mut self, store: &EpisodeStore, run: RunId) -> Result<Arc<Vec<CropInfo>>, StoreError> {
        if let Some(known) = self.crops.get(&run) {
            return Ok(known.clone());
        }
        let crops = Arc::new(store.crops(run)?);
        self.crops.insert(run, crops.clone());
        Ok(crops)
    }

    fn follow(&mut self, store: &EpisodeStore) -> Result<(), StoreError> {
        for operation in store.operations_since(self.seq)? {
            Since::follow(&mut self.since, &operation);
            self.changed.extend(operation.changes.iter().map(|change| (side::run_of(change), operation.seq)));
            self.seq = operation.seq;
        }
        Ok(())
    }

    /// Returns a run as it stands, read again where the log went on about it.
    fn side(&mut self, store: &EpisodeStore, roster: &Arc<Roster>, run: RunId) -> Result<Arc<Side>, StoreError> {
        self.follow(store)?;
        if self.roster != *roster {
            self.roster = roster.clone();
            self.sides.clear();
        }
        let seq = self.changed.get(&run).copied().unwrap_or_default();
        if let Some((read, side)) = self.sides.get(&run)
            && *read == seq
        {
            return Ok(side.clone());
        }
        let view = decisions::view(store, run, roster.clone())?;
        let frames = match self.frames.get(&run) {
            Some(frames) => frames.clone(),
            None => self.read_frames(store, run)?,
        };
        let since = self.since.get(&run).cloned().unwrap_or_default();
        let side = Arc::new(Side { view, frames, since, roster: roster.clone() });
        self.sides.insert(run, (seq, side.clone()));
        Ok(side)
    }

    /// Returns what became of the decisions of one run in another, worked out again where one of them changed.
    fn versus(
        &mut self,
        store: &EpisodeStore,
        roster: &Arc<Roster>,
        params: &Params,
        (old, new): (RunId, RunId),
    ) -> Result<Arc<Versus>, StoreError> {
        let (then, now) = (self.side(store, roster, old)?, self.side(store, roster, new)?);
        if let Some(known) = self.versus.get(&(old, new))
            && Arc::ptr_eq(&known.then, &then)
            && Arc::ptr_eq(&known.now, &now)
        {
            return Ok(known.clone());
        }
        let pairs = self.common(store, params, old, new)?;
        let versus = Arc::new(Versus::new(then, now, pairs, params.stray));
        self.versus.insert((old, new), versus.clone());
        Ok(versus)
    }

    fn read_frames(&mut self, store: &EpisodeStore, run: RunId) -> Result<Arc<BTreeMap<TrackId, Vec<u64>>>, StoreError> {
        let mut frames: BTreeMap<TrackId, Vec<u64>> = BTreeMap::new();
        for seen in &*self.faces(store, run)? {
            frames.entry(seen.tracklet).or_default().push(seen.at.frame);
        }
        for own in frames.values_mut() {
            own.sort_unstable();
        }
        let frames = Arc::new(frames);
        self.frames.insert(run, frames.clone());
        Ok(frames)
    }

    /// Returns the faces of a run that are in tracks, as they were measured.
    fn faces(&mut self, store: &EpisodeStore, run: RunId) -> Result<Arc<Vec<Seen>>, StoreError> {
        if let Some(known) = self.faces.get(&run) {
            return Ok(known.clone());
        }
        let read = Arc::new(faces(store, run)?);
        self.faces.insert(run, read.clone());
        Ok(read)
    }

    /// Returns the faces that two runs have in common, whichever of the two looked at a picture: alike in both directions, so that what was
    /// carried one way is found again the other way.
    fn common(&mut self, store: &EpisodeStore, params: &Params, old: RunId, new: RunId) -> Result<Arc<Vec<Pair>>, StoreError> {
        if let Some(known) = self.common.get(&(old, new)) {
            return Ok(known.clone());
        }
        let back = self.pairs(store, params, new, old)?;
        let mut all = self.pairs(store, params, old, new)?.to_vec();
        all.extend(back.iter().map(|p| Pair { at: p.at, old: p.new, new: p.old }));
        all.sort_by_key(|p| (p.at, p.old, p.new));
        all.dedup();
        let mut turned: Vec<Pair> = all.iter().map(|p| Pair { at: p.at, old: p.new, new: p.old }).collect();
        turned.sort_by_key(|p| (p.at, p.old, p.new));
        self.common.insert((new, old), Arc::new(turned));
        let all = Arc::new(all);
        self.common.insert((old, new), all.clone());
        Ok(all)
    }

    /// Returns the faces of a new run that an old one has too, read once.
    pub(super) fn pairs(
        &mut self,
        store: &EpisodeStore,
        params: &Params,
        old: RunId,
        new: RunId,
    ) -> Result<Arc<Vec<Pair>>, StoreError> {
        if let Some(known) = self.pairs.get(&(old, new)) {
            return Ok(known.clone());
        }
        let (there, here) = (self.faces(store, old)?, self.faces(store, new)?);
        let found = Arc::new(pairs(params, &there, &here));
        self.pairs.insert((old, new), found.clone());
        Ok(found)
    }
}

/// Returns what an entry of the log decides about the thresholds of a run; `None` for those of the settings.
fn thresholds_of(store: &EpisodeStore, seq: u64, run: RunId) -> Result<Option<Thresholds>, StoreError> {
    let changes = store.operation(seq)?.map(|operation| operation.changes).unwrap_or_default();
    let to = changes.into_iter().find_map(|change| match change {
        Change::Thresholds { run: of, edit } if of == run => Some(edit.to),
        _ => None,
    });
    Ok(to.flatten())
}

/// Returns the faces of a run that are in tracks, as they were measured.
pub(super) fn faces(store: &EpisodeStore, run: RunId) -> Result<Vec<Seen>, StoreError> {
    let mut seen = Vec::new();
    for shot in store.shots(run)? {
        for face in store.faces(run, shot.id)? {
            if let FaceFate::Tracked(tracklet) = face.fate {
                seen.push(Seen { at: face.at, bbox: face.detection.bbox, tracklet });
            }
        }
    }
    Ok(seen)
}
