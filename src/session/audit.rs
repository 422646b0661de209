//! What each entry of a log is about: tracks, identities, people.

use crate::domain::{
    Assignment, CatalogChange, CatalogOperation, Change, Decision, Identity, IdentityId, Operation, PersonId, RunId, TrackId,
};
use std::collections::{BTreeMap, BTreeSet};

/// What one entry of a log touched; everything ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touches {
    pub tracks: Vec<TrackId>,
    pub identities: Vec<IdentityId>,
    /// Names that the identities had before or after it.
    pub people: Vec<String>,
}

/// Returns what each entry touched, by its number. `operations` are a whole log, the oldest first: whom a track was given to is known
/// from the entries before.
#[must_use]
pub fn touches(operations: &[Operation]) -> BTreeMap<u64, Touches> {
    let mut names: BTreeMap<(RunId, IdentityId), String> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for operation in operations {
        let (mut tracks, mut people) = (BTreeSet::new(), BTreeSet::new());
        let mut identities: BTreeSet<(RunId, IdentityId)> = BTreeSet::new();
        for change in &operation.changes {
            match change {
                Change::Assign { run, track, edit } => {
                    tracks.insert(*track);
                    let of = |a: &Option<Assignment>| a.map(|a| (*run, a.identity));
                    identities.extend(of(&edit.from).into_iter().chain(of(&edit.to)));
                }
                Change::Track { track, .. } | Change::Mark { track, .. } | Change::Never { track, .. } => {
                    tracks.insert(*track);
                }
                Change::Identity { run, id, edit } => {
                    identities.insert((*run, *id));
                    let of = |i: &Option<Identity>| i.as_ref().and_then(|i| i.name.clone());
                    people.extend(of(&edit.from).into_iter().chain(of(&edit.to)));
                }
                Change::Voice { run, edit, .. } | Change::Said { run, edit, .. } => {
                    identities.extend(edit.from.iter().chain(&edit.to).filter_map(|l| l.identity).map(|id| (*run, id)));
                }
                Change::Settle { run, decision, .. } => match decision {
                    Decision::Track(track)
                    | Decision::Never { track, .. }
                    | Decision::Join(track)
                    | Decision::Cut { tracklet: track, .. } => {
                        tracks.insert(*track);
                    }
                    Decision::Identity(id) => {
                        identities.insert((*run, *id));
                    }
                },
                Change::Turn { .. } | Change::Words { .. } | Change::Thresholds { .. } => {}
            }
        }
        people.extend(identities.iter().filter_map(|id| names.get(id)).cloned());
        for change in &operation.changes {
            let Change::Identity { run, id, edit } = change else { continue };
            match edit.to.as_ref().and_then(|i| i.name.clone()) {
                Some(name) => names.insert((*run, *id), name),
                None => names.remove(&(*run, *id)),
            };
        }
        people.extend(identities.iter().filter_map(|id| names.get(id)).cloned());
        let mut ids: Vec<IdentityId> = identities.into_iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let touches = Touches { tracks: tracks.into_iter().collect(), identities: ids, people: people.into_iter().collect() };
        found.insert(operation.seq, touches);
    }
    found
}

/// Returns whom each entry of a catalog's log is about, by its number: every name that they had before or after it. `operations` are a whole
/// log, the oldest first.
#[must_use]
pub fn catalog_touches(operations: &[CatalogOperation]) -> BTreeMap<u64, Touches> {
    let mut names: BTreeMap<PersonId, String> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for operation in operations {
        let mut people: BTreeSet<String> = BTreeSet::new();
        for change in &operation.changes {
            match change {
                CatalogChange::Person { id, edit } => {
                    people.extend(edit.from.iter().chain(&edit.to).map(|p| p.name.clone()));
                    if let Some(person) = &edit.to {
                        names.insert(*id, person.name.clone());
                    }
                }
                CatalogChange::Membership { person, .. } | CatalogChange::Featured { person, .. } => {
                    people.extend(names.get(person).cloned());
                }
                CatalogChange::Asset { edit, .. } => {
                    people.extend(edit.from.iter().chain(&edit.to).filter_map(|a| names.get(&a.person).cloned()));
                }
                CatalogChange::Reference { edit, .. } => {
                    people.extend(edit.from.iter().chain(&edit.to).filter_map(|r| names.get(&r.person).cloned()));
                }
                CatalogChange::Show { .. } | CatalogChange::Season { .. } | CatalogChange::Episode { .. } => {}
            }
        }
        found.insert(operation.seq, Touches { people: people.into_iter().collect(), ..Touches::default() });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, Edit, Method, OperationKind, Source};

    const RUN: RunId = RunId(1);

    fn operation(seq: u64, changes: Vec<Change>) -> Operation {
        let author = Author::User { name: "ana".into(), host: None, client: None };
        let (at, summary) = (jiff::Timestamp::UNIX_EPOCH, String::new());
        Operation { seq, at, author, kind: OperationKind::Name, summary, changes, previous_hash: String::new() }
    }

    fn named(id: u32, from: Option<&str>, to: Option<&str>) -> Change {
        let identity = |name: &str| Identity {
            id: IdentityId(id),
            label: None,
            name: Some(name.to_owned()).filter(|n| !n.is_empty()),
            person: None,
            source: Source::Confirmed,
            alone: None,
            locked: false,
        };
        Change::Identity { run: RUN, id: IdentityId(id), edit: Edit { from: from.map(identity), to: to.map(identity) } }
    }

    fn moved(track: u32, from: u32, to: u32) -> Change {
        let to_identity = |id: u32| Assignment {
            identity: IdentityId(id),
            source: Source::Confirmed,
            method: Method::User,
            score: 1.0,
            threshold: 0.0,
            locked: false,
        };
        Change::Assign {
            run: RUN,
            track: TrackId(track),
            edit: Edit { from: Some(to_identity(from)), to: Some(to_identity(to)) },
        }
    }

    #[test]
    fn a_track_that_moves_is_about_both_whom_it_leaves_and_whom_it_comes_to() {
        let log = [
            operation(1, vec![named(1, Some(""), Some("Ava")), named(2, None, Some("Ben"))]),
            operation(2, vec![moved(7, 1, 2), moved(3, 3, 3)]),
            operation(3, vec![moved(7, 2, 4), named(4, None, Some("Cleo")), named(2, Some("Ben"), None)]),
            operation(4, vec![moved(8, 2, 2)]),
        ];
        let found = touches(&log);
        let people = |seq: u64| found[&seq].people.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(
            [people(1), people(2), people(3), people(4)],
            [vec!["Ava", "Ben"], vec!["Ava", "Ben"], vec!["Ben", "Cleo"], vec![]]
        );
        assert_eq!(found[&2].tracks, [TrackId(3), TrackId(7)]);
        assert_eq!(found[&3].identities, [IdentityId(2), IdentityId(4)]);
    }
}
