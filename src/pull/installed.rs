//! What lies in the models folder: is it what it says it is, and how it goes away again.

use super::PullError;
use super::pin::Pin;
use crate::infer::{Found, InferError, ModelEntry, Registry};
use std::fs;
use std::path::{Path, PathBuf};

/// What a file or model of the folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Every file has the digest of the manifest.
    Good,
    /// Some files are there and others not.
    Incomplete { missing: Vec<String> },
    /// A file has the name of a model's and other contents.
    Wrong { reason: String },
    /// A file that the manifest does not know.
    Unknown,
    /// A download that broke off.
    Unfinished { bytes: u64 },
}

/// One line of [`verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Id of the model, or name of the file where it is none.
    pub what: String,
    pub path: PathBuf,
    pub condition: Condition,
}

/// Reads every file of the models folder again and says of each model, and of each file that is none, what it is.
///
/// # Errors
/// Fails where the folder or a file in it cannot be read.
pub fn verify(registry: &Registry, dir: &Path) -> Result<Vec<Verdict>, InferError> {
    let found = registry.scan(dir)?;
    let verdict = |what: &str, path: PathBuf, condition| Verdict { what: what.to_owned(), path, condition };
    let mut verdicts: Vec<Verdict> = found.models.iter().map(|m| verdict(&m.entry.id, m.path.clone(), Condition::Good)).collect();
    for part in &found.incomplete {
        verdicts.push(verdict(&part.id, dir.to_path_buf(), Condition::Incomplete { missing: part.missing.clone() }));
    }
    let entries = || registry.entries().iter().chain(&found.extra.models);
    let mut told: Vec<PathBuf> = Vec::new();
    for entry in entries() {
        for file in entry.files() {
            let path = dir.join(file.name);
            // A file of that name may be another known model: that is told by its id above.
            let is_model = found.models.iter().any(|m| m.paths().any(|p| p == path));
            if is_model || !path.is_file() {
                continue;
            }
            if let Err(trouble) = Pin::of_file(&file).check_file(&path) {
                told.push(path.clone());
                verdicts.push(verdict(&entry.id, path, Condition::Wrong { reason: trouble.to_string() }));
            }
        }
    }
    for path in found.unknown.iter().filter(|p| !told.contains(p)) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        verdicts.push(verdict(&name, path.clone(), Condition::Unknown));
    }
    for (path, bytes) in super::folder::unfinished(dir) {
        let what = registry
            .manifest()
            .downloads
            .iter()
            .find(|d| path.file_stem().is_some_and(|s| d.sha256.starts_with(&*s.to_string_lossy())));
        verdicts.push(verdict(what.map_or("a download", |d| d.file.as_str()), path, Condition::Unfinished { bytes }));
    }
    Ok(verdicts)
}

/// Removes the files of a model and returns their paths and sizes together.
///
/// # Errors
/// `NotInstalled` where none of its files is there, `Remove`.
pub fn remove(entry: &ModelEntry, found: &Found) -> Result<(Vec<PathBuf>, u64), PullError> {
    let whole = found.models.iter().find(|m| m.entry.id == entry.id);
    let paths: Vec<PathBuf> = match whole {
        Some(model) => model.paths().map(Path::to_path_buf).collect(),
        None => {
            let named = entry.files().map(|f| (found.dir.join(f.name), Pin::of_file(&f)));
            named.filter(|(path, pin)| pin.check_file(path).is_ok()).map(|(path, _)| path).collect()
        }
    };
    if paths.is_empty() {
        return Err(PullError::NotInstalled { id: entry.id.clone(), dir: found.dir.clone() });
    }
    let mut bytes = 0;
    for path in &paths {
        bytes += fs::metadata(path).map_or(0, |m| m.len());
        fs::remove_file(path).map_err(|source| PullError::Remove { path: path.clone(), source })?;
    }
    Ok((paths, bytes))
}
