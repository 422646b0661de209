//! Measures the stored crops for their badges, without the video: what a run of an older version, or a new one, does not have yet.

use super::error::PassError;
use super::flow::Cancel;
use super::scan::from_jpeg;
use crate::algo::quality::look;
use crate::domain::{CropInfo, CropKey, Look, RunId, ShotId};
use crate::store::EpisodeStore;
use std::collections::BTreeMap;

/// Crops of one transaction.
const CHUNK: usize = 2_000;

/// Measures every crop of `run` that was not looked at yet; one thread a core. Takes about a millisecond of processor a crop, most of it for the JPEG.
///
/// Ends early, with `Ok`, where `cancel` is set; what was stored stays.
///
/// # Errors
/// Fails where a crop cannot be read, or the store not be written.
pub fn run(store: &EpisodeStore, run: RunId, cancel: &Cancel) -> Result<(), PassError> {
    let have = store.looks_by_shot(run)?;
    let mut missing: Vec<(ShotId, Vec<CropInfo>)> = Vec::new();
    for shot in store.shots(run)? {
        let crops = store.shot_crops(run, shot.id)?;
        if have.get(&shot.id).map_or(0, Vec::len) != crops.len() {
            missing.push((shot.id, crops));
        }
    }
    let mut left = missing.as_slice();
    while let (Some(_), false) = (left.first(), cancel.is_set()) {
        let mut crops = 0;
        let full = left.iter().position(|(_, of_shot)| {
            crops += of_shot.len();
            crops >= CHUNK
        });
        let (now, later) = left.split_at(full.map_or(left.len(), |at| at + 1));
        left = later;
        let keys: Vec<CropKey> = now.iter().flat_map(|(_, crops)| crops.iter().map(CropInfo::key)).collect();
        let looks = looks_of(store, run, &keys)?;
        let of_shot = |(shot, crops): &(ShotId, Vec<CropInfo>)| {
            (*shot, crops.iter().filter_map(|c| Some((c.key(), *looks.get(&c.key())?))).collect())
        };
        store.write_looks(run, &now.iter().map(of_shot).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Measures some crops, a share of them on each core.
fn looks_of(store: &EpisodeStore, run: RunId, keys: &[CropKey]) -> Result<BTreeMap<CropKey, Look>, PassError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = keys.len().div_ceil(cores).max(1);
    let one = |key: &CropKey| -> Result<(CropKey, Look), PassError> {
        // A crop that was read from files may have no picture. Of one that is missing or cannot be decoded nothing is told, which stops nobody.
        let decoded = match store.aligned(run, *key)? {
            Some(jpeg) if jpeg.is_empty() => None,
            Some(jpeg) => from_jpeg(&jpeg).map_err(|why| tracing::warn!(%why, ?key, "look")).ok(),
            None => {
                tracing::warn!(?key, "look: the picture is not there");
                None
            }
        };
        Ok((*key, decoded.map(|face| look(&face)).unwrap_or_default()))
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = keys
            .chunks(share)
            .map(|some| scope.spawn(move || some.iter().map(one).collect::<Result<Vec<_>, PassError>>()))
            .collect();
        let mut all = BTreeMap::new();
        for worker in workers {
            match worker.join() {
                Ok(looks) => all.extend(looks?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}
