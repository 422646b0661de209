//! What a run measures, shot by shot.

use super::codec::{RowError, from_bulk, seal, to_bulk, to_floats, unseal};
use super::engine::Fault;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::parts::{Parts, check_next};
use super::rows::{AnalysedRow, CropsRow, FacesRow, ShotRow, TrackletsRow};
use super::tables::{ALIGNED, ANALYSED, Bytes, CROPS, EMBEDDINGS, FACES, PictureKey, SHOTS, ShotKey, THUMBS, TRACKLETS};
use crate::domain::{Crop, CropInfo, CropKey, EmbedderId, Face, FrameTime, Opening, RunId, Shot, ShotId, ShotRecord, Tracklet};
use redb::{ReadTransaction, ReadableTable, TableDefinition};
use serde::de::DeserializeOwned;
use std::ops::RangeInclusive;

impl EpisodeStore {
    /// Stores everything measured in the next shot, in one transaction: a crash leaves all of it or nothing.
    ///
    /// Costs about two syncs of the disk.
    ///
    /// # Errors
    /// Fails with [`StoreError::Shot`] where it is not the next shot of `run`, or its parts do not fit together, and
    /// where there is no such run or writing fails.
    pub fn write_shot(&self, run: RunId, record: &ShotRecord, embedder: &EmbedderId) -> Result<(), StoreError> {
        let id = record.shot.id;
        let refused = |what| StoreError::Shot { run, shot: id, what };
        let crops: Vec<CropInfo> = record.crops.iter().map(Crop::info).collect();
        let ShotRecord { shot, analysed, faces, tracklets, embeddings, .. } = record;
        Parts { shot, analysed, faces, tracklets, crops: &crops }.check().map_err(refused)?;
        if embeddings.len() != crops.len() {
            return Err(refused(format!("it has {} crops and {} embeddings", crops.len(), embeddings.len())));
        }
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            let key = (run.0, id.0);
            let mut shots = txn.open_table(SHOTS)?;
            let last = shots.range(of_run(run))?.next_back().transpose()?;
            let last = last.map(|(key, row)| read_shot(key.value(), row.value())).transpose()?;
            check_next(last.as_ref(), shot).map_err(refused)?;
            shots.insert(key, to_bulk(&key, &ShotRow::new(shot, record.next.as_ref()))?.as_slice())?;
            txn.open_table(ANALYSED)?.insert(key, to_bulk(&key, &AnalysedRow::new(analysed))?.as_slice())?;
            txn.open_table(FACES)?.insert(key, to_bulk(&key, &FacesRow::new(faces))?.as_slice())?;
            txn.open_table(TRACKLETS)?.insert(key, to_bulk(&key, &TrackletsRow::new(tracklets))?.as_slice())?;
            txn.open_table(CROPS)?.insert(key, to_bulk(&key, &CropsRow::new(&crops))?.as_slice())?;
            let (mut aligned, mut thumbs) = (txn.open_table(ALIGNED)?, txn.open_table(THUMBS)?);
            for crop in &record.crops {
                let key = (run.0, crop.track.0, crop.at.frame);
                aligned.insert(key, seal(&key, &crop.aligned).as_slice())?;
                thumbs.insert(key, seal(&key, &crop.thumb).as_slice())?;
            }
            let mut vectors = txn.open_table(EMBEDDINGS)?;
            for (crop, embedding) in crops.iter().zip(embeddings) {
                let key = (run.0, embedder.0.as_str(), crop.track.0, crop.at.frame);
                vectors.insert(key, to_floats(&key, embedding.as_slice()).as_slice())?;
            }
            Ok(())
        })
    }

    /// Returns the shots of a run, in order.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn shots(&self, run: RunId) -> Result<Vec<Shot>, StoreError> {
        self.read_run(run, |txn| {
            let table = txn.open_table(SHOTS)?;
            let mut shots: Vec<Shot> = Vec::new();
            for entry in table.range(of_run(run))? {
                let (key, row) = entry?;
                let shot = read_shot(key.value(), row.value())?;
                check_next(shots.last(), &shot).map_err(RowError::Missing)?;
                shots.push(shot);
            }
            require_end(txn, run, shots.last())?;
            Ok(shots)
        })
    }

    /// Returns how the shot after `shot` begins; `None` after the last of the video.
    ///
    /// # Errors
    /// Fails where there is no such run or shot, or the file cannot be read.
    pub fn opening_after(&self, run: RunId, shot: ShotId) -> Result<Option<Opening>, StoreError> {
        self.read_run(run, |txn| {
            let table = txn.open_table(SHOTS)?;
            let key = (run.0, shot.0);
            let row = table.get_owned(key)?;
            Ok(row.map(|row| from_bulk::<ShotRow>(&key, row.value())?.next()).transpose()?.flatten())
        })
    }

    /// Returns the numbers of the shots that have a row, whatever is in it.
    pub(super) fn shot_ids(&self, run: RunId) -> Result<Vec<ShotId>, StoreError> {
        self.read_run(run, |txn| {
            let table = txn.open_table(SHOTS)?;
            table.range(of_run(run))?.map(|entry| Ok(ShotId(entry?.0.value().1))).collect()
        })
    }

    /// Returns one shot.
    pub(super) fn shot(&self, run: RunId, id: ShotId) -> Result<Shot, StoreError> {
        self.read_run(run, |txn| {
            let key = (run.0, id.0);
            let row = txn.open_table(SHOTS)?.get_owned(key)?;
            let row = row.ok_or_else(|| RowError::Missing(format!("shot {id} of run {run}")))?;
            Ok(read_shot(key, row.value())?)
        })
    }

    /// Returns the last stored shot of a run: where a scan goes on.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn last_shot(&self, run: RunId) -> Result<Option<Shot>, StoreError> {
        self.read_run(run, |txn| {
            let table = txn.open_table(SHOTS)?;
            let last = table.range(of_run(run))?.next_back().transpose()?;
            let last = last.map(|(key, row)| read_shot(key.value(), row.value())).transpose()?;
            require_end(txn, run, last.as_ref())?;
            Ok(last)
        })
    }

    /// Returns the pictures of a shot that the detector saw, in order; none for a shot that is not stored.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn analysed(&self, run: RunId, shot: ShotId) -> Result<Vec<FrameTime>, StoreError> {
        Ok(self.shot_row::<AnalysedRow>(ANALYSED, run, shot)?.map(AnalysedRow::frames).unwrap_or_default())
    }

    /// Returns the detections of a shot as they were stored; none for a shot that is not stored.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn faces(&self, run: RunId, shot: ShotId) -> Result<Vec<Face>, StoreError> {
        match self.shot_row::<FacesRow>(FACES, run, shot)? {
            Some(row) => row.faces().map_err(|e| StoreError::damaged(self.engine.path(), e.to_string())),
            None => Ok(Vec::new()),
        }
    }

    /// Walks the detections of a run, one shot in memory at a time.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read; each item may fail likewise.
    pub fn all_faces(
        &self,
        run: RunId,
    ) -> Result<impl Iterator<Item = Result<(ShotId, Vec<Face>), StoreError>> + '_, StoreError> {
        let shots = self.shots(run)?;
        Ok(shots.into_iter().map(move |shot| self.faces(run, shot.id).map(|faces| (shot.id, faces))))
    }

    /// Returns the tracklets of a run, by shot, then id.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn tracklets(&self, run: RunId) -> Result<Vec<Tracklet>, StoreError> {
        self.read_run(run, |txn| {
            require_rows(txn, TRACKLETS, run)?;
            let table = txn.open_table(TRACKLETS)?;
            let mut all = Vec::new();
            for entry in table.range(of_run(run))? {
                let (key, row) = entry?;
                all.extend(from_bulk::<TrackletsRow>(&key.value(), row.value())?.tracklets(ShotId(key.value().1)));
            }
            Ok(all)
        })
    }

    /// Returns the crops of a run without their pictures, by shot, then track, then picture.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn crops(&self, run: RunId) -> Result<Vec<CropInfo>, StoreError> {
        self.read_run(run, |txn| {
            require_rows(txn, CROPS, run)?;
            let table = txn.open_table(CROPS)?;
            let mut all = Vec::new();
            for entry in table.range(of_run(run))? {
                let (key, row) = entry?;
                all.extend(from_bulk::<CropsRow>(&key.value(), row.value())?.crops());
            }
            Ok(all)
        })
    }

    /// Returns the tracklets of a shot, by id; none for a shot that is not stored.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn shot_tracklets(&self, run: RunId, shot: ShotId) -> Result<Vec<Tracklet>, StoreError> {
        let row = self.shot_row::<TrackletsRow>(TRACKLETS, run, shot)?;
        Ok(row.map(|row| row.tracklets(shot).collect()).unwrap_or_default())
    }

    /// Returns the crops of a shot without their pictures, by track, then picture; none for a shot that is not stored.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn shot_crops(&self, run: RunId, shot: ShotId) -> Result<Vec<CropInfo>, StoreError> {
        Ok(self.shot_row::<CropsRow>(CROPS, run, shot)?.map(|row| row.crops().collect()).unwrap_or_default())
    }

    /// Returns the JPEG that every embedder's input is cut from; `None` for a crop that is not stored.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn aligned(&self, run: RunId, crop: CropKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.picture(ALIGNED, run, crop)
    }

    /// Returns the 4:5 JPEG for people to look at; `None` for a crop that is not stored.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn thumb(&self, run: RunId, crop: CropKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.picture(THUMBS, run, crop)
    }

    pub(super) fn read_run<T>(
        &self,
        run: RunId,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.engine.read(|txn| {
            self.require_run_read(txn, run)?;
            work(txn)
        })
    }

    fn shot_row<T: DeserializeOwned>(
        &self,
        table: TableDefinition<ShotKey, Bytes>,
        run: RunId,
        shot: ShotId,
    ) -> Result<Option<T>, StoreError> {
        self.read_run(run, |txn| {
            let key = (run.0, shot.0);
            match txn.open_table(table)?.get(key)? {
                Some(row) => Ok(Some(from_bulk(&key, row.value())?)),
                None if txn.open_table(SHOTS)?.get(key)?.is_none() => Ok(None),
                None => Err(RowError::Missing(format!("{} of shot {shot} of run {run}", definition_name(table))).into()),
            }
        })
    }

    fn picture(
        &self,
        table: TableDefinition<PictureKey, Bytes>,
        run: RunId,
        crop: CropKey,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(table)?;
            let key = (run.0, crop.track.0, crop.frame);
            let row = table.get(key)?;
            Ok(row.map(|row| unseal(&key, row.value()).map(<[u8]>::to_vec)).transpose()?)
        })
    }
}

