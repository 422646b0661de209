//! Brings the decisions of one run to another, as far as its tracks hold them. Pure.

use super::super::command::Command;
use super::never;
use super::side::{Key, Side, Verdict, Who, is_named};
use super::verdict::{beside_cut, by_shot};
use crate::algo::run_diff::{Pair, Shared};
use crate::domain::{Assignment, Change, Decision, Edit, Identity, IdentityId, Mark, Method, Source, TrackId, VoiceLink};
use std::collections::{BTreeMap, BTreeSet};

/// Brings the decisions `wanted` of `then` to `now`, which is as it is to be afterwards.
///
/// Cuts and joins go first, so that the tracks are those that were decided on; then whom they are not of, names, and whose a track is. A
/// decision goes where more than half of the faces that both runs saw carry it. What a person decided here later stays, and so does what they took back; locks hold.
pub(super) fn bring(then: &Side, now: &mut Side, pairs: &[Pair], wanted: &BTreeSet<Decision>) {
    for decision in wanted {
        if let Decision::Cut { tracklet, at } = decision {
            let since = then.since(*decision);
            let [before, after] = beside_cut(then, now, pairs, *tracklet, *at);
            for track in before.intersection(&after) {
                if !now.since.is_later(Key::Parts(*track), since) {
                    make(now, &Command::Split { track: *track, at: *at }, &[*track]);
                }
            }
        }
    }
    let shared = Shared::of(pairs, &then.map(), &now.map());
    for decision in wanted {
        if let Decision::Join(track) = decision {
            let since = then.since(*decision);
            for tracks in by_shot(now, &shared, *track).into_values().filter(|all| all.len() > 1) {
                if tracks.iter().all(|t| !now.since.is_later(Key::Parts(*t), since)) {
                    make(now, &Command::Join { tracks: tracks.clone() }, &tracks);
                }
            }
        }
    }
    let shared = Shared::of(pairs, &then.map(), &now.map());
    never::bring(then, now, &shared, wanted);
    let is_plain = |i: &Identity| i.name.is_none() && i.label.is_none() && !i.locked;
    let used: BTreeSet<IdentityId> = now.view.assignments.values().map(|a| a.identity).collect();
    let before = now.view.identities.values().filter(|i| is_plain(i) && used.contains(&i.id)).map(|i| i.id).collect();
    let mut meant = names(then, now, &shared, wanted);
    tracks(then, now, &shared, wanted, &mut meant);
    never::free(now);
    drop_emptied(now, &before);
    holds(then, now, &shared, wanted);
}

/// Cuts or joins as a command does, where nothing is against it.
fn make(now: &mut Side, command: &Command, looked_at: &[TrackId]) {
    now.view.pictures = looked_at.iter().map(|t| (*t, now.pictures(*t))).collect();
    let plan = now.view.plan(command, None);
    now.view.pictures.clear();
    if let Ok(plan) = plan {
        now.view.follow(&plan.changes);
    }
}

/// Gives names to the identities that have most of the faces of a named one; returns which identity of now an unnamed one of then is.
fn names(then: &Side, now: &mut Side, shared: &Shared, wanted: &BTreeSet<Decision>) -> BTreeMap<IdentityId, IdentityId> {
    let was = |old: TrackId| then.view.assignments.get(&old).map(|a| a.identity);
    let members = now.all_members();
    let mut meant: BTreeMap<IdentityId, IdentityId> = BTreeMap::new();
    let say = |old: TrackId| then.verdict(old).filter(|_| wanted.contains(&Decision::Track(old)));
    for (id, all) in members {
        let mut tracks = all.clone();
        // Tracks that were decided on one by one go where they belong; who the others are is told by the others, where there are any.
        let plain: Vec<TrackId> = tracks.iter().copied().filter(|t| shared.majority(&[*t], say).is_none()).collect();
        if !plain.is_empty() {
            tracks = plain;
        }
        let Some((old, _)) = shared.majority(&tracks, was) else { continue };
        let (Some(from), Some(to)) = (then.view.identities.get(&old), now.view.identities.get(&id)) else { continue };
        if !is_named(from) {
            meant.entry(old).or_insert(id);
            continue;
        }
        let since = then.since.at(Key::Name(old));
        let is_free = !now.since.is_later(Key::Name(id), since) && (!is_named(to) || since > 0);
        if !wanted.contains(&Decision::Identity(old)) || to.locked || !is_free {
            continue;
        }
        if is_named(to) && now.who(id) == then.who(old) {
            now.since.bring(Key::Name(id), since);
            continue;
        }
        if !never::allows_name(now, &all, &then.who(old)) {
            continue;
        }
        let to = Identity { name: from.name.clone(), person: from.person, source: Source::Carried, ..to.clone() };
        now.view.identities.insert(id, to);
        now.since.bring(Key::Name(id), since);
    }
    meant
}

