//! Whether the program says rightly whom it sees: from a video and photographs of its people to names and seconds.

use super::support::{Shared, User, episode_dev, folder, friends_clip, media, scratch};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn truth(run: &Shared) -> Value {
    serde_json::from_str(&fs::read_to_string(run.truth()).unwrap()).unwrap()
}

/// Gathers the photographs of the people who are seen that the video was not made of, a folder a person.
fn other_photographs(truth: &Value) -> Option<TempDir> {
    let (identities, refs) = (media("identities")?, scratch());
    let used: BTreeSet<String> = truth["tracks"].as_array().unwrap().iter().map(|t| text(&t["photo"])).collect();
    for (person, totals) in truth["totals"].as_object().unwrap() {
        if number(&totals["visual_s"]) == 0.0 {
            continue;
        }
        fs::create_dir(refs.path().join(person)).unwrap();
        for file in fs::read_dir(identities.join(person)).unwrap().flatten() {
            let name = format!("{person}/{}", file.file_name().to_str().unwrap());
            if !used.contains(&name) {
                symlink(file.path(), refs.path().join(name)).unwrap();
            }
        }
    }
    Some(refs)
}

/// Recognises anew, and holds what came of it against the truth.
fn recognised(user: &User, run: &Shared) -> Value {
    user.ok(["recognise", run.id]);
    user.json(["eval".as_ref(), run.id.as_ref(), "--truth".as_ref(), run.truth().as_os_str(), "--json".as_ref()])
}

/// Returns the share of `of` that `part` is.
fn share(names: &Value, part: &str, of: &str) -> f64 {
    number(&names[part]) / number(&names[of])
}

#[test]
fn people_are_known_by_other_photographs_their_seconds_are_right_and_who_is_not_known_is_nobody() {
    let Some(run) = episode_dev() else { return };
    let truth = truth(run);
    let Some(refs) = other_photographs(&truth) else { return };
    let user = run.user.copy();
    // A photograph that cannot serve is told, and keeps none of the others back.
    user.run(["facebank".as_ref(), "add".as_ref(), "--from".as_ref(), refs.path().as_os_str()]);
    let report = recognised(&user, run);
    let names = &report["identities"]["names"];
    println!("{names}");
    assert!(share(names, "right", "known") >= 0.95 && share(names, "hidden_right", "hidden") >= 0.90, "{names}");
    assert_eq!(names["strangers"], 0, "{names}");
    for person in report["people"]["people"].as_array().unwrap() {
        let (due, found) = (number(&person["truth_s"]), number(&person["found_s"]));
        assert!((found - due).abs() <= (0.03 * due).max(1.0), "{person}");
    }
    // Each of them is left out once, and is a stranger then.
    for person in fs::read_dir(refs.path()).unwrap().flatten() {
        let name = person.file_name().to_str().unwrap().replace('_', " ");
        user.ok(["facebank", "remove", "--person", &name]);
        let report = recognised(&user, run);
        let names = &report["identities"]["names"];
        println!("without {name}: {names}");
        assert!(number(&names["strangers"]) > 0.0 && share(names, "strangers_named", "strangers") <= 0.02, "{name}: {names}");
        assert!(share(names, "right", "known") >= 0.95, "{name}: {names}");
        user.ok(["catalog", "undo"]);
    }
    assert_eq!(recognised(&user, run)["identities"]["names"], *names);
    user.assert_healthy("after recognising");
}

/// The cosine from which an independent run's name is taken for certain.
const CERTAIN: f64 = 0.35;

#[test]
fn names_of_the_sitcom_are_those_of_an_independent_run_with_the_same_portraits() {
    let (Some(run), Some(portraits), Some(reference)) =
        (friends_clip(), media("friends_facebank"), folder("SCREENALYTICS_TEST_REFERENCE"))
    else {
        return;
    };
    let user = run.user.copy();
    user.ok(["facebank".as_ref(), "add".as_ref(), "--from".as_ref(), portraits.as_os_str()]);
    user.ok(["recognise", run.id]);
    let exported = user.manifest(run.id);
    let identities: Value = serde_json::from_slice(&exported.bytes("identities.json")).unwrap();
    let mut named: BTreeMap<u64, String> = BTreeMap::new();
    for identity in identities["identities"].as_array().unwrap().iter().filter(|i| !i["name"].is_null()) {
        named.extend(identity["track_ids"].as_array().unwrap().iter().map(|t| (t.as_u64().unwrap(), text(&identity["name"]))));
    }
    let faces = exported.rows("detections.jsonl");
    let said = |frame: &Value, face: &Value| {
        let own = faces.iter().filter(|d| d["frame_idx"] == *frame);
        let nearest =
            own.max_by(|a, b| overlap(&a["bbox_xyxy"], &face["box"]).total_cmp(&overlap(&b["bbox_xyxy"], &face["box"])))?;
        let track = nearest["track_id"].as_u64().filter(|_| overlap(&nearest["bbox_xyxy"], &face["box"]) >= 0.5)?;
        named.get(&track).cloned()
    };
    let pictures: Value =
        serde_json::from_str(&fs::read_to_string(reference.join("friends_facebank_ident.json")).unwrap()).unwrap();
    let (mut certain, mut same, mut other, mut more) = (0, 0, Vec::new(), 0);
    for picture in pictures.as_array().unwrap() {
        for face in picture["faces"].as_array().unwrap() {
            let (name, here) = (text(&face["name"]), said(&picture["frame"], face));
            if number(&face["sim"]) < CERTAIN {
                more += u32::from(here.is_some());
                continue;
            }
            certain += 1;
            match here {
                Some(here) if here == name => same += 1,
                here => other.push(format!("picture {}: {here:?} instead of {name}", picture["frame"])),
            }
        }
    }
    println!("{same} of {certain} certain names are the same, {more} of the uncertain have one; {other:?}");
    assert!(certain > 30 && same == certain, "{other:?}");
}

/// Intersection over union of two boxes.
fn overlap(a: &Value, b: &Value) -> f64 {
    let [a, b] = [a, b].map(|of| [0, 1, 2, 3].map(|i| number(&of[i])));
    let side = |low: usize, high: usize| (a[high].min(b[high]) - a[low].max(b[low])).max(0.0);
    let area = |of: [f64; 4]| (of[2] - of[0]) * (of[3] - of[1]);
    let both = side(0, 2) * side(1, 3);
    both / (area(a) + area(b) - both)
}