/// Checks that nothing is stored of a shot after `last`: if there is, rows of shots were lost.
fn require_end(txn: &ReadTransaction, run: RunId, last: Option<&Shot>) -> Result<(), Fault> {
    let end = txn.open_table(ANALYSED)?.range(of_run(run))?.next_back().transpose()?.map(|(key, _)| key.value().1);
    if end == last.map(|shot| shot.id.0) { Ok(()) } else { Err(RowError::Missing(format!("the last shots of run {run}")).into()) }
}

/// Checks that `table` has a row for each shot of a run.
fn require_rows(txn: &ReadTransaction, table: TableDefinition<ShotKey, Bytes>, run: RunId) -> Result<(), Fault> {
    let name = definition_name(table);
    let (shots, rows) = (txn.open_table(SHOTS)?, txn.open_table(table)?);
    let mut rows = rows.range(of_run(run))?;
    for shot in shots.range(of_run(run))? {
        let expected = shot?.0.value();
        let found = rows.next().transpose()?.map(|row| row.0.value());
        if found != Some(expected) {
            return Err(RowError::Missing(format!("{name} of shot {} of run {run}", ShotId(expected.1))).into());
        }
    }
    Ok(())
}

/// All shots of a run.
pub(super) fn of_run(run: RunId) -> RangeInclusive<ShotKey> {
    (run.0, 0)..=(run.0, u32::MAX)
}

