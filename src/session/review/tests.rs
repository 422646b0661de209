//! Decisions on an open episode, held against the commands and against an episode that is opened afresh.

use super::*;
use crate::config::{Layers, Paths};
use crate::domain::{DiscardReason, IdentityId, OperationKind};
use crate::session::{SyntheticSize, Target, decide, summary, write_synthetic};
use proptest::prelude::*;
use std::path::Path;
use std::sync::OnceLock;

const SIZE: SyntheticSize = SyntheticSize { episodes: 1, tracks: 40, faces: 700 };

pub(super) fn episode() -> EpisodeId {
    "synthetic-s01e01".parse().unwrap()
}

pub(super) fn workspace(library: &Path) -> Workspace {
    let layers = Layers::defaults();
    let settings = layers.settings().unwrap();
    Workspace {
        paths: Paths::find(),
        library: library.to_owned(),
        models: library.join("models"),
        onnxruntime: None,
        layers,
        settings,
    }
}

/// Makes a copy of a small made-up library, which is written once.
pub(super) fn library() -> (tempfile::TempDir, Workspace) {
    static WRITTEN: OnceLock<tempfile::TempDir> = OnceLock::new();
    let written = WRITTEN.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        write_synthetic(&workspace(dir.path()), SIZE, &mut |_, _| {}).unwrap();
        dir
    });
    let dir = tempfile::tempdir().unwrap();
    let bundle = Path::new("episodes").join(episode().as_str());
    std::fs::create_dir_all(dir.path().join(&bundle)).unwrap();
    for file in [Path::new("catalog.redb"), &bundle.join("episode.redb")] {
        std::fs::copy(written.path().join(file), dir.path().join(file)).unwrap();
    }
    let workspace = workspace(dir.path());
    (dir, workspace)
}

/// Everything that a snapshot shows of the decided data, to the last digit: its place in the log and the catalog's people apart.
fn shown(snapshot: &Snapshot) -> String {
    format!("{:?}", Snapshot { seq: 0, next_undo: None, next_redo: None, people: Vec::new(), ..snapshot.clone() })
}

fn commands() -> impl Strategy<Value = Command> {
    let track = || (1u32..46).prop_map(TrackId);
    let tracks = || prop::collection::vec((1u32..46).prop_map(TrackId), 1..4);
    let identity = || (1u32..30).prop_map(IdentityId);
    let name = || prop_oneof![Just("Ada Example"), Just("bo  example"), Just("Somebody New")];
    let target = move || {
        prop_oneof![
            (1u32..30).prop_map(|id| Target::Identity(IdentityId(id))),
            name().prop_map(|n| Target::Person(n.into())),
            Just(Target::New)
        ]
    };
    // Pictures as tracks have them: three shots of about 120 pictures.
    let picture = || 0u64..500;
    prop_oneof![
        (identity(), name()).prop_map(|(identity, n)| Command::Name { identity, name: n.into() }),
        (tracks(), target()).prop_map(|(tracks, to)| Command::Assign { tracks, to }),
        (track(), picture(), 1u64..90, target()).prop_map(|(track, from, n, target)| Command::AssignPictures {
            track,
            from,
            to: from + n,
            target
        }),
        (prop::collection::vec((1u32..30).prop_map(IdentityId), 1..4), identity())
            .prop_map(|(identities, into)| Command::Merge { identities, into }),
        tracks().prop_map(|tracks| Command::Remove { tracks }),
        (tracks(), name()).prop_map(|(tracks, n)| Command::Never { tracks, identities: Vec::new(), name: n.into() }),
        (tracks(), identity(), any::<bool>()).prop_map(|(tracks, id, whole)| Command::Discard {
            tracks,
            identities: if whole { vec![id] } else { vec![] },
            reason: DiscardReason::Crowd
        }),
        (track(), picture(), 1u64..90).prop_map(|(track, from, n)| Command::DiscardPictures {
            track,
            from,
            to: from + n,
            reason: DiscardReason::Poster
        }),
        tracks().prop_map(|tracks| Command::Restore { tracks }),
        (track(), picture()).prop_map(|(track, at)| Command::Split { track, at }),
        prop::collection::vec((1u32..46).prop_map(TrackId), 2..4).prop_map(|tracks| Command::Join { tracks }),
        (tracks(), identity()).prop_map(|(tracks, id)| Command::Lock { tracks, identities: vec![id] }),
        (tracks(), identity()).prop_map(|(tracks, id)| Command::Unlock { tracks, identities: vec![id] }),
    ]
}

