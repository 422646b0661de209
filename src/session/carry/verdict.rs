//! What became of every decision of one run in another: exactly one of four things. Pure.

use super::side::{Key, Side, Verdict, Who};
use crate::algo::run_diff::{Pair, Piece, Shared};
use crate::domain::{Decision, IdentityId, PersonId, ShotId, TrackId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What became of a decision of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It holds in this run.
    Holds,
    /// A person decided otherwise in this run, and later.
    Overruled,
    /// Some or all of its faces are in other hands, and nobody decided so.
    Conflict(Conflict),
    /// No track of this run has its faces.
    Leftover,
}

/// What stands against a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conflict {
    /// Tracks of this run that have its faces, and are somebody else's: with how much they share.
    OtherHands(Vec<(TrackId, Piece)>),
    /// Its faces are where they belong, but its label or lock is not.
    NotHeld(Vec<IdentityId>),
    /// Tracks of this run that reach over the cut.
    NotCut(Vec<TrackId>),
    /// Tracks of one shot that are apart.
    NotJoined(Vec<TrackId>),
}

/// Two runs, and what they have in common as they are cut and joined now.
#[derive(Debug)]
pub(super) struct Versus {
    pub(super) then: Arc<Side>,
    pub(super) now: Arc<Side>,
    pairs: Arc<Vec<Pair>>,
    pub(super) shared: Shared,
    /// Who the identities of then are, and those of now; the first of now for everybody.
    then_who: BTreeMap<IdentityId, Who>,
    now_who: BTreeMap<IdentityId, Who>,
    now_ids: BTreeMap<Who, IdentityId>,
    /// The identity of now that an unnamed one of then is: the one that has most of its faces.
    counterparts: BTreeMap<IdentityId, IdentityId>,
    members: BTreeMap<IdentityId, Vec<TrackId>>,
    stray: f64,
    /// What became of every decision of then, and when a person made the same on the other run.
    fates: BTreeMap<Decision, (Fate, u64)>,
}

impl Versus {
    pub(super) fn new(then: Arc<Side>, now: Arc<Side>, pairs: Arc<Vec<Pair>>, stray: f64) -> Self {
        let shared = Shared::of(&pairs, &then.map(), &now.map());
        let members = then.all_members();
        let whos = |side: &Side| side.view.identities.keys().map(|id| (*id, side.who(*id))).collect::<BTreeMap<_, _>>();
        let (then_who, now_who) = (whos(&then), whos(&now));
        let now_ids = now_who.iter().rev().map(|(id, who)| (who.clone(), *id)).collect();
        let is_unnamed = |id: &IdentityId| then_who.get(id).is_none_or(|who| matches!(who, Who::Unnamed(_)));
        let mut counterparts = BTreeMap::new();
        for (id, tracks) in members.iter().filter(|(id, _)| is_unnamed(id)) {
            let mut faces: BTreeMap<IdentityId, u64> = BTreeMap::new();
            for (new, piece) in tracks.iter().filter_map(|t| shared.by_old.get(t)).flatten() {
                if let Some(a) = now.view.assignments.get(new) {
                    *faces.entry(a.identity).or_default() += u64::from(piece.faces);
                }
            }
            let most = faces.into_iter().max_by_key(|(id, n)| (*n, std::cmp::Reverse(*id)));
            counterparts.extend(most.map(|(to, _)| (*id, to)));
        }
        let fates = BTreeMap::new();
        let mut versus = Self { then, now, pairs, shared, then_who, now_who, now_ids, counterparts, members, stray, fates };
        let all = versus.then.decisions().into_iter();
        versus.fates = all.map(|decision| (decision, (versus.work_out(decision), versus.find_made(decision)))).collect();
        versus
    }

    /// Returns what became of a decision of then.
    pub(super) fn fate(&self, decision: Decision) -> Fate {
        self.fates.get(&decision).map_or(Fate::Leftover, |known| known.0.clone())
    }

    /// Returns the entry of the log by which a person decided the same on the other run, for any of its faces; 0 for nobody.
    pub(super) fn made_there(&self, decision: Decision) -> u64 {
        self.fates.get(&decision).map_or(0, |known| known.1)
    }

