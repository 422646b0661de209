//! Clips made on the spot.

use crate::domain::{RgbImage, Size};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Runs the ffmpeg program; tells why and gives `None` where it is missing or cannot do it.
pub(super) fn ffmpeg<S: AsRef<OsStr>>(args: &[S]) -> Option<Vec<u8>> {
    let run = Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(args).output();
    match run {
        Ok(out) if out.status.success() => Some(out.stdout),
        Ok(out) => {
            println!("skipped: ffmpeg cannot make the clip: {}", String::from_utf8_lossy(&out.stderr).trim());
            None
        }
        Err(e) => {
            println!("skipped: no ffmpeg program: {e}");
            None
        }
    }
}

/// Makes a clip in `dir` from words separated by blanks.
pub(in crate::media) fn make(dir: &TempDir, name: &str, args: &str) -> Option<PathBuf> {
    let path = dir.path().join(name);
    let mut words: Vec<&OsStr> = args.split_whitespace().map(OsStr::new).collect();
    words.push(path.as_os_str());
    ffmpeg(&words).map(|_| path)
}

/// Decodes the first picture with the ffmpeg program through `filter`, as RGB of a known size.
pub(super) fn by_program(path: &Path, filter: &str, size: Size) -> Option<RgbImage> {
    let filter = format!("{filter},format=rgb24");
    let args = ["-i".as_ref(), path.as_os_str(), "-frames:v".as_ref(), "1".as_ref(), "-vf".as_ref(), filter.as_ref()];
    let data = ffmpeg(&[&args[..], &["-f".as_ref(), "rawvideo".as_ref(), "-".as_ref()]].concat())?;
    assert_eq!(data.len(), size.width as usize * size.height as usize * 3, "{filter}");
    Some(RgbImage { width: size.width, height: size.height, data })
}

pub(in crate::media) fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Returns the folder that an environment variable names.
pub(super) fn folder(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        println!("skipped: {variable} not set");
    }
    found
}
