//! The embedder threads: vectors of the kept crops of one shot.

use super::ScanPlan;
use super::crop_image::from_jpeg;
use super::track::Draft;
use crate::domain::{Embedding, ShotRecord};
use crate::infer::{FaceEmbedder, build_embedder};
use crate::pipeline::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crossbeam_channel::{Receiver, Sender};

pub(super) fn run(
    plan: &ScanPlan<'_>,
    flow: &Flow<PassError>,
    progress: &Progress,
    drafts: &Receiver<Draft>,
    to_store: &Sender<ShotRecord>,
) -> Result<(), PassError> {
    let mut embedder = build_embedder(plan.embedder, plan.embed, &plan.session)?;
    for draft in drafts {
        if flow.stopped() {
            break;
        }
        let jpegs = draft.crops.iter().map(|c| (c.track.0, c.at.frame, c.aligned.as_slice()));
        let embeddings = progress.busy(Stage::Embed, || vectors(embedder.as_mut(), jpegs))?;
        let Draft { shot, next, analysed, faces, tracklets, crops } = draft;
        if to_store.send(ShotRecord { shot, next, analysed, faces, tracklets, crops, embeddings }).is_err() {
            break;
        }
    }
    Ok(())
}

/// Crops that go to the embedder at once; bounds memory, and fills a GPU.
const BATCH: usize = 32;

/// Returns one vector for each crop `(track, picture, JPEG of the aligned face)`.
///
/// The vector is made of the stored picture, not of the one before compression, so that it is the same whenever it is made.
pub(in crate::pipeline) fn vectors<'a>(
    embedder: &mut dyn FaceEmbedder,
    crops: impl IntoIterator<Item = (u32, u64, &'a [u8])>,
) -> Result<Vec<Embedding>, PassError> {
    let mut out = Vec::new();
    let mut batch = Vec::with_capacity(BATCH);
    for (track, frame, jpeg) in crops {
        batch.push(from_jpeg(jpeg).map_err(|reason| PassError::Decode { track, frame, reason })?);
        if batch.len() == BATCH {
            out.extend(embedder.embed(&batch)?);
            batch.clear();
        }
    }
    if !batch.is_empty() {
        out.extend(embedder.embed(&batch)?);
    }
    Ok(out)
}
