//! The same input, settings and models give the same bytes.

use super::support::{CHEAP, Manifest, User, media, models, talking_dev};

const FILES: [&str; 5] = ["shots.jsonl", "detections.jsonl", "tracks.jsonl", "faces.jsonl", "faces.npy"];

fn assert_same_files(a: &Manifest, b: &Manifest) {
    for file in FILES {
        let (a, b) = (a.bytes(file), b.bytes(file));
        assert!(!a.is_empty() && a == b, "{file} differs");
    }
}

#[test]
fn two_libraries_hold_the_same_bytes_after_the_same_run() {
    let Some(first) = talking_dev() else { return };
    let second = User::new();
    let again = second.measure(&first.video, &["--device", "cpu"]);
    assert_eq!(again.digest, first.measured.digest);
    assert_eq!(again.last["summary"]["counts"], first.measured.last["summary"]["counts"]);
    assert_same_files(&first.manifest(), &second.manifest(first.id));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return };
    let run = |more: &[&str]| {
        let user = User::new();
        let measured = user.measure(&video, &[&CHEAP[..], more].concat());
        (measured.digest, user.manifest("talking-dev"))
    };
    let (digest, files) = run(&["--set", "workers.detect=1", "--set", "workers.embed=1", "--set", "decode.threads=1"]);
    for more in [
        &["--set", "workers.detect=3", "--set", "workers.embed=2", "--set", "decode.threads=1"][..],
        &["--set", "workers.detect=2", "--set", "decode.threads=4"],
    ] {
        let (other_digest, other_files) = run(more);
        assert_eq!(other_digest, digest, "{more:?}");
        assert_same_files(&files, &other_files);
    }
}

#[test]
fn the_tracker_that_compares_faces_is_deterministic_too() {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return };
    let run = |workers: &str| {
        let user = User::new();
        let args = ["--tracker", "strongsort", "--stride", "12", "--set", workers];
        user.measure(&video, &[&CHEAP[..], &args].concat()).digest
    };
    assert_eq!(run("workers.detect=1"), run("workers.detect=3"));
}
