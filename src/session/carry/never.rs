//! Whom tracks are not of, as earlier runs know it: said here, and kept. No name that comes along goes against it. Pure.

use super::side::{Key, Side, Verdict, Who};
use crate::algo::run_diff::Shared;
use crate::domain::{Assignment, Decision, Identity, IdentityId, Method, Never, PersonId, Source, TrackId};
use std::collections::{BTreeMap, BTreeSet};

/// Says of tracks whom they are not of, where most of their faces were said not to be theirs; where somebody gave them to that very person here,
/// or called their identity so later, that stands.
pub(super) fn bring(then: &Side, now: &mut Side, shared: &Shared, wanted: &BTreeSet<Decision>) {
    let people: BTreeSet<PersonId> = then.view.nevers.keys().map(|key| key.1).collect();
    for person in people {
        let say = |old: TrackId| wanted.contains(&Decision::Never { track: old, person }).then_some(());
        for track in shared.by_new.keys().filter(|t| shared.majority(&[**t], say).is_some()) {
            let olds = shared.by_new.get(track).into_iter().flat_map(BTreeMap::keys).copied().filter(|old| say(*old).is_some());
            let since = olds.map(|old| then.since(Decision::Never { track: old, person })).max().unwrap_or_default();
            let key = Key::Never(*track, person);
            let is_given = matches!(now.verdict(*track), Some(Verdict::Of(_))) && now.is_of(*track, person);
            let is_named = now.is_of(*track, person) && now.named_at(*track) > since;
            if !is_given && !is_named && !now.since.is_later(key, since) {
                now.view.nevers.entry((*track, person)).or_insert(Never { source: Source::Carried });
                now.since.bring(key, since);
            }
        }
    }
}

/// Takes tracks from people whom they are not of, where only a run or a name brought them there: into an identity that nobody claims, or
/// their own where it is all of that.
pub(super) fn free(now: &mut Side) {
    let mut out: BTreeMap<IdentityId, BTreeSet<TrackId>> = BTreeMap::new();
    for (track, person) in now.view.nevers.keys() {
        let Some(a) = now.view.assignments.get(track) else { continue };
        let is_said = now.named_at(*track) <= now.since.known(Key::Never(*track, *person));
        if is_said && !is_held(now, *track) && now.is_of(*track, *person) {
            out.entry(a.identity).or_default().insert(*track);
        }
    }
    for (id, tracks) in out {
        let to = if now.members(id).len() == tracks.len() {
            now.view.identities.entry(id).and_modify(|i| (i.name, i.person, i.source) = (None, None, Source::Proposed));
            id
        } else {
            let new = now.view.next_identity;
            now.view.next_identity = IdentityId(new.0 + 1);
            let made =
                Identity { id: new, label: None, name: None, person: None, source: Source::Proposed, alone: None, locked: false };
            now.view.identities.insert(new, made);
            new
        };
        for track in tracks {
            let free = Assignment {
                identity: to,
                source: Source::Proposed,
                method: Method::Overlap,
                score: 0.0,
                threshold: 0.0,
                locked: false,
            };
            now.view.assignments.insert(track, free);
        }
    }
}

/// Tells whether an identity with these tracks can be called by a name: not where all of them are said not to be that person's, nor one that is
/// held there.
pub(super) fn allows_name(now: &Side, tracks: &[TrackId], who: &Who) -> bool {
    let Who::Person(person) = who else { return true };
    let mut denied = tracks.iter().filter(|t| now.denies(**t, *person)).peekable();
    denied.peek().is_none() || (denied.clone().count() < tracks.len() && !denied.any(|t| is_held(now, *t)))
}

/// Tells whether a track may be given to an identity, by a decision of that time on who `meant` was. What was said later of the track stands;
/// what was said before is taken back by giving it to that very person.
pub(super) fn allow(now: &mut Side, track: TrackId, to: IdentityId, meant: &Who, since: u64) -> bool {
    let Who::Person(person) = now.who(to) else { return true };
    let denied = now.denials(track, person);
    let is_meant = *meant == Who::Person(person);
    if denied.iter().any(|key| !is_meant || now.since.known(Key::Never(key.0, key.1)) > since) {
        return false;
    }
    for key in denied {
        now.view.nevers.remove(&key);
    }
    true
}

fn is_held(now: &Side, track: TrackId) -> bool {
    now.verdict(track).is_some() || now.is_locked(track)
}