fn read_shot(key: ShotKey, row: &[u8]) -> Result<Shot, RowError> {
    from_bulk::<ShotRow>(&key, row)?.shot(ShotId(key.1))
}

pub(super) fn definition_name<K: redb::Key + 'static, V: redb::Value + 'static>(definition: TableDefinition<K, V>) -> String {
    redb::TableHandle::name(&definition).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Amount, SMALL, embedder, episode, meta, shot};
    use super::*;

    fn store(shots: u32) -> EpisodeStore {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        for id in 1..=shots {
            store.write_shot(RunId(1), &shot(id, SMALL), &embedder()).unwrap();
        }
        store
    }

    #[test]
    fn everything_of_a_shot_comes_back_as_it_was_written() {
        let store = store(2);
        let run = RunId(1);
        let records = [shot(1, SMALL), shot(2, SMALL)];
        assert_eq!(store.shots(run).unwrap(), records.iter().map(|r| r.shot).collect::<Vec<_>>());
        assert_eq!(store.last_shot(run).unwrap(), Some(records[1].shot));
        let faces: Vec<_> = store.all_faces(run).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(faces, records.iter().map(|r| (r.shot.id, r.faces.clone())).collect::<Vec<_>>());
        assert_eq!(store.tracklets(run).unwrap(), records.iter().flat_map(|r| r.tracklets.clone()).collect::<Vec<_>>());
        assert_eq!(store.crops(run).unwrap(), records.iter().flat_map(|r| r.crops.iter().map(Crop::info)).collect::<Vec<_>>());
        let mut vectors = Vec::new();
        for record in &records {
            assert_eq!(store.analysed(run, record.shot.id).unwrap(), record.analysed);
            assert_eq!(store.shot_tracklets(run, record.shot.id).unwrap(), record.tracklets);
            for (crop, embedding) in record.crops.iter().zip(&record.embeddings) {
                assert_eq!(store.aligned(run, crop.key()).unwrap().as_ref(), Some(&crop.aligned));
                assert_eq!(store.thumb(run, crop.key()).unwrap().as_ref(), Some(&crop.thumb));
                vectors.push((crop.key(), embedding.clone()));
            }
        }
        assert_eq!(store.embeddings(run, &embedder()).unwrap(), vectors);
    }

    #[test]
    fn a_shot_without_faces_is_stored_too() {
        let store = store(0);
        let mut empty = shot(1, SMALL);
        (empty.faces, empty.tracklets, empty.crops, empty.embeddings) = (vec![], vec![], vec![], vec![]);
        store.write_shot(RunId(1), &empty, &embedder()).unwrap();
        assert_eq!(store.last_shot(RunId(1)).unwrap(), Some(empty.shot));
    }

    type Spoil = fn(&mut ShotRecord);

    fn refusal(store: &EpisodeStore, record: &ShotRecord) -> String {
        let before = store.measured_digest(RunId(1)).unwrap();
        let told = store.write_shot(RunId(1), record, &embedder()).unwrap_err().to_string();
        assert_eq!(store.measured_digest(RunId(1)).unwrap(), before);
        told
    }

    #[test]
    fn a_shot_that_is_not_the_next_one_is_refused() {
        let store = store(1);
        assert!(refusal(&store, &shot(3, SMALL)).ends_with("the next one is s2 from picture 60, found s3 from picture 120"));
        assert!(refusal(&store, &shot(1, SMALL)).contains("the next one is s2"));
        let mut gap = shot(2, SMALL);
        gap.shot.start_frame += 1;
        gap.analysed.remove(0);
        assert!(refusal(&store, &gap).contains("not"), "a hole before the shot");
    }

    #[test]
    fn a_shot_whose_parts_do_not_fit_is_refused() {
        let store = store(0);
        let cases: [(Spoil, &str); 6] = [
            (|r| drop(r.embeddings.pop()), "4 crops and 3 embeddings"),
            (|r| r.tracklets.truncate(1), "names track t2"),
            (|r| r.analysed.retain(|at| at.frame != 3), "a face lies in picture 3"),
            (|r| r.crops.reverse(), "crops are not in order"),
            (|r| r.tracklets[0].shot = ShotId(9), "tracklet t1"),
            (|r| r.shot.end_frame = 0, "ends before it begins"),
        ];
        for (spoil, told) in cases {
            let mut record = shot(1, SMALL);
            spoil(&mut record);
            let found = refusal(&store, &record);
            assert!(found.contains(told), "{found}");
        }
    }

    #[test]
    fn equal_runs_have_one_digest_and_any_difference_shows() {
        let store = store(2);
        store.begin_run(&meta(2)).unwrap();
        store.write_shot(RunId(2), &shot(1, SMALL), &embedder()).unwrap();
        let first = store.measured_digest(RunId(1)).unwrap();
        assert_ne!(store.measured_digest(RunId(2)).unwrap(), first);
        store.write_shot(RunId(2), &shot(2, SMALL), &embedder()).unwrap();
        assert_eq!(store.measured_digest(RunId(2)).unwrap(), first);
        store.begin_run(&meta(3)).unwrap();
        store.write_shot(RunId(3), &shot(1, SMALL), &embedder()).unwrap();
        let mut other = shot(2, SMALL);
        other.crops[0].thumb[0] ^= 1;
        store.write_shot(RunId(3), &other, &embedder()).unwrap();
        assert_ne!(store.measured_digest(RunId(3)).unwrap(), first);
    }

    #[test]
    fn runs_do_not_see_each_other() {
        let store = store(2);
        store.begin_run(&meta(2)).unwrap();
        store.write_shot(RunId(2), &shot(1, Amount { tracklets: 1, ..SMALL }), &embedder()).unwrap();
        let first = store.measured_digest(RunId(1)).unwrap();
        assert_eq!(store.tracklets(RunId(2)).unwrap().len(), 1);
        assert_eq!(store.embeddings(RunId(2), &embedder()).unwrap().len(), 2);
        store.delete_run(RunId(2)).unwrap();
        assert_eq!(store.measured_digest(RunId(1)).unwrap(), first);
        assert!(matches!(store.shots(RunId(2)), Err(StoreError::NoRun { .. })));
        store.begin_run(&meta(3)).unwrap();
        assert_eq!(store.last_shot(RunId(3)).unwrap(), None);
    }
}
