use super::*;
use crate::domain::{
    Assignment, BBox, Badge, BadgeKind, Detection, DropReason, Evidence, Fate, MediaTime, Method, ShotId, Source, Transition,
};

const PICTURE: Size = Size { width: 640, height: 360 };

pub(super) fn params() -> Params {
    toml::from_str::<toml::Table>(include_str!("../../../config/evaluation.toml")).unwrap()["evaluation"]
        .clone()
        .try_into()
        .unwrap()
}

fn at(frame: u64) -> FrameTime {
    FrameTime { frame, pts: MediaTime(40_000 * i64::try_from(frame).unwrap()) }
}

fn shot(start: u64, end: u64, transition_in: Transition) -> Shot {
    Shot {
        id: ShotId(1),
        start_frame: start,
        end_frame: end,
        start: at(start).pts,
        end: at(end).pts,
        transition_in,
        transition_frames: 0,
        score: 1.0,
    }
}

/// A on the left all the time, B on the right; a cut at 50, a dissolve at 70.
fn truth() -> Truth {
    let person = |name, track_x: f32| {
        let frames: Vec<u64> = (0..100).collect();
        serde_json::json!({"identity": name, "frames": frames, "boxes": vec![[track_x, 0.0, track_x + 50.0, 60.0]; 100],
            "visible": vec![1.0; 100], "alpha": vec![1.0; 100]})
    };
    let shots = serde_json::json!([
        {"start_frame": 0, "end_frame": 50, "identities": ["A", "B"]},
        {"start_frame": 50, "end_frame": 70, "identities": ["A", "B"]},
        {"start_frame": 70, "end_frame": 100, "transition_frames": 12, "identities": ["A", "B"]}]);
    let all = serde_json::json!({"n_frames": 100, "width": 640, "height": 360, "shots": shots,
        "tracks": [person("A", 100.0), person("B", 400.0)], "totals": {"A": {"visual_s": 4.0}, "B": {"visual_s": 4.0}}});
    Truth::parse(&all.to_string()).unwrap()
}

fn face(frame: u64, track: u32, x: f32) -> Face {
    let detection = Detection { bbox: BBox::new(x, 0.0, x + 50.0, 60.0), landmarks: None, score: 0.8 };
    Face { at: at(frame), detection, fate: Fate::Tracked(TrackId(track)), denied: false }
}

/// Compares faces whose track n is in the cluster that `cluster` gives it.
fn compare(shots: &[Shot], faces: &[Face], cluster: impl Fn(u32) -> u32) -> Evaluation {
    compare_with(&truth(), &BTreeMap::new(), shots, faces, cluster)
}

fn compare_with(
    truth: &Truth,
    badges: &BTreeMap<CropKey, Badges>,
    shots: &[Shot],
    faces: &[Face],
    cluster: impl Fn(u32) -> u32,
) -> Evaluation {
    let analysed: Vec<FrameTime> = (0..100).step_by(2).map(at).collect();
    let tracks = faces.iter().filter_map(|f| if let Fate::Tracked(t) = f.fate { Some(t) } else { None });
    let clusters: BTreeMap<TrackId, IdentityId> = tracks.map(|t| (t, IdentityId(cluster(t.0)))).collect();
    let assignments: BTreeMap<TrackId, Assignment> = clusters
        .iter()
        .map(|(t, i)| {
            let (source, method) = (Source::Proposed, Method::Cluster);
            (*t, Assignment { identity: *i, source, method, score: 1.0, threshold: 0.4, locked: false })
        })
        .collect();
    let all: toml::Table = toml::from_str(include_str!("../../../config/screen_time.toml")).unwrap();
    let rules = all["screen_time"].clone().try_into().unwrap();
    let whole = shot(0, 100, Transition::Start);
    let screen_time = crate::algo::screen_time::screen_time(
        &rules,
        PICTURE,
        &assignments,
        &BTreeMap::new(),
        [(&whole, analysed.as_slice(), faces)],
        MediaTime(4_000_000),
    );
    let run = Run {
        shots,
        analysed: &analysed,
        faces,
        clusters: &clusters,
        known: &[],
        screen_time: &screen_time,
        badges,
        links: None,
        picture: PICTURE,
    };
    evaluate(&params(), truth, &run)
}

