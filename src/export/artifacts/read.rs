//! Reads the directory into typed rows, each with the line it stands in.

use super::identities::IdentitiesFile;
use super::layout::Layout;
use super::rows::{DetectionRow, FaceRow, ShotRow, TrackMetricsFile, TrackRow, Versioned};
use super::run_row::RunRow;
use crate::domain::EpisodeId;
use crate::export::json::ScreenTimeFile;
use crate::export::npy::{NpyError, read_npy};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io;

/// Says why a directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error("cannot read {path:?}: {source}")]
    Io { path: String, source: io::Error },
    #[error("{path:?} is missing")]
    Missing { path: String },
    #[error("{path:?}, line {line}: {reason}")]
    Broken { path: String, line: usize, reason: String },
    #[error("{path:?}, line {line}: expected schema_version {expected:?}, found {found:?}")]
    Version { path: String, line: usize, expected: &'static str, found: String },
    #[error("{path:?}: {source}")]
    Vectors { path: String, source: NpyError },
}

impl ArtifactError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Io { .. } => "check that the folder is there and may be read".into(),
            Self::Missing { .. } => {
                "name the folder that holds manifests/, and an episode that lies there; only detections.jsonl must be there"
                    .into()
            }
            Self::Broken { .. } => "mend or remove that line; nothing was imported".into(),
            Self::Version { .. } => {
                "it was written by a later version: update, or export it again as the expected version".into()
            }
            Self::Vectors { .. } => "export the directory again, or remove the file where faces.jsonl holds the vectors".into(),
        }
    }

    pub(super) fn broken(path: &str, line: usize, reason: impl Into<String>) -> Self {
        Self::Broken { path: path.to_owned(), line, reason: reason.into() }
    }
}

/// A row and where it stands, from line 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<T> {
    pub line: usize,
    pub row: T,
}

/// The directory of one episode, row by row.
#[derive(Debug, Clone)]
pub struct Rows {
    pub run: Option<RunRow>,
    pub shots: Option<Vec<Line<ShotRow>>>,
    pub detections: Vec<Line<DetectionRow>>,
    pub tracks: Option<Vec<Line<TrackRow>>>,
    pub faces: Vec<Line<FaceRow>>,
    /// Rows of `faces.npy`; `None` where there is no such file.
    pub vectors: Option<Vec<Vec<f32>>>,
    pub identities: Option<IdentitiesFile>,
    pub track_metrics: Option<TrackMetricsFile>,
    pub screen_time: Option<ScreenTimeFile>,
}

impl Rows {
    /// Reads the files of `episode`; `fetch` returns one by its path under the data root, or `None` where it is not there.
    ///
    /// # Errors
    /// Fails where `fetch` does, where `detections.jsonl` is missing, on a broken line, and on a version that is not known.
    pub fn read(episode: &EpisodeId, mut fetch: impl FnMut(&str) -> io::Result<Option<Vec<u8>>>) -> Result<Self, ArtifactError> {
        let layout = Layout::new(episode);
        let mut get = |path: String| match fetch(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(source) => Err(ArtifactError::Io { path, source }),
        };
        let detections = match get(layout.manifest("detections.jsonl"))? {
            (path, Some(bytes)) => lines(&path, &bytes)?,
            (path, None) => return Err(ArtifactError::Missing { path }),
        };
        let vectors = match get(layout.vectors())? {
            (path, Some(bytes)) => Some(read_npy(&bytes).map_err(|source| ArtifactError::Vectors { path, source })?),
            (_, None) => None,
        };
        Ok(Self {
            run: object(get(layout.manifest("run.json"))?)?,
            shots: optional_lines(get(layout.manifest("shots.jsonl"))?)?,
            detections,
            tracks: optional_lines(get(layout.manifest("tracks.jsonl"))?)?,
            faces: optional_lines(get(layout.manifest("faces.jsonl"))?)?.unwrap_or_default(),
            vectors,
            identities: object(get(layout.manifest("identities.json"))?)?,
            track_metrics: object(get(layout.manifest("track_metrics.json"))?)?,
            screen_time: object(get(layout.screen_time("json"))?)?,
        })
    }
}

type Fetched = (String, Option<Vec<u8>>);

fn optional_lines<T: DeserializeOwned + Versioned>((path, bytes): Fetched) -> Result<Option<Vec<Line<T>>>, ArtifactError> {
    bytes.map(|bytes| lines(&path, &bytes)).transpose()
}

fn object<T: DeserializeOwned + Versioned>((path, bytes): Fetched) -> Result<Option<T>, ArtifactError> {
    bytes.map(|bytes| parse(&path, 1, &bytes)).transpose()
}

/// Parses one object a line; empty lines are passed over.
fn lines<T: DeserializeOwned + Versioned>(path: &str, bytes: &[u8]) -> Result<Vec<Line<T>>, ArtifactError> {
    let mut rows = Vec::new();
    for (i, text) in bytes.split(|b| *b == b'\n').enumerate() {
        if !text.trim_ascii().is_empty() {
            rows.push(Line { line: i + 1, row: parse(path, i + 1, text)? });
        }
    }
    Ok(rows)
}

fn parse<T: DeserializeOwned + Versioned>(path: &str, line: usize, text: &[u8]) -> Result<T, ArtifactError> {
    #[derive(Deserialize)]
    struct Stated {
        schema_version: Option<String>,
    }
    let known = |found: Option<&str>| match found {
        Some(found) if found != T::VERSION => {
            Err(ArtifactError::Version { path: path.to_owned(), line, expected: T::VERSION, found: found.to_owned() })
        }
        _ => Ok(()),
    };
    match serde_json::from_slice::<T>(text) {
        Ok(row) => known(row.version()).map(|()| row),
        Err(e) => {
            // A row of another version may well have another shape: then that is what to say.
            if let Ok(stated) = serde_json::from_slice::<Stated>(text) {
                known(stated.schema_version.as_deref())?;
            }
            let said = e.to_string();
            let reason = said.split_once(" at line ").map_or(said.as_str(), |(reason, _)| reason);
            let within = e.line().saturating_sub(1);
            Err(ArtifactError::broken(path, line + within, format!("{reason}, column {}", e.column())))
        }
    }
}
