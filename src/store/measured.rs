//! What a run measures, shot by shot.

use super::codec::{RowError, from_bulk, seal, to_bulk, to_floats, unseal};
use super::engine::Fault;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::rows::{AnalysedRow, CropsRow, FacesRow, ShotRow, TrackletsRow};
use super::tables::{
    ALIGNED, ANALYSED, BY_SHOT, Bytes, CROPS, EMBEDDINGS, FACES, PICTURES, PictureKey, SHOTS, ShotKey, THUMBS, TRACKLETS,
};
use crate::domain::{
    Crop, CropInfo, CropKey, EmbedderId, Face, Fate, FrameTime, Opening, RunId, Shot, ShotId, ShotRecord, Tracklet,
};
use redb::{ReadTransaction, ReadableTable, TableDefinition};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::ops::{Bound, RangeInclusive};

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
            shots.insert(key, to_bulk(&ShotRow::new(shot, record.next.as_ref()))?.as_slice())?;
            txn.open_table(ANALYSED)?.insert(key, to_bulk(&AnalysedRow::new(analysed))?.as_slice())?;
            txn.open_table(FACES)?.insert(key, to_bulk(&FacesRow::new(faces))?.as_slice())?;
            txn.open_table(TRACKLETS)?.insert(key, to_bulk(&TrackletsRow::new(tracklets))?.as_slice())?;
            txn.open_table(CROPS)?.insert(key, to_bulk(&CropsRow::new(&crops))?.as_slice())?;
            let (mut aligned, mut thumbs) = (txn.open_table(ALIGNED)?, txn.open_table(THUMBS)?);
            for crop in &record.crops {
                let key = (run.0, crop.track.0, crop.at.frame);
                aligned.insert(key, seal(&crop.aligned).as_slice())?;
                thumbs.insert(key, seal(&crop.thumb).as_slice())?;
            }
            let mut vectors = txn.open_table(EMBEDDINGS)?;
            for (crop, embedding) in crops.iter().zip(embeddings) {
                let key = (run.0, embedder.0.as_str(), crop.track.0, crop.at.frame);
                vectors.insert(key, to_floats(embedding.as_slice()).as_slice())?;
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
            let mut shots = Vec::new();
            for entry in table.range(of_run(run))? {
                let (key, row) = entry?;
                shots.push(read_shot(key.value(), row.value())?);
            }
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
            let row = table.get((run.0, shot.0))?;
            Ok(row.map(|row| from_bulk::<ShotRow>(row.value())?.next()).transpose()?.flatten())
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
            Ok(last.map(|(key, row)| read_shot(key.value(), row.value())).transpose()?)
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
            let table = txn.open_table(TRACKLETS)?;
            let mut all = Vec::new();
            for entry in table.range(of_run(run))? {
                let (key, row) = entry?;
                all.extend(from_bulk::<TrackletsRow>(row.value())?.tracklets(ShotId(key.value().1)));
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
            let table = txn.open_table(CROPS)?;
            let mut all = Vec::new();
            for entry in table.range(of_run(run))? {
                all.extend(from_bulk::<CropsRow>(entry?.1.value())?.crops());
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

    /// Returns SHA-256 in hex over every measured row of a run, pictures and all embeddings included.
    ///
    /// Times of day, paths and the number of the run do not go in, so two runs that measured the same have the same
    /// digest, however often they were interrupted.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn measured_digest(&self, run: RunId) -> Result<String, StoreError> {
        self.read_run(run, |txn| {
            let mut hash = Sha256::new();
            for definition in BY_SHOT {
                hash.update(definition_name(definition));
                for entry in txn.open_table(definition)?.range(of_run(run))? {
                    let (key, row) = entry?;
                    hash.update(key.value().1.to_le_bytes());
                    feed(&mut hash, row.value());
                }
            }
            for definition in PICTURES {
                hash.update(definition_name(definition));
                for entry in txn.open_table(definition)?.range((run.0, 0, 0)..=(run.0, u32::MAX, u64::MAX))? {
                    let (key, row) = entry?;
                    let (_, track, frame) = key.value();
                    hash.update(track.to_le_bytes());
                    hash.update(frame.to_le_bytes());
                    feed(&mut hash, row.value());
                }
            }
            hash.update(definition_name(EMBEDDINGS));
            for entry in txn.open_table(EMBEDDINGS)?.range((Bound::Included((run.0, "", 0, 0)), Bound::Unbounded))? {
                let (key, row) = entry?;
                let (of, embedder, track, frame) = key.value();
                if of != run.0 {
                    break;
                }
                feed(&mut hash, embedder.as_bytes());
                hash.update(track.to_le_bytes());
                hash.update(frame.to_le_bytes());
                feed(&mut hash, row.value());
            }
            Ok(hex(&hash.finalize()))
        })
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
            let table = txn.open_table(table)?;
            let row = table.get((run.0, shot.0))?;
            Ok(row.map(|row| from_bulk(row.value())).transpose()?)
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
            let row = table.get((run.0, crop.track.0, crop.frame))?;
            Ok(row.map(|row| unseal(row.value()).map(<[u8]>::to_vec)).transpose()?)
        })
    }
}

