//! Downloads from servers that are slow, broken or hostile.

use super::files::{Published, below, manifest, noise, sha256, zip_of};
use super::server::{Answer, Server};
use crate::infer::{Download, Manifest, Place, Registry};
use crate::pull::params::quick;
use crate::pull::pin::Pin;
use crate::pull::trouble::Trouble;
use crate::pull::web::Web;
use crate::pull::{Mirror, Moment, Outcome, Request, Step, pull};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

fn pin_of(bytes: &[u8]) -> Pin {
    Pin::of_download(&Download {
        id: "d".into(),
        from: Place::Url(String::new()),
        file: "d.bin".into(),
        bytes: bytes.len() as u64,
        sha256: sha256(bytes),
    })
}

fn fetch(server: &Server, due: &[u8], part: &Path) -> Result<(), Trouble> {
    Web::new(quick()).fetch(&format!("{}/d.bin", server.url), &pin_of(due), part, &mut |_| ())
}

/// Runs a fetch of one file into an empty folder; returns how it ended, what is in the folder, and the calls.
fn once(due: &[u8], script: impl Fn(usize) -> Answer + Send + Sync + 'static) -> (Result<(), Trouble>, Option<Vec<u8>>, Server) {
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("d.part");
    let server = Server::new(move |_, before| script(before));
    let ended = fetch(&server, due, &part);
    (ended, fs::read(&part).ok(), server)
}

