//! Decisions about people on a made-up library of two episodes.

use super::*;
use crate::config::{Layers, Paths};
use crate::domain::{CatalogOperation, EpisodeId, PersonId};
use crate::session::{Access, Command, Review, SyntheticSize, Target, decide, summary, tracks, write_synthetic};
use crate::session::{SessionError, Workspace};
use crate::store::StoreError;
use std::path::Path;

fn workspace(library: &Path) -> Workspace {
    let layers = Layers::defaults();
    let settings = layers.settings().unwrap();
    let paths = Paths::find();
    Workspace { paths, library: library.to_owned(), models: library.join("m"), onnxruntime: None, layers, settings }
}

/// Two episodes in which Ada, Bo and Cleo are named.
fn library() -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path());
    write_synthetic(&workspace, SyntheticSize { episodes: 2, tracks: 40, faces: 700 }, &mut |_, _| {}).unwrap();
    (dir, workspace)
}

fn episode() -> EpisodeId {
    "synthetic-s01e01".parse().unwrap()
}

fn of(workspace: &Workspace, name: &str) -> PersonId {
    find_person(workspace, name).unwrap()
}

/// Names with their whole seconds, as the report of an episode has them.
fn seconds(workspace: &Workspace) -> Vec<(String, i64)> {
    let time = summary(workspace, &episode()).unwrap().time;
    time.people.into_iter().filter_map(|p| Some((p.name?, p.visual_time.0))).collect()
}

fn names(workspace: &Workspace) -> Vec<String> {
    let mut names: Vec<String> = seconds(workspace).into_iter().map(|s| s.0).collect();
    names.sort();
    names
}

fn merge(workspace: &Workspace, who: &[&str], into: &str) -> Result<Option<CatalogOperation>, SessionError> {
    let people = who.iter().map(|w| of(workspace, w)).collect();
    decide_catalog(workspace, &CatalogCommand::Merge { people, into: of(workspace, into) })
}

fn rename(workspace: &Workspace, who: &str, name: &str) -> Result<Option<CatalogOperation>, SessionError> {
    decide_catalog(workspace, &CatalogCommand::Rename { person: of(workspace, who), name: name.into() })
}

fn is_sound(workspace: &Workspace) {
    assert_eq!(workspace.open_library().unwrap().catalog().verify().unwrap(), []);
}

#[test]
fn a_new_name_holds_in_every_episode_and_the_old_one_still_finds_the_person() {
    let (_dir, workspace) = library();
    let before = seconds(&workspace);
    assert_eq!(
        rename(&workspace, "bo example", " Bob  Example ").unwrap().unwrap().summary,
        "Bo Example is called Bob Example now"
    );
    assert_eq!(names(&workspace), ["Ada Example", "Bob Example", "Cleo Example"]);
    assert_eq!(of(&workspace, "BO EXAMPLE"), of(&workspace, "Bob Example"));
    assert!(tracks(&workspace, &episode()).unwrap().iter().any(|t| t.name.as_deref() == Some("Bob Example")));
    assert!(rename(&workspace, "Bob Example", "Bob Example").unwrap().is_none());
    let taken = rename(&workspace, "Cleo Example", "ada example").unwrap_err();
    assert!(matches!(taken, SessionError::Catalog(CatalogRefusal::PersonThere { .. })), "{taken}");
    // Somebody may be called what another was called once.
    rename(&workspace, "Cleo Example", "Bo Example").unwrap().unwrap();
    assert_ne!(of(&workspace, "Bo Example"), of(&workspace, "Bob Example"));
    is_sound(&workspace);
    let told = undo_catalog(&workspace, Some(4)).unwrap_err();
    assert!(matches!(told, SessionError::Store(StoreError::NameTaken { .. })), "{told}");
    undo_catalog(&workspace, None).unwrap().unwrap();
    undo_catalog(&workspace, None).unwrap().unwrap();
    assert_eq!(seconds(&workspace), before);
    assert!(undo_catalog(&workspace, None).unwrap().is_none());
    is_sound(&workspace);
}

