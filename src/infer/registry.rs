//! Finds models in a folder and settles which one is meant.

use super::manifest::{self, ModelEntry, Task};
use super::recognise;
use super::session::{Model, SessionOptions};
use super::{InferError, Runtime};
use crate::domain::ModelUse;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Families that this program can run, by task.
const DETECTORS: [&str; 3] = ["scrfd", "yunet", "retinaface"];
const EMBEDDERS: [&str; 3] = ["arcface", "openmodelzoo-reid", "dlib"];

/// Tells whether this program can run a model, not only name it.
#[must_use]
pub fn can_run(entry: &ModelEntry) -> bool {
    match entry.task {
        Task::Detect => DETECTORS.contains(&entry.family.as_str()),
        Task::Embed => EMBEDDERS.contains(&entry.family.as_str()),
        Task::Landmarks | Task::Listen => false,
    }
}

/// How a file was told to be a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// Its sha256 is in the manifest.
    ByContent,
    /// Its inputs and outputs are those of a family; licence and accuracy are unknown.
    ByShape,
}

/// A file and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    pub path: PathBuf,
    /// From the manifest; made up from the file where recognised by shape.
    pub entry: ModelEntry,
    pub recognised: Recognised,
}

impl ModelFile {
    /// Returns what a run records of it.
    #[must_use]
    pub fn model_use(&self) -> ModelUse {
        let file = self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        ModelUse {
            id: self.entry.id.clone(),
            family: self.entry.family.clone(),
            licence: self.entry.licence.clone(),
            sha256: self.entry.sha256.clone(),
            file,
        }
    }
}

/// The `.onnx` files of a folder, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub dir: PathBuf,
    /// Files whose contents the manifest knows.
    pub models: Vec<ModelFile>,
    /// Files whose contents it does not know; some can be recognised by shape when named.
    pub unknown: Vec<PathBuf>,
    /// What the manifest beside the models adds.
    pub extra: Vec<ModelEntry>,
}

/// Every model that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Registry {
    entries: Vec<ModelEntry>,
}

impl Registry {
    /// Reads the manifest that comes with this program.
    ///
    /// # Errors
    /// Fails where that manifest is broken, which tests rule out.
    pub fn built_in() -> Result<Self, InferError> {
        Ok(Self { entries: manifest::built_in()? })
    }

    /// Returns what is known, best of each family first.
    #[must_use]
    pub fn entries(&self) -> &[ModelEntry] {
        &self.entries
    }

    /// Looks through `dir`, not its folders; reads only files that have the size of a known model.
    ///
    /// # Errors
    /// Fails where the folder or a file in it cannot be read, or its own `manifest.toml` is broken.
    pub fn scan(&self, dir: &Path) -> Result<Found, InferError> {
        let extra = manifest::beside(dir)?;
        let (mut models, mut unknown) = (Vec::new(), Vec::new());
        for path in onnx_files(dir)? {
            let bytes = std::fs::metadata(&path).map_err(|e| read_error(&path, &e))?.len();
            let sized = self.entries.iter().chain(&extra).filter(|e| e.bytes == bytes).collect::<Vec<_>>();
            let digest = if sized.is_empty() { None } else { Some(sha256(&path)?) };
            match sized.into_iter().find(|e| Some(&e.sha256) == digest.as_ref()) {
                Some(entry) => models.push(ModelFile { path, entry: entry.clone(), recognised: Recognised::ByContent }),
                None => unknown.push(path),
            }
        }
        Ok(Found { dir: dir.to_path_buf(), models, unknown, extra })
    }

    /// Settles which file `wanted` means: an id of the manifest, a family (its best model that is there), the name of a
    /// file in the folder without `.onnx`, or a path to an `.onnx` file. Opens files only to recognise unknown ones.
    ///
    /// # Errors
    /// `ModelMissing`, `WrongContent` (a known name over other contents), `WrongTask` (a model for something else),
    /// `Unsupported`, `Unrecognised`, `Read`, `Open`.
    pub fn resolve(&self, found: &Found, task: Task, wanted: &str, runtime: &Runtime) -> Result<ModelFile, InferError> {
        let is_path = wanted.contains(std::path::MAIN_SEPARATOR) || Path::new(wanted).extension().is_some_and(|e| e == "onnx");
        if is_path {
            return self.check(self.identify(found, Path::new(wanted), runtime)?, task, wanted);
        }
        let known = || self.entries.iter().chain(&found.extra);
        if let Some(entry) = known().find(|e| e.id == wanted) {
            if entry.task != task {
                return Err(InferError::WrongTask { wanted: wanted.into(), task, found: entry.task });
            }
            return match found.models.iter().find(|m| m.entry.id == wanted) {
                Some(model) => self.check(model.clone(), task, wanted),
                None => Err(Self::absent(found, task, wanted, Some(entry))),
            };
        }
        let of_family = |m: &&ModelFile| m.entry.family == wanted && m.entry.task == task;
        let rank = |m: &&ModelFile| known().position(|e| e.id == m.entry.id);
        if let Some(model) = found.models.iter().filter(of_family).min_by_key(rank) {
            return self.check(model.clone(), task, wanted);
        }
        if let Some(path) = found.unknown.iter().find(|p| p.file_stem().is_some_and(|s| s == wanted)) {
            return self.check(self.identify(found, path, runtime)?, task, wanted);
        }
        if let Some(entry) = known().find(|e| e.family == wanted)
            && entry.task != task
        {
            return Err(InferError::WrongTask { wanted: wanted.into(), task, found: entry.task });
        }
        Err(Self::absent(found, task, wanted, None))
    }

