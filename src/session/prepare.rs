//! Everything that is chosen before the first picture is decoded, and the keys that say whether a pass must run again.

use super::run::RunRequest;
use super::workspace::{Workspace, absolute};
use super::{SessionError, fingerprint, linking};
use crate::algo::track::Kind;
use crate::config::Settings;
use crate::domain::{EmbedderId, RunMeta, VideoFacts};
use crate::infer::{
    DetectParams, Device, ModelFile, Prefer, Registry, Runtime, SessionOptions, Task, build_detector, build_embedder,
};
use crate::media::{self, VideoInfo};
use crate::pipeline::sampling::Sampling;
use crate::pipeline::scan::{OFF, ScanPlan, ValidateParams};
use crate::store::LOOK_METHOD;
use std::path::Path;

/// Everything chosen before the first picture is decoded.
pub(super) struct Prepared {
    pub info: VideoInfo,
    pub facts: VideoFacts,
    pub detector: ModelFile,
    pub embedder: ModelFile,
    /// What looks at kept crops a second time, where the settings ask for it.
    pub validator: Option<ModelFile>,
    /// What listens: speech, local speakers, voices; or the ids that are not installed.
    pub ears: Result<[ModelFile; 3], Vec<String>>,
    /// What looks at mouths, where it is there.
    pub mouth: Option<ModelFile>,
    pub runtime: Runtime,
    pub device: Device,
    pub sampling: Sampling,
}

impl Prepared {
    /// Looks at the video, the models and the device.
    ///
    /// # Errors
    /// Fails where one of them cannot be used; nothing is stored by then.
    pub(super) fn new(workspace: &Workspace, request: &RunRequest) -> Result<Self, SessionError> {
        let settings = &workspace.settings;
        let info = media::probe(&request.video)?;
        let prefer = if request.device.may_use_gpu() { Prefer::Gpu } else { Prefer::Cpu };
        let runtime = workspace.runtime(prefer)?;
        let registry = Registry::built_in()?;
        let found = registry.scan(&workspace.models)?;
        let detector = registry.resolve(&found, Task::Detect, &settings.detect.model, &runtime)?;
        let embedder = registry.resolve(&found, Task::Embed, &settings.embed.model, &runtime)?;
        let validator = match settings.validate.model.as_str() {
            OFF => None,
            wanted => Some(registry.resolve_second(&found, &detector, wanted, &runtime)?),
        };
        let ears = super::listening::models(&registry, &found, &settings.listen);
        let mouth = linking::model(&registry, &found, &settings.mouth.model);
        let used = files([&detector, &embedder].into_iter().chain(&validator));
        let device = runtime.device(request.device, &used, &workspace.paths.cache)?;
        // A model that cannot be opened, or a size that it does not take, is told before a run begins.
        let trial = SessionOptions { intra_threads: 1, device: runtime.cpu() };
        build_detector(&detector, &settings.detect, &trial)?;
        build_embedder(&embedder, &settings.embed, &trial)?;
        if let Some(model) = &validator {
            build_detector(model, &settings.validate.detection(&settings.detect), &trial)?;
        }
        let sha256 = fingerprint::of_file(&request.video)?;
        let path = absolute(&request.video);
        let bytes = std::fs::metadata(&path).map(|m| m.len()).unwrap_or_default();
        let first_pts = info.first_pts.unwrap_or_default();
        let sampling = Sampling::choose(&settings.sample, info.fps, first_pts);
        let facts = VideoFacts {
            path: path.to_string_lossy().into_owned(),
            bytes,
            sha256,
            size: info.size,
            fps: info.fps,
            first_pts,
            duration: info.duration.unwrap_or_default(),
            codec: info.codec.clone(),
            pixel_format: info.pixel_format.clone(),
        };
        Ok(Self { info, facts, detector, embedder, validator, ears, mouth, runtime, device, sampling })
    }

    /// Returns every file that a device must be able to run.
    pub(super) fn files(&self) -> Vec<&Path> {
        files([&self.detector, &self.embedder].into_iter().chain(&self.validator))
    }

    /// Returns the settings with every cosine as this run's embedder has it.
    pub(super) fn settings_of_embedder(&self, settings: &Settings) -> Settings {
        settings.in_cosines_of(self.embedder.entry.cosines(settings.cosines))
    }

    /// Returns what decides a scan.
    pub(super) fn plan<'a>(&'a self, settings: &'a Settings) -> ScanPlan<'a> {
        ScanPlan {
            origin: self.facts.first_pts,
            sampling: self.sampling,
            scenes: &settings.scenes,
            detect: &settings.detect,
            embed: &settings.embed,
            track: &settings.track,
            quality: &settings.quality,
            crops: settings.crops.clone(),
            crop_images: &settings.crop_images,
            detector: &self.detector,
            embedder: &self.embedder,
            validate: self.validator.as_ref().map(|model| (model, &settings.validate)),
            workers: settings.workers,
            session: SessionOptions { intra_threads: 1, device: self.device.clone() },
        }
    }

    /// Returns the digest of everything that decides what a scan measures: the video, the parameters, the models.
    pub(super) fn scan_key(&self, settings: &Settings) -> String {
        // Who looks at faces while it tracks, and from which cosines on it does, is part of what is measured.
        let looks = (settings.track.tracker == Kind::Strongsort)
            .then(|| (self.embedder.digest.clone(), self.settings_of_embedder(settings).track.appearance));
        // The model itself decides, not the word that led to it, such as `auto`.
        // How many pictures a GPU takes at once is not a matter of what is found in them.
        let detect = DetectParams { model: self.detector.entry.id.clone(), gpu_batch: 1, ..settings.detect.clone() };
        let mut key = serde_json::json!({
            "scan": 1,
            "video": self.facts.sha256,
            "sampling": format!("{:?}", self.sampling),
            // What decodes is left out: it never changes a picture.
            "decode": {"threads": settings.decode.threads, "skip_non_reference": settings.decode.skip_non_reference},
            "scenes": settings.scenes,
            "detect": detect,
            "track": settings.track,
            "quality": settings.quality,
            "crops": settings.crops,
            "crop_images": settings.crop_images,
            "detector": self.detector.digest,
            "appearance": looks,
        });
        if let Some(model) = &self.validator {
            let validate = ValidateParams { model: model.entry.id.clone(), ..settings.validate.clone() };
            key["validate"] = serde_json::json!([validate, model.digest]);
        }
        fingerprint::of_json(&key)
    }
}

fn files<'a>(models: impl Iterator<Item = &'a ModelFile>) -> Vec<&'a Path> {
    models.flat_map(ModelFile::paths).collect()
}

/// Returns the digest of everything that decides a grouping: the scan, the embedder, the parameters, and the faces that the library knows.
pub(super) fn group_key(settings: &Settings, meta: &RunMeta, embedder: &EmbedderId, faces: &str) -> String {
    fingerprint::of_json(&serde_json::json!({
        "group": 2,
        "scan": meta.scan_key,
        "embedder": embedder,
        "embedder_sha256": meta.embedder.sha256,
        "badges": settings.badges,
        "looks": LOOK_METHOD,
        "pool": settings.pool,
        "cluster": settings.cluster,
        "recognise": settings.recognise,
        "faces": faces,
    }))
}
