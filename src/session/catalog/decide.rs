//! Finding people, and decisions about the catalog.

use super::command::CatalogCommand;
use super::plan::{self, Seen, View};
use crate::config::nearest;
use crate::domain::{
    CatalogChange, CatalogDraft, CatalogOperation, Edit, EpisodeEntry, EpisodeId, OperationKind, PersonId, Roster,
};
use crate::session::{CastLine, CastState, SessionError, Workspace, author};
use crate::store::Catalog;
use jiff::Timestamp;
use std::collections::BTreeMap;

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
    if let CatalogCommand::DeletePerson { person, .. } = command {
        view.seen = Some(seen(workspace, *person)?);
    }
    let Some((kind, summary, changes)) = plan::plan(&view, command)? else { return Ok(None) };
    Ok(Some(catalog.append(CatalogDraft { author: author(), kind, summary, changes, at: view.now })?))
}

/// Reads what a plan goes by.
pub(super) fn view(catalog: &Catalog) -> Result<View, SessionError> {
    let directory = catalog.directory()?;
    let roster = Roster::new(directory.people.values().cloned());
    let episodes = catalog.episodes()?.into_iter().map(|e| (e.id.clone(), e.facts())).collect::<BTreeMap<_, _>>();
    Ok(View { directory, roster, episodes, seen: None, now: Timestamp::now() })
}

/// Says of an episode what its entry says, where people had said otherwise before.
pub(in crate::session) fn describe(catalog: &Catalog, entry: &EpisodeEntry) -> Result<(), SessionError> {
    let Some(said) = catalog.directory()?.episodes.remove(&entry.id) else { return Ok(()) };
    let facts = entry.facts();
    if facts != said {
        let change = CatalogChange::Episode { id: entry.id.clone(), edit: Edit { from: Some(said), to: Some(facts) } };
        let (kind, summary) = (OperationKind::Edit, format!("episode {} edited", entry.id));
        catalog.append(CatalogDraft { author: author(), kind, summary, changes: vec![change], at: Timestamp::now() })?;
    }
    Ok(())
}

/// Forgets what people said of an episode that was deleted. Like the deletion itself it is not taken back.
pub(in crate::session) fn forget_episode(catalog: &Catalog, episode: &EpisodeId) -> Result<(), SessionError> {
    let Some(said) = catalog.directory()?.episodes.remove(episode) else { return Ok(()) };
    let change = CatalogChange::Episode { id: episode.clone(), edit: Edit { from: Some(said), to: None } };
    let (kind, summary) = (OperationKind::Delete, format!("episode {episode} deleted"));
    catalog.append(CatalogDraft { author: author(), kind, summary, changes: vec![change], at: Timestamp::now() })?;
    Ok(())
}

/// Finds where somebody is seen.
pub(super) fn seen(workspace: &Workspace, person: PersonId) -> Result<Seen, SessionError> {
    let mut seen = Seen::default();
    let mut add = |line: CastLine| match line.state {
        CastState::Known(cast) => {
            if let Some(a) = cast.people.iter().find(|a| a.person == Some(person)) {
                seen.episodes.push(line.entry.id);
                seen.seconds += a.visual_time.secs();
            }
        }
        CastState::Broken { .. } => seen.unread += 1,
        CastState::NotRun => {}
    };
    crate::session::casts(workspace, &mut |line, _| {
        add(line);
        true
    })?;
    Ok(seen)
}
