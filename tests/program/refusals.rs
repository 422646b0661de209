//! What is wrong is refused: with what, where and what to do, the right exit code, and nothing lost.

use super::support::{CHEAP, Ended, UnderWay, User, ffmpeg, media, models, run_args, scratch, short_clip, skipped, tree};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A measured clip, and room for what is wrong.
struct Bench {
    user: User,
    dir: TempDir,
    clip: PathBuf,
    models: PathBuf,
}

impl Bench {
    fn new() -> Option<Self> {
        let (models, dir, user) = (models()?, scratch(), User::new());
        let clip = short_clip(dir.path())?;
        user.measure(&clip, &CHEAP);
        Some(Self { user, dir, clip, models })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes a file.
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Makes a folder of models with the two that a cheap run takes, under names and with contents as `change` has it.
    fn models_with(&self, name: &str, change: impl Fn(&str, Vec<u8>) -> (String, Vec<u8>)) -> PathBuf {
        for model in ["scrfd_500m_kps_dyn.onnx", "mobilefacenet_arcface_128.onnx"] {
            let (file, bytes) = change(model, fs::read(self.models.join(model)).unwrap());
            self.file(&format!("{name}/{file}"), bytes);
        }
        self.path(name)
    }
}

/// One thing that is wrong, and what must be said of it.
struct Case {
    name: &'static str,
    args: Vec<OsString>,
    code: i32,
    /// What and where, in the error; all of them.
    told: Vec<String>,
    /// Part of the hint.
    hint: &'static str,
}

fn words<S: Into<OsString> + Clone>(items: &[S]) -> Vec<OsString> {
    items.iter().cloned().map(Into::into).collect()
}

/// Returns the words of a cheap run.
fn run(video: &Path, more: &[&str]) -> Vec<OsString> {
    [run_args(video, &CHEAP), words(more)].concat()
}

/// Quotes a path as messages do.
fn quoted(path: impl AsRef<Path>) -> String {
    serde_json::to_string(path.as_ref()).unwrap()
}

fn assert_refused(case: &Case, ended: &Ended) {
    let name = case.name;
    assert_eq!(ended.code, Some(case.code), "{name}: {ended}");
    let error = ended.stderr.lines().find(|l| l.starts_with("error: ")).unwrap_or_else(|| panic!("{name}: {ended}"));
    for told in &case.told {
        assert!(error.contains(told), "{name}: the error does not say {told:?}: {ended}");
    }
    let hint = ended.stderr.lines().find(|l| l.contains("hint: ")).unwrap_or_default();
    assert!(hint.contains(case.hint), "{name}: the hint does not say {:?}: {ended}", case.hint);
    assert!(!ended.stderr.contains("panicked"), "{name}: {ended}");
}

/// Every kind of wrong input that a single command shows.
fn cases(bench: &Bench) -> Option<Vec<Case>> {
    let clip = &bench.clip;
    let mut cases = Vec::new();
    let mut add = |name, args, told: &[String], hint| cases.push(Case { name, args, code: 1, told: told.to_vec(), hint });

    let notes = bench.file("notes.txt", "Act one. A room.\n".repeat(200));
    add("a text", run(&notes, &[]), &[quoted(&notes)], "video");
    let noise = bench.file("noise.mp4", [7_u8; 5000]);
    let told = [quoted(&noise), "is not a video".into(), "Invalid data found".into()];
    add("noise", run(&noise, &[]), &told, "try to play it");
    let empty = bench.file("empty.mp4", "");
    add("an empty file", run(&empty, &[]), &[quoted(&empty), "is empty".into()], "again");
    let bytes = fs::read(clip).unwrap();
    let half = bench.file("half.mp4", &bytes[..bytes.len() / 2]);
    add("half a file without its index", run(&half, &[]), &[quoted(&half), "is not a video".into()], "lacks its index");
    let sound = media("audio/jfk.wav")?;
    add("sound only", run(&sound, &[]), &[quoted(&sound), "has sound (pcm_s16le) but no picture".into()], "needs pictures");
    let folder = bench.dir.path();
    add("a folder", run(folder, &["--ep-id", "folder"]), &[quoted(folder), "is a folder".into()], "inside it");
    let missing = bench.path("missing.mp4");
    add("a missing file", run(&missing, &[]), &["no such file".into(), quoted(&missing)], "check the path");

    let none = bench.path("no models");
    fs::create_dir_all(&none).unwrap();
    let at = |dir: &Path| ["--models-dir", &dir.to_string_lossy()].map(str::to_owned);
    let with = |dir: &Path| run(clip, &at(dir).each_ref().map(String::as_str));
    add("no models", with(&none), &["no model \"scrfd_500m_kps_dyn\"".into(), quoted(&none)], "put the file there");
    let nowhere = bench.path("nowhere");
    add("no folder of models", with(&nowhere), &[quoted(&nowhere)], "--models-dir");
    let flipped = bench.models_with("flipped", |name, mut bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        (name.to_owned(), bytes)
    });
    let file = flipped.join("scrfd_500m_kps_dyn.onnx");
    add("a model with a wrong bit", with(&flipped), &[quoted(&file), "sha256".into(), "was due".into()], "fetch the file again");
    let swapped = bench.models_with("swapped", |name, bytes| {
        let other = if name.starts_with("scrfd") { "mobilefacenet_arcface_128.onnx" } else { "scrfd_500m_kps_dyn.onnx" };
        (other.to_owned(), bytes)
    });
    // Files are known by what is in them: these two serve under each other's names. Where one is missing, its name is no proof.
    fs::remove_file(swapped.join("mobilefacenet_arcface_128.onnx")).unwrap();
    let file = swapped.join("scrfd_500m_kps_dyn.onnx");
    let told = [quoted(&file), "is not scrfd_500m_kps_dyn".into(), "those of mobilefacenet_arcface_128".into()];
    add("a model under another's name", with(&swapped), &told, "fetch the file again");
    let cut = bench.models_with("cut", |name, bytes| (format!("my-{name}"), bytes[..bytes.len() / 2].to_vec()));
    let file = cut.join("my-scrfd_500m_kps_dyn.onnx");
    let args =
        words(&[OsString::from("run"), clip.into(), "--device".into(), "cpu".into(), "--detector".into(), file.clone().into()]);
    add("half a model, by its path", args, &["cannot open model".into(), quoted(&file)], "cut short");
    let wrong_task = ["wanted".into(), "mobilefacenet_arcface_128".into(), "embed".into(), "detect".into()];
    add(
        "an embedder as detector",
        words(&[OsString::from("run"), clip.into(), "--detector".into(), "mobilefacenet_arcface_128".into()]),
        &wrong_task,
        "whose task is detect",
    );
    add(
        "a detector as embedder",
        run(clip, &["--embedder", "scrfd_500m_kps_dyn"]),
        &["scrfd_500m_kps_dyn".into()],
        "task is embed",
    );
    add(
        "a size no model takes",
        words(&[OsString::from("run"), clip.into(), "--det-size".into(), "330x200".into()]),
        &["330x200".into(), "multiple of 32".into()],
        "640x384",
    );

