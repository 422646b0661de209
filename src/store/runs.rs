//! Runs: what was measured, with what, and which one counts.

use super::codec::{from_json, to_json};
use super::engine::Fault;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::tables::{ACTIVE_RUN, BY_SHOT, EMBEDDINGS, LAST_RUN, PICTURES, RUNS, STATE};
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
    /// Fails where the id is another, or writing fails.
    pub fn begin_run(&self, meta: &RunMeta) -> Result<(), StoreError> {
        let row = to_json(meta);
        self.engine.write(|txn| {
            let mut state = txn.open_table(STATE)?;
            let next = RunId(state.get(LAST_RUN)?.map_or(0, |last| last.value()).saturating_add(1));
            if meta.id != next {
                return Err(StoreError::RunId { run: meta.id, next }.into());
            }
            state.insert(LAST_RUN, next.0)?;
            txn.open_table(RUNS)?.insert(next.0, row?.as_slice())?;
            Ok(())
        })
    }

    /// Stores what has become of a run: counts, marks, its end.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn update_run(&self, meta: &RunMeta) -> Result<(), StoreError> {
        let row = to_json(meta);
        self.engine.write(|txn| {
            self.require_run(txn, meta.id)?;
            txn.open_table(RUNS)?.insert(meta.id.0, row?.as_slice())?;
            Ok(())
        })
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
            for table in BY_SHOT {
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
