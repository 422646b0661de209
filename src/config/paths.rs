//! Where things lie on this machine.

use directories::ProjectDirs;
use std::path::PathBuf;

/// The folders of the user; each is created by whoever first writes to it.
#[derive(Debug, Clone)]
pub struct Paths {
    /// ONNX Runtime and installed models, such as `~/.local/share/screenalytics`.
    pub data: PathBuf,
    /// The library that is used unless one is named.
    pub library: PathBuf,
    /// The models that are used unless a folder is named.
    pub models: PathBuf,
    /// The user's own settings, such as `~/.config/screenalytics/config.toml`.
    pub config_file: PathBuf,
    /// The user's own keys, such as `~/.config/screenalytics/keymap.toml`.
    pub keymap_file: PathBuf,
    /// The user's own themes, such as `~/.config/screenalytics/themes`.
    pub themes: PathBuf,
    /// What can be made again, such as engines of TensorRT; `~/.cache/screenalytics`.
    pub cache: PathBuf,
    /// The log file, such as `~/.local/state/screenalytics/screenalytics.log`.
    pub log_file: PathBuf,
}

impl Paths {
    /// Finds the folders by the XDG rules; without a home, the working folder's `.screenalytics` serves.
    #[must_use]
    pub fn find() -> Self {
        let (data, config, state, cache) = match ProjectDirs::from("", "", "screenalytics") {
            Some(dirs) => (
                dirs.data_dir().to_path_buf(),
                dirs.config_dir().to_path_buf(),
                dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_path_buf(),
                dirs.cache_dir().to_path_buf(),
            ),
            None => {
                let here = PathBuf::from(".screenalytics");
                (here.clone(), here.clone(), here.clone(), here.join("cache"))
            }
        };
        Self {
            library: data.join("library"),
            models: data.join("models"),
            config_file: config.join("config.toml"),
            keymap_file: config.join("keymap.toml"),
            themes: config.join("themes"),
            log_file: state.join("screenalytics.log"),
            cache,
            data,
        }
    }
}
