//! Episodes added, measured, stopped, taken up again and deleted from the workstation.

use super::support::{CHEAP, User, media, models, talking_dev};
use super::workstation::{BLOCKS, ENTER, ESCAPE, Terminal};
use std::fs;
use std::path::PathBuf;

/// The same cheap model that [`CHEAP`] names, as settings of the library.
const SETTINGS: &str = "[detect]\nmodel = \"scrfd_500m_kps_dyn\"\ninput = \"320x192\"\n";

/// A user whose library measures cheaply, and a clip under a name that tells show, season and episode.
fn user() -> Option<(User, PathBuf)> {
    models()?;
    let clip = media("talking_dev.mp4")?;
    let user = User::new();
    fs::create_dir_all(user.library()).unwrap();
    fs::write(user.library().join("config.toml"), SETTINGS).unwrap();
    let folder = user.path("videos");
    fs::create_dir_all(&folder).unwrap();
    let video = folder.join("RHOBH.S05E17.720p.mp4");
    fs::copy(clip, &video).unwrap();
    Some((user, video))
}

/// Adds the clip by the form: its folder typed, its name completed.
fn add(term: &mut Terminal, video: &std::path::Path) {
    term.until("the library is empty");
    term.does("a", "a new episode");
    // What stands there is the folder that the program was started in.
    term.press("\x15");
    term.press(&format!("{}/rh", video.parent().unwrap().display()));
    term.does("\t", "with sound");
    term.does("\x1b[6~", "measure rhobh-s05e17");
}

#[test]
fn an_episode_is_added_loses_its_connection_goes_on_and_is_measured_as_by_the_command() {
    let Some((user, video)) = user() else { return };
    let due = User::new().measure(&video, &CHEAP);
    let mut term = Terminal::open(&user, (120, 40), &BLOCKS, &[]);
    add(&mut term, &video);
    term.does("\x13", "phase=detect");
    let progress = user.episode("rhobh-s05e17").join("progress.json");
    let shots = || -> Option<u64> {
        let text = fs::read_to_string(&progress).ok()?;
        serde_json::from_str::<serde_json::Value>(&text).ok()?["shots"].as_u64()
    };
    while shots() < Some(1) {
        term.until("detect");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    term.hang_up();
    assert_eq!(term.ends(), 0);
    user.assert_healthy("after the connection was lost");
    let listed = user.json(["status", "--json"]);
    assert_eq!(listed[0]["state"], "unfinished", "{listed}");

    let mut term = Terminal::open(&user, (120, 40), &BLOCKS, &[]);
    term.until("the run of rhobh-s05e17 did not end");
    term.does("c", "goes on in the background");
    term.does("gj", "go on with r1");
    term.until("done in");
    term.does("t", "all tracks");
    term.does("ge", "0 of");
    // Nothing is left to go on with, and what is there is what the command measures.
    term.does("c", "no run was left open");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    assert!(fs::read_dir(user.path("state").join("screenalytics").join("runs")).unwrap().next().is_none());
    let measured = user.measure(&video, &["--ep-id", "rhobh-s05e17"]);
    assert_eq!(measured.digest, due.digest);
}

#[test]
fn leaving_asks_while_a_run_works_and_a_stopped_run_is_taken_up_by_its_key() {
    let Some((user, video)) = user() else { return };
    let mut term = Terminal::open(&user, (100, 30), &BLOCKS, &[]);
    add(&mut term, &video);
    term.press("\x13");
    // Asked although the run has only just been ordered.
    term.does("Q", "Q again stops it");
    term.does("x", "at its last whole shot");
    term.until("stopped at");
    term.does("r", "what to work out of");
    term.does("go on", "go on with r1");
    term.does(ENTER, "runs in the background");
    term.until("done in");
    // Grouping again would change nothing, and says so.
    term.does("r", "groups of r1 anew");
    term.does(ENTER, "nothing to do");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    user.assert_healthy("after a run was stopped and taken up");
}

#[test]
fn an_episode_goes_only_when_its_id_is_typed_and_all_of_them_only_at_delete_all() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let blobs = user.library().join("blobs");
    user.ok(["artifacts", shared.id, "--out", blobs.to_str().unwrap()]);
    let mut term = Terminal::open(&user, (80, 24), &BLOCKS, &[]);
    term.until("0 of 7 named");
    term.does("D", "to delete it");
    term.press("something else");
    term.press(ENTER);
    term.does(ESCAPE, "nothing is deleted");
    assert!(user.episode(shared.id).is_dir());
    term.does(":", "what to do");
    term.does("delete every", "delete every episode");
    term.does(ENTER, "type DELETE ALL");
    term.press("delete all");
    term.press(ENTER);
    term.does(ESCAPE, "nothing is deleted");
    assert!(user.episode(shared.id).is_dir());
    term.does("D", "these stay");
    term.does("\t", "as well");
    term.press(shared.id);
    term.does(ENTER, "the library is empty");
    assert!(!user.episode(shared.id).exists());
    assert!(!blobs.join("manifests").join(shared.id).exists() && !blobs.join("frames").join(shared.id).exists());
    term.press("Q");
    assert_eq!(term.ends(), 0);
}
