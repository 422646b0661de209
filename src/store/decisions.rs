//! Decisions: the append-only log, and the state that it leads to.

use super::codec::{from_json, to_json};
use super::engine::Fault;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::measured::hex;
use super::tables::{ASSIGNMENTS, Bytes, HIGHEST_IDENTITY, IDENTITIES, LOG};
use crate::domain::{
    Assignment, Change, Draft, Edit, Identity, IdentityId, Operation, OperationKind, RunId, TrackId, check_from, check_new_id,
};
use redb::{ReadableTable, Table, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Debug;

impl EpisodeStore {
    /// Appends an operation and brings the current state up to it, in one transaction.
    ///
    /// # Errors
    /// Fails with [`StoreError::Change`], and changes nothing at all, where one change expects another value than is
    /// there or makes an identity with a used id.
    pub fn append(&self, draft: Draft) -> Result<Operation, StoreError> {
        self.engine.write(|txn| {
            for change in &draft.changes {
                apply(txn, &draft.kind, change)?;
            }
            append_row(txn, |seq, previous_hash| {
                let Draft { author, kind, summary, changes, at } = draft;
                Operation { seq, at, author, kind, summary, changes, previous_hash }
            })
        })
    }

    /// Returns the whole log.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        self.operations_since(0)
    }

    /// Returns the operations after `seq`.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn operations_since(&self, seq: u64) -> Result<Vec<Operation>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(LOG)?;
            table.range(seq.saturating_add(1)..)?.map(|entry| Ok(from_json(entry?.1.value())?)).collect()
        })
    }

    /// Returns who the tracks of a run are believed to be.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn assignments(&self, run: RunId) -> Result<BTreeMap<TrackId, Assignment>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(ASSIGNMENTS)?;
            let mut all = BTreeMap::new();
            for entry in table.range((run.0, 0)..=(run.0, u32::MAX))? {
                let (key, row) = entry?;
                all.insert(TrackId(key.value().1), from_json(row.value())?);
            }
            Ok(all)
        })
    }

    /// Returns the identities of a run.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn identities(&self, run: RunId) -> Result<BTreeMap<IdentityId, Identity>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(IDENTITIES)?;
            let mut all = BTreeMap::new();
            for entry in table.range((run.0, 0)..=(run.0, u32::MAX))? {
                let (key, row) = entry?;
                all.insert(IdentityId(key.value().1), from_json(row.value())?);
            }
            Ok(all)
        })
    }

    /// Returns the id that the next identity of a run takes; ids of deleted identities are not used again.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn next_identity_id(&self, run: RunId) -> Result<IdentityId, StoreError> {
        self.engine.read(|txn| {
            let highest = txn.open_table(HIGHEST_IDENTITY)?.get(run.0)?.map_or(0, |id| id.value());
            Ok(IdentityId(highest.saturating_add(1)))
        })
    }
}

/// Checks one change against the current state and applies it.
fn apply(txn: &WriteTransaction, kind: &OperationKind, change: &Change) -> Result<(), Fault> {
    match change {
        Change::Assign { run, track, edit } => edit_row(&mut txn.open_table(ASSIGNMENTS)?, (run.0, track.0), change, edit),
        Change::Identity { run, id, edit } => {
            let mut highest = txn.open_table(HIGHEST_IDENTITY)?;
            let known = highest.get(run.0)?.map(|id| IdentityId(id.value()));
            check_new_id(change, kind, known)?;
            edit_row(&mut txn.open_table(IDENTITIES)?, (run.0, id.0), change, edit)?;
            if known.is_none_or(|known| *id > known) {
                highest.insert(run.0, id.0)?;
            }
            Ok(())
        }
    }
}

fn edit_row<T: PartialEq + Debug + Serialize + DeserializeOwned>(
    table: &mut Table<(u32, u32), Bytes>,
    key: (u32, u32),
    change: &Change,
    edit: &Edit<T>,
) -> Result<(), Fault> {
    let found: Option<T> = table.get(key)?.map(|row| from_json(row.value())).transpose()?;
    check_from(change, edit, found.as_ref())?;
    match &edit.to {
        Some(to) => {
            table.insert(key, to_json(to)?.as_slice())?;
        }
        None => {
            table.remove(key)?;
        }
    }
    Ok(())
}

/// Appends a row to the log; `make` gets its number and the hash of the row before.
pub(super) fn append_row<T: Serialize>(txn: &WriteTransaction, make: impl FnOnce(u64, String) -> T) -> Result<T, Fault> {
    let mut log = txn.open_table(LOG)?;
    let (seq, previous_hash) = match log.last()? {
        Some((seq, row)) => (seq.value().saturating_add(1), row_hash(row.value())),
        None => (1, String::new()),
    };
    let operation = make(seq, previous_hash);
    log.insert(seq, to_json(&operation)?.as_slice())?;
    Ok(operation)
}

/// Returns SHA-256 in hex of a row as stored.
pub(super) fn row_hash(row: &[u8]) -> String {
    hex(&Sha256::digest(row))
}