/// Gives tracks to whom they were given, and discards those that were discarded.
fn tracks(
    then: &Side,
    now: &mut Side,
    shared: &Shared,
    wanted: &BTreeSet<Decision>,
    meant: &mut BTreeMap<IdentityId, IdentityId>,
) {
    let say = |old: TrackId| then.verdict(old).filter(|_| wanted.contains(&Decision::Track(old)));
    for (track, olds) in &shared.by_new {
        let Some((verdict, share)) = shared.majority(&[*track], say) else { continue };
        let from: Vec<TrackId> = olds.keys().copied().filter(|old| say(*old) == Some(verdict)).collect();
        let since = from.iter().map(|old| then.since(Decision::Track(*old))).max().unwrap_or_default();
        if now.since.is_later(Key::Track(*track), since) || now.is_locked(*track) {
            continue;
        }
        let own = now.view.assignments.get(track).copied();
        match verdict {
            Verdict::Discarded(discarded) => {
                now.since.bring(Key::Track(*track), since);
                now.view.assignments.remove(track);
                now.view.marks.insert(*track, Mark { discarded });
            }
            Verdict::Of(old) => {
                let locked = from.iter().any(|old| then.view.assignments.get(old).is_some_and(|a| a.locked));
                let to = counterpart(then, now, old, meant);
                if !never::allow(now, *track, to, &then.who(old), since) {
                    continue;
                }
                now.since.bring(Key::Track(*track), since);
                now.view.marks.remove(track);
                if own.is_some_and(|own| own.identity == to && own.source != Source::Proposed && own.locked == locked) {
                    continue;
                }
                let brought = Assignment {
                    identity: to,
                    source: Source::Carried,
                    method: Method::Overlap,
                    score: share,
                    threshold: 0.5,
                    locked,
                };
                now.view.assignments.insert(*track, brought);
            }
        }
    }
}

/// Returns the identity that stands for one of the other run: the same person, or the one that shares most of its faces, or a new one.
fn counterpart(then: &Side, now: &mut Side, old: IdentityId, meant: &mut BTreeMap<IdentityId, IdentityId>) -> IdentityId {
    let who = then.who(old);
    let known = match who {
        Who::Unnamed(_) => meant.get(&old).copied().filter(|id| now.view.identities.contains_key(id)),
        who => now.view.identities.keys().copied().find(|id| now.who(*id) == who),
    };
    if let Some(id) = known {
        return id;
    }
    let id = now.view.next_identity;
    now.view.next_identity = IdentityId(id.0 + 1);
    let (name, person) = then.view.identities.get(&old).map_or((None, None), |i| (i.name.clone(), i.person));
    let made = Identity { id, label: None, name, person, source: Source::Carried, alone: None, locked: false };
    now.view.identities.insert(id, made);
    meant.insert(old, id);
    id
}

/// Takes those of the identities that nobody had decided on away that lost all their tracks, unless a voice is theirs: their names came along
/// with the tracks.
fn drop_emptied(now: &mut Side, before: &BTreeSet<IdentityId>) {
    let used: BTreeSet<IdentityId> = now.view.assignments.values().map(|a| a.identity).collect();
    let links = now.view.spoken.links.values().chain(now.view.spoken.said.values());
    let heard: BTreeSet<IdentityId> = links.filter_map(|link: &VoiceLink| link.identity).collect();
    now.view.identities.retain(|id, _| used.contains(id) || heard.contains(id) || !before.contains(id));
}

/// Brings labels and locks of identities, last: a lock holds what is in it.
fn holds(then: &Side, now: &mut Side, shared: &Shared, wanted: &BTreeSet<Decision>) {
    let was = |old: TrackId| then.view.assignments.get(&old).map(|a| a.identity);
    for (id, tracks) in now.all_members() {
        let Some((old, _)) = shared.majority(&tracks, was).filter(|(old, _)| wanted.contains(&Decision::Identity(*old))) else {
            continue;
        };
        let (Some(from), Some(to)) = (then.view.identities.get(&old), now.view.identities.get(&id)) else { continue };
        let is_same = from.name.is_none() || now.who(id) == then.who(old);
        if !is_same || to.locked || now.since.is_later(Key::Hold(id), then.since.at(Key::Hold(old))) {
            continue;
        }
        let (label, locked) = (to.label.clone().or_else(|| from.label.clone()), from.locked);
        if (&label, locked) != (&to.label, to.locked) {
            let to = Identity { label, locked, ..to.clone() };
            now.view.identities.insert(id, to);
        }
    }
}

/// Returns one edit for each thing that is not as it was.
pub(super) fn changes(before: &Side, after: &Side) -> Vec<Change> {
    let run = before.run();
    let (a, b) = (&before.view, &after.view);
    let mut changes = Vec::new();
    edits(&a.parts, &b.parts, |track, edit| changes.push(Change::Track { run, track, edit }));
    edits(&a.identities, &b.identities, |id, edit| changes.push(Change::Identity { run, id, edit }));
    edits(&a.marks, &b.marks, |track, edit| changes.push(Change::Mark { run, track, edit }));
    edits(&a.nevers, &b.nevers, |(track, person), edit| changes.push(Change::Never { run, track, person, edit }));
    edits(&a.assignments, &b.assignments, |track, edit| changes.push(Change::Assign { run, track, edit }));
    changes
}

fn edits<K: Ord + Copy, V: PartialEq + Clone>(a: &BTreeMap<K, V>, b: &BTreeMap<K, V>, mut take: impl FnMut(K, Edit<V>)) {
    let keys: BTreeSet<K> = a.keys().chain(b.keys()).copied().collect();
    for key in keys {
        let edit = Edit { from: a.get(&key).cloned(), to: b.get(&key).cloned() };
        if edit.from != edit.to {
            take(key, edit);
        }
    }
}
