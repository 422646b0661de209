use super::*;
use crate::algo::cluster::{Clustering, Mean, Member};
use crate::algo::recognise::{self, Gallery};
use crate::domain::{Method, Never, Person, PersonId, Roster, Shot, ShotId, Transition};

const AVA: PersonId = PersonId(1);

fn params() -> recognise::Params {
    let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
    table["recognise"].clone().try_into().unwrap()
}

fn roster() -> Roster {
    let ava = Person {
        id: AVA,
        name: "Ava Stone".into(),
        added_at: Timestamp::UNIX_EPOCH,
        former: vec![],
        aliases: vec![],
        notes: None,
        removed: false,
        merged_into: None,
    };
    Roster::new([ava])
}

fn vector(cosine: f32) -> Embedding {
    Embedding::from_raw(vec![cosine, (1.0 - cosine * cosine).sqrt()]).unwrap()
}

/// Tracks with the cosine of their face to Ava's, each in a shot of its own; one of none has no vector.
#[derive(Default)]
struct Scene {
    tracks: Vec<(u32, Option<f32>)>,
    knows_ava: bool,
    nevers: BTreeMap<(TrackId, PersonId), Never>,
    named: BTreeSet<IdentityId>,
}

impl Scene {
    fn of(tracks: &[u32]) -> Self {
        Self { tracks: tracks.iter().map(|t| (*t, None)).collect(), ..Self::default() }
    }

    fn group(&self, before: &State, clusters: &[&[u32]], next: u32) -> State {
        let gallery = if self.knows_ava { Gallery::new([(AVA, vector(1.0))]) } else { Gallery::default() };
        let (params, roster) = (params(), roster());
        let known = KnownFaces { params: &params, gallery: &gallery, roster: &roster, strangers: 0.0 };
        let bbox = BBox::new(0.0, 0.0, 50.0, 60.0);
        let samples: Vec<TrackSample> = self
            .tracks
            .iter()
            .map(|(id, cosine)| TrackSample {
                id: TrackId(*id),
                shot: ShotId(*id),
                frames: vec![u64::from(*id)],
                time: MediaTime(1),
                first_box: bbox,
                last_box: bbox,
                vector: cosine.map(|c| Mean::single(vector(c))),
                quality: 0.8,
                occluded: 0.0,
                eye_px: 40.0,
            })
            .collect();
        let shot = |id: u32| Shot {
            id: ShotId(id),
            start_frame: u64::from(id),
            end_frame: u64::from(id) + 1,
            start: MediaTime::ZERO,
            end: MediaTime::ZERO,
            transition_in: Transition::Cut,
            transition_frames: 0,
            score: 1.0,
        };
        let shots: Vec<Shot> = self.tracks.iter().map(|t| shot(t.0)).collect();
        let clustering = Clustering { clusters: clusters.iter().map(|c| cluster_of(c)).collect() };
        let groups = settle(&known, before, &self.nevers, &samples, &known.likenesses(&samples), &shots, &clustering);
        propose(&known, before, &self.named, &groups, IdentityId(next))
    }
}

fn cluster_of(tracks: &[u32]) -> cluster::Cluster {
    let member = |t: &u32| Member { track: TrackId(*t), score: 0.9, threshold: 0.35 };
    cluster::Cluster { members: tracks.iter().map(member).collect(), time: MediaTime::ZERO, boxes: 1, alone: None }
}

fn who(state: &State, track: u32) -> u32 {
    state.assignments[&TrackId(track)].identity.0
}

fn named(state: &mut State, id: u32) {
    if let Some(identity) = state.identities.get_mut(&IdentityId(id)) {
        *identity = Identity { name: Some("Ava Stone".into()), person: Some(AVA), source: Source::Confirmed, ..identity.clone() };
    }
}

#[test]
fn grouping_again_with_the_same_result_changes_nothing() {
    let scene = Scene::of(&[1, 2, 3]);
    let first = scene.group(&State::default(), &[&[1, 3], &[2]], 1);
    assert_eq!(first, scene.group(&first, &[&[1, 3], &[2]], 3));
}

