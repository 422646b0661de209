//! The last stage: one shot, one transaction, in order.

use super::reorder::Reorder;
use crate::domain::{EmbedderId, RunId, ShotId, ShotRecord};
use crate::pipeline::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crate::store::EpisodeStore;
use crossbeam_channel::Receiver;

pub(super) fn run(
    store: &EpisodeStore,
    run: RunId,
    embedder: &EmbedderId,
    first: ShotId,
    flow: &Flow<PassError>,
    progress: &Progress,
    records: &Receiver<ShotRecord>,
) -> Result<(), PassError> {
    let mut reorder = Reorder::new(u64::from(first.0));
    for record in records {
        reorder.push(u64::from(record.shot.id.0), record);
        while let Some(record) = reorder.pop() {
            if flow.stopped() {
                return Ok(());
            }
            progress.busy(Stage::Store, || store.write_shot(run, &record, embedder))?;
            progress.shot(record.tracklets.len() as u64, record.crops.len() as u64);
            tracing::debug!(shot = %record.shot.id, start = %record.shot.start, tracks = record.tracklets.len(), "stored shot");
        }
    }
    Ok(())
}
