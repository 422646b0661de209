//! What every command works on: places, settings, the library.

use super::SessionError;
use crate::config::{Layers, Paths, Settings};
use crate::domain::{Author, EpisodeId};
use crate::infer::{Prefer, Runtime, Search};
use crate::store::{EpisodeStore, Library};
use std::path::{Path, PathBuf};

/// The places and settings of one command.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub paths: Paths,
    pub library: PathBuf,
    pub models: PathBuf,
    /// The ONNX Runtime that the user named.
    pub onnxruntime: Option<PathBuf>,
    pub layers: Layers,
    pub settings: Settings,
}

/// What the user named on the command line or in the environment.
#[derive(Debug, Clone, Default)]
pub struct Places {
    pub library: Option<PathBuf>,
    pub models: Option<PathBuf>,
    pub onnxruntime: Option<PathBuf>,
    pub config: Option<PathBuf>,
}

impl Workspace {
    /// Finds the places and merges the layers of settings; `flags` are `(flag, key, value)`.
    ///
    /// # Errors
    /// Fails where a layer of settings is wrong, or a settings file that was named is not there.
    pub fn new(places: Places, flags: Vec<(String, String, toml::Value)>) -> Result<Self, SessionError> {
        let paths = Paths::find();
        let library = places.library.unwrap_or_else(|| paths.library.clone());
        let mut layers = Layers::defaults();
        layers.file(&paths.config_file)?;
        layers.file(&library.join("config.toml"))?;
        if let Some(file) = &places.config {
            std::fs::metadata(file).map_err(|source| SessionError::Read { path: file.clone(), source })?;
            layers.file(file)?;
        }
        for (flag, key, value) in flags {
            layers.set(&flag, &key, value)?;
        }
        let settings = layers.settings()?;
        let models = places.models.unwrap_or_else(|| paths.models.clone());
        Ok(Self { library, models, onnxruntime: places.onnxruntime, layers, settings, paths })
    }

    /// Opens the library, making its folders where they are missing.
    ///
    /// # Errors
    /// Fails where it cannot be read or written.
    pub fn open_library(&self) -> Result<Library, SessionError> {
        Ok(Library::open(&self.library)?)
    }

    /// Opens an episode for reading; a run may go on meanwhile.
    ///
    /// # Errors
    /// Fails where there is no such episode.
    pub fn read(&self, library: &Library, episode: &EpisodeId) -> Result<EpisodeStore, SessionError> {
        self.require(library, episode)?;
        Ok(EpisodeStore::open_reader(library, episode)?)
    }

    /// Opens an episode for writing.
    ///
    /// # Errors
    /// Fails where there is no such episode, or another process writes to it.
    pub fn write(&self, library: &Library, episode: &EpisodeId) -> Result<EpisodeStore, SessionError> {
        self.require(library, episode)?;
        Ok(EpisodeStore::open_writer(library, episode)?)
    }

    /// Refuses an episode that is not in the library.
    ///
    /// # Errors
    /// `NoEpisode` with the known ones.
    pub fn require(&self, library: &Library, episode: &EpisodeId) -> Result<(), SessionError> {
        if library.has_episode(episode) {
            return Ok(());
        }
        Err(SessionError::NoEpisode { episode: episode.clone(), library: self.library.clone(), known: library.episodes()? })
    }

    /// Loads ONNX Runtime, in the build that is preferred where there are several.
    ///
    /// # Errors
    /// Fails where there is none, or it cannot be used.
    pub fn runtime(&self, prefer: Prefer) -> Result<Runtime, SessionError> {
        Ok(crate::infer::load(&Search::from_env(self.onnxruntime.clone(), self.paths.data.clone(), prefer))?)
    }
}

/// Returns the login name of whoever decides: from the environment, else from the system's list of users, else the number.
pub(super) fn user_name() -> String {
    let told = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|k| std::env::var(k).ok().filter(|v| !v.is_empty()));
    told.unwrap_or_else(|| {
        let uid = rustix::process::getuid().as_raw();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        name_of(uid, &users).unwrap_or_else(|| format!("user {uid}"))
    })
}

/// Returns who decides: the user, the machine that this runs on, and where their SSH session comes from.
#[must_use]
pub fn author() -> Author {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let client = std::env::var("SSH_CONNECTION").or_else(|_| std::env::var("SSH_CLIENT")).ok();
    Author::User {
        name: user_name(),
        host: Some(host).filter(|h| !h.is_empty()),
        client: client.and_then(|c| c.split_whitespace().next().map(str::to_owned)),
    }
}

/// Finds the name of a user in the text of `/etc/passwd`.
fn name_of(uid: u32, users: &str) -> Option<String> {
    let line = users.lines().find(|line| line.split(':').nth(2).and_then(|n| n.parse().ok()) == Some(uid))?;
    line.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Returns a path as it was typed; a leading `~/` is the user's home.
#[must_use]
pub fn from_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Makes a path absolute without asking for links.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_number_finds_its_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\nava:x:1000:1000::/home/ava:/bin/sh\n";
        assert_eq!(name_of(1000, users).as_deref(), Some("ava"));
        assert_eq!(name_of(7, users), None);
    }
}