#[test]
fn merged_people_count_once_everywhere_and_come_apart_again() {
    let (_dir, workspace) = library();
    let before = seconds(&workspace);
    let review = Review::open(&workspace, &episode()).unwrap();
    assert_eq!(*review.access(), Access::Write, "an episode that is open elsewhere is no hindrance");
    assert_eq!(
        merge(&workspace, &["Bo Example", "Cleo Example"], "Ada Example").unwrap().unwrap().summary,
        "Bo Example and Cleo Example are Ada Example"
    );
    let (ada, most) = (seconds(&workspace), before.iter().map(|b| b.1).max().unwrap());
    assert_eq!((ada.len(), ada[0].0.as_str()), (1, "Ada Example"));
    assert!(ada[0].1 >= most && ada[0].1 <= before.iter().map(|b| b.1).sum());
    let mut casts = Vec::new();
    crate::session::casts(&workspace, &mut |line, _| {
        casts.push(line);
        true
    })
    .unwrap();
    let lines = crate::session::people(&crate::session::roster(&workspace).unwrap(), &casts);
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (lines[0].aliases.as_slice(), lines[0].episodes[0].visual_time.0),
        (&["Bo Example".to_owned(), "Cleo Example".into()][..], ada[0].1)
    );
    drop(review);
    // A track for the merged person goes to who is there already.
    let open = Review::open(&workspace, &episode()).unwrap();
    let count = open.snapshot().identities.len();
    let track = open.snapshot().tracks.values().find(|t| t.assignment.is_some()).unwrap().track.id;
    drop(open);
    decide(&workspace, &episode(), &Command::Assign { tracks: vec![track], to: Target::Person("Cleo Example".into()) }).unwrap();
    assert!(Review::open(&workspace, &episode()).unwrap().snapshot().identities.len() <= count);
    crate::session::undo(&workspace, &episode(), None).unwrap().unwrap();
    undo_catalog(&workspace, None).unwrap().unwrap();
    assert_eq!(seconds(&workspace), before);
    redo_catalog(&workspace).unwrap().unwrap();
    assert_eq!(seconds(&workspace), ada);
    is_sound(&workspace);
}

#[test]
fn an_open_review_takes_up_what_was_decided_of_people() {
    let (_dir, workspace) = library();
    let mut review = Review::open(&workspace, &episode()).unwrap();
    rename(&workspace, "Ada Example", "Ada Lane").unwrap().unwrap();
    assert!(review.refresh().unwrap());
    let snapshot = review.snapshot();
    assert!(snapshot.identities.iter().any(|c| c.identity.name.as_deref() == Some("Ada Lane")));
    assert!(snapshot.time.people.iter().any(|p| p.name.as_deref() == Some("Ada Lane")));
    assert!(!review.refresh().unwrap());
}

#[test]
fn an_older_decision_is_taken_back_alone_or_refused_with_what_depends_on_it() {
    let (_dir, workspace) = library();
    let first = rename(&workspace, "Ada Example", "Ada Lane").unwrap().unwrap().seq;
    let merged = merge(&workspace, &["Bo Example"], "Cleo Example").unwrap().unwrap().seq;
    let again = rename(&workspace, "Ada Lane", "Ada Lake").unwrap().unwrap().seq;
    let told = undo_catalog(&workspace, Some(first)).unwrap_err();
    assert!(matches!(told, SessionError::Depends { of, by: Some((by, _)) } if of == first && by == again), "{told}");
    undo_catalog(&workspace, Some(merged)).unwrap().unwrap();
    assert_eq!(names(&workspace), ["Ada Lake", "Bo Example", "Cleo Example"]);
    assert!(matches!(undo_catalog(&workspace, Some(merged)), Err(SessionError::CatalogNotUndoable { .. })));
    assert!(matches!(undo_catalog(&workspace, Some(1)), Err(SessionError::CatalogNotUndoable { .. })));
    is_sound(&workspace);
}

