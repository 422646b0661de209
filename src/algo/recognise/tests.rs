use super::*;
use crate::algo::cluster::Mean;
use crate::domain::{CosineMap, CosineScale, Embedding, IdentityId, PersonId, ShotId};
use proptest::prelude::*;
use std::collections::BTreeSet;

const AVA: PersonId = PersonId(1);
const BEN: PersonId = PersonId(2);

fn params() -> Params {
    let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
    table["recognise"].clone().try_into().unwrap()
}

/// A face whose cosine to the reference of Ava is `ava`, to that of Ben `ben`.
fn face(ava: f32, ben: f32) -> Mean {
    let rest = (1.0 - ava * ava - ben * ben).max(0.0).sqrt();
    Mean::single(Embedding::from_raw(vec![ava, ben, rest, 0.0]).unwrap())
}

fn gallery() -> Gallery {
    let unit = |v: [f32; 4]| Embedding::from_raw(v.to_vec()).unwrap();
    Gallery::new([(AVA, unit([1.0, 0.0, 0.0, 0.0])), (BEN, unit([0.0, 1.0, 0.0, 0.0]))])
}

/// A track of a test: its shot, its pictures, its face.
#[derive(Debug)]
struct Made {
    shot: u32,
    frames: Vec<u64>,
    face: Mean,
    held: Option<Holder>,
    never: BTreeSet<PersonId>,
}

fn made(shot: u32, from: u64, face: Mean) -> Made {
    Made { shot, frames: (from..from + 10).collect(), face, held: None, never: BTreeSet::new() }
}

fn run(tracks: &[Made], clusters: &[Vec<usize>]) -> Vec<Group> {
    let seen: Vec<Seen> = tracks
        .iter()
        .map(|t| Seen {
            shot: ShotId(t.shot),
            frames: &t.frames,
            vector: Some(&t.face),
            quality: 0.8,
            held: t.held,
            never: &t.never,
        })
        .collect();
    let shots: Vec<ShotId> = (1..=9).map(ShotId).collect();
    let likenesses = Likenesses::new(&params(), &gallery(), 0.0, seen.iter().map(|s| s.vector));
    recognise(&params(), &gallery(), 0.0, &seen, &likenesses, clusters, &shots)
}

fn alone(count: usize) -> Vec<Vec<usize>> {
    (0..count).map(|i| vec![i]).collect()
}

fn whose(groups: &[Group], track: usize) -> Whose {
    groups.iter().find(|g| g.tracks.iter().any(|t| t.0 == track)).unwrap().whose
}

#[test]
fn two_clusters_of_one_known_person_are_one_and_a_stranger_is_nobody() {
    let tracks = [made(1, 0, face(0.8, 0.0)), made(2, 100, face(0.7, 0.1)), made(3, 200, face(0.2, 0.1))];
    let groups = run(&tracks, &alone(3));
    assert_eq!(groups.len(), 2);
    assert_eq!(
        (whose(&groups, 0), whose(&groups, 1), whose(&groups, 2)),
        (Whose::Person(AVA), Whose::Person(AVA), Whose::Nobody)
    );
}

#[test]
fn a_cluster_of_two_known_people_falls_apart_and_its_others_go_to_whom_they_are_like() {
    let tracks = [
        made(1, 0, face(0.9, 0.0)),
        made(2, 100, face(0.0, 0.9)),
        made(5, 200, face(0.25, 0.05)),
        made(6, 300, face(0.05, 0.25)),
    ];
    let groups = run(&tracks, &[vec![0, 1, 2, 3]]);
    assert_eq!(whose(&groups, 2), Whose::Person(AVA));
    assert_eq!(whose(&groups, 3), Whose::Person(BEN));
}

#[test]
fn of_two_faces_in_one_picture_the_surer_one_is_theirs_and_the_other_never() {
    let tracks = [made(1, 0, face(0.7, 0.1)), made(1, 5, face(0.9, 0.1)), made(1, 50, face(0.8, 0.1))];
    let groups = run(&tracks, &alone(3));
    assert_eq!(whose(&groups, 0), Whose::Nobody);
    assert_eq!((whose(&groups, 1), whose(&groups, 2)), (Whose::Person(AVA), Whose::Person(AVA)));
    // In a cluster with them it stays behind, too.
    let groups = run(&tracks, &[vec![0, 2], vec![1]]);
    assert_eq!(whose(&groups, 0), Whose::Nobody);
}

