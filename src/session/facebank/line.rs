//! Lists references and takes them out of the bank.

use super::bank::embedder_of;
use crate::domain::{
    CatalogChange, CatalogDraft, CatalogOperation, Edit, OperationKind, Origin, PersonId, PictureId, Quality, Reference,
    ReferenceId,
};
use crate::session::{SessionError, Workspace, author};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

/// A reference as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReferenceLine {
    pub id: ReferenceId,
    pub person: PersonId,
    pub name: String,
    pub quality: Quality,
    pub origin: Origin,
    pub added_at: Timestamp,
    /// The picture to show.
    pub thumb: PictureId,
    /// Whether the embedder of the settings has its vector.
    pub is_embedded: bool,
}

/// Returns the references of everybody, or of one person, by name, then number.
///
/// # Errors
/// Fails where the library cannot be read.
pub fn list(workspace: &Workspace, of: Option<PersonId>) -> Result<Vec<ReferenceLine>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let roster = catalog.roster()?;
    // Without the embedder none has its vector.
    let embedder = embedder_of(workspace).ok();
    let vectors = embedder.map(|e| catalog.reference_vectors(&e)).transpose()?.unwrap_or_default();
    let lines = catalog.references()?.into_iter().filter_map(|r| {
        let person = roster.stands_for(r.person)?;
        let is_embedded = vectors.contains_key(&r.id);
        let Reference { id, quality, origin, thumb, added_at, .. } = r;
        let (name, person) = (person.name.clone(), person.id);
        Some(ReferenceLine { id, person, name, quality, origin, added_at, thumb, is_embedded })
    });
    let mut lines: Vec<ReferenceLine> = lines.filter(|l| of.is_none_or(|of| of == l.person)).collect();
    lines.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
    Ok(lines)
}

/// Takes references out of the bank, as one operation; `None` for no references.
///
/// Their pictures stay, so that it can be taken back.
///
/// # Errors
/// Fails, and changes nothing, where one of them is not there, or writing fails.
pub fn remove(workspace: &Workspace, ids: &[ReferenceId]) -> Result<Option<CatalogOperation>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let (all, roster) = (catalog.references()?, catalog.roster()?);
    let wanted: BTreeSet<ReferenceId> = ids.iter().copied().collect();
    if let Some(missing) = wanted.iter().find(|id| all.iter().all(|r| r.id != **id)) {
        return Err(SessionError::NoReference { reference: *missing });
    }
    let gone: Vec<&Reference> = all.iter().filter(|r| wanted.contains(&r.id)).collect();
    if gone.is_empty() {
        return Ok(None);
    }
    let names: BTreeSet<&str> = gone.iter().filter_map(|r| roster.stands_for(r.person)).map(|p| p.name.as_str()).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let summary = match gone.as_slice() {
        [one] => format!("took {} of {names} out of the facebank", one.id),
        many => format!("took {} faces of {names} out of the facebank", many.len()),
    };
    let changes = gone.into_iter().map(|r| CatalogChange::Reference { id: r.id, edit: Edit { from: Some(r.clone()), to: None } });
    let (kind, changes) = (OperationKind::Delete, changes.collect());
    Ok(Some(catalog.append(CatalogDraft { author: author(), kind, summary, changes, at: Timestamp::now() })?))
}