#[test]
fn nobody_becomes_themselves_and_strangers_are_refused_with_who_is_near() {
    let (_dir, workspace) = library();
    assert!(merge(&workspace, &["Ada Example"], "Ada Example").unwrap().is_none());
    let Err(SessionError::NoPerson { nearest, .. }) = find_person(&workspace, "Ada Exampel") else { panic!() };
    assert_eq!(nearest.first().map(String::as_str), Some("Ada Example"));
    merge(&workspace, &["Bo Example"], "Ada Example").unwrap().unwrap();
    // By their old name Bo is Ada now: that is one person.
    assert!(merge(&workspace, &["Ada Example"], "Bo Example").unwrap().is_none());
    assert!(rename(&workspace, "Cleo Example", "Bo Example").unwrap().is_some(), "nobody stands for themselves by that name");
    let told = undo_catalog(&workspace, Some(4)).unwrap_err();
    assert!(matches!(told, SessionError::Store(StoreError::NameTaken { .. })), "{told}");
    is_sound(&workspace);
}

fn command(workspace: &Workspace, command: &CatalogCommand) -> Result<Option<CatalogOperation>, SessionError> {
    decide_catalog(workspace, command)
}

fn delete(workspace: &Workspace, who: &str, dependents: Dependents<PersonId>) -> Result<String, SessionError> {
    let person = of(workspace, who);
    Ok(command(workspace, &CatalogCommand::DeletePerson { person, dependents })?.unwrap().summary)
}

#[test]
fn the_faces_of_who_is_deleted_go_to_another_or_to_nobody_and_come_back() {
    let (_dir, workspace) = library();
    let before = seconds(&workspace);
    let told = delete(&workspace, "Bo Example", Dependents::Refuse).unwrap_err();
    let SessionError::Catalog(CatalogRefusal::Theirs { episodes, .. }) = &told else { panic!("{told}") };
    assert_eq!(episodes.len(), 2);
    assert_eq!(delete(&workspace, "Bo Example", Dependents::Delete).unwrap(), "Bo Example deleted; their faces have no name");
    assert_eq!(names(&workspace), ["Ada Example", "Cleo Example"]);
    assert!(find_person(&workspace, "Bo Example").is_err());
    is_sound(&workspace);
    undo_catalog(&workspace, None).unwrap().unwrap();
    assert_eq!(seconds(&workspace), before);
    let ada = of(&workspace, "Ada Example");
    delete(&workspace, "Bo Example", Dependents::To(ada)).unwrap();
    assert_eq!(names(&workspace), ["Ada Example", "Cleo Example"]);
    let together = seconds(&workspace).into_iter().find(|s| s.0 == "Ada Example").unwrap().1;
    assert!(together > before.iter().find(|s| s.0 == "Ada Example").unwrap().1);
    // The name is free again; who takes it is somebody else.
    let again = command(&workspace, &CatalogCommand::AddPerson { name: "Bo Example".into(), aliases: vec![], notes: None });
    again.unwrap().unwrap();
    assert_eq!((of(&workspace, "Bo Example"), seconds(&workspace).len()), (PersonId(4), 2));
    undo_catalog(&workspace, None).unwrap().unwrap();
    undo_catalog(&workspace, None).unwrap().unwrap();
    assert_eq!(seconds(&workspace), before);
    is_sound(&workspace);
}

#[test]
fn an_episode_is_what_people_said_of_it_last_until_it_is_deleted() {
    let (_dir, workspace) = library();
    let title = Wish::Set("Pilot".to_owned());
    let edit = EpisodeEdit { title, season: Wish::Set(3), ..EpisodeEdit::default() };
    command(&workspace, &CatalogCommand::EditEpisode { episode: episode(), edit }).unwrap().unwrap();
    let entry = |workspace: &Workspace| workspace.open_library().unwrap().catalog().episode(&episode()).unwrap();
    let now = entry(&workspace).unwrap();
    assert_eq!((now.title.as_deref(), now.season, now.show.as_deref()), (Some("Pilot"), Some(3), Some("synthetic")));
    let shows = catalog_shows(&workspace).unwrap();
    assert_eq!(shows[0].seasons.iter().map(|s| (s.number, s.episodes.len())).collect::<Vec<_>>(), [(1, 1), (3, 1)]);
    crate::session::delete(&workspace, &episode(), false).unwrap();
    assert!(directory(&workspace).unwrap().episodes.is_empty());
    let told = undo_catalog(&workspace, Some(5)).unwrap_err();
    assert!(matches!(told, SessionError::CatalogNotUndoable { .. }), "{told}");
    is_sound(&workspace);
}

