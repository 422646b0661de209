//! Propagating in an open episode: what is offered, what is held, and back.

use super::tests::{episode, library, workspace};
use super::*;
use crate::algo::propagate::{Held, Left};
use crate::domain::{Assignment, Change, DiscardReason, Edit, Identity, IdentityId, OperationKind, PersonId, Source};
use crate::session::{Refusal, Regrouping, Similar, SyntheticSize, Target, write_synthetic};
use std::collections::{BTreeMap, BTreeSet};

/// Asks until there is an answer.
fn alike(review: &mut Review, from: &[Near]) -> Arc<Propagation> {
    loop {
        if let Alike::Found(found) = review.alike(from).unwrap() {
            return found;
        }
    }
}

const SIZE: SyntheticSize = SyntheticSize { episodes: 1, tracks: 160, faces: 3_200 };

/// Opens a made-up episode in which nobody has a name but one track of several that look alike; returns the track.
fn begin() -> (tempfile::TempDir, Workspace, Review, TrackId) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path());
    write_synthetic(&workspace, SIZE, &mut |_, _| {}).unwrap();
    let mut review = Review::open(&workspace, &episode()).unwrap();
    while review.undo(None).unwrap().is_some() {}
    let snapshot = review.snapshot();
    // Made-up people are seen twice in one picture at times; the one that is taken is not.
    let is_alone = |t: &&TrackId, all: &[TrackId]| all.iter().all(|o| o == *t || !meet(&review, **t, *o));
    let is_good = |t: &&TrackId| snapshot.tracks[*t].quality.is_some_and(|q| q.total > 0.3);
    let seeds = snapshot.identities.iter().flat_map(|c| c.tracks.iter().map(move |t| (t, &c.tracks)));
    let seeds = seeds.filter(|(t, all)| is_good(t) && is_alone(t, all));
    let seed = *seeds.max_by_key(|(_, all)| all.iter().filter(is_good).count()).unwrap().0;
    review.decide(&Command::Assign { tracks: vec![seed], to: Target::Person("Dora Example".into()) }).unwrap().unwrap();
    (dir, workspace, review, seed)
}

/// Tells whether two tracks are seen in one picture.
fn meet(review: &Review, a: TrackId, b: TrackId) -> bool {
    review.state.pictures_of(a).iter().any(|p| review.state.pictures_of(b).contains(p))
}

/// Everything in the tables of the episode that is decided, as it is stored.
fn decided(review: &Review) -> String {
    let (store, run) = (&review.store, review.state.run.id);
    let rows = (store.assignments(run).unwrap(), store.identities(run).unwrap(), store.marks(run).unwrap());
    format!("{rows:?} {:?}", store.track_parts(run).unwrap())
}

/// Counts pictures in which two tracks of one person are.
fn meetings(review: &Review) -> usize {
    let snapshot = review.snapshot();
    let mut count = 0;
    for card in &snapshot.identities {
        let mut seen = BTreeSet::new();
        let pictures = card.tracks.iter().flat_map(|t| review.state.pictures_of(*t));
        count += pictures.filter(|p| !seen.insert(**p)).count();
    }
    count
}

#[test]
fn one_undo_restores_everything_byte_for_byte() {
    let (_dir, workspace, mut review, seed) = begin();
    let (before, stored) = (review.snapshot(), decided(&review));
    let found = alike(&mut review, &[Near::Track(seed)]);
    let taken = found.choose(0.0, &BTreeMap::new());
    let command = found.command(&taken, 0.0, SeedLock::Lock);
    let made = review.decide(&command).unwrap().unwrap();
    assert_eq!(made.kind, OperationKind::Propagate);
    assert_ne!(decided(&review), stored);
    let after = review.snapshot();
    assert!(after.tracks[&seed].locked);
    review.undo(None).unwrap().unwrap();
    assert_eq!(decided(&review), stored);
    let now = review.snapshot();
    assert_eq!((&now.tracks, &now.identities, &now.time), (&before.tracks, &before.identities, &before.time));
    review.redo().unwrap().unwrap();
    assert_eq!((&review.snapshot().tracks, &review.snapshot().time), (&after.tracks, &after.time));
    drop(review);
    let review = Review::open(&workspace, &episode()).unwrap();
    assert_eq!((&review.snapshot().tracks, &review.snapshot().time), (&after.tracks, &after.time));
}

