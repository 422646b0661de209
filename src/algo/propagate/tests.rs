//! Who is offered, and who is left alone.

use super::*;
use crate::algo::cluster::Mean;
use crate::domain::{Embedding, TrackId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn params() -> Params {
    let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
    table["propagate"].clone().try_into().unwrap()
}

/// A face of somebody, turned away from their middle by so many degrees: people are at right angles to one another.
fn face(who: usize, degrees: f32) -> Mean {
    let mut v = vec![0.0; 8];
    v[who] = degrees.to_radians().cos();
    v[7] = degrees.to_radians().sin();
    Mean::single(Embedding::from_raw(v).unwrap())
}

/// A track with its vector and pictures.
struct Made(u32, Mean, Vec<u64>);

fn sample(made: &Made) -> Sample<'_> {
    Sample { track: TrackId(made.0), vector: Some(&made.1), quality: 0.5, pictures: &made.2 }
}

fn asked(made: &Made) -> Asked<'_, u32> {
    Asked { sample: sample(made), whose: None, held: None }
}

fn ids(offers: &Offers<u32>) -> Vec<u32> {
    offers.offers.iter().map(|o| o.track.0).collect()
}

#[test]
fn those_who_look_like_them_are_offered_and_others_not() {
    let own = [Made(1, face(0, 0.0), vec![1, 2]), Made(2, face(0, 20.0), vec![9])];
    let all = [Made(3, face(0, 30.0), vec![20]), Made(4, face(1, 0.0), vec![21]), Made(5, face(0, 10.0), vec![22])];
    let question = Question { own: own.iter().map(sample).collect(), rivals: Vec::new(), asked: all.iter().map(asked).collect() };
    let found = propose(&params(), 0.0, &question);
    assert_eq!(ids(&found), [5, 3]);
    assert!(found.offers.iter().all(|o| o.belief > params().sure && o.next.is_none()), "{:?}", found.offers);
    assert_eq!(found.offers[1].nearest, TrackId(2));
    assert!(found.left.is_empty());
}

#[test]
fn who_is_as_like_somebody_else_is_not_believed() {
    let own = [Made(1, face(0, 0.0), vec![1])];
    let other = [Made(2, face(0, 30.0), vec![2]), Made(3, face(0, 34.0), vec![3])];
    let between = Made(4, face(0, 16.0), vec![4]);
    let ask = |rivals: Vec<Rival<'_, u32>>, whose| {
        let asked = vec![Asked { whose, ..asked(&between) }];
        propose(&params(), 0.0, &Question { own: own.iter().map(sample).collect(), rivals, asked }).offers.pop()
    };
    let alone = ask(Vec::new(), None).unwrap();
    assert!(alone.belief > params().sure);
    let rival = || vec![Rival { who: 7, tracks: other.iter().map(sample).collect() }];
    let torn = ask(rival(), None).map_or(0.0, |o| o.belief);
    assert!(torn < 0.5, "{torn}");
    // What is theirs now says nothing for them by itself.
    let mut with_it = rival();
    with_it[0].tracks.push(sample(&between));
    let again = ask(with_it, Some(7)).map_or(0.0, |o| o.belief);
    assert!((again - torn).abs() < 1e-6, "{again} {torn}");
    let alone_theirs = vec![Rival { who: 7, tracks: vec![sample(&between)] }];
    assert_eq!(ask(alone_theirs, Some(7)), Some(alone));
}

#[test]
fn what_is_held_or_seen_together_is_left_alone_and_counted_where_it_looks_like_them() {
    let own = [Made(1, face(0, 0.0), vec![1, 2, 3])];
    let all: Vec<Made> = (2..9).map(|n| Made(n, face(usize::from(n == 8), 10.0), vec![u64::from(n) + 10])).collect();
    let held = [None, Some(Held::Locked), Some(Held::Decided), Some(Held::Never), Some(Held::Discarded), Some(Held::Decided)];
    let mut list: Vec<Asked<'_, u32>> =
        all.iter().zip(held.into_iter().chain([Some(Held::Locked)])).map(|(made, held)| Asked { held, ..asked(made) }).collect();
    let together = Made(9, face(0, 10.0), vec![3, 4]);
    list.push(asked(&together));
    let faceless = Sample { track: TrackId(10), vector: None, quality: 0.0, pictures: &[99] };
    list.push(Asked { sample: faceless, whose: None, held: None });
    let found = propose(&params(), 0.0, &Question { own: own.iter().map(sample).collect(), rivals: Vec::new(), asked: list });
    assert_eq!(ids(&found), [2]);
    let due = [(Held::Locked, 1), (Held::Decided, 2), (Held::Never, 1), (Held::Discarded, 1)];
    let due: BTreeMap<Left, usize> =
        due.into_iter().map(|(held, n)| (Left::Held(held), n)).chain([(Left::Together, 1)]).collect();
    assert_eq!(found.left, due);
}

proptest! {
    #[test]
    fn two_faces_of_one_picture_are_never_both_taken(
        faces in prop::collection::vec((0.0f32..40.0, 0u64..12, 1u64..4), 2..12),
        said in prop::collection::btree_map(2u32..14, any::<bool>(), 0..8),
        min in 0.0f32..1.0,
    ) {
        let own = Made(1, face(0, 0.0), vec![100]);
        let all: Vec<Made> =
            (2..).zip(&faces).map(|(n, (turned, from, count))| Made(n, face(0, *turned), (*from..from + count).collect())).collect();
        let question = Question { own: vec![sample(&own)], rivals: Vec::new(), asked: all.iter().map(asked).collect() };
        let found = propose(&params(), 0.0, &question);
        let said: BTreeMap<TrackId, bool> = said.into_iter().map(|(t, is)| (TrackId(t), is)).collect();
        let taken = choose(&found.offers, min, &said);
        let mut seen = BTreeSet::new();
        for made in all.iter().filter(|m| taken.contains(&TrackId(m.0))) {
            prop_assert!(made.2.iter().all(|p| seen.insert(*p)), "{taken:?}");
        }
        // Nobody is passed over without a reason.
        for offer in found.offers.iter().filter(|o| !taken.contains(&o.track)) {
            let is_out = said.get(&offer.track) == Some(&false) || (offer.belief < min && !said.contains_key(&offer.track));
            prop_assert!(is_out || offer.beside.iter().any(|t| taken.contains(t)), "{offer:?} {taken:?}");
        }
        prop_assert!(taken.iter().all(|t| said.get(t) != Some(&false)));
    }
}