#[test]
fn what_was_said_not_to_be_somebody_never_is_alone_or_in_company() {
    let mut tracks = [made(1, 0, face(0.9, 0.3)), made(2, 100, face(0.9, 0.0)), made(3, 200, face(0.9, 0.0))];
    tracks[0].never.insert(AVA);
    for clusters in [alone(3), vec![vec![0, 1, 2]]] {
        let groups = run(&tracks, &clusters);
        assert_ne!(whose(&groups, 0), Whose::Person(AVA));
        assert_eq!(whose(&groups, 1), Whose::Person(AVA));
    }
}

#[test]
fn decisions_hold_and_draw_their_clusters_along() {
    let mut tracks = [made(1, 0, face(0.0, 0.9)), made(2, 100, face(0.3, 0.2)), made(3, 200, face(0.1, 0.0))];
    tracks[0].held = Some(Holder { identity: IdentityId(7), person: Some(AVA) });
    tracks[2].held = Some(Holder { identity: IdentityId(9), person: None });
    let groups = run(&tracks, &[vec![0, 1], vec![2]]);
    assert_eq!((whose(&groups, 0), whose(&groups, 1)), (Whose::Person(AVA), Whose::Person(AVA)));
    assert_eq!(whose(&groups, 2), Whose::Identity(IdentityId(9)));
}

/// The cosine to Ava's reference at which a face that is not like Ben reaches a belief.
fn cosine_for(belief: f32) -> f32 {
    let of = |s: f32| params().belief.of(Evidence { similarity: s, margin: s, quality: 0.8, references: 1 });
    (0..1000).map(|i| i as f32 / 1000.0).find(|s| of(*s) >= belief).unwrap()
}

#[test]
fn a_newcomer_needs_more_and_one_known_next_door_less() {
    let p = params();
    let (between, below) = (cosine_for(p.similarity_th + 0.02), cosine_for(p.similarity_th - p.hysteresis + 0.02));
    let newcomer = [made(1, 0, face(between, 0.0))];
    assert_eq!(whose(&run(&newcomer, &alone(1)), 0), Whose::Nobody);
    let sure = || made(4, 500, face(0.95, 0.0));
    assert_eq!(whose(&run(&[made(1, 0, face(between, 0.0)), sure()], &alone(2)), 0), Whose::Person(AVA));
    assert_eq!(whose(&run(&[made(1, 0, face(below, 0.0)), sure()], &alone(2)), 0), Whose::Nobody);
    assert_eq!(whose(&run(&[made(3, 400, face(below, 0.0)), sure()], &alone(2)), 0), Whose::Person(AVA));
}

#[test]
fn a_cluster_is_asked_as_a_whole_where_none_of_its_tracks_is_sure() {
    let unit = |v: [f32; 4]| Mean::single(Embedding::from_raw(v.to_vec()).unwrap());
    let side = cosine_for(params().similarity_th) * 0.92;
    let rest = (1.0 - side * side).sqrt();
    let tracks =
        [made(1, 0, unit([side, 0.0, rest, 0.0])), made(4, 100, unit([side, 0.0, 0.0, rest])), made(7, 300, face(0.95, 0.0))];
    let groups = run(&tracks, &[vec![0, 1], vec![2]]);
    assert_eq!(whose(&groups, 0), Whose::Person(AVA), "{groups:?}");
    assert!(matches!(groups[0].tracks[0].1, Membership::Cluster(_)));
    assert_eq!(whose(&run(&tracks, &alone(3)), 0), Whose::Nobody);
}

#[test]
fn one_blurred_face_does_not_name_the_cluster_of_a_stranger() {
    let p = params();
    let mut tracks =
        vec![made(4, 0, face(0.95, 0.0)), made(3, 100, face(cosine_for(p.similarity_th - p.hysteresis + 0.02), 0.0))];
    tracks.extend((0..40).map(|n| made(5 + n % 5, 200 + 20 * u64::from(n), face(0.15, 0.0))));
    let groups = run(&tracks, &[vec![0], (1..42).collect()]);
    assert_eq!((whose(&groups, 0), whose(&groups, 1)), (Whose::Person(AVA), Whose::Person(AVA)));
    let rest = groups.iter().find(|g| g.whose == Whose::Nobody).unwrap();
    assert_eq!(rest.tracks.iter().map(|t| t.0).collect::<Vec<_>>(), (2..42).collect::<Vec<_>>());
    // Of a person's own cluster most is known, or the mean is theirs.
    tracks.truncate(4);
    tracks[2].face = face(0.3, 0.0);
    tracks[3].face = face(0.3, 0.0);
    assert_eq!(whose(&run(&tracks, &[vec![0, 1, 2, 3]]), 3), Whose::Person(AVA));
}

