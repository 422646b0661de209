//! How near a run with default settings comes to the truth, and how well models tell people apart.

use super::support::{Shared, User, episode_dev, ffmpeg, friends_clip, media, models, scratch, talking_dev};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

fn evaluation(run: &Shared) -> Value {
    let report =
        run.user.json(["eval".as_ref(), run.id.as_ref(), "--truth".as_ref(), run.truth().as_os_str(), "--json".as_ref()]);
    println!("{}: {report}", run.id);
    report
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[test]
fn the_development_episode_is_measured_within_its_limits() {
    let Some(run) = episode_dev() else { return };
    let report = evaluation(run);
    let (shots, faces, people) = (&report["shots"], &report["faces"], &report["people"]);
    assert_eq!(shots["cuts_found"], 13);
    assert!(number(&shots["dissolves_found"]) >= 4.0);
    assert_eq!(list(&shots["false_ones"]).len(), 0);
    assert!(number(&faces["recall_detected"]) >= 0.98 && number(&faces["recall_tracked"]) >= 0.98);
    assert!(number(&people["clusters_per_person"]) <= 1.5);
    assert!(number(&people["purity"]) >= 0.98);
    assert!(number(&people["error_percent"]) <= 3.0);
}

/// What the truth says of who is in which shot, by name.
struct Cast {
    /// First picture of the shot.
    start: u64,
    seen: BTreeSet<String>,
    /// May or may not be found.
    edge: BTreeSet<String>,
}

/// Reads the shots of a truth file; `seen` is the key of the people who are in a shot.
fn casts(truth: &Path, seen: &str) -> Vec<Cast> {
    let truth: Value = serde_json::from_str(&fs::read_to_string(truth).unwrap()).unwrap();
    let names = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<BTreeSet<String>>();
    let first_word = |name: &String| name.split(' ').next().unwrap().to_owned();
    let cast = |shot: &Value| Cast {
        start: shot["start_frame"].as_u64().unwrap(),
        seen: names(&shot[seen]),
        edge: names(&shot["edge"]).iter().map(first_word).collect(),
    };
    list(&truth["shots"]).iter().map(cast).collect()
}

/// Returns the name that portraits clearly give to each cluster.
fn suggested(run: &Shared, portraits: &Path) -> BTreeMap<String, String> {
    let report =
        run.user.json(["suggest".as_ref(), run.id.as_ref(), "--portraits".as_ref(), portraits.as_os_str(), "--json".as_ref()]);
    println!("{}: {report}", run.id);
    let clear = list(&report["clusters"]).iter().filter(|c| c["clear"] == true);
    clear.map(|c| (text(&c["identity_id"]), text(&c["nearest"]))).collect()
}

/// Returns the seconds of each name in each shot, by the first picture of the shot; `None` is nobody's name.
fn names_by_shot(run: &Shared, names: &BTreeMap<String, String>) -> BTreeMap<u64, BTreeMap<Option<String>, f64>> {
    let exported = run.manifest();
    let starts: BTreeMap<u64, u64> = exported
        .rows("shots.jsonl")
        .iter()
        .map(|s| (s["shot_id"].as_u64().unwrap(), s["start_frame"].as_u64().unwrap()))
        .collect();
    let identities: Value = serde_json::from_slice(&exported.bytes("identities.json")).unwrap();
    let mut who: BTreeMap<u64, Option<String>> = BTreeMap::new();
    for identity in list(&identities["identities"]) {
        let name = names.get(&text(&identity["identity_id"])).cloned();
        who.extend(list(&identity["track_ids"]).iter().map(|t| (t.as_u64().unwrap(), name.clone())));
    }
    let mut seen: BTreeMap<u64, BTreeMap<Option<String>, f64>> = starts.values().map(|s| (*s, BTreeMap::new())).collect();
    for track in exported.rows("tracks.jsonl") {
        let start = starts[&track["shot_id"].as_u64().unwrap()];
        let name = who.get(&track["track_id"].as_u64().unwrap()).cloned().flatten();
        let seconds = number(&track["last_ts"]) - number(&track["first_ts"]);
        *seen.get_mut(&start).unwrap().entry(name).or_default() += seconds;
    }
    seen
}

/// Holds the names of a run against the truth: all of each shot are found, and nobody where they are not, but for `stray` seconds
/// in all.
fn assert_named(cast: &[Cast], found: &BTreeMap<u64, BTreeMap<Option<String>, f64>>, stray: f64) {
    println!("{found:?}");
    let mut wrong = 0.0;
    for shot in cast {
        let here = &found[&shot.start];
        for name in &shot.seen {
            assert!(here.contains_key(&Some(name.clone())), "{name} is not found in the shot at {}: {here:?}", shot.start);
        }
        let is_wrong = |name: &Option<String>| name.as_ref().is_some_and(|n| !shot.seen.contains(n) && !shot.edge.contains(n));
        wrong += here.iter().filter(|(name, _)| is_wrong(name)).map(|(_, seconds)| seconds).sum::<f64>();
    }
    assert!(wrong <= stray, "{wrong:.2} s under a wrong name");
}

#[test]
fn the_sitcom_is_cut_at_the_exact_pictures_and_its_six_people_get_their_names() {
    let (Some(run), Some(portraits)) = (friends_clip(), media("friends_facebank")) else { return };
    assert_eq!(run.manifest().first_frames_of_shots(), [0, 104, 270, 401, 452, 553]);
    let clusters = run.measured.last["summary"]["clusters"].as_u64().unwrap();
    assert!((6..=8).contains(&clusters), "{clusters} clusters");
    let names = suggested(run, &portraits);
    let six = ["Chandler", "Joey", "Monica", "Phoebe", "Rachel", "Ross"];
    assert_eq!(names.values().collect::<BTreeSet<_>>(), six.map(String::from).iter().collect::<BTreeSet<_>>());
    // A full profile of a second may go to anyone.
    assert_named(&casts(&run.truth(), "main"), &names_by_shot(run, &names), 1.0);
}

#[test]
fn the_talking_heads_are_cut_exactly_and_each_has_one_cluster_under_the_right_name() {
    let Some(run) = talking_dev() else { return };
    let cast = casts(&run.truth(), "visible");
    assert_eq!(run.manifest().first_frames_of_shots(), cast.iter().map(|c| c.start).collect::<Vec<_>>());
    let report = evaluation(run);
    let (faces, people) = (&report["faces"], &report["people"]);
    assert!(number(&faces["recall_tracked"]) >= 0.98 && number(&people["purity"]) >= 0.98);
    assert!(number(&people["clusters_per_person"]) <= 1.2 && number(&people["error_percent"]) <= 3.0);

    // The clip holds pieces of longer ones: a picture of each makes a portrait. The silent two have none.
    let portraits = scratch();
    for name in ["a", "b", "c", "d", "e"] {
        let Some(whole) = media(&format!("talking/talk_{name}.mp4")) else { return };
        let Some(()) = ffmpeg(&whole, "-ss 2 -i -frames:v 1", &portraits.path().join(format!("{name}.png"))) else { return };
    }
    // Named by them, all of the five carry their names, and nobody else does.
    let named = run.user.copy();
    let folder = portraits.path().to_str().unwrap();
    named.ok(["suggest", run.id, "--portraits", folder, "--apply"]);
    let identities = &named.json(["eval", run.id, "--truth", run.truth().to_str().unwrap(), "--json"])["identities"];
    println!("{identities}");
    assert!(number(&identities["idf1"]) >= 0.98 && number(&identities["nmi"]) >= 0.98);
    let (known, strangers) = (number(&identities["names"]["known"]), number(&identities["names"]["strangers"]));
    assert!(known > 30.0 && number(&identities["names"]["right"]) >= 0.95 * known);
    assert!(strangers > 10.0 && number(&identities["names"]["strangers_named"]) <= 0.02 * strangers);
    let names = suggested(run, portraits.path());
    let known: Vec<Cast> = cast
        .into_iter()
        .map(|mut shot| {
            shot.seen.retain(|name| !name.starts_with("quiet"));
            shot
        })
        .collect();
    assert_named(&known, &names_by_shot(run, &names), 0.0);
}

/// Returns what `eval-faces` says of a folder, as JSON.
fn judged(folder: &Path, models: [&str; 2]) -> Value {
    let words = ["eval-faces".as_ref(), folder.as_os_str(), "--json".as_ref()];
    let models = ["--detector", models[0], "--embedder", models[1]];
    let report = User::new().json(words.into_iter().chain(models.map(OsStr::new)));
    println!("{}: {report}", folder.display());
    report
}

fn point<'a>(report: &'a Value, what: &str) -> &'a Value {
    list(&report["points"]).iter().find(|p| p["what"] == what).unwrap_or_else(|| panic!("no {what}: {report}"))
}

