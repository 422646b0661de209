//! Candidates held against a plain computation over every vector of the run.

use super::tests::{episode, library};
use super::*;
use crate::algo::cluster::{Mean, likeness, pool};
use crate::algo::quality::badges;
use crate::domain::{EmbedderId, Fate, IdentityId};
use std::collections::{BTreeMap, BTreeSet};

/// Asks until there is an answer.
fn near(review: &mut Review, to: Near) -> Vec<Candidate> {
    loop {
        if let Nearest::Found(found) = review.near(to).unwrap() {
            return found;
        }
    }
}

/// What is known of each identity, worked out in the plainest way.
struct Plain {
    tracks: BTreeMap<TrackId, Mean>,
    identities: BTreeMap<IdentityId, (Mean, BTreeSet<u64>)>,
    pictures: BTreeMap<TrackId, BTreeSet<u64>>,
}

fn plain(review: &Review) -> Plain {
    let (store, run) = (&review.store, &review.state.run);
    let map = store.track_map(run.id).unwrap();
    let vectors: BTreeMap<_, _> = store.embeddings(run.id, &EmbedderId(run.embedder.id.clone())).unwrap().into_iter().collect();
    let looks = store.looks(run.id).unwrap();
    let mut crops: BTreeMap<TrackId, Vec<_>> = BTreeMap::new();
    for crop in store.crops(run.id).unwrap() {
        crops.entry(map.crop(crop).track).or_default().push((
            &vectors[&crop.key()],
            badges(&review.settings.badges, &crop.quality, looks.get(&crop.key())).weigh(&crop.quality),
        ));
    }
    let pooled = |own: &[(&crate::domain::Embedding, crate::domain::Quality)]| {
        pool(&review.settings.pool, &own.iter().map(|(v, q)| (*v, q)).collect::<Vec<_>>()).unwrap().vector
    };
    let tracks: BTreeMap<TrackId, Mean> = crops.iter().map(|(t, own)| (*t, pooled(own))).collect();
    let mut pictures: BTreeMap<TrackId, BTreeSet<u64>> = BTreeMap::new();
    for shot in store.shots(run.id).unwrap() {
        for face in store.faces(run.id, shot.id).unwrap() {
            if let Fate::Tracked(track) = map.face(face).fate {
                pictures.entry(track).or_default().insert(face.at.frame);
            }
        }
    }
    let mut identities = BTreeMap::new();
    for card in &review.snapshot().identities {
        let mean = Mean::of_means(card.tracks.iter().filter_map(|t| tracks.get(t)));
        let frames = card.tracks.iter().flat_map(|t| &pictures[t]).copied().collect();
        if let Some(mean) = mean {
            identities.insert(card.identity.id, (mean, frames));
        }
    }
    Plain { tracks, identities, pictures }
}

/// Holds every answer against the plain computation.
fn check(review: &mut Review) {
    let plain = plain(review);
    let strangers = review.settings.cluster.strangers;
    let snapshot = review.snapshot();
    let asked = snapshot.tracks.keys().map(|t| Near::Track(*t));
    for to in asked.chain(snapshot.identities.iter().map(|c| Near::Identity(c.identity.id))) {
        let (own, but) = match to {
            Near::Track(t) => {
                let mean = plain.tracks.get(&t).map(|mean| (mean, &plain.pictures[&t]));
                (mean, snapshot.tracks[&t].assignment.map(|a| a.identity))
            }
            Near::Identity(id) => (plain.identities.get(&id).map(|(mean, frames)| (mean, frames)), Some(id)),
        };
        let found = near(review, to);
        let Some((own, frames)) = own else {
            assert_eq!(found, []);
            continue;
        };
        let mut due: Vec<(f32, IdentityId)> = plain
            .identities
            .iter()
            .filter(|(id, _)| Some(**id) != but)
            .map(|(id, (mean, _))| (likeness(strangers, own, mean).unwrap(), *id))
            .collect();
        due.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (candidate, (likeness, id)) in found.iter().zip(&due) {
            // Sums of 128 products in another order.
            assert!(candidate.identity == *id && (candidate.likeness - likeness).abs() < 1e-5, "{to:?} {candidate:?} {likeness}");
        }
        for candidate in &found {
            let shares = !plain.identities[&candidate.identity].1.is_disjoint(frames);
            assert_eq!(candidate.together.is_some(), shares, "{to:?} {candidate:?}");
        }
        let free = found.iter().filter(|c| c.together.is_none()).count();
        assert!(free == 9 || found.len() == due.len() || found.len() == 18, "{to:?}: {free} of {}", found.len());
    }
}

#[test]
fn candidates_are_those_of_a_plain_computation_also_after_cuts_joins_and_merges() {
    let (_dir, workspace) = library();
    let mut review = Review::open(&workspace, &episode()).unwrap();
    check(&mut review);
    let snapshot = review.snapshot();
    let long = snapshot.tracks.values().max_by_key(|t| t.crops).unwrap().track;
    let middle = u64::midpoint(long.first.frame, long.last.frame + 1);
    review.decide(&Command::Split { track: long.id, at: middle }).unwrap().unwrap();
    let ids: Vec<IdentityId> = snapshot.identities.iter().map(|c| c.identity.id).collect();
    review.decide(&Command::Merge { identities: vec![ids[3], ids[4]], into: ids[5] }).unwrap().unwrap();
    check(&mut review);
    let tail = *review.snapshot().tracks.keys().next_back().unwrap();
    review.decide(&Command::Join { tracks: vec![long.id, tail] }).unwrap().unwrap();
    check(&mut review);
    assert_eq!(near(&mut review, Near::Track(TrackId(9999))), []);
}
