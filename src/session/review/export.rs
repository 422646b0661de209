//! The totals of an open episode as a file.

use super::Review;
use crate::export::{write_screen_time_csv, write_screen_time_json};
use crate::session::{SessionError, from_home, write_whole};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// What becomes of a file that stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Refuse,
    Replace,
}

impl Review {
    /// Writes the totals as they stand, as `export` does: JSON where the name ends so, else CSV. A leading `~/` is the user's home.
    /// Returns the whole path.
    ///
    /// # Errors
    /// Fails with [`SessionError::IsThere`] where a file stands there that is not to be replaced, where the name ends in neither
    /// `.csv` nor `.json`, or where it cannot be written.
    pub fn export(&self, path: &str, over: Over) -> Result<PathBuf, SessionError> {
        let path = from_home(path);
        let path = std::path::absolute(&path).map_err(|source| SessionError::Write { path: path.clone(), source })?;
        let (snapshot, mut bytes) = (&self.snapshot, Vec::new());
        let written = match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => write_screen_time_csv(&mut bytes, &snapshot.run, &snapshot.time),
            Some("json") => {
                write_screen_time_json(&mut bytes, &snapshot.episode, &snapshot.run, Timestamp::now(), &snapshot.time)
            }
            _ => return Err(SessionError::NoFormat { path }),
        };
        written.map_err(|source| SessionError::Write { path: path.clone(), source })?;
        if over == Over::Refuse && path.exists() {
            return Err(SessionError::IsThere { path });
        }
        write_whole(Path::new(&path), &bytes)?;
        Ok(path)
    }
}
