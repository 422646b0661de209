use super::*;
use crate::session::{Command, Places, Review, SyntheticSize, Target, Workspace, write_synthetic};
use std::sync::OnceLock;

const SIZE: SyntheticSize = SyntheticSize { episodes: 1, tracks: 120, faces: 1_200 };

/// Opens a copy of a small made-up library.
fn opened(dir: &std::path::Path) -> (Workspace, Review) {
    static WRITTEN: OnceLock<tempfile::TempDir> = OnceLock::new();
    let workspace = |dir: &std::path::Path| {
        let places = Places { library: Some(dir.join("library")), models: Some(dir.join("models")), ..Places::default() };
        Workspace::new(places, Vec::new()).unwrap()
    };
    let written = WRITTEN.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        write_synthetic(&workspace(dir.path()), SIZE, &mut |_, _| {}).unwrap();
        dir
    });
    let bundle = std::path::Path::new("library/episodes/synthetic-s01e01");
    std::fs::create_dir_all(dir.join(bundle)).unwrap();
    for file in [std::path::Path::new("library/catalog.redb"), &bundle.join("episode.redb")] {
        std::fs::copy(written.path().join(file), dir.join(file)).unwrap();
    }
    let workspace = workspace(dir);
    let review = Review::open(&workspace, &"synthetic-s01e01".parse().unwrap()).unwrap();
    (workspace, review)
}

fn what_if(review: &Review) -> WhatIf {
    review.what_if().unwrap().prepare(None, &mut |_| true).unwrap().unwrap()
}

const STRICT: Thresholds = Thresholds { cluster_thresh: 0.5, min_cluster_size: 3 };

/// What is decided, without numbers that are never used again and without the log.
fn decided(review: &Review) -> group::State {
    review.what_if().unwrap().before
}

#[test]
fn what_is_foretold_is_what_comes_and_one_undo_takes_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut review) = opened(dir.path());
    let before = (decided(&review), review.snapshot().time.clone());
    let what_if = what_if(&review);
    let told = what_if.at(STRICT);
    let done = review.regroup(&what_if.regrouping(STRICT)).unwrap().unwrap();
    assert!(done.summary.starts_with("grouped at 0.500, 3 tracks at least: "), "{}", done.summary);
    let snapshot = review.snapshot();
    assert_eq!(told.identities, (before.0.identities.len(), snapshot.identities.len()));
    for shift in &told.people {
        let of = |time: &ScreenTime| {
            time.people.iter().find(|p| p.name.as_ref() == Some(&shift.name)).map_or(MediaTime::ZERO, |p| p.visual_time)
        };
        assert_eq!((shift.now, shift.then), (of(&before.1), of(&snapshot.time)), "{}", shift.name);
    }
    assert!(told.joins + told.splits > 0 && !told.people.is_empty(), "{told:?}");
    review.undo(None).unwrap();
    assert_eq!((decided(&review), review.snapshot().time.clone()), before);
}

#[test]
fn what_people_decided_stays_whatever_the_thresholds() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut review) = opened(dir.path());
    let snapshot = review.snapshot();
    let named = snapshot.identities.iter().find(|c| c.identity.name.is_some()).unwrap().clone();
    let locked = snapshot.identities.iter().find(|c| c.identity.name.is_none() && c.tracks.len() > 2).unwrap().clone();
    review.decide(&Command::Lock { tracks: vec![], identities: vec![locked.identity.id] }).unwrap();
    let first = what_if(&review);
    for cluster_thresh in [0.15, 0.3, 0.45, 0.6] {
        let what_if = review.what_if().unwrap().prepare(Some(&first), &mut |_| true).unwrap().unwrap();
        review.regroup(&what_if.regrouping(Thresholds { cluster_thresh, min_cluster_size: 1 })).unwrap();
        let now = review.snapshot();
        for kept in [&named, &locked] {
            let card = now.identities.iter().find(|c| c.identity.id == kept.identity.id).unwrap();
            assert!(kept.tracks.iter().all(|t| card.tracks.contains(t)), "{cluster_thresh}");
        }
        review.undo(None).unwrap();
    }
}

#[test]
fn groups_that_were_worked_out_before_a_decision_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut review) = opened(dir.path());
    let groups = what_if(&review).regrouping(STRICT);
    let id = review.snapshot().identities.last().unwrap().identity.id;
    review.decide(&Command::Name { identity: id, name: "Dora Example".into() }).unwrap();
    let Err(SessionError::Stale { of, now, .. }) = review.regroup(&groups) else { panic!("it is taken") };
    assert_eq!(now, of + 1);
}

