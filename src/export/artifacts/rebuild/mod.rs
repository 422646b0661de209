//! Turns rows into domain values, one file for each step.

mod crops;
mod decisions;
mod facts;
mod shots;
mod tracks;

use super::clock::Clock;
use super::layout::Layout;
use super::read::{ArtifactError, Rows};
use super::rows::{Corners, bbox, scaled_bbox};
use crate::domain::{Assignment, BBox, CropKey, EpisodeId, FrameTime, Identity, ShotRecord, Size, TrackId};
use std::collections::BTreeMap;

pub use facts::RunFacts;

/// Where the pictures of a crop lie, as paths under the data root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFiles {
    /// Absent where the file is not of the canonical form: then no other embedder's input can be cut from it.
    pub aligned: Option<String>,
    pub thumb: Option<String>,
}

/// An identity, and whom it was said to be in the directory's own catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedIdentity {
    /// `person` is the directory's number, where it has our form: the catalog that takes it in goes by the name.
    pub identity: Identity,
    pub person_id: Option<String>,
    pub cast_id: Option<String>,
}

/// An episode as a directory tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub run: RunFacts,
    /// In order; the pictures of their crops are empty, see `pictures`.
    pub records: Vec<ShotRecord>,
    pub pictures: BTreeMap<CropKey, PictureFiles>,
    /// By id.
    pub identities: Vec<ImportedIdentity>,
    pub assignments: BTreeMap<TrackId, Assignment>,
    /// What was passed over or filled in, counted by reason.
    pub notes: BTreeMap<&'static str, u64>,
}

/// Turns the rows of `episode` into domain values.
///
/// Where a file is missing, the next best serves: without `shots.jsonl` the cuts in `track_metrics.json`, else one shot; without
/// `tracks.jsonl` the detections; without `run.json` what the detections tell. A detection without a track and without a reason
/// counts as [`DropReason::LowScore`](crate::domain::DropReason::LowScore), which is what joining no track means. What is filled in is counted in `notes`.
///
/// # Errors
/// Fails with file and line where a row lacks what it needs, or names what is not there.
pub fn rebuild(episode: &EpisodeId, rows: &Rows) -> Result<Imported, ArtifactError> {
    let mut build = Build::new(episode, rows)?;
    build.detections()?;
    build.tracks()?;
    build.crops()?;
    build.decisions()?;
    Ok(build.done())
}

struct Build<'a> {
    layout: Layout,
    rows: &'a Rows,
    clock: Clock,
    run: RunFacts,
    records: Vec<ShotRecord>,
    /// The record that each track lies in.
    homes: BTreeMap<TrackId, usize>,
    pictures: BTreeMap<CropKey, PictureFiles>,
    identities: Vec<ImportedIdentity>,
    assignments: BTreeMap<TrackId, Assignment>,
    notes: BTreeMap<&'static str, u64>,
}

impl<'a> Build<'a> {
    fn new(episode: &EpisodeId, rows: &'a Rows) -> Result<Self, ArtifactError> {
        let layout = Layout::new(episode);
        let clock = facts::clock(rows);
        let run = facts::facts(rows, &clock, &layout)?;
        let mut build = Self {
            layout,
            rows,
            clock,
            run,
            records: Vec::new(),
            homes: BTreeMap::new(),
            pictures: BTreeMap::new(),
            identities: Vec::new(),
            assignments: BTreeMap::new(),
            notes: BTreeMap::new(),
        };
        let shots = build.shots()?;
        build.records = build.empty_records(&shots)?;
        Ok(build)
    }

    fn note(&mut self, what: &'static str) {
        *self.notes.entry(what).or_default() += 1;
    }

    fn at(&self, path: &str, line: usize, frame: u64) -> Result<FrameTime, ArtifactError> {
        let unknown =
            || ArtifactError::broken(path, line, format!("picture {frame} has no time, and no rate of pictures is known"));
        self.clock.at(frame).ok_or_else(unknown)
    }

    /// Returns the record that picture `frame` lies in.
    fn home(&self, path: &str, line: usize, frame: u64) -> Result<usize, ArtifactError> {
        let i = self.records.partition_point(|r| r.shot.end_frame <= frame);
        if i < self.records.len() {
            Ok(i)
        } else {
            Err(ArtifactError::broken(path, line, format!("picture {frame} lies in no shot")))
        }
    }

    fn done(self) -> Imported {
        Imported {
            run: self.run,
            records: self.records,
            pictures: self.pictures,
            identities: self.identities,
            assignments: self.assignments,
            notes: self.notes,
        }
    }
}

/// Reads a box in pixels, or in parts of a picture of `size`.
pub(super) fn face_box(
    pixels: Option<&Corners>,
    parts: Option<&[f32; 4]>,
    size: Option<Size>,
    path: &str,
    line: usize,
) -> Result<BBox, ArtifactError> {
    match (pixels, parts, size) {
        (Some(pixels), _, _) => Ok(bbox(pixels)),
        (None, Some(parts), Some(size)) => Ok(scaled_bbox(parts, size)),
        (None, Some(_), None) => Err(ArtifactError::broken(
            path,
            line,
            "bbox is in parts of the picture, and there is no run.json that tells its size",
        )),
        (None, None, _) => Err(ArtifactError::broken(path, line, "bbox_xyxy is missing")),
    }
}
