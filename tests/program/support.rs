//! Runs the program with a library and user folders of its own, and finds what tests need from outside.

use screenalytics::config::Paths;
use screenalytics::infer::{Prefer, Runtime, Search, load};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A detector and a size of it that cost an eighth of the default; enough where the test is not about accuracy.
pub(crate) const CHEAP: [&str; 6] = ["--detector", "scrfd_500m_kps_dyn", "--det-size", "320x192", "--device", "cpu"];

thread_local! {
    /// Whether the test of this thread has said that it is skipped; it counts once.
    static SAID: Cell<bool> = const { Cell::new(false) };
}

/// Says that the test is skipped.
pub(crate) fn skipped(why: &str) {
    if !SAID.replace(true) {
        println!("skipped: {why}");
    }
}

/// Returns the folder that an environment variable names, or says that the test is skipped.
pub(crate) fn folder(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    if found.is_none() {
        skipped(&format!("{variable} not set"));
    }
    found
}

/// Returns a file of the test media.
pub(crate) fn media(name: &str) -> Option<PathBuf> {
    folder("SCREENALYTICS_TEST_MEDIA").map(|dir| dir.join(name))
}

/// Returns the folder of models, where onnxruntime is there too.
pub(crate) fn models() -> Option<PathBuf> {
    runtime()?;
    folder("SCREENALYTICS_MODELS")
}

/// Returns the folders of models that the sources of the crate `diarization` bring, which building the program fetched.
pub(crate) fn models_of_crates() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = home.or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".cargo"))) else {
        return Vec::new();
    };
    let indices = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    indices.map(|index| index.path().join("diarization-0.1.0/models")).filter(|dir| dir.is_dir()).collect()
}

/// Returns onnxruntime, where one is named or installed.
pub(crate) fn runtime() -> Option<Runtime> {
    match load(&Search::from_env(None, Paths::find().data, Prefer::Cpu)) {
        Ok(runtime) => Some(runtime),
        Err(error) => {
            skipped(&error.to_string());
            None
        }
    }
}

/// Makes a folder with the models of pictures and of sound; the segmentation model comes with the sources of the crate that brings it.
pub(crate) fn models_that_listen() -> Option<TempDir> {
    let (dir, models) = (scratch(), models()?);
    for from in std::iter::once(models).chain(models_of_crates()) {
        for file in fs::read_dir(from).into_iter().flatten().flatten() {
            let to = dir.path().join(file.file_name());
            if !to.exists() && file.path().extension().is_some_and(|e| e == "onnx") {
                std::os::unix::fs::symlink(file.path(), to).unwrap();
            }
        }
    }
    if !dir.path().join("segmentation-3.0.onnx").exists() {
        skipped("no model segmentation_3_0");
        return None;
    }
    Some(dir)
}

/// Runs the ffmpeg program on words separated by blanks, with `out` as the last; says that the test is skipped where it cannot.
pub(crate) fn ffmpeg(input: &Path, words: &str, out: &Path) -> Option<()> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]);
    let (before, after) = words.split_once("-i ").unwrap_or(("", words));
    command.args(before.split_whitespace()).arg("-i").arg(input).args(after.split_whitespace()).arg(out);
    match command.output() {
        Ok(ran) if ran.status.success() => Some(()),
        Ok(ran) => {
            skipped(&format!("ffmpeg cannot make {}: {}", out.display(), String::from_utf8_lossy(&ran.stderr).trim()));
            None
        }
        Err(error) => {
            skipped(&format!("no ffmpeg program: {error}"));
            None
        }
    }
}

/// What this test process puts on the disk lies here. What earlier ones left is taken away: those that live in statics are not
/// dropped.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("program");
    for old in fs::read_dir(&all).into_iter().flatten().flatten() {
        if !Path::new("/proc").join(old.file_name()).exists() {
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let own = all.join(std::process::id().to_string());
    fs::create_dir_all(&own).unwrap();
    own
});

