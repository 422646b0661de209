//! Says who a cluster is, on the word of portraits.

use super::plan::Refusal;
use super::{SessionError, report};
use crate::domain::{Author, Change, Draft, Edit, Identity, IdentityId, Operation, OperationKind, Source, tidy_name};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;

/// Names a cluster in an open episode.
pub(super) fn name_in(
    library: &Library,
    store: &EpisodeStore,
    cluster: IdentityId,
    person: &str,
    author: Author,
    source: Source,
    kind: OperationKind,
) -> Result<Option<Operation>, SessionError> {
    let person = tidy_name(person);
    if person.is_empty() {
        return Err(Refusal::EmptyName.into());
    }
    let run = report::active(store)?;
    let identities = store.identities(run.id)?;
    let Some(before) = identities.get(&cluster) else {
        return Err(Refusal::NoIdentity { identity: cluster, known: identities.keys().copied().collect() }.into());
    };
    let at = Timestamp::now();
    let id = library.catalog().ensure_person(&person, author.clone(), at)?;
    let shown = library.catalog().person_by_name(&person)?.map_or(person, |p| p.name);
    let after = Identity { name: Some(shown.clone()), person: Some(id), source, ..before.clone() };
    if after == *before {
        return Ok(None);
    }
    let summary = format!("{cluster} is {shown}");
    let changes = vec![Change::Identity { run: run.id, id: cluster, edit: Edit { from: Some(before.clone()), to: Some(after) } }];
    Ok(Some(store.append(Draft { author, kind, summary, changes, at })?))
}
