//! Names as they stand in file names.

use crate::domain::PersonId;
use std::collections::{BTreeMap, BTreeSet};

/// Returns `name` in lower case letters, digits and single hyphens; empty where nothing of it is left. Full stops vanish: `J.R.` is `jr`.
#[must_use]
pub fn slug(name: &str) -> String {
    crate::domain::slug(&name.replace(['.', '’'], ""))
}

/// Gives each person a slug that no other has: by id, the first keeps the plain one, the next get `-2`, `-3`.
#[must_use]
pub fn person_slugs<'a>(people: impl IntoIterator<Item = (PersonId, &'a str)>) -> BTreeMap<PersonId, String> {
    let names: BTreeMap<PersonId, &str> = people.into_iter().collect();
    let mut taken = BTreeSet::new();
    names
        .into_iter()
        .map(|(id, name)| {
            let plain = Some(slug(name)).filter(|s| !s.is_empty()).unwrap_or_else(|| slug(&id.to_string()));
            let mut own = plain.clone();
            let mut n = 2;
            while !taken.insert(own.clone()) {
                own = format!("{plain}-{n}");
                n += 1;
            }
            (id, own)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs_and_lose_what_is_not_plain() {
        assert_eq!(slug("  Ava  Stone-Lee "), "ava-stone-lee");
        assert_eq!(slug("Conan O'Brien Jr."), "conan-obrien-jr");
        assert_eq!(slug("王"), "");
    }

    #[test]
    fn two_people_of_one_name_have_two_slugs_and_a_name_without_letters_has_one() {
        let people = [(PersonId(9), "ava stone"), (PersonId(3), "Ava Stone"), (PersonId(4), "王")];
        let slugs = person_slugs(people);
        assert_eq!(slugs.values().collect::<Vec<_>>(), ["ava-stone", "p-0004", "ava-stone-2"]);
    }
}
