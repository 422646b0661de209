//! Face vectors of a run, apart by the model that made them.

use super::codec::{RowError, from_floats, to_floats};
use super::engine::Fault;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::tables::{ALIGNED, EMBEDDINGS, EmbeddingKey};
use crate::domain::{CropKey, EmbedderId, Embedding, RunId, TrackId};
use redb::{ReadTransaction, ReadableTable};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

impl EpisodeStore {
    /// Returns the vectors of one embedder, by track, then picture, bit for bit as they were stored; perhaps not of all
    /// crops, see [`EpisodeStore::has_embeddings`].
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn embeddings(&self, run: RunId, embedder: &EmbedderId) -> Result<Vec<(CropKey, Embedding)>, StoreError> {
        self.read_run(run, |txn| {
            let mut all = Vec::new();
            each_embedding(txn, run, embedder, |crop, values| {
                all.push((crop, embedding(crop, values?)?));
                Ok(())
            })?;
            Ok(all)
        })
    }

    /// Returns the vectors of one embedder for one tracklet, by picture; see [`EpisodeStore::embeddings`].
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn track_embeddings(
        &self,
        run: RunId,
        embedder: &EmbedderId,
        tracklet: TrackId,
    ) -> Result<Vec<(CropKey, Embedding)>, StoreError> {
        self.read_run(run, |txn| {
            let mut all = Vec::new();
            each_embedding_of(txn, run, embedder, tracklet..=tracklet, |crop, values| {
                all.push((crop, embedding(crop, values?)?));
                Ok(())
            })?;
            Ok(all)
        })
    }

    /// Stores vectors of one embedder for stored crops, in one transaction; those that are there are replaced.
    ///
    /// # Errors
    /// Fails with [`StoreError::Embeddings`] where a crop is not stored or vectors differ in length, and where there
    /// is no such run or writing fails.
    pub fn write_embeddings(&self, run: RunId, embedder: &EmbedderId, rows: &[(CropKey, Embedding)]) -> Result<(), StoreError> {
        let refused = |what| StoreError::Embeddings { run, what };
        if let Some(pair) = rows.windows(2).find(|pair| pair[0].1.dim() != pair[1].1.dim()) {
            return Err(refused(format!("{embedder} gave {} and {} numbers", pair[0].1.dim(), pair[1].1.dim())));
        }
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            let crops = txn.open_table(ALIGNED)?;
            let mut table = txn.open_table(EMBEDDINGS)?;
            for (crop, embedding) in rows {
                if crops.get((run.0, crop.track.0, crop.frame))?.is_none() {
                    return Err(refused(format!("track {} has no crop in picture {}", crop.track, crop.frame)).into());
                }
                let key = (run.0, embedder.0.as_str(), crop.track.0, crop.frame);
                table.insert(key, to_floats(&key, embedding.as_slice()).as_slice())?;
            }
            Ok(())
        })
    }

    /// Tells whether every crop of a run has a vector of `embedder`.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn has_embeddings(&self, run: RunId, embedder: &EmbedderId) -> Result<bool, StoreError> {
        let crops: BTreeSet<CropKey> = self.crops(run)?.iter().map(crate::domain::CropInfo::key).collect();
        self.read_run(run, |txn| {
            let mut missing = crops;
            each_embedding(txn, run, embedder, |crop, _| {
                missing.remove(&crop);
                Ok(())
            })?;
            Ok(missing.is_empty())
        })
    }

    /// Returns the embedders that have vectors in a run, by id.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn embedders(&self, run: RunId) -> Result<Vec<EmbedderId>, StoreError> {
        self.read_run(run, |txn| {
            let table = txn.open_table(EMBEDDINGS)?;
            let mut found: Vec<EmbedderId> = Vec::new();
            loop {
                // Jumps from embedder to embedder: the next key after all rows of the last one.
                let after = found.last().map_or("", |last| last.0.as_str());
                let start = if found.is_empty() { (run.0, "", 0, 0) } else { (run.0, after, u32::MAX, u64::MAX) };
                let Some(entry) = table.range(start..)?.next() else { break };
                let key = entry?.0;
                let (of, embedder, _, _) = key.value();
                if of != run.0 || (!found.is_empty() && embedder == after) {
                    break;
                }
                found.push(EmbedderId(embedder.to_owned()));
            }
            Ok(found)
        })
    }
}

