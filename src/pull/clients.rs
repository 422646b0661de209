//! Packages through their registries' own clients, which know the user's mirrors, proxies and credentials.
//!
//! A client runs in a folder of its own, is stopped when it takes too long or brings too much, and what it brings counts only
//! when it is the pinned file.

use super::params::PullParams;
use super::pin::Pin;
use super::trouble::Trouble;
use crate::infer::Package;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Between two looks at a client.
const LOOK: Duration = Duration::from_millis(100);
/// What clients may write besides the package: npm keeps one more copy in its cache, both keep lists of versions.
const BESIDES: u64 = 32 << 20;

/// Asks pip for a wheel and returns where it lies, below `scratch`.
pub(super) fn by_pip(
    package: &Package,
    pin: &Pin,
    scratch: &Path,
    params: &PullParams,
    on: &mut dyn FnMut(u64),
) -> Result<PathBuf, Trouble> {
    for program in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(["download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]);
        // The wheel is read, never installed: what Python it is for does not matter.
        command.args(["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--retries", "2", "--dest", "."]);
        command.arg(format!("{}=={}", package.package, package.version));
        match run("pip", command, pin, scratch, params, on) {
            Ok(()) => return brought("pip", pin, scratch),
            Err(Trouble::NoClient { .. }) => {}
            // Another pip may belong to another Python.
            Err(Trouble::Client { reason, .. }) if reason.contains("No module named pip") => {}
            Err(trouble) => return Err(trouble),
        }
    }
    Err(Trouble::NoClient { program: "pip (python3-pip)" })
}

/// Asks npm for a package and returns where its archive lies, below `scratch`.
pub(super) fn by_npm(
    package: &Package,
    pin: &Pin,
    scratch: &Path,
    params: &PullParams,
    on: &mut dyn FnMut(u64),
) -> Result<PathBuf, Trouble> {
    let mut command = Command::new("npm");
    command.args(["pack", "--silent", "--ignore-scripts", "--no-update-notifier", "--fetch-retries=2"]);
    command.args(["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]);
    command.arg(format!("--cache={}", scratch.join("cache").display()));
    command.arg(format!("{}@{}", package.package, package.version));
    run("npm", command, pin, scratch, params, on)?;
    brought("npm", pin, scratch)
}

/// Asks cargo for a crate and returns where its archive lies, in cargo's own cache.
pub(super) fn by_cargo(
    package: &Package,
    file: &str,
    pin: &Pin,
    scratch: &Path,
    params: &PullParams,
    on: &mut dyn FnMut(u64),
) -> Result<PathBuf, Trouble> {
    let cached = || cargo_caches().into_iter().map(|c| c.join(file)).find(|p| pin.check_file(p).is_ok());
    if let Some(path) = cached() {
        return Ok(path);
    }
    // The one command that fetches a single crate without what it depends on.
    let mut command = Command::new("cargo");
    command.args(["info", "--quiet", "--color", "never"]).arg(format!("{}@{}", package.package, package.version));
    run("cargo", command, pin, scratch, params, on)?;
    cached().ok_or_else(|| Trouble::Client { program: "cargo".into(), reason: format!("{file} is not in its cache afterwards") })
}

/// Lists the folders where cargo keeps the archives of crates.
fn cargo_caches() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".cargo")));
    let cache = home.unwrap_or_default().join("registry").join("cache");
    let mut caches: Vec<PathBuf> = fs::read_dir(cache).map(|d| d.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    caches.sort();
    caches
}

/// Finds what a client brought: the one plain file of the size that is due.
fn brought(program: &str, pin: &Pin, scratch: &Path) -> Result<PathBuf, Trouble> {
    let failed = |source| Trouble::Read { path: scratch.to_owned(), source };
    let mut other = None;
    for entry in fs::read_dir(scratch).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(meta) = entry.metadata() else { continue };
        let is_package = [".whl", ".tgz"].iter().any(|end| entry.file_name().to_string_lossy().ends_with(end));
        if !meta.is_file() || !is_package {
            continue;
        }
        match pin.check_size(meta.len()) {
            Ok(()) => return Ok(entry.path()),
            Err(trouble) => other = Some(trouble),
        }
    }
    Err(other.unwrap_or_else(|| Trouble::Client { program: program.into(), reason: "it brought no package".into() }))
}

/// Runs a client to its end in `scratch`, within time and size.
fn run(
    program: &'static str,
    mut command: Command,
    pin: &Pin,
    scratch: &Path,
    params: &PullParams,
    on: &mut dyn FnMut(u64),
) -> Result<(), Trouble> {
    let failed = |reason: String| Trouble::Client { program: program.into(), reason };
    let said = scratch.join("said");
    let errors = File::create(&said).map_err(|source| Trouble::Write { path: said.clone(), source })?;
    command.current_dir(scratch).env("TMPDIR", scratch).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
    // In our own group: Ctrl-C stops it with us.
    let mut child = match command.spawn() {
        Ok(child) => Running(child),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(Trouble::NoClient { program }),
        Err(e) => return Err(failed(e.to_string())),
    };
    let began = Instant::now();
    let patience = PullParams::secs(params.client_s);
    loop {
        if let Some(status) = child.0.try_wait().map_err(|e| failed(e.to_string()))? {
            if status.success() {
                return Ok(());
            }
            let text = fs::read(&said).unwrap_or_default();
            return Err(failed(last_words(&text).unwrap_or_else(|| format!("it ended with {status}"))));
        }
        let size = size_of(scratch);
        on(size.min(pin.bytes()));
        if size > pin.most().saturating_mul(2).saturating_add(BESIDES) {
            return Err(failed(format!("it brought more than the {} bytes that are due", pin.most())));
        }
        if began.elapsed() > patience {
            return Err(failed(format!("it was not done after {:.0} s", patience.as_secs_f64())));
        }
        std::thread::sleep(LOOK);
    }
}

/// A client that is stopped where nobody waits for it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Returns the line of a client's complaints that says most: the last that is one.
fn last_words(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty());
    let telling = lines().rfind(|l| l.to_lowercase().contains("error") && !l.contains("complete log"));
    // Colours and other control characters stay out of our messages.
    let line: String = telling.or_else(|| lines().next_back())?.chars().filter(|c| !c.is_control()).take(300).collect();
    Some(line)
}

/// Returns how many bytes lie below a folder; what goes away meanwhile does not count.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|e| e.metadata().ok().map(|m| (e, m)))
        .map(|(entry, meta)| if meta.is_dir() { size_of(&entry.path()) } else { meta.len() })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_complaint_is_told_without_control_characters() {
        let pip = b"WARNING: Retrying\nERROR: Could not find a version\nERROR: No matching distribution found for x==1\n";
        assert_eq!(last_words(pip).unwrap(), "ERROR: No matching distribution found for x==1");
        assert_eq!(
            last_words(b"npm \x1b[31merror\x1b[0m network\nnpm error A complete log of this run\n").unwrap(),
            "npm [31merror[0m network"
        );
        assert_eq!(last_words(b" \n"), None);
    }
}
