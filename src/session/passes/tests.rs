//! What passes leave behind, on a made-up episode.

use super::*;
use crate::config::Layers;
use crate::domain::{MediaTime, RunId, Span, Speaker, SpeakerId, TrackId, Turn, TurnId};
use crate::pipeline::carry_voices::carried_within;
use crate::session::command::Whose;
use crate::session::listening::tell_apart;
use crate::session::{Command, Places, Review, SessionError, SyntheticSize, decide, redo, summary, undo, write_synthetic};
use serde_json::Value;

fn workspace(dir: &Path) -> Workspace {
    let places = Places { library: Some(dir.join("library")), models: Some(dir.join("models")), ..Places::default() };
    let workspace = Workspace::new(places, Vec::new()).unwrap();
    write_synthetic(&workspace, SyntheticSize { episodes: 1, tracks: 40, faces: 700 }, &mut |_, _| {}).unwrap();
    workspace
}

fn store(workspace: &Workspace) -> EpisodeStore {
    workspace.write(&workspace.open_library().unwrap(), &"synthetic-s01e01".parse().unwrap()).unwrap()
}

/// Returns a setting that a run was made with.
fn noted<'a>(run: &'a RunMeta, table: &str, key: &str) -> &'a Value {
    &run.params[table][key]
}

#[test]
fn each_pass_notes_the_settings_of_its_own_tables_and_that_the_run_is_not_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = store(&workspace(dir.path())).runs().unwrap().remove(0);
    assert!(TABLES.iter().all(|table| run.params.get(table).is_some()));
    run.params["of_old"] = 1.into();
    let mut layers = Layers::defaults();
    layers.set("a test", "mouth.batch", toml::Value::Integer(77)).unwrap();
    layers.set("a test", "cluster.min_cluster_size", toml::Value::Integer(7)).unwrap();
    let settings = layers.settings().unwrap();
    begins(&mut run, &settings, |table| table == "mouth");
    assert_eq!((noted(&run, "mouth", "batch"), run.finished_at, run.params.get("of_old")), (&77.into(), None, None));
    assert_ne!(noted(&run, "cluster", "min_cluster_size"), 7, "tracks are grouped as before");
    begins(&mut run, &settings, |table| !TABLES.contains(&table));
    assert_eq!(noted(&run, "cluster", "min_cluster_size"), 7);
}

#[test]
fn words_go_with_the_turns_that_they_are_of_and_nothing_says_that_they_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path());
    let store = store(&workspace);
    let mut meta = store.runs().unwrap().remove(0);
    mark(&mut meta, TRANSCRIBE, "words".into());
    meta.transcriber = Some(meta.detector.clone());
    store.update_run(&meta).unwrap();
    assert!(!store.transcripts(meta.id).unwrap().is_empty());

    let mut layers = workspace.layers.clone();
    layers.set("a test", "diarise.min_turn_s", toml::Value::Float(0.125)).unwrap();
    layers.set("a test", "listen.batch", toml::Value::Integer(9)).unwrap();
    tell_apart(&store, &mut meta, &layers.settings().unwrap(), "other".into()).unwrap();
    let now = store.run(meta.id).unwrap();
    assert_eq!(now, meta, "the run is stored with the turns");
    assert!(store.transcripts(meta.id).unwrap().is_empty());
    assert_eq!((is_done(&now, TRANSCRIBE), &now.transcriber, is_made_of(&now, DIARISE, "other")), (false, &None, true));
    assert_eq!((noted(&now, "diarise", "min_turn_s"), now.finished_at), (&0.125.into(), None));
    assert_ne!(noted(&now, "listen", "batch"), 9, "nothing was listened to");
}

#[test]
fn mouths_count_where_all_of_them_were_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path());
    let episode = "synthetic-s01e01".parse().unwrap();
    let seen = || {
        let of_summary = summary(&workspace, &episode).unwrap().speech.unwrap();
        let of_review = Review::open_to_read(&workspace, &episode, "a test").unwrap().snapshot().speech.clone().unwrap();
        assert_eq!(of_summary, *of_review);
        let on_screen = of_summary.fused.links.iter().filter(|l| l.on_screen).map(|l| l.span.len().0).sum();
        (of_summary.faces.len(), MediaTime(on_screen))
    };
    assert!(seen().0 > 0 && seen().1 > MediaTime::ZERO);
    let store = store(&workspace);
    let mut meta = store.runs().unwrap().remove(0);
    meta.marks.remove(LINK);
    store.update_run(&meta).unwrap();
    assert_eq!(seen(), (0, MediaTime::ZERO));
}

/// Tells voices apart anew: two turns of one voice are heard.
fn hear_two(store: &EpisodeStore) -> [TurnId; 2] {
    let meta = store.runs().unwrap().remove(0);
    let then = store.spoken(meta.id).unwrap();
    let turn = |n: u32| Turn {
        id: TurnId(then.next_turn.0 + n),
        span: Span::new(MediaTime(i64::from(n) * 1_000_000), MediaTime(i64::from(n) * 1_000_000 + 900_000)),
        speaker: then.next_speaker,
        confidence: 1.0,
    };
    let (turns, voice) = ([turn(0), turn(1)], Speaker { id: then.next_speaker, voice: None, speech: MediaTime(1_800_000) });
    let identities = store.identities(meta.id).unwrap();
    let carried = carried_within(meta.id, &then, &turns, std::slice::from_ref(&voice), &identities, Timestamp::UNIX_EPOCH);
    store.write_voices(&meta, &turns, &[voice], carried.map(|(draft, _)| draft)).unwrap();
    turns.map(|t| t.id)
}

#[test]
fn neither_undo_nor_redo_brings_back_turns_of_before_they_were_told_apart_anew() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path());
    let (episode, run) = ("synthetic-s01e01".parse().unwrap(), RunId(1));
    let decide = |command: &Command| decide(&workspace, &episode, command).unwrap().unwrap().seq;
    let screen = |seen| Command::Screen { turns: vec![TurnId(2)], seen };
    let locked = decide(&Command::Lock { tracks: vec![TrackId(1)], identities: Vec::new() });
    decide(&screen(Some(false)));
    let back = decide(&screen(None));
    let voice = decide(&Command::Voice { speakers: vec![SpeakerId(1)], to: Whose::Nobody });
    let dropped = decide(&Command::DropTurns { turns: vec![TurnId(1)] });
    undo(&workspace, &episode, None).unwrap().unwrap();

    let first = store(&workspace).spoken(run).unwrap().next_turn;
    assert_eq!(hear_two(&store(&workspace))[0], first);
    let turns = || store(&workspace).spoken(run).unwrap().turns().into_iter().map(|t| t.id).collect::<Vec<_>>();
    let due = turns();
    for told in [
        redo(&workspace, &episode).unwrap_err(),
        undo(&workspace, &episode, Some(back)).unwrap_err(),
        undo(&workspace, &episode, Some(voice)).unwrap_err(),
    ] {
        assert!(matches!(told, SessionError::HeardAnew { of, .. } if [dropped, back, voice].contains(&of)), "{told}");
    }
    assert_eq!(turns(), due);
    // What is decided of the turns of now, and of faces, comes and goes as ever.
    let added = decide(&Command::AddTurn { from: MediaTime(5_000_000), to: MediaTime(6_000_000), speaker: None });
    undo(&workspace, &episode, Some(added)).unwrap().unwrap();
    redo(&workspace, &episode).unwrap().unwrap();
    assert_eq!(turns().len(), due.len() + 1);
    undo(&workspace, &episode, Some(locked)).unwrap().unwrap();
}
