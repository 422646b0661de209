//! What the passes of a run have in common. Those over sound, mouths and words never keep the pictures from being measured.

#[cfg(test)]
mod tests;

use super::Workspace;
use super::prepare::Prepared;
use super::run::Watcher;
use crate::config::Settings;
use crate::domain::{PassMark, RunMeta};
use crate::media::audio::SoundChoice;
use crate::pipeline::{Cancel, Progress};
use crate::store::EpisodeStore;
use jiff::Timestamp;
use std::path::Path;

/// Names of the marks.
pub(super) const SCAN: &str = "scan";
pub(super) const GROUP: &str = "group";
pub(super) const LISTEN: &str = "listen";
pub(super) const DIARISE: &str = "diarise";
pub(super) const LINK: &str = "link";
pub(super) const TRANSCRIBE: &str = "transcribe";

/// Tables of the settings that the passes over sound, mouths and words are made with; all others are those of the pictures and their groups.
pub(super) const TABLES: [&str; 5] = ["listen", "speech", "diarise", "mouth", "transcribe"];

/// What one of those needs.
pub(super) struct Pass<'a> {
    pub workspace: &'a Workspace,
    pub store: &'a EpisodeStore,
    pub video: &'a Path,
    pub settings: &'a Settings,
    pub prepared: &'a Prepared,
    pub cancel: &'a Cancel,
    pub progress: &'a Progress,
    pub watcher: &'a dyn Watcher,
}

impl Pass<'_> {
    /// Returns which sound of the video is listened to.
    pub(super) fn sound(&self) -> SoundChoice {
        SoundChoice::from(self.settings.listen.stream.clone())
    }
}

/// Tells whether a pass is complete, whatever it was made of.
pub(super) fn is_done(run: &RunMeta, pass: &str) -> bool {
    run.marks.contains_key(pass)
}

/// Tells whether a pass is complete and was made of what `key` stands for.
pub(super) fn is_made_of(run: &RunMeta, pass: &str, key: &str) -> bool {
    run.marks.get(pass).is_some_and(|m| m.key == key)
}

/// Notes that a pass begins, and the settings that it is made with: those of the tables that are its own. The others stay as those
/// passes were made with; the run is not at its end any more, so that it is offered to go on with.
pub(super) fn begins(run: &mut RunMeta, settings: &Settings, is_own: impl Fn(&str) -> bool) {
    let mut now = serde_json::to_value(settings).unwrap_or_default();
    for (table, value) in now.as_object_mut().into_iter().flatten() {
        if let Some(before) = run.params.get(table).filter(|_| !is_own(table)) {
            value.clone_from(before);
        }
    }
    run.params = now;
    run.finished_at = None;
}

/// Says that a pass is complete.
pub(super) fn mark(run: &mut RunMeta, pass: &str, key: String) {
    run.marks.insert(pass.into(), PassMark { key, finished_at: Timestamp::now() });
}
