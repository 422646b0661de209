//! Finds references that poison the bank: those nearer to somebody else than to their own person.

use super::Params;
use crate::algo::mean_of_nearest;
use crate::domain::{Embedding, PersonId, ReferenceId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A reference as it is compared with others, all of one embedder.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub id: ReferenceId,
    pub person: PersonId,
    pub vector: &'a Embedding,
}

/// Why a reference is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "doubt", rename_all = "snake_case")]
pub enum Doubt {
    /// It is nearer to another person than to its own. `own` is absent where its person has no other reference.
    Nearer { to: PersonId, cosine: f32, own: Option<f32> },
    /// It is like none of its person's others, nor like anybody else.
    Unlike { own: f32 },
}

/// How near a face is to people; each cosine is the mean of those to the nearest references of a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// To the person that it is to stand for; absent where there is nothing of theirs to compare with.
    pub own: Option<f32>,
    /// The nearest other person.
    pub other: Option<(PersonId, f32)>,
}

impl Compared {
    /// Compares a face that is to stand for `person` with references, all but `except`.
    #[must_use]
    pub fn of(params: &Params, person: PersonId, vector: &Embedding, known: &[Known<'_>], except: Option<ReferenceId>) -> Self {
        let mut by_person: BTreeMap<PersonId, Vec<f32>> = BTreeMap::new();
        for one in known.iter().filter(|k| Some(k.id) != except) {
            if let Some(cosine) = vector.cosine(one.vector) {
                by_person.entry(one.person).or_default().push(cosine);
            }
        }
        let mean = |cosines: Vec<f32>| mean_of_nearest(cosines, params.nearest);
        let own = by_person.remove(&person).and_then(mean);
        let others = by_person.into_iter().filter_map(|(id, cosines)| Some((id, mean(cosines)?)));
        Self { own, other: others.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) }
    }

    /// Returns how much nearer it is to somebody else than to its own; above 0 it is doubted.
    fn gap(&self, params: &Params) -> Option<f32> {
        self.other.map(|(_, cosine)| cosine - self.own.unwrap_or(params.alone_cosine))
    }

    /// Says what is doubtful about it.
    #[must_use]
    pub fn doubt(&self, params: &Params) -> Option<Doubt> {
        match (self.gap(params), self.other, self.own) {
            (Some(gap), Some((to, cosine)), own) if gap > 0.0 => Some(Doubt::Nearer { to, cosine, own }),
            (_, _, Some(own)) if own < params.unlike_cosine => Some(Doubt::Unlike { own }),
            _ => None,
        }
    }
}

