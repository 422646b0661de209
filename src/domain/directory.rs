//! What the catalog's log has made of people and shows: the log as a value.

use super::{
    Asset, AssetId, CatalogChange, ChangeError, Edit, EpisodeFacts, EpisodeId, Featured, Membership, OperationKind, Person,
    PersonId, Reference, ReferenceId, Season, Show, Slug, check_edit,
};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Everything that people decided about people and shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Directory {
    pub people: BTreeMap<PersonId, Person>,
    pub shows: BTreeMap<Slug, Show>,
    pub seasons: BTreeMap<(Slug, u32), Season>,
    pub episodes: BTreeMap<EpisodeId, EpisodeFacts>,
    pub memberships: BTreeMap<(PersonId, Slug), Membership>,
    pub assets: BTreeMap<AssetId, Asset>,
    pub featured: BTreeMap<(PersonId, Option<Slug>), Featured>,
    pub references: BTreeMap<ReferenceId, Reference>,
    /// The highest number of a person ever used; nothing lowers it.
    pub last_person: u32,
    /// Likewise of a picture.
    pub last_asset: u32,
    /// Likewise of a reference.
    pub last_reference: u32,
}

impl Directory {
    /// Applies the changes of one entry, in order.
    ///
    /// # Errors
    /// Fails where a change expects another value than is there, or gives a number to somebody that was used before; the changes before
    /// it stay applied.
    pub fn apply(&mut self, kind: &OperationKind, changes: &[CatalogChange]) -> Result<(), ChangeError> {
        for change in changes {
            match change {
                CatalogChange::Person { id, edit } => {
                    check_unused(change, kind, edit, id.0, self.last_person)?;
                    put(&mut self.people, *id, change, edit)?;
                    self.last_person = self.last_person.max(id.0);
                }
                CatalogChange::Show { slug, edit } => put(&mut self.shows, slug.clone(), change, edit)?,
                CatalogChange::Season { show, number, edit } => {
                    put(&mut self.seasons, (show.clone(), *number), change, edit)?;
                }
                CatalogChange::Episode { id, edit } => put(&mut self.episodes, id.clone(), change, edit)?,
                CatalogChange::Membership { person, show, edit } => {
                    put(&mut self.memberships, (*person, show.clone()), change, edit)?;
                }
                CatalogChange::Asset { id, edit } => {
                    check_unused(change, kind, edit, id.0, self.last_asset)?;
                    put(&mut self.assets, *id, change, edit)?;
                    self.last_asset = self.last_asset.max(id.0);
                }
                CatalogChange::Featured { person, show, edit } => {
                    put(&mut self.featured, (*person, show.clone()), change, edit)?;
                }
                CatalogChange::Reference { id, edit } => {
                    let number = id.number();
                    check_unused(change, kind, edit, number, self.last_reference)?;
                    put(&mut self.references, *id, change, edit)?;
                    self.last_reference = self.last_reference.max(number);
                }
            }
        }
        Ok(())
    }
}

fn put<K: Ord, T: Clone + PartialEq + Debug>(
    values: &mut BTreeMap<K, T>,
    key: K,
    change: &CatalogChange,
    edit: &Edit<T>,
) -> Result<(), ChangeError> {
    check_edit(|| change.key(), edit, values.get(&key))?;
    match &edit.to {
        Some(to) => values.insert(key, to.clone()),
        None => values.remove(&key),
    };
    Ok(())
}

/// Checks that a change that makes something takes a number above the `highest` used, unless it brings one back.
///
/// # Errors
/// Fails with [`ChangeError::IdReused`] where it does not.
pub fn check_unused<T>(
    change: &CatalogChange,
    kind: &OperationKind,
    edit: &Edit<T>,
    id: u32,
    highest: u32,
) -> Result<(), ChangeError> {
    let brings_back = matches!(kind, OperationKind::Undo { .. } | OperationKind::Redo { .. });
    let is_new = edit.from.is_none() && edit.to.is_some();
    if is_new && !brings_back && id <= highest { Err(ChangeError::IdReused { key: change.key() }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn person(id: u32, name: &str) -> CatalogChange {
        let to = Some(Person::new(PersonId(id), name, Timestamp::UNIX_EPOCH));
        CatalogChange::Person { id: PersonId(id), edit: Edit { from: None, to } }
    }

    #[test]
    fn a_number_is_given_once_and_comes_back_only_by_undo() {
        let mut directory = Directory::default();
        directory.apply(&OperationKind::Create, &[person(1, "Ava"), person(2, "Ben")]).unwrap();
        let gone = person(2, "Ben").invert();
        directory.apply(&OperationKind::Delete, std::slice::from_ref(&gone)).unwrap();
        let again = directory.apply(&OperationKind::Create, &[person(2, "Zoe")]);
        assert_eq!(again, Err(ChangeError::IdReused { key: "person p_0002".into() }));
        directory.apply(&OperationKind::Undo { of: 2 }, &[gone.invert()]).unwrap();
        assert_eq!(directory.people[&PersonId(2)].name, "Ben");
        assert!(matches!(
            directory.apply(&OperationKind::Undo { of: 1 }, &[person(2, "Zoe").invert()]),
            Err(ChangeError::MovedOn { .. })
        ));
    }
}
