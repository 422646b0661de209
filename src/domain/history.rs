//! Undo and redo as a fold over the log.
//!
//! The log is the only state: undoing appends an operation that holds the inverted changes, and what
//! can be undone next is read from the log again. So undo survives a restart, and nothing is ever removed.
//! After helix's revisions, flattened to two stacks, and jj's operation log.

use super::{Author, Change, Draft, Operation, OperationKind};
use jiff::Timestamp;

/// Tells what can be undone and redone next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    undo: Vec<u64>,
    redo: Vec<u64>,
}

impl History {
    /// Reads `operations`, in log order.
    ///
    /// Only what users decided is on the stacks; a new decision of a user clears the redo stack, what a run
    /// appends does not.
    #[must_use]
    pub fn of<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let mut history = Self::default();
        for operation in operations {
            history.push(operation.seq, &operation.author, &operation.kind);
        }
        history
    }

    /// Reads the next entry of the log.
    pub fn push(&mut self, seq: u64, author: &Author, kind: &OperationKind) {
        match (author, kind) {
            (Author::Pipeline { .. }, _) => {}
            (Author::User { .. }, OperationKind::Undo { of }) => move_to(*of, &mut self.undo, &mut self.redo),
            (Author::User { .. }, OperationKind::Redo { of }) => move_to(*of, &mut self.redo, &mut self.undo),
            (Author::User { .. }, _) => {
                self.undo.push(seq);
                self.redo.clear();
            }
        }
    }

    /// Returns the operation that undo takes back next.
    #[must_use]
    pub fn next_undo(&self) -> Option<u64> {
        self.undo.last().copied()
    }

    /// Tells whether an operation is a decision of a person that was not taken back.
    #[must_use]
    pub fn can_undo(&self, seq: u64) -> bool {
        self.undo.contains(&seq)
    }

    /// Returns the operation that redo does again next.
    #[must_use]
    pub fn next_redo(&self) -> Option<u64> {
        self.redo.last().copied()
    }
}

/// Moves `seq` from one stack to the other; a log may hold an undo that is not of the top operation.
fn move_to(seq: u64, from: &mut Vec<u64>, to: &mut Vec<u64>) {
    if let Some(at) = from.iter().rposition(|s| *s == seq) {
        to.push(from.remove(at));
    }
}

/// Drafts the operation that takes back `of`.
///
/// Appending it fails where the values have moved on since.
#[must_use]
pub fn undo_draft(of: &Operation, author: Author, at: Timestamp) -> Draft {
    Draft {
        author,
        kind: OperationKind::Undo { of: of.seq },
        summary: format!("undo: {}", of.summary),
        changes: inverted(&of.changes),
        at,
    }
}

/// Drafts the operation that does `of` again.
///
/// Appending it fails where the values have moved on since.
#[must_use]
pub fn redo_draft(of: &Operation, author: Author, at: Timestamp) -> Draft {
    Draft {
        author,
        kind: OperationKind::Redo { of: of.seq },
        summary: format!("redo: {}", of.summary),
        changes: of.changes.clone(),
        at,
    }
}

