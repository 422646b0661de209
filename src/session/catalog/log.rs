//! The catalog's log: what was decided, taking it back, deciding it again.

use super::decide::view;
use super::plan::{self, NAMELESS, View};
use super::seen::seen;
use super::sound;
use crate::domain::{
    CatalogChange, CatalogDraft, CatalogOperation, ChangeError, Edit, EpisodeId, History, OperationKind, Person,
};
use crate::session::{SessionError, Workspace, author};
use crate::store::{Catalog, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the log of the catalog, the oldest first.
///
/// # Errors
/// Fails where the catalog cannot be read.
pub fn catalog_log(workspace: &Workspace) -> Result<Vec<CatalogOperation>, SessionError> {
    Ok(workspace.open_library()?.catalog().operations()?)
}

/// Takes back the last decision about the catalog, or the one with the number `of`; `None` where there is none left. Who was added by
/// naming somebody in an episode stays: the episode refers to them.
///
/// # Errors
/// Fails where later decisions depend on it, something would refer to what is not there, it would delete somebody unasked of whom there is
/// something, or it cannot be taken back.
pub fn undo_catalog(workspace: &Workspace, of: Option<u64>) -> Result<Option<CatalogOperation>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let log = catalog.operations()?;
    let history = history(&log);
    let Some(of) = of.or_else(|| history.next_undo()) else { return Ok(None) };
    let refuse = |why: &'static str| SessionError::CatalogNotUndoable { of, why };
    let operation = log.iter().find(|o| o.seq == of).ok_or_else(|| refuse("there is no such entry in the log"))?;
    if operation.kind == OperationKind::Add {
        return Err(refuse("it added somebody, whom episodes may refer to"));
    }
    if is_forgotten(operation, &forgotten(&log)) {
        return Err(refuse("it is about an episode that was deleted since"));
    }
    if !history.can_undo(of) {
        return Err(refuse("it is taken back already, or takes back another itself"));
    }
    let changes = operation.inverted();
    let mut view = view(&catalog)?;
    ask(workspace, &mut view, &changes)?;
    sound::check(&view, &OperationKind::Undo { of }, &changes)?;
    let added = changes.iter().filter_map(|change| match change {
        CatalogChange::Person { id, edit: Edit { to: None, .. } } => Some(*id),
        _ => None,
    });
    let seen = seen(workspace, &added.collect())?;
    if seen.values().any(|seen| !seen.episodes.is_empty()) {
        return Err(refuse("it added somebody, whom episodes refer to since; deleting the person asks where their faces go"));
    }
    if seen.values().any(|seen| seen.unread > 0) {
        return Err(refuse("it added somebody, whom an episode that cannot be read may refer to"));
    }
    let draft = draft(OperationKind::Undo { of }, format!("undo: {}", operation.summary), changes);
    append(&catalog, draft, operation, &log).map(Some)
}

/// Decides again what was taken back last; `None` where there is nothing.
///
/// # Errors
/// As for [`undo_catalog`].
pub fn redo_catalog(workspace: &Workspace) -> Result<Option<CatalogOperation>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let log = catalog.operations()?;
    let Some(operation) = history(&log).next_redo().and_then(|of| log.iter().find(|o| o.seq == of)) else { return Ok(None) };
    let kind = OperationKind::Redo { of: operation.seq };
    let mut view = view(&catalog)?;
    if !operation.summary.ends_with(NAMELESS) {
        ask(workspace, &mut view, &operation.changes)?;
    }
    sound::check(&view, &kind, &operation.changes)?;
    let draft = draft(kind, format!("redo: {}", operation.summary), operation.changes.clone());
    append(&catalog, draft, operation, &log).map(Some)
}

/// Refuses to delete somebody unasked: of whom there was nothing when it was decided, there may be something by now.
fn ask(workspace: &Workspace, view: &mut View, changes: &[CatalogChange]) -> Result<(), SessionError> {
    let is_gone = |person: &Person| person.removed && person.merged_into.is_none();
    let deleted = changes.iter().filter_map(|change| match change {
        CatalogChange::Person { id, edit: Edit { from: Some(from), to: Some(to) } } if !is_gone(from) && is_gone(to) => Some(*id),
        _ => None,
    });
    view.seen = seen(workspace, &deleted.collect())?;
    for person in view.seen.keys().filter_map(|id| view.directory.people.get(id)) {
        plan::ask(view, person)?;
    }
    Ok(())
}

fn draft(kind: OperationKind, summary: String, changes: Vec<CatalogChange>) -> CatalogDraft {
    CatalogDraft { author: author(), kind, summary, changes, at: Timestamp::now() }
}

/// Returns the episode that an entry forgets: what goes with one that was deleted.
fn forgets(operation: &CatalogOperation) -> Option<&EpisodeId> {
    match operation.changes.as_slice() {
        [CatalogChange::Episode { id, edit: Edit { to: None, .. } }] if operation.kind == OperationKind::Delete => Some(id),
        _ => None,
    }
}

/// Returns when each episode was forgotten last.
fn forgotten(log: &[CatalogOperation]) -> BTreeMap<&EpisodeId, u64> {
    log.iter().filter_map(|o| Some((forgets(o)?, o.seq))).collect()
}

/// Tells whether an entry is about an episode that was deleted later: what it says of that is not brought back.
fn is_forgotten(operation: &CatalogOperation, forgotten: &BTreeMap<&EpisodeId, u64>) -> bool {
    operation.changes.iter().any(|change| match change {
        CatalogChange::Episode { id, .. } => forgotten.get(id).is_some_and(|at| *at > operation.seq),
        _ => false,
    })
}

/// Reads what can be taken back: decisions, but those that go with an episode that was deleted. People who were added by naming them in an
/// episode are none.
fn history(log: &[CatalogOperation]) -> History {
    let (mut history, forgotten) = (History::default(), forgotten(log));
    let is_decision =
        |o: &&CatalogOperation| o.kind != OperationKind::Add && forgets(o).is_none() && !is_forgotten(o, &forgotten);
    for operation in log.iter().filter(is_decision) {
        history.push(operation.seq, &operation.author, &operation.kind);
    }
    history
}

/// Appends; where what it is about has moved on since `of`, names the last entry about the same.
fn append(
    catalog: &Catalog,
    draft: CatalogDraft,
    of: &CatalogOperation,
    log: &[CatalogOperation],
) -> Result<CatalogOperation, SessionError> {
    match catalog.append(draft) {
        Err(StoreError::Change(ChangeError::MovedOn { .. })) => {
            let keys = |o: &CatalogOperation| o.changes.iter().map(CatalogChange::key).collect::<BTreeSet<_>>();
            let own = keys(of);
            let later = log.iter().rev().take_while(|o| o.seq > of.seq).find(|o| !keys(o).is_disjoint(&own));
            Err(SessionError::Depends { of: of.seq, by: later.map(|o| (o.seq, o.summary.clone())) })
        }
        done => Ok(done?),
    }
}
