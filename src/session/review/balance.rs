//! What a change of hands does to the seconds of those whose tracks they are.

use super::{Card, Snapshot};
use crate::algo::screen_time::{measure, union};
use crate::domain::{IdentityId, MediaTime, PersonId, TrackId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The seconds of somebody before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// One of their identities.
    pub identity: IdentityId,
    pub before: MediaTime,
    pub after: MediaTime,
}

/// Returns whose seconds change where `tracks` are given to `to`: first `to`, then those who lose, the most first.
///
/// Seconds are those of [`Snapshot::time`]: moments with two tracks of a person count once.
#[must_use]
pub fn shifts(snapshot: &Snapshot, to: IdentityId, tracks: &BTreeSet<TrackId>) -> Vec<Shift> {
    let owner: BTreeMap<IdentityId, Who> = snapshot.identities.iter().map(|c| (c.identity.id, Who::of(c))).collect();
    let Some(gets) = owner.get(&to).copied() else { return Vec::new() };
    let loses = tracks.iter().filter_map(|t| snapshot.tracks.get(t)?.assignment).filter_map(|a| owner.get(&a.identity).copied());
    let mut moved: BTreeSet<Who> = loses.collect();
    moved.insert(gets);
    let mut own: BTreeMap<Who, (IdentityId, Vec<TrackId>)> = BTreeMap::new();
    for card in snapshot.identities.iter().filter(|c| moved.contains(&Who::of(c))) {
        own.entry(Who::of(card)).or_insert_with(|| (card.identity.id, Vec::new())).1.extend(&card.tracks);
    }
    let seconds = |all: &mut dyn Iterator<Item = TrackId>| -> MediaTime {
        measure(&union(all.filter_map(|t| snapshot.tracks.get(&t)).flat_map(|t| t.seen.iter().copied())))
    };
    let mut shifts: Vec<(Who, Shift)> = Vec::new();
    for (who, (identity, all)) in own {
        let before = seconds(&mut all.iter().copied());
        let after = if who == gets {
            seconds(&mut all.iter().copied().chain(tracks.iter().copied()))
        } else {
            seconds(&mut all.iter().copied().filter(|t| !tracks.contains(t)))
        };
        shifts.push((who, Shift { identity: if who == gets { to } else { identity }, before, after }));
    }
    shifts.sort_by_key(|(who, s)| (*who != gets, Reverse(s.before - s.after), s.identity));
    shifts.into_iter().map(|(_, shift)| shift).collect()
}

/// Whose time it is, as reports sum it up: all identities of a person are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Person(PersonId),
    Nobody(IdentityId),
}

impl Who {
    fn of(card: &Card) -> Self {
        card.identity.person.map_or(Self::Nobody(card.identity.id), Self::Person)
    }
}
