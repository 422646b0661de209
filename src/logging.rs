//! The log file. Nothing is printed to the terminal from here.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use tracing_subscriber::EnvFilter;

/// The log is started anew above this size; the one before is kept beside it.
const MAX_BYTES: u64 = 4 << 20;

/// Sends `tracing` events to `file`, creating its folder; `SCREENALYTICS_LOG` sets the level (`info` unless set).
///
/// # Errors
/// Fails where the file cannot be opened for appending.
pub fn start(file: &Path) -> io::Result<()> {
    let log = open(file)?;
    let filter = EnvFilter::try_from_env("SCREENALYTICS_LOG").unwrap_or_else(|_| EnvFilter::new("info,ort=warn,whisper_rs=warn"));
    let subscriber = tracing_subscriber::fmt().with_writer(log).with_ansi(false).with_env_filter(filter).finish();
    tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)
}

fn open(file: &Path) -> io::Result<File> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if std::fs::metadata(file).is_ok_and(|m| m.len() > MAX_BYTES) {
        std::fs::rename(file, file.with_extension("log.1"))?;
    }
    OpenOptions::new().create(true).append(true).open(file)
}