    fn who_then(&self, id: IdentityId) -> Who {
        self.then_who.get(&id).cloned().unwrap_or(Who::Unnamed(id))
    }

    fn is_named_now(&self, id: IdentityId, who: &Who) -> bool {
        self.now_who.get(&id) == Some(who)
    }

    /// Returns the identity of now that one of then is, where there is one.
    pub(super) fn counterpart(&self, old: IdentityId) -> Option<IdentityId> {
        match self.who_then(old) {
            Who::Unnamed(_) => self.counterparts.get(&old).copied(),
            who => self.now_ids.get(&who).copied(),
        }
    }

    fn work_out(&self, decision: Decision) -> Fate {
        let since = self.then.since(decision);
        match decision {
            Decision::Track(track) => self.of_track(track, since),
            Decision::Identity(id) => self.of_identity(id, since),
            Decision::Cut { tracklet, at } => self.of_cut(tracklet, at, since),
            Decision::Join(track) => self.of_join(track, since),
            Decision::Never { track, person } => self.of_never(track, person, since),
        }
    }

    fn find_made(&self, decision: Decision) -> u64 {
        let at = &self.now.since;
        let tracks =
            |old: &TrackId| self.shared.by_old.get(old).into_iter().flat_map(BTreeMap::keys).copied().collect::<Vec<_>>();
        let found = match decision {
            Decision::Track(track) => {
                let Some(verdict) = self.then.verdict(track) else { return 0 };
                // Which unnamed identity of one run is which of another is not known so well: any that was decided will do.
                let is_unnamed =
                    |v: Verdict, side: &Side| matches!(v, Verdict::Of(id) if matches!(side.who(id), Who::Unnamed(_)));
                let is_it = |new: &TrackId| {
                    let both =
                        is_unnamed(verdict, &self.then) && self.now.verdict(*new).is_some_and(|own| is_unnamed(own, &self.now));
                    both || self.agrees(verdict, *new)
                };
                tracks(&track).into_iter().filter(is_it).map(|new| at.at(Key::Track(new))).max()
            }
            // Wherever its tracks are by now: the same name that a person gave is the one that was carried.
            Decision::Identity(id) if !matches!(self.who_then(id), Who::Unnamed(_)) => {
                let who = self.who_then(id);
                let same = self.now_who.iter().filter(|(_, own)| **own == who).map(|(new, _)| new);
                same.map(|new| at.at(Key::Name(*new)).max(at.at(Key::Hold(*new)))).max()
            }
            Decision::Identity(id) => {
                let members = self.members.get(&id).into_iter().flatten().flat_map(tracks);
                let same = members.filter(|new| self.is_same(id, *new)).filter_map(|new| self.now.view.assignments.get(&new));
                same.map(|a| at.at(Key::Name(a.identity)).max(at.at(Key::Hold(a.identity)))).max()
            }
            Decision::Cut { tracklet, at: frame } => {
                let [before, after] = beside_cut(&self.then, &self.now, &self.pairs, tracklet, frame);
                // Also where the tracks of one run go over into one another at other pictures: a cut there is the same cut.
                let ends = |new: &TrackId| self.now.view.parts.get(new).is_some_and(|p| p.0.iter().any(|p| p.to == frame));
                let begins = |new: &TrackId| self.now.view.parts.get(new).is_some_and(|p| p.0.iter().any(|p| p.from == frame));
                let beside = before.iter().filter(|t| ends(t)).chain(after.iter().filter(|t| begins(t)));
                beside.map(|new| at.at(Key::Parts(*new))).max()
            }
            Decision::Never { track, person } => tracks(&track).into_iter().map(|new| at.at(Key::Never(new, person))).max(),
            Decision::Join(track) => {
                let is_joined = |new: &TrackId| self.now.view.parts.get(new).is_some_and(|p| p.0.len() > 1);
                tracks(&track).into_iter().filter(is_joined).map(|new| at.at(Key::Parts(new))).max()
            }
        };
        found.unwrap_or_default()
    }

