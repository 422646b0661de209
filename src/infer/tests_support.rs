//! What the tests of this module need from outside: onnxruntime, models, media.

use super::{Device, Prefer, Runtime, Search, SessionOptions, load};
use std::path::PathBuf;

/// Returns the folder that an environment variable names, or says that the test is skipped.
pub(super) fn folder(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: {variable} not set");
    }
    found
}

pub(super) fn models() -> Option<PathBuf> {
    folder("SCREENALYTICS_MODELS")
}

/// Returns the user's data folder, where `setup` installs.
pub(super) fn data_dir() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share")))?;
    Some(data.join("screenalytics"))
}

/// Returns the library, where one is named or installed.
pub(super) fn runtime() -> Option<Runtime> {
    match load(&Search::from_env(None, data_dir()?, Prefer::Cpu)) {
        Ok(runtime) => Some(runtime),
        Err(e) => {
            eprintln!("skipped: {e}");
            None
        }
    }
}

pub(super) fn library() -> Option<PathBuf> {
    runtime().map(|r| r.path().to_path_buf()).filter(|p| p.is_file())
}

pub(super) fn on(device: Device) -> SessionOptions {
    SessionOptions { intra_threads: 1, device }
}