/// All shots of a run.
pub(super) fn of_run(run: RunId) -> RangeInclusive<ShotKey> {
    (run.0, 0)..=(run.0, u32::MAX)
}

pub(super) fn read_shot((_, id): ShotKey, row: &[u8]) -> Result<Shot, RowError> {
    from_bulk::<ShotRow>(row)?.shot(ShotId(id))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn feed(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn definition_name<K: redb::Key + 'static, V: redb::Value + 'static>(definition: TableDefinition<K, V>) -> String {
    redb::TableHandle::name(&definition).to_owned()
}

/// Checks that `shot` follows `last`.
pub(super) fn check_next(last: Option<&Shot>, shot: &Shot) -> Result<(), String> {
    let (id, start) = last.map_or((1, 0), |last| (last.id.0 + 1, last.end_frame));
    if (shot.id.0, shot.start_frame) == (id, start) {
        return Ok(());
    }
    Err(format!("the next one is {} from picture {start}, found {} from picture {}", ShotId(id), shot.id, shot.start_frame))
}

/// What a shot brings, less pictures and vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) shot: &'a Shot,
    pub(super) analysed: &'a [FrameTime],
    pub(super) faces: &'a [Face],
    pub(super) tracklets: &'a [Tracklet],
    pub(super) crops: &'a [CropInfo],
}

impl Parts<'_> {
    /// Checks that they fit together.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { shot, analysed, faces, tracklets, crops } = *self;
        if shot.end_frame <= shot.start_frame || shot.end < shot.start {
            return Err("it ends before it begins".into());
        }
        if !analysed.is_sorted_by(|a, b| a.frame < b.frame) {
            return Err("its analysed pictures are not in order".into());
        }
        let inside = |at: &FrameTime| at.frame >= shot.start_frame && at.frame < shot.end_frame;
        if let Some(at) = analysed.iter().find(|at| !inside(at)) {
            return Err(format!("picture {} is outside", at.frame));
        }
        let seen = |at: &FrameTime| analysed.binary_search_by_key(&at.frame, |a| a.frame).is_ok_and(|i| analysed[i] == *at);
        if !tracklets.is_sorted_by(|a, b| a.id < b.id) {
            return Err("its tracklets are not in order".into());
        }
        if let Some(t) = tracklets.iter().find(|t| t.shot != shot.id || !seen(&t.first) || !seen(&t.last) || t.last < t.first) {
            return Err(format!("tracklet {} does not lie in its analysed pictures", t.id));
        }
        let known = |track| tracklets.binary_search_by_key(&track, |t| t.id).is_ok();
        for face in faces {
            if !seen(&face.at) {
                return Err(format!("a face lies in picture {}, which was not analysed", face.at.frame));
            }
            if let Fate::Tracked(track) = face.fate
                && !known(track)
            {
                return Err(format!("a face names track {track}, which is not in it"));
            }
        }
        if !crops.is_sorted_by(|a, b| a.key() < b.key()) {
            return Err("its crops are not in order".into());
        }
        if let Some(crop) = crops.iter().find(|c| !known(c.track) || !seen(&c.at)) {
            return Err(format!("a crop of track {} in picture {} belongs to nothing in it", crop.track, crop.at.frame));
        }
        Ok(())
    }
}
