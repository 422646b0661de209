//! What a decision about the catalog changes. Pure: the directory in, changes or a refusal out.

mod media;
mod people;
mod shows;
#[cfg(test)]
mod tests;

use super::command::CatalogCommand;
use super::refusal::CatalogRefusal;
use super::sound;
use crate::config::nearest;
use crate::domain::{
    CatalogChange, Directory, Edit, EpisodeFacts, EpisodeId, Membership, OperationKind, Person, PersonId, Roster, Show, Slug,
};
use crate::session::SessionError;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What a plan goes by.
#[derive(Debug)]
pub(super) struct View {
    pub(super) directory: Directory,
    pub(super) roster: Roster,
    /// Every episode of the catalog as it was entered.
    pub(super) entered: BTreeMap<EpisodeId, EpisodeFacts>,
    /// Every episode of the catalog as it stands, with what people said of it.
    pub(super) episodes: BTreeMap<EpisodeId, EpisodeFacts>,
    /// Where those are named who are to be deleted, as far as that is a question.
    pub(super) seen: BTreeMap<PersonId, Seen>,
    pub(super) now: Timestamp,
}

/// Where somebody is named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pub(super) episodes: Vec<EpisodeId>,
    /// Episodes that cannot be read.
    pub(super) unread: usize,
}

/// What the log says of a deletion of which somebody said that the faces are nobody's then. Nothing else of an operation tells so.
pub(super) const NAMELESS: &str = "; their faces have no name";

/// Kind, words and changes of one operation.
pub(super) type Planned = (OperationKind, String, Vec<CatalogChange>);

/// Plans a decision; `None` where it is so already.
pub(super) fn plan(view: &View, command: &CatalogCommand) -> Result<Option<Planned>, SessionError> {
    let Some((kind, summary, changes)) = planned(view, command)? else { return Ok(None) };
    sound::check(view, &kind, &changes)?;
    Ok(Some((kind, summary, changes)))
}

fn planned(view: &View, command: &CatalogCommand) -> Result<Option<Planned>, SessionError> {
    use CatalogCommand as C;
    match command {
        C::AddShow { .. }
        | C::EditShow { .. }
        | C::DeleteShow { .. }
        | C::AddSeason { .. }
        | C::EditSeason { .. }
        | C::DeleteSeason { .. }
        | C::EditEpisode { .. }
        | C::AddMember { .. }
        | C::EditMember { .. }
        | C::RemoveMember { .. } => Ok(shows::plan(view, command)?),
        C::AddNewMember { show, name } => people::new_member(view, show, name).map(Some),
        C::AddPerson { .. } | C::EditPerson { .. } | C::Rename { .. } | C::Merge { .. } | C::DeletePerson { .. } => {
            people::plan(view, command)
        }
        C::AddAsset(_) | C::EditAsset { .. } | C::DeleteAsset { .. } | C::SetFeatured { .. } | C::ClearFeatured { .. } => {
            Ok(media::plan(view, command)?)
        }
    }
}

impl View {
    /// Returns somebody who stands for themselves.
    fn person(&self, id: PersonId) -> Result<&Person, CatalogRefusal> {
        self.roster.people().find(|p| p.id == id).ok_or(CatalogRefusal::NoPerson { person: id })
    }

    /// Returns a show, and the change that enters it where only episodes know it.
    fn show(&self, slug: &Slug) -> Result<(Show, Option<CatalogChange>), CatalogRefusal> {
        if let Some(show) = self.directory.shows.get(slug) {
            return Ok((show.clone(), None));
        }
        if self.episodes.values().any(|e| e.show.as_ref() == Some(slug)) {
            return Ok((unsaid(slug, self.now), Some(entered(slug, self.now))));
        }
        let known: Vec<&str> = self.known_shows().into_iter().map(Slug::as_str).collect();
        Err(CatalogRefusal::NoShow { show: slug.clone(), nearest: nearest(slug.as_str(), &known) })
    }

    /// Returns every show that the catalog or an episode knows, ascending.
    fn known_shows(&self) -> Vec<&Slug> {
        let mut known: Vec<&Slug> =
            self.directory.shows.keys().chain(self.episodes.values().filter_map(|e| e.show.as_ref())).collect();
        known.sort_unstable();
        known.dedup();
        known
    }

    /// Returns the change of what is said of an episode; `None` where it is so already.
    fn episode(&self, id: &EpisodeId, to: EpisodeFacts) -> Option<CatalogChange> {
        if self.episodes.get(id) == Some(&to) {
            return None;
        }
        let from = self.directory.episodes.get(id).cloned();
        Some(CatalogChange::Episode { id: id.clone(), edit: Edit { from, to: Some(to) } })
    }
}

/// Returns a show of which nothing is said.
fn unsaid(slug: &Slug, now: Timestamp) -> Show {
    Show { slug: slug.clone(), title: None, notes: None, added_at: now }
}

/// Returns the change that enters a show which only episodes name.
pub(super) fn entered(slug: &Slug, now: Timestamp) -> CatalogChange {
    CatalogChange::Show { slug: slug.clone(), edit: made(unsaid(slug, now)) }
}

fn made<T>(to: T) -> Edit<T> {
    Edit { from: None, to: Some(to) }
}

fn gone<T: Clone>(from: &T) -> Edit<T> {
    Edit { from: Some(from.clone()), to: None }
}

fn changed<T: Clone>(from: &T, to: T) -> Edit<T> {
    Edit { from: Some(from.clone()), to: Some(to) }
}

/// Tidies what somebody wrote; `None` where nothing is left.
fn tidy(text: Option<&String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Refuses to delete somebody, without saying where that goes, whose faces episodes show, or of whom the catalog keeps something.
pub(super) fn ask(view: &View, person: &Person) -> Result<(), CatalogRefusal> {
    let Seen { episodes, unread } = view.seen.get(&person.id).cloned().unwrap_or_default();
    let dependents = theirs(view, person.id);
    if episodes.is_empty() && unread == 0 && dependents.is_empty() {
        return Ok(());
    }
    Err(CatalogRefusal::Theirs { name: person.name.clone(), episodes, dependents, unread })
}

/// Lists what the catalog keeps of somebody, in words. Faces of the facebank stay with whom they were given to, and are whose that is now.
fn theirs(view: &View, person: PersonId) -> Vec<String> {
    let directory = &view.directory;
    let is_face = |given: PersonId| view.roster.stands_for(given).is_some_and(|now| now.id == person);
    let listed = [
        some(directory.memberships.values().filter(|m| m.person == person).count(), "cast membership"),
        some(directory.assets.values().filter(|a| a.person == person).count(), "picture"),
        some(directory.references.values().filter(|r| is_face(r.person)).count(), "facebank face"),
    ];
    listed.into_iter().flatten().collect()
}

/// Returns two parts of somebody as one: the role of the first, the seasons of both.
fn united(own: &Membership, other: &Membership) -> Membership {
    // No season named is all of them.
    let is_all = own.seasons.is_empty() || other.seasons.is_empty();
    let mut seasons: Vec<u32> = own.seasons.iter().chain(&other.seasons).copied().filter(|_| !is_all).collect();
    seasons.sort_unstable();
    seasons.dedup();
    Membership { role: own.role.clone().or_else(|| other.role.clone()), seasons, ..own.clone() }
}

/// Counts in words; nothing of none.
fn some(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| crate::session::counted(count as u64, what))
}
