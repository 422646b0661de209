//! Every setting, composed of the parameters of the modules.

use crate::algo::{cluster, evaluate, quality, screen_time, shot_cut, track};
use crate::blobs::StorageParams;
use crate::domain::{CosineMap, CosineScale};
use crate::infer::{DetectParams, EmbedParams};
use crate::media::DecodeParams;
use crate::pipeline::sampling::SampleParams;
use crate::pipeline::scan::{CropImageParams, ValidateParams, WorkerParams};
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
    pub validate: ValidateParams,
    pub track: track::Params,
    pub quality: quality::Params,
    pub crops: quality::CropParams,
    pub crop_images: CropImageParams,
    /// The scale in which all cosines of the settings are given: the default embedder's.
    pub cosines: CosineScale,
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
    /// Returns the same settings with every cosine as an embedder of this scale has it; unchanged where its scale is unknown.
    #[must_use]
    pub fn in_cosines_of(&self, scale: Option<CosineScale>) -> Self {
        let map = CosineMap::new(self.cosines, scale.unwrap_or(self.cosines));
        let mut settings = self.clone();
        settings.cosines = scale.unwrap_or(self.cosines);
        settings.pool = self.pool.in_cosines(&map);
        settings.cluster = self.cluster.in_cosines(&map);
        settings.track.appearance = self.track.appearance.in_cosines(&map);
        settings.suggest = SuggestParams {
            min_cosine: map.cosine(self.suggest.min_cosine),
            min_margin: map.difference(self.suggest.min_margin),
        };
        settings
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cosine_follows_the_embedder_and_none_moves_without_one() {
        let settings = Settings::from_table(builtin()).unwrap();
        assert_eq!(settings.in_cosines_of(None), settings);
        let dlib = settings.in_cosines_of(Some(CosineScale { different: 0.906, same: 0.941 }));
        // By hand: 0.906 + (cosine - 0.27) * 0.035 / 0.13.
        let near = |found: f32, due: f32| assert!((found - due).abs() < 1e-4, "{found} {due}");
        near(dlib.cluster.cluster_thresh, 0.906 + 0.2692 * (settings.cluster.cluster_thresh - 0.27));
        near(dlib.cluster.strangers, 0.906 - 0.2692 * (0.27 - settings.cluster.strangers));
        near(dlib.cluster.belief_middle, 0.906);
        near(dlib.cluster.attach_margin, 0.2692 * settings.cluster.attach_margin);
        near(dlib.pool.outlier_cosine, 0.906 - 0.2692 * 0.02);
        near(dlib.track.appearance.appearance_thresh, 1.0 - (0.906 + 0.2692 * 0.23));
        near(dlib.track.appearance.veto_cosine, 0.906 - 0.2692 * 0.37);
        near(dlib.suggest.min_cosine, 0.906 + 0.2692 * (settings.suggest.min_cosine - 0.27));
        assert_eq!(dlib.detect, settings.detect);
        // Its strangers have no cosine at all; the line would lead below zero.
        let reid = settings.in_cosines_of(Some(CosineScale { different: 0.26, same: 0.43 }));
        near(reid.cluster.strangers, 0.0);
    }
}