    let runtime = ["--onnxruntime", "/nonexistent/libonnxruntime.so"];
    add("no onnxruntime", run(clip, &runtime), &["/nonexistent/libonnxruntime.so".into()], "screenalytics setup");
    let not_a_library = bench.file("lib.so", "text");
    let text = ["--onnxruntime".to_owned(), not_a_library.to_string_lossy().into_owned()];
    let args = run(clip, &text.each_ref().map(String::as_str));
    add("a text as onnxruntime", args, &[quoted(&not_a_library)], "screenalytics setup");

    let set = ["--set", "detect.sorce=1"];
    add("an unknown setting", run(clip, &set), &["detect.sorce".into(), "--set".into()], "detect.score");
    add(
        "a value no setting has",
        run(clip, &["--set", "workers.detect=many"]),
        &["workers.detect".into(), "many".into()],
        "config",
    );
    let settings = bench.file("mine.toml", "[detect]\nscore = 0.5\nmodle = \"x\"\n");
    let mine = ["--config".to_owned(), settings.to_string_lossy().into_owned()];
    let args = run(clip, &mine.each_ref().map(String::as_str));
    add("a settings file with a mistake", args, &["mine.toml:3".into(), "modle".into()], "detect.model");
    let gone = ["--config", "/nonexistent/mine.toml"];
    add("a settings file that is not there", run(clip, &gone), &["/nonexistent/mine.toml".into()], "check the path");

    add("an id that is none", run(clip, &["--ep-id", "No Id!"]), &["No Id!".into()], "rhobh-s05e17");
    let other = bench.path("other.mp4");
    ffmpeg(clip, "-i -t 1 -c copy", &other)?;
    let told = ["short".into(), quoted(std::path::absolute(clip).unwrap()), quoted(&other)];
    add("another video under the same id", run(&other, &["--ep-id", "short"]), &told, "--replace-video");

