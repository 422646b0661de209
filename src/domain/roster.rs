//! The people of a library, and who was found to be whom.
//!
//! Episodes refer to people by number, and what they store is never written again: that a person is called otherwise now, or is another,
//! is said by the catalog alone, and brought to identities when they are read. So it costs nothing in the episodes and needs none of their
//! locks, and taking it back leaves no trace in them.

use super::{Identity, Person, PersonId, name_key};
use std::collections::BTreeMap;

/// Everybody who was ever added, by number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster(BTreeMap<PersonId, Person>);

impl Roster {
    #[must_use]
    pub fn new(everybody: impl IntoIterator<Item = Person>) -> Self {
        Self(everybody.into_iter().map(|p| (p.id, p)).collect())
    }

    /// Returns those who stand for themselves, by number.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.0.values().filter(|p| p.merged_into.is_none() && !p.removed)
    }

    /// Tells whether everybody is called as they ever were, and nobody was found to be another or deleted.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.values().all(|p| p.former.is_empty() && p.merged_into.is_none() && !p.removed)
    }

    /// Returns whom a number stands for now: the person, or whom they were found to be; nobody where those were deleted.
    #[must_use]
    pub fn stands_for(&self, id: PersonId) -> Option<&Person> {
        self.last(id).filter(|p| !p.removed)
    }

    /// Returns the number that a person goes by now; that of somebody who is not there stays what it is.
    #[must_use]
    pub fn now(&self, id: PersonId) -> PersonId {
        self.stands_for(id).map_or(id, |p| p.id)
    }

    /// Tells whether a number leads to somebody who is not there, or back to itself.
    #[must_use]
    pub fn is_lost(&self, id: PersonId) -> bool {
        self.last(id).is_none()
    }

    /// Follows who was found to be whom to its end.
    fn last(&self, id: PersonId) -> Option<&Person> {
        let mut person = self.0.get(&id)?;
        // A file that says that two people are each other must not hang the program.
        for _ in 0..self.0.len() {
            match person.merged_into {
                Some(into) => person = self.0.get(&into)?,
                None => return Some(person),
            }
        }
        None
    }

    /// Returns every other name that a person is found by: what else they are called, former names, and those of whoever was found to be
    /// them; in that order.
    #[must_use]
    pub fn aliases(&self, id: PersonId) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let merged = self.merged_into(id).into_iter().filter_map(|p| self.0.get(&p)).filter(|p| !p.removed);
        let own = self.0.get(&id).into_iter().flat_map(|p| p.aliases.iter().chain(&p.former));
        for name in own.chain(merged.flat_map(|p| std::iter::once(&p.name).chain(&p.former))) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the numbers of all who were found to be this person.
    #[must_use]
    pub fn merged_into(&self, id: PersonId) -> Vec<PersonId> {
        self.0.keys().copied().filter(|p| *p != id && self.stands_for(*p).is_some_and(|to| to.id == id)).collect()
    }

    /// Brings what identities say of their person up to now.
    ///
    /// A number counts only together with a name that this person had: an episode of another library may mean somebody else by it. Whose
    /// person was deleted has no name.
    pub fn bring_up<'a>(&self, identities: impl IntoIterator<Item = &'a mut Identity>) {
        for identity in identities {
            let Some((id, name)) = identity.person.zip(identity.name.as_ref()) else { continue };
            let Some(own) = self.0.get(&id).filter(|p| p.has_name(name)) else { continue };
            let Some(now) = self.last(own.id) else { continue };
            if now.removed {
                (identity.person, identity.name) = (None, None);
                continue;
            }
            identity.person = Some(now.id);
            if now.name != *name {
                identity.name = Some(now.name.clone());
            }
        }
    }

    /// Returns who is found by each name, case and spacing ignored: first those who are called so, then who was, then whose alias it is
    /// alone. Those who were deleted are found by none.
    ///
    /// # Errors
    /// Gives the name and both people where two who stand for themselves have one name.
    pub fn names(&self) -> Result<BTreeMap<String, PersonId>, (String, PersonId, PersonId)> {
        let mut names: BTreeMap<String, PersonId> = BTreeMap::new();
        for person in self.people() {
            if let Some(other) = names.insert(name_key(&person.name), person.id) {
                return Err((person.name.clone(), other, person.id));
            }
        }
        let once = self.0.values().filter(|p| !p.removed && self.stands_for(p.id).is_some());
        let once = once.flat_map(|p| std::iter::once(&p.name).chain(&p.former).map(|name| (name, p.id)));
        for (name, id) in once {
            names.entry(name_key(name)).or_insert(id);
        }
        for (alias, people) in self.by_alias() {
            if let [one] = people.as_slice() {
                names.entry(alias).or_insert(*one);
            }
        }
        Ok(names)
    }

    /// Returns whom each alias is of, by number.
    fn by_alias(&self) -> BTreeMap<String, Vec<PersonId>> {
        let mut found: BTreeMap<String, Vec<PersonId>> = BTreeMap::new();
        for person in self.0.values().filter(|p| !p.removed) {
            let Some(now) = self.stands_for(person.id) else { continue };
            for alias in &person.aliases {
                let people = found.entry(name_key(alias)).or_default();
                if !people.contains(&now.id) {
                    people.push(now.id);
                }
            }
        }
        found
    }

    /// Returns who shares an alias, by number; nobody where fewer than two do.
    #[must_use]
    pub fn sharing(&self, alias: &str) -> Vec<&Person> {
        let people = self.by_alias().remove(&name_key(alias)).unwrap_or_default();
        if people.len() < 2 { Vec::new() } else { people.iter().filter_map(|id| self.0.get(id)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{IdentityId, Source};
    use jiff::Timestamp;

    fn person(id: u32, name: &str, former: &[&str], into: Option<u32>) -> Person {
        let former = former.iter().map(|n| (*n).to_owned()).collect();
        Person { former, merged_into: into.map(PersonId), ..Person::new(PersonId(id), name, Timestamp::UNIX_EPOCH) }
    }

    fn identity(person: u32, name: &str) -> Identity {
        Identity {
            id: IdentityId(1),
            label: None,
            name: Some(name.into()),
            person: Some(PersonId(person)),
            source: Source::Confirmed,
            alone: None,
            locked: false,
        }
    }

    fn seen(roster: &Roster, person: u32, name: &str) -> (u32, String) {
        let mut one = identity(person, name);
        roster.bring_up([&mut one]);
        (one.person.unwrap().0, one.name.unwrap())
    }

    fn roster() -> Roster {
        Roster::new([
            person(1, "Ava Stone", &["Ava", "Eva"], None),
            person(2, "Ava S.", &[], Some(4)),
            person(3, "Ben", &[], None),
            person(4, "A. Stone", &["Stone"], Some(1)),
        ])
    }

    #[test]
    fn an_identity_has_the_name_of_whom_its_person_is_found_to_be() {
        let roster = roster();
        assert_eq!(seen(&roster, 2, "Ava S."), (1, "Ava Stone".into()));
        assert_eq!(seen(&roster, 4, "stone"), (1, "Ava Stone".into()));
        assert_eq!(seen(&roster, 1, "Eva"), (1, "Ava Stone".into()));
        assert_eq!(seen(&roster, 3, "Ben"), (3, "Ben".into()));
    }

    #[test]
    fn a_number_of_another_library_keeps_its_name() {
        assert_eq!(seen(&roster(), 2, "Zoe"), (2, "Zoe".into()));
        assert_eq!(seen(&roster(), 9, "Zoe"), (9, "Zoe".into()));
    }

    #[test]
    fn former_names_lead_to_a_person_unless_somebody_is_called_so() {
        let names = roster().names().unwrap();
        let of = |name: &str| names.get(name).map(|id| id.0);
        assert_eq!([of("ava stone"), of("eva"), of("ava s."), of("zoe")], [Some(1), Some(1), Some(2), None]);
        let taken = Roster::new([person(1, "Ava", &["Eva"], None), person(2, "Eva", &[], None)]);
        assert_eq!(taken.names().unwrap()["eva"], PersonId(2));
        let twice = Roster::new([person(1, "Ava", &[], None), person(2, "ava ", &[], None)]);
        assert!(twice.names().is_err());
        assert_eq!(roster().aliases(PersonId(1)), ["Ava", "Eva", "Ava S.", "A. Stone", "Stone"]);
    }

    #[test]
    fn who_was_deleted_is_nobody_or_whom_their_faces_went_to_and_no_name_finds_them() {
        let gone = |id, name, into| Person { removed: true, ..person(id, name, &["Once"], into) };
        let roster = Roster::new([
            gone(1, "Ava", None),
            gone(2, "Bo", Some(3)),
            person(3, "Cleo", &[], None),
            person(4, "Avi", &[], Some(1)),
        ]);
        let mut theirs = [identity(1, "ava"), identity(4, "Avi"), identity(2, "Once")];
        roster.bring_up(&mut theirs);
        assert_eq!(theirs.map(|i| (i.person, i.name)), [(None, None), (None, None), (Some(PersonId(3)), Some("Cleo".into()))]);
        assert_eq!(roster.people().map(|p| p.id.0).collect::<Vec<_>>(), [3]);
        assert_eq!(roster.names().unwrap().into_keys().collect::<Vec<_>>(), ["cleo"]);
        assert!(!roster.is_lost(PersonId(1)) && roster.stands_for(PersonId(1)).is_none());
    }

    #[test]
    fn an_alias_finds_whom_it_is_of_alone() {
        let also = |id, name, alias: &str| Person { aliases: vec![alias.into()], ..person(id, name, &[], None) };
        let roster = Roster::new([
            also(1, "Ava Stone", "Queen"),
            also(2, "Bo Reed", "queen "),
            also(3, "Cleo", "Bo reed"),
            also(4, "Dora", "Dee"),
        ]);
        let names = roster.names().unwrap();
        assert_eq!((names.get("queen"), names["bo reed"], names["dee"]), (None, PersonId(2), PersonId(4)));
        assert_eq!(roster.sharing(" QUEEN").iter().map(|p| p.id.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((roster.sharing("dee").len(), roster.aliases(PersonId(4))), (0, vec!["Dee"]));
    }

    #[test]
    fn people_who_are_each_other_do_not_hang_the_program() {
        let roster = Roster::new([person(1, "Ava", &[], Some(2)), person(2, "Eva", &[], Some(1))]);
        assert_eq!(roster.stands_for(PersonId(1)), None);
        assert_eq!(seen(&roster, 1, "Ava"), (1, "Ava".into()));
    }
}
