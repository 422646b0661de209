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
const METHOD: u8 = 1;

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
        Self(METHOD, looks.iter().map(row).collect())
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

    /// Returns the same shot by shot; a shot that was not looked at is absent.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn looks_by_shot(&self, run: RunId) -> Result<BTreeMap<ShotId, Vec<(CropKey, Look)>>, StoreError> {
        self.read_run(run, |txn| {
            let mut all = BTreeMap::new();
            for entry in txn.open_table(LOOKS)?.range(of_run(run))? {
                let (key, row) = entry?;
                let row: LooksRow = from_bulk(&key.value(), row.value())?;
                if row.0 == METHOD {
                    all.insert(ShotId(key.value().1), row.looks()?);
                }
            }
            Ok(all)
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
