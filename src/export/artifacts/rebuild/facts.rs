//! What the files tell of the run and of time.

use super::super::clock::Clock;
use super::super::layout::Layout;
use super::super::read::{ArtifactError, Line, Rows};
use super::super::rows::DetectionRow;
use super::super::run_row::{ModelRow, VideoRow};
use crate::domain::{Changeover, MediaTime, Size};
use jiff::Timestamp;

/// What is known of the run that made a directory.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    pub run_id: Option<String>,
    /// Pictures in the source; without `run.json`, up to the last one named.
    pub frames: u64,
    pub size: Option<Size>,
    /// Mean pictures a second.
    pub fps: Option<f64>,
    pub first_pts: MediaTime,
    pub duration: Option<MediaTime>,
    pub source_sha256: Option<String>,
    pub detector: Option<ModelRow>,
    pub embedder: Option<ModelRow>,
    pub validator: Option<ModelRow>,
    pub tracker: Option<String>,
    pub tool: Option<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// As asked for, and as used.
    pub device: Option<[String; 2]>,
    pub changeovers: Vec<Changeover>,
    pub video: Option<VideoRow>,
    pub params: Option<serde_json::Value>,
}

/// Collects every stated time: `pts_s` first, then `ts`.
pub(super) fn clock(rows: &Rows) -> Clock {
    let run = rows.run.as_ref();
    let mut clock = Clock::new(run.and_then(|r| r.first_pts_s).map(MediaTime::from_secs), run.and_then(|r| r.fps));
    for Line { row, .. } in rows.shots.iter().flatten() {
        for (frame, pts) in row.analysed.iter().flatten() {
            clock.state(*frame, MediaTime::from_secs(*pts));
        }
    }
    let detections = rows.detections.iter().map(|d| (d.row.frame_idx, d.row.pts_s, d.row.ts));
    let faces = rows.faces.iter().map(|f| (f.row.frame_idx, f.row.pts_s, f.row.ts));
    let stated: Vec<_> = detections.chain(faces).collect();
    for (frame, time) in stated.iter().filter_map(|(frame, pts, _)| Some((frame, (*pts)?))) {
        clock.state(*frame, MediaTime::from_secs(time));
    }
    for (frame, time) in stated.iter().filter_map(|(frame, _, ts)| Some((frame, (*ts)?))) {
        clock.state(*frame, MediaTime::from_secs(time));
    }
    clock.settle();
    clock
}

pub(super) fn facts(rows: &Rows, clock: &Clock, layout: &Layout) -> Result<RunFacts, ArtifactError> {
    let path = layout.manifest("run.json");
    let time = |text: Option<&String>| {
        text.map(|t| t.parse::<Timestamp>().map_err(|e| ArtifactError::broken(&path, 1, e.to_string()))).transpose()
    };
    if let Some(run) = &rows.run {
        return Ok(RunFacts {
            run_id: run.run_id.clone(),
            frames: run.frames,
            size: Some(Size { width: run.width, height: run.height }),
            fps: clock.fps(),
            first_pts: MediaTime::from_secs(run.first_pts_s.unwrap_or(0.0)),
            duration: run.duration_s.map(MediaTime::from_secs),
            source_sha256: run.source_sha256.clone(),
            detector: run.detector.clone(),
            embedder: run.embedder.clone(),
            validator: run.validator.clone(),
            tracker: run.tracker.clone().or_else(|| first_detection(rows).and_then(|d| d.tracker.clone())),
            // Our own name is put before the version when it is written.
            tool: run.tool.as_deref().map(|tool| tool.strip_prefix("screenalytics ").unwrap_or(tool).to_owned()),
            started_at: time(run.started_at.as_ref())?,
            finished_at: time(run.finished_at.as_ref())?,
            device: run.device.clone(),
            changeovers: run.changeovers.clone(),
            video: run.video.clone(),
            params: run.params.clone(),
        });
    }
    let detection = first_detection(rows);
    let model = |id: &str| ModelRow {
        id: id.to_owned(),
        sha256: None,
        params: serde_json::Value::Null,
        family: None,
        licence: None,
        commercial_use: None,
        file: None,
    };
    let last_shot = rows.shots.iter().flatten().map(|s| s.row.end_frame).max();
    let last_named = rows.detections.iter().map(|d| d.row.frame_idx + 1).max();
    let last_tracked = rows.tracks.iter().flatten().map(|t| t.row.last_frame_idx + 1).max();
    Ok(RunFacts {
        run_id: None,
        frames: last_shot.or(last_named.max(last_tracked)).unwrap_or(0),
        size: None,
        fps: clock.fps(),
        first_pts: clock.time(0).unwrap_or(MediaTime::ZERO),
        duration: None,
        source_sha256: None,
        detector: detection.and_then(|d| d.model.as_deref().or(d.detector.as_deref())).map(model),
        embedder: rows.faces.iter().find_map(|f| f.row.embedding_model.as_deref()).map(model),
        validator: None,
        tracker: detection.and_then(|d| d.tracker.clone()),
        tool: detection.and_then(|d| d.pipeline_ver.clone()),
        started_at: None,
        finished_at: None,
        device: None,
        changeovers: Vec::new(),
        video: None,
        params: None,
    })
}

fn first_detection(rows: &Rows) -> Option<&DetectionRow> {
    rows.detections.first().map(|d| &d.row)
}