#[test]
fn what_was_compared_serves_on_until_tracks_are_others() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut review) = opened(dir.path());
    let first = what_if(&review);
    let again = |review: &Review| review.what_if().unwrap().prepare(Some(&first), &mut |_| true).unwrap().unwrap();
    let id = review.snapshot().identities.last().unwrap().identity.id;
    review.decide(&Command::Name { identity: id, name: "Dora Example".into() }).unwrap();
    assert!(Arc::ptr_eq(&again(&review).tracks, &first.tracks));
    let track = review.snapshot().tracks.keys().next().copied().unwrap();
    let reason = crate::domain::DiscardReason::Poster;
    review.decide(&Command::Discard { tracks: vec![track], identities: vec![], reason }).unwrap();
    assert!(!Arc::ptr_eq(&again(&review).tracks, &first.tracks));
}

#[test]
fn the_thresholds_of_now_are_those_that_were_taken_last() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut review) = opened(dir.path());
    review.regroup(&what_if(&review).regrouping(STRICT)).unwrap();
    assert!((review.what_if().unwrap().thresholds().cluster_thresh - 0.5).abs() < 1e-6);
}

#[test]
fn recognition_groups_as_was_decided_until_that_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, review) = opened(dir.path());
    let episode = review.snapshot().episode.clone();
    drop(review);
    // Looks are measured by whatever groups first, and weigh in what tracks are like.
    crate::session::recognise(&workspace, &episode).unwrap();
    let mut review = Review::open(&workspace, &episode).unwrap();
    review.regroup(&what_if(&review).regrouping(STRICT)).unwrap();
    let taken = decided(&review);
    drop(review);
    let done = crate::session::recognise(&workspace, &episode).unwrap();
    let mut review = Review::open(&workspace, &episode).unwrap();
    assert_eq!((done.grouped_at, decided(&review)), (Some(STRICT), taken));
    review.undo(None).unwrap();
    assert_eq!(review.what_if().unwrap().decided, None);
    drop(review);
    assert_eq!(crate::session::recognise(&workspace, &episode).unwrap().grouped_at, None);
}

#[test]
fn grouping_by_the_settings_leaves_no_thresholds_decided() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, mut review) = opened(dir.path());
    let settings = review.thresholds_of_settings();
    review.regroup(&what_if(&review).regrouping(settings)).unwrap();
    let before = decided(&review);
    review.regroup(&what_if(&review).regrouping(STRICT)).unwrap();
    assert_ne!(decided(&review), before);
    let done = review.regroup(&review.regrouping_as_settings(&what_if(&review))).unwrap().unwrap();
    assert!(done.summary.starts_with("as the settings say, grouped at "), "{}", done.summary);
    assert_eq!(review.what_if().unwrap().decided, None);
    let groups = |state: &group::State| -> std::collections::BTreeSet<Vec<crate::domain::TrackId>> {
        let mut groups = BTreeMap::<_, Vec<_>>::new();
        state.assignments.iter().for_each(|(track, a)| groups.entry(a.identity).or_default().push(*track));
        groups.into_values().collect()
    };
    assert_eq!(groups(&decided(&review)), groups(&before));
    assert!(review.regroup(&review.regrouping_as_settings(&what_if(&review))).unwrap().is_none(), "it is so already");
    let episode = review.snapshot().episode.clone();
    drop(review);
    assert_eq!(crate::session::recognise(&workspace, &episode).unwrap().grouped_at, None);
}

#[test]
fn what_is_so_already_is_no_decision() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut review) = opened(dir.path());
    review.regroup(&what_if(&review).regrouping(STRICT)).unwrap();
    assert!(review.regroup(&what_if(&review).regrouping(STRICT)).unwrap().is_none());
}

#[test]
fn a_track_that_a_person_left_alone_is_counted_as_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut review) = opened(dir.path());
    let alone = |review: &Review| -> usize {
        let told = what_if(review).at(review.what_if().unwrap().thresholds());
        told.singles.values().map(|s| s.0).sum()
    };
    let before = alone(&review);
    let snapshot = review.snapshot();
    let pair = snapshot.identities.iter().find(|c| c.identity.name.is_none() && c.tracks.len() == 2).unwrap();
    let to = snapshot.identities.iter().find(|c| c.identity.name.is_some()).unwrap().identity.id;
    review.decide(&Command::Assign { tracks: vec![pair.tracks[0]], to: Target::Identity(to) }).unwrap();
    assert_eq!(alone(&review), before + 1);
}

#[test]
fn comparing_stops_when_nobody_waits_and_when_the_episode_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let (_, review) = opened(dir.path());
    let source = review.what_if().unwrap();
    assert!(source.clone().prepare(None, &mut |_| false).unwrap().is_none());
    drop(review);
    assert!(source.prepare(None, &mut |_| true).unwrap().is_none());
}
