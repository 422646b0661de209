//! The known faces of people, all of one embedder.

use crate::algo::cluster::{Mean, likeness};
use crate::domain::{Embedding, PersonId};
use std::collections::BTreeMap;

/// References by person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gallery {
    people: Vec<(PersonId, Vec<Mean>)>,
}

/// How like somebody a face is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    pub person: PersonId,
    /// Mean cosine to the nearest references.
    pub similarity: f32,
    pub references: usize,
}

impl Gallery {
    /// Takes references in any order.
    #[must_use]
    pub fn new(references: impl IntoIterator<Item = (PersonId, Embedding)>) -> Self {
        let mut people: BTreeMap<PersonId, Vec<Mean>> = BTreeMap::new();
        for (person, vector) in references {
            people.entry(person).or_default().push(Mean::single(vector));
        }
        Self { people: people.into_iter().collect() }
    }

    /// Tells whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Returns how many people are known.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// Compares a face with everybody: the mean over the `nearest` references of each. Most like first; of equals the lower number.
    pub(super) fn likenesses(&self, nearest: usize, strangers: f32, face: &Mean) -> Vec<Likeness> {
        let mut all: Vec<Likeness> = self
            .people
            .iter()
            .filter_map(|(person, references)| {
                let mut cosines: Vec<f32> = references.iter().filter_map(|r| likeness(strangers, r, face)).collect();
                cosines.sort_by(|a, b| b.total_cmp(a));
                let top = &cosines[..cosines.len().min(nearest.max(1))];
                let similarity = top.iter().sum::<f32>() / top.len() as f32;
                (!top.is_empty()).then_some(Likeness { person: *person, similarity, references: references.len() })
            })
            .collect();
        all.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.person.cmp(&b.person)));
        all
    }
}
