//! What models are known, which are there, and the runtime that runs them.

use super::{SessionError, Workspace};
use crate::infer::{GpuSource, InferError, InstallSource, ModelEntry, Recognised, Registry, Task};
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
    /// What `run` takes unless told otherwise.
    pub is_default: bool,
}

/// The models, and the files that are none of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelList {
    pub dir: PathBuf,
    pub models: Vec<ModelLine>,
    pub unknown: Vec<PathBuf>,
}

/// Lists the models of the manifest and what lies in the models folder; a folder that is not there holds none.
///
/// # Errors
/// Fails where the folder cannot be read.
pub fn models(workspace: &Workspace) -> Result<ModelList, SessionError> {
    let registry = Registry::built_in()?;
    let found = registry.scan(&workspace.models)?;
    let settings = &workspace.settings;
    let chosen = [(Task::Detect, &settings.detect.model), (Task::Embed, &settings.embed.model)];
    let defaults = chosen.map(|(task, wanted)| registry.chosen(&found, task, wanted).map(|m| m.entry.id.clone()));
    let (there, unknown, extra) = (found.models, found.unknown, found.extra.models);
    let line = |entry: &ModelEntry| ModelLine {
        id: entry.id.clone(),
        task: entry.task,
        family: entry.family.clone(),
        licence: entry.licence.clone(),
        commercial: entry.commercial,
        runs: crate::infer::can_run(entry),
        path: there.iter().find(|m| m.entry.id == entry.id && m.recognised == Recognised::ByContent).map(|m| m.path.clone()),
        is_default: defaults.iter().flatten().any(|id| *id == entry.id),
    };
    let models = registry.entries().iter().chain(&extra).map(line).collect();
    Ok(ModelList { dir: workspace.models.clone(), models, unknown })
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
