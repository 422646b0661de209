//! Decisions: the append-only log, and the state that it leads to.

use super::codec::{from_json, to_json};
use super::digest::sha256;
use super::engine::Fault;
use super::episode::EpisodeStore;
use super::error::StoreError;

use super::tables::{
    ASSIGNMENTS, Bytes, EDITED_WORDS, HIGHEST_IDENTITY, HIGHEST_SPEAKER, HIGHEST_TRACK, HIGHEST_TURN, IDENTITIES, LOG, MARKS,
    NEVERS, SAID, SETTLED, THRESHOLDS, TRACKS, TURN_STATES, VOICES,
};
use crate::domain::{
    Assignment, Change, Decision, Draft, Edit, Identity, IdentityId, LogEntry, Mark, Never, Operation, OperationKind, PersonId,
    RunId, Settled, SpeakerId, Thresholds, TrackId, TrackMap, TrackParts, Transcript, TurnId, TurnState, VoiceLink, check_finite,
    check_from, check_new_id, check_new_track,
};
use redb::{Key, ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Debug;

impl EpisodeStore {
    /// Appends an operation and brings the current state up to it, in one transaction.
    ///
    /// # Errors
    /// Fails with [`StoreError::Change`], and changes nothing at all, where one change expects another value than is
    /// there or makes an identity with a used id.
    pub fn append(&self, draft: Draft) -> Result<Operation, StoreError> {
        self.engine.write(|txn| append(txn, draft))
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

    /// Returns the SHA-256 in hex of the last entry of the log, which stands for all of it since each holds that of the one before; empty
    /// where there is none.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn log_head(&self) -> Result<String, StoreError> {
        self.engine.read(|txn| Ok(txn.open_table(LOG)?.last()?.map_or_else(String::new, |(_, row)| sha256(row.value()))))
    }

    /// Returns the whole log without the changes, which are nearly all of it.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn log_entries(&self) -> Result<Vec<LogEntry>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(LOG)?;
            table.iter()?.map(|entry| Ok(from_json(entry?.1.value())?)).collect()
        })
    }

    /// Returns one operation; `None` where the log has none of that number.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn operation(&self, seq: u64) -> Result<Option<Operation>, StoreError> {
        self.engine.read(|txn| Ok(txn.open_table(LOG)?.get(seq)?.map(|row| from_json(row.value())).transpose()?))
    }

    /// Returns the number of the last operation; 0 while the log is empty.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn last_operation(&self) -> Result<u64, StoreError> {
        self.engine.read(|txn| Ok(txn.open_table(LOG)?.last()?.map_or(0, |(seq, _)| seq.value())))
    }

    /// Returns who the tracks of a run are believed to be.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn assignments(&self, run: RunId) -> Result<BTreeMap<TrackId, Assignment>, StoreError> {
        self.decided(ASSIGNMENTS, run, TrackId)
    }

    /// Returns the identities of a run.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn identities(&self, run: RunId) -> Result<BTreeMap<IdentityId, Identity>, StoreError> {
        self.decided(IDENTITIES, run, IdentityId)
    }

    /// Returns what people made of the tracks of a run: those that were cut or joined.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn track_parts(&self, run: RunId) -> Result<BTreeMap<TrackId, TrackParts>, StoreError> {
        self.decided(TRACKS, run, TrackId)
    }

    /// Returns what leads from the tracklets of a run to its tracks.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn track_map(&self, run: RunId) -> Result<TrackMap, StoreError> {
        Ok(TrackMap::new(self.track_parts(run)?))
    }

    /// Returns the marks on tracks of a run.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn marks(&self, run: RunId) -> Result<BTreeMap<TrackId, Mark>, StoreError> {
        self.decided(MARKS, run, TrackId)
    }

    /// Returns whom the tracks of a run are not of.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn nevers(&self, run: RunId) -> Result<BTreeMap<(TrackId, PersonId), Never>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(NEVERS)?;
            let mut all = BTreeMap::new();
            for entry in table.range((run.0, 0, 0)..=(run.0, u32::MAX, u32::MAX))? {
                let (at, row) = entry?;
                let (_, track, person) = at.value();
                all.insert((TrackId(track), PersonId(person)), from_json(row.value())?);
            }
            Ok(all)
        })
    }

    /// Returns who the voices of a run are decided to be.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn voice_links(&self, run: RunId) -> Result<BTreeMap<SpeakerId, VoiceLink>, StoreError> {
        self.decided(VOICES, run, SpeakerId)
    }

    /// Returns who is decided to speak in single turns of a run.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn said(&self, run: RunId) -> Result<BTreeMap<TurnId, VoiceLink>, StoreError> {
        self.decided(SAID, run, TurnId)
    }

    /// Returns what people made of the turns of a run.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn turn_states(&self, run: RunId) -> Result<BTreeMap<TurnId, TurnState>, StoreError> {
        self.decided(TURN_STATES, run, TurnId)
    }

    /// Returns what people wrote of the turns of a run.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn edited_words(&self, run: RunId) -> Result<BTreeMap<TurnId, Transcript>, StoreError> {
        self.decided(EDITED_WORDS, run, TurnId)
    }

    /// Returns the highest track that a person made in a run by cutting; its number is not used again.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn highest_track(&self, run: RunId) -> Result<Option<TrackId>, StoreError> {
        self.engine.read(|txn| Ok(txn.open_table(HIGHEST_TRACK)?.get(run.0)?.map(|id| TrackId(id.value()))))
    }

    /// Returns the decisions of every run that a person has done with.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn settled(&self) -> Result<BTreeMap<(RunId, Decision), Settled>, StoreError> {
        self.engine.read(|txn| {
            let mut all = BTreeMap::new();
            for entry in txn.open_table(SETTLED)?.iter()? {
                let (at, row) = entry?;
                let (run, decision) = at.value();
                // A decision that this version does not know is one that it cannot list as open either.
                if let Ok(decision) = decision.parse() {
                    all.insert((RunId(run), decision), from_json(row.value())?);
                }
            }
            Ok(all)
        })
    }

    /// Returns by what people decided that the tracks of runs are grouped; the settings hold for those that are absent.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn thresholds(&self) -> Result<BTreeMap<RunId, Thresholds>, StoreError> {
        self.engine.read(|txn| {
            let mut all = BTreeMap::new();
            for entry in txn.open_table(THRESHOLDS)?.iter()? {
                let (run, row) = entry?;
                all.insert(RunId(run.value()), from_json(row.value())?);
            }
            Ok(all)
        })
    }

    fn decided<K: Ord, V: DeserializeOwned>(
        &self,
        table: TableDefinition<(u32, u32), Bytes>,
        run: RunId,
        key: fn(u32) -> K,
    ) -> Result<BTreeMap<K, V>, StoreError> {
        self.engine.read(|txn| {
            let table = txn.open_table(table)?;
            let mut all = BTreeMap::new();
            for entry in table.range((run.0, 0)..=(run.0, u32::MAX))? {
                let (at, row) = entry?;
                all.insert(key(at.value().1), from_json(row.value())?);
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

/// Brings the current state up to an operation and appends it.
pub(super) fn append(txn: &WriteTransaction, draft: Draft) -> Result<Operation, Fault> {
    for change in &draft.changes {
        apply(txn, &draft.kind, change)?;
    }
    append_row(txn, |seq, previous_hash| {
        let Draft { author, kind, summary, changes, at } = draft;
        Operation { seq, at, author, kind, summary, changes, previous_hash }
    })
}

/// Checks one change against the current state and applies it.
fn apply(txn: &WriteTransaction, kind: &OperationKind, change: &Change) -> Result<(), Fault> {
    check_finite(change)?;
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
        Change::Track { run, track, edit } => {
            let mut highest = txn.open_table(HIGHEST_TRACK)?;
            let known = highest.get(run.0)?.map(|id| TrackId(id.value()));
            let is_new = check_new_track(change, kind, known)?;
            edit_row(&mut txn.open_table(TRACKS)?, (run.0, track.0), change, edit)?;
            if is_new && known.is_none_or(|known| *track > known) {
                highest.insert(run.0, track.0)?;
            }
            Ok(())
        }
        Change::Mark { run, track, edit } => edit_row(&mut txn.open_table(MARKS)?, (run.0, track.0), change, edit),
        Change::Never { run, track, person, edit } => {
            edit_row(&mut txn.open_table(NEVERS)?, (run.0, track.0, person.0), change, edit)
        }
        Change::Voice { run, speaker, edit } => edit_row(&mut txn.open_table(VOICES)?, (run.0, speaker.0), change, edit),
        Change::Said { run, turn, edit } => edit_row(&mut txn.open_table(SAID)?, (run.0, turn.0), change, edit),
        Change::Turn { run, turn, edit } => {
            raise(txn, HIGHEST_TURN, *run, turn.0)?;
            if let Some(to) = &edit.to {
                raise(txn, HIGHEST_SPEAKER, *run, to.speaker.0)?;
            }
            edit_row(&mut txn.open_table(TURN_STATES)?, (run.0, turn.0), change, edit)
        }
        Change::Words { run, turn, edit } => edit_row(&mut txn.open_table(EDITED_WORDS)?, (run.0, turn.0), change, edit),
        Change::Thresholds { run, edit } => edit_row(&mut txn.open_table(THRESHOLDS)?, run.0, change, edit),
        Change::Settle { run, decision, edit } => {
            edit_row(&mut txn.open_table(SETTLED)?, (run.0, decision.to_string().as_str()), change, edit)
        }
    }
}

/// Remembers that a number was used.
fn raise(txn: &WriteTransaction, table: TableDefinition<u32, u32>, run: RunId, used: u32) -> Result<(), Fault> {
    let mut table = txn.open_table(table)?;
    let known = table.get(run.0)?.map_or(0, |known| known.value());
    if used > known {
        table.insert(run.0, used)?;
    }
    Ok(())
}

fn edit_row<'k, K: Key, T: PartialEq + Debug + Serialize + DeserializeOwned>(
    table: &mut Table<K, Bytes>,
    key: impl Borrow<K::SelfType<'k>>,
    change: &Change,
    edit: &Edit<T>,
) -> Result<(), Fault> {
    let key = key.borrow();
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
        Some((seq, row)) => (seq.value().saturating_add(1), sha256(row.value())),
        None => (1, String::new()),
    };
    let operation = make(seq, previous_hash);
    log.insert(seq, to_json(&operation)?.as_slice())?;
    Ok(operation)
}

#[cfg(test)]
mod tests {
    use super::super::sample::episode;
    use super::*;
    use crate::domain::{Author, ChangeError, Decided, History, Method, Source, redo_draft, undo_draft};
    use jiff::Timestamp;
    use proptest::prelude::*;

    const RUN: RunId = RunId(1);

    fn store() -> EpisodeStore {
        EpisodeStore::in_memory(&episode()).unwrap()
    }

    fn user() -> Author {
        Author::User { name: "ana".into(), host: None, client: None }
    }

    fn next_undo(log: &[Operation]) -> Option<Draft> {
        let seq = History::of(log).next_undo()?;
        log.iter().find(|o| o.seq == seq).map(|of| undo_draft(of, user(), Timestamp::UNIX_EPOCH))
    }

    fn next_redo(log: &[Operation]) -> Option<Draft> {
        let seq = History::of(log).next_redo()?;
        log.iter().find(|o| o.seq == seq).map(|of| redo_draft(of, user(), Timestamp::UNIX_EPOCH))
    }

    fn draft(changes: Vec<Change>) -> Draft {
        Draft { author: user(), kind: OperationKind::Name, summary: "named".into(), changes, at: Timestamp::UNIX_EPOCH }
    }

    fn identity(id: u32, name: Option<&str>) -> Identity {
        Identity {
            id: IdentityId(id),
            label: None,
            name: name.map(Into::into),
            person: None,
            source: Source::Proposed,
            alone: None,
            locked: false,
        }
    }

    fn make(id: u32) -> Change {
        Change::Identity { run: RUN, id: IdentityId(id), edit: Edit { from: None, to: Some(identity(id, None)) } }
    }

    fn assign(track: u32, from: Option<Assignment>, to: u32, score: f32) -> Change {
        let to = Assignment {
            identity: IdentityId(to),
            source: Source::Confirmed,
            method: Method::User,
            score,
            threshold: 0.4,
            locked: false,
        };
        Change::Assign { run: RUN, track: TrackId(track), edit: Edit { from, to: Some(to) } }
    }

    #[test]
    fn an_operation_is_all_or_nothing_and_says_what_did_not_fit() {
        let store = store();
        store.append(draft(vec![make(1)])).unwrap();
        let renamed = Change::Identity {
            run: RUN,
            id: IdentityId(1),
            edit: Edit { from: Some(identity(1, Some("Ben"))), to: Some(identity(1, Some("Ava"))) },
        };
        let told = store.append(draft(vec![assign(4, None, 1, 1.0), renamed])).unwrap_err();
        assert!(matches!(&told, StoreError::Change(ChangeError::MovedOn { .. })), "{told}");
        assert!(told.to_string().contains("identity id_0001 of run r1 has moved on: expected Identity"), "{told}");
        assert!(store.assignments(RUN).unwrap().is_empty());
        assert_eq!(store.operations().unwrap().len(), 1);
    }

    #[test]
    fn a_score_that_is_no_number_never_reaches_the_log() {
        let store = store();
        let told = store.append(draft(vec![make(1), assign(4, None, 1, f32::NAN)])).unwrap_err();
        assert!(matches!(told, StoreError::Change(ChangeError::NotFinite { .. })), "{told}");
        assert!(store.operations().unwrap().is_empty() && store.identities(RUN).unwrap().is_empty());
    }

    #[test]
    fn entries_are_numbered_and_chained_by_hash() {
        let store = store();
        for id in 1..=3 {
            store.append(draft(vec![make(id)])).unwrap();
        }
        let log = store.operations().unwrap();
        assert_eq!(log.iter().map(|o| o.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(log[0].previous_hash, "");
        assert_eq!(log[1].previous_hash, sha256(&to_json(&log[0]).unwrap()));
        assert_eq!(store.operations_since(2).unwrap(), log[2..]);
        assert_eq!(store.log_entries().unwrap(), log.iter().map(LogEntry::from).collect::<Vec<_>>());
        assert_eq!(store.operation(2).unwrap().as_ref(), log.get(1));
        assert_eq!((store.operation(4).unwrap(), store.last_operation().unwrap()), (None, 3));
    }

    #[test]
    fn ids_of_deleted_identities_are_not_used_again() {
        let store = store();
        store.append(draft(vec![make(1), make(2)])).unwrap();
        store.append(draft(vec![make(2).invert()])).unwrap();
        assert_eq!(store.next_identity_id(RUN).unwrap(), IdentityId(3));
        assert!(matches!(store.append(draft(vec![make(2)])), Err(StoreError::Change(ChangeError::IdReused { .. }))));
        let undo = next_undo(&store.operations().unwrap()).unwrap();
        store.append(undo).unwrap();
        assert_eq!(store.identities(RUN).unwrap().len(), 2);
    }

    #[test]
    fn undo_survives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let library = super::super::Library::open(dir.path()).unwrap();
        {
            let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
            store.append(draft(vec![make(1)])).unwrap();
            store.append(draft(vec![assign(4, None, 1, 0.1)])).unwrap();
        }
        let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
        let undo = next_undo(&store.operations().unwrap()).unwrap();
        assert_eq!(undo.kind, OperationKind::Undo { of: 2 });
        store.append(undo).unwrap();
        assert!(store.assignments(RUN).unwrap().is_empty());
        let log = store.operations().unwrap();
        assert_eq!((History::of(&log).next_undo(), History::of(&log).next_redo()), (Some(1), Some(2)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_tables_follow_the_log_through_undo_and_redo(
            steps in prop::collection::vec((0u32..6, 1u32..4, any::<f32>()), 1..25)
        ) {
            let mut store = store();
            store.append(draft(vec![make(1), make(2), make(3)])).unwrap();
            for (step, target, score) in steps {
                let log = store.operations().unwrap();
                let score = if score.is_finite() { score } else { 0.5 };
                let next = match step {
                    0 => next_undo(&log),
                    1 => next_redo(&log),
                    track => {
                        let from = store.assignments(RUN).unwrap().get(&TrackId(track)).copied();
                        Some(draft(vec![assign(track, from, target, score)]))
                    }
                };
                if let Some(next) = next {
                    store.append(next).unwrap();
                }
            }
            let mut decided = Decided::default();
            for operation in store.operations().unwrap() {
                decided.apply(&operation.kind, &operation.changes).unwrap();
            }
            let from_log: BTreeMap<_, _> = decided.assignments.into_iter().map(|(key, value)| (key.1, value)).collect();
            prop_assert_eq!(from_log, store.assignments(RUN).unwrap());
            prop_assert_eq!(store.verify().unwrap(), []);
        }
    }
}
