//! Fetches the pinned onnxruntime, checks it and puts it where `load` looks.

use super::InferError;
use super::library;
use super::registry::sha256;
use super::runtime::{VERSION, file_name, installed_path};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the library comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallSource {
    /// By Python's pip, else the project's release archive by curl.
    Network,
    /// A wheel, a release archive (`.tgz`) or the library itself, such as the GPU build.
    File(PathBuf),
}

/// What pip calls this platform, and the sha256 of the library in the wheel of that platform for Python 3.11.
///
/// On Linux the wheels for Python 3.11 and 3.12 carry the same library, byte for byte; on macOS they do not.
struct Platform {
    pip: &'static str,
    archive: &'static str,
    sha256: &'static str,
}

fn platform() -> Option<Platform> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some(Platform {
            pip: "manylinux_2_28_x86_64",
            archive: "linux-x64",
            sha256: "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
        }),
        ("linux", "aarch64") => Some(Platform {
            pip: "manylinux_2_28_aarch64",
            archive: "linux-aarch64",
            sha256: "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
        }),
        ("macos", "aarch64") => Some(Platform {
            pip: "macosx_14_0_arm64",
            archive: "osx-arm64",
            sha256: "f8b06155feece624e55e49124340eea279da812529ae6fbc46a9f2be9c9cad2e",
        }),
        _ => None,
    }
}

/// Installs onnxruntime under `data_dir` and returns the library's path; `say` hears each step in a few words.
///
/// From the network a library that is there and loads is left alone, so running again costs nothing. A file given by the
/// user is always unpacked. Files get a temporary name, are checked and then renamed: there is never half a file.
/// What pip brings must have the pinned sha256; an archive or a file must load and be of the pinned version.
///
/// # Errors
/// `Install` with what failed at each source.
pub fn install(data_dir: &Path, source: &InstallSource, say: &mut dyn FnMut(&str)) -> Result<PathBuf, InferError> {
    let target = installed_path(data_dir);
    let folder = target.parent().map(Path::to_path_buf).unwrap_or_default();
    let failed = |reasons: Vec<String>| InferError::Install { version: VERSION, into: folder.clone(), reasons };
    if *source == InstallSource::Network && library::version(&target).is_ok_and(|v| v == VERSION) {
        say(&format!("onnxruntime {VERSION} is there: {}", target.display()));
        return Ok(target);
    }
    std::fs::create_dir_all(&folder).map_err(|e| failed(vec![format!("cannot create the folder: {e}")]))?;
    let work = Work::new(&folder).map_err(|e| failed(vec![format!("cannot write there: {e}")]))?;
    let mut reasons = Vec::new();
    match source {
        InstallSource::File(path) => match unpack(path, &work.0).and_then(|()| place(&work.0, &folder, None)) {
            Ok(()) => return Ok(target),
            Err(e) => reasons.push(format!("{}: {e}", path.display())),
        },
        InstallSource::Network => {
            for (name, fetch) in [("pip", by_pip as Fetch), ("release archive", by_curl)] {
                match fetch(&work.0, say).and_then(|pin| place(&work.0, &folder, pin)) {
                    Ok(()) => return Ok(target),
                    Err(e) => reasons.push(format!("{name}: {e}")),
                }
            }
        }
    }
    Err(failed(reasons))
}

/// Brings the library into a folder; returns the sha256 it must have, where that is known.
type Fetch = fn(&Path, &mut dyn FnMut(&str)) -> Result<Option<&'static str>, String>;

/// A folder that goes away with this value.
struct Work(PathBuf);

impl Work {
    fn new(parent: &Path) -> std::io::Result<Self> {
        let path = parent.join(format!(".partial-{}", std::process::id()));
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = ?self.0, %error, "a temporary folder is left behind");
        }
    }
}

fn by_pip(work: &Path, say: &mut dyn FnMut(&str)) -> Result<Option<&'static str>, String> {
    let known = platform();
    let target = known.as_ref().map(|p| vec!["--python-version", "3.11", "--implementation", "cp", "--platform", p.pip]);
    // The named platform first: its library has a pinned digest whatever Python runs pip. Then what suits this Python.
    let ways = target.into_iter().chain([vec![]]);
    let mut last = "there is no pip; install python3-pip".to_owned();
    for (i, way) in ways.enumerate() {
        for program in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
            let downloads = work.join(format!("pip{i}"));
            say(&format!("fetching onnxruntime {VERSION} by {}", program.join(" ")));
            let mut command = Command::new(program[0]);
            command.args(&program[1..]).args(["download", "--quiet", "--no-input", "--disable-pip-version-check"]);
            command.args(["--no-deps", "--only-binary=:all:"]).args(&way).arg("--dest").arg(&downloads);
            match run(command.arg(format!("onnxruntime=={VERSION}"))) {
                Ok(()) => {
                    unpack(&first_wheel(&downloads)?, work)?;
                    let same_for_every_python = cfg!(target_os = "linux");
                    let pin = known.map(|p| p.sha256).filter(|_| i == 0 || same_for_every_python);
                    return Ok(pin);
                }
                Err(Failure::NotThere) => {}
                Err(Failure::Failed(reason)) => last = reason,
            }
        }
    }
    Err(last)
}