#[test]
fn what_was_decided_before_an_episode_that_is_gone_is_taken_back_as_ever() {
    let (_dir, workspace) = library();
    rename(&workspace, "Ada Example", "Ada Lane").unwrap().unwrap();
    let edit = EpisodeEdit { title: Wish::Set("Pilot".to_owned()), ..EpisodeEdit::default() };
    command(&workspace, &CatalogCommand::EditEpisode { episode: episode(), edit }).unwrap().unwrap();
    crate::session::delete(&workspace, &episode(), false).unwrap();
    assert_eq!(undo_catalog(&workspace, None).unwrap().unwrap().summary, "undo: Ada Example is called Ada Lane now");
    assert_eq!(undo_catalog(&workspace, None).unwrap(), None);
    assert_eq!(redo_catalog(&workspace).unwrap().unwrap().summary, "redo: Ada Example is called Ada Lane now");
    is_sound(&workspace);
}

#[test]
fn what_others_refer_to_is_not_taken_back_from_under_them() {
    let (_dir, workspace) = library();
    let show: crate::domain::Slug = "alpha".parse().unwrap();
    let add = CatalogCommand::AddPerson { name: "Zoe Example".into(), aliases: vec![], notes: None };
    let made = command(&workspace, &add).unwrap().unwrap().seq;
    let shown = command(&workspace, &CatalogCommand::AddShow { slug: show.clone(), title: None, notes: None }).unwrap().unwrap();
    let person = of(&workspace, "Zoe Example");
    command(&workspace, &CatalogCommand::AddMember { show, people: vec![person], role: None, seasons: vec![] }).unwrap().unwrap();
    for of in [made, shown.seq] {
        let told = undo_catalog(&workspace, Some(of)).unwrap_err();
        assert_eq!(told.to_string(), "the part of p_0004 in alpha would refer to what is not there");
    }
    undo_catalog(&workspace, None).unwrap().unwrap();
    undo_catalog(&workspace, Some(made)).unwrap().unwrap();
    is_sound(&workspace);
}

#[test]
fn who_is_named_in_a_run_that_is_not_the_active_one_is_not_deleted_unasked() {
    let (_dir, workspace) = library();
    for id in ["synthetic-s01e01", "synthetic-s01e02"] {
        let id: EpisodeId = id.parse().unwrap();
        let library = workspace.open_library().unwrap();
        let store = crate::store::EpisodeStore::open_writer(&library, &id).unwrap();
        let (mut meta, run) = (store.runs().unwrap().remove(0), store.next_run_id().unwrap());
        meta.id = run;
        store.begin_run(&meta).unwrap();
        store.set_active(run).unwrap();
    }
    assert!(seconds(&workspace).is_empty());
    let told = delete(&workspace, "Bo Example", Dependents::Refuse).unwrap_err();
    let SessionError::Catalog(CatalogRefusal::Theirs { episodes, .. }) = &told else { panic!("{told}") };
    assert_eq!(episodes.len(), 2);
}

#[test]
fn who_was_added_by_hand_is_taken_back_until_an_episode_refers_to_them() {
    let (_dir, workspace) = library();
    let add = |name: &str| command(&workspace, &CatalogCommand::AddPerson { name: name.into(), aliases: vec![], notes: None });
    let (zoe, dora) = (add("Zoe Example").unwrap().unwrap().seq, add("Dora Example").unwrap().unwrap().seq);
    let unnamed = summary(&workspace, &episode()).unwrap().identities.into_values().find(|i| i.name.is_none()).unwrap().id;
    decide(&workspace, &episode(), &Command::Name { identity: unnamed, name: "Zoe Example".into() }).unwrap().unwrap();
    let told = undo_catalog(&workspace, Some(zoe)).unwrap_err();
    assert!(told.to_string().contains("asks where their faces go"), "{told}");
    undo_catalog(&workspace, Some(dora)).unwrap().unwrap();
    assert_eq!(add("Eve Example").unwrap().unwrap().changes.len(), 1);
    assert_eq!(of(&workspace, "Eve Example"), PersonId(6), "a number is never used again");
    is_sound(&workspace);
}

