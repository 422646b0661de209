//! How much of whom there is in one run, and in another.

use crate::domain::MediaTime;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::{Add, Sub};

/// For how long somebody is seen, heard, and seen speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Amounts {
    pub visual: MediaTime,
    pub speaking: MediaTime,
    pub both: MediaTime,
}

impl Add for Amounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { visual: self.visual + other.visual, speaking: self.speaking + other.speaking, both: self.both + other.both }
    }
}

impl Sub for Amounts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { visual: self.visual - other.visual, speaking: self.speaking - other.speaking, both: self.both - other.both }
    }
}

/// One person in both runs; nothing where one of them does not know them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonDiff<W> {
    pub who: W,
    pub before: Amounts,
    pub after: Amounts,
}

impl<W> PersonDiff<W> {
    /// Returns what was gained; below zero what was lost.
    #[must_use]
    pub fn gained(&self) -> Amounts {
        self.after - self.before
    }
}

/// Joins the people of two runs, each in any order: by falling seconds gained or lost, then by who they are. What one person has
/// several times in a run is summed up, so that the differences of all are the difference of the totals.
#[must_use]
pub fn people<W: Ord>(
    before: impl IntoIterator<Item = (W, Amounts)>,
    after: impl IntoIterator<Item = (W, Amounts)>,
) -> Vec<PersonDiff<W>> {
    let mut all: BTreeMap<W, (Amounts, Amounts)> = BTreeMap::new();
    for (who, amounts) in before {
        let both = all.entry(who).or_default();
        both.0 = both.0 + amounts;
    }
    for (who, amounts) in after {
        let both = all.entry(who).or_default();
        both.1 = both.1 + amounts;
    }
    let mut people: Vec<PersonDiff<W>> =
        all.into_iter().map(|(who, (before, after))| PersonDiff { who, before, after }).collect();
    let size = |p: &PersonDiff<W>| {
        let gained = p.gained();
        (gained.visual.0.abs(), gained.speaking.0.abs(), p.after.visual)
    };
    people.sort_by(|a, b| size(b).cmp(&size(a)).then_with(|| a.who.cmp(&b.who)));
    people
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts() -> impl Strategy<Value = Vec<(u8, Amounts)>> {
        let one = (0u8..6, 0i64..1_000_000_000, 0i64..1_000_000_000, 0i64..1_000_000_000);
        prop::collection::vec(one, 0..12).prop_map(|all| {
            all.into_iter()
                .map(|(who, v, s, b)| (who, Amounts { visual: MediaTime(v), speaking: MediaTime(s), both: MediaTime(b) }))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn the_differences_of_all_are_the_difference_of_the_totals(a in amounts(), b in amounts()) {
            let sum = |all: &[(u8, Amounts)]| all.iter().fold(Amounts::default(), |sum, (_, one)| sum + *one);
            let (before, after) = (sum(&a), sum(&b));
            let people = people(a, b);
            prop_assert_eq!(people.iter().fold(Amounts::default(), |sum, p| sum + p.gained()), after - before);
            prop_assert_eq!(people.iter().fold(Amounts::default(), |sum, p| sum + p.before), before);
            prop_assert!(people.windows(2).all(|w| w[0].gained().visual.0.abs() >= w[1].gained().visual.0.abs()));
        }
    }
}
