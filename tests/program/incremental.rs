//! A run does again only what has changed, and decisions stay.

use super::support::{CHEAP, Measured, User, ffmpeg, media, models, run_args, scratch, short_clip};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Returns how a run ended, with the phases it went through.
fn measure(user: &User, video: &Path, more: &[&str]) -> (Measured, BTreeSet<String>) {
    let ended = user.run(run_args(video, &[&CHEAP[..], more].concat()));
    let phases = ended.lines().iter().map(|line| line["phase"].as_str().unwrap().to_owned()).collect();
    (Measured::of(&ended), phases)
}

/// Returns the names of an episode and the seconds under each.
fn people(user: &User, id: &str) -> Vec<(String, f64)> {
    let state = user.json(["status", id, "--json"]);
    let rows = state["people"].as_array().unwrap().iter().filter(|p| !p["name"].is_null());
    rows.map(|p| (p["name"].as_str().unwrap().to_owned(), p["visual_s"].as_f64().unwrap())).collect()
}

fn cluster_of(people: &Value, seconds: f64) -> String {
    let near = |p: &&Value| (p["visual_s"].as_f64().unwrap() - seconds).abs() < 0.5;
    people["people"].as_array().unwrap().iter().find(near).unwrap()["identity_ids"][0].as_str().unwrap().to_owned()
}

#[test]
fn a_run_on_unchanged_input_decodes_nothing_and_says_so() {
    let dir = scratch();
    let Some(video) = short_clip(dir.path()) else { return };
    let user = User::new();
    let first = user.measure(&video, &CHEAP);
    let again = user.run(["run".as_ref(), video.as_os_str()].into_iter().chain(CHEAP.map(AsRef::as_ref))).ok();
    assert!(again.stderr.contains("r1 of this video is complete with these settings; nothing is decoded again"), "{again}");
    let (second, phases) = measure(&user, &video, &[]);
    assert!(!phases.contains("detect") && !phases.contains("faces_embed"), "{phases:?}");
    assert_eq!((second.digest, &second.last["run_id"]), (first.digest, &first.last["run_id"]));
    // Another name for the same bytes is the same video.
    let copy = dir.path().join("moved.mp4");
    std::fs::copy(&video, &copy).unwrap();
    let (_, phases) = measure(&user, &copy, &["--ep-id", "short"]);
    assert!(!phases.contains("detect"), "{phases:?}");
    // How many threads work changes no result, so it changes no run.
    let (third, phases) = measure(&user, &video, &["--set", "workers.detect=1"]);
    assert!(!phases.contains("detect") && third.last["run_id"] == "r1", "{phases:?}");
    let (fourth, phases) = measure(&user, &video, &["--new-run"]);
    assert!(phases.contains("detect") && fourth.last["run_id"] == "r2", "{phases:?}");
}

#[test]
fn another_threshold_of_clusters_groups_again_without_decoding_and_names_stay() {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return };
    let user = User::new();
    let first = user.measure(&video, &CHEAP);
    let state = user.json(["status", "talking-dev", "--json"]);
    // By the truth: 9.52 s is speaker a, 6.12 s speaker b.
    user.ok(["name", "talking-dev", &cluster_of(&state, 9.52), "Speaker A"]);
    user.ok(["name", "talking-dev", &cluster_of(&state, 6.12), "Speaker B"]);
    let named = people(&user, "talking-dev");
    assert_eq!(named.len(), 2);

    // At 0.95 no two tracks are one person: every track stands alone, but those that were named stay together.
    let (strict, phases) = measure(&user, &video, &["--cluster-thresh", "0.95", "--set", "cluster.attach_thresh=0.95"]);
    assert!(!phases.contains("detect") && !phases.contains("faces_embed"), "{phases:?}");
    assert_eq!(strict.digest, first.digest);
    let clusters = |m: &Measured| m.last["summary"]["clusters"].as_u64().unwrap();
    assert!(clusters(&strict) > clusters(&first), "{} and {}", clusters(&strict), clusters(&first));
    assert_eq!(people(&user, "talking-dev"), named);

    let (back, _) = measure(&user, &video, &[]);
    assert_eq!(clusters(&back), clusters(&first));
    assert_eq!(people(&user, "talking-dev"), named);
    user.assert_healthy("after grouping twice");
}