#[test]
fn no_two_tracks_of_one_picture_are_ever_taken_and_a_command_that_would_is_refused() {
    let (_dir, _, mut review, seed) = begin();
    let before = meetings(&review);
    let found = alike(&mut review, &[Near::Track(seed)]);
    let everybody: BTreeMap<TrackId, bool> = found.offers.iter().map(|o| (o.track, true)).collect();
    let taken = found.choose(0.0, &everybody);
    review.decide(&found.command(&taken, 0.0, SeedLock::Leave)).unwrap().unwrap();
    assert!(meetings(&review) <= before);
    review.undo(None).unwrap().unwrap();
    // Two that are seen at once, whoever they look like.
    let free: Vec<TrackId> = {
        let snapshot = review.snapshot();
        let identity = |id| snapshot.identities.iter().map(|c| &c.identity).find(|i| i.id == id);
        let is_free = |t: &&TrackInfo| !t.locked && t.assignment.is_some_and(|a| !a.is_decided(identity(a.identity)));
        snapshot.tracks.values().filter(is_free).map(|t| t.track.id).collect()
    };
    let pair = free.iter().enumerate().find_map(|(n, a)| Some((*a, *free[n + 1..].iter().find(|b| meet(&review, *a, **b))?)));
    let (a, b) = pair.expect("two people are seen at once");
    let similar = |track| Similar { track, score: 0.9 };
    let command = Command::Propagate { to: found.to, tracks: vec![similar(a), similar(b)], threshold: 0.5, lock: Vec::new() };
    assert!(matches!(review.decide(&command), Err(SessionError::Refused(Refusal::Overlap { .. }))));
}

#[test]
fn what_is_locked_confirmed_discarded_or_said_not_to_be_theirs_is_left_alone_and_counted() {
    let (_dir, _, mut review, seed) = begin();
    let found = alike(&mut review, &[Near::Track(seed)]);
    let (track, none) = (found.offers[0].track, Vec::<IdentityId>::new);
    let one = || vec![track];
    for (command, held, due) in [
        (Command::Lock { tracks: one(), identities: none() }, Held::Locked, "locked"),
        (Command::Assign { tracks: one(), to: Target::New }, Held::Decided, "decided"),
        (Command::Discard { tracks: one(), identities: none(), reason: DiscardReason::Crowd }, Held::Discarded, "discarded"),
        (Command::Never { tracks: one(), identities: none(), name: "Dora Example".into() }, Held::Never, "said not to be"),
    ] {
        review.decide(&command).unwrap().unwrap();
        let now = alike(&mut review, &[Near::Track(seed)]);
        assert!(now.seq > found.seq);
        assert!(now.offers.iter().all(|o| o.track != track), "{held:?}");
        let count = |found: &Propagation| found.left.get(&Left::Held(held)).copied().unwrap_or(0);
        assert_eq!(count(&now), count(&found) + 1, "{held:?}");
        // The proposal of before does not fit any more.
        let taken = BTreeSet::from([track]);
        let told = review.decide(&found.command(&taken, 0.1, SeedLock::Leave)).unwrap_err().to_string();
        assert!(told.contains(due), "{told}");
        review.undo(None).unwrap().unwrap();
    }
}