#[test]
fn what_a_doubtful_face_does_not_draw_goes_along_with_whom_somebody_decided_about() {
    let mut tracks = [made(1, 0, face(0.0, 0.3)), made(2, 100, face(0.9, 0.0)), made(3, 200, face(0.1, 0.0))];
    tracks[0].held = Some(Holder { identity: IdentityId(7), person: Some(BEN) });
    tracks[2].frames = (200..400).collect();
    tracks[2].face = Mean::single(Embedding::from_raw(vec![-0.6, 0.0, 0.8, 0.0]).unwrap());
    let groups = run(&tracks, &[vec![0, 1, 2]]);
    assert_eq!((whose(&groups, 1), whose(&groups, 2)), (Whose::Person(AVA), Whose::Person(BEN)));
}

#[test]
fn two_faces_of_one_picture_are_not_one_identity_because_its_track_is_in_a_later_cluster() {
    let mut tracks = [made(1, 0, face(0.0, 0.0)), made(1, 20, face(0.1, 0.0)), made(1, 25, face(0.0, 0.1))];
    for held in [0, 2] {
        tracks[held].held = Some(Holder { identity: IdentityId(9), person: None });
    }
    let groups = run(&tracks, &[vec![0, 1], vec![2]]);
    assert_eq!((whose(&groups, 0), whose(&groups, 1)), (Whose::Identity(IdentityId(9)), Whose::Nobody));
}

fn share_a_picture(a: &Made, b: &Made) -> bool {
    a.shot == b.shot && a.frames.iter().any(|f| b.frames.contains(f))
}

/// Deals tracks out to so many clusters, those that share a picture to several, as clustering does.
fn dealt(tracks: &[Made], split: usize) -> Vec<Vec<usize>> {
    let mut clusters: Vec<Vec<usize>> = vec![Vec::new(); split];
    for (at, track) in tracks.iter().enumerate() {
        let free = |cluster: &Vec<usize>| !cluster.iter().any(|other| share_a_picture(&tracks[*other], track));
        match (0..split).map(|n| (at + n) % split).find(|n| free(&clusters[*n])) {
            Some(n) => clusters[n].push(at),
            None => clusters.push(vec![at]),
        }
    }
    clusters
}

fn frames() -> impl Strategy<Value = Made> {
    (1u32..4, 0u64..30, -0.2f32..0.95, -0.2f32..0.95, prop::option::weighted(0.2, 1u32..5), prop::option::weighted(0.1, 1u32..3))
        .prop_map(|(shot, from, ava, ben, held, never)| {
            let scale = (ava * ava + ben * ben).sqrt().max(1.0);
            // Two of the identities have no person.
            let held = held.map(|i| Holder { identity: IdentityId(i), person: Some(PersonId(i)).filter(|_| i < 3) });
            let never = never.map(PersonId).filter(|p| held.is_none_or(|h| h.person != Some(*p)));
            Made { held, never: never.into_iter().collect(), ..made(shot, from, face(ava / scale, ben / scale)) }
        })
}

/// The greatest sum of beliefs over all ways to give the tracks of one picture to two people.
fn best_sum(tracks: &[Made]) -> f32 {
    let p = params();
    let needed = p.similarity_th + p.hysteresis;
    let belief = |t: &Made, of: PersonId| {
        let by = |v: [f32; 4]| t.face.direction.cosine(&Embedding::from_raw(v.to_vec()).unwrap()).unwrap();
        let (ava, ben) = (by([1.0, 0.0, 0.0, 0.0]), by([0.0, 1.0, 0.0, 0.0]));
        let (own, other) = if of == AVA { (ava, ben) } else { (ben, ava) };
        let evidence = Evidence { similarity: own, margin: own - other.max(0.0), quality: 0.8, references: 1 };
        Some(p.belief.of(evidence)).filter(|b| *b >= needed && own >= other)
    };
    let mut best = 0.0f32;
    for a in 0..=tracks.len() {
        for b in 0..=tracks.len() {
            if a == b && a < tracks.len() {
                continue;
            }
            let of = |at: usize, person| tracks.get(at).map_or(Some(0.0), |t| belief(t, person));
            if let (Some(x), Some(y)) = (of(a, AVA), of(b, BEN)) {
                best = best.max(x + y);
            }
        }
    }
    best
}