/// Cuts a track that is seen for a while, joins it again and moves it: what random commands seldom hit.
fn cuts(review: &Review, nth: usize) -> Vec<Command> {
    let snapshot = review.snapshot();
    let long: Vec<&TrackInfo> = snapshot.tracks.values().filter(|t| t.track.boxes > 4 && !t.locked).collect();
    let Some(info) = long.get(nth % long.len().max(1)) else { return Vec::new() };
    let (id, middle) = (info.track.id, u64::midpoint(info.track.first.frame, info.track.last.frame + 1));
    let next = TrackId(review.state.view.next_track.0);
    vec![
        Command::Split { track: id, at: middle },
        Command::Join { tracks: vec![id, next] },
        Command::Split { track: id, at: middle },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn n_decisions_and_n_undos_show_every_snapshot_again_as_a_fresh_opening_does(
        list in prop::collection::vec(commands(), 1..25),
        nth in 0usize..40,
    ) {
        let (_dir, workspace) = library();
        let mut review = Review::open(&workspace, &episode()).unwrap();
        let mut states = vec![shown(&review.snapshot())];
        for command in cuts(&review, nth).iter().chain(&list) {
            if let Ok(Some(_)) = review.decide(command) {
                states.push(shown(&review.snapshot()));
            }
        }
        prop_assert!(states.len() > 1);
        let end = review.snapshot();
        drop(review);
        let mut review = Review::open(&workspace, &episode()).unwrap();
        prop_assert_eq!(&*review.snapshot(), &*end);
        prop_assert_eq!(&end.time, &summary(&workspace, &episode()).unwrap().time);
        for state in states.iter().rev().skip(1) {
            review.undo(None).unwrap().unwrap();
            prop_assert_eq!(&shown(&review.snapshot()), state);
        }
        let (begin, seq) = (review.snapshot(), review.snapshot().seq);
        drop(review);
        let mut review = Review::open(&workspace, &episode()).unwrap();
        prop_assert_eq!(&*review.snapshot(), &*begin);
        prop_assert_eq!(seq, u64::try_from(review.log().unwrap().len()).unwrap());
        for state in states.iter().skip(1) {
            review.redo().unwrap().unwrap();
            prop_assert_eq!(&shown(&review.snapshot()), state);
        }
        prop_assert!(review.redo().unwrap().is_none());
    }

    #[test]
    fn decisions_are_those_of_the_commands(list in prop::collection::vec(commands(), 1..12)) {
        let ((_a, here), (_b, there)) = (library(), library());
        let mut review = Review::open(&here, &episode()).unwrap();
        for command in &list {
            let told = |e: SessionError| e.to_string();
            let open = review.decide(command).map_err(told).map(|o| o.map(|o| (o.kind, o.summary, o.changes)));
            let command = decide(&there, &episode(), command).map_err(told).map(|o| o.map(|o| (o.kind, o.summary, o.changes)));
            prop_assert_eq!(open, command);
        }
        let fresh = Review::open(&there, &episode()).unwrap();
        prop_assert_eq!(shown(&review.snapshot()), shown(&fresh.snapshot()));
    }
}

#[test]
fn every_identity_has_a_card_and_every_track_a_face() {
    let (_dir, workspace) = library();
    let review = Review::open(&workspace, &episode()).unwrap();
    let snapshot = review.snapshot();
    assert_eq!(snapshot.tracks.len(), 40);
    assert_eq!(snapshot.tracks.values().map(|t| t.track.boxes).sum::<u32>(), 700);
    assert_eq!(snapshot.identities.iter().map(|c| c.tracks.len()).sum::<usize>(), 40);
    assert!(snapshot.identities.is_sorted_by_key(|c| std::cmp::Reverse(c.seconds)));
    assert_eq!(snapshot.identities.iter().filter(|c| c.identity.name.is_some()).count(), 3);
    assert_eq!(snapshot.people.len(), 3);
    for info in snapshot.tracks.values() {
        let jpeg = review.thumb(info.best.unwrap()).unwrap().unwrap();
        assert_eq!(jpeg[..3], [0xFF, 0xD8, 0xFF]);
    }
    let card = snapshot.identities.iter().find(|c| c.tracks.len() > 1).unwrap();
    let first = card.tracks.iter().filter_map(|t| snapshot.tracks[t].seen.first()).map(|s| s.start()).min();
    assert_eq!(Some(card.first), first);
    assert!(snapshot.identities.iter().any(|c| c.doubts.iter().any(|d| matches!(d, Doubt::Alone(_)))));
}

#[test]
fn undo_is_offered_by_name_and_a_new_person_is_known_at_once() {
    let (_dir, workspace) = library();
    let mut review = Review::open(&workspace, &episode()).unwrap();
    assert!(review.snapshot().next_undo.as_ref().is_some_and(|(_, what)| what.ends_with("is Cleo Example")));
    let id = review.snapshot().identities.iter().find(|c| c.identity.name.is_none()).unwrap().identity.id;
    let done = review.decide(&Command::Name { identity: id, name: "Dora  Example".into() }).unwrap().unwrap();
    let snapshot = review.snapshot();
    assert_eq!(snapshot.next_undo, Some((done.seq, format!("{id} is Dora Example"))));
    assert!(snapshot.people.iter().any(|p| p.name == "Dora Example"));
    assert!(snapshot.time.people.iter().any(|p| p.name.as_deref() == Some("Dora Example")));
    assert!(review.decide(&Command::Name { identity: id, name: "dora example".into() }).unwrap().is_none());
    let undone = review.undo(None).unwrap().unwrap();
    assert_eq!(undone.kind, OperationKind::Undo { of: done.seq });
    assert_eq!(review.snapshot().next_redo, Some((done.seq, format!("{id} is Dora Example"))));
}

#[test]
fn an_old_decision_is_taken_back_alone_or_refused_with_what_depends_on_it() {
    let (_dir, workspace) = library();
    let mut review = Review::open(&workspace, &episode()).unwrap();
    let unnamed: Vec<IdentityId> =
        review.snapshot().identities.iter().filter(|c| c.identity.name.is_none()).map(|c| c.identity.id).collect();
    let name = |id: IdentityId, name: &str| Command::Name { identity: id, name: name.into() };
    let first = review.decide(&name(unnamed[0], "Dora")).unwrap().unwrap().seq;
    let other = review.decide(&name(unnamed[1], "Emil")).unwrap().unwrap().seq;
    let again = review.decide(&name(unnamed[1], "Fay")).unwrap().unwrap().seq;
    review.undo(Some(first)).unwrap().unwrap();
    let of =
        |review: &Review, id| review.snapshot().identities.iter().find(|c| c.identity.id == id).unwrap().identity.name.clone();
    assert_eq!((of(&review, unnamed[0]), of(&review, unnamed[1])), (None, Some("Fay".into())));
    let before = review.snapshot();
    let told = review.undo(Some(other)).unwrap_err();
    assert!(matches!(&told, SessionError::Depends { by: Some((by, _)), .. } if *by == again), "{told}");
    assert_eq!(review.snapshot(), before);
    assert!(matches!(review.undo(Some(1)), Err(SessionError::NotUndoable { .. })));
}

#[test]
fn a_second_opening_reads_follows_and_is_told_who_writes() {
    let (_dir, workspace) = library();
    let mut writer = Review::open(&workspace, &episode()).unwrap();
    let mut reader = Review::open(&workspace, &episode()).unwrap();
    assert_eq!(*writer.access(), Access::Write);
    let Access::Read { why } = reader.access().clone() else { panic!("two write") };
    assert!(why.contains(&format!("process {} on", std::process::id())), "{why}");
    assert!(!reader.refresh().unwrap());
    let card = writer.snapshot().identities[0].clone();
    let lock = Command::Lock { tracks: vec![], identities: vec![card.identity.id] };
    let split = {
        let info = writer.snapshot().tracks[&card.tracks[0]].track;
        Command::Split { track: info.id, at: info.last.frame }
    };
    for command in [split, Command::Name { identity: card.identity.id, name: "New Here".into() }, lock] {
        writer.decide(&command).unwrap().unwrap();
    }
    assert!(reader.refresh().unwrap());
    assert_eq!(reader.snapshot(), writer.snapshot());
    assert!(!reader.refresh().unwrap());
    let told = reader.decide(&Command::Name { identity: card.identity.id, name: "Nobody Knows".into() }).unwrap_err();
    assert!(matches!(&told, SessionError::ReadOnly { .. }) && told.to_string().contains(&why), "{told}");
    assert!(matches!(reader.undo(None), Err(SessionError::ReadOnly { .. })));
    assert!(writer.refresh().is_ok() && !writer.snapshot().people.iter().any(|p| p.name == "Nobody Knows"));
    let thumbs = writer.thumbs();
    assert!(thumbs.get(card.best.unwrap()).unwrap().is_some());
    drop(writer);
    assert_eq!(thumbs.get(card.best.unwrap()).unwrap(), None);
    assert_eq!(*Review::open(&workspace, &episode()).unwrap().access(), Access::Write);
}

#[test]
fn pages_of_crops_go_on_where_they_ended_also_after_a_cut() {
    let (_dir, workspace) = library();
    let mut review = Review::open(&workspace, &episode()).unwrap();
    let info = review.snapshot().tracks.values().max_by_key(|t| (t.crops, t.track.boxes)).unwrap().clone();
    let track = info.track.id;
    let all = review.crops(track, None, 1, 1000).unwrap();
    assert_eq!((all.rows.len() as u64, all.next, all.total), (u64::from(info.crops), None, u64::from(info.crops)));
    assert!(all.rows.is_sorted_by_key(|r| r.at) && all.rows.iter().any(|r| Some(r.key) == info.best));
    for (every, limit) in [(1, 1), (1, 3), (2, 2), (3, 1), (3, 2), (100, 1)] {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = review.crops(track, after, every, limit).unwrap();
            assert!(page.rows.len() <= limit && page.total == all.total);
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let due: Vec<CropRow> = all.rows.iter().step_by(every).cloned().collect();
        assert_eq!(rows, due, "every {every}, {limit} a page");
    }
    let page = review.crops(track, None, 1, 2).unwrap();
    let cursor = serde_json::from_str(&serde_json::to_string(&page.next).unwrap()).unwrap();
    let at = all.rows[4].at.frame;
    review.decide(&Command::Split { track, at }).unwrap().unwrap();
    let rest = review.crops(track, cursor, 1, 1000).unwrap();
    assert_eq!((rest.rows, rest.total), (all.rows[2..4].to_vec(), 4));
    let tail = review.snapshot().tracks.keys().next_back().copied().unwrap();
    let tail = review.crops(tail, None, 1, 1000).unwrap();
    let keys = |rows: &[CropRow]| rows.iter().map(|r| r.key).collect::<Vec<_>>();
    assert_eq!(keys(&tail.rows), keys(&all.rows[4..]));
    assert!(review.thumb(tail.rows[0].key).unwrap().is_some());
    assert_eq!(review.crops(TrackId(4000), None, 1, 5).unwrap(), CropPage { rows: vec![], next: None, total: 0 });
}

#[test]
fn an_episode_that_is_not_there_or_was_not_run_is_said_to_be_so() {
    let (_dir, workspace) = library();
    let missing = Review::open(&workspace, &"nothing".parse().unwrap());
    assert!(matches!(missing, Err(SessionError::NoEpisode { .. })));
    let library = workspace.open_library().unwrap();
    drop(EpisodeStore::open_writer(&library, &"begun".parse().unwrap()).unwrap());
    assert!(matches!(Review::open(&workspace, &"begun".parse().unwrap()), Err(SessionError::NotRun { .. })));
}
