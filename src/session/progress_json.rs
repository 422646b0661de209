//! Progress as other programs read it: one JSON object, `progress_version` 3.

use super::{EpisodeSummary, RunReport, SessionError};
use crate::domain::{EpisodeId, RunId};
pub use crate::export::artifacts::ProgressReport;
use crate::pipeline::{Phase, ProgressView, Stage};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// What does not change while a run goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    pub episode: EpisodeId,
    pub run: Option<RunId>,
    pub detector: String,
    /// Family of the detector: short enough for one line.
    pub detector_family: String,
    pub tracker: String,
    pub asked_device: String,
    pub device: Option<String>,
    pub fps: f64,
    pub fps_asked: Option<f64>,
    pub stride: u32,
}

/// Returns the state `view` of the run that `facts` describes, at `now`.
#[must_use]
pub fn progress_report(facts: &RunFacts, view: &ProgressView, now: Timestamp) -> ProgressReport {
    let is_done = view.phase == Phase::Done;
    ProgressReport {
        progress_version: 3,
        ep_id: facts.episode.to_string(),
        run_id: facts.run.map(|r| r.to_string()),
        phase: view.phase.name().to_owned(),
        frames_done: view.done,
        frames_total: (view.total > 0).then_some(view.total),
        secs_done: round(view.elapsed.as_secs_f64(), 2).unwrap_or_default(),
        secs_total: round(view.duration.secs(), 3),
        fps_infer: round(view.rate(), 2),
        fps_detected: round(facts.fps, 3),
        fps_requested: facts.fps_asked,
        stride: Some(u64::from(facts.stride)),
        device: Some(facts.asked_device.clone()),
        resolved_device: facts.device.clone(),
        detector: Some(facts.detector.clone()),
        tracker: Some(facts.tracker.clone()),
        eta_s: if is_done { Some(0.0) } else { view.eta().and_then(|e| round(e.as_secs_f64(), 1)) },
        media_s: round(view.media.secs(), 3),
        faces: Some(view.faces),
        tracks: Some(view.tracks),
        shots: Some(view.shots),
        updated_at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        step: None,
        message: None,
        summary: None,
        error: None,
        hint: None,
    }
}

/// Returns the last state of a run that is done.
#[must_use]
pub fn done_report(
    running: ProgressReport,
    report: &RunReport,
    summary: &EpisodeSummary,
    spent: &[(Stage, Duration)],
    passed: &[(Stage, Duration)],
) -> ProgressReport {
    let counts = &report.meta.counts;
    let seconds = |times: &[(Stage, Duration)]| -> BTreeMap<&str, Option<f64>> {
        times.iter().map(|(s, t)| (s.name(), round(t.as_secs_f64(), 3))).collect()
    };
    let fields = json!({
        "counts": counts,
        "clusters": report.clusters,
        "scene_cuts": summary.shots.len().saturating_sub(1),
        "sound": report.sound.json(),
        "known_faces": report.known_faces,
        "known_voices": report.known_voices.iter().map(|k| json!({
            "speaker": k.speaker.to_string(), "name": k.name, "belief": round(k.belief.into(), 3), "face": k.face.map(|id| id.to_string()),
        })).collect::<Vec<_>>(),
        "mouths": report.mouths.json(),
        "words": report.words.json(),
        "metrics": report.metrics,
        "device": report.meta.device,
        "models": {"detector": report.meta.detector, "embedder": report.meta.embedder},
        "commercial_use": report.meta.commercial_use(),
        "changeovers": report.meta.changeovers,
        "processor_s": seconds(spent),
        "passed_s": seconds(passed),
        "measured_sha256": report.measured,
        "artifacts": {"local": report.episode_file, "s3_prefixes": null},
    });
    ProgressReport { phase: Phase::Done.name().to_owned(), summary: Some(fields), ..running }
}

/// Returns the last state of a run that was cancelled; `message` says why and what is kept.
#[must_use]
pub fn cancelled_report(running: ProgressReport, message: &str) -> ProgressReport {
    ProgressReport { phase: "cancelled".to_owned(), message: Some(message.to_owned()), eta_s: None, ..running }
}

/// Returns the last state of a run that failed.
#[must_use]
pub fn failed_report(running: ProgressReport, error: &SessionError) -> ProgressReport {
    ProgressReport { phase: "error".to_owned(), error: Some(error.to_string()), hint: error.hint(), eta_s: None, ..running }
}

/// Rounds to `digits` decimals; what is not a number becomes null.
pub(super) fn round(value: f64, digits: i32) -> Option<f64> {
    let scale = 10f64.powi(digits);
    value.is_finite().then(|| (value * scale).round() / scale)
}