proptest! {
    #[test]
    fn nobody_is_twice_in_a_picture_decisions_hold_and_every_track_is_somewhere_once(
        tracks in prop::collection::vec(frames(), 1..14), split in 1usize..5
    ) {
        let clusters = dealt(&tracks, split);
        let groups = run(&tracks, &clusters);
        let mut all: Vec<usize> = groups.iter().flat_map(|g| g.tracks.iter().map(|t| t.0)).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..tracks.len()).collect::<Vec<_>>());
        for group in &groups {
            for (n, (a, why)) in group.tracks.iter().enumerate() {
                let held = tracks[*a].held;
                match group.whose {
                    Whose::Person(person) => {
                        prop_assert!(held.is_none_or(|h| h.person == Some(person)));
                        prop_assert!(!tracks[*a].never.contains(&person));
                    }
                    Whose::Identity(id) => prop_assert!(held.is_none_or(|h| h.person.is_none() && h.identity == id)),
                    Whose::Nobody => prop_assert!(held.is_none()),
                }
                for (b, other) in &group.tracks[n + 1..] {
                    let decided = *why == Membership::Held && *other == Membership::Held;
                    prop_assert!(decided || !share_a_picture(&tracks[*a], &tracks[*b]), "{a} and {b} are both {:?}", group.whose);
                }
            }
        }
        prop_assert_eq!(run(&tracks, &clusters), groups);
    }

    #[test]
    fn in_one_picture_no_other_matching_is_believed_more(faces in prop::collection::vec((-0.2f32..0.95, -0.2f32..0.95), 1..6)) {
        let tracks: Vec<Made> = faces.into_iter().map(|(ava, ben)| {
            let scale = (ava * ava + ben * ben).sqrt().max(1.0);
            made(1, 0, face(ava / scale, ben / scale))
        }).collect();
        let groups = run(&tracks, &alone(tracks.len()));
        let found: f32 = groups.iter().flat_map(|g| &g.tracks).filter_map(|(_, why)| match why {
            Membership::Face(found) => Some(found.belief),
            _ => None,
        }).sum();
        prop_assert!(found >= best_sum(&tracks) - 1e-5, "{} {}", found, best_sum(&tracks));
    }
}

#[test]
fn a_calibration_finds_out_how_often_it_is_right_about_people_it_was_not_fitted_to() {
    // Twelve people of six pictures each: vectors about a centre of their own, some pictures far off.
    let mut state = 7u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / f32::from(1u16 << 12) / 4096.0 - 0.5) * 2.0
    };
    let mut probes = Vec::new();
    for person in 0..12 {
        let centre: Vec<f32> = (0..24).map(|_| noise()).collect();
        for n in 0..6 {
            let far = 0.4 + 0.5 * n as f32;
            let vector = Embedding::from_raw(centre.iter().map(|c| c + far * noise()).collect()).unwrap();
            let is_reference = n < 4;
            probes.push(Probe { person, picture: person * 6 + n, vector, quality: 1.0 / (1.0 + far), is_reference });
        }
    }
    let scale = CosineScale { different: 0.27, same: 0.4 };
    let by = CalibrationParams { cast: 6, references: vec![1, 3], ridge: 1.0, eye_px: Vec::new() };
    let got = calibrate(&params(), &by, &CosineMap::new(scale, scale), 0.0, &probes).unwrap();
    assert_eq!((got.people, got.faces, got.trials), (12, 72, 72 * 4));
    assert!(got.brier < 0.2 && got.calibration_error < 0.15, "{got}");
    assert!(got.belief.similarity + got.belief.margin > 1.0, "{got}");
    assert!(got.strangers_named < 0.1, "{got}");
    assert!(toml::from_str::<toml::Table>(&got.to_toml()).is_ok());
    assert!(calibrate(&params(), &by, &CosineMap::new(scale, scale), 0.0, &probes[..12]).is_none(), "two people");
}
