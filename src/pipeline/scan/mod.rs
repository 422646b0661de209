//! The scan: one pass over the video that decodes, cuts, detects, tracks, keeps crops and embeds them.
//!
//! ```text
//! decode + cut --pictures--> detect (n threads) --faces--> track --shots--> embed (n threads) --shots--> store
//!         \------------------ settled boundaries ---------/
//! ```
//!
//! Pictures go through the detectors out of order and are put back in order before tracking. The shot is the unit of commit:
//! an interrupted scan goes on at the first shot that is not stored, and then stores what an uninterrupted one would have.

mod crop_image;
mod detect;
mod embed;
mod reorder;
mod source;
mod track;
mod validate;
mod write;

pub use crop_image::{from_jpeg, thumb, to_jpeg};
pub(in crate::pipeline) use embed::vectors;
pub use reorder::Reorder;
pub use source::Resume;
pub use validate::{OFF, ValidateParams};

use super::error::PassError;
use super::flow::{Cancel, Flow};
use super::progress::Progress;
use super::sampling::Sampling;
use crate::algo::{quality, shot_cut, track as tracking};
use crate::domain::{EmbedderId, MediaTime, RunId, ShotId, TrackId};
use crate::infer::{DetectParams, EmbedParams, ModelFile, SessionOptions};
use crate::media::{Damage, Decoder};
use crate::store::EpisodeStore;
use crossbeam_channel::bounded;
use serde::{Deserialize, Serialize};

/// How kept crops are stored; table `[crop_images]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropImageParams {
    /// JPEG quality of the aligned face, `1..=100`.
    pub aligned_quality: u8,
    /// JPEG quality of the thumbnail, `1..=100`.
    pub thumb_quality: u8,
    /// Width of the thumbnail in pixels; its height is 5/4 of it.
    pub thumb_width: u32,
    /// Height of what the thumbnail shows, in face heights.
    pub thumb_context: f32,
}

/// Threads for one GPU: while one computes, the other's pictures are made ready. Each holds a session with memory of its own there.
const ON_GPU: (usize, usize) = (2, 1);

/// How many threads work; table `[workers]`. It never changes a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerParams {
    /// Detector threads, 0 for as many as the cores ask for.
    pub detect: u32,
    /// Embedder threads, likewise.
    pub embed: u32,
}

impl WorkerParams {
    /// Fills in the zeros, for `cores` or for one GPU: threads that detect, and threads that embed.
    #[must_use]
    pub fn resolve(self, cores: usize, on_gpu: bool) -> (usize, usize) {
        let pick = |n: u32, auto: usize| if n == 0 { auto } else { usize::try_from(n).unwrap_or(auto) };
        let (detect, embed) = if on_gpu { ON_GPU } else { (cores.clamp(1, 12), (cores / 2).clamp(1, 6)) };
        (pick(self.detect, detect), pick(self.embed, embed))
    }
}

/// Everything that decides what a scan measures.
#[derive(Debug, Clone)]
pub struct ScanPlan<'a> {
    /// Time of the first picture.
    pub origin: MediaTime,
    pub sampling: Sampling,
    pub scenes: &'a shot_cut::Params,
    pub detect: &'a DetectParams,
    pub embed: &'a EmbedParams,
    pub track: &'a tracking::Params,
    pub quality: &'a quality::Params,
    pub crops: quality::CropParams,
    pub crop_images: &'a CropImageParams,
    pub detector: &'a ModelFile,
    pub embedder: &'a ModelFile,
    /// What looks at kept crops a second time, and how.
    pub validate: Option<(&'a ModelFile, &'a ValidateParams)>,
    pub workers: WorkerParams,
    pub session: SessionOptions,
}

/// Runs a scan from where `resume` says, and returns what the decoder could not read.
///
/// Ends early, with `Ok`, where `cancel` is set; the caller tells by asking it.
///
/// # Errors
/// Returns the first failure of any stage; every shot stored before it stays.
#[expect(clippy::too_many_arguments, reason = "each is one thing that a scan needs, and it has one caller")]
pub fn run(
    decoder: Decoder,
    store: &EpisodeStore,
    run: RunId,
    resume: &Resume,
    plan: &ScanPlan<'_>,
    cancel: &Cancel,
    progress: &Progress,
    tick: &(dyn Fn() + Sync),
) -> Result<Damage, PassError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (detectors, embedders) = plan.workers.resolve(cores, plan.session.device.is_gpu());
    let embedder = EmbedderId(plan.embedder.entry.id.clone());
    let flow: Flow<PassError> = Flow::new(cancel.clone());
    let damage = std::sync::Mutex::new(Damage::default());

    // Large items, small capacities: these bound the memory of the whole scan.
    let waiting = if plan.session.device.is_cpu() { 2 } else { detectors * plan.detect.gpu_batch.max(1) };
    let (to_detect, pictures) = bounded(waiting);
    let (to_track, faces) = bounded(4 + detectors);
    let (to_embed, drafts) = bounded(2);
    let (to_store, records) = bounded(2 + embedders);

    let started: std::io::Result<()> = std::thread::scope(|scope| {
        let (flow, damage) = (&flow, &damage);
        let settled = to_track.clone();
        flow.spawn(scope, "decode", move || {
            let seen = source::run(decoder, resume, plan, flow, progress, &to_detect, &settled)?;
            *damage.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = seen;
            Ok(())
        })?;
        for n in 0..detectors {
            let (pictures, to_track) = (pictures.clone(), to_track.clone());
            flow.spawn(scope, format!("detect-{n}"), move || detect::run(plan, flow, progress, &pictures, &to_track))?;
        }
        drop((pictures, to_track));
        flow.spawn(scope, "track", move || track::run(resume, plan, flow, progress, tick, &faces, &to_embed))?;
        for n in 0..embedders {
            let (drafts, to_store) = (drafts.clone(), to_store.clone());
            flow.spawn(scope, format!("embed-{n}"), move || embed::run(plan, flow, progress, &drafts, &to_store))?;
        }
        drop((drafts, to_store));
        flow.spawn(scope, "store", move || write::run(store, run, &embedder, resume.next_shot, flow, progress, &records))
    });
    started.map_err(|source| PassError::Thread { source, setting: "[workers] detect and embed" })?;
    match flow.into_failure() {
        Some((_, error)) => Err(error),
        None => Ok(damage.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)),
    }
}

/// Names the next free numbers of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextIds {
    pub shot: ShotId,
    pub track: TrackId,
}
