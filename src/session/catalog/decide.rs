//! Finding people, and decisions about the catalog.

use super::command::{CatalogCommand, Dependents};
use super::plan::{self, View};
use super::seen::seen;
use super::sound::standing;
use crate::config::nearest;
use crate::domain::{CatalogDraft, CatalogOperation, PersonId, Roster};
use crate::session::{SessionError, Workspace, author};
use crate::store::Catalog;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Finds a person by number, such as `p_0003`, or by name.
///
/// # Errors
/// Fails where there is none, with those whose names are near.
pub fn find_person(workspace: &Workspace, who: &str) -> Result<PersonId, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let roster = catalog.roster()?;
    let by_number = who.parse::<PersonId>().ok().filter(|_| who.starts_with("p_")).and_then(|id| roster.stands_for(id));
    let found = match by_number {
        Some(person) => Some(person.id),
        None => catalog.person_by_name(who)?.map(|p| p.id),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = roster.people().map(|p| p.name.as_str()).collect();
        SessionError::NoPerson { who: who.to_owned(), nearest: nearest(who, &names) }
    })
}

/// Decides about the catalog; `None` where it is so already.
///
/// # Errors
/// Fails, and changes nothing, where the decision is refused, with what stands in the way.
pub fn decide_catalog(workspace: &Workspace, command: &CatalogCommand) -> Result<Option<CatalogOperation>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let mut view = view(&catalog)?;
    // Where they are named is asked only where nobody said what becomes of it.
    if let CatalogCommand::DeletePerson { person, dependents: Dependents::Refuse } = command {
        view.seen = seen(workspace, &BTreeSet::from([*person]))?;
    }
    let Some((kind, summary, changes)) = plan::plan(&view, command)? else { return Ok(None) };
    Ok(Some(catalog.append(CatalogDraft { author: author(), kind, summary, changes, at: view.now })?))
}

/// Reads what a plan goes by.
pub(super) fn view(catalog: &Catalog) -> Result<View, SessionError> {
    let directory = catalog.directory()?;
    let roster = Roster::new(directory.people.values().cloned());
    let entered = catalog.episodes_as_entered()?.into_iter().map(|e| (e.id.clone(), e.facts())).collect();
    let episodes = standing(&entered, &directory);
    Ok(View { directory, roster, entered, episodes, seen: BTreeMap::new(), now: Timestamp::now() })
}
