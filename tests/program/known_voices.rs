//! Whose voice was decided in one episode is known by voice in the next.

use super::support::{CHEAP, Measured, User, ffmpeg, json_lines, media, models_that_listen, run_args};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Runs an episode of nothing to see and of a recording; returns the last state of the run.
fn episode(user: &User, models: &TempDir, recording: &str, name: &str) -> Option<Value> {
    let video = user.path(&format!("{name}.mkv"));
    if !video.exists() {
        let words = "-i -f lavfi -i color=c=gray:s=64x64:r=1/10 -shortest -c:v libx264 -preset ultrafast -c:a flac";
        ffmpeg(&media("audio")?.join(recording), words, &video)?;
    }
    let mut words: Vec<OsString> = vec!["--models-dir".into(), models.path().into()];
    words.extend(run_args(&video, &CHEAP));
    Some(Measured::of(&user.run(&words)).last["summary"].clone())
}

fn turns(user: &User, episode: &str) -> Vec<Value> {
    json_lines(&user.ok(["turns", episode, "--json"]))
}

fn voice(turn: &Value) -> String {
    format!("S{}", turn["speaker"])
}

/// Returns who truly speaks most of each voice.
fn owners(turns: &[Value], rttm: &Path) -> BTreeMap<String, String> {
    let truth: Vec<(f64, f64, String)> = fs::read_to_string(rttm)
        .unwrap()
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let (start, length): (f64, f64) = (fields[3].parse().unwrap(), fields[4].parse().unwrap());
            (start, start + length, fields[7].to_owned())
        })
        .collect();
    let mut common: BTreeMap<(String, String), f64> = BTreeMap::new();
    for turn in turns {
        let at = |end: &str| turn["span"][end].as_f64().unwrap() / 1e6;
        for (from, to, who) in &truth {
            let both = (at("end").min(*to) - at("start").max(*from)).max(0.0);
            *common.entry((voice(turn), who.clone())).or_default() += both;
        }
    }
    let mut owners: BTreeMap<String, (String, f64)> = BTreeMap::new();
    for ((voice, who), both) in common {
        let best = owners.entry(voice).or_insert_with(|| (who.clone(), both));
        if both > best.1 {
            *best = (who, both);
        }
    }
    owners.into_iter().map(|(voice, (who, _))| (voice, who)).collect()
}

