//! What other programs read: progress, exports, the interchange layout, completions, manuals.

use super::support::{CHEAP, User, scratch, short_clip, talking_dev};
use serde_json::Value;
use std::fs;

/// The fields of `progress.json`, as documented; the last four come with some phases only.
const FIELDS: [&str; 17] = [
    "progress_version",
    "ep_id",
    "run_id",
    "phase",
    "frames_done",
    "frames_total",
    "secs_done",
    "secs_total",
    "fps_infer",
    "fps_detected",
    "fps_requested",
    "stride",
    "device",
    "resolved_device",
    "detector",
    "tracker",
    "updated_at",
];

#[test]
fn every_line_of_progress_is_whole_in_order_and_the_last_is_the_progress_file() {
    let Some(run) = talking_dev() else { return };
    let lines = run.ended.lines();
    let order = ["prepare", "detect", "faces_embed", "cluster", "done"];
    let (mut phase, mut done) = (0, 0);
    for line in &lines {
        for field in FIELDS {
            assert!(line.get(field).is_some(), "{field} is missing: {line}");
        }
        assert_eq!((line["progress_version"].as_u64(), line["ep_id"].as_str()), (Some(3), Some(run.id)));
        let now = order.iter().position(|p| line["phase"] == *p).unwrap_or_else(|| panic!("unknown phase: {line}"));
        assert!(now >= phase, "phases run back: {line}");
        let frames = line["frames_done"].as_u64().unwrap();
        assert!(now > phase || frames >= done, "frames run back: {line}");
        (phase, done) = (now, frames);
        if order[now] == "detect" && frames > 0 {
            assert!(frames <= line["frames_total"].as_u64().unwrap(), "{line}");
            assert!(line["eta_s"].is_number() && line["fps_infer"].as_f64() > Some(0.0), "{line}");
        }
    }
    let (last, before) = lines.split_last().unwrap();
    assert!(before.iter().all(|line| line["phase"] != "done" && line.get("summary").is_none()));
    let detecting = before.iter().filter(|line| line["phase"] == "detect").count() as u64;
    assert!(detecting >= run.measured.count("analysed") / 25, "a line at least every 25 pictures: {detecting}");
    let summary = &last["summary"];
    for field in ["counts", "metrics", "artifacts", "device", "measured_sha256", "clusters"] {
        assert!(!summary[field].is_null(), "{field} is missing: {last}");
    }
    for metric in ["tracks_born", "tracks_lost", "id_switches", "longest_tracks", "fragmentation", "tracks_per_minute"] {
        assert!(!summary["metrics"][metric].is_null(), "{metric} is missing: {last}");
    }
    assert_eq!(summary["metrics"]["tracks_born"], summary["counts"]["tracks"]);
    assert!(fs::metadata(summary["artifacts"]["local"].as_str().unwrap()).is_ok());
    let file = fs::read_to_string(run.user.episode(run.id).join("progress.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), *last);
}

#[test]
fn nothing_is_dropped_in_silence() {
    let Some(run) = talking_dev() else { return };
    let counts = &run.measured.last["summary"]["counts"];
    let dropped: u64 = counts["dropped"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    let rows = run.manifest().rows("detections.jsonl");
    let in_no_track = rows.iter().filter(|row| row["track_id"].is_null()).count() as u64;
    assert_eq!(rows.len() as u64, run.measured.count("faces"));
    assert_eq!(in_no_track, dropped);
}

#[test]
fn screen_time_as_csv_and_json_says_the_same_under_the_documented_names() {
    let Some(run) = talking_dev() else { return };
    let csv = run.user.ok(["export", run.id, "--format", "csv"]);
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some(
            "name,cast_id,person_id,face_visible_seconds,body_visible_seconds,body_only_seconds,gap_bridged_seconds,visual_s,\
             speaking_s,both_s,confidence,tracks_count,faces_count,person_slug,speaking_confidence,both_confidence,review_share,\
             detector,embedder,commercial_use,speaking_off_s,speaking_appearances"
        )
    );
    let json = run.user.json(["export", run.id, "--format", "json"]);
    assert_eq!(json["schema_version"], "screentime_v1");
    assert_eq!(json["episode_id"], run.id);
    let metrics = json["metrics"].as_array().unwrap();
    let rows: Vec<&str> = lines.collect();
    assert_eq!(rows.len(), metrics.len());
    for (row, metric) in rows.iter().zip(metrics) {
        let cells: Vec<&str> = row.split(',').collect();
        let visual = metric["visual_s"].as_f64().unwrap();
        assert_eq!(cells[7], format!("{visual:.2}"), "{row}");
        assert_eq!((cells[8], &metric["speaking_s"]), ("", &Value::Null), "speech was not measured: {row}");
        assert_eq!(metric["visual_s"], metric["face_visible_seconds"]);
    }
    for (metric, line) in metrics.iter().zip(json["timeline"].as_array().unwrap()) {
        let spans = line["intervals"].as_array().unwrap();
        let ends: Vec<(f64, f64)> = spans.iter().map(|s| (s[0].as_f64().unwrap(), s[1].as_f64().unwrap())).collect();
        assert!(ends.iter().all(|(a, b)| a < b) && ends.windows(2).all(|w| w[0].1 <= w[1].0), "{line}");
        let sum: f64 = ends.iter().map(|(a, b)| b - a).sum();
        assert!((sum - metric["visual_s"].as_f64().unwrap()).abs() < 0.002, "seconds and timeline differ: {line}");
    }
    let file = run.user.path("out.csv");
    run.user.ok(["export".as_ref(), run.id.as_ref(), "--format".as_ref(), "csv".as_ref(), "--out".as_ref(), file.as_os_str()]);
    assert_eq!(fs::read_to_string(file).unwrap(), csv);
}

#[test]
fn exported_artifacts_are_valid_and_come_back_as_the_same_episode() {
    let dir = scratch();
    let Some(video) = short_clip(dir.path()) else { return };
    let user = User::new();
    user.measure(&video, &CHEAP);
    user.ok(["name", "short", "1", "Ava Stone"]);
    let exported = user.manifest("short");
    let other = User::new();
    let told = other.run(["artifacts".as_ref(), "short".as_ref(), "--from".as_ref(), exported.root().as_os_str()]).ok();
    assert!(told.stdout.starts_with("short r1: 2 shots, "), "{told}");
    let csv = |user: &User| user.ok(["export", "short", "--format", "csv"]);
    assert_eq!(csv(&user), csv(&other));
    let json = |user: &User| {
        let mut value = user.json(["export", "short", "--format", "json"]);
        value.as_object_mut().unwrap().remove("generated_at");
        value
    };
    assert_eq!(json(&user), json(&other));
    other.assert_healthy("after an import");
    // And out again: what was measured is the same to the byte.
    let again = other.manifest("short");
    for file in ["shots.jsonl", "detections.jsonl", "tracks.jsonl", "faces.jsonl", "faces.npy", "identities.json"] {
        assert!(exported.bytes(file) == again.bytes(file), "{file} differs after a way there and back");
    }
}

#[test]
fn what_does_not_fit_together_is_not_imported() {
    let dir = scratch();
    let Some(video) = short_clip(dir.path()) else { return };
    let user = User::new();
    user.measure(&video, &CHEAP);
    let exported = user.manifest("short");
    let file = exported.root().join("manifests/short/tracks.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    for (case, broken, told) in [
        ("a track is missing", text[text.find('\n').unwrap() + 1..].to_owned(), "track 1"),
        ("a line is cut", text[..text.len() - 20].to_owned(), "tracks.jsonl"),
        ("a schema of tomorrow", text.replacen("track_v1", "track_v9", 1), "track_v9"),
    ] {
        fs::write(&file, broken).unwrap();
        let other = User::new();
        let ended = other.run(["artifacts".as_ref(), "short".as_ref(), "--from".as_ref(), exported.root().as_os_str()]);
        assert_eq!(ended.code, Some(1), "{case}: {ended}");
        assert!(ended.stderr.contains(told) && ended.stderr.contains("hint: "), "{case}: {ended}");
        assert!(!other.episode("short").join("episode.redb").exists(), "{case}: something was stored");
    }
}

/// Returns what `--help` lists under `Commands:`.
fn commands(user: &User) -> Vec<String> {
    listed(&user.ok(["--help"]))
}

/// Returns the commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|l| !l.starts_with("Commands:")).skip(1).take_while(|l| l.starts_with("  "));
    listed.filter_map(|l| Some(l.strip_prefix("  ")?.split(' ').next()?.to_owned())).filter(|c| !c.is_empty()).collect()
}

#[test]
fn every_command_explains_itself_and_every_flag_that_documents_name_is_there() {
    let user = User::new();
    let commands = commands(&user);
    assert!(commands.len() >= 14, "{commands:?}");
    let mut all = String::new();
    for command in commands.iter().filter(|c| *c != "help") {
        let long = user.ok([command, "--help"]);
        let short = user.ok([command, "-h"]);
        assert!(long.contains("Usage: screenalytics") && short.contains(&format!("screenalytics {command}")), "{long}");
        assert_eq!(long, user.ok(["help", command]));
        for part in listed(&long).iter().filter(|c| *c != "help") {
            all += &user.ok([command, part, "--help"]);
        }
        all += &long;
    }
    let readme = include_str!("../../README.md");
    let ours = readme.lines().filter(|line| !line.contains("cargo")).collect::<Vec<_>>().join("\n");
    let flags = ours.split([' ', '`', '\n', '|', '(', ')', ',', ';', '.']).filter(|w| w.starts_with("--") && w.len() > 3);
    let mut seen = 0;
    for flag in flags {
        let is_there = [' ', '\n', '['].iter().any(|end| all.contains(&format!("{flag}{end}")));
        assert!(is_there, "no command has {flag}");
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
    assert!(!user.library().exists(), "asking for help makes no library");
}

#[test]
fn the_setting_that_the_help_names_is_one() {
    let user = User::new();
    let help = user.ok(["run", "--help"]);
    let (_, rest) = help.split_once("One setting, such as ").unwrap();
    let example = rest.split_whitespace().next().unwrap();
    let printed = user.ok(["config", "--set", example]);
    let (key, value) = example.split_once('=').unwrap();
    assert!(printed.contains(&format!("{} = {value}", key.rsplit('.').next().unwrap())), "{printed}");
}

#[test]
fn completions_and_manuals_are_printed_for_every_command() {
    let user = User::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = user.ok(["completions", shell]);
        for command in commands(&user) {
            assert!(script.contains(&command), "{shell} does not know {command}");
        }
        assert!(script.contains("cluster-thresh"), "{shell}");
    }
    assert!(user.ok(["man"]).contains(".TH screenalytics 1"));
    let pages = user.path("man");
    user.ok(["man".as_ref(), "--out".as_ref(), pages.as_os_str()]);
    for command in commands(&user).iter().filter(|c| *c != "help") {
        let page = fs::read_to_string(pages.join(format!("screenalytics-{command}.1"))).unwrap();
        let name = format!("screenalytics-{command}").replace('-', "\\-");
        assert!(page.contains(&name), "{command}: {}", page.lines().next().unwrap_or_default());
    }
}

#[test]
fn an_empty_library_says_so_and_models_are_listed() {
    let Some(dir) = super::support::models() else { return };
    let user = User::new();
    assert!(user.ok(["status"]).contains("is empty"));
    assert_eq!(user.json(["status", "--json"]), serde_json::json!([]));
    let models = user.json(["models", "--json"]);
    assert_eq!(models["dir"].as_str(), dir.to_str());
    let there = models["models"].as_array().unwrap().iter().filter(|m| m["path"].is_string() && m["runs"] == true).count();
    assert!(there >= 4, "{models}");
    let defaults: Vec<&Value> = models["models"].as_array().unwrap().iter().filter(|m| m["default"] == true).collect();
    assert!(defaults.len() == 2 && defaults.iter().all(|m| m["path"].is_string()), "{models}");
}

#[test]
fn deleting_an_episode_leaves_the_others_and_the_video() {
    let dir = scratch();
    let Some(video) = short_clip(dir.path()) else { return };
    let user = User::new();
    user.measure(&video, &CHEAP);
    user.measure(&video, &[&CHEAP[..], &["--ep-id", "show-s01e02"]].concat());
    let kept = user.ok(["export", "show-s01e02", "--format", "csv"]);
    assert!(user.ok(["delete", "short", "--yes"]).starts_with("deleted short: 1 run"));
    assert!(!user.episode("short").exists() && video.exists());
    assert_eq!(user.ok(["export", "show-s01e02", "--format", "csv"]), kept);
    user.assert_healthy("after a deletion");
}
