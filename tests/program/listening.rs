//! What a run makes of the sound: goes on where it stopped, holds little, and never stands in the way of the pictures.

use super::support::{CHEAP, Measured, UnderWay, User, ffmpeg, media, models, models_that_listen, run_args, scratch};
use screenalytics::session::{self, Places, Work, WorkVerdict, Workspace};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Makes a video of nothing to see, and of a recording that is said again and again.
fn talk(recording: &str, seconds: u32, dir: &Path) -> Option<PathBuf> {
    let out = dir.join("talk.mkv");
    let words = format!(
        "-stream_loop -1 -i -f lavfi -i color=c=gray:s=64x64:r=1/10:d={seconds} -t {seconds} -c:v libx264 -preset ultrafast -c:a flac"
    );
    ffmpeg(&media("audio")?.join(recording), &words, &out)?;
    Some(out)
}

/// Returns the words of a run that listens with these models.
fn args(video: &Path, models: &TempDir, more: &[&str]) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["--models-dir".into(), models.path().into()];
    words.extend(run_args(video, &[&CHEAP[..], more].concat()));
    words
}

fn is_listening(line: &Value) -> bool {
    line["phase"] == "audio:listen"
}

/// Most memory that a process has held so far, in MiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
fn listening_that_was_killed_goes_on_and_hears_what_it_would_have_heard() {
    let Some(models) = models_that_listen() else { return };
    let dir = scratch();
    let Some(video) = talk("ls_dev_2spk.wav", 100, dir.path()) else { return };
    let args = args(&video, &models, &["--set", "listen.stretch_s=16"]);
    let due = Measured::of(&User::new().run(&args));
    let sound = &due.last["summary"]["sound"];
    assert_eq!((&sound["state"], &sound["speakers"]), (&"heard".into(), &2.into()), "{sound}");
    assert!(sound["turns"].as_u64().unwrap() > 10, "{sound}");

    let user = User::new();
    for stretches in [1, 3] {
        let mut under_way = UnderWay::start(&mut user.command(&args));
        let mut seen = 0;
        let is_there = under_way.wait_for(|line| {
            // The first line of the phase says that it begins.
            seen += u32::from(is_listening(line));
            seen > stretches
        });
        assert!(is_there, "it ended before it was killed");
        under_way.signal("KILL");
        assert_eq!(under_way.finish().code, None);
    }
    let ended = Measured::of(&user.run(&args));
    assert_eq!(ended.digest, due.digest);
    assert_eq!((&ended.last["run_id"], &ended.last["summary"]["sound"]), (&"r1".into(), sound));
    user.assert_healthy("after kills");

    // Other thresholds tell voices apart anew, and nothing is heard again.
    let mut one: Vec<OsString> = args.clone();
    one.extend(["--set", "diarise.speakers=1"].map(Into::into));
    let again = user.run(&one);
    assert!(!again.lines().iter().any(is_listening), "{again}");
    assert_eq!(Measured::of(&again).last["summary"]["sound"]["speakers"], 1);
}

#[test]
fn a_run_that_was_killed_at_mouths_is_offered_to_go_on_with_and_scores_what_it_would_have_scored() {
    let (Some(models), Some(video)) = (models_that_listen(), media("talking/talk_d.mp4")) else { return };
    let args = args(&video, &models, &["--ep-id", "talk"]);
    let due = Measured::of(&User::new().run(&args));
    let mouths = &due.last["summary"]["mouths"];
    assert_eq!(mouths["state"], "scored", "{mouths}");

    let user = User::new();
    let offered = || {
        let places = Places { library: Some(user.library()), models: Some(models.path().into()), ..Places::default() };
        let workspace = Workspace::new(places, Vec::new()).unwrap();
        let standing = session::standing(&workspace, &"talk".parse().unwrap()).unwrap();
        standing.choices.into_iter().find(|c| matches!(c.work, Work::GoOn { .. })).map(|c| c.verdict)
    };
    let mut under_way = UnderWay::start(&mut user.command(&args));
    assert!(under_way.wait_for(|line| line["phase"] == "audio:link"));
    under_way.signal("KILL");
    assert_eq!(under_way.finish().code, None);
    let verdict = offered();
    let Some(WorkVerdict::Useful(text)) = &verdict else { panic!("{verdict:?}") };
    assert_eq!(text, "all pictures are measured; looking at mouths goes on");
    let ended = Measured::of(&user.run(&args));
    assert_eq!((&ended.digest, &ended.last["summary"]["mouths"]), (&due.digest, mouths));
    assert_eq!((&ended.last["run_id"], offered()), (&"r1".into(), None));
    user.assert_healthy("after a kill");
}