#[test]
fn another_embedder_embeds_the_kept_crops_without_decoding() {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return };
    let user = User::new();
    let first = user.measure(&video, &CHEAP);
    let (second, phases) = measure(&user, &video, &["--embedder", "face_reid_retail_0095"]);
    assert!(!phases.contains("detect") && phases.contains("faces_embed") && phases.contains("cluster"), "{phases:?}");
    assert_eq!(second.last["run_id"], first.last["run_id"]);
    assert_eq!(second.last["summary"]["clusters"], first.last["summary"]["clusters"], "seven people to both");
    let exported = user.manifest("talking-dev");
    let run: Value = serde_json::from_slice(&exported.bytes("run.json")).unwrap();
    assert_eq!(run["embedder"]["id"], "face_reid_retail_0095");
    for row in exported.rows("faces.jsonl").iter().filter(|row| row.get("skip").is_none()) {
        assert_eq!(row["embedding_model"], "face_reid_retail_0095");
        assert_eq!(row["embedding"].as_array().unwrap().len(), 256);
    }
    // The same as measuring with it from the start, but for the vectors of the first one.
    let fresh = User::new();
    fresh.measure(&video, &[&CHEAP[..], &["--embedder", "face_reid_retail_0095"]].concat());
    let other = fresh.manifest("talking-dev");
    assert!(exported.bytes("faces.npy") == other.bytes("faces.npy"), "vectors differ");
    assert!(exported.bytes("tracks.jsonl") == other.bytes("tracks.jsonl"), "tracks differ");
    // And back: nothing is left to embed.
    let (_, phases) = measure(&user, &video, &[]);
    assert!(!phases.contains("faces_embed"), "{phases:?}");
}

#[test]
fn another_stride_makes_a_new_run_that_keeps_the_names_and_the_old_one_stays() {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return };
    let user = User::new();
    user.measure(&video, &CHEAP);
    let state = user.json(["status", "talking-dev", "--json"]);
    user.ok(["name", "talking-dev", &cluster_of(&state, 9.52), "Speaker A"]);
    user.ok(["name", "talking-dev", &cluster_of(&state, 10.28), "Quiet One"]);

    let (second, phases) = measure(&user, &video, &["--stride", "5"]);
    assert!(phases.contains("detect") && second.last["run_id"] == "r2", "{phases:?}");
    let names: Vec<String> = people(&user, "talking-dev").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Quiet One", "Speaker A"]);
    let state = user.json(["status", "talking-dev", "--json"]);
    user.ok(["name", "talking-dev", &cluster_of(&state, 6.12), "Speaker B"]);

    // Back to the first settings: the first run serves, with what was decided since.
    let (third, phases) = measure(&user, &video, &[]);
    assert!(!phases.contains("detect") && third.last["run_id"] == "r1", "{phases:?}");
    let names: Vec<String> = people(&user, "talking-dev").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Quiet One", "Speaker A", "Speaker B"]);
    user.assert_healthy("after three runs");
}

#[test]
fn another_video_takes_the_place_of_the_first_only_when_told_to() {
    let dir = scratch();
    let Some(video) = short_clip(dir.path()) else { return };
    let user = User::new();
    let first = user.measure(&video, &CHEAP);
    let other = dir.path().join("other.mp4");
    let Some(()) = ffmpeg(&video, "-i -t 3 -c copy", &other) else { return };
    let (second, _) = measure(&user, &other, &["--ep-id", "short", "--replace-video"]);
    assert_eq!(second.last["run_id"], "r2");
    assert!(second.count("frames") < first.count("frames"));
    assert_eq!(user.json(["status", "short", "--json"])["run_id"], "r2");
}

#[test]
fn a_name_is_in_the_export_and_naming_twice_changes_nothing() {
    let dir = scratch();
    let Some(video) = short_clip(dir.path()) else { return };
    let user = User::new();
    user.measure(&video, &CHEAP);
    let told = user.ok(["name", "short", "id_0001", "Ava Stone"]);
    assert!(told.contains("id_0001 is Ava Stone"), "{told}");
    assert!(user.ok(["name", "short", "1", " ava  stone "]).contains("nothing changes"));
    user.ok(["name", "short", "2", "AVA STONE"]);
    let csv = user.ok(["export", "short", "--format", "csv"]);
    let rows: Vec<&str> = csv.lines().filter(|line| line.starts_with("Ava Stone,")).collect();
    assert_eq!(rows.len(), 1, "two clusters with one name are one person: {csv}");
    assert!(rows[0].contains(",ava-stone,"), "{csv}");
}
