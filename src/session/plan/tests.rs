use super::super::command::Target;
use super::*;
use crate::domain::{Decided, DiscardReason, Edit, FrameTime, MediaTime, Method, ShotId, Source, inverted};
use proptest::prelude::*;
use std::collections::BTreeSet;

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

pub(super) fn view(decided: &Decided) -> View {
    let tracklets: BTreeMap<TrackId, Tracklet> = tracklets().into_iter().map(|t| (t.id, t)).collect();
    let highest = decided.highest_track.get(&RUN).map_or(3 * SHOTS, |t| t.0);
    let mut view = View {
        run: RUN,
        pictures: BTreeMap::new(),
        parts: decided.tracks.iter().map(|(k, v)| (k.1, v.clone())).collect(),
        assignments: decided.assignments.iter().map(|(k, v)| (k.1, *v)).collect(),
        identities: decided.identities.iter().map(|(k, v)| (k.1, v.clone())).collect(),
        marks: decided.marks.iter().map(|(k, v)| (k.1, *v)).collect(),
        nevers: decided.nevers.iter().map(|(k, v)| ((k.1, k.2), *v)).collect(),
        next_identity: IdentityId(decided.highest_identity.get(&RUN).map_or(0, |i| i.0) + 1),
        next_track: TrackId(highest + 1),
        spoken: Arc::default(),
        settled: BTreeMap::new(),
        roster: Arc::default(),
        thresholds: None,
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
pub(super) fn start() -> Decided {
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
        let to =
            Assignment { identity, source: Source::Proposed, method: Method::Cluster, score: 0.6, threshold: 0.4, locked: false };
        changes.push(Change::Assign { run: RUN, track: t.id, edit: Edit { from: None, to: Some(to) } });
    }
    decided.apply(&OperationKind::Group, &changes).unwrap();
    decided
}

pub(super) fn plan(decided: &Decided, command: &Command) -> Result<Plan, Refusal> {
    let named =
        command.person().map(|name| Named { id: PersonId(u32::try_from(name.len()).unwrap()), name: name.into(), also: vec![] });
    view(decided).plan(command, named.as_ref())
}

pub(super) fn done(decided: &mut Decided, command: &Command) -> Plan {
    let plan = plan(decided, command).unwrap();
    decided.apply(&plan.kind, &plan.changes).unwrap();
    sound(decided);
    plan
}

/// Every measured picture is in one track, every assignment leads from a track that is there to an identity that is there.
pub(super) fn sound(decided: &Decided) {
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
        let never = view.identities[&a.identity].person.filter(|p| view.nevers.contains_key(&(*track, *p)));
        assert_eq!(never, None, "{track} is of somebody whom it is not of");
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
        (tracks(), identity(), any::<bool>(), prop_oneof![Just("Ava"), Just("Ben R")]).prop_map(|(tracks, id, whole, n)| {
            Command::Never { tracks, identities: if whole { vec![id] } else { vec![] }, name: n.into() }
        }),
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
    format!("{:?} {:?} {:?} {:?} {:?}", decided.assignments, decided.identities, decided.tracks, decided.marks, decided.nevers)
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