/// Calls `each` with the vectors of one embedder, in order of their crops.
pub(super) fn each_embedding(
    txn: &ReadTransaction,
    run: RunId,
    embedder: &EmbedderId,
    each: impl FnMut(CropKey, Result<Vec<f32>, RowError>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    each_embedding_of(txn, run, embedder, TrackId(0)..=TrackId(u32::MAX), each)
}

/// Does the same for some tracklets.
fn each_embedding_of(
    txn: &ReadTransaction,
    run: RunId,
    embedder: &EmbedderId,
    tracklets: RangeInclusive<TrackId>,
    mut each: impl FnMut(CropKey, Result<Vec<f32>, RowError>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let table: redb::ReadOnlyTable<EmbeddingKey, _> = txn.open_table(EMBEDDINGS)?;
    let name = embedder.0.as_str();
    let (first, last) = (tracklets.start().0, tracklets.end().0);
    for entry in table.range((run.0, name, first, 0)..=(run.0, name, last, u64::MAX))? {
        let (key, row) = entry?;
        let (_, _, track, frame) = key.value();
        each(CropKey { track: TrackId(track), frame }, from_floats(&key.value(), row.value()))?;
    }
    Ok(())
}

fn embedding(crop: CropKey, values: Vec<f32>) -> Result<Embedding, RowError> {
    Embedding::from_unit(values).map_err(|e| RowError::Shape(format!("track {} picture {}: {e}", crop.track, crop.frame)))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{SMALL, embedder, episode, meta, shot};
    use super::*;

    fn store() -> EpisodeStore {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store.write_shot(RunId(1), &shot(1, SMALL), &embedder()).unwrap();
        store
    }

    #[test]
    fn another_embedder_is_kept_apart() {
        let store = store();
        let other = EmbedderId("mobilefacenet2".into());
        let crops = store.crops(RunId(1)).unwrap();
        let vector = Embedding::from_raw(vec![3.0, 4.0]).unwrap();
        let rows: Vec<_> = crops.iter().map(|c| (c.key(), vector.clone())).collect();
        assert!(!store.has_embeddings(RunId(1), &other).unwrap());
        store.write_embeddings(RunId(1), &other, &rows[1..]).unwrap();
        assert!(!store.has_embeddings(RunId(1), &other).unwrap());
        store.write_embeddings(RunId(1), &other, &rows).unwrap();
        assert!(store.has_embeddings(RunId(1), &other).unwrap());
        assert_eq!(store.embeddings(RunId(1), &other).unwrap(), rows);
        assert_eq!(store.embeddings(RunId(1), &embedder()).unwrap()[0].1.dim(), SMALL.dim);
        assert_eq!(store.embedders(RunId(1)).unwrap(), [embedder(), other]);
    }

    #[test]
    fn vectors_without_a_crop_or_of_two_lengths_are_refused() {
        let store = store();
        let (a, b) = (Embedding::from_raw(vec![1.0]).unwrap(), Embedding::from_raw(vec![1.0, 0.0]).unwrap());
        let crop = store.crops(RunId(1)).unwrap()[0].key();
        let nowhere = CropKey { track: TrackId(77), frame: 1 };
        let told = store.write_embeddings(RunId(1), &embedder(), &[(crop, a.clone()), (nowhere, a.clone())]).unwrap_err();
        assert!(told.to_string().ends_with("track t77 has no crop in picture 1"), "{told}");
        assert!(store.write_embeddings(RunId(1), &embedder(), &[(crop, a), (crop, b)]).is_err());
        assert_eq!(store.embeddings(RunId(1), &embedder()).unwrap()[0].1.dim(), SMALL.dim);
    }
}