/// Says what is doubtful about a face that is to stand for `person`.
#[must_use]
pub fn doubt(params: &Params, person: PersonId, vector: &Embedding, known: &[Known<'_>]) -> Option<Doubt> {
    Compared::of(params, person, vector, known, None).doubt(params)
}

/// Says what is doubtful about one of several new faces that are to stand for `person`: first against those who `stand` already, then among the
/// `others` of the new ones as well, so that one of somebody else among them is seen. New faces alone vouch for nothing: they may all be of one
/// wrong person.
#[must_use]
pub fn doubt_of_several(
    params: &Params,
    person: PersonId,
    vector: &Embedding,
    standing: &[Known<'_>],
    others: &[Known<'_>],
) -> Option<Doubt> {
    let among = || {
        let all: Vec<Known<'_>> = standing.iter().chain(others).copied().collect();
        doubt(params, person, vector, &all)
    };
    doubt(params, person, vector, standing).or_else(among)
}

/// Returns the reference of the same person that a face is nearly the same picture as, and the cosine.
#[must_use]
pub fn near_copy(params: &Params, person: PersonId, vector: &Embedding, known: &[Known<'_>]) -> Option<(ReferenceId, f32)> {
    let own = known.iter().filter(|k| k.person == person).filter_map(|k| Some((k.id, vector.cosine(k.vector)?)));
    own.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).filter(|(_, cosine)| *cosine >= params.copy_cosine)
}

/// Looks over a whole bank; returns what is doubted, by reference.
///
/// The one that is most so goes first and is left out of what the others are compared with, since it may be what makes them look so. Of
/// two people with one reference each that are alike both go: nothing says which is wrong. Takes `n^2` cosines.
#[must_use]
pub fn sweep(params: &Params, known: &[Known<'_>]) -> Vec<(ReferenceId, Doubt)> {
    let mut left = known.to_vec();
    let mut doubted = BTreeMap::new();
    loop {
        let judged = left.iter().filter_map(|one| {
            let compared = Compared::of(params, one.person, one.vector, &left, Some(one.id));
            let gap = compared.gap(params).filter(|gap| *gap > 0.0)?;
            Some((gap, one.id, compared.doubt(params)?))
        });
        let wrong: Vec<(f32, ReferenceId, Doubt)> = judged.collect();
        let Some(most) = wrong.iter().map(|w| w.0).max_by(f32::total_cmp) else { break };
        let gone: BTreeSet<ReferenceId> = wrong.iter().filter(|w| w.0 >= most).map(|w| w.1).collect();
        doubted.extend(wrong.into_iter().filter(|w| gone.contains(&w.1)).map(|w| (w.1, w.2)));
        left.retain(|one| !gone.contains(&one.id));
    }
    for one in &left {
        if let Some(unlike) = Compared::of(params, one.person, one.vector, &left, Some(one.id)).doubt(params) {
            doubted.insert(one.id, unlike);
        }
    }
    doubted.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::default_params;
    use super::*;

    const AVA: PersonId = PersonId(1);
    const BEN: PersonId = PersonId(2);

    /// A view of the person on an axis, `turned` towards an axis of its own.
    fn view(axis: usize, turned: f32, own: usize) -> Embedding {
        let mut v = vec![0.0; 32];
        v[axis] = 1.0;
        v[8 + own] = turned;
        Embedding::from_raw(v).unwrap()
    }

    fn known(rows: &[(u64, PersonId, Embedding)]) -> Vec<Known<'_>> {
        rows.iter().map(|(id, person, vector)| Known { id: ReferenceId(*id), person: *person, vector }).collect()
    }

    #[test]
    fn a_face_of_somebody_else_is_doubted_and_an_own_one_is_not() {
        let params = default_params();
        let rows = [(1, AVA, view(0, 0.6, 0)), (2, AVA, view(0, 0.6, 1)), (3, BEN, view(1, 0.6, 2))];
        let bank = known(&rows);
        assert_eq!(doubt(&params, AVA, &view(0, 0.7, 3), &bank), None);
        let Some(Doubt::Nearer { to, own: Some(own), cosine }) = doubt(&params, BEN, &view(0, 0.7, 3), &bank) else { panic!() };
        assert!(to == AVA && cosine > 0.6 && own < 0.1);
        // The first of a new person, and a stranger among Ava's.
        let cleo = PersonId(3);
        assert!(matches!(doubt(&params, cleo, &view(0, 0.7, 3), &bank), Some(Doubt::Nearer { to: AVA, own: None, .. })));
        assert_eq!(doubt(&params, cleo, &view(2, 0.7, 3), &bank), None);
        let mut stranger = vec![0.0; 32];
        (stranger[0], stranger[5]) = (0.02, 1.0);
        let stranger = Embedding::from_raw(stranger).unwrap();
        assert!(matches!(doubt(&params, AVA, &stranger, &bank), Some(Doubt::Unlike { .. })));
    }

    #[test]
    fn a_whole_folder_of_somebody_else_is_doubted_though_its_faces_are_alike() {
        let params = default_params();
        let rows = [(1, AVA, view(0, 0.6, 0)), (2, AVA, view(0, 0.6, 1)), (3, BEN, view(1, 0.6, 2))];
        let standing = known(&rows);
        let of_ava: Vec<_> = (3..7).map(|i| (10 + i, BEN, view(0, 0.6, usize::try_from(i).unwrap()))).collect();
        for (n, wrong) in of_ava.iter().enumerate() {
            let others: Vec<_> = of_ava.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, row)| row.clone()).collect();
            let found = doubt_of_several(&params, BEN, &wrong.2, &standing, &known(&others));
            assert!(matches!(found, Some(Doubt::Nearer { to: AVA, .. })), "{found:?}");
            // Somebody new, whom nothing stands for yet.
            let found = doubt_of_several(&params, PersonId(3), &wrong.2, &standing, &known(&others));
            assert!(matches!(found, Some(Doubt::Nearer { to: AVA, .. })), "{found:?}");
        }
        // The odd one out is seen by the others alone.
        let (cleo, dora) = (PersonId(3), view(3, 0.6, 4));
        let own: Vec<_> = (0..3).map(|i| (20 + i, cleo, view(2, 0.6, usize::try_from(i).unwrap()))).collect();
        assert_eq!(doubt_of_several(&params, cleo, &own[0].2, &standing, &known(&own[1..])), None);
        assert!(matches!(doubt_of_several(&params, cleo, &dora, &standing, &known(&own)), Some(Doubt::Unlike { .. })));
    }

    #[test]
    fn one_wrong_reference_does_not_make_the_right_ones_doubtful() {
        let params = default_params();
        let mut rows: Vec<_> = (0..4).map(|i| (i + 1, AVA, view(0, 0.6, usize::try_from(i).unwrap()))).collect();
        // Ava's picture is all there is of Ben.
        rows.push((9, BEN, view(0, 0.5, 7)));
        let found = sweep(&params, &known(&rows));
        assert!(matches!(found[..], [(ReferenceId(9), Doubt::Nearer { to: AVA, own: None, .. })]), "{found:?}");
        rows.pop();
        assert_eq!(sweep(&params, &known(&rows)), []);
    }

    #[test]
    fn of_two_people_with_one_picture_each_that_are_alike_both_are_doubted() {
        let params = default_params();
        let rows = [(1, AVA, view(0, 0.3, 0)), (2, BEN, view(0, 0.3, 1))];
        assert_eq!(sweep(&params, &known(&rows)).len(), 2);
    }

    #[test]
    fn a_copy_is_found_among_the_same_person_alone() {
        let params = default_params();
        let rows = [(1, AVA, view(0, 0.6, 0)), (2, BEN, view(0, 0.6, 1))];
        let bank = known(&rows);
        assert_eq!(near_copy(&params, AVA, &view(0, 0.61, 0), &bank).map(|c| c.0), Some(ReferenceId(1)));
        assert_eq!(near_copy(&params, BEN, &view(0, 0.61, 0), &bank), None);
    }
}
