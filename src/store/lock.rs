//! Advisory locks that name their holder and die with it.

use super::error::StoreError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// Says which process writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    pub since: Timestamp,
    /// Its command line, shortened.
    pub what: String,
}

impl Holder {
    fn this_process() -> Self {
        Self { pid: std::process::id(), host: host_name(), since: Timestamp::now(), what: command_line() }
    }

    /// Tells it in one line.
    pub(super) fn describe(holder: Option<&Self>) -> String {
        match holder {
            Some(Self { pid, host, since, what }) => {
                format!("process {pid} on {host} has been writing to it since {since:.0} ({what})")
            }
            None => "another process writes to it".into(),
        }
    }
}

/// An exclusive lock on a file, released when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
    holder: PathBuf,
}

impl FileLock {
    /// Takes the lock, or returns `None` while another holds it.
    ///
    /// The file is made where it is missing, and is left behind: only the lock on it counts, so that what a killed
    /// process leaves never blocks. `holder.json` beside it says who holds it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>, StoreError> {
        let failed = || StoreError::io("lock", path);
        // The bundle may be deleted between opening and locking: then the lock is on a file that nobody else sees.
        for _ in 0..8 {
            let file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed())?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(source)) => return Err(failed()(source)),
            }
            if is_still_at(&file, path) {
                let holder = holder_path(path);
                // Best effort: on a full disk the lock must still be had, to delete or to read.
                let text = serde_json::to_vec(&Holder::this_process()).unwrap_or_default();
                let _ = fs::write(&holder, text);
                return Ok(Some(Self { file, holder }));
            }
        }
        Ok(None)
    }

    /// Returns who holds the lock at `path`, as far as it has said so yet.
    pub(super) fn holder(path: &Path) -> Option<Holder> {
        serde_json::from_slice(&fs::read(holder_path(path)).ok()?).ok()
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Best effort: a left-over is overwritten by the next holder.
        let _ = fs::remove_file(&self.holder);
        // Closing the file is not enough: a child that another thread is starting has a copy of it until it runs.
        let _ = self.file.unlock();
    }
}

fn holder_path(lock: &Path) -> PathBuf {
    lock.with_file_name("holder.json")
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

fn host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this host".into())
}

/// Returns the program's name and its arguments, at most 160 characters.
fn command_line() -> String {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or(&program).to_string_lossy().into_owned();
    let line = words.fold(program, |line, word| format!("{line} {}", word.to_string_lossy()));
    if line.chars().count() <= 160 { line } else { line.chars().take(159).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_learns_who_holds_it_and_gets_it_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writer.lock");
        let first = FileLock::try_take(&path).unwrap().unwrap();
        assert!(FileLock::try_take(&path).unwrap().is_none());
        let holder = FileLock::holder(&path).unwrap();
        assert_eq!(holder.pid, std::process::id());
        assert!(Holder::describe(Some(&holder)).starts_with(&format!("process {} on ", holder.pid)));
        drop(first);
        assert_eq!(FileLock::holder(&path), None);
        assert!(FileLock::try_take(&path).unwrap().is_some());
    }

    #[test]
    fn a_copy_of_the_file_in_a_child_that_is_being_started_does_not_hold_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writer.lock");
        let lock = FileLock::try_take(&path).unwrap().unwrap();
        let _copy = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(FileLock::try_take(&path).unwrap().is_some());
    }

    #[test]
    fn what_a_killed_process_leaves_does_not_block() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writer.lock");
        fs::write(&path, "").unwrap();
        fs::write(holder_path(&path), r#"{"pid":1,"host":"h","since":"2026-01-01T00:00:00Z","what":"w"}"#).unwrap();
        let _lock = FileLock::try_take(&path).unwrap().unwrap();
        assert_eq!(FileLock::holder(&path).unwrap().pid, std::process::id());
    }
}
