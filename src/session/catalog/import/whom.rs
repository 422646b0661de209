//! Which numbers the people of a file have here. Pure.

use crate::domain::{Directory, Person, PersonId, Roster, name_key, tidy_name};
use crate::export::catalog::{Field, PersonRow};
use std::collections::{BTreeMap, BTreeSet};

/// The highest number of a file that is kept for who is new; above, a free one is given, so that no row uses up all that there are.
pub(super) const MOST_KEPT: u32 = 1_000_000;

/// The people of a file, by the order of their rows.
#[derive(Debug, Default)]
pub(super) struct Whom {
    pub(super) rows: Vec<Result<PersonId, String>>,
    /// The number here of each number in the file.
    numbers: BTreeMap<PersonId, PersonId>,
}

impl Whom {
    /// Finds everybody: by number and name together, else by name. Who is new keeps the number of the file where nobody ever had it, so that
    /// episodes of the other library find them; else they get the next that is free.
    pub(super) fn of(directory: &Directory, rows: &[&PersonRow]) -> Self {
        let roster = Roster::new(directory.people.values().cloned());
        let names = roster.names().unwrap_or_default();
        let mut found = Self { rows: vec![Err(String::new()); rows.len()], numbers: BTreeMap::new() };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // Those whom a number finds go first, then rising numbers, then those without.
        let is_known = |row: &PersonRow| row.id.is_some_and(|id| directory.people.contains_key(&id));
        order.sort_by_key(|at| (!is_known(rows[*at]), rows[*at].id.is_none(), rows[*at].id, *at));
        let mut taken: BTreeSet<PersonId> = BTreeSet::new();
        let (mut last, mut new): (u32, BTreeMap<String, PersonId>) = (directory.last_person, BTreeMap::new());
        for at in order {
            let row = rows[at];
            let key = name_key(&row.name);
            let there = row.id.and_then(|id| directory.people.get(&id));
            let id = if let Some(known) = there {
                if !is_it(known, row) {
                    let (id, name, here) = (known.id, tidy_name(&row.name), &known.name);
                    let what = format!("{id} is {here} here and {name} in the file; without a number the name finds them");
                    found.rows[at] = Err(what);
                    continue;
                }
                known.id
            } else if let Some(known) = row.id.and_then(|id| found.numbers.get(&id)) {
                *known
            } else if let Some(known) = called(directory, &names, row, &taken) {
                known
            } else if let Some(known) = new.get(&key).filter(|_| row.id.is_none()) {
                *known
            } else {
                let kept = row.id.filter(|id| id.0 > last && id.0 <= MOST_KEPT);
                let id = kept.unwrap_or(PersonId(last.saturating_add(1)));
                last = id.0;
                new.insert(key, id);
                id
            };
            taken.insert(id);
            found.numbers.extend(row.id.map(|number| (number, id)));
            found.rows[at] = Ok(id);
        }
        found
    }

    /// Returns the number here of a number in the file; itself where no row gives it to anybody.
    pub(super) fn number(&self, id: PersonId) -> PersonId {
        self.numbers.get(&id).copied().unwrap_or(id)
    }
}

/// Tells whether a person of that number is whom a row means: by their name, or by one that the row says they had.
fn is_it(known: &Person, row: &PersonRow) -> bool {
    let former = row.former.clone().said().unwrap_or_default();
    known.has_name(&row.name) || former.iter().any(|name| known.has_name(name))
}

/// Finds whom a row means by name: who stands for themselves, or, where it says that they were deleted or somebody else, one who was here too.
fn called(
    directory: &Directory,
    names: &BTreeMap<String, PersonId>,
    row: &PersonRow,
    taken: &BTreeSet<PersonId>,
) -> Option<PersonId> {
    let is_gone = row.removed == Field::Said(true) || matches!(row.merged_into, Field::Said(Some(_)));
    let key = name_key(&row.name);
    if !is_gone {
        // A row without a number says again whom another row says already; one with a number is somebody of their own.
        return names.get(&key).copied().filter(|id| row.id.is_none() || !taken.contains(id));
    }
    let gone = directory.people.values().filter(|p| p.removed || p.merged_into.is_some());
    gone.filter(|p| name_key(&p.name) == key && !taken.contains(&p.id)).map(|p| p.id).next()
}
