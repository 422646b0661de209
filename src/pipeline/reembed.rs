//! Makes the vectors of another embedder from the kept crops, without the video.

use super::error::PassError;
use super::flow::{Cancel, Flow};
use super::progress::{Progress, Stage};
use super::scan::{ScanPlan, vectors};
use crate::domain::{CropKey, EmbedderId, Embedding, RunId};
use crate::infer::build_embedder;
use crate::store::EpisodeStore;
use crossbeam_channel::bounded;

/// Crops of one task and of one transaction.
const CHUNK: usize = 64;

/// Embeds every crop of `run` that has no vector of the plan's embedder yet.
///
/// Ends early, with `Ok`, where `cancel` is set; what was stored stays.
///
/// # Errors
/// Returns the first failure of a worker.
pub fn run(
    store: &EpisodeStore,
    run: RunId,
    plan: &ScanPlan<'_>,
    cancel: &Cancel,
    progress: &Progress,
    tick: &(dyn Fn() + Sync),
) -> Result<(), PassError> {
    let embedder = EmbedderId(plan.embedder.entry.id.clone());
    let have: std::collections::BTreeSet<CropKey> = store.embeddings(run, &embedder)?.into_iter().map(|(key, _)| key).collect();
    let crops = store.crops(run)?;
    let missing: Vec<CropKey> = crops.iter().map(crate::domain::CropInfo::key).filter(|k| !have.contains(k)).collect();
    let mut done = have.len() as u64;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // Nothing else runs beside them: on the CPU each core has one.
    let on_gpu = plan.session.device.is_gpu();
    let embedders = if on_gpu { plan.workers.resolve(cores, on_gpu).1 } else { cores };
    let flow: Flow<PassError> = Flow::new(cancel.clone());

    let (to_work, tasks) = bounded::<Vec<(CropKey, Vec<u8>)>>(2);
    let (to_store, results) = bounded::<Vec<(CropKey, Embedding)>>(2 + embedders);
    let started: std::io::Result<()> = std::thread::scope(|scope| {
        let flow = &flow;
        flow.spawn(scope, "load", move || {
            for keys in missing.chunks(CHUNK) {
                let mut task = Vec::with_capacity(keys.len());
                for key in keys {
                    let jpeg = store.aligned(run, *key)?.ok_or_else(|| PassError::Decode {
                        track: key.track.0,
                        frame: key.frame,
                        reason: "it is not there".into(),
                    })?;
                    task.push((*key, jpeg));
                }
                if flow.stopped() || to_work.send(task).is_err() {
                    break;
                }
            }
            Ok(())
        })?;
        for n in 0..embedders {
            let (tasks, to_store) = (tasks.clone(), to_store.clone());
            flow.spawn(scope, format!("embed-{n}"), move || {
                let mut model = build_embedder(plan.embedder, plan.embed, &plan.session)?;
                for task in tasks {
                    if flow.stopped() {
                        break;
                    }
                    let jpegs = task.iter().map(|(key, jpeg)| (key.track.0, key.frame, jpeg.as_slice()));
                    let made = progress.busy(Stage::Embed, || vectors(model.as_mut(), jpegs))?;
                    if to_store.send(task.iter().map(|(key, _)| *key).zip(made).collect()).is_err() {
                        break;
                    }
                }
                Ok(())
            })?;
        }
        drop((tasks, to_store));
        flow.spawn(scope, "store", move || {
            for rows in results {
                if flow.stopped() {
                    break;
                }
                progress.busy(Stage::Store, || store.write_embeddings(run, &embedder, &rows))?;
                done += rows.len() as u64;
                progress.units(done);
                tick();
            }
            Ok(())
        })
    });
    started.map_err(|source| PassError::Thread { source, setting: "[workers] detect and embed" })?;
    flow.into_failure().map_or(Ok(()), |(_, error)| Err(error))
}