/// Makes an empty folder.
pub(crate) fn scratch() -> TempDir {
    let dir = tempfile::tempdir_in(ROOT.as_path()).unwrap();
    // Some tests act as another user.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// A user with nothing: an empty library, no settings of their own, no log yet.
#[derive(Debug)]
pub(crate) struct User {
    dir: TempDir,
}

impl User {
    pub(crate) fn new() -> Self {
        Self { dir: scratch() }
    }

    /// Makes a user with the same library, as it is now.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        for (path, bytes) in tree(&self.library()) {
            let to = copy.library().join(path.strip_prefix(self.library()).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, bytes).unwrap();
        }
        copy
    }

    /// Returns a path in this user's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.path("library")
    }

    /// Returns the folder of an episode.
    pub(crate) fn episode(&self, id: &str) -> PathBuf {
        self.library().join("episodes").join(id)
    }

    /// Makes the command; standard input is empty, and nothing of the caller's own settings counts.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_screenalytics"));
        command.args(args).stdin(Stdio::null());
        command.env("SCREENALYTICS_LIBRARY", self.library());
        command.env("XDG_CONFIG_HOME", self.path("config")).env("XDG_STATE_HOME", self.path("state"));
        command.env("NO_COLOR", "1").env_remove("SCREENALYTICS_LOG");
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        Ended::of(&mut self.command(args))
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.run(args).ok().stdout
    }

    /// Measures a video, which must succeed.
    pub(crate) fn measure(&self, video: &Path, args: &[&str]) -> Measured {
        Measured::of(&self.run(run_args(video, args)))
    }

    /// Exports an episode in the interchange layout.
    pub(crate) fn manifest(&self, id: &str) -> Manifest {
        let dir = scratch();
        self.ok(["artifacts".as_ref(), id.as_ref(), "--out".as_ref(), dir.path().as_os_str()]);
        Manifest { dir, id: id.to_owned() }
    }

    /// Runs a command that prints JSON.
    #[track_caller]
    pub(crate) fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Value {
        serde_json::from_str(&self.ok(args)).unwrap()
    }

    /// Asserts that `doctor` finds nothing wrong.
    pub(crate) fn assert_healthy(&self, when: &str) {
        let told = self.run(["doctor"]);
        assert_eq!(told.code, Some(0), "{when}: {told}");
        assert!(!told.stdout.contains('✕'), "{when}: {told}");
    }
}

/// Returns the words of a run with progress as JSON lines.
pub(crate) fn run_args(video: &Path, args: &[&str]) -> Vec<std::ffi::OsString> {
    let mut words: Vec<std::ffi::OsString> = vec!["run".into(), video.into(), "--progress".into(), "json".into()];
    words.extend(args.iter().map(Into::into));
    words
}

/// How a command ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// Absent where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Self {
        let out = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: out.status.code(), stdout: text(out.stdout), stderr: text(out.stderr) }
    }

    /// Asserts that it succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// Returns the JSON lines on standard output.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {:?}\nstdout:\n{}\nstderr:\n{}", self.code, self.stdout, self.stderr)
    }
}

#[track_caller]
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// What the last progress line of a finished run says.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub last: Value,
    /// Digest over everything measured.
    pub digest: String,
}

impl Measured {
    #[track_caller]
    pub(crate) fn of(ended: &Ended) -> Self {
        assert_eq!(ended.code, Some(0), "{ended}");
        let last = ended.lines().pop().unwrap();
        assert_eq!(last["phase"], "done", "{ended}");
        let digest = last["summary"]["measured_sha256"].as_str().unwrap().to_owned();
        Self { last, digest }
    }

    pub(crate) fn count(&self, what: &str) -> u64 {
        self.last["summary"]["counts"][what].as_u64().unwrap()
    }
}

/// An exported episode.
#[derive(Debug)]
pub(crate) struct Manifest {
    dir: TempDir,
    id: String,
}

impl Manifest {
    /// Returns the folder that holds everything exported.
    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the bytes of a file of the episode's manifest, or of its vectors.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let kind = if name == "faces.npy" { "embeds" } else { "manifests" };
        fs::read(self.dir.path().join(kind).join(&self.id).join(name)).unwrap()
    }

    /// Returns the lines of a `.jsonl` file, or one value.
    pub(crate) fn rows(&self, name: &str) -> Vec<Value> {
        json_lines(&String::from_utf8(self.bytes(name)).unwrap())
    }

    pub(crate) fn first_frames_of_shots(&self) -> Vec<u64> {
        self.rows("shots.jsonl").iter().map(|s| s["start_frame"].as_u64().unwrap()).collect()
    }
}