fn file(bytes: &[u8]) -> Answer {
    Answer::File { bytes: bytes.to_vec(), etag: "\"one\"" }
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_stopped() {
    let due = noise(1, 3_000_000);
    let bytes = due.clone();
    let (ended, got, server) = once(&due, move |before| match before {
        0 | 1 => Answer::Cut(1_000_000, Box::new(file(&bytes))),
        _ => file(&bytes),
    });
    ended.unwrap();
    assert_eq!(got.unwrap(), due);
    let from: Vec<_> = server.asked().iter().map(|a| (a.from, a.if_range.clone())).collect();
    let mark = Some("\"one\"".to_owned());
    assert_eq!(from, [(None, None), (Some(1_000_000), mark.clone()), (Some(2_000_000), mark)]);
}

#[test]
fn a_file_that_changed_meanwhile_is_fetched_anew() {
    let due = noise(2, 500_000);
    let (bytes, old) = (due.clone(), noise(3, 500_000));
    let (ended, got, server) = once(&due, move |before| match before {
        0 => Answer::Cut(200_000, Box::new(Answer::File { bytes: old.clone(), etag: "\"old\"" })),
        _ => file(&bytes),
    });
    ended.unwrap();
    assert_eq!(got.unwrap(), due);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_server_without_ranges_is_asked_for_the_whole_again() {
    let due = noise(4, 500_000);
    let bytes = due.clone();
    let (ended, got, _) = once(&due, move |before| match before {
        0 => Answer::Cut(123, Box::new(Answer::NoRanges(bytes.clone()))),
        _ => Answer::NoRanges(bytes.clone()),
    });
    ended.unwrap();
    assert_eq!(got.unwrap(), due);
}

#[test]
fn a_part_with_wrong_bytes_is_thrown_away_and_fetched_once_more() {
    let due = noise(5, 300_000);
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("d.part");
    for wrong in [noise(6, 100_000), noise(6, 300_000), noise(6, 400_000)] {
        fs::write(&part, &wrong).unwrap();
        let server = Server::of(&[("/d.bin", &due)]);
        fetch(&server, &due, &part).unwrap();
        assert_eq!(fs::read(&part).unwrap(), due, "{}", wrong.len());
        assert!(server.asked().len() <= 2);
    }
}

#[test]
fn another_size_is_refused_before_its_first_byte() {
    let due = noise(7, 100_000);
    for (announced, says) in [(99_999, "99999 bytes where 100000 are due"), (1_000_000_000_000, "more than the 100000")] {
        let (ended, got, server) = once(&due, move |_| Answer::Announces(announced, Vec::new()));
        let trouble = ended.unwrap_err();
        assert!(trouble.to_string().contains(says), "{trouble}");
        assert_eq!((got, server.asked().len()), (None, 1));
    }
}

#[test]
fn a_server_that_never_stops_is_left_after_the_last_byte_that_is_due() {
    let due = noise(8, 100_000);
    let (ended, got, server) = once(&due, |_| Answer::Endless);
    assert!(matches!(ended, Err(Trouble::TooLong { due: 100_000 })), "{ended:?}");
    assert_eq!((got, server.asked().len()), (None, 1));
}

#[test]
fn a_download_that_always_breaks_off_is_given_up_and_kept_for_the_next_time() {
    let due = noise(9, 100_000);
    let bytes = due.clone();
    let (ended, got, server) = once(&due, move |_| Answer::Cut(10, Box::new(file(&bytes))));
    assert!(matches!(ended, Err(Trouble::Broken { done: 30, due: 100_000, .. })), "{ended:?}");
    assert_eq!((got.unwrap(), server.asked().len()), (due[..30].to_vec(), 3));
}

#[test]
fn other_contents_of_the_same_size_are_refused_and_not_kept() {
    let due = noise(10, 100_000);
    let mut other = due.clone();
    other[50_000] ^= 1;
    let (ended, got, server) = once(&due, move |_| file(&other));
    assert!(matches!(ended, Err(Trouble::Digest { .. })), "{ended:?}");
    assert_eq!((got, server.asked().len()), (None, 1));
}

#[test]
fn what_may_pass_is_tried_again_and_what_will_not_is_not() {
    let due = noise(11, 1000);
    for status in [429, 500, 503] {
        let bytes = due.clone();
        let (ended, _, server) = once(&due, move |before| match before {
            0 | 1 => Answer::Status(status, "Retry-After: 0\r\n"),
            _ => file(&bytes),
        });
        ended.unwrap();
        assert_eq!(server.asked().len(), 3, "{status}");
    }
    for status in [400, 401, 403, 404, 410] {
        let (ended, _, server) = once(&due, move |_| Answer::Status(status, ""));
        assert!(ended.unwrap_err().to_string().contains(&status.to_string()));
        assert_eq!(server.asked().len(), 1, "{status}");
    }
    let (ended, _, server) = once(&due, |_| Answer::Status(502, ""));
    assert!(matches!(ended, Err(Trouble::Status { status: 502, .. })), "{ended:?}");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn a_long_retry_after_does_not_hold_us_up() {
    let due = noise(12, 1000);
    let bytes = due.clone();
    let began = Instant::now();
    let (ended, ..) = once(&due, move |before| match before {
        0 => Answer::Status(503, "Retry-After: 86400\r\n"),
        _ => file(&bytes),
    });
    ended.unwrap();
    assert!(began.elapsed() < Duration::from_mins(1));
}

#[test]
fn redirects_are_followed_also_when_going_on_and_a_circle_ends() {
    let due = noise(13, 200_000);
    let target = Server::of(&[("/real.bin", &due)]);
    let to = format!("{}/real.bin", target.url);
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("d.part");
    fs::write(&part, &due[..150_000]).unwrap();
    fetch(&Server::new(move |_, _| Answer::Redirect(to.clone())), &due, &part).unwrap();
    assert_eq!(fs::read(&part).unwrap(), due);
    assert_eq!(target.asked()[0].from, Some(150_000));
    let (ended, ..) = once(&due, |_| Answer::Redirect("/d.bin".into()));
    assert!(ended.unwrap_err().to_string().contains("redirects"));
}

#[test]
fn a_server_that_falls_silent_is_left_in_time_and_asked_for_the_rest() {
    let due = noise(14, 100_000);
    let began = Instant::now();
    let bytes = due.clone();
    let (ended, got, server) = once(&due, move |before| match before {
        0 => Answer::Stalls(100_000, bytes[..40_000].to_vec()),
        _ => file(&bytes),
    });
    ended.unwrap();
    assert_eq!((got.unwrap(), server.asked()[1].from), (due, Some(40_000)));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn nobody_there_and_nonsense_are_told() {
    let due = noise(15, 10);
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("d.part");
    // The port was free a moment ago, and nobody listens on it now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut web = Web::new(quick());
    let nobody = web.fetch(&format!("http://{port}/d.bin"), &pin_of(&due), &part, &mut |_| ()).unwrap_err();
    assert!(matches!(&nobody, Trouble::Unreachable { host, .. } if *host == port.to_string()), "{nobody}");
    let again = web.fetch(&format!("http://{port}/e.bin"), &pin_of(&due), &part, &mut |_| ()).unwrap_err();
    assert!(again.to_string().contains("before"), "{again}");
    let (ended, ..) = once(&due, |_| Answer::Raw(b"\x16\x03\x01 not http at all\r\n\r\n"));
    assert!(matches!(ended, Err(Trouble::Unreachable { .. })), "{ended:?}");
}

// --- Whole fetches into a models folder ---

fn run(dir: &Path, manifest: &Manifest, mirror: Option<&str>, watch: &mut dyn FnMut(&Moment)) -> Outcome {
    let found = Registry::with_folder(dir).unwrap().scan(dir).unwrap();
    let mirror: Option<Mirror> = mirror.map(|m| m.parse().unwrap());
    let models = manifest.models.iter().filter(|m| m.family == "none").collect();
    pull(&Request { manifest, models, found: &found, mirror: mirror.as_ref(), params: &quick() }, watch).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    below(dir).into_iter().filter(|n| n != "manifest.toml").collect()
}

#[test]
fn the_models_of_one_pack_cost_one_download_and_nothing_else_is_left() {
    let (one, two) = (noise(20, 70_000), noise(21, 90_000));
    let pack = zip_of(&[("pack/readme.txt", b"hello"), ("pack/one.onnx", &one), ("pack/sub/two.onnx", &two)]);
    let server = Server::of(&[("/pack.zip", &pack)]);
    let dir = tempfile::tempdir().unwrap();
    let models: &[(&str, Option<&str>, &[u8])] =
        &[("one.onnx", Some("pack/one.onnx"), &one), ("two.onnx", Some("two.onnx"), &two)];
    let url = format!("{}/pack.zip", server.url);
    let manifest = manifest(dir.path(), &[Published { name: "pack.zip", url, bytes: &pack, models }]);
    let mut steps = Vec::new();
    let outcome = run(dir.path(), &manifest, None, &mut |m| steps.push(m.step));
    assert_eq!(outcome.pulled.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!((outcome.fetched, server.asked().len()), (pack.len() as u64, 1));
    assert_eq!(names(dir.path()), ["one.onnx", "two.onnx"]);
    assert_eq!(fs::read(dir.path().join("two.onnx")).unwrap(), two);
    assert!(steps.contains(&Step::Fetch) && steps.contains(&Step::Make));
    // Again: everything is there, nobody is asked.
    let again = run(dir.path(), &manifest, None, &mut |_| ());
    assert_eq!((again.there.len(), again.fetched, server.asked().len()), (2, 0, 1));
}

#[test]
fn the_next_source_is_tried_where_one_fails_and_every_reason_is_told() {
    let one = noise(22, 10_000);
    let dir = tempfile::tempdir().unwrap();
    let good = Server::of(&[("/one.onnx", &one)]);
    let bad = Server::new(|_, _| Answer::Status(404, ""));
    let models: &[(&str, Option<&str>, &[u8])] = &[("one.onnx", None, &one)];
    let at = |server: &Server, bytes| Published { name: "one.onnx", url: format!("{}/one.onnx", server.url), bytes, models };
    let both = manifest(dir.path(), &[at(&bad, &one), at(&good, &one)]);
    assert_eq!(run(dir.path(), &both, None, &mut |_| ()).pulled.len(), 1);

    let dir = tempfile::tempdir().unwrap();
    let none = manifest(dir.path(), &[at(&bad, &one), at(&bad, b"other")]);
    let failed = run(dir.path(), &none, None, &mut |_| ()).failed;
    assert_eq!((failed.len(), failed[0].reasons.len()), (1, 1), "{failed:?}");
    assert!(failed[0].reasons[0].contains("404"), "{failed:?}");
    assert!(failed[0].commands[0].starts_with("curl -L -o one.onnx http"), "{failed:?}");
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn a_pack_whose_member_is_another_file_puts_nothing_among_the_models() {
    let (due, other) = (noise(23, 10_000), noise(24, 10_000));
    for contents in [other, due[..9_999].to_vec(), [due.as_slice(), b"x"].concat()] {
        let pack = zip_of(&[("one.onnx", &contents)]);
        let server = Server::of(&[("/p.zip", &pack)]);
        let dir = tempfile::tempdir().unwrap();
        let models: &[(&str, Option<&str>, &[u8])] = &[("one.onnx", Some("one.onnx"), &due)];
        let url = format!("{}/p.zip", server.url);
        let manifest = manifest(dir.path(), &[Published { name: "p.zip", url, bytes: &pack, models }]);
        let outcome = run(dir.path(), &manifest, None, &mut |_| ());
        assert_eq!((outcome.pulled.len(), outcome.failed.len()), (0, 1));
        assert_eq!(names(dir.path()), Vec::<String>::new(), "{:?}", outcome.failed);
        println!("{:?}", outcome.failed[0].reasons);
    }
}

#[test]
fn two_fetches_at_once_end_well_and_download_once() {
    let one = noise(25, 2_000_000);
    let server = Server::of(&[("/one.onnx", &one)]);
    let dir = tempfile::tempdir().unwrap();
    let models: &[(&str, Option<&str>, &[u8])] = &[("one.onnx", None, &one)];
    let url = format!("{}/one.onnx", server.url);
    let manifest = manifest(dir.path(), &[Published { name: "one.onnx", url, bytes: &one, models }]);
    let found = Registry::with_folder(dir.path()).unwrap().scan(dir.path()).unwrap();
    let models: Vec<_> = manifest.models.iter().filter(|m| m.family == "none").collect();
    std::thread::scope(|scope| {
        let fetches: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let request =
                        Request { manifest: &manifest, models: models.clone(), found: &found, mirror: None, params: &quick() };
                    pull(&request, &mut |_| ()).unwrap()
                })
            })
            .collect();
        for fetch in fetches {
            let outcome = fetch.join().unwrap();
            assert_eq!((outcome.pulled.len(), outcome.failed.len()), (1, 0), "{outcome:?}");
        }
    });
    assert_eq!(server.asked().len(), 1);
    assert_eq!(names(dir.path()), ["one.onnx"]);
}

/// Files of a mirror by name, and how many models come of them.
type Case<'a> = (&'a [(&'a str, &'a [u8])], usize);

#[test]
fn a_mirror_serves_archives_or_the_models_themselves_and_is_checked_like_any_source() {
    let (one, two) = (noise(26, 5_000), noise(27, 6_000));
    let pack = zip_of(&[("one.onnx", &one), ("two.onnx", &two)]);
    let models: &[(&str, Option<&str>, &[u8])] = &[("one.onnx", Some("one.onnx"), &one), ("two.onnx", Some("two.onnx"), &two)];
    let published = || Published { name: "p.zip", url: "http://127.0.0.1:9/p.zip".into(), bytes: &pack, models };
    let wrong = noise(28, 5_000);
    // What the mirror has, and what comes of it.
    let cases: [Case<'_>; 5] = [
        (&[("p.zip", &pack)], 2),
        (&[("one.onnx", &one), ("two.onnx", &two)], 2),
        (&[("one.onnx", &wrong), ("p.zip", &pack)], 2),
        (&[("one.onnx", &one)], 1),
        (&[("p.zip", &pack[..pack.len() - 1]), ("one.onnx", &wrong)], 0),
    ];
    for (n, (files, due)) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let paths: Vec<(String, &[u8])> = files.iter().map(|(n, b)| (format!("/m/{n}"), *b)).collect();
        let server = Server::of(&paths.iter().map(|(p, b)| (p.as_str(), *b)).collect::<Vec<_>>());
        for mirror in [folder.path().display().to_string(), format!("{}/m/", server.url)] {
            let dir = tempfile::tempdir().unwrap();
            let manifest = manifest(dir.path(), &[published()]);
            let outcome = run(dir.path(), &manifest, Some(&mirror), &mut |_| ());
            assert_eq!(outcome.pulled.len(), due, "{n} {mirror} {outcome:?}");
            assert_eq!(names(dir.path()).len(), due, "{n} {mirror}");
        }
        // A mirror is only read.
        assert_eq!(below(folder.path()).len(), files.len());
    }
    assert!("nowhere/at/all".parse::<Mirror>().is_err() && "ftp://x/y".parse::<Mirror>().is_err());
}

