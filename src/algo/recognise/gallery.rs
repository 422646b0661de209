//! The known faces of people, all of one embedder.

use crate::algo::cluster::{Mean, likeness};
use crate::algo::mean_of_nearest;
use crate::domain::{Embedding, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Finds those whom a face could be among very many references, without comparing it with each.
pub trait Shortlist: fmt::Debug + Send + Sync {
    /// Returns everybody who has a reference among those nearest to a face; `None` where that cannot be told, and all are compared. `all` are the
    /// references in the order of [`Gallery::references`].
    fn people(&self, face: &Embedding, all: &dyn Fn() -> Vec<Embedding>) -> Option<BTreeSet<PersonId>>;
}

/// References by person.
#[derive(Debug, Clone, Default)]
pub struct Gallery {
    people: Vec<(PersonId, Vec<Mean>)>,
    shortlist: Option<Arc<dyn Shortlist>>,
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
        Self { people: people.into_iter().collect(), shortlist: None }
    }

    /// Compares faces only with those whom `shortlist` names, with all references of each.
    #[must_use]
    pub fn with_shortlist(self, shortlist: Arc<dyn Shortlist>) -> Self {
        Self { shortlist: Some(shortlist), ..self }
    }

    /// Returns the references by person, those of one in the order in which they were given.
    pub fn references(&self) -> impl Iterator<Item = &Embedding> {
        self.people.iter().flat_map(|(_, references)| references.iter().map(|r| &r.direction))
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

    /// Compares a face with everybody, or with those on the shortlist: the mean over the `nearest` references of each. Most like first; of
    /// equals the lower number.
    pub(super) fn likenesses(&self, nearest: usize, strangers: f32, face: &Mean) -> Vec<Likeness> {
        let rows = || self.references().cloned().collect();
        let short = self.shortlist.as_ref().and_then(|shortlist| shortlist.people(&face.direction, &rows));
        let mut all: Vec<Likeness> = self
            .people
            .iter()
            .filter(|(person, _)| short.as_ref().is_none_or(|short| short.contains(person)))
            .filter_map(|(person, references)| {
                let cosines = references.iter().filter_map(|r| likeness(strangers, r, face));
                let similarity = mean_of_nearest(cosines, nearest)?;
                Some(Likeness { person: *person, similarity, references: references.len() })
            })
            .collect();
        all.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.person.cmp(&b.person)));
        all
    }
}