    fn agrees(&self, verdict: Verdict, new: TrackId) -> bool {
        match verdict {
            Verdict::Discarded(reason) => self.now.view.marks.get(&new).is_some_and(|m| m.discarded == reason),
            Verdict::Of(id) => self.is_same(id, new),
        }
    }

    fn is_same(&self, old: IdentityId, new: TrackId) -> bool {
        let Some(a) = self.now.view.assignments.get(&new) else { return false };
        match self.then_who.get(&old) {
            None | Some(Who::Unnamed(_)) => self.counterparts.get(&old) == Some(&a.identity),
            Some(who) => self.is_named_now(a.identity, who),
        }
    }

    /// Tells whether a person decided on a track of now after that entry of the log.
    fn is_later(&self, new: TrackId, since: u64) -> bool {
        let named = self.now.view.assignments.get(&new).map(|a| Key::Name(a.identity));
        named.into_iter().chain([Key::Track(new)]).any(|key| self.now.since.is_later(key, since))
    }

    fn of_track(&self, track: TrackId, since: u64) -> Fate {
        let Some(verdict) = self.then.verdict(track) else { return Fate::Leftover };
        let Some(pieces) = self.shared.by_old.get(&track) else {
            // Nobody sees it any more, so there is nothing to count for nobody.
            return if matches!(verdict, Verdict::Discarded(_)) { Fate::Holds } else { Fate::Leftover };
        };
        let is_locked = self.then.view.assignments.get(&track).is_some_and(|a| a.locked);
        let agrees = |new: TrackId| self.agrees(verdict, new) && (!is_locked || self.now.is_locked(new));
        self.weigh(pieces.iter().map(|(new, piece)| (*new, *piece)), since, agrees)
    }

    fn of_never(&self, track: TrackId, person: PersonId, since: u64) -> Fate {
        // Nobody sees it any more, so nobody takes it for them.
        let Some(pieces) = self.shared.by_old.get(&track) else { return Fate::Holds };
        let agrees = |new: TrackId| !self.now.is_of(new, person);
        self.weigh(pieces.iter().map(|(new, piece)| (*new, *piece)), since, agrees)
    }

    /// Weighs where the faces of a decision are now.
    fn weigh(&self, pieces: impl Iterator<Item = (TrackId, Piece)>, since: u64, agrees: impl Fn(TrackId) -> bool) -> Fate {
        let (mut holds, mut overruled, mut open) = (0, 0, Vec::new());
        for (new, piece) in pieces {
            if agrees(new) {
                holds += u64::from(piece.faces);
            } else if self.is_later(new, since) {
                overruled += u64::from(piece.faces);
            } else {
                open.push((new, piece));
            }
        }
        let lost: u64 = open.iter().map(|(_, p)| u64::from(p.faces)).sum();
        let all = holds + overruled + lost;
        if all == 0 {
            Fate::Leftover
        } else if lost as f64 > self.stray * all as f64 || holds + overruled == 0 {
            open.sort_by(|a, b| b.1.faces.cmp(&a.1.faces).then(a.0.cmp(&b.0)));
            Fate::Conflict(Conflict::OtherHands(open))
        } else if holds > 0 {
            Fate::Holds
        } else {
            Fate::Overruled
        }
    }

