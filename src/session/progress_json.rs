//! Progress as other programs read it: one JSON object, `progress_version` 3.

use crate::domain::{EpisodeId, RunId};
use crate::pipeline::{Phase, ProgressView};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What does not change while a run goes on.
#[derive(Debug, Clone)]
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

/// Returns the object for `view` at `now`.
#[must_use]
pub fn object(facts: &RunFacts, view: &ProgressView, now: Timestamp) -> Value {
    json!({
        "progress_version": 3,
        "ep_id": facts.episode.as_str(),
        "run_id": facts.run.map(|r| r.to_string()),
        "phase": view.phase.name(),
        "frames_done": view.done,
        "frames_total": view.total,
        "secs_done": round(view.elapsed.as_secs_f64(), 2),
        "secs_total": round(view.duration.secs(), 3),
        "media_s": round(view.media.secs(), 3),
        "fps_infer": round(view.rate(), 2),
        "fps_detected": round(facts.fps, 3),
        "fps_requested": facts.fps_asked,
        "stride": facts.stride,
        "device": facts.asked_device,
        "resolved_device": facts.device,
        "detector": facts.detector,
        "tracker": facts.tracker,
        "eta_s": if view.phase == Phase::Done { Some(0.0) } else { view.eta().and_then(|e| round(e.as_secs_f64(), 1)) },
        "faces": view.faces,
        "tracks": view.tracks,
        "shots": view.shots,
        "updated_at": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}

/// Rounds to `digits` decimals; what is not a number becomes null.
pub(super) fn round(value: f64, digits: i32) -> Option<f64> {
    let scale = 10f64.powi(digits);
    value.is_finite().then(|| (value * scale).round() / scale)
}
