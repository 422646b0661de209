//! Finds models in a folder and settles which one is meant.

use super::manifest::{self, FileOf, Manifest, ModelEntry, Task};
use super::recognise;
use super::session::{Model, SessionOptions};
use super::{InferError, Runtime};
use crate::domain::ModelUse;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What takes the place of a model's name where the best installed one is meant.
pub const AUTO: &str = "auto";

/// Families that this program can run, by task.
const DETECTORS: [&str; 7] = ["scrfd", "yunet", "retinaface", "retinaface-insightface", "yolov8-face", "mtcnn", "faceapi-ssd"];
const EMBEDDERS: [&str; 4] = ["arcface", "openmodelzoo-reid", "sface", "dlib"];
const LISTENERS: [&str; 7] = ["silero-vad", "pyannote-segmentation", "ge2e", "wespeaker", "whisper-onnx", "lr-asd", "light-asd"];

/// Tells whether this program can run a model, not only name it.
#[must_use]
pub fn can_run(entry: &ModelEntry) -> bool {
    match entry.task {
        Task::Detect => DETECTORS.contains(&entry.family.as_str()),
        Task::Embed => EMBEDDERS.contains(&entry.family.as_str()),
        Task::Listen => {
            LISTENERS.contains(&entry.family.as_str()) || (cfg!(feature = "whisper-cpp") && entry.family == "whisper")
        }
        Task::Landmarks => false,
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

/// The files of a model and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// The first file, which the model is named for.
    pub path: PathBuf,
    /// Its further files, in the order of `entry.parts`.
    pub parts: Vec<PathBuf>,
    /// From the manifest; made up from the file where recognised by shape.
    pub entry: ModelEntry,
    /// Hex digest of the files as they are: of the file, or over the digests of file and parts where there are parts.
    pub digest: String,
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
            commercial: self.entry.commercial,
            sha256: self.digest.clone(),
            file,
        }
    }

    /// Returns all files, the first one first.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.path.as_path()).chain(self.parts.iter().map(PathBuf::as_path))
    }
}

/// A model of which some files are there and others not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    pub id: String,
    /// Names of the files that are not there.
    pub missing: Vec<String>,
}

/// The models of a folder, by the names of their files.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub dir: PathBuf,
    /// Models whose contents the manifest knows, and that are whole.
    pub models: Vec<ModelFile>,
    pub incomplete: Vec<Incomplete>,
    /// `.onnx` files whose contents it does not know; some can be recognised by shape when named.
    pub unknown: Vec<PathBuf>,
    /// What the manifest beside the models adds.
    pub extra: Manifest,
}

/// Every model that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Registry {
    manifest: Manifest,
}

impl Registry {
    /// Reads the manifest that comes with this program.
    ///
    /// # Errors
    /// Fails where that manifest is broken, which tests rule out.
    pub fn built_in() -> Result<Self, InferError> {
        Ok(Self { manifest: manifest::built_in()? })
    }

    /// Reads the manifest that comes with this program and the one in `dir`, where there is one.
    ///
    /// # Errors
    /// Fails where the one in `dir` is broken or cannot be read.
    pub fn with_folder(dir: &Path) -> Result<Self, InferError> {
        let mut manifest = manifest::built_in()?;
        manifest.extend(manifest::beside(dir)?);
        Ok(Self { manifest })
    }

    /// Returns what is known, best of each family first.
    #[must_use]
    pub fn entries(&self) -> &[ModelEntry] {
        &self.manifest.models
    }