fn right_shots() -> Vec<Shot> {
    vec![shot(0, 50, Transition::Start), shot(50, 74, Transition::Cut), shot(74, 100, Transition::Dissolve)]
}

fn both(frames: impl Iterator<Item = u64>) -> Vec<Face> {
    frames.flat_map(|f| [face(f, 1, 101.0), face(f, 2, 401.0)]).collect()
}

#[test]
fn a_run_that_is_right_scores_full_marks() {
    let e = compare(&right_shots(), &both((0..100).step_by(2)), |t| t);
    assert_eq!((e.shots.cuts_found, e.shots.dissolves_found, e.shots.false_ones.len()), (1, 1, 0));
    assert_eq!((e.faces.recall_tracked, e.faces.false_boxes, e.faces.fragmentation), (Some(1.0), 0, Some(1.0)));
    assert_eq!((e.people.purity, e.people.clusters_per_person), (Some(1.0), Some(1.0)));
    assert!(e.people.error_s.abs() < 1e-9, "{e}");
}

#[test]
fn boundaries_are_missed_a_picture_off_and_false_where_there_is_none() {
    let shots = [
        shot(0, 51, Transition::Start),
        shot(51, 77, Transition::Cut),
        shot(77, 90, Transition::Dissolve),
        shot(90, 100, Transition::Forced),
    ];
    let e = compare(&shots, &[], |t| t);
    assert_eq!((e.shots.missed, e.shots.false_ones), (vec![50, 70], vec![51, 77]));
}

#[test]
fn identities_are_judged_one_to_one_and_by_what_they_tell_of_people() {
    let close = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-9);
    let all = || both((0..100).step_by(2));
    let right = compare(&right_shots(), &all(), |t| t).identities;
    assert!(close(right.idf1, 1.0) && close(right.nmi, 1.0) && right.names.is_none(), "{right:?}");
    // Both in one cluster: one of the two agrees; the cluster tells nothing.
    let joined = compare(&right_shots(), &all(), |_| 1).identities;
    assert!(close(joined.idf1, 0.5) && close(joined.nmi, 0.0), "{joined:?}");
    // A in two clusters of 25 boxes, B in one of 50: 75 of 100 faces and of 100 boxes agree; H(people) = ln 2, H(clusters) = 1.5 ln 2.
    let parts: Vec<Face> = all()
        .into_iter()
        .map(|f| {
            if f.at.frame >= 50 && f.fate == Fate::Tracked(TrackId(1)) {
                Face { fate: Fate::Tracked(TrackId(3)), ..f }
            } else {
                f
            }
        })
        .collect();
    let split = compare(&right_shots(), &parts, |t| t).identities;
    assert!(close(split.idf1, 0.75) && close(split.nmi, 0.8), "{split:?}");
    // Half of A is not found, and 25 boxes lie on nobody: 75 of 100 faces and of 100 boxes agree.
    let mut faces: Vec<Face> = all().into_iter().filter(|f| f.fate == Fate::Tracked(TrackId(2)) || f.at.frame < 50).collect();
    faces.extend((0..50).step_by(2).map(|f| face(f, 3, 250.0)));
    assert!(close(compare(&right_shots(), &faces, |t| t).identities.idf1, 0.75));
}

#[test]
fn missing_false_and_dropped_faces_each_show() {
    let mut faces = both((0..100).step_by(2).filter(|f| *f >= 50));
    faces.extend((0..50).step_by(2).map(|f| Face { fate: Fate::Dropped(DropReason::LowScore), ..face(f, 1, 101.0) }));
    faces.extend((0..20).step_by(2).map(|f| face(f, 3, 250.0)));
    let e = compare(&right_shots(), &faces, |t| t);
    assert_eq!((e.faces.recall_detected, e.faces.recall_tracked), (Some(0.75), Some(0.5)));
    assert_eq!((e.faces.false_boxes, e.people.clusters_of_nobody), (10, vec![IdentityId(3)]));
    assert!((e.people.error_s - 4.0).abs() < 1e-9);
}

