//! Every setting, composed of the parameters of the modules.

use crate::algo::{
    cluster, diarise, enrol, evaluate, fuse, mouth, propagate, quality, recognise, run_diff, screen_time, shot_cut, speech,
    track, voice_bank,
};
use crate::blobs::StorageParams;
use crate::domain::{CosineMap, CosineScale, Thresholds};
use crate::infer::{DetectParams, EmbedParams, TranscribeParams};
use crate::media::DecodeParams;
use crate::pipeline::group::Weights;
use crate::pipeline::listen;
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
    pub badges: quality::BadgeParams,
    pub crops: quality::CropParams,
    pub crop_images: CropImageParams,
    /// The scale in which all cosines of the settings are given: the default embedder's.
    pub cosines: CosineScale,
    pub pool: cluster::PoolParams,
    pub cluster: cluster::Params,
    pub propagate: propagate::Params,
    pub recognise: recognise::Params,
    pub calibration: recognise::CalibrationParams,
    pub screen_time: screen_time::Params,
    pub listen: listen::Params,
    pub speech: speech::Params,
    pub diarise: diarise::Params,
    pub mouth: mouth::Params,
    pub fuse: fuse::Params,
    pub voice_bank: voice_bank::Params,
    pub transcribe: TranscribeParams,
    pub suggest: SuggestParams,
    pub facebank: enrol::Params,
    pub photos: PhotoParams,
    pub doubts: DoubtParams,
    pub progress: ProgressParams,
    pub what_if: WhatIfParams,
    pub evaluation: evaluate::Params,
    pub compare: run_diff::Params,
    pub storage: StorageParams,
    pub pull: PullParams,
    pub pictures: PictureParams,
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

/// Which thresholds of grouping can be tried out; table `[what_if]`. Cosines are in the scale of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatIfParams {
    pub lowest: f32,
    pub highest: f32,
    /// Cosine that one key moves the threshold by.
    pub step: f32,
    /// Steps of the coarse key.
    pub leap: u16,
}

/// What of a picture is taken on; table `[photos]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhotoParams {
    /// Megabytes that a file may have.
    pub most_file_mb: u32,
    /// Megabytes that its pixels may take.
    pub most_pixels_mb: u32,
    /// Longer side from which a picture is looked at in a smaller copy, pixels.
    pub look_side: u32,
}

/// How pictures are shown; table `[pictures]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureParams {
    pub image: ImageProtocol,
    pub blocks: BlockKind,
    /// Milliseconds to wait for the terminal's answer.
    pub probe_ms: u16,
    /// Threads that make pictures; 0: by the cores.
    pub threads: u8,
    /// Share of a thumbnail's height that is shown in blocks, `0..=1`.
    pub tight_share: f64,
    /// Strength of sharpening before blocks, from 0.
    pub sharpen: f64,
    /// How much the background is darkened in blocks, `0..=1`.
    pub dim_background: f64,
    /// Range that a face's brightness is stretched to, of 255.
    pub light_span: f64,
    /// Most that it is stretched by.
    pub light_gain: f64,
    /// Brightness that its median is bent towards, `0..=1`.
    pub light_middle: f64,
    /// Bytes that a cell of blocks may cost on the way to the terminal.
    pub bytes_per_cell: f64,
    /// Colours of a palette picture, `2..=256`.
    pub colours: u16,
    /// Bits that a kitty picture may cost for each pixel shown.
    pub bits_per_pixel: f64,
    /// Of pictures sent as JPEG, `1..=100`.
    pub jpeg_quality: u8,
    /// MiB kept of pictures made.
    pub cache_mib: u32,
    /// MiB of pixels that a kitty terminal is asked to keep.
    pub terminal_mib: u32,
}

/// How pictures are to reach the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum ImageProtocol {
    /// The best that the terminal says it has.
    Auto,
    Kitty,
    Sixel,
    Iterm2,
    HalfBlocks,
    Off,
}

/// Which characters stand for pixels where the terminal has no graphics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    Half,
    /// Halves, quarters and eighths.
    Blocks,
    Octants,
}

/// From where on something is doubtful in review; table `[doubts]`. Parts of quality and belief are `0..=1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoubtParams {
    /// Size below which a face is small.
    pub small: f32,
    /// Light below which a face is dark, or too bright.
    pub dark: f32,
    /// Visibility below which a face is hidden.
    pub hidden: f32,
    /// Belief below which an assignment that nobody confirmed is doubtful.
    pub low_belief: f32,
}

/// How far an episode is in review; table `[progress]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgressParams {
    /// Share of what is seen, `0..=1`, from which on an episode is done.
    pub done_share: f64,
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
        settings.propagate = self.propagate.in_cosines(&map);
        settings.recognise = self.recognise.in_cosines(&map);
        settings.track.appearance = self.track.appearance.in_cosines(&map);
        settings.facebank = self.facebank.in_cosines(&map);
        settings.suggest = SuggestParams {
            min_cosine: map.cosine(self.suggest.min_cosine),
            min_margin: map.difference(self.suggest.min_margin),
        };
        settings
    }

    /// Returns what crops weigh.
    #[must_use]
    pub fn weights(&self) -> Weights<'_> {
        Weights { pool: &self.pool, badges: &self.badges }
    }

    /// Returns the same with tracks grouped as somebody decided, where somebody did; before [`Self::in_cosines_of`].
    #[must_use]
    pub fn grouped_at(&self, decided: Option<Thresholds>) -> Self {
        let mut settings = self.clone();
        if let Some(Thresholds { cluster_thresh, min_cluster_size }) = decided {
            (settings.cluster.cluster_thresh, settings.cluster.min_cluster_size) = (cluster_thresh, min_cluster_size);
        }
        settings
    }

    pub(super) fn from_table(table: Table) -> Result<Self, toml::de::Error> {
        Value::Table(table).try_into()
    }
}

/// The files of `config/`.
const FILES: [&str; 14] = [
    include_str!("../../config/scan.toml"),
    include_str!("../../config/decode.toml"),
    include_str!("../../config/scenes.toml"),
    include_str!("../../config/detection.toml"),
    include_str!("../../config/tracking.toml"),
    include_str!("../../config/recognition.toml"),
    include_str!("../../config/screen_time.toml"),
    include_str!("../../config/audio.toml"),
    include_str!("../../config/review.toml"),
    include_str!("../../config/evaluation.toml"),
    include_str!("../../config/compare.toml"),
    include_str!("../../config/storage.toml"),
    include_str!("../../config/models.toml"),
    include_str!("../../config/screen.toml"),
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
        near(dlib.propagate.middle, 0.906 + 0.2692 * (settings.propagate.middle - 0.27));
        near(dlib.propagate.margin, 0.2692 * settings.propagate.margin);
        near(dlib.suggest.min_cosine, 0.906 + 0.2692 * (settings.suggest.min_cosine - 0.27));
        assert_eq!(dlib.detect, settings.detect);
        // Its strangers have no cosine at all; the line would lead below zero.
        let reid = settings.in_cosines_of(Some(CosineScale { different: 0.26, same: 0.43 }));
        near(reid.cluster.strangers, 0.0);
    }
}