#[test]
fn a_file_that_bore_the_name_is_kept_beside_the_right_one() {
    let one = noise(29, 4_000);
    let server = Server::of(&[("/one.onnx", &one)]);
    let dir = tempfile::tempdir().unwrap();
    let models: &[(&str, Option<&str>, &[u8])] = &[("one.onnx", None, &one)];
    let url = format!("{}/one.onnx", server.url);
    let manifest = manifest(dir.path(), &[Published { name: "one.onnx", url, bytes: &one, models }]);
    fs::write(dir.path().join("one.onnx"), "mine").unwrap();
    assert_eq!(run(dir.path(), &manifest, None, &mut |_| ()).pulled.len(), 1);
    assert_eq!(fs::read(dir.path().join("one.onnx")).unwrap(), one);
    assert_eq!(fs::read(dir.path().join("one.onnx.replaced")).unwrap(), b"mine");
    // A link under that name is replaced, not written through.
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("precious");
    fs::write(&target, "precious").unwrap();
    fs::remove_file(dir.path().join("one.onnx")).unwrap();
    std::os::unix::fs::symlink(&target, dir.path().join("one.onnx")).unwrap();
    assert_eq!(run(dir.path(), &manifest, None, &mut |_| ()).pulled.len(), 1);
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    assert_eq!(fs::read(dir.path().join("one.onnx")).unwrap(), one);
}