fn by_curl(work: &Path, say: &mut dyn FnMut(&str)) -> Result<Option<&'static str>, String> {
    let name = platform().ok_or("there is no release archive for this platform")?.archive;
    let file = format!("onnxruntime-{name}-{VERSION}.tgz");
    let url = format!("https://github.com/microsoft/onnxruntime/releases/download/v{VERSION}/{file}");
    say(&format!("fetching {url}"));
    let archive = work.join(&file);
    let mut command = Command::new("curl");
    command.args(["--fail", "--location", "--silent", "--show-error", "--connect-timeout", "20", "--retry", "2", "--output"]);
    match run(command.arg(&archive).arg(&url)) {
        Ok(()) => unpack(&archive, work).map(|()| None),
        Err(Failure::NotThere) => Err("there is no curl".into()),
        Err(Failure::Failed(reason)) => Err(reason),
    }
}

enum Failure {
    /// The program is not installed.
    NotThere,
    Failed(String),
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let output = match command.output() {
        Ok(output) => output,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(Failure::NotThere),
        Err(e) => return Err(Failure::Failed(e.to_string())),
    };
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().map(str::trim).rfind(|l| !l.is_empty());
    Err(Failure::Failed(last.map_or_else(|| format!("ended with {}", output.status), ToOwned::to_owned)))
}

fn first_wheel(folder: &Path) -> Result<PathBuf, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| e.to_string())?;
    let wheels = entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|e| e == "whl"));
    wheels.min().ok_or_else(|| "pip brought no wheel".into())
}

/// Puts the library, and what lies beside it for GPUs, into `work`.
fn unpack(source: &Path, work: &Path) -> Result<(), String> {
    let mut magic = [0u8; 4];
    let mut file = File::open(source).map_err(|e| e.to_string())?;
    let read = std::io::Read::read(&mut file, &mut magic).map_err(|e| e.to_string())?;
    match &magic[..read] {
        [b'P', b'K', ..] => unzip(source, work),
        [0x1f, 0x8b, ..] => untar(source, work),
        [] => Err("it is empty".into()),
        _ => std::fs::copy(source, work.join(file_name(VERSION))).map(|_| ()).map_err(|e| e.to_string()),
    }
}

/// Tells whether a file of an archive is wanted: the library, or a provider that it loads from its own folder.
fn is_wanted(name: &str) -> bool {
    let suffix = if cfg!(target_os = "macos") { ".dylib" } else { ".so" };
    name == file_name(VERSION) || (name.starts_with("libonnxruntime_providers_") && name.ends_with(suffix))
}

fn unzip(source: &Path, work: &Path) -> Result<(), String> {
    let file = File::open(source).map_err(|e| e.to_string())?;
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).map_err(|e| format!("it is a broken wheel: {e}"))?;
    for i in 0..archive.len() {
        let mut member = archive.by_index(i).map_err(|e| format!("it is a broken wheel: {e}"))?;
        let path = member.name().map_err(|e| format!("it is a broken wheel: {e}"))?.into_owned();
        let name = path.rsplit('/').next().unwrap_or_default();
        if is_wanted(name) {
            let mut out = File::create(work.join(name)).map_err(|e| e.to_string())?;
            // Reading to the end checks the member's own checksum.
            std::io::copy(&mut member, &mut out).and_then(|_| out.sync_all()).map_err(|e| format!("{name}: {e}"))?;
        }
    }
    Ok(())
}

fn untar(source: &Path, work: &Path) -> Result<(), String> {
    let tree = work.join("archive");
    std::fs::create_dir_all(&tree).map_err(|e| e.to_string())?;
    match run(Command::new("tar").arg("-xzf").arg(source).arg("-C").arg(&tree)) {
        Ok(()) => {}
        Err(Failure::NotThere) => return Err("there is no tar".into()),
        Err(Failure::Failed(reason)) => return Err(reason),
    }
    let mut folders = vec![tree];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|e| e.to_string())? {
            let entry = entry.map_err(|e| e.to_string())?;
            let kind = entry.file_type().map_err(|e| e.to_string())?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && is_wanted(&name) {
                std::fs::rename(entry.path(), work.join(name)).map_err(|e| e.to_string())?;
            }
        }
    }
    Ok(())
}