    /// Says what one file is, by contents or else by shape.
    fn identify(&self, found: &Found, path: &Path, runtime: &Runtime) -> Result<ModelFile, InferError> {
        let digest = sha256(path)?;
        if let Some(entry) = self.entries.iter().chain(&found.extra).find(|e| e.sha256 == digest) {
            return Ok(ModelFile { path: path.to_path_buf(), entry: entry.clone(), recognised: Recognised::ByContent });
        }
        let model = Model::open(path, &SessionOptions { intra_threads: 1, device: runtime.cpu() })?;
        let (inputs, outputs) = (model.inputs(), model.outputs());
        let Some(kind) = recognise::by_shape(&inputs, &outputs) else {
            let shapes =
                |ports: &[super::session::Port]| ports.iter().map(|p| format!("{:?}", p.shape)).collect::<Vec<_>>().join(" ");
            let reason = format!("no family has inputs {} and outputs {}", shapes(&inputs), shapes(&outputs));
            return Err(InferError::Unrecognised { path: path.to_path_buf(), reason });
        };
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let file = path.file_name().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let entry = ModelEntry {
            // Part of the digest keeps the vectors of two files of one name apart.
            id: format!("{stem}@{}", &digest[..8]),
            task: kind.task,
            family: kind.family.into(),
            file,
            bytes: std::fs::metadata(path).map_err(|e| read_error(path, &e))?.len(),
            sha256: digest,
            licence: "unknown".into(),
            commercial: None,
            origin: "recognised by its inputs and outputs".into(),
            input: inputs.into_iter().next().map(|p| p.shape),
            outputs: outputs.into_iter().map(|p| p.shape).collect(),
            pixels: Some(kind.pixels),
            template: kind.template,
            thresholds: Some(kind.thresholds),
        };
        Ok(ModelFile { path: path.to_path_buf(), entry, recognised: Recognised::ByShape })
    }

    #[expect(clippy::unused_self, reason = "reads as a step of resolve")]
    fn check(&self, model: ModelFile, task: Task, wanted: &str) -> Result<ModelFile, InferError> {
        if model.entry.task != task {
            return Err(InferError::WrongTask { wanted: wanted.into(), task, found: model.entry.task });
        }
        if !can_run(&model.entry) {
            return Err(InferError::Unsupported { id: model.entry.id, family: model.entry.family });
        }
        Ok(model)
    }

    /// Says why a model is not there: a file of its name has other contents, or there is none.
    fn absent(found: &Found, task: Task, wanted: &str, entry: Option<&ModelEntry>) -> InferError {
        let named = |path: &Path| entry.is_some_and(|e| path.file_name().is_some_and(|n| n == e.file.as_str()));
        if let Some(other) = found.models.iter().find(|m| named(&m.path)) {
            let id = wanted.to_owned();
            return InferError::WrongContent { path: other.path.clone(), id, found: format!("those of {}", other.entry.id) };
        }
        if let (Some(path), Some(entry)) = (found.unknown.iter().find(|p| named(p)), entry) {
            let digest = sha256(path).unwrap_or_else(|e| e.to_string());
            let found = format!("sha256 {digest}, and {} was due", entry.sha256);
            return InferError::WrongContent { path: path.clone(), id: wanted.to_owned(), found };
        }
        let there = found.models.iter().filter(|m| m.entry.task == task).map(|m| m.entry.id.clone()).collect();
        InferError::ModelMissing { wanted: wanted.to_owned(), task, dir: found.dir.clone(), there }
    }
}

fn onnx_files(dir: &Path) -> Result<Vec<PathBuf>, InferError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| read_error(dir, &e))? {
        let path = entry.map_err(|e| read_error(dir, &e))?.path();
        if path.extension().is_some_and(|e| e == "onnx") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Returns the hex digest of a file.
pub(super) fn sha256(path: &Path) -> Result<String, InferError> {
    let mut file = std::fs::File::open(path).map_err(|e| read_error(path, &e))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let n = file.read(&mut buffer).map_err(|e| read_error(path, &e))?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..n]);
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

fn read_error(path: &Path, error: &std::io::Error) -> InferError {
    InferError::Read { path: path.to_path_buf(), reason: error.to_string() }
}