#[test]
fn an_hour_of_talk_is_heard_to_its_end_across_a_stop_in_the_memory_of_ten_minutes() {
    let Some(models) = models_that_listen() else { return };
    let dir = scratch();
    let Some(video) = talk("ls_dev_3spk_noisy.wav", 3600, dir.path()) else { return };
    let args = args(&video, &models, &["--set", "listen.window_step_s=2.5"]);
    let user = User::new();
    let mut first = UnderWay::start(&mut user.command(&args));
    assert!(first.wait_for(|line| is_listening(line) && line["media_s"].as_f64() > Some(600.0)));
    first.signal("TERM");
    let stopped = first.finish();
    assert_eq!(stopped.lines().pop().unwrap()["phase"], "cancelled", "{stopped}");

    let mut second = UnderWay::start(&mut user.command(&args));
    let (pid, mut early, mut late, mut last) = (second.pid(), 0, 0, Value::Null);
    second.wait_for(|line| {
        if is_listening(line) {
            late = peak(pid);
            if line["media_s"].as_f64() < Some(1200.0) {
                early = late;
            }
        }
        last = line.clone();
        false
    });
    second.finish().ok();
    let sound = &last["summary"]["sound"];
    println!("{early} MiB at 20 minutes, {late} MiB at the end; {} turns of {} voices", sound["turns"], sound["speakers"]);
    assert!(early > 0 && late < early + 24, "{early} MiB after 20 minutes, {late} MiB at the end");
    let span = &sound["facts"]["span"];
    let (start, end) = (span["start"].as_i64().unwrap(), span["end"].as_i64().unwrap());
    assert!((end - start - 3_600_000_000).abs() < 200_000, "{span}");
    // The recording has 3 speakers and about 33 turns, 21 times over; how well they are told apart is measured elsewhere.
    let (speakers, turns) = (sound["speakers"].as_u64().unwrap(), sound["turns"].as_u64().unwrap());
    assert!(speakers >= 2 && turns >= 200, "{sound}");
}

#[test]
fn without_sound_or_models_or_wish_only_what_is_seen_is_measured_and_the_report_says_why() {
    let (Some(listening), Some(deaf)) = (models_that_listen(), models()) else { return };
    let dir = scratch();
    let Some(video) = talk("jfk.wav", 20, dir.path()) else { return };
    let mute = dir.path().join("mute.mkv");
    let Some(()) = ffmpeg(&video, "-i -an -c:v copy", &mute) else { return };
    let user = User::new();
    let summary = |models: &Path, video: &Path, id: &str, more: &[&str]| {
        let mut words: Vec<OsString> = vec!["--models-dir".into(), models.into()];
        words.extend(run_args(video, &[&CHEAP[..], &["--ep-id", id], more].concat()));
        Measured::of(&user.run(words)).last["summary"].clone()
    };
    let state = |models: &Path, video: &Path, id: &str, more: &[&str]| summary(models, video, id, more)["sound"].clone();
    assert_eq!(state(listening.path(), &mute, "mute", &[])["state"], "no_sound");
    let off = summary(listening.path(), &video, "off", &["--no-listen", "--set", "transcribe.model=off"]);
    let states = ["sound", "mouths", "words"].map(|of| off[of]["state"].as_str());
    assert_eq!(states, [Some("off"), Some("no_speech"), Some("off")], "{off}");
    if !deaf.join("segmentation-3.0.onnx").exists() {
        let missing = state(&deaf, &video, "deaf", &[]);
        assert_eq!(missing["state"], "no_models");
        assert!(missing["text"].as_str().unwrap().ends_with("screenalytics models pull segmentation_3_0"), "{missing}");
    }
    let failed = state(listening.path(), &video, "klingon", &["--sound", "tlh"]);
    assert_eq!(failed["state"], "failed", "{failed}");
    // The models came later: the same run listens then.
    let heard = state(listening.path(), &video, "off", &[]);
    assert_eq!((&heard["state"], &heard["speakers"]), (&"heard".into(), &1.into()), "{heard}");
}
