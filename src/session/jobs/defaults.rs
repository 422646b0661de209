//! What an order is unless somebody says otherwise, and what can be chosen instead.

use super::super::{SessionError, Workspace, models};
use crate::infer::{Set, Task};
use std::path::PathBuf;

/// What an order is unless somebody says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderDefaults {
    pub detector: String,
    pub embedder: String,
    pub tracker: String,
    pub stride: u32,
    pub fps: f64,
    pub cuts: String,
    pub cut_threshold: f64,
    pub shortest_shot: f64,
    /// What can be chosen, each with its licence: the setting's own value, then every installed model.
    pub detectors: Vec<(String, String)>,
    pub embedders: Vec<(String, String)>,
    pub sets: Vec<ModelSet>,
    /// Where files for other tools go.
    pub blobs: PathBuf,
    home: Option<PathBuf>,
}

/// A set of models, and the best of it that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSet {
    pub name: String,
    pub detector: Option<String>,
    pub embedder: Option<String>,
    /// What its licences mean.
    pub terms: String,
}

impl OrderDefaults {
    /// Replaces a leading `~`.
    #[must_use]
    pub fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix('~'), &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(path),
        }
    }
}

/// Returns what an order is by the settings, and what is installed.
///
/// # Errors
/// Fails where the models folder cannot be read.
pub fn order_defaults(workspace: &Workspace) -> Result<OrderDefaults, SessionError> {
    let settings = &workspace.settings;
    let list = models::models(workspace)?;
    let text = |value: Option<toml::Value>| value.and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let choices = |task: Task, wanted: &str| {
        let means = list.chosen.iter().find(|(t, _, _)| *t == task).and_then(|(_, _, id)| id.clone());
        let first = (wanted.to_owned(), means.map_or_else(|| "nothing is installed".into(), |id| format!("now {id}")));
        let installed = list.models.iter().filter(|m| m.task == task && m.runs && m.path.is_some() && m.id != wanted);
        std::iter::once(first).chain(installed.map(|m| (m.id.clone(), m.licence.clone()))).collect()
    };
    let set = |set: Set| {
        let of = |task| list.models.iter().find(|m| m.task == task && m.runs && m.path.is_some() && m.sets.contains(&set));
        let (detector, embedder) = (of(Task::Detect), of(Task::Embed));
        let forbidden = [detector, embedder].into_iter().flatten().any(|m| m.commercial == Some(false));
        ModelSet {
            name: set.to_string(),
            detector: detector.map(|m| m.id.clone()),
            embedder: embedder.map(|m| m.id.clone()),
            terms: if forbidden { "not for commercial use".into() } else { String::new() },
        }
    };
    Ok(OrderDefaults {
        detector: settings.detect.model.clone(),
        embedder: settings.embed.model.clone(),
        tracker: settings.track.tracker.to_string(),
        stride: settings.sample.stride,
        fps: settings.sample.fps,
        cuts: text(toml::Value::try_from(settings.scenes.detect).ok()),
        cut_threshold: settings.scenes.threshold,
        shortest_shot: settings.scenes.min_len,
        detectors: choices(Task::Detect, &settings.detect.model),
        embedders: choices(Task::Embed, &settings.embed.model),
        sets: Set::ALL.into_iter().map(set).collect(),
        blobs: super::super::absolute(&workspace.library).join("blobs"),
        home: std::env::var_os("HOME").map(PathBuf::from),
    })
}

#[cfg(test)]
impl OrderDefaults {
    /// Those of a small machine, for tests of the form.
    pub(crate) fn for_tests() -> Self {
        let models = |all: &[&str]| all.iter().map(|m| ((*m).to_owned(), String::new())).collect();
        Self {
            detector: "auto".into(),
            embedder: "auto".into(),
            tracker: "bytetrack".into(),
            stride: 0,
            fps: 0.0,
            cuts: "content".into(),
            cut_threshold: 0.42,
            shortest_shot: 0.3,
            detectors: models(&["auto", "mtcnn"]),
            embedders: models(&["auto", "dlib"]),
            sets: vec![ModelSet {
                name: "starter".into(),
                detector: Some("mtcnn".into()),
                embedder: Some("dlib".into()),
                terms: String::new(),
            }],
            blobs: PathBuf::from("/library/blobs"),
            home: Some(PathBuf::from("/home/ava")),
        }
    }
}
