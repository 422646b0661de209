//! What models are known, which are there, and the runtime that runs them.

use super::{SessionError, Workspace};
use crate::infer::{GpuSource, InferError, InstallSource, ModelEntry, Recognised, Registry, Set, Task};
use std::path::{Path, PathBuf};

/// One model of the manifest, and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelLine {
    pub id: String,
    pub task: Task,
    pub family: String,
    pub licence: String,
    /// Absent where nobody says.
    pub commercial: Option<bool>,
    /// This release can run it.
    pub runs: bool,
    /// Absent where it is not installed.
    pub path: Option<PathBuf>,
    /// Names of the files that are missing of a model of which others are there.
    pub missing: Vec<String>,
    pub sets: Vec<Set>,
    /// Bytes of its files together.
    pub bytes: u64,
    /// There is a way to fetch it; otherwise it is brought by hand.
    pub can_be_pulled: bool,
    /// What `run` takes unless told otherwise.
    pub is_default: bool,
}

/// The models, and the files that are none of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelList {
    pub dir: PathBuf,
    pub models: Vec<ModelLine>,
    pub unknown: Vec<PathBuf>,
    /// What the settings name for each task, and the model that this means; absent where none is there.
    pub chosen: Vec<(Task, String, Option<String>)>,
}

/// Lists the models of the manifest and what lies in the models folder; a folder that is not there holds none.
///
/// # Errors
/// Fails where the folder cannot be read.
pub fn models(workspace: &Workspace) -> Result<ModelList, SessionError> {
    let registry = Registry::built_in()?;
    let found = registry.scan(&workspace.models)?;
    let settings = &workspace.settings;
    let wanted = [(Task::Detect, &settings.detect.model), (Task::Embed, &settings.embed.model)];
    let id = |task, wanted: &str| registry.chosen(&found, task, wanted).map(|m| m.entry.id.clone());
    let chosen: Vec<_> = wanted.into_iter().map(|(task, w)| (task, w.clone(), id(task, w))).collect();
    let (there, incomplete, unknown, extra) = (found.models, found.incomplete, found.unknown, found.extra.models);
    let line = |entry: &ModelEntry| ModelLine {
        id: entry.id.clone(),
        task: entry.task,
        family: entry.family.clone(),
        licence: entry.licence.clone(),
        commercial: entry.commercial,
        runs: crate::infer::can_run(entry),
        missing: incomplete.iter().find(|i| i.id == entry.id).map(|i| i.missing.clone()).unwrap_or_default(),
        sets: entry.sets.clone(),
        bytes: entry.files().map(|f| f.bytes).sum(),
        can_be_pulled: entry.files().all(|f| !f.sources.is_empty()),
        path: there.iter().find(|m| m.entry.id == entry.id && m.recognised == Recognised::ByContent).map(|m| m.path.clone()),
        is_default: chosen.iter().any(|(_, _, id)| id.as_deref() == Some(entry.id.as_str())),
    };
    let models = registry.entries().iter().chain(&extra).map(line).collect();
    Ok(ModelList { dir: workspace.models.clone(), models, unknown, chosen })
}

/// Installs ONNX Runtime if it is not there, or from `file`; `say` hears each step. Returns the library's path.
///
/// # Errors
/// Fails with what was tried where no source has it.
pub fn setup(workspace: &Workspace, file: Option<&Path>, say: &mut dyn FnMut(&str)) -> Result<PathBuf, SessionError> {
    let source = file.map_or(InstallSource::Network, |f| InstallSource::File(f.to_owned()));
    Ok(crate::infer::install(&workspace.paths.data, &source, say)?)
}

/// Installs the GPU build that `choice` (`auto`, `cuda12`, `cuda13`) names, from the wheels in `folder` where one is given; returns the
/// library's path.
///
/// # Errors
/// Fails where no driver tells which build fits, where the disk is too full, and with the first wheel that cannot be had.
pub fn setup_gpu(
    workspace: &Workspace,
    choice: &str,
    folder: Option<&Path>,
    say: &mut dyn FnMut(&str),
) -> Result<PathBuf, SessionError> {
    let source = folder.map_or(GpuSource::Network, |f| GpuSource::Folder(f.to_owned()));
    Ok(crate::infer::install_gpu(&workspace.paths.data, choice, &source, say).map_err(InferError::from)?)
}
