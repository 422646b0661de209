//! `--face-validate`: a second detector looks at what would be kept.

use super::support::{CHEAP, User, media, models};
use serde_json::Value;

/// A first detector that is told to see faces everywhere.
const GULLIBLE: [&str; 10] = [
    "--stride",
    "6",
    "--det-score",
    "0.1",
    "--set",
    "track.track_thresh=0.12",
    "--set",
    "track.birth_thresh=0.12",
    "--set",
    "track.lone_thresh=0.12",
];

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn a_second_detector_takes_away_what_is_no_face_and_nobody_who_is_there() {
    let (Some(_), Some(video), Some(truth)) = (models(), media("episode_dev.mp4"), media("episode_dev.truth.json")) else {
        return;
    };
    let run = |more: &[&str]| {
        let user = User::new();
        let measured = user.measure(&video, &[&CHEAP[..], &GULLIBLE, more].concat());
        let found =
            user.json(["eval".as_ref(), "episode-dev".as_ref(), "--json".as_ref(), "--truth".as_ref(), truth.as_os_str()]);
        (user, measured, found)
    };
    let (_, alone, believed) = run(&[]);
    let (user, looked, checked) = run(&["--face-validate=retinaface_mnet025"]);

    let (before, after) = (&alone.last["summary"]["counts"], &looked.last["summary"]["counts"]);
    assert_eq!(before["faces"], after["faces"]);
    assert_eq!((&before["denied"], &before["dropped"]["denied"]), (&0.into(), &Value::Null));
    assert!(number(&after["dropped"]["denied"]) > 20 && number(&after["denied"]) > 0, "{after}");
    assert!(number(&after["tracks"]) + 8 < number(&before["tracks"]), "{before} {after}");
    let nobodies = |found: &Value| found["people"]["clusters_of_nobody"].as_array().unwrap().len();
    assert!(nobodies(&checked) < nobodies(&believed), "{believed} {checked}");
    let seconds = |found: &Value| {
        let people = found["people"]["people"].as_array().unwrap();
        people.iter().map(|p| (p["name"].clone(), p["found_s"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(seconds(&checked), seconds(&believed));

    // Everything that tells of the run tells of the second detector.
    let models = &user.json(["export", "episode-dev", "--format", "json"])["models"];
    assert_eq!((&models["validator"]["id"], &models["validator"]["licence"]), (&"retinaface_mnet025".into(), &"MIT".into()));
    assert!(user.ok(["status", "episode-dev"]).contains("checked by retinaface_mnet025"));
    let files = user.manifest("episode-dev");
    let rows = files.rows("detections.jsonl");
    let dropped = rows.iter().filter(|r| r["dropped"] == "denied").count() as u64;
    let denied = rows.iter().filter(|r| r["denied"] == true).count() as u64;
    assert_eq!((dropped, denied), (number(&after["dropped"]["denied"]), number(&after["denied"])));
    assert!(rows.iter().filter(|r| r["denied"] == true).all(|r| r["track_id"].is_u64()));
    user.assert_healthy("after a second look");

    // The number of threads changes nothing; without the second look the same episode has another run.
    let (_, single, _) = run(&["--face-validate=retinaface_mnet025", "--set", "workers.detect=1"]);
    assert_eq!(single.digest, looked.digest);
    assert_eq!(user.measure(&video, &[&CHEAP[..], &GULLIBLE].concat()).digest, alone.digest);
}

#[test]
fn a_detector_does_not_check_itself() {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return };
    let user = User::new();
    let told = user.run(
        [&["run".as_ref(), video.as_os_str()][..], &["--detector", "mtcnn", "--face-validate=mtcnn"].map(AsRef::as_ref)].concat(),
    );
    assert_eq!(told.code, Some(1), "{told}");
    assert!(told.stderr.contains("mtcnn would look at its own faces again"), "{told}");
    assert!(told.stderr.contains("hint: name another detector, as --face-validate=yunet"), "{told}");
}