/// Returns every file below a folder with its bytes; locks and the progress file do not count.
pub(crate) fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !["writer.lock", "catalog.lock", "progress.json", "holder.json"].contains(&name.as_str()) {
                files.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Makes five seconds of talking heads: three people, a cut at 2.08 s.
pub(crate) fn short_clip(dir: &Path) -> Option<PathBuf> {
    let (_, whole) = (models()?, media("talking_dev.mp4")?);
    let clip = dir.join("short.mp4");
    ffmpeg(&whole, "-ss 2 -t 5 -i -c:v libx264 -preset veryfast -crf 20 -c:a copy", &clip)?;
    Some(clip)
}

/// A command under way; killed where the test fails before it ends.
#[derive(Debug)]
pub(crate) struct UnderWay {
    child: Child,
}

impl UnderWay {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self { child: command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads JSON lines until one fulfils `wish`; false where it ends before.
    pub(crate) fn wait_for(&mut self, mut wish: impl FnMut(&Value) -> bool) -> bool {
        let pipe = self.child.stdout.as_mut().unwrap();
        let mut line = Vec::new();
        let mut byte = [0];
        while pipe.read(&mut byte).unwrap() == 1 {
            if byte != *b"\n" {
                line.push(byte[0]);
                continue;
            }
            if wish(&serde_json::from_slice(&line).unwrap()) {
                return true;
            }
            line.clear();
        }
        false
    }

    pub(crate) fn signal(&self, signal: &str) {
        // The shell's own: a program of that name is not everywhere.
        let sent =
            Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Lets it live for so long; tells whether it ended by itself.
    pub(crate) fn ended_within(&mut self, time: Duration) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < time {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }

    /// Waits for its end; what is left to read is read meanwhile.
    pub(crate) fn finish(mut self) -> Ended {
        let mut stdout = String::new();
        let (mut out, mut err) = (self.child.stdout.take().unwrap(), self.child.stderr.take().unwrap());
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            text
        });
        out.read_to_string(&mut stdout).unwrap();
        let status = self.child.wait().unwrap();
        Ended { code: status.code(), stdout, stderr: stderr.join().unwrap() }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A clip that was measured once with default settings, for every test that only reads it.
pub(crate) struct Shared {
    pub user: User,
    pub video: PathBuf,
    pub id: &'static str,
    pub measured: Measured,
    /// The run as it ended.
    pub ended: Ended,
}

impl Shared {
    /// Returns it, measuring it first where no test has; `None` where something is missing, which is said each time.
    fn get(run: &'static OnceLock<Self>, clip: &str, id: &'static str) -> Option<&'static Self> {
        models()?;
        let video = media(clip)?;
        Some(run.get_or_init(|| {
            let user = User::new();
            let ended = user.run(run_args(&video, &["--device", "cpu"]));
            Self { measured: Measured::of(&ended), user, video, id, ended }
        }))
    }

    pub(crate) fn manifest(&self) -> Manifest {
        self.user.manifest(self.id)
    }

    /// Returns the truth beside the clip.
    pub(crate) fn truth(&self) -> PathBuf {
        self.video.with_extension("truth.json")
    }
}

/// Sixty seconds with exact truth: 13 cuts, 5 dissolves, 7 people seen.
pub(crate) fn episode_dev() -> Option<&'static Shared> {
    static RUN: OnceLock<Shared> = OnceLock::new();
    Shared::get(&RUN, "episode_dev.mp4", "episode-dev")
}

/// Thirty seconds of talking heads: 10 cuts, 7 people.
pub(crate) fn talking_dev() -> Option<&'static Shared> {
    static RUN: OnceLock<Shared> = OnceLock::new();
    Shared::get(&RUN, "talking_dev.mp4", "talking-dev")
}

/// A sitcom: 5 cuts, 6 people, first picture at 1.704 s.
pub(crate) fn friends_clip() -> Option<&'static Shared> {
    static RUN: OnceLock<Shared> = OnceLock::new();
    Shared::get(&RUN, "clips/friends_clip.mp4", "friends-clip")
}
