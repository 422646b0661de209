//! Says who a cluster is.

use super::{SessionError, Workspace, report, user_name};
use crate::domain::{Author, Change, Draft, Edit, EpisodeId, Identity, IdentityId, Operation, OperationKind, Source, tidy_name};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;

/// Gives `cluster` the name of a person, whom the catalog learns if it does not know them.
///
/// Two clusters with one name are one person in every report. Naming a cluster as it is named already changes nothing and
/// returns `None`.
///
/// # Errors
/// Fails where there is no such episode or cluster, the name is empty, or another process writes to the episode.
pub fn name(
    workspace: &Workspace,
    episode: &EpisodeId,
    cluster: IdentityId,
    person: &str,
) -> Result<Option<Operation>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.write(&library, episode)?;
    let author = Author::User { name: user_name() };
    name_in(&library, &store, cluster, person, author, Source::Confirmed, OperationKind::Name)
}

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
        return Err(SessionError::EmptyName);
    }
    let run = report::active(store)?;
    let identities = store.identities(run.id)?;
    let Some(before) = identities.get(&cluster) else {
        return Err(SessionError::NoCluster {
            episode: store.episode().clone(),
            cluster,
            known: identities.keys().copied().collect(),
        });
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
