//! `run.json`: what produced the directory.

use crate::domain::{Changeover, DropReason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    pub schema_version: Option<String>,
    pub ep_id: String,
    pub run_id: Option<String>,
    /// Pictures in the source.
    pub frames: u64,
    pub width: u32,
    pub height: u32,
    pub fps: Option<f64>,
    pub first_pts_s: Option<f64>,
    pub duration_s: Option<f64>,
    pub source_sha256: Option<String>,
    pub analysed: Option<Analysed>,
    pub detector: Option<ModelRow>,
    pub embedder: Option<ModelRow>,
    /// What looked at kept crops a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<ModelRow>,
    pub diariser: Option<ModelRow>,
    pub asr: Option<ModelRow>,
    pub active_speaker: Option<ModelRow>,
    pub tool: Option<String>,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker: Option<String>,
    /// As asked for, and as used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<[String; 2]>,
    /// Parts that were computed on something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changeovers: Vec<Changeover>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoRow>,
    /// Detections that count for nobody, by reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<BTreeMap<DropReason, u64>>,
    /// Every parameter of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<serde_json::Value>,
}

/// Says which pictures the detector saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Analysed {
    /// Every `stride`-th picture from `offset` on.
    Every {
        stride: u64,
        offset: u64,
    },
    Frames {
        frames: Vec<u64>,
    },
}

impl Analysed {
    /// Finds the shorter way to say `frames`, which ascend and end within a stride of `total`.
    #[must_use]
    pub fn of(frames: &[u64], total: u64) -> Self {
        let irregular = || Self::Frames { frames: frames.to_vec() };
        let [offset, second, ..] = frames else { return irregular() };
        let stride = second.saturating_sub(*offset).max(1);
        let regular = Self::Every { stride, offset: *offset };
        if regular.frames(total).eq(frames.iter().copied()) { regular } else { irregular() }
    }

    /// Lists the pictures of a video of `total` pictures.
    pub fn frames(&self, total: u64) -> Box<dyn Iterator<Item = u64> + '_> {
        match self {
            Self::Every { stride, offset } => {
                let step = usize::try_from((*stride).max(1)).unwrap_or(usize::MAX);
                Box::new((*offset..total).step_by(step))
            }
            Self::Frames { frames } => Box::new(frames.iter().copied()),
        }
    }
}

/// A model as a run used it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    pub id: String,
    pub sha256: Option<String>,
    #[serde(default)]
    pub params: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Whether the licence allows commercial use; absent where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commercial_use: Option<bool>,
    /// File name without folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What else is known of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoRow {
    pub path: String,
    pub bytes: u64,
    pub codec: String,
    pub pixel_format: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_sampling_is_said_shortly_and_other_sampling_in_full() {
        assert_eq!(Analysed::of(&[1, 4, 7], 9), Analysed::Every { stride: 3, offset: 1 });
        assert_eq!(Analysed::of(&[1, 4, 7], 11), Analysed::Frames { frames: vec![1, 4, 7] });
        assert_eq!(Analysed::of(&[1, 4, 8], 9), Analysed::Frames { frames: vec![1, 4, 8] });
        assert_eq!(Analysed::of(&[], 9), Analysed::Frames { frames: vec![] });
    }
}
