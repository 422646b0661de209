//! Runs: what was measured, with what, and which one counts.

use super::codec::{from_json, to_json};
use super::engine::Fault;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::tables::{ACTIVE_RUN, BY_SHOT, EMBEDDINGS, HEARD, LAST_RUN, LOOKS, PICTURES, RUNS, STATE};
use crate::domain::{RunId, RunMeta};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::ops::Bound;

impl EpisodeStore {
    /// Returns the id that the next run takes; ids of deleted runs are not used again.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn next_run_id(&self) -> Result<RunId, StoreError> {
        self.engine.read(|txn| {
            let last = txn.open_table(STATE)?.get(LAST_RUN)?.map_or(0, |last| last.value());
            Ok(RunId(last.saturating_add(1)))
        })
    }

    /// Stores a new run; `meta.id` must be [`EpisodeStore::next_run_id`].
    ///
    /// # Errors
    /// Fails where the id is another, a number of it is not finite, or writing fails.
    pub fn begin_run(&self, meta: &RunMeta) -> Result<(), StoreError> {
        let row = to_row(meta)?;
        self.engine.write(|txn| {
            let mut state = txn.open_table(STATE)?;
            let next = RunId(state.get(LAST_RUN)?.map_or(0, |last| last.value()).saturating_add(1));
            if meta.id != next {
                return Err(StoreError::RunId { run: meta.id, next }.into());
            }
            state.insert(LAST_RUN, next.0)?;
            txn.open_table(RUNS)?.insert(next.0, row.as_slice())?;
            Ok(())
        })
    }

    /// Stores what has become of a run: counts, marks, its end.
    ///
    /// # Errors
    /// Fails where there is no such run, a number of it is not finite, or writing fails.
    pub fn update_run(&self, meta: &RunMeta) -> Result<(), StoreError> {
        self.engine.write(|txn| self.put_run(txn, meta))
    }

    /// Stores what has become of a run together with the rows that it speaks of.
    pub(super) fn put_run(&self, txn: &WriteTransaction, meta: &RunMeta) -> Result<(), Fault> {
        self.require_run(txn, meta.id)?;
        txn.open_table(RUNS)?.insert(meta.id.0, to_row(meta)?.as_slice())?;
        Ok(())
    }

    /// Returns all runs by id.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn runs(&self) -> Result<Vec<RunMeta>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(RUNS)?;
            table.iter()?.map(|entry| Ok(from_json(entry?.1.value())?)).collect()
        })
    }

    /// Returns one run.
    ///
    /// # Errors
    /// Fails where there is no such run.
    pub fn run(&self, run: RunId) -> Result<RunMeta, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(RUNS)?;
            let row = table.get(run.0)?.ok_or_else(|| self.no_run(run))?;
            Ok(from_json(row.value())?)
        })
    }

    /// Returns the run that reports and decisions are about, where one was chosen.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn active_run(&self) -> Result<Option<RunId>, StoreError> {
        self.engine.read(|txn| Ok(txn.open_table(STATE)?.get(ACTIVE_RUN)?.map(|run| RunId(run.value()))))
    }

    /// Chooses the run that reports and decisions are about.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn set_active(&self, run: RunId) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            txn.open_table(STATE)?.insert(ACTIVE_RUN, run.0)?;
            Ok(())
        })
    }

    /// Deletes a run and everything measured in it; if it was the active one, none is.
    ///
    /// Decisions on it stay in the log and in force, so that they can be carried over. The freed space is used by later runs.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn delete_run(&self, run: RunId) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            txn.open_table(RUNS)?.remove(run.0)?;
            for table in BY_SHOT.into_iter().chain(HEARD).chain([LOOKS]) {
                txn.open_table(table)?.retain_in((run.0, 0)..=(run.0, u32::MAX), |_, _| false)?;
            }
            for table in PICTURES {
                txn.open_table(table)?.retain_in((run.0, 0, 0)..=(run.0, u32::MAX, u64::MAX), |_, _| false)?;
            }
            let end = run.0.checked_add(1).map_or(Bound::Unbounded, |next| Bound::Excluded((next, "", 0, 0)));
            txn.open_table(EMBEDDINGS)?.retain_in((Bound::Included((run.0, "", 0, 0)), end), |_, _| false)?;
            let mut state = txn.open_table(STATE)?;
            let active = state.get(ACTIVE_RUN)?.map(|run| run.value());
            if active == Some(run.0) {
                state.remove(ACTIVE_RUN)?;
            }
            Ok(())
        })
    }

    pub(super) fn no_run(&self, run: RunId) -> StoreError {
        StoreError::NoRun { path: self.engine.path().to_owned(), run }
    }

    pub(super) fn require_run(&self, txn: &WriteTransaction, run: RunId) -> Result<(), Fault> {
        let known = txn.open_table(RUNS)?.get(run.0)?.is_some();
        if known { Ok(()) } else { Err(self.no_run(run).into()) }
    }

    pub(super) fn require_run_read(&self, txn: &ReadTransaction, run: RunId) -> Result<(), Fault> {
        let known = txn.open_table(RUNS)?.get(run.0)?.is_some();
        if known { Ok(()) } else { Err(self.no_run(run).into()) }
    }
}

/// JSON has no word for what is not finite: such a row could be written and never read again.
fn to_row(meta: &RunMeta) -> Result<Vec<u8>, StoreError> {
    let row = to_json(meta).ok().filter(|row| from_json::<RunMeta>(row).is_ok());
    row.ok_or(StoreError::NotFinite { run: meta.id })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{SMALL, embedder, episode, meta, shot};
    use super::*;
    use crate::domain::CropKey;
    use crate::domain::TrackId;

    #[test]
    fn a_run_comes_back_as_it_was_written() {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        let mut run = meta(1);
        store.begin_run(&run).unwrap();
        run.counts.frames = 9;
        run.finished_at = Some(jiff::Timestamp::UNIX_EPOCH);
        store.update_run(&run).unwrap();
        assert_eq!(store.run(RunId(1)).unwrap(), run);
        assert_eq!(store.runs().unwrap(), [run]);
        assert!(matches!(store.update_run(&meta(2)), Err(StoreError::NoRun { .. })));
    }

    #[test]
    fn a_run_that_could_not_be_read_again_is_refused() {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        let mut run = meta(1);
        run.video.fps = f64::NAN;
        assert!(matches!(store.begin_run(&run), Err(StoreError::NotFinite { run: RunId(1) })));
        assert_eq!(store.runs().unwrap(), []);
    }

    #[test]
    fn ids_of_runs_are_never_used_again() {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store.delete_run(RunId(1)).unwrap();
        assert_eq!(store.next_run_id().unwrap(), RunId(2));
        let told = store.begin_run(&meta(1)).unwrap_err().to_string();
        assert_eq!(told, "run r1 cannot begin: the next run is r2");
    }

    #[test]
    fn a_deleted_run_leaves_nothing_measured_and_is_no_longer_active() {
        let mut store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store.set_active(RunId(1)).unwrap();
        store.write_shot(RunId(1), &shot(1, SMALL), &embedder()).unwrap();
        store.delete_run(RunId(1)).unwrap();
        assert_eq!(store.active_run().unwrap(), None);
        assert_eq!(store.aligned(RunId(1), CropKey { track: TrackId(1), frame: 0 }).unwrap(), None);
        assert_eq!(store.verify().unwrap(), []);
        assert!(matches!(store.set_active(RunId(1)), Err(StoreError::NoRun { .. })));
    }
}