    let library = bench.file("library.txt", "x");
    let in_file = ["--library".to_owned(), library.to_string_lossy().into_owned()];
    let args = run(clip, &in_file.each_ref().map(String::as_str));
    add("a file as library", args, &[quoted(&library), "is not a directory".into()], "--library");
    add("a library where none can be", run(clip, &["--library", "/proc/library"]), &["/proc/library".into()], "write to it");
    let foreign = ["--library".to_owned(), folder.to_string_lossy().into_owned()];
    let args = run(clip, &foreign.each_ref().map(String::as_str));
    add("a folder of other things as library", args, &["is not a library".into()], "--library");

    for (name, args) in [
        ("status of no episode", &["status", "nobody-s01e01"][..]),
        ("export of no episode", &["export", "nobody-s01e01", "--format", "csv"]),
        ("a name in no episode", &["name", "nobody-s01e01", "1", "Ava"]),
        ("artifacts of no episode", &["artifacts", "nobody-s01e01", "--out", "/nonexistent"]),
        ("deleting no episode", &["delete", "nobody-s01e01", "--yes"]),
    ] {
        add(name, words(args), &["no episode nobody-s01e01".into(), quoted(bench.user.library())], "known: short");
    }
    add("no such cluster", words(&["name", "short", "id_0099", "Ava"]), &["id_0099".into()], "known: id_0001");
    add("an empty name", words(&["name", "short", "1", "  "]), &["name of a person is empty".into()], "quotes");
    add("a deletion nobody confirms", words(&["delete", "short"]), &["short".into(), "not confirmed".into()], "--yes");
    add("no portraits", words(&["suggest", "short", "--portraits", "/nonexistent"]), &["/nonexistent".into()], "check the path");
    add("no people to tell apart", words(&["eval-faces", "/nonexistent"]), &["/nonexistent".into()], "check the path");
    let truth = words(&[OsString::from("eval"), "short".into(), "--truth".into(), settings.clone().into()]);
    add("a truth that is none", truth, &[quoted(&settings)], "JSON");
    let from = words(&[OsString::from("artifacts"), "short".into(), "--from".into(), none.clone().into()]);
    add("an import of nothing", from, &["no models".into()], "");
    Some(cases)
}

#[test]
fn wrong_input_is_told_with_what_where_and_what_to_do_and_changes_nothing() {
    let Some(bench) = Bench::new() else { return };
    let Some(cases) = cases(&bench) else { return };
    // Opening a database for writing touches its pages, so it is its content that is compared.
    let state = || {
        let files: Vec<PathBuf> = tree(&bench.user.library()).into_keys().collect();
        let told = [&["status", "--json"][..], &["status", "short", "--json"], &["export", "short", "--format", "csv"]];
        (files, told.map(|args| bench.user.ok(args)), tree(bench.dir.path()))
    };
    let before = state();
    for case in &cases {
        let ended = bench.user.run(&case.args);
        println!("{}: {}", case.name, ended.stderr.trim());
        assert_refused(case, &ended);
        assert!(state() == before, "{}: something changed", case.name);
    }
    bench.user.assert_healthy("after every refusal");
}

#[test]
fn a_refused_run_makes_no_library() {
    let Some(_) = models() else { return };
    let user = User::new();
    let text = user.path("notes.mp4");
    fs::write(&text, "not a video").unwrap();
    assert_eq!(user.run(run(&text, &[])).code, Some(1));
    assert!(!user.library().exists());
}

