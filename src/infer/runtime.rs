//! Finds onnxruntime and loads it.

use super::library;
use super::{DeviceChoice, InferError};
use std::path::{Path, PathBuf};

/// The version that `setup` installs.
pub const VERSION: &str = "1.31.1";

/// Says where to look for the library, in this order: the named file, our own copy, the system's libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// A file that the user named; nothing else is tried then.
    pub explicit: Option<PathBuf>,
    /// Our data folder, which holds `onnxruntime/<version>/`.
    pub data_dir: PathBuf,
}

impl Search {
    /// Takes `explicit`, or else what `SCREENALYTICS_ONNXRUNTIME` or `ORT_DYLIB_PATH` names.
    #[must_use]
    pub fn from_env(explicit: Option<PathBuf>, data_dir: PathBuf) -> Self {
        let named = |key| std::env::var_os(key).filter(|v| !v.is_empty()).map(PathBuf::from);
        let explicit = explicit.or_else(|| named("SCREENALYTICS_ONNXRUNTIME")).or_else(|| named("ORT_DYLIB_PATH"));
        Self { explicit, data_dir }
    }
}

/// Proves that onnxruntime is loaded; cheap to copy around.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    path: PathBuf,
    version: String,
}

impl Runtime {
    /// Returns the library as it was found; a bare name where the system found it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the library's version, such as `1.31.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Chooses the device to compute on by creating and running a session of the model at `model`.
    ///
    /// # Errors
    /// Fails where the model runs on no device, not even the CPU.
    pub fn device(&self, choice: DeviceChoice, model: &Path) -> Result<super::Device, InferError> {
        super::device::choose(choice, model)
    }

    /// Returns the CPU without trying anything.
    #[must_use]
    pub fn cpu(&self) -> super::Device {
        super::device::cpu()
    }
}

/// Names our own copy of the library in `data_dir`.
#[must_use]
pub fn installed_path(data_dir: &Path) -> PathBuf {
    data_dir.join("onnxruntime").join(VERSION).join(file_name(VERSION))
}

/// Names the library file of a version on this platform.
pub(super) fn file_name(version: &str) -> String {
    if cfg!(target_os = "macos") { format!("libonnxruntime.{version}.dylib") } else { format!("libonnxruntime.so.{version}") }
}

/// Finds and loads the library.
///
/// A process keeps the first library that it loads: a later call with another search returns without loading again.
///
/// # Errors
/// `LibraryMissing` where there is none, `LibraryUnusable` where the one found is cut short, something else or too old.
pub fn load(search: &Search) -> Result<Runtime, InferError> {
    if let Some(path) = &search.explicit {
        return load_file(path);
    }
    let own = installed_path(&search.data_dir);
    if own.exists() {
        return load_file(&own);
    }
    let name = PathBuf::from(if cfg!(target_os = "macos") { "libonnxruntime.dylib" } else { "libonnxruntime.so" });
    match library::version(&name) {
        Ok(version) => commit(name, version),
        Err(reason) => {
            // Said only where there is one that cannot be used, such as one that is too old.
            let why = if reason.contains("No such file") { String::new() } else { format!(" ({reason})") };
            Err(InferError::LibraryMissing {
                tried: vec![format!("{own:?}"), format!("{name:?} among the system's libraries{why}")],
            })
        }
    }
}

/// Loads one file.
pub(super) fn load_file(path: &Path) -> Result<Runtime, InferError> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match library::version(&path) {
        Ok(version) => commit(path, version),
        Err(reason) => Err(InferError::LibraryUnusable { path, reason }),
    }
}

fn commit(path: PathBuf, version: String) -> Result<Runtime, InferError> {
    let unusable = |reason: String| InferError::LibraryUnusable { path: path.clone(), reason };
    let environment = ort::init_from(&path).map_err(|e| unusable(library::one_line(&e.to_string())))?;
    environment.with_name("screenalytics").with_telemetry(false).commit();
    Ok(Runtime { path, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_is_the_only_one_tried_and_its_fault_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let wrong = dir.path().join("wrong.so");
        std::fs::write(&wrong, "text").unwrap();
        for path in [wrong, dir.path().join("missing.so")] {
            let search = Search { explicit: Some(path.clone()), data_dir: dir.path().to_path_buf() };
            let error = load(&search).unwrap_err();
            assert!(matches!(&error, InferError::LibraryUnusable { path: p, .. } if *p == path), "{error}");
            assert!(error.hint().unwrap().contains("screenalytics setup"));
        }
    }

    #[test]
    fn our_own_copy_comes_before_the_systems_and_is_not_passed_over_when_broken() {
        let dir = tempfile::tempdir().unwrap();
        let own = installed_path(dir.path());
        std::fs::create_dir_all(own.parent().unwrap()).unwrap();
        std::fs::write(&own, "half a file").unwrap();
        let error = load(&Search { explicit: None, data_dir: dir.path().to_path_buf() }).unwrap_err();
        assert!(matches!(&error, InferError::LibraryUnusable { path, .. } if *path == own), "{error}");
    }
}
