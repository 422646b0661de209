//! `progress.json`, version 3: one object, replaced as a whole.

use serde::{Deserialize, Serialize};

/// How far a run has come; `null` is unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgressReport {
    /// 3.
    pub progress_version: u32,
    pub ep_id: String,
    pub run_id: Option<String>,
    /// `detect`, `faces_embed`, `cluster`, `done`, `error`; unknown ones are shown as they are.
    pub phase: String,
    /// In the unit of the phase.
    pub frames_done: u64,
    pub frames_total: Option<u64>,
    /// Wall seconds of this phase so far.
    pub secs_done: f64,
    /// Seconds of video.
    pub secs_total: Option<f64>,
    pub fps_infer: Option<f64>,
    pub fps_detected: Option<f64>,
    pub fps_requested: Option<f64>,
    pub stride: Option<u64>,
    /// As asked for.
    pub device: Option<String>,
    /// As used.
    pub resolved_device: Option<String>,
    pub detector: Option<String>,
    pub tracker: Option<String>,
    pub eta_s: Option<f64>,
    /// Seconds of the video reached, from its first picture; ours, like the counts that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_s: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faces: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracks: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shots: Option<u64>,
    /// RFC 3339, UTC.
    pub updated_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// With `done`: counts, `metrics`, `artifacts {local, s3_prefixes}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<serde_json::Value>,
    /// With `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// With `error`: what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Makes the one line of a report, its end of line included.
///
/// # Errors
/// Fails where the summary has keys that JSON cannot hold.
pub fn progress_json(report: &ProgressReport) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    Ok(line)
}
