//! What one execution of the pipeline used and counted.

use super::{DropReason, MediaTime, RunId, ShotId, Size, SoundFacts};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names a model as it was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelUse {
    /// Id in `models/manifest.toml`.
    pub id: String,
    pub family: String,
    /// SPDX expression or the manifest's words.
    pub licence: String,
    /// Whether those terms allow commercial use; absent where nobody says.
    #[serde(default)]
    pub commercial: Option<bool>,
    /// Hex digest of the file; over the digests of all files where it has several.
    pub sha256: String,
    /// File name without folder.
    pub file: String,
}

/// Tells whether the licences of all these models allow commercial use; absent where one of them leaves it open and none forbids it.
#[must_use]
pub fn commercial_use<'a>(mut models: impl Iterator<Item = &'a ModelUse> + Clone) -> Option<bool> {
    if models.clone().any(|m| m.commercial == Some(false)) {
        return Some(false);
    }
    models.all(|m| m.commercial == Some(true)).then_some(true)
}

/// Says what a run computed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceUse {
    /// As asked for: `auto`, `cuda`, `tensorrt`, `coreml`, `cpu`.
    pub asked: String,
    /// As used.
    pub used: String,
    /// Why the asked one was not used.
    pub reason: Option<String>,
    /// What computed: the version of onnxruntime, and the GPU and its driver where one was used.
    #[serde(default)]
    pub with: Option<String>,
}

/// What a part of a run was computed on, where it is not what the run began on: results of two devices differ in their last digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changeover {
    /// `scan`, or `embed:<embedder>`.
    pub pass: String,
    /// First shot of that part; absent where it is whatever was missing.
    pub from_shot: Option<ShotId>,
    pub device: DeviceUse,
}

/// Facts of a video file that a run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoFacts {
    /// Absolute path when the run began.
    pub path: String,
    pub bytes: u64,
    /// Hex digest of the whole file.
    pub sha256: String,
    /// Displayed size: rotation and sample aspect applied.
    pub size: Size,
    /// Mean pictures a second, as the container states it.
    pub fps: f64,
    pub first_pts: MediaTime,
    pub duration: MediaTime,
    pub codec: String,
    pub pixel_format: String,
}

/// Counts of a run, including everything that was passed over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Decoded pictures.
    pub frames: u64,
    /// Pictures that the detector saw.
    pub analysed: u64,
    pub shots: u64,
    pub faces: u64,
    pub tracks: u64,
    pub crops: u64,
    /// Detections that count for nobody, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Faces of tracks whose crops were not kept because the second detector denied them.
    #[serde(default)]
    pub denied: u64,
    /// Packets that could not be decoded or read.
    pub damaged_packets: u64,
    /// Pictures that the decoder marked as damaged.
    pub damaged_frames: u64,
}

/// Says that a pass is complete, and what it was made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassMark {
    /// Hex digest over input, parameters and models of the pass.
    pub key: String,
    pub finished_at: Timestamp,
}

/// Says how a run looked at mouths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watching {
    pub model: ModelUse,
    /// The raw score above which a mouth speaks, of this model.
    pub mark: f32,
    /// The key of the scores (turns, parameters, model): scores with another key are not gone on with.
    #[serde(default)]
    pub key: String,
    /// What it computed on.
    #[serde(default)]
    pub device: String,
}

/// Says how a run listened to its video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listening {
    /// Hex digest over input, parameters and models: what is stored under another one is not gone on with.
    pub key: String,
    /// What listened: speech, local speakers, voices.
    pub models: Vec<ModelUse>,
    /// What it computed on.
    pub device: String,
    /// What was listened to; absent until it was heard to its end.
    pub facts: Option<SoundFacts>,
}

/// Describes a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunMeta {
    pub id: RunId,
    pub video: VideoFacts,
    pub started_at: Timestamp,
    /// When the pass that was worked on last came to its end; absent while one of them is not there yet.
    pub finished_at: Option<Timestamp>,
    /// Version of this program.
    pub tool: String,
    pub detector: ModelUse,
    pub embedder: ModelUse,
    /// What looked at kept crops a second time, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<ModelUse>,
    /// `bytetrack` or `strongsort`.
    pub tracker: String,
    /// What it began on.
    pub device: DeviceUse,
    /// What later parts were computed on, in order.
    #[serde(default)]
    pub changeovers: Vec<Changeover>,
    /// Every parameter of the run, as merged from the layers of configuration; those of a pass are the ones that it was made with last.
    pub params: serde_json::Value,
    /// The key of the scan (input, parameters, models): an unfinished scan with another key is not resumed.
    pub scan_key: String,
    pub counts: Counts,
    /// How it looked at mouths; absent where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mouths: Option<Watching>,
    /// How it listened; absent where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<Listening>,
    /// What wrote down what is said; absent where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcriber: Option<ModelUse>,
    /// The passes that are complete: `scan`, `group`, `listen`, `diarise`, `link`, `transcribe`.
    pub marks: BTreeMap<String, PassMark>,
}

impl RunMeta {
    /// Returns the models whose results are in it.
    pub fn models(&self) -> impl Iterator<Item = &ModelUse> + Clone {
        let heard = self.sound.iter().flat_map(|s| &s.models);
        [&self.detector, &self.embedder]
            .into_iter()
            .chain(&self.validator)
            .chain(heard)
            .chain(self.mouths.iter().map(|m| &m.model))
            .chain(&self.transcriber)
    }

    /// Tells whether the licences of its models allow commercial use; absent where one of them leaves it open and none forbids it.
    #[must_use]
    pub fn commercial_use(&self) -> Option<bool> {
        commercial_use(self.models())
    }
}