#[test]
fn wrong_usage_ends_with_two() {
    let user = User::new();
    for args in [
        &["run"][..],
        &["run", "a.mp4", "--no-such-flag"],
        &["run", "a.mp4", "--ep-id", "a-s01e01", "--show", "a", "--season", "1", "--episode", "1"],
        &["run", "a.mp4", "--show", "a"],
        &["run", "a.mp4", "--stride", "2", "--fps", "5"],
        &["run", "a.mp4", "--stride", "two"],
        &["run", "a.mp4", "--device", "abacus"],
        &["run", "a.mp4", "--tracker", "none"],
        &["export", "a-s01e01"],
        &["export", "a-s01e01", "--format", "xml"],
        &["artifacts", "a-s01e01"],
        &["artifacts", "a-s01e01", "--out", "x", "--from", "y"],
        &["frobnicate"],
        &["open", "a-s01e01", "--at", "noon"],
        &["open", "--tab", "tracks"],
    ] {
        let ended = user.run(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {ended}");
        assert!(ended.stderr.contains("Usage") || ended.stderr.contains("--help"), "{args:?}: {ended}");
    }
    assert!(!user.library().exists());
}

/// Makes a command run as nobody in particular, where it would run as root, whom nothing is forbidden.
fn without_privileges(command: &mut Command) -> &mut Command {
    if fs::metadata("/proc/self").unwrap().uid() == 0 { command.uid(65534).gid(65534) } else { command }
}

#[test]
fn what_may_not_be_read_or_written_is_named() {
    let Some(bench) = Bench::new() else { return };
    if without_privileges(&mut bench.user.command(["--version"])).output().is_ok_and(|ran| ran.status.success()) {
        forbidden(&bench);
    } else {
        println!("left out: root may do everything, and nobody else may run the program where it lies");
    }
}

fn forbidden(bench: &Bench) {
    let secret = bench.file("secret.mp4", fs::read(&bench.clip).unwrap());
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o0)).unwrap();
    let before = tree(&bench.user.library());
    let read_only = |path: &Path| {
        let mode = if path.is_dir() { 0o555 } else { 0o444 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let episode = bench.user.episode("short");
    for path in before.keys().map(PathBuf::as_path).chain([episode.as_path(), &episode.join("writer.lock")]) {
        read_only(path);
    }
    let cases = [
        Case {
            name: "an unreadable video",
            args: run(&secret, &[]),
            code: 1,
            told: vec![quoted(&secret), "Permission denied".into()],
            hint: "rights",
        },
        Case {
            name: "a library that may only be read",
            args: words(&["name", "short", "1", "Ava Stone"]),
            code: 1,
            told: vec![quoted(episode.join("writer.lock")), "Permission denied".into()],
            hint: "write to it",
        },
    ];
    for case in &cases {
        let ended = Ended::of(without_privileges(&mut bench.user.command(&case.args)));
        assert_refused(case, &ended);
    }
    let seen = Ended::of(without_privileges(&mut bench.user.command(["export", "short", "--format", "csv"])));
    assert_eq!(seen.ok().stdout, bench.user.ok(["export", "short", "--format", "csv"]), "reading needs no right to write");
    let checked = Ended::of(without_privileges(&mut bench.user.command(["doctor", "short"])));
    let told = checked.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("the file's pages were not checked"), "{checked}");
    assert!(tree(&bench.user.library()) == before);
    for path in [episode.as_path(), &episode.join("writer.lock")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_damaged_episode_is_named_left_as_it_is_and_can_be_deleted() {
    let Some(bench) = Bench::new() else { return };
    let file = bench.user.episode("short").join("episode.redb");
    let whole = fs::read(&file).unwrap();
    let due = bench.user.ok(["export", "short", "--format", "csv"]);
    for (case, bytes) in [
        ("garbage", b"not a database ".repeat(5000)),
        ("cut to a half", whole[..whole.len() / 2].to_vec()),
        ("cut inside the head", whole[..100].to_vec()),
        ("empty", Vec::new()),
    ] {
        fs::write(&file, &bytes).unwrap();
        for args in [run(&bench.clip, &[]), words(&["name", "short", "1", "Ava"])] {
            let refused = Case {
                name: case,
                args,
                code: 1,
                told: vec![quoted(&file), "is damaged".into()],
                hint: "screenalytics delete short",
            };
            assert_refused(&refused, &bench.user.run(&refused.args));
        }
        // Reading may do without what is lost.
        let read = bench.user.run(["export", "short", "--format", "csv"]);
        assert!(read.stdout == due || read.code == Some(1) && read.stderr.contains("is damaged"), "{case}: {read}");
        let listed = bench.user.run(["status"]).ok();
        assert!(listed.stdout.starts_with("short"), "{case}: {listed}");
        let checked = bench.user.run(["doctor"]);
        assert!(checked.code == Some(1) && checked.stdout.contains("is damaged"), "{case}: {checked}");
        assert!(fs::read(&file).unwrap() == bytes, "{case}: the file was changed");
    }
    bench.user.run(["delete", "short", "--yes"]).ok();
    bench.user.measure(&bench.clip, &CHEAP);
    bench.user.assert_healthy("measured again");
}

#[test]
fn a_flipped_bit_is_found_by_doctor_or_does_no_harm() {
    let Some(bench) = Bench::new() else { return };
    let whole = fs::read(bench.user.episode("short").join("episode.redb")).unwrap();
    let exported = |user: &User| user.run(["export", "short", "--format", "csv"]);
    let due = exported(&bench.user).ok().stdout;
    let mut found = 0;
    for n in 0..24 {
        let user = bench.user.copy();
        let file = user.episode("short").join("episode.redb");
        let mut bytes = whole.clone();
        let at = whole.len() / 25 * (n + 1) + 7 * n;
        bytes[at] ^= 1 << (n % 8);
        fs::write(&file, &bytes).unwrap();
        let ended = exported(&user);
        assert!(!ended.stderr.contains("panicked"), "bit at {at}: {ended}");
        let checked = user.run(["doctor", "short"]);
        match checked.code {
            Some(1) => {
                assert!(checked.stdout.contains("✕  episode short"), "bit at {at}: {checked}");
                found += 1;
            }
            _ => assert_eq!(ended.ok().stdout, due, "bit at {at} changes the result, and doctor says nothing: {checked}"),
        }
    }
    println!("{found} of 24 flips were found");
    assert!(found >= 8, "only {found} of 24 flips were found");
}

#[test]
fn a_damaged_catalog_is_named_and_episodes_keep_their_data() {
    let Some(bench) = Bench::new() else { return };
    let file = bench.user.library().join("catalog.redb");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, b"not a database ".repeat(5000)).unwrap();
    let args = words(&["name", "short", "1", "Ava Stone"]);
    let case =
        Case { name: "catalog", args, code: 1, told: vec![quoted(&file), "is damaged".into()], hint: "episodes keep their data" };
    assert_refused(&case, &bench.user.run(&case.args));
    fs::write(&file, whole).unwrap();
    bench.user.ok(&case.args);
}

#[test]
fn a_second_run_on_an_episode_is_refused_and_told_who_runs_while_readers_go_on() {
    let (Some(_), Some(video)) = (models(), media("talking_dev.mp4")) else { return };
    let user = User::new();
    let mut first = UnderWay::start(&mut user.command(run(&video, &[])));
    assert!(first.wait_for(|line| line["shots"].as_u64() >= Some(1)));
    // It waits in the middle of its work until everything else was tried.
    first.signal("STOP");
    let case = Case {
        name: "a second run",
        args: run(&video, &[]),
        code: 1,
        told: vec!["talking-dev is in use".into(), format!("process {} on ", first.pid()), "screenalytics run".into()],
        hint: "wait for it to end",
    };
    assert_refused(&case, &user.run(&case.args));
    let listed = user.run(["status"]).ok();
    assert!(listed.stdout.contains("talking-dev"), "{listed}");
    let checked = user.run(["doctor"]).ok();
    assert!(checked.stdout.contains("in use"), "{checked}");
    assert_eq!(user.run(["delete", "talking-dev", "--yes"]).code, Some(1));
    first.signal("CONT");
    first.finish().ok();
    user.assert_healthy("after a second run was refused");
}

#[test]
fn a_full_disk_stops_the_run_and_what_was_finished_stays() {
    let Some(bench) = Bench::new() else { return };
    let due = bench.user.ok(["export", "short", "--format", "csv"]);
    let kilobytes = tree(&bench.user.library()).values().map(|b| b.len() / 1024 + 8).sum::<usize>();
    // A small disk of its own, which goes with the process that made it.
    let script = r#"
        mount -t tmpfs -o size="$2"k tmpfs "$1" || exit 77
        cp -r "$SCREENALYTICS_LIBRARY" "$1"/library
        export SCREENALYTICS_LIBRARY="$1"/library
        "$0" run "$3" --stride 1 --detector scrfd_500m_kps_dyn --det-size 320x192 --device cpu --progress none
        echo "code $?" >&2
        "$0" doctor >&2 || echo "not healthy" >&2
        "$0" export short --format csv"#;
    for spare in [40, 150] {
        let disk = bench.path(&format!("disk{spare}"));
        fs::create_dir_all(&disk).unwrap();
        let mut shell = Command::new("unshare");
        shell.args(["--map-root-user", "--user", "--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_screenalytics")]);
        shell.arg(&disk).arg((kilobytes + spare).to_string()).arg(&bench.clip);
        let plain = bench.user.command(["help"]);
        shell.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let ended = Ended::of(&mut shell);
        if ended.code == Some(77) || ended.stderr.contains("unshare failed") {
            skipped(&format!("this system makes no small disk: {}", ended.stderr.trim()));
            return;
        }
        assert!(ended.stderr.contains("code 1"), "{spare} kB left: {ended}");
        assert!(ended.stderr.contains("error: the disk is full, cannot write"), "{spare} kB left: {ended}");
        assert!(ended.stderr.contains("hint: free some space and run again"), "{spare} kB left: {ended}");
        assert!(!ended.stderr.contains("not healthy") && !ended.stderr.contains("panicked"), "{spare} kB left: {ended}");
        assert_eq!(ended.stdout, due, "{spare} kB left: the finished run is no longer what it was");
    }
}
