//! Whether a directory holds together: nothing refers to what is not there, and no decision gives an episode the number of another. Pure.

use super::plan::View;
use super::refusal::CatalogRefusal;
use crate::domain::{
    AssetId, CatalogChange, ChangeError, Directory, EpisodeFacts, EpisodeId, OperationKind, PersonId, Roster, Slug,
};
use std::collections::{BTreeMap, BTreeSet};

/// Something that does not hold together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    NoPerson { key: String, person: PersonId },
    NoShow { key: String, show: Slug },
    NoPicture { key: String, asset: AssetId },
    NumberTwice { own: EpisodeId, other: EpisodeId, show: Slug, season: u32, number: u32 },
}

impl Fault {
    /// Tells of two episodes that the one which is edited takes the number of the other.
    fn seen_from(self, edited: &BTreeSet<String>) -> Self {
        match self {
            Self::NumberTwice { own, other, show, season, number } if !edited.contains(&format!("episode {own}")) => {
                Self::NumberTwice { own: other, other: own, show, season, number }
            }
            fault => fault,
        }
    }

    /// Names what it is about, as [`CatalogChange::key`] does.
    pub(super) fn key(&self) -> String {
        match self {
            Self::NoPerson { key, .. } | Self::NoShow { key, .. } | Self::NoPicture { key, .. } => key.clone(),
            Self::NumberTwice { own, .. } => format!("episode {own}"),
        }
    }

    /// Says what is wrong with that.
    pub(super) fn what(&self) -> String {
        match self {
            Self::NoPerson { person, .. } => format!("{person} would not be there, or be somebody else"),
            Self::NoShow { show, .. } => format!("there would be no show {show}"),
            Self::NoPicture { asset, .. } => format!("{asset} would not be there, or show somebody else"),
            Self::NumberTwice { other, show, season, number, .. } => {
                format!("{other} is season {season} episode {number} of {show} already")
            }
        }
    }
}

/// Returns what changes would break that holds together now.
///
/// # Errors
/// Fails where a change expects another value than is there.
pub(super) fn broken(view: &View, kind: &OperationKind, changes: &[CatalogChange]) -> Result<Vec<Fault>, ChangeError> {
    let mut directory = view.directory.clone();
    directory.apply(kind, changes)?;
    let before = faults(&view.directory, &view.episodes);
    let after = faults(&directory, &standing(&view.entered, &directory));
    let edited: BTreeSet<String> = changes.iter().map(CatalogChange::key).collect();
    Ok(after.difference(&before).cloned().map(|fault| fault.seen_from(&edited)).collect())
}

/// Refuses changes that would break what holds together; what does not fit at all is told by the store.
pub(super) fn check(view: &View, kind: &OperationKind, changes: &[CatalogChange]) -> Result<(), CatalogRefusal> {
    let broken = broken(view, kind, changes).unwrap_or_default();
    for fault in &broken {
        if let Fault::NumberTwice { other, show, season, number, .. } = fault {
            let (other, show, season, number) = (other.clone(), show.clone(), *season, *number);
            return Err(CatalogRefusal::NumberTaken { other, show, season, number });
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(CatalogRefusal::LeftBehind { keys: broken.iter().map(Fault::key).collect() }) }
}

/// Returns what is known of every episode that was entered: what people said in place of what was entered.
pub(super) fn standing(entered: &BTreeMap<EpisodeId, EpisodeFacts>, directory: &Directory) -> BTreeMap<EpisodeId, EpisodeFacts> {
    entered.iter().map(|(id, facts)| (id.clone(), directory.episodes.get(id).unwrap_or(facts).clone())).collect()
}

/// Finds everything that does not hold together.
fn faults(directory: &Directory, episodes: &BTreeMap<EpisodeId, EpisodeFacts>) -> BTreeSet<Fault> {
    let mut faults = BTreeSet::new();
    let roster = Roster::new(directory.people.values().cloned());
    let people: BTreeSet<PersonId> = roster.people().map(|p| p.id).collect();
    let of_episodes = episodes.values().chain(directory.episodes.values()).filter_map(|e| e.show.as_ref());
    let shows: BTreeSet<&Slug> = directory.shows.keys().chain(of_episodes).collect();
    let person = |key: String, person: PersonId, is_there: bool| (!is_there).then_some(Fault::NoPerson { key, person });
    let show = |key: String, show: &Slug| (!shows.contains(show)).then(|| Fault::NoShow { key, show: show.clone() });
    for id in directory.people.keys() {
        faults.extend(person(format!("person {id}"), *id, !roster.is_lost(*id)));
    }
    for (id, slug) in directory.memberships.keys() {
        let key = format!("the part of {id} in {slug}");
        faults.extend(person(key.clone(), *id, people.contains(id)).or_else(|| show(key, slug)));
    }
    for asset in directory.assets.values() {
        faults.extend(person(format!("picture {}", asset.id), asset.person, people.contains(&asset.person)));
    }
    // Faces of the facebank stay with whom they were given to, who may be somebody else by now, or deleted.
    for (id, reference) in &directory.references {
        let is_there = directory.people.contains_key(&reference.person);
        faults.extend(person(format!("reference {id}"), reference.person, is_there));
    }
    for (slug, number) in directory.seasons.keys() {
        faults.extend(show(format!("season {number} of {slug}"), slug));
    }
    for ((id, place), featured) in &directory.featured {
        let at = place.as_ref().map(|show| format!(" in {show}")).unwrap_or_default();
        let key = format!("the picture of {id}{at}");
        faults.extend(place.as_ref().and_then(|slug| show(key.clone(), slug)));
        if directory.assets.get(&featured.asset).is_none_or(|a| a.person != *id) {
            faults.insert(Fault::NoPicture { key, asset: featured.asset });
        }
    }
    let mut numbers: BTreeMap<(&Slug, u32, u32), &EpisodeId> = BTreeMap::new();
    for (id, facts) in episodes {
        let Some(((show, season), number)) = facts.show.as_ref().zip(facts.season).zip(facts.episode) else { continue };
        if let Some(other) = numbers.insert((show, season, number), id) {
            let (show, own, other) = (show.clone(), id.clone(), other.clone());
            faults.insert(Fault::NumberTwice { own, other, show, season, number });
        }
    }
    faults
}
