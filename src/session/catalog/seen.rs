//! Where people are named, in every run of every episode.

use super::plan::Seen;
use crate::domain::{EpisodeId, Identity, PersonId, Roster};
use crate::session::{SessionError, Workspace};
use crate::store::{EpisodeStore, Library};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the episodes in which some people are named, also in runs that are not the active one: what is decided there may come along to the
/// next. Each episode is opened once, and nothing of it is read but its identities.
///
/// # Errors
/// Fails where the library itself cannot be read.
pub(super) fn seen(workspace: &Workspace, people: &BTreeSet<PersonId>) -> Result<BTreeMap<PersonId, Seen>, SessionError> {
    let mut seen: BTreeMap<PersonId, Seen> = people.iter().map(|id| (*id, Seen::default())).collect();
    if people.is_empty() {
        return Ok(seen);
    }
    let library = workspace.open_library()?;
    let roster = library.catalog().roster()?;
    for episode in library.episodes()? {
        match named(&library, &roster, &episode) {
            Ok(named) => {
                for id in named.intersection(people) {
                    seen.entry(*id).or_default().episodes.push(episode.clone());
                }
            }
            Err(error) => {
                tracing::warn!(%episode, "cannot be read: {error}");
                for seen in seen.values_mut() {
                    seen.unread += 1;
                }
            }
        }
    }
    Ok(seen)
}

/// Returns whom the identities of an episode are named for, by those who stand for them now.
fn named(library: &Library, roster: &Roster, episode: &EpisodeId) -> Result<BTreeSet<PersonId>, SessionError> {
    let store = EpisodeStore::open_reader(library, episode)?;
    let mut identities: Vec<Identity> = Vec::new();
    for run in store.runs()? {
        identities.extend(store.identities(run.id)?.into_values());
    }
    roster.bring_up(&mut identities);
    Ok(identities.into_iter().filter_map(|i| i.person).collect())
}
