//! What was measured of the stored crops for their badges: derived from their pictures, kept because that takes half a millisecond each.

use super::codec::{RowError, from_bulk, to_bulk};
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::measured::of_run;
use super::tables::LOOKS;
use crate::domain::{CropKey, FacePart, Look, RunId, ShotId, TrackId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Says how looks are measured; rows of another way are made anew. To be raised when `algo::quality::look` changes.
pub const LOOK_METHOD: u8 = 2;

/// One crop: track, picture, eyes, barest part with its share, blur, light.
type LookRow = (u32, u64, Option<f32>, Option<(u8, f32)>, Option<f32>, Option<(f32, f32)>);

/// The looks of a shot, after the way they were measured.
#[derive(Serialize, Deserialize)]
struct LooksRow(u8, Vec<LookRow>);

impl LooksRow {
    fn new(looks: &[(CropKey, Look)]) -> Self {
        let number = |part: FacePart| u8::try_from(FacePart::ALL.iter().position(|p| *p == part).unwrap_or(0)).unwrap_or(0);
        let row = |(key, look): &(CropKey, Look)| {
            let barest = look.barest.map(|(part, share)| (number(part), share));
            (key.track.0, key.frame, look.eyes, barest, look.blur_px, look.light)
        };
        Self(LOOK_METHOD, looks.iter().map(row).collect())
    }

    /// Returns what was measured, or `None` where it was measured in another way than now.
    fn of_now(self) -> Result<Option<Vec<(CropKey, Look)>>, RowError> {
        if self.0 == LOOK_METHOD { self.looks().map(Some) } else { Ok(None) }
    }

    fn looks(self) -> Result<Vec<(CropKey, Look)>, RowError> {
        let look = |(track, frame, eyes, barest, blur_px, light): LookRow| {
            let barest = barest.map(|(number, share)| {
                let part = FacePart::ALL.get(usize::from(number)).copied();
                part.map(|p| (p, share)).ok_or_else(|| RowError::Shape(format!("part {number} of a face is not known")))
            });
            let look = Look { eyes, barest: barest.transpose()?, blur_px, light };
            Ok((CropKey { track: TrackId(track), frame }, look))
        };
        self.1.into_iter().map(look).collect()
    }
}

impl EpisodeStore {
    /// Returns what was measured of the crops of a run; absent for those that were not looked at, as in runs of older versions.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn looks(&self, run: RunId) -> Result<BTreeMap<CropKey, Look>, StoreError> {
        Ok(self.looks_by_shot(run)?.into_values().flatten().collect())
    }

    /// Returns the same shot by shot; a shot that was not looked at is absent, and so is one whose row is damaged: it can be made again.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn looks_by_shot(&self, run: RunId) -> Result<BTreeMap<ShotId, Vec<(CropKey, Look)>>, StoreError> {
        self.read_run(run, |txn| {
            let mut all = BTreeMap::new();
            for entry in txn.open_table(LOOKS)?.range(of_run(run))? {
                let (key, row) = entry?;
                let looks = from_bulk::<LooksRow>(&key.value(), row.value()).and_then(LooksRow::of_now);
                match looks {
                    Ok(Some(looks)) => drop(all.insert(ShotId(key.value().1), looks)),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(key = ?key.value(), %error, "looks"),
                }
            }
            Ok(all)
        })
    }

    /// Reads all of them, and fails where one is damaged.
    pub(super) fn check_looks(&self, run: RunId) -> Result<(), StoreError> {
        self.read_run(run, |txn| {
            for entry in txn.open_table(LOOKS)?.range(of_run(run))? {
                let (key, row) = entry?;
                from_bulk::<LooksRow>(&key.value(), row.value())?.of_now()?;
            }
            Ok(())
        })
    }

    /// Stores what was measured of the crops of some shots, in one transaction; what is there of them is replaced.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn write_looks(&self, run: RunId, shots: &[(ShotId, Vec<(CropKey, Look)>)]) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            let mut table = txn.open_table(LOOKS)?;
            for (shot, looks) in shots {
                let key = (run.0, shot.0);
                table.insert(key, to_bulk(&key, &LooksRow::new(looks))?.as_slice())?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{SMALL, embedder, episode, meta, shot};
    use super::*;

    const RUN: RunId = RunId(1);

    fn looks() -> Vec<(CropKey, Look)> {
        let key = |frame| CropKey { track: TrackId(1), frame };
        let whole =
            Look { eyes: Some(0.25), barest: Some((FacePart::RightMouth, 0.03)), blur_px: Some(1.5), light: Some((60.0, 200.0)) };
        vec![(key(4), whole), (key(7), Look::default())]
    }

    /// Two shots that were looked at.
    fn store() -> EpisodeStore {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store.write_shot(RUN, &shot(1, SMALL), &embedder()).unwrap();
        store.write_looks(RUN, &[(ShotId(1), looks()), (ShotId(2), Vec::new())]).unwrap();
        store
    }

    fn change(store: &EpisodeStore, row: &[u8]) {
        store.engine.write(|txn| Ok(txn.open_table(LOOKS)?.insert((1, 1), row).map(drop)?)).unwrap();
    }

    #[test]
    fn looks_come_back_as_they_were_written_and_a_deleted_run_leaves_none() {
        let store = store();
        assert_eq!(store.looks(RUN).unwrap(), looks().into_iter().collect());
        assert_eq!(store.looks_by_shot(RUN).unwrap().keys().copied().collect::<Vec<_>>(), [ShotId(1), ShotId(2)]);
        store.delete_run(RUN).unwrap();
        let left = store.engine.read(|txn| Ok(redb::ReadableTableMetadata::len(&txn.open_table(LOOKS)?)?)).unwrap();
        assert_eq!(left, 0);
    }

    #[test]
    fn looks_of_another_way_of_measuring_are_absent_and_no_fault() {
        let store = store();
        change(&store, &to_bulk(&(1, 1), &LooksRow(LOOK_METHOD + 1, LooksRow::new(&looks()).1)).unwrap());
        assert!(store.looks(RUN).unwrap().is_empty());
        store.check_looks(RUN).unwrap();
    }

    #[test]
    fn a_damaged_row_is_left_out_to_be_made_again_and_verifying_tells_of_it() {
        let mut store = store();
        let mut row = to_bulk(&(1, 1), &LooksRow::new(&looks())).unwrap();
        row[9] ^= 4;
        change(&store, &row);
        assert!(store.looks(RUN).unwrap().is_empty());
        let found: Vec<String> = store.verify().unwrap().into_iter().map(|f| f.place).collect();
        assert!(found.contains(&"badges of run r1".to_owned()), "{found:?}");
    }
}