    /// Returns models, downloads and terms.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Looks through `dir`, not its folders; reads only files that have the size of a known one. A folder that is not there
    /// holds nothing.
    ///
    /// # Errors
    /// Fails where the folder or a file in it cannot be read, or its own `manifest.toml` is broken.
    pub fn scan(&self, dir: &Path) -> Result<Found, InferError> {
        let extra = manifest::beside(dir)?;
        let entries = || self.entries().iter().chain(&extra.models);
        let mut known: Vec<(PathBuf, String)> = Vec::new();
        let mut unknown = Vec::new();
        for path in files(dir)? {
            let bytes = std::fs::metadata(&path).map_err(|e| read_error(&path, &e))?.len();
            let may_be = |e: &ModelEntry| e.files().any(|f| f.may_have(bytes));
            let digest = if entries().any(may_be) { Some(sha256(&path)?) } else { None };
            match digest.filter(|d| entries().any(|e| e.files().any(|f| f.is(d)))) {
                Some(digest) => known.push((path, digest)),
                None if path.extension().is_some_and(|e| e == "onnx") => unknown.push(path),
                None => {}
            }
        }
        let (mut models, mut partial) = (Vec::new(), Vec::new());
        for entry in entries() {
            match gather(entry, &known) {
                Ok(model) => models.push(model),
                Err(missing) if missing.len() <= entry.parts.len() => partial.push((entry, missing)),
                Err(_) => {}
            }
        }
        // A part that several models share, such as a tokenizer, says of none of them that it is there.
        let has_own = |entry: &ModelEntry, missing: &[String]| {
            let is_shared = |f: &FileOf<'_>| entries().any(|o| o.id != entry.id && o.files().any(|o| o.sha256 == f.sha256));
            entry.files().any(|f| !missing.iter().any(|m| m == f.name) && !is_shared(&f))
        };
        let incomplete: Vec<Incomplete> = partial
            .into_iter()
            .filter(|(entry, missing)| has_own(entry, missing))
            .map(|(entry, missing)| Incomplete { id: entry.id.clone(), missing })
            .collect();
        models.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Found { dir: dir.to_path_buf(), models, incomplete, unknown, extra })
    }

    /// Returns the best installed model for `task` that this program can run: by the order of `[auto]` in the manifests, then
    /// by that of their entries.
    #[must_use]
    pub fn best<'a>(&self, found: &'a Found, task: Task) -> Option<&'a ModelFile> {
        self.first(found, task, can_run)
    }

    /// Returns the first model for `task` that is there and `fits`.
    fn first<'a>(&self, found: &'a Found, task: Task, fits: impl Fn(&ModelEntry) -> bool) -> Option<&'a ModelFile> {
        let listed = |m: &Manifest| m.auto.get(&task).cloned().unwrap_or_default();
        let order: Vec<String> = listed(&found.extra).into_iter().chain(listed(&self.manifest)).collect();
        let known: Vec<&str> = self.entries().iter().chain(&found.extra.models).map(|e| e.id.as_str()).collect();
        let rank = |id: &str| {
            let listed = order.iter().position(|o| o == id);
            (listed.is_none(), listed.or_else(|| known.iter().position(|k| *k == id)))
        };
        let fit = found.models.iter().filter(|m| m.entry.task == task && fits(&m.entry));
        fit.min_by_key(|m| rank(&m.entry.id))
    }

    /// Returns the model that `wanted` means where that is `auto`, an id or a family, and it is there.
    #[must_use]
    pub fn chosen<'a>(&self, found: &'a Found, task: Task, wanted: &str) -> Option<&'a ModelFile> {
        if wanted == AUTO {
            return self.best(found, task);
        }
        self.first(found, task, |e| e.id == wanted).or_else(|| self.first(found, task, |e| e.family == wanted))
    }

    /// Settles which file `wanted` means: `auto` (the best model that is there), an id of the manifest, a family (its best
    /// model that is there), the name of a file in the folder without `.onnx`, or a path to an `.onnx` file. Opens files only
    /// to recognise unknown ones.
    ///
    /// # Errors
    /// `NothingInstalled`, `ModelMissing`, `PartMissing`, `WrongContent` (a known name over other contents), `WrongTask` (a model for something else),
    /// `Unsupported`, `Unrecognised`, `Read`, `Open`.
    pub fn resolve(&self, found: &Found, task: Task, wanted: &str, runtime: &Runtime) -> Result<ModelFile, InferError> {
        if wanted == AUTO {
            let nothing = || InferError::NothingInstalled { task, dir: found.dir.clone() };
            return self.best(found, task).cloned().ok_or_else(nothing);
        }
        let is_path = wanted.contains(std::path::MAIN_SEPARATOR) || Path::new(wanted).extension().is_some_and(|e| e == "onnx");
        if is_path {
            return self.check(self.identify(found, Path::new(wanted), runtime)?, task, wanted);
        }
        let known = || self.entries().iter().chain(&found.extra.models);
        if let Some(entry) = known().find(|e| e.id == wanted) {
            if entry.task != task {
                return Err(InferError::WrongTask { wanted: wanted.into(), task, found: entry.task });
            }
            return match found.models.iter().find(|m| m.entry.id == wanted) {
                Some(model) => self.check(model.clone(), task, wanted),
                None => Err(Self::absent(found, task, wanted, Some(entry))),
            };
        }
        if let Some(model) = self.first(found, task, |e| e.family == wanted) {
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

    /// Settles which detector `wanted` means beside `first`: `auto` is the best installed one of another family.
    ///
    /// # Errors
    /// `NoSecond`, `SameDetector`, and those of [`resolve`](Self::resolve).
    pub fn resolve_second(
        &self,
        found: &Found,
        first: &ModelFile,
        wanted: &str,
        runtime: &Runtime,
    ) -> Result<ModelFile, InferError> {
        if wanted == AUTO {
            let another = |e: &ModelEntry| can_run(e) && e.family != first.entry.family;
            let none = || InferError::NoSecond { first: first.entry.id.clone(), dir: found.dir.clone() };
            return self.first(found, Task::Detect, another).cloned().ok_or_else(none);
        }
        let second = self.resolve(found, Task::Detect, wanted, runtime)?;
        if second.digest == first.digest {
            return Err(InferError::SameDetector { id: second.entry.id });
        }
        Ok(second)
    }

    /// Says what one file is, by contents or else by shape.
    fn identify(&self, found: &Found, path: &Path, runtime: &Runtime) -> Result<ModelFile, InferError> {
        let digest = sha256(path)?;
        let is_it = |e: &&ModelEntry| e.files().next().is_some_and(|f| f.is(&digest));
        if let Some(entry) = self.entries().iter().chain(&found.extra.models).find(is_it) {
            let file = (path.to_path_buf(), digest);
            if entry.parts.is_empty() {
                return gather(entry, &[file]).map_err(|missing| part_missing(entry, path, missing));
            }
            // The parts lie beside the file that is named, or in the models' own folder.
            let beside = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut known = vec![file];
            for other in files(beside)?.into_iter().chain(files(&found.dir)?) {
                let bytes = std::fs::metadata(&other).map_err(|e| read_error(&other, &e))?.len();
                if entry.files().any(|f| f.may_have(bytes)) {
                    let digest = sha256(&other)?;
                    known.push((other, digest));
                }
            }
            return gather(entry, &known).map_err(|missing| part_missing(entry, path, missing));
        }
        let model = Model::open(path, &SessionOptions { intra_threads: 1, device: runtime.cpu() })?;
        let (inputs, outputs) = (model.inputs(), model.outputs());
        let kind = recognise::by_shape(&inputs, &outputs)
            .map_err(|reason| InferError::Unrecognised { path: path.to_path_buf(), reason })?;
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let file = path.file_name().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let entry = ModelEntry {
            // Part of the digest keeps the vectors of two files of one name apart.
            id: format!("{stem}@{}", &digest[..8]),
            task: kind.task,
            family: kind.family.into(),
            file,
            bytes: std::fs::metadata(path).map_err(|e| read_error(path, &e))?.len(),
            sha256: digest.clone(),
            licence: "unknown".into(),
            commercial: None,
            caveats: None,
            terms: None,
            origin: "recognised by its inputs and outputs".into(),
            sets: Vec::new(),
            also: Vec::new(),
            sources: Vec::new(),
            parts: Vec::new(),
            input: inputs.into_iter().next().map(|p| p.shape),
            outputs: outputs.into_iter().map(|p| p.shape).collect(),
            pixels: Some(kind.pixels),
            template: kind.template,
            thresholds: Some(kind.thresholds),
        };
        Ok(ModelFile { path: path.to_path_buf(), parts: Vec::new(), entry, digest, recognised: Recognised::ByShape })
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
        if let Some(part) = found.incomplete.iter().find(|i| i.id == wanted) {
            return InferError::PartMissing { id: part.id.clone(), dir: found.dir.clone(), missing: part.missing.clone() };
        }
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

/// Puts a model together from files and their digests, or says which of its files are not among them.
fn gather(entry: &ModelEntry, known: &[(PathBuf, String)]) -> Result<ModelFile, Vec<String>> {
    let (mut paths, mut digests, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for file in entry.files() {
        match pick(&file, known) {
            Some((path, digest)) => {
                paths.push(path.clone());
                digests.push(digest.clone());
            }
            None => missing.push(file.name.to_owned()),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    let digest = if digests.len() == 1 { digests.concat() } else { hex(&Sha256::digest(digests.join("\n"))) };
    let path = paths.remove(0);
    Ok(ModelFile { path, parts: paths, entry: entry.clone(), digest, recognised: Recognised::ByContent })
}

/// The file itself before another with its weights.
fn pick<'a>(file: &FileOf<'_>, known: &'a [(PathBuf, String)]) -> Option<&'a (PathBuf, String)> {
    known.iter().find(|(_, d)| d == file.sha256).or_else(|| known.iter().find(|(_, d)| file.is(d)))
}

fn part_missing(entry: &ModelEntry, path: &Path, missing: Vec<String>) -> InferError {
    let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
    InferError::PartMissing { id: entry.id.clone(), dir, missing }
}

/// Lists the plain files of a folder by name, without hidden ones; none where the folder is not there.
fn files(dir: &Path) -> Result<Vec<PathBuf>, InferError> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(read_error(dir, &e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| read_error(dir, &e))?.path();
        let is_hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.is_file() {
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