#[test]
fn photographs_of_26_people_are_told_apart() {
    let (Some(_), Some(folder)) = (models(), media("identities")) else { return };
    let report = judged(&folder, ["scrfd_500m_kps_dyn", "mobilefacenet_arcface_128"]);
    assert_eq!((report["people"].as_u64(), report["pictures"].as_u64()), (Some(26), Some(250)));
    assert!(report["with_face"].as_u64() >= Some(248));
    let pairs = report["same_pairs"].as_u64().unwrap() + report["other_pairs"].as_u64().unwrap();
    assert!((30_000..=250 * 249 / 2).contains(&pairs), "{pairs}");
    let strict = point(&report, "1 in 1,000 strangers");
    assert!(number(&strict["same_accepted"]) >= 0.98 && number(&strict["others_accepted"]) <= 0.001);
    assert!(number(&report["equal_error"]) <= 0.005);
    // The marks of the manifest are judged where they stand there.
    let same = point(&report, "the model's `same`");
    assert!((number(&same["cosine"]) - 0.4).abs() < 1e-6 && number(&same["others_accepted"]) <= 0.001);
}

#[test]
fn a_picture_without_a_face_is_named_and_counts_as_a_miss_and_a_broken_one_is_left_out() {
    let (Some(_), Some(faces)) = (models(), media("portraits")) else { return };
    let cast = scratch();
    let put = |person: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(cast.path().join(person)).unwrap();
        fs::write(cast.path().join(person).join(name), bytes).unwrap();
    };
    let portrait = |name: &str| fs::read(faces.join(name)).unwrap();
    put("obama", "1.jpg", &portrait("obama/1.jpg"));
    put("lin", "1.png", &portrait("lin_manuel_miranda/1.png"));
    let mut blank = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(64, 64, image::Rgb([90, 90, 90])).write_to(&mut blank, image::ImageFormat::Png).unwrap();
    put("obama", "blank.png", blank.get_ref());
    put("obama", "broken.jpg", b"no picture");
    let report = judged(cast.path(), ["scrfd_500m_kps_dyn", "mobilefacenet_arcface_128"]);
    assert_eq!((report["pictures"].as_u64(), report["with_face"].as_u64()), (Some(3), Some(2)));
    let notes: Vec<String> = list(&report["notes"]).iter().map(text).collect();
    assert!(notes.len() == 2 && notes[0].ends_with("blank.png: no face") && notes[1].contains("broken.jpg"), "{notes:?}");
    // The only pair of one person has no face in one picture: it is refused at every cosine.
    assert!(list(&report["points"]).iter().all(|p| number(&p["same_accepted"]) == 0.0), "{report}");
}
