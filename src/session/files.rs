//! Files appear whole or not at all.

use super::SessionError;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes `bytes` to a temporary name beside `path` and renames it.
///
/// # Errors
/// Fails where the folder is missing or not writable, or the disk is full; what stood there before is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), SessionError> {
    let temporary = temporary(path);
    let written = File::create(&temporary).and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&temporary);
        SessionError::Write { path: path.to_owned(), source }
    })
}

/// Reads a text file.
///
/// # Errors
/// Fails where it is not there, not readable or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, SessionError> {
    fs::read_to_string(path).map_err(|source| SessionError::Read { path: path.to_owned(), source })
}

/// A name beside `path` that no other process uses.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        write_whole(&file, b"one").unwrap();
        let blocked = dir.path().join("missing").join("a.json");
        assert!(write_whole(&blocked, b"two").is_err());
        assert_eq!(read_text(&file).unwrap(), "one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