#[test]
fn what_a_killed_fetch_left_half_made_goes_with_the_next_one() {
    let one = noise(31, 1_000);
    let server = Server::of(&[("/one.onnx", &one)]);
    let dir = tempfile::tempdir().unwrap();
    let models: &[(&str, Option<&str>, &[u8])] = &[("one.onnx", None, &one)];
    let url = format!("{}/one.onnx", server.url);
    let manifest = manifest(dir.path(), &[Published { name: "one.onnx", url, bytes: &one, models }]);
    fs::create_dir(dir.path().join(".pull")).unwrap();
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    fs::write(dir.path().join(format!(".pull/one.onnx.{}.tmp", gone.id())), "half").unwrap();
    let alive = format!(".pull/two.onnx.{}.tmp", std::process::id());
    fs::write(dir.path().join(&alive), "half").unwrap();
    assert_eq!(run(dir.path(), &manifest, None, &mut |_| ()).pulled.len(), 1);
    assert_eq!(names(dir.path()), [".pull", alive.as_str(), "one.onnx"]);
}

#[test]
fn a_models_folder_that_cannot_be_is_told() {
    let one = noise(30, 10);
    let dir = tempfile::tempdir().unwrap();
    let models: &[(&str, Option<&str>, &[u8])] = &[("one.onnx", None, &one)];
    let manifest =
        manifest(dir.path(), &[Published { name: "one.onnx", url: "http://127.0.0.1:9/".into(), bytes: &one, models }]);
    let blocked = dir.path().join("manifest.toml").join("models");
    let found = Registry::with_folder(dir.path()).unwrap().scan(dir.path()).unwrap();
    let found = crate::infer::Found { dir: blocked, ..found };
    let models = manifest.models.iter().filter(|m| m.family == "none").collect();
    let request = Request { manifest: &manifest, models, found: &found, mirror: None, params: &quick() };
    let error = pull(&request, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("cannot write to the models folder"), "{error}");
}
