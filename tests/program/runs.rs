//! Two runs of one episode: what is carried, what is not, and what differs.

use super::support::{CHEAP, User, friends_clip, json_lines, media, models};
use serde_json::Value;

const EP: &str = "talking-dev";

/// Measures a clip with the cheap detector.
fn measured() -> Option<User> {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return None };
    let user = User::new();
    user.measure(&video, &CHEAP);
    Some(user)
}

fn again(user: &User, args: &[&str]) {
    user.measure(&media("talking_dev.mp4").unwrap(), &[&CHEAP[..], args].concat());
}

fn tracks(user: &User) -> Vec<Value> {
    json_lines(&user.ok(["tracks", EP, "--json"]))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// The differences of everybody are the difference of the totals, for what is seen, heard, and seen speaking.
fn assert_sums(diff: &Value) {
    for what in ["visual_s", "speaking_s", "both_s"] {
        let people: f64 = diff["people"].as_array().unwrap().iter().map(|p| number(&p["gained"][what])).sum();
        let totals = &diff["totals"];
        assert!((people - number(&totals["gained"][what])).abs() < 1e-3, "{what}: {people} {totals}");
        let total = number(&totals["after"][what]) - number(&totals["before"][what]);
        assert!((people - total).abs() < 1e-3, "{what}: {people} {totals}");
    }
}

#[test]
fn a_run_with_other_settings_differs_by_what_sums_up_and_keeps_every_decision() {
    let Some(user) = measured() else { return };
    let alone = user.run(["diff", EP]);
    assert!(alone.code == Some(1) && alone.stderr.contains("no run but r1"), "{alone}");
    let all = tracks(&user);
    let long = all.iter().max_by_key(|t| t["boxes"].as_u64()).unwrap();
    let (id, whose) = (format!("t{}", long["id"]), format!("id_{:04}", long["identity"].as_u64().unwrap()));
    let (first, last) = (long["first"]["frame"].as_u64().unwrap(), long["last"]["frame"].as_u64().unwrap());
    let middle = u64::midpoint(first, last);
    user.ok(["name", EP, &whose, "Ava Stone"]);
    user.ok(["assign", EP, &id, "--pictures", &format!("{middle}..{}", last + 1), "--to", "Ben Reed"]);
    let ben = |user: &User| -> f64 {
        let state = user.json(["status", EP, "--json"]);
        state["people"].as_array().unwrap().iter().filter(|p| p["name"] == "Ben Reed").map(|p| number(&p["visual_s"])).sum()
    };
    let before = ben(&user);

    again(&user, &["--stride", "5"]);
    let diff = user.json(["diff", EP, "--json"]);
    assert_sums(&diff);
    assert_eq!((&diff["before"]["run"], &diff["after"]["run"]), (&"r1".into(), &"r2".into()));
    let settings: Vec<&str> = diff["settings"].as_array().unwrap().iter().map(|s| s["key"].as_str().unwrap()).collect();
    assert!(settings.contains(&"sample.stride"), "{settings:?}");
    let decisions = &diff["decisions"];
    assert_eq!((&decisions["in_conflict"], &decisions["left_over"]), (&0.into(), &0.into()), "{decisions}");
    assert!((ben(&user) - before).abs() < 0.5, "the cut came along: {before} s, now {} s", ben(&user));
    let told = user.ok(["diff", EP, "r1", "r2"]);
    assert!(told.contains("changed hands") && told.contains("hold, 0 overruled here"), "{told}");
    let back = user.json(["diff", EP, "r2", "r1", "--json"]);
    let gained = |d: &Value| number(&d["totals"]["gained"]["visual_s"]);
    assert!((gained(&diff) + gained(&back)).abs() < 1e-3, "the other way round");
    user.assert_healthy("after two runs");
}

#[test]
fn what_finds_no_place_is_listed_settled_and_open_again_when_that_is_taken_back() {
    let Some(user) = measured() else { return };
    let all = tracks(&user);
    let small = all.iter().min_by_key(|t| t["boxes"].as_u64()).unwrap();
    user.ok(["assign", EP, &format!("t{}", small["id"]), "--to", "Ava Stone"]);
    // So large that the detector's small faces are none any more; what is left says what of the decision has no place.
    again(&user, &["--set", "detect.min_face_px=4000"]);
    let open = |user: &User| user.json(["diff", EP, "--json"])["decisions"]["left_over"].as_u64().unwrap();
    assert_eq!(open(&user), 1);
    let told = user.ok(["diff", EP]);
    assert!(told.contains("r1:track-") && told.contains("no track of this run has its faces"), "{told}");
    user.ok(["diff", EP, "--settle", "all"]);
    assert_eq!(open(&user), 0);
    user.ok(["undo", EP]);
    assert_eq!(open(&user), 1);
    again(&user, &[]);
    assert_eq!(open(&user), 0, "back on the first run");
    assert!(tracks(&user).iter().any(|t| t["name"] == "Ava Stone"));
    user.assert_healthy("after settling");
}

#[test]
fn another_detector_sees_the_same_people_by_name() {
    let Some(shared) = friends_clip() else { return };
    let user = shared.user.copy();
    let state = user.json(["status", shared.id, "--json"]);
    let people: Vec<Value> = state["people"].as_array().unwrap().iter().take(4).cloned().collect();
    for (n, person) in people.iter().enumerate() {
        let identity = person["identity_ids"][0].as_str().unwrap();
        user.ok(["name", shared.id, identity, &format!("Person {n}")]);
    }
    user.measure(&shared.video, &CHEAP);
    let diff = user.json(["diff", shared.id, "--json"]);
    assert_sums(&diff);
    let decisions = &diff["decisions"];
    let count = |what: &str| decisions[what].as_u64().unwrap();
    assert_eq!(count("held") + count("overruled") + decisions["open"].as_array().unwrap().len() as u64, 4, "{decisions}");
    let now = user.json(["status", shared.id, "--json"]);
    let named = now["people"].as_array().unwrap().iter().filter(|p| !p["name"].is_null()).count();
    assert!(named >= 3, "{now}");
    user.assert_healthy("after another detector");
}
