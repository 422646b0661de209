//! What a reviewer decides from the command line, and every way back.

use super::support::{CHEAP, User, json_lines, media, models};
use serde_json::Value;
use std::fs;

const EP: &str = "talking-dev";

fn measured() -> Option<User> {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return None };
    let user = User::new();
    user.measure(&video, &CHEAP);
    Some(user)
}

fn totals(user: &User) -> String {
    user.ok(["export", EP, "--format", "csv"])
}

fn tracks(user: &User) -> Vec<Value> {
    json_lines(&user.ok(["tracks", EP, "--json"]))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// Seconds of a person, or 0.
fn seconds(user: &User, name: &str) -> f64 {
    let state = user.json(["status", EP, "--json"]);
    let people = state["people"].as_array().unwrap().iter();
    people.filter(|p| p["name"] == name).map(|p| p["visual_s"].as_f64().unwrap()).sum()
}

/// Names, cuts, merges, discards; returns how many operations that were.
fn review(user: &User) -> usize {
    let all = tracks(user);
    let long = all.iter().max_by_key(|t| number(&t["boxes"])).unwrap();
    let (id, first, last) = (number(&long["id"]), number(&long["first"]["frame"]), number(&long["last"]["frame"]));
    let whose = format!("id_{:04}", number(&long["identity"]));
    let others: Vec<String> =
        all.iter().filter(|t| t["identity"] != long["identity"]).map(|t| format!("id_{:04}", number(&t["identity"]))).collect();
    let (id, middle) = (format!("t{id}"), u64::midpoint(first, last));

    user.ok(["name", EP, &whose, "Ava Stone"]);
    let before = seconds(user, "Ava Stone");
    let told = user.ok(["split", EP, &id, "--at", &middle.to_string()]);
    assert!(told.starts_with(&format!("{id} cut at picture {middle}; t")), "{told}");
    assert!((seconds(user, "Ava Stone") - before).abs() < 1e-6, "a cut alone moves no second");
    let made = told.split("; ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    user.ok(["assign", EP, &made, "--to", "Ben Reed"]);
    let (ava, ben) = (seconds(user, "Ava Stone"), seconds(user, "Ben Reed"));
    assert!(ben > 0.5 && (ava + ben - before).abs() < 0.3, "{before} is now {ava} and {ben}");
    let told = user.ok(["merge", EP, &others[0], "--into", &whose]);
    assert!(told.contains("merged into Ava Stone"), "{told}");
    user.ok(["assign", EP, &id, "--pictures", &format!("{}..{}", first + 3, first + 9), "--to", "new"]);
    user.ok(["lock", EP, &whose]);
    let refused = user.run(["remove", EP, &id]);
    assert!(refused.code == Some(1) && refused.stderr.contains("is locked") && refused.stderr.contains("unlock"), "{refused}");
    user.ok(["unlock", EP, &whose]);
    let told = user.ok(["discard", EP, &made, "--reason", "poster"]);
    assert!(told.contains("discarded: a poster"), "{told}");
    assert!(seconds(user, "Ben Reed").abs() < 1e-6);
    let state = user.json(["export", EP, "--format", "json"]);
    assert_eq!(state["diagnostics"]["tracks_discarded_poster"], 1, "{}", state["diagnostics"]);
    8
}

#[test]
fn every_decision_is_taken_back_and_done_again_to_the_last_digit() {
    let Some(user) = measured() else { return };
    let begun = totals(&user);
    let begun_tracks = tracks(&user);
    let count = review(&user);
    let (ended, ended_tracks) = (totals(&user), tracks(&user));
    assert_ne!(begun, ended);
    for n in 0..count {
        assert!(!user.ok(["undo", EP]).starts_with("nothing"), "{n}");
    }
    assert!(user.ok(["undo", EP]).starts_with("nothing to undo"));
    assert_eq!((totals(&user), tracks(&user)), (begun, begun_tracks));
    for _ in 0..count {
        user.ok(["redo", EP]);
    }
    assert_eq!((totals(&user), tracks(&user)), (ended, ended_tracks));
    user.assert_healthy("after undo and redo");
}

#[test]
fn a_log_is_replayed_once_on_a_copy_and_commands_are_replayed_too() {
    let Some(user) = measured() else { return };
    let copy = user.copy();
    review(&user);
    user.ok(["name", EP, "id_0001", "Somebody Else"]);
    user.ok(["undo", EP]);
    let log = user.path("decisions.jsonl");
    fs::write(&log, user.ok(["log", EP, "--json"])).unwrap();
    let told = copy.ok(["replay".as_ref(), log.as_os_str()]);
    assert!(told.starts_with("8 decisions replayed"), "{told}");
    assert_eq!((totals(&copy), tracks(&copy)), (totals(&user), tracks(&user)));
    assert!(copy.ok(["replay".as_ref(), log.as_os_str()]).starts_with("0 decisions replayed • 8 there already"));

    let track = number(&tracks(&copy)[0]["id"]);
    let commands = copy.path("commands.jsonl");
    let text = format!(
        "{{\"command\":{{\"do\":\"assign\",\"tracks\":[{track}],\"to\":{{\"person\":\"Cy Moss\"}}}}}}\n{{\"command\":{{\"do\":\"split\",\"track\":{track},\"at\":0}}}}\n"
    );
    fs::write(&commands, text).unwrap();
    let refused = copy.run(["replay".as_ref(), commands.as_os_str(), "--ep-id".as_ref(), EP.as_ref()]);
    assert!(refused.code == Some(1) && refused.stderr.contains("line 2"), "{refused}");
    assert!(seconds(&copy, "Cy Moss") > 0.0, "the line before it stays");
    fs::write(&commands, "{\"command\":{\"do\":\"fly\"}}\n").unwrap();
    let refused = copy.run(["replay".as_ref(), commands.as_os_str(), "--ep-id".as_ref(), EP.as_ref()]);
    assert!(refused.code == Some(1) && refused.stderr.contains("line 1") && refused.stderr.contains("fly"), "{refused}");
    copy.assert_healthy("after a replay");
}

#[test]
fn one_entry_of_the_log_is_taken_back_unless_later_ones_depend_on_it() {
    let Some(user) = measured() else { return };
    user.ok(["name", EP, "id_0001", "Ava Stone"]);
    user.ok(["name", EP, "id_0002", "Ben Reed"]);
    let named = json_lines(&user.ok(["log", EP, "--of", "id_0001", "--json"]));
    let first = number(&named.last().unwrap()["seq"]).to_string();
    user.ok(["lock", EP, "id_0001"]);
    let refused = user.run(["undo", EP, &first]);
    assert!(refused.code == Some(1) && refused.stderr.contains("changed since by operation"), "{refused}");
    user.ok(["undo", EP]);
    user.ok(["undo", EP, &first]);
    assert!(seconds(&user, "Ava Stone").abs() < 1e-6 && seconds(&user, "Ben Reed") > 0.0);
    let refused = user.run(["undo", EP, &first]);
    assert!(refused.code == Some(1) && refused.stderr.contains("taken back already"), "{refused}");
    let refused = user.run(["undo", EP, "1"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("a run made it"), "{refused}");
}

#[test]
fn what_a_person_decided_outlives_another_grouping() {
    let Some(user) = measured() else { return };
    review(&user);
    let decided = |user: &User| -> Vec<Value> {
        tracks(user).into_iter().filter(|t| t["source"] == "confirmed" || !t["discarded"].is_null()).collect()
    };
    let before = decided(&user);
    assert!(before.len() >= 2, "{before:?}");
    let video = media("talking_dev.mp4").unwrap();
    user.measure(&video, &[&CHEAP[..], &["--cluster-thresh", "0.5"]].concat());
    assert_eq!(decided(&user), before);
    assert!(user.manifest(EP).rows("tracks.jsonl").len() >= tracks(&user).len());
    user.assert_healthy("after another grouping");
}

#[test]
fn what_a_person_decided_goes_over_to_a_new_run() {
    let Some(user) = measured() else { return };
    let all = tracks(&user);
    let (given, out) = (number(&all[0]["id"]), number(&all[all.len() - 1]["id"]));
    assert!(given != out, "the clip has several tracks");
    user.ok(["assign", EP, &format!("t{given}"), "--to", "Ben Reed"]);
    user.ok(["discard", EP, &format!("t{out}"), "--reason", "crowd"]);
    let before = seconds(&user, "Ben Reed");
    let video = media("talking_dev.mp4").unwrap();
    let ended = user
        .run(["run".as_ref(), video.as_os_str(), "--stride".as_ref(), "5".as_ref(), "--progress".as_ref(), "none".as_ref()])
        .ok();
    assert!(ended.stdout.contains("carried  1 name") || ended.stdout.contains("2 decided tracks from earlier runs"), "{ended}");
    let after = seconds(&user, "Ben Reed");
    // The cluster around the track may take the name as well, where most of its boxes are of the track.
    assert!(after > before - 0.5, "{before} s before, {after} s now");
    let now = tracks(&user);
    assert_eq!(now.iter().filter(|t| t["discarded"] == "crowd").count(), 1);
    assert_eq!(now.iter().filter(|t| t["source"] == "carried").count(), 1);
    user.assert_healthy("after decisions were carried over");
}
