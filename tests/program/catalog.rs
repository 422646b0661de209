//! Shows, seasons, casts and people from the command line.

use super::support::{User, json_lines};
use serde_json::json;
use std::fs;

const EP: &str = "synthetic-s01e01";

/// A library with two episodes of the show `synthetic`, in which Ada, Bo and Cleo are seen.
fn library() -> User {
    let user = User::new();
    let out = user.library();
    user.ok(["synthetic", "--out", out.to_str().unwrap(), "--episodes", "2", "--tracks", "40", "--faces", "700"]);
    user
}

#[test]
fn a_show_its_seasons_and_its_cast_are_made_edited_and_taken_back() {
    let user = library();
    let refused = user.run(["show", "add", "Top Chef"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("'T' is a capital letter"), "{refused}");
    user.ok(["show", "add", "top-chef", "--title", "Top Chef"]);
    user.ok(["show", "edit", "synthetic", "--title", "Made up"]);
    user.ok(["season", "add", "top-chef", "2", "--year", "2007"]);
    user.ok(["season", "edit", "synthetic", "1", "--title", "The first"]);
    user.ok(["cast", "add", "synthetic", "ada example", "--role", "host", "--seasons", "2,1"]);
    user.ok(["cast", "add", "top-chef", "Ada Example"]);
    let shows = user.json(["show", "list", "--json"]);
    assert_eq!((&shows[0]["show"], &shows[0]["title"], &shows[0]["cast"]), (&json!("synthetic"), &json!("Made up"), &json!(1)));
    assert_eq!(shows[1]["seasons"], json!([{"number": 2, "title": null, "year": 2007, "episodes": []}]));
    let cast = user.json(["cast", "list", "synthetic", "--json"]);
    assert_eq!((&cast[0]["role"], &cast[0]["seasons"]), (&json!("host"), &json!([1, 2])));
    let refused = user.run(["show", "delete", "synthetic"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("1 season, 2 episodes, 1 cast member depend on it"), "{refused}");
    let before = user.json(["show", "list", "--json"]);
    user.ok(["show", "delete", "synthetic", "--to", "top-chef"]);
    assert_eq!(user.json(["show", "list", "--json"]).as_array().unwrap().len(), 1);
    assert_eq!(user.json(["show", "list", "--json"])[0]["episodes"].as_array().unwrap().len(), 2);
    user.ok(["catalog", "undo"]);
    assert_eq!(user.json(["show", "list", "--json"]), before);
    user.ok(["episode", "edit", EP, "--title", "Pilot", "--air-date", "2015-03-24", "--season", "2"]);
    assert_eq!(user.json(["season", "list", "synthetic", "--json"])[1]["episodes"], json!([EP]));
    let log = json_lines(&user.ok(["catalog", "log", "--json"]));
    let last = log.last().unwrap();
    assert_eq!((&last["changes"][0]["type"], &last["summary"]), (&json!("episode"), &json!(format!("episode {EP} edited"))));
    assert!(!user.run(["doctor"]).stdout.contains("not what the log says"));
}

#[test]
fn two_people_of_one_name_and_who_is_deleted_are_asked_about() {
    let user = library();
    let refused = user.run(["person", "add", "Ada example"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("\"Ada example (II)\""), "{refused}");
    user.ok(["person", "add", "Ada Example (II)", "--alias", "Queen", "--notes", "the cook"]);
    user.ok(["people", "edit", "Ada Example", "--alias", "Queen"]);
    let asked = user.run(["name", EP, "1", "queen"]);
    assert!(
        asked.code == Some(1) && asked.stderr.contains("could be Ada Example (p_0001) or Ada Example (II) (p_0004)"),
        "{asked}"
    );
    let refused = user.run(["person", "delete", "Bo Example"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("s in 2 episodes are theirs"), "{refused}");
    assert!(refused.stderr.contains("--to PERSON") && refused.stderr.contains("--to-nobody"), "{refused}");
    let before = user.ok(["export", EP, "--format", "csv"]);
    user.ok(["person", "delete", "Bo Example", "--to-nobody"]);
    let people = user.json(["person", "list", "--json"]);
    assert!(people.as_array().unwrap().iter().all(|p| p["name"] != "Bo Example"), "{people}");
    assert!(!user.ok(["export", EP, "--format", "csv"]).contains("Bo Example"));
    user.ok(["catalog", "undo"]);
    assert_eq!(user.ok(["export", EP, "--format", "csv"]), before);
}

#[test]
fn a_catalog_is_written_and_read_into_another_library_and_conflicts_are_refused_with_their_lines() {
    let user = library();
    user.ok(["show", "add", "top-chef", "--title", "Top; Chef \"X\""]);
    user.ok(["cast", "add", "top-chef", "Bo Example", "--role", "cook, judge", "--seasons", "3"]);
    user.ok(["episode", "edit", EP, "--title", "Pilot"]);
    let (json, csv) = (user.path("json"), user.path("csv"));
    user.ok(["catalog", "export", "--out", json.to_str().unwrap()]);
    user.ok(["catalog", "export", "--out", csv.to_str().unwrap(), "--format", "csv"]);
    assert_eq!(user.ok(["catalog", "import", csv.to_str().unwrap()]), "nothing changes: it is so already\n");
    let other = User::new();
    for from in [&json, &csv] {
        let from = from.to_str().unwrap();
        let told = other.ok(["catalog", "import", from, "--dry-run"]);
        assert!(told.contains("new show top-chef") && told.contains("nothing was imported"), "{told}");
        other.ok(["catalog", "import", from]);
        let again = other.path("again");
        other.ok(["catalog", "export", "--out", again.to_str().unwrap()]);
        assert_eq!(fs::read(again.join("catalog.json")).unwrap(), fs::read(json.join("catalog.json")).unwrap());
        assert_eq!(other.ok(["catalog", "import", from]), "nothing changes: it is so already\n");
        other.ok(["catalog", "undo"]);
        assert_eq!(other.json(["show", "list", "--json"]), json!([]));
        // Done again it gives the people numbers that nobody had.
        other.ok(["catalog", "import", from]);
        assert_eq!(other.json(["cast", "list", "top-chef", "--json"])[0]["name"], "Bo Example");
        fs::remove_dir_all(other.library()).unwrap();
    }
    let bad = user.path("people.csv");
    fs::write(&bad, "id,name\np_0001,Zoe\n,Dora\n").unwrap();
    let refused = user.run(["catalog", "import", bad.to_str().unwrap()]);
    assert!(refused.code == Some(1) && refused.stderr.contains("people.csv line 2: p_0001 is Ada Example here"), "{refused}");
    assert!(user.json(["person", "list", "--json"]).as_array().unwrap().iter().all(|p| p["name"] != "Dora"));
}

#[test]
fn pictures_of_people_are_kept_featured_and_carried_to_another_library() {
    let user = User::new();
    user.ok(["person", "add", "Zoe Lane"]);
    let (png, text, saved) = (user.path("zoe.png"), user.path("zoe.txt"), user.path("saved.jpg"));
    image::RgbImage::from_fn(48, 36, |x, y| image::Rgb([u8::try_from(x * 5).unwrap(), 90, u8::try_from(y * 7).unwrap()]))
        .save(&png)
        .unwrap();
    fs::write(&text, "no picture").unwrap();
    let refused = user.run(["asset", "add", "Zoe Lane", png.to_str().unwrap(), text.to_str().unwrap()]);
    assert!(refused.code == Some(1) && refused.stderr.contains("is no picture"), "{refused}");
    assert_eq!(user.json(["asset", "list", "--json"]), json!([]), "nothing is kept where one file is none");
    user.ok(["asset", "add", "zoe lane", png.to_str().unwrap(), "--featured"]);
    let kept = user.json(["asset", "list", "--of", "Zoe Lane", "--json"]);
    assert_eq!((&kept[0]["width"], &kept[0]["height"], &kept[0]["kind"]), (&json!(48), &json!(36), &json!("portrait")));
    assert!(user.ok(["asset", "list"]).contains("featured: everywhere"));
    assert_eq!(user.ok(["asset", "add", "Zoe Lane", png.to_str().unwrap()]), "nothing changes: they are kept already\n");
    user.ok(["asset", "save", "m_0001", saved.to_str().unwrap()]);
    assert_eq!(fs::read(&saved).unwrap()[..3], [0xFF, 0xD8, 0xFF]);
    user.ok(["featured", "clear", "Zoe Lane"]);
    user.ok(["asset", "add", "Zoe Lane", png.to_str().unwrap(), "--featured"]);
    assert!(user.ok(["asset", "list"]).contains("featured: everywhere"), "also one that was kept already");
    let refused = user.run(["asset", "delete", "m_0001"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("1 featured picture depends on it"), "{refused}");
    let out = user.path("out");
    user.ok(["catalog", "export", "--out", out.to_str().unwrap(), "--format", "csv"]);
    let other = User::new();
    other.ok(["catalog", "import", out.to_str().unwrap()]);
    assert_eq!(other.json(["asset", "list", "--json"]), kept);
    other.ok(["asset", "save", "m_0001", saved.to_str().unwrap()]);
    fs::remove_dir_all(out.join("pictures")).unwrap();
    let refused = User::new().run(["catalog", "import", out.to_str().unwrap()]);
    assert!(refused.code == Some(1) && refused.stderr.contains("pictures.csv line 2: its picture is neither kept"), "{refused}");
    user.ok(["asset", "delete", "m_0001", "--with-dependents"]);
    user.ok(["catalog", "undo"]);
    assert!(user.ok(["asset", "list"]).contains("featured: everywhere"));
    assert!(!user.run(["doctor"]).stdout.contains("not what the log says"));
}
