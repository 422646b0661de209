//! What fetching can fail with before anything is fetched.

use std::io;
use std::path::PathBuf;

/// Says what was refused.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error("{wanted:?} is neither a set of models nor the id of one")]
    Unknown { wanted: String, sets: Vec<String> },
    #[error("{found:?} is neither a folder nor the address of a web server")]
    Mirror { found: String },
    #[error("cannot write to the models folder {path:?}: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} to be accepted first: {}", if terms.len() == 1 { "a licence asks" } else { "licences ask" }, terms.join(", "))]
    NotAccepted { terms: Vec<String> },
    #[error("there is no licence {found:?} to accept")]
    NoTerms { found: String, known: Vec<String> },
    #[error("cannot read the accepted licences in {path:?}: {reason}")]
    Licences { path: PathBuf, reason: String },
    #[error("cannot write the accepted licences to {path:?}: {source}")]
    LicencesUnwritten { path: PathBuf, source: io::Error },
    #[error("cannot remove {path:?}: {source}")]
    Remove { path: PathBuf, source: io::Error },
    #[error("model {id:?} is not in {dir:?}")]
    NotInstalled { id: String, dir: PathBuf },
}

impl PullError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { sets, .. } => {
                format!("name a set ({}) or an id; screenalytics models lists all", sets.join(", "))
            }
            Self::Mirror { .. } => "name a folder that is there, or an address that begins with http:// or https://".into(),
            Self::Folder { .. } => "name another folder with --models-dir, or check its permissions".into(),
            Self::NotAccepted { terms } => {
                let flags: Vec<String> = terms.iter().map(|t| format!("--accept-licence {t}")).collect();
                format!("read it with: screenalytics models licences; then run this in a terminal, or with {}", flags.join(" "))
            }
            Self::NoTerms { known, .. } => format!("there are: {}", known.join(", ")),
            Self::Licences { .. } => "the file is JSON; put it right, or move it away and accept again".into(),
            Self::LicencesUnwritten { .. } | Self::Remove { .. } => "check the permissions".into(),
            Self::NotInstalled { .. } => "screenalytics models lists what is there".into(),
        }
    }
}
