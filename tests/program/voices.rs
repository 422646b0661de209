//! Who is heard when, against hand-made truth and against an independent count of the errors.

use super::support::{User, folder, media, models, models_of_crates, scratch, skipped};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Returns a folder with the models of the tests and the segmentation model, which the sources of a crate bring where it is not pulled.
fn hearing_models() -> Option<TempDir> {
    let given = models()?;
    let all = scratch();
    let mut from = vec![given];
    let home = std::env::var_os("HOME").map(PathBuf::from)?;
    from.push(
        std::env::var_os("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from).join("screenalytics/models"),
    );
    from.extend(models_of_crates());
    for name in ["silero_vad_v6_sequence.onnx", "segmentation-3.0.onnx", "ge2e_resemblyzer.onnx"] {
        let Some(file) = from.iter().map(|dir| dir.join(name)).find(|file| file.is_file()) else {
            skipped(&format!("no model {name}"));
            return None;
        };
        symlink(file, all.path().join(name)).unwrap();
    }
    Some(all)
}

/// Returns the recordings that have a truth, by name.
fn recordings(audio: &Path) -> Vec<PathBuf> {
    let mut truths: Vec<PathBuf> =
        fs::read_dir(audio).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "rttm")).collect();
    truths.sort();
    truths
}

#[track_caller]
fn rate(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn voices_are_told_apart_within_the_limits_and_errors_are_those_that_pyannote_counts() {
    let (Some(audio), Some(models)) = (media("audio"), hearing_models()) else { return };
    let (user, heard) = (User::new(), scratch());
    let truths = recordings(&audio);
    assert_eq!(truths.len(), 11);
    let mut words: Vec<PathBuf> = vec!["eval".into()];
    words.extend(truths.iter().map(|t| t.with_extension("wav")));
    words.push("--rttm".into());
    words.extend(truths.iter().cloned());
    words.extend(["--heard".into(), heard.path().into(), "--models-dir".into(), models.path().into(), "--json".into()]);
    let report = user.json(&words);
    println!("{report}");
    // Measured: 10.4 and 18.4.
    assert!(rate(&report["with_collar"]["error"]) <= 12.0, "{report}");
    assert!(rate(&report["without_collar"]["error"]) <= 20.0, "{report}");
    // Who speaks in two of them is known by voice: 455 of 509 s, nobody as somebody else.
    let known = &report["known"];
    assert!(rate(&known["right_s"]) >= 0.85 * rate(&known["known_s"]) && rate(&known["known_s"]) > 500.0, "{known}");
    assert_eq!((rate(&known["wrong_s"]), rate(&known["claimed_s"])), (0.0, 0.0), "{known}");
    // Two of one recording are heard at once somewhere.
    let both = fs::read_to_string(heard.path().join("ls_dev_2spk.rttm")).unwrap();
    let turns: Vec<(f64, f64)> = both.lines().map(span).collect();
    assert!(turns.windows(2).any(|w| w[1].0 < w[0].1), "{both}");

    let Some(packages) = folder("SCREENALYTICS_TEST_PACKAGES").map(|p| p.join("pyannote-metrics-4.2.0")) else { return };
    if !packages.is_dir() {
        return skipped("no pyannote.metrics beside the test packages");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/diarisation_error.py");
    let out = Command::new("python3").arg(script).arg(&audio).arg(heard.path()).env("PYTHONPATH", packages).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let due: Value = serde_json::from_slice(&out.stdout).unwrap();
    for (collar, own) in [("0.25", "with_collar"), ("0.0", "without_collar")] {
        // What it reads was rounded to milliseconds; of a recording with 10 s of speech, two are 0.02 per cent.
        let near = |name: &str, found: &Value, due: &Value| {
            let most = if name == "all" { 0.005 } else { 0.02 };
            assert!((rate(found) - rate(due)).abs() <= most, "{name}, collar {collar}: {found} {due}");
        };
        near("all", &report[own]["error"], &due[collar]["all"]);
        for recording in report["recordings"].as_array().unwrap() {
            let name = recording["recording"].as_str().unwrap();
            near(name, &recording[own]["error"], &due[collar]["recordings"][name]);
        }
    }
}

/// Reads start and end of an RTTM line.
fn span(line: &str) -> (f64, f64) {
    let fields: Vec<&str> = line.split(' ').collect();
    let (start, length): (f64, f64) = (fields[3].parse().unwrap(), fields[4].parse().unwrap());
    (start, start + length)
}

#[test]
fn diarise_prints_turns_and_keeps_to_the_number_of_speakers() {
    let (Some(file), Some(models)) = (media("audio/pyannote_sample.wav"), hearing_models()) else { return };
    let user = User::new();
    let run = |more: &[&str]| {
        let mut words = vec!["diarise", file.to_str().unwrap(), "--models-dir", models.path().to_str().unwrap()];
        words.extend(more);
        user.run(words)
    };
    let rttm = run(&[]).ok().stdout;
    assert!(rttm.lines().count() >= 8 && rttm.lines().all(|l| l.starts_with("SPEAKER pyannote_sample 1 ")), "{rttm}");
    let json: Value = serde_json::from_str(&run(&["--format", "json"]).ok().stdout).unwrap();
    assert_eq!(json["turns"].as_array().unwrap().len(), rttm.lines().count());
    assert_eq!(json["speakers"].as_array().unwrap().len(), 2);
    assert_eq!(json["sound"]["rate"], 16_000);
    let one = run(&["--speakers", "1"]).ok().stdout;
    assert!(one.lines().all(|l| l.contains(" S1 ")), "{one}");
}

#[test]
fn what_cannot_be_heard_or_compared_is_refused_with_the_reason() {
    let (Some(audio), Some(models)) = (media("audio"), hearing_models()) else { return };
    let (user, dir) = (User::new(), scratch());
    let refused = |words: &[&Path]| {
        let mut all: Vec<&Path> = words.to_vec();
        all.extend([Path::new("--models-dir"), models.path()]);
        let told = user.run(all.iter().map(|w| w.as_os_str()));
        assert_eq!(told.code, Some(1), "{told}");
        told.stderr
    };
    let wav = audio.join("ami_trn03.wav");
    let broken = dir.path().join("broken.rttm");
    fs::write(&broken, "SPEAKER a 1 0 x <NA> <NA> Ann <NA> <NA>\n").unwrap();
    let (eval, rttm, diarise) = (Path::new("eval"), Path::new("--rttm"), Path::new("diarise"));
    assert!(refused(&[eval, &wav, rttm, &broken]).contains("line 1: the duration is \"x\", not seconds"));
    let other = [audio.join("ami_dev00.rttm"), audio.join("ami_dev01.rttm")];
    assert!(refused(&[eval, &wav, rttm, &other[0], &other[1]]).contains("no RTTM file says who speaks in ami_trn03"));
    assert!(refused(&[diarise, &broken]).contains("broken.rttm"));
}