/// Checks the library in `work` and renames it and its providers into `folder`, the library last.
fn place(work: &Path, folder: &Path, pin: Option<&str>) -> Result<(), String> {
    let main = file_name(VERSION);
    let fresh = work.join(&main);
    if !fresh.is_file() {
        return Err(format!("it holds no {main}"));
    }
    if let Some(pin) = pin {
        let found = sha256(&fresh).map_err(|e| e.to_string())?;
        if found != pin {
            return Err(format!("{main} has sha256 {found}, and {pin} was due"));
        }
    }
    let version = library::version(&fresh)?;
    if version != VERSION {
        return Err(format!("it is version {version}, and {VERSION} was due"));
    }
    let mut names: Vec<_> = std::fs::read_dir(work)
        .map_err(|e| e.to_string())?
        .filter_map(|e| e.ok().map(|e| e.file_name().to_string_lossy().into_owned()))
        .filter(|n| is_wanted(n) && *n != main)
        .collect();
    names.sort();
    names.push(main);
    for name in names {
        std::fs::rename(work.join(&name), folder.join(&name)).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::tests_support;
    use std::io::Write;

    /// Makes a wheel that holds `member` with these contents.
    fn wheel(path: &Path, member: &str, contents: &[u8]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        zip.start_file(format!("onnxruntime/capi/{member}"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(contents).unwrap();
        zip.finish().unwrap();
    }

    /// Returns every file and folder below `dir`, by name.
    fn below(dir: &Path) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
        let mut all: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
        all.extend(all.clone().iter().flat_map(|p| below(p)));
        all.sort();
        all
    }

    fn library_of_the_pinned_version() -> Option<Vec<u8>> {
        let path = tests_support::library()?;
        if library::version(&path).unwrap() != VERSION {
            eprintln!("skipped: {} is not onnxruntime {VERSION}", path.display());
            return None;
        }
        Some(std::fs::read(path).unwrap())
    }

    #[test]
    fn a_wheel_is_unpacked_once_and_then_left_alone() {
        let Some(contents) = library_of_the_pinned_version() else { return };
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("any.whl");
        wheel(&file, &file_name(VERSION), &contents);
        let data = dir.path().join("data");
        let path = install(&data, &InstallSource::File(file), &mut |_| ()).unwrap();
        assert_eq!(path, installed_path(&data));
        assert_eq!(std::fs::read(&path).unwrap(), contents);
        assert_eq!(below(&data), [data.join("onnxruntime"), path.parent().unwrap().to_path_buf(), path.clone()]);
        let mut said = Vec::new();
        assert_eq!(install(&data, &InstallSource::Network, &mut |s| said.push(s.to_owned())).unwrap(), path);
        assert!(said.len() == 1 && said[0].contains("is there"), "{said:?}");
    }

    #[test]
    fn a_broken_or_wrong_file_leaves_what_was_there_and_nothing_else() {
        let Some(contents) = library_of_the_pinned_version() else { return };
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let whole = dir.path().join("whole.whl");
        wheel(&whole, &file_name(VERSION), &contents);
        let path = install(&data, &InstallSource::File(whole.clone()), &mut |_| ()).unwrap();
        let before = below(&data);

        let bytes = std::fs::read(&whole).unwrap();
        let named = |name: &str| dir.path().join(name);
        std::fs::write(named("cut.whl"), &bytes[..bytes.len() / 2]).unwrap();
        let mut flipped = bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        std::fs::write(named("flipped.whl"), flipped).unwrap();
        wheel(&named("other.whl"), "libother.so", b"x");
        wheel(&named("half.whl"), &file_name(VERSION), &contents[..contents.len() / 2]);
        std::fs::write(named("empty.tgz"), b"").unwrap();
        std::fs::write(named("broken.tgz"), [0x1f, 0x8b, 8, 0, 0]).unwrap();
        for name in ["cut.whl", "flipped.whl", "other.whl", "half.whl", "empty.tgz", "broken.tgz", "missing.whl"] {
            let error = install(&data, &InstallSource::File(named(name)), &mut |_| ()).unwrap_err();
            assert!(matches!(error, InferError::Install { .. }) && error.hint().is_some(), "{name}: {error}");
            println!("{error}");
            assert_eq!(below(&data), before, "{name}");
            assert_eq!(std::fs::read(&path).unwrap(), contents, "{name}");
        }
    }

    #[test]
    fn a_release_archive_is_unpacked() {
        let Some(contents) = library_of_the_pinned_version() else { return };
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("onnxruntime-linux-x64").join("lib");
        std::fs::create_dir_all(&tree).unwrap();
        std::fs::write(tree.join(file_name(VERSION)), &contents).unwrap();
        let archive = dir.path().join("release.tgz");
        let made = Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(dir.path()).arg("onnxruntime-linux-x64").status();
        assert!(made.unwrap().success());
        let path = install(&dir.path().join("data"), &InstallSource::File(archive), &mut |_| ()).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), contents);
    }
}