#[test]
fn who_was_named_by_voice_is_known_in_the_next_episode_and_nobody_else_is() {
    let (Some(audio), Some(models)) = (media("audio"), models_that_listen()) else { return };
    let user = User::new();
    let Some(first) = episode(&user, &models, "ls_dev_2spk.wav", "talk.s01e01") else { return };
    assert_eq!(first["known_voices"], Value::Array(Vec::new()));
    assert!(user.ok(["people", "voices"]).starts_with("nobody's voice is known yet"));
    let one = owners(&turns(&user, "talk-s01e01"), &audio.join("ls_dev_2spk.rttm"));
    assert_eq!(one.len(), 2);
    for (voice, who) in &one {
        user.ok(["voice", "talk-s01e01", voice, "--is", who]);
    }

    let second = episode(&user, &models, "ls_dev_5spk.wav", "talk.s01e02").unwrap();
    let known: BTreeMap<&str, &str> = second["known_voices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| (k["speaker"].as_str().unwrap(), k["name"].as_str().unwrap()))
        .collect();
    let all = turns(&user, "talk-s01e02");
    let two = owners(&all, &audio.join("ls_dev_5spk.rttm"));
    let due: BTreeMap<&str, &str> =
        two.iter().filter(|(_, who)| one.values().any(|w| w == *who)).map(|(v, w)| (v.as_str(), w.as_str())).collect();
    assert_eq!((known.len(), &known), (2, &due), "{second}");
    for turn in &all {
        assert_eq!(turn["name"].as_str(), known.get(voice(turn).as_str()).copied(), "{turn}");
        assert_eq!(turn["is_decided"], false, "{turn}");
    }
    // Only what somebody said makes a print.
    let prints = user.json(["people", "voices", "--json"]);
    assert_eq!(prints.as_array().unwrap().len(), 2, "{prints}");
    assert!(prints.as_array().unwrap().iter().all(|p| p["episode"] == "talk-s01e01" && p["doubt"].is_null()), "{prints}");
    // A run that has nothing to do believes nothing anew.
    let log = user.ok(["log", "talk-s01e02"]);
    assert_eq!(episode(&user, &models, "ls_dev_5spk.wav", "talk.s01e02").unwrap()["known_voices"], Value::Array(Vec::new()));
    assert_eq!(user.ok(["log", "talk-s01e02"]), log);

    // Somebody is wrong: the voice of the one is given to the other. Nobody learns from that.
    let (voice, _) = known.iter().next().unwrap();
    let other = one.values().find(|who| who.as_str() != known[voice]).unwrap();
    user.ok(["voice", "talk-s01e02", voice, "--is", other]);
    let prints = user.json(["people", "voices", "--json"]);
    let wrong: Vec<&Value> = prints.as_array().unwrap().iter().filter(|p| p["episode"] == "talk-s01e02").collect();
    assert_eq!(wrong.len(), 1, "{prints}");
    assert_eq!((&wrong[0]["name"], &wrong[0]["doubt"]["like"]), (&other.as_str().into(), &known[voice].into()), "{prints}");
    user.ok(["undo", "talk-s01e02"]);
    assert_eq!(user.json(["people", "voices", "--json"]).as_array().unwrap().len(), 2);
    // What goes from the log goes from memory.
    user.ok(["undo", "talk-s01e01"]);
    assert_eq!(user.json(["people", "voices", "--json"]).as_array().unwrap().len(), 1);
    user.assert_healthy("after voices were known");
}

#[test]
fn a_face_that_says_what_a_known_voice_says_is_suggested_and_named() {
    let (Some(video), Some(models)) = (media("talking_dev.mp4"), models_that_listen()) else { return };
    let user = User::new();
    let run = |name: &str| {
        let copy = user.path(name);
        fs::copy(&video, &copy).unwrap();
        let mut words: Vec<OsString> = vec!["--models-dir".into(), models.path().into()];
        words.extend(run_args(&copy, &[]));
        Measured::of(&user.run(&words)).last["summary"].clone()
    };
    run("talk.s01e01.mp4");
    assert!(user.ok(["voice", "talk-s01e01", "--agree"]).starts_with("no voice is surely"));
    // The one who speaks longest in one piece.
    let longest = turns(&user, "talk-s01e01").into_iter().max_by_key(|t| {
        let at = |end: &str| t["span"][end].as_i64().unwrap();
        at("end") - at("start")
    });
    let longest = longest.unwrap();
    let cluster = format!("id_{:04}", longest["identity"].as_u64().unwrap());
    user.ok(["name", "talk-s01e01", &cluster, "Bo"]);
    assert_eq!(user.json(["people", "voices", "--json"]), Value::Array(Vec::new()), "nobody said whose voice it is");
    let agreed = user.ok(["voice", "talk-s01e01", "--agree"]);
    assert!(agreed.starts_with(&format!("{} is Bo", voice(&longest))), "{agreed}");

    let second = run("talk.s01e02.mp4");
    let known = second["known_voices"].as_array().unwrap();
    assert_eq!((known.len(), &known[0]["name"]), (1, &"Bo".into()), "{second}");
    let face = known[0]["face"].as_str().unwrap();
    assert!(turns(&user, "talk-s01e02").iter().all(|t| t["name"].is_null()), "a mouth stands before a voice");
    let suggested = user.json(["suggest", "talk-s01e02", "--json"]);
    let clusters = suggested["clusters"].as_array().unwrap();
    assert_eq!((clusters.len(), &clusters[0]["identity_id"], &clusters[0]["nearest"]), (1, &face.into(), &"Bo".into()));
    user.ok(["suggest", "talk-s01e02", "--apply"]);
    assert!(turns(&user, "talk-s01e02").iter().any(|t| t["name"] == "Bo"));
    assert!(user.json(["suggest", "talk-s01e02", "--json"])["clusters"].as_array().unwrap().is_empty());
}
