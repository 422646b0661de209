//! A folder or a web server that has the files under the names of the manifest: archives, or the models themselves.

use super::PullError;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where files are taken from instead of where they are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    Folder(PathBuf),
    /// Without a slash at its end.
    Url(String),
}

impl FromStr for Mirror {
    type Err = PullError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || PullError::Mirror { found: text.to_owned() };
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Url(text.trim_end_matches('/').to_owned()));
        }
        let path = PathBuf::from(text.strip_prefix("file://").unwrap_or(text));
        if path.is_dir() { Ok(Self::Folder(path)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Url(url) => f.write_str(url),
        }
    }
}