#[test]
fn tracks_of_whom_a_person_named_are_not_taken_and_of_a_name_that_a_run_proposes_they_are() {
    let (_dir, _, mut review, seed) = begin();
    let found = alike(&mut review, &[Near::Track(seed)]);
    let (snapshot, track) = (review.snapshot(), found.offers[0].track);
    let whose = |track: TrackId| snapshot.tracks[&track].assignment.unwrap().identity;
    let identity = whose(track);
    review.decide(&Command::Name { identity, name: "Eve Example".into() }).unwrap().unwrap();
    let now = alike(&mut review, &[Near::Track(seed)]);
    assert!(now.offers.iter().all(|o| whose(o.track) != identity), "{now:?}");
    let told = review.decide(&found.command(&BTreeSet::from([track]), 0.1, SeedLock::Leave)).unwrap_err().to_string();
    assert!(told.contains("decided"), "{told}");
    // The same by a run, of that track alone.
    review.undo(None).unwrap().unwrap();
    let (run, id, from) = (snapshot.run.id, review.what_if().unwrap().next, snapshot.tracks[&track].assignment);
    let name = Some("Eve Example".to_owned());
    let person = Some(PersonId(99));
    let proposed = Identity { id, label: None, name, person, source: Source::Proposed, alone: None, locked: false };
    let to = from.map(|a| Assignment { identity: id, ..a });
    let changes = vec![
        Change::Identity { run, id, edit: Edit { from: None, to: Some(proposed) } },
        Change::Assign { run, track, edit: Edit { from, to } },
    ];
    let seq = review.snapshot().seq;
    review.regroup(&Regrouping { seq, summary: "made up".into(), changes }).unwrap().unwrap();
    let now = alike(&mut review, &[Near::Track(seed)]);
    assert_eq!(now.left.get(&Left::Held(Held::Decided)), found.left.get(&Left::Held(Held::Decided)));
}

#[test]
fn a_propagation_is_the_same_as_a_value_in_a_file() {
    let (_dir, _, mut review, seed) = begin();
    let found = alike(&mut review, &[Near::Track(seed)]);
    let taken = found.choose(found.sure, &BTreeMap::new());
    assert!(!taken.is_empty());
    let command = found.command(&taken, found.sure, SeedLock::Lock);
    let written = serde_json::to_string(&command).unwrap();
    assert_eq!(serde_json::from_str::<Command>(&written).unwrap(), command);
    let made = review.decide(&serde_json::from_str(&written).unwrap()).unwrap().unwrap();
    for change in &made.changes {
        let Change::Assign { track, edit, .. } = change else { continue };
        let offer = found.offers.iter().find(|o| o.track == *track);
        let score = edit.to.unwrap().score;
        assert!(offer.is_none_or(|o| (o.belief - score).abs() < f32::EPSILON), "{change:?}");
    }
    for (score, threshold) in [(1.5, 0.5), (f32::NAN, 0.5), (0.5, -1.0)] {
        let tracks = vec![Similar { track: seed, score }];
        let told = review.decide(&Command::Propagate { to: found.to, tracks, threshold, lock: Vec::new() }).unwrap_err();
        assert!(told.to_string().contains("not between 0 and 1"), "{told}");
    }
}

#[test]
fn offers_are_those_of_somebody_with_a_name_and_of_one_person() {
    let (_dir, workspace) = library();
    let mut review = Review::open(&workspace, &episode()).unwrap();
    let snapshot = review.snapshot();
    let named: Vec<IdentityId> =
        snapshot.identities.iter().filter(|c| c.identity.name.is_some()).map(|c| c.identity.id).collect();
    let unnamed = snapshot.identities.iter().find(|c| c.identity.name.is_none()).unwrap();
    let refused = |review: &mut Review, from: &[Near]| match review.alike(from) {
        Err(SessionError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    let why = refused(&mut review, &[Near::Identity(unnamed.identity.id)]);
    assert_eq!(why, Refusal::Unnamed { what: unnamed.identity.id.to_string() });
    assert_eq!(refused(&mut review, &[Near::Identity(named[0]), Near::Identity(named[1])]), Refusal::TwoPeople);
    assert_eq!(refused(&mut review, &[]), Refusal::NothingNamed);
    assert_eq!(refused(&mut review, &[Near::Track(TrackId(999))]), Refusal::NoTrack { track: TrackId(999) });
    let found = alike(&mut review, &[Near::Identity(named[0])]);
    assert_eq!(found.to, named[0]);
    assert!(found.offers.is_sorted_by(|a, b| a.belief >= b.belief));
}
