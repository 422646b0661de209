//! Every setting, composed of the parameters of the modules.

use crate::algo::{cluster, evaluate, quality, screen_time, shot_cut, track};
use crate::blobs::StorageParams;
use crate::infer::{DetectParams, EmbedParams};
use crate::media::DecodeParams;
use crate::pipeline::sampling::SampleParams;
use crate::pipeline::scan::{CropImageParams, WorkerParams};
use crate::pull::PullParams;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// The settings of one command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub sample: SampleParams,
    pub workers: WorkerParams,
    pub decode: DecodeParams,
    pub scenes: shot_cut::Params,
    pub detect: DetectParams,
    pub embed: EmbedParams,
    pub track: track::Params,
    pub quality: quality::Params,
    pub crops: quality::CropParams,
    pub crop_images: CropImageParams,
    pub pool: cluster::PoolParams,
    pub cluster: cluster::Params,
    pub screen_time: screen_time::Params,
    pub suggest: SuggestParams,
    pub evaluation: evaluate::Params,
    pub storage: StorageParams,
    pub pull: PullParams,
}

/// When a suggested name is clear; table `[suggest]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuggestParams {
    /// Least cosine to the nearest portrait.
    pub min_cosine: f32,
    /// Least distance to the nearest portrait of another person.
    pub min_margin: f32,
}

impl Settings {
    pub(super) fn from_table(table: Table) -> Result<Self, toml::de::Error> {
        Value::Table(table).try_into()
    }
}

/// The files of `config/`.
const FILES: [&str; 10] = [
    include_str!("../../config/scan.toml"),
    include_str!("../../config/decode.toml"),
    include_str!("../../config/scenes.toml"),
    include_str!("../../config/detection.toml"),
    include_str!("../../config/tracking.toml"),
    include_str!("../../config/recognition.toml"),
    include_str!("../../config/screen_time.toml"),
    include_str!("../../config/evaluation.toml"),
    include_str!("../../config/storage.toml"),
    include_str!("../../config/models.toml"),
];

/// Returns the defaults of all areas as one table.
pub(super) fn builtin() -> Table {
    let mut all = Table::new();
    for text in FILES {
        // A file that does not parse leaves its area out, which the first test of this module shows.
        all.extend(toml::from_str::<Table>(text).unwrap_or_default());
    }
    all
}