/// Returns the changes that take `changes` back: each inverted, the last first.
#[must_use]
pub fn inverted(changes: &[Change]) -> Vec<Change> {
    changes.iter().rev().cloned().map(Change::invert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Assignment, Decided, Edit, Identity, IdentityId, Method, PersonId, RunId, Source, TrackId};
    use proptest::prelude::*;

    const RUN: RunId = RunId(1);

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

    fn log_append(log: &mut Vec<Operation>, state: &mut Decided, draft: Draft) {
        state.apply(&draft.kind, &draft.changes).unwrap();
        let Draft { author, kind, summary, changes, at } = draft;
        let seq = log.len() as u64 + 1;
        log.push(Operation { seq, at, author, kind, summary, changes, previous_hash: String::new() });
    }

    fn decide(author: Author, changes: Vec<Change>) -> Draft {
        Draft { author, kind: OperationKind::Name, summary: "a decision".into(), changes, at: Timestamp::UNIX_EPOCH }
    }

    /// What a random step means, turned into changes that fit `state`.
    fn step(state: &Decided, pick: u32, track: u32, score: f32) -> Vec<Change> {
        let next = IdentityId(state.highest_identity.get(&RUN).map_or(0, |h| h.0) + 1);
        let existing: Vec<&Identity> = state.identities.values().collect();
        let chosen = existing.get(pick as usize % existing.len().max(1)).copied();
        match (pick % 4, chosen) {
            (0, _) | (_, None) => {
                let to = Identity {
                    id: next,
                    label: Some(format!("cluster {next}")),
                    name: None,
                    person: None,
                    source: Source::Proposed,
                    alone: None,
                    locked: false,
                };
                vec![Change::Identity { run: RUN, id: next, edit: Edit { from: None, to: Some(to) } }]
            }
            (1, Some(identity)) => {
                let mut to = identity.clone();
                to.name = Some(format!("person {track}"));
                to.person = Some(PersonId(track + 1));
                vec![Change::Identity { run: RUN, id: identity.id, edit: Edit { from: Some(identity.clone()), to: Some(to) } }]
            }
            (2, Some(identity)) => {
                let key = (RUN, TrackId(track));
                let to = Assignment {
                    identity: identity.id,
                    source: Source::Confirmed,
                    method: Method::User,
                    score,
                    threshold: 0.4,
                    locked: score > 0.5,
                };
                let from = state.assignments.get(&key).copied();
                // Two edits of one key in one operation: set, then lock.
                let locked = Assignment { locked: true, ..to };
                vec![
                    Change::Assign { run: RUN, track: key.1, edit: Edit { from, to: Some(to) } },
                    Change::Assign { run: RUN, track: key.1, edit: Edit { from: Some(to), to: Some(locked) } },
                ]
            }
            (_, Some(identity)) => {
                vec![Change::Identity { run: RUN, id: identity.id, edit: Edit { from: Some(identity.clone()), to: None } }]
            }
        }
    }

    proptest! {
        #[test]
        fn an_inverted_operation_restores_what_was_before(steps in prop::collection::vec((0u32..100, 0u32..5, 0f32..1.0), 1..30)) {
            let mut state = Decided::default();
            for (pick, track, score) in steps {
                let before = state.clone();
                let changes = step(&state, pick, track, score);
                state.apply(&OperationKind::Name, &changes).unwrap();
                let mut back = state.clone();
                back.apply(&OperationKind::Undo { of: 1 }, &inverted(&changes)).unwrap();
                prop_assert_eq!(&back.assignments, &before.assignments);
                prop_assert_eq!(&back.identities, &before.identities);
            }
        }

        #[test]
        fn undoing_everything_restores_the_start_and_redoing_everything_the_end(
            steps in prop::collection::vec((0u32..100, 0u32..5, 0f32..1.0), 1..30)
        ) {
            let (mut state, mut log) = (Decided::default(), Vec::new());
            for (pick, track, score) in &steps {
                let changes = step(&state, *pick, *track, *score);
                log_append(&mut log, &mut state, decide(user(), changes));
            }
            let (end, seen) = (state.clone(), log.clone());
            let mut undone = 0;
            while let Some(draft) = next_undo(&log) {
                log_append(&mut log, &mut state, draft);
                undone += 1;
            }
            prop_assert_eq!(undone, steps.len());
            prop_assert!(state.assignments.is_empty() && state.identities.is_empty());
            while let Some(draft) = next_redo(&log) {
                log_append(&mut log, &mut state, draft);
            }
            prop_assert_eq!(&state, &end);
            prop_assert_eq!(&log[..seen.len()], &seen[..]);
        }

        #[test]
        fn no_identity_is_ever_made_twice(steps in prop::collection::vec((0u32..100, 0u32..5, 0f32..1.0), 1..60)) {
            let mut state = Decided::default();
            let mut made = std::collections::BTreeSet::new();
            for (pick, track, score) in steps {
                let changes = step(&state, pick, track, score);
                state.apply(&OperationKind::Name, &changes).unwrap();
                for change in changes {
                    if let Change::Identity { id, edit: Edit { from: None, .. }, .. } = change {
                        prop_assert!(made.insert(id));
                    }
                }
            }
        }
    }

    fn make_identity(state: &Decided) -> Vec<Change> {
        step(state, 0, 0, 0.0)
    }

    #[test]
    fn what_a_run_appends_is_not_undone_and_does_not_clear_redo() {
        let (mut state, mut log) = (Decided::default(), Vec::new());
        let changes = make_identity(&state);
        log_append(&mut log, &mut state, decide(user(), changes));
        let draft = next_undo(&log).unwrap();
        log_append(&mut log, &mut state, draft);
        let changes = make_identity(&state);
        log_append(&mut log, &mut state, decide(Author::Pipeline { run: RUN }, changes));
        assert_eq!(History::of(&log).next_undo(), None);
        assert_eq!(History::of(&log).next_redo(), Some(1));
    }

    #[test]
    fn a_new_decision_clears_redo() {
        let (mut state, mut log) = (Decided::default(), Vec::new());
        let changes = make_identity(&state);
        log_append(&mut log, &mut state, decide(user(), changes));
        let draft = next_undo(&log).unwrap();
        assert_eq!(draft.summary, "undo: a decision");
        log_append(&mut log, &mut state, draft);
        let changes = make_identity(&state);
        log_append(&mut log, &mut state, decide(user(), changes));
        assert_eq!(History::of(&log).next_redo(), None);
        assert_eq!(History::of(&log).next_undo(), Some(3));
    }

    #[test]
    fn undo_refuses_when_the_values_have_moved_on() {
        let (mut state, mut log) = (Decided::default(), Vec::new());
        let changes = make_identity(&state);
        log_append(&mut log, &mut state, decide(user(), changes));
        // A run renames the identity that the user made.
        let changes = step(&state, 1, 3, 0.0);
        log_append(&mut log, &mut state, decide(Author::Pipeline { run: RUN }, changes));
        let draft = next_undo(&log).unwrap();
        assert!(state.apply(&draft.kind, &draft.changes).is_err());
    }
}