#[test]
fn who_was_deleted_without_a_question_is_asked_about_when_that_is_done_again() {
    let (_dir, workspace) = library();
    command(&workspace, &CatalogCommand::AddPerson { name: "Zoe Example".into(), aliases: vec![], notes: None })
        .unwrap()
        .unwrap();
    assert_eq!(delete(&workspace, "Zoe Example", Dependents::Refuse).unwrap(), "Zoe Example deleted");
    undo_catalog(&workspace, None).unwrap().unwrap();
    let unnamed = summary(&workspace, &episode()).unwrap().identities.into_values().find(|i| i.name.is_none()).unwrap().id;
    decide(&workspace, &episode(), &Command::Name { identity: unnamed, name: "Zoe Example".into() }).unwrap().unwrap();
    let told = redo_catalog(&workspace).unwrap_err();
    assert_eq!(told.to_string(), "Zoe Example is not deleted: faces in 1 episode are theirs (synthetic-s01e01)");
    assert!(told.hint().unwrap().contains("`screenalytics person delete \"Zoe Example\" --to PERSON`"));
    assert!(names(&workspace).contains(&"Zoe Example".into()));
    // Of whom it was said that their faces are nobody's, that was asked.
    delete(&workspace, "Zoe Example", Dependents::Delete).unwrap();
    undo_catalog(&workspace, None).unwrap().unwrap();
    redo_catalog(&workspace).unwrap().unwrap();
    assert!(!names(&workspace).contains(&"Zoe Example".into()));
    is_sound(&workspace);
}

#[test]
fn whom_an_episode_that_cannot_be_read_may_show_is_not_taken_back_and_it_says_that() {
    let (_dir, workspace) = library();
    let add = CatalogCommand::AddPerson { name: "Zoe Example".into(), aliases: vec![], notes: None };
    let zoe = command(&workspace, &add).unwrap().unwrap().seq;
    let file = workspace.open_library().unwrap().episode_path(&episode()).join("episode.redb");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, b"no episode").unwrap();
    let told = undo_catalog(&workspace, Some(zoe)).unwrap_err();
    assert!(told.to_string().ends_with("it added somebody, whom an episode that cannot be read may refer to"), "{told}");
    std::fs::write(&file, whole).unwrap();
    undo_catalog(&workspace, Some(zoe)).unwrap().unwrap();
}

#[test]
fn an_episode_of_which_only_the_catalog_knows_is_deleted_too() {
    let (_dir, workspace) = library();
    let edit = EpisodeEdit { title: Wish::Set("Pilot".to_owned()), ..EpisodeEdit::default() };
    command(&workspace, &CatalogCommand::EditEpisode { episode: episode(), edit }).unwrap().unwrap();
    let library = workspace.open_library().unwrap();
    std::fs::remove_dir_all(library.episode_path(&episode())).unwrap();
    assert_eq!(crate::session::what_goes(&workspace, &episode()).unwrap(), crate::session::Goes::default());
    crate::session::delete(&workspace, &episode(), false).unwrap();
    assert!(directory(&workspace).unwrap().episodes.is_empty());
    assert!(!library.catalog().knows_episode(&episode()).unwrap());
    assert_eq!(catalog_log(&workspace).unwrap().last().unwrap().summary, "episode synthetic-s01e01 deleted");
    let told = crate::session::delete(&workspace, &episode(), false).unwrap_err();
    assert!(matches!(told, SessionError::NoEpisode { .. }), "{told}");
    is_sound(&workspace);
}