#[test]
fn a_named_identity_keeps_its_tracks_and_draws_those_that_cluster_with_them() {
    let scene = Scene::of(&[1, 2, 3, 4]);
    let mut before = scene.group(&State::default(), &[&[1, 3], &[2]], 1);
    named(&mut before, 1);
    let after = scene.group(&before, &[&[1, 2, 4], &[3]], 3);
    assert_eq!((who(&after, 1), who(&after, 2), who(&after, 3), who(&after, 4)), (1, 1, 1, 1));
    assert_eq!(after.identities.len(), 1);
}

#[test]
fn ids_of_identities_that_vanish_are_not_used_again() {
    let scene = Scene::of(&[1, 2]);
    let first = scene.group(&State::default(), &[&[1], &[2]], 1);
    let after = scene.group(&first, &[&[1, 2]], 3);
    assert_eq!(after.identities.keys().copied().collect::<Vec<_>>(), [IdentityId(3)]);
}

#[test]
fn clusters_of_a_known_face_are_one_identity_with_a_proposed_name_and_stay_it() {
    let scene = Scene { tracks: vec![(1, Some(0.9)), (2, Some(0.85)), (3, Some(0.1))], knows_ava: true, ..Scene::default() };
    let first = scene.group(&State::default(), &[&[1], &[2], &[3]], 1);
    assert_eq!(first.identities.len(), 2);
    let ava = &first.identities[&IdentityId(1)];
    assert_eq!((ava.name.as_deref(), ava.person, ava.source), (Some("Ava Stone"), Some(AVA), Source::Proposed));
    assert_eq!((who(&first, 1), who(&first, 2)), (1, 1));
    let track = first.assignments[&TrackId(1)];
    assert!(track.method == Method::Facebank && track.score >= track.threshold && track.source == Source::Proposed);
    assert_eq!(scene.group(&first, &[&[1], &[2], &[3]], 3), first);
}

#[test]
fn what_a_run_proposed_of_a_face_is_forgotten_with_the_face_and_what_somebody_decided_is_not() {
    let mut scene = Scene { tracks: vec![(1, Some(0.9)), (2, Some(0.9))], knows_ava: true, ..Scene::default() };
    let mut first = scene.group(&State::default(), &[&[1], &[2]], 1);
    scene.knows_ava = false;
    let forgotten = scene.group(&first, &[&[1], &[2]], 2);
    assert!(forgotten.identities.values().all(|i| i.name.is_none()), "{forgotten:?}");
    named(&mut first, 1);
    assert_eq!(scene.group(&first, &[&[1], &[2]], 2), first);
}

#[test]
fn a_track_that_is_said_not_to_be_somebody_is_not_proposed_for_them_however_alike() {
    let mut scene = Scene { tracks: vec![(1, Some(0.95)), (2, Some(0.9))], knows_ava: true, ..Scene::default() };
    scene.nevers.insert((TrackId(1), AVA), Never { source: Source::Confirmed });
    let after = scene.group(&State::default(), &[&[1, 2]], 1);
    assert_ne!(who(&after, 1), who(&after, 2));
    assert_eq!(after.identities[&IdentityId(who(&after, 1))].person, None);
}

#[test]
fn an_identity_that_a_voice_refers_to_stays_and_the_face_joins_it() {
    let mut scene = Scene { tracks: vec![(1, Some(0.9))], knows_ava: true, ..Scene::default() };
    let mut before = State::default();
    let id = IdentityId(4);
    let voice = Identity {
        id,
        label: None,
        name: Some("Ava Stone".into()),
        person: Some(AVA),
        source: Source::Proposed,
        alone: None,
        locked: false,
    };
    before.identities.insert(id, voice);
    scene.named.insert(id);
    let after = scene.group(&before, &[&[1]], 5);
    assert_eq!((who(&after, 1), after.identities.len()), (4, 1));
}