    fn of_identity(&self, id: IdentityId, since: u64) -> Fate {
        let Some(old) = self.then.view.identities.get(&id) else { return Fate::Leftover };
        let members = self.members.get(&id).map(Vec::as_slice).unwrap_or_default();
        // Tracks that were decided on one by one are told one by one.
        let plain = members.iter().filter(|t| self.then.verdict(**t).is_none());
        let mut pieces: BTreeMap<TrackId, Piece> = BTreeMap::new();
        for (new, piece) in plain.filter_map(|t| self.shared.by_old.get(t)).flatten() {
            let sum = pieces.entry(*new).or_insert(Piece { faces: 0, ..*piece });
            sum.faces += piece.faces;
            (sum.from, sum.to) = (sum.from.min(piece.from), sum.to.max(piece.to));
        }
        let met = members.iter().filter_map(|t| self.shared.by_old.get(t)).flatten().map(|(new, _)| *new);
        let there: BTreeSet<IdentityId> = met
            .filter(|new| self.is_same(id, *new))
            .filter_map(|t| self.now.view.assignments.get(&t))
            .map(|a| a.identity)
            .collect();
        let is_there = |id: &IdentityId| self.now.view.identities.contains_key(id);
        let there: Vec<IdentityId> = if there.is_empty() {
            self.counterpart(id).filter(is_there).into_iter().collect()
        } else {
            there.into_iter().collect()
        };
        let fate = self.weigh(pieces.into_iter(), since, |new| self.is_same(id, new));
        let fate = match fate {
            Fate::Leftover if !there.is_empty() => Fate::Holds,
            fate => fate,
        };
        if fate != Fate::Holds {
            return fate;
        }
        let held = there.iter().filter_map(|id| self.now.view.identities.get(id));
        let is_held = held.clone().any(|i| (old.label.is_none() || i.label == old.label) && (!old.locked || i.locked));
        let is_later = |id: &IdentityId| self.now.since.is_later(Key::Hold(*id), since);
        match (is_held, there.iter().any(is_later)) {
            (true, _) => Fate::Holds,
            (false, true) => Fate::Overruled,
            (false, false) => Fate::Conflict(Conflict::NotHeld(there)),
        }
    }

    fn of_cut(&self, tracklet: TrackId, at: u64, since: u64) -> Fate {
        let [before, after] = beside_cut(&self.then, &self.now, &self.pairs, tracklet, at);
        if before.is_empty() && after.is_empty() {
            return Fate::Leftover;
        }
        let over: Vec<TrackId> = before.intersection(&after).copied().collect();
        let is_later = |t: &TrackId| self.now.since.is_later(Key::Parts(*t), since);
        match over.is_empty() {
            true => Fate::Holds,
            false if over.iter().all(is_later) => Fate::Overruled,
            false => Fate::Conflict(Conflict::NotCut(over)),
        }
    }

    fn of_join(&self, track: TrackId, since: u64) -> Fate {
        if !self.shared.by_old.contains_key(&track) {
            return Fate::Leftover;
        }
        let apart: Vec<TrackId> =
            by_shot(&self.now, &self.shared, track).into_values().filter(|all| all.len() > 1).flatten().collect();
        let is_later = |t: &TrackId| self.now.since.is_later(Key::Parts(*t), since);
        match apart.is_empty() {
            true => Fate::Holds,
            false if apart.iter().any(is_later) => Fate::Overruled,
            false => Fate::Conflict(Conflict::NotJoined(apart)),
        }
    }
}

/// Returns the tracks of now on both sides of a cut, before and after it.
pub(super) fn beside_cut(then: &Side, now: &Side, pairs: &[Pair], tracklet: TrackId, at: u64) -> [BTreeSet<TrackId>; 2] {
    let (old, new) = (then.map(), now.map());
    let sides = [old.track(tracklet, at.saturating_sub(1)), old.track(tracklet, at)];
    let mut found = [BTreeSet::new(), BTreeSet::new()];
    for pair in pairs.iter().filter(|p| p.old == tracklet) {
        let after = usize::from(pair.at.frame >= at);
        if old.track(tracklet, pair.at.frame) == sides[after] {
            found[after].insert(new.track(pair.new, pair.at.frame));
        }
    }
    found
}

/// Returns the tracks of now that are mostly an old track, by shot.
pub(super) fn by_shot(now: &Side, shared: &Shared, track: TrackId) -> BTreeMap<ShotId, Vec<TrackId>> {
    let mut shots: BTreeMap<ShotId, Vec<TrackId>> = BTreeMap::new();
    for new in shared.by_old.get(&track).into_iter().flat_map(BTreeMap::keys) {
        let is_it = shared.majority(&[*new], Some).is_some_and(|(most, _)| most == track);
        let parts = now.view.parts_of(*new).filter(|_| is_it).unwrap_or_default();
        if let Some(tracklet) = parts.0.first().and_then(|p| now.view.tracklets.get(&p.tracklet)) {
            shots.entry(tracklet.shot).or_default().push(*new);
        }
    }
    shots
}
