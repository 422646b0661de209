//! What is to be run, as a value that can be written down.

use super::super::run::RunRequest;
use super::super::{GROUPING, SessionError, Workspace, settings_of_run};
use crate::config::Layers;
use crate::domain::{Described, EpisodeId, RunId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What of an episode is to be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Work {
    /// Everything that is not there yet with these settings.
    Measure,
    /// Everything, whatever is there.
    Anew,
    /// What is missing of a run, with the settings that it was begun with.
    GoOn { run: RunId },
    /// The vectors of a run's crops by the embedder of the settings, and its groups.
    Embed { run: RunId },
    /// The groups of a run by the thresholds of the settings; nothing is decoded.
    Group { run: RunId },
}

/// A run that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub episode: EpisodeId,
    pub video: PathBuf,
    pub work: Work,
    /// As `--device` has it.
    pub device: String,
    /// The episode may have been measured from another video before.
    #[serde(default)]
    pub replace_video: bool,
    #[serde(default)]
    pub described: Described,
    /// Settings that differ from those of the library, by key.
    #[serde(default)]
    pub settings: BTreeMap<String, toml::Value>,
    /// The folder that the files for other tools are written to when it is done.
    #[serde(default)]
    pub files: Option<PathBuf>,
}

impl Order {
    /// Returns what a run is asked to do.
    ///
    /// # Errors
    /// Fails where the device is none.
    pub fn request(&self) -> Result<RunRequest, SessionError> {
        Ok(RunRequest {
            video: self.video.clone(),
            episode: self.episode.clone(),
            device: self.device.parse()?,
            replace_video: self.replace_video,
            new_run: self.work == Work::Anew,
            thresholds_asked: ["cluster.cluster_thresh", "cluster.min_cluster_size"]
                .iter()
                .any(|key| self.settings.contains_key(*key)),
            described: self.described.clone(),
        })
    }

    /// Returns the workspace with the settings of this order.
    ///
    /// # Errors
    /// Fails where one of them is wrong, or the run that it goes on with is not there or was measured with settings that are none any more.
    pub fn workspace(&self, workspace: &Workspace) -> Result<Workspace, SessionError> {
        let mut layers = workspace.layers.clone();
        match self.work {
            Work::Measure | Work::Anew => {}
            Work::GoOn { run } => layers = self.of_run(workspace, run, &[])?,
            Work::Embed { run } => layers = self.of_run(workspace, run, &[&["embed"], &GROUPING[..]].concat())?,
            Work::Group { run } => layers = self.of_run(workspace, run, &GROUPING)?,
        }
        for (key, value) in &self.settings {
            layers.set("the order", key, value.clone())?;
        }
        let settings = layers.settings()?;
        Ok(Workspace { layers, settings, ..workspace.clone() })
    }

    fn of_run(&self, workspace: &Workspace, run: RunId, but: &[&str]) -> Result<Layers, SessionError> {
        let library = workspace.open_library()?;
        let meta = workspace.read(&library, &self.episode)?.run(run)?;
        settings_of_run(workspace, &meta, but)
    }
}
