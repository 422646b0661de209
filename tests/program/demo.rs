//! The episode that the program draws: what it measures of it, with whichever models are there.

use super::support::{Ended, User, models, runtime};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a command of a user whose data folder is their own too.
fn at_home(user: &User, onnxruntime: &Path, args: &[&str]) -> Command {
    let mut command = user.command(args);
    command.env("XDG_DATA_HOME", user.path("data")).env("SCREENALYTICS_ONNXRUNTIME", onnxruntime);
    command
}

/// Returns a file of the demo, wherever the data folder is on this system.
fn demo_file(user: &User, name: &str) -> PathBuf {
    user.path("data").join("screenalytics").join("demo").join(name)
}

#[test]
fn the_drawn_demo_is_measured_to_the_truth_and_its_people_get_their_names() {
    let (Some(_), Some(runtime)) = (models(), runtime()) else { return };
    let user = User::new();
    let first = Ended::of(&mut at_home(&user, runtime.path(), &["demo"])).ok();
    assert!(first.stderr.contains("this is a drawn demo"), "{first}");
    for name in ["Tom Ashcombe", "Nell Varga", "Isaac Marrow", "Walter Quist", "June Takemori"] {
        assert!(first.stdout.lines().any(|l| l.starts_with('●') && l.contains(name)), "{name}: {first}");
    }
    let truth = demo_file(&user, "truth.json");
    let report = user.json(["eval".as_ref(), "drawn-demo".as_ref(), "--truth".as_ref(), truth.as_os_str(), "--json".as_ref()]);
    let number = |part: &str, name: &str| report[part][name].as_f64().unwrap_or_else(|| panic!("{part}.{name}: {report}"));
    assert_eq!((number("shots", "cuts_found"), number("shots", "dissolves_found")), (11.0, 1.0), "{report}");
    assert!(report["shots"]["false_ones"].as_array().unwrap().is_empty(), "{report}");
    assert!(number("faces", "recall_tracked") >= 0.98, "{report}");
    assert!(number("people", "clusters_per_person") <= 1.0 && number("people", "purity") >= 0.99, "{report}");
    assert!(number("people", "error_percent") <= 3.0, "{report}");

    let drawn = fs::metadata(demo_file(&user, "drawn-demo.mp4")).unwrap().modified().unwrap();
    let again = Ended::of(&mut at_home(&user, runtime.path(), &["demo"])).ok();
    assert_eq!(again.stdout, first.stdout);
    assert_eq!(fs::metadata(demo_file(&user, "drawn-demo.mp4")).unwrap().modified().unwrap(), drawn);

    let other = user.path("again.mp4");
    user.ok(["demo".as_ref(), "--out".as_ref(), other.as_os_str()]);
    assert!(fs::read(other).unwrap() == fs::read(demo_file(&user, "drawn-demo.mp4")).unwrap(), "drawn twice, and not the same");
}
