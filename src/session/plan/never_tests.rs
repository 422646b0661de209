use super::tests::{done, plan, start, view};
use super::*;
use crate::domain::{Decided, Person};
use crate::session::command::Target;

fn t(id: u32) -> TrackId {
    TrackId(id)
}

fn name(id: u32, name: &str) -> Command {
    Command::Name { identity: IdentityId(id), name: name.into() }
}

fn never(tracks: &[u32], name: &str) -> Command {
    Command::Never { tracks: tracks.iter().map(|t| TrackId(*t)).collect(), identities: Vec::new(), name: name.into() }
}

fn refused(decided: &Decided, command: &Command) -> Refusal {
    plan(decided, command).unwrap_err()
}

/// Whom a track is not of.
fn said(decided: &Decided, track: u32) -> usize {
    decided.nevers.keys().filter(|k| k.1 == TrackId(track)).count()
}

/// Tracks 1, 4 and 7 are Ava's.
fn named() -> Decided {
    let mut decided = start();
    done(&mut decided, &name(1, "Ava"));
    decided
}

#[test]
fn a_track_that_is_said_not_to_be_its_person_becomes_nobodys_and_the_rest_stays_theirs() {
    let mut decided = named();
    let made = done(&mut decided, &never(&[4], "Ava"));
    assert_eq!((made.kind, made.summary.as_str()), (OperationKind::Never, "t4 not Ava"));
    let now = decided.assignments[&(RunId(1), t(4))];
    assert_ne!(now.identity, IdentityId(1));
    assert_eq!(now.source, crate::domain::Source::Proposed, "a run may say who else it is");
    assert_eq!((said(&decided, 4), said(&decided, 1)), (1, 0));
    assert_eq!(decided.assignments[&(RunId(1), t(1))].identity, IdentityId(1));
}

#[test]
fn an_identity_none_of_whose_tracks_are_theirs_loses_its_name_and_stays_whole() {
    let mut decided = named();
    let command = Command::Never { tracks: vec![], identities: vec![IdentityId(1)], name: "Ava".into() };
    done(&mut decided, &command);
    let identity = &decided.identities[&(RunId(1), IdentityId(1))];
    assert_eq!((identity.name.as_ref(), identity.person), (None, None));
    assert!([1, 4, 7].iter().all(|id| decided.assignments[&(RunId(1), t(*id))].identity == IdentityId(1)));
}

#[test]
fn names_and_merges_against_it_are_refused_and_giving_the_track_itself_takes_it_back() {
    let mut decided = named();
    done(&mut decided, &never(&[2], "Ava"));
    let against = Refusal::Never { track: t(2), name: "Ava".into() };
    assert_eq!(refused(&decided, &name(2, "Ava")), against);
    assert_eq!(refused(&decided, &Command::Merge { identities: vec![IdentityId(2)], into: IdentityId(1) }), against);
    assert_eq!(refused(&decided, &Command::Merge { identities: vec![IdentityId(1)], into: IdentityId(2) }), against);
    done(&mut decided, &Command::Assign { tracks: vec![t(2)], to: Target::Person("Ava".into()) });
    assert_eq!(said(&decided, 2), 0);
}

#[test]
fn who_was_found_to_be_somebody_is_them_when_a_name_is_refused_and_when_a_track_is_given() {
    let mut decided = named();
    // Ben is found to be Ava after it was said that a track is not Ben's.
    done(&mut decided, &never(&[2], "Ben R"));
    let merged = |decided: &Decided, command: &Command| {
        let [ava, ben] = ["Ava", "Ben R"].map(|name| PersonId(u32::try_from(name.len()).unwrap()));
        let person = |id: PersonId, name: &str, merged_into| Person {
            id,
            name: name.into(),
            added_at: jiff::Timestamp::UNIX_EPOCH,
            former: vec![],
            aliases: vec![],
            notes: None,
            removed: false,
            merged_into,
        };
        let mut view = view(decided);
        view.roster = Arc::new(Roster::new([person(ava, "Ava", None), person(ben, "Ben R", Some(ava))]));
        view.plan(command, Some(&Named { id: ava, name: "Ava".into(), also: vec![ben] }))
    };
    let against = Refusal::Never { track: t(2), name: "Ava".into() };
    assert_eq!(merged(&decided, &name(2, "Ava")).unwrap_err(), against);
    assert_eq!(merged(&decided, &Command::Merge { identities: vec![IdentityId(2)], into: IdentityId(1) }).unwrap_err(), against);
    let given = merged(&decided, &Command::Assign { tracks: vec![t(2)], to: Target::Person("Ava".into()) }).unwrap();
    let taken_back = |c: &Change| matches!(c, Change::Never { track, edit, .. } if *track == t(2) && edit.to.is_none());
    assert!(given.changes.iter().any(taken_back), "{given:?}");
}

#[test]
fn taking_a_track_out_of_a_named_identity_says_it_and_of_an_unnamed_one_nothing() {
    let mut decided = named();
    done(&mut decided, &Command::Remove { tracks: vec![t(4), t(5)] });
    assert_eq!((said(&decided, 4), said(&decided, 5)), (1, 0));
}

#[test]
fn both_halves_of_a_track_that_is_cut_are_not_theirs_and_so_is_what_it_is_joined_to() {
    let mut decided = named();
    done(&mut decided, &never(&[1], "Ben R"));
    done(&mut decided, &Command::Split { track: t(1), at: 120 });
    assert_eq!((said(&decided, 1), said(&decided, 10)), (1, 1));
    done(&mut decided, &Command::Join { tracks: vec![t(3), t(10)] });
    assert_eq!((said(&decided, 3), said(&decided, 10)), (1, 0));
    done(&mut decided, &never(&[6], "Ava"));
    let joined = Command::Join { tracks: vec![t(4), t(6)] };
    assert_eq!(refused(&decided, &joined), Refusal::Never { track: t(6), name: "Ava".into() });
}

#[test]
fn a_locked_track_is_left_alone_and_what_is_so_already_changes_nothing() {
    let mut decided = named();
    done(&mut decided, &Command::Lock { tracks: vec![t(4)], identities: vec![] });
    assert!(matches!(refused(&decided, &never(&[4], "Ava")), Refusal::Locked { .. }));
    done(&mut decided, &never(&[2], "Ava"));
    assert!(plan(&decided, &never(&[2], "Ava")).unwrap().changes.is_empty());
    assert_eq!(refused(&decided, &never(&[], "Ava")), Refusal::NothingNamed);
}