#[test]
fn two_people_in_one_cluster_are_impure_and_one_in_two_is_counted_twice() {
    let e = compare(&right_shots(), &both((0..100).step_by(2)), |_| 1);
    assert_eq!((e.people.purity, e.people.clusters_per_person), (Some(0.5), Some(0.5)));
    assert!((e.people.error_percent.unwrap() - 50.0).abs() < 1e-9);
    let split: Vec<Face> =
        (0..100).step_by(2).flat_map(|f| [face(f, 1 + 2 * u32::from(f >= 30), 101.0), face(f, 2, 401.0)]).collect();
    let e = compare(&right_shots(), &split, |t| t);
    assert_eq!((e.people.purity, e.people.clusters_per_person), (Some(1.0), Some(1.5)));
    assert_eq!((e.faces.fragmentation, e.faces.id_switches), (Some(1.5), 1));
    assert!(e.people.error_s.abs() < 1e-9, "both clusters are A's: {e}");
}

#[test]
fn the_truth_files_of_the_test_media_can_be_read() {
    let Ok(media) = std::env::var("SCREENALYTICS_TEST_MEDIA") else {
        println!("skipped: SCREENALYTICS_TEST_MEDIA not set");
        return;
    };
    let read = |name: &str| Truth::parse(&std::fs::read_to_string(format!("{media}/{name}")).unwrap()).unwrap();
    let episode = read("episode_dev.truth.json");
    assert_eq!((episode.shots.len(), episode.people.len(), episode.tracks, episode.faces.len()), (19, 8, 34, 1500));
    let talking = read("talking_dev.truth.json");
    assert_eq!((talking.shots.len(), talking.people.len(), talking.tracks), (11, 7, 15));
    let friends = read("clips/friends_clip.truth.json");
    assert_eq!((friends.shots.len(), friends.people.len(), friends.faces.len()), (6, 6, 0));
}

/// The same, A in sunglasses up to picture 20 and behind something from there to 30.
fn truth_with_covers() -> Truth {
    let mut truth = truth();
    for (frame, faces) in &mut truth.faces {
        for face in faces {
            face.cover = match frame {
                0..20 if face.person == 0 => Cover::By(BadgeKind::Sunglasses),
                20..30 if face.person == 0 => Cover::By(BadgeKind::Covered),
                _ => Cover::Nothing,
            };
        }
    }
    truth
}

#[test]
fn badges_are_counted_on_crops_that_deserve_them_and_on_others() {
    let faces = both((0..100).step_by(2));
    let shown = |kind, value| Badges { all: vec![Badge { kind, value, evidence: Evidence::Eyes(0.2) }], left: 1.0 };
    let key = |track, frame| CropKey { track: TrackId(track), frame };
    let badges = BTreeMap::from([
        (key(1, 0), shown(BadgeKind::Sunglasses, 0.9)),
        (key(1, 10), shown(BadgeKind::Sunglasses, 0.4)),
        (key(1, 22), shown(BadgeKind::Sunglasses, 0.6)),
        (key(1, 24), shown(BadgeKind::Covered, 0.6)),
        (key(2, 0), Badges::default()),
        (key(2, 1), shown(BadgeKind::Covered, 1.0)),
    ]);
    let judged = |truth: &Truth| compare_with(truth, &badges, &right_shots(), &faces, |t| t).badges;
    let got = judged(&truth_with_covers()).unwrap();
    assert_eq!(
        got.to_string(),
        "sunglasses on 1 of 2 crops that have it before them and 1 of 3 others; covered on 1 of 2 crops that have it before them and 0 of 3 others"
    );
    assert_eq!(judged(&truth()), None, "a truth that does not say judges nothing");
}
