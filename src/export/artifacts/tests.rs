//! The directory as a whole: written, checked, read back.

use super::*;
use crate::domain::{
    Assignment, BBox, Counts, Crop, Detection, DeviceUse, DropReason, Embedding, EpisodeId, Face, Fate, FrameTime, Identity,
    IdentityId, MediaTime, Method, ModelUse, Opening, Person, PersonId, PersonTime, Point, Quality, RunId, RunMeta, ScreenTime,
    Shot, ShotId, ShotRecord, Size, Source, Span, TrackId, TrackMetrics, Tracklet, Transition, VideoFacts,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io;

#[derive(Debug, Clone, Default, PartialEq)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Sink for Files {
    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.entry(path.to_owned()).or_default().extend_from_slice(bytes);
        Ok(())
    }
    fn put(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }
}

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect())
    }

    fn rows(&self, id: &EpisodeId) -> Result<Rows, ArtifactError> {
        Rows::read(id, |path| Ok(self.0.get(path).cloned()))
    }

    fn text(&self, path: &str) -> &str {
        std::str::from_utf8(&self.0[path]).unwrap()
    }

    /// Replaces `from` by `to` in a file, which must hold it.
    fn with(&self, path: &str, from: &str, to: &str) -> Self {
        let mut files = self.clone();
        let text = files.text(path).to_owned();
        assert!(text.contains(from), "{path} has no {from:?}: {text}");
        files.0.insert(path.to_owned(), text.replacen(from, to, 1).into_bytes());
        files
    }

    fn without(&self, path: &str) -> Self {
        let mut files = self.clone();
        assert!(files.0.remove(path).is_some(), "{path}");
        files
    }
}

/// Numbers that look random and depend on nothing but the seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn part(&mut self) -> f32 {
        self.below(1_000_000) as f32 / 1e6
    }

    fn detection(&mut self) -> Detection {
        let (x, y, w) = (self.part() * 600.0, self.part() * 300.0, 20.0 + self.part() * 100.0);
        let points = [0.3, 0.7, 0.5, 0.35, 0.65].map(|part| Point { x: x + w * part, y: y + w * self.part() });
        Detection {
            bbox: BBox::new(x, y, x + w, y + w * 1.2),
            landmarks: Some(points).filter(|_| self.below(4) > 0),
            score: self.part(),
        }
    }

    fn quality(&mut self) -> Quality {
        let [total, size, sharpness, frontality, light, visibility] = [(); 6].map(|()| self.part());
        let [yaw, pitch, roll] = [(); 3].map(|()| self.part() * 90.0 - 45.0);
        Quality { total, size, sharpness, frontality, light, visibility, yaw, pitch, roll }
    }
}

/// Everything that an export takes.
struct Case {
    id: EpisodeId,
    run: RunMeta,
    records: Vec<ShotRecord>,
    identities: Vec<Identity>,
    assignments: BTreeMap<TrackId, Assignment>,
    people: Vec<Person>,
    metrics: TrackMetrics,
    screen_time: ScreenTime,
}

const RULES: ClusterRules = ClusterRules { cluster_thresh: 0.4, min_cluster_size: 1, min_identity_sim: 0.3 };

impl Case {
    /// Makes an episode of `shots` shots with pictures at uneven times.
    fn new(seed: u64, shots: u64, stride: u64) -> Self {
        let mut dice = Dice(seed);
        let (mut records, mut next_track) = (Vec::<ShotRecord>::new(), 1_u32);
        let (mut frame, mut time) = (0_u64, 1_704_000_i64);
        for number in 1..=shots {
            let length = 1 + dice.below(20);
            let pictures: Vec<FrameTime> = (0..length)
                .map(|i| {
                    let at = FrameTime { frame: frame + i, pts: MediaTime(time) };
                    time += 40_000 + i64::try_from(dice.below(3)).unwrap();
                    at
                })
                .collect();
            let opening = match number {
                1 => Opening::START,
                n if n % 3 == 0 => Opening { transition: Transition::Dissolve, transition_frames: 12, score: dice.part() },
                _ => Opening { transition: Transition::Cut, transition_frames: 0, score: dice.part() },
            };
            let shot = Shot {
                id: ShotId(u32::try_from(number).unwrap()),
                start_frame: frame,
                end_frame: frame + length,
                start: pictures[0].pts,
                end: MediaTime(time),
                transition_in: opening.transition,
                transition_frames: opening.transition_frames,
                score: opening.score,
            };
            frame += length;
            if let Some(before) = records.last_mut() {
                before.next = Some(opening);
            }
            let analysed: Vec<FrameTime> = pictures.into_iter().filter(|at| at.frame % stride == 0).collect();
            records.push(record(&mut dice, shot, &analysed, &mut next_track));
        }
        Self::of(records, frame, MediaTime(time - 1_704_000))
    }

    fn of(records: Vec<ShotRecord>, frames: u64, duration: MediaTime) -> Self {
        // Two tracks of one shot are two people.
        let mut assignments = BTreeMap::new();
        for record in &records {
            for (i, track) in record.tracklets.iter().enumerate().filter(|(i, _)| *i < 2) {
                let named = i == 0;
                let source = if named { Source::Confirmed } else { Source::Proposed };
                let identity = IdentityId(u32::try_from(i).unwrap() + 1);
                let method = if named { Method::User } else { Method::Cluster };
                assignments.insert(track.id, Assignment { identity, source, method, score: 0.8, threshold: 0.4, locked: named });
            }
        }
        let at = "2026-11-22T10:00:00Z".parse().unwrap();
        let identity = |n: u32, name: Option<&str>| Identity {
            id: IdentityId(n),
            label: Some("the \"one\"".into()),
            name: name.map(Into::into),
            person: name.map(|_| PersonId(12)),
            source: if name.is_some() { Source::Confirmed } else { Source::Proposed },
            alone: Some("far_from_all".into()).filter(|_: &String| name.is_none()),
            locked: name.is_some(),
        };
        let model = |id: &str| ModelUse {
            id: id.into(),
            family: "scrfd".into(),
            licence: "MIT".into(),
            commercial: Some(true),
            sha256: "6e".repeat(32),
            file: format!("{id}.onnx"),
        };
        let visual = vec![Span::new(MediaTime(1_704_000), MediaTime(1_704_000 + duration.0 / 3))];
        Self {
            id: "demo-s01e02".parse().unwrap(),
            run: RunMeta {
                id: RunId(7),
                video: VideoFacts {
                    path: "/videos/a b.mp4".into(),
                    bytes: 12,
                    sha256: "9f".repeat(32),
                    size: Size { width: 640, height: 360 },
                    fps: 25.0,
                    first_pts: MediaTime(1_704_000),
                    duration,
                    codec: "h264".into(),
                    pixel_format: "yuv420p".into(),
                },
                started_at: at,
                finished_at: Some("2026-11-22T10:00:31Z".parse().unwrap()),
                tool: "0.1.0".into(),
                detector: model("scrfd_2.5g"),
                embedder: model("mobilefacenet_arcface_128"),
                validator: Some(model("yunet_2023mar")),
                tracker: "bytetrack".into(),
                device: DeviceUse { asked: "auto".into(), used: "cpu".into(), reason: None, with: None },
                changeovers: Vec::new(),
                params: serde_json::json!({"detection": {"score": 0.5}}),
                scan_key: "k".into(),
                counts: Counts { frames, analysed: 1, ..Counts::default() },
                mouths: None,
                sound: None,
                transcriber: None,
                marks: BTreeMap::new(),
            },
            identities: vec![identity(1, Some("Ava Stone")), identity(2, None)],
            people: vec![Person::new(PersonId(12), "Ava Stone", at)],
            metrics: TrackMetrics {
                tracks_born: 1,
                tracks_lost: 1,
                id_switches: 0,
                forced_splits: 0,
                longest_tracks: Vec::new(),
                max_gap_frames: 30,
                tracks_per_minute: f64::NAN,
                short_track_fraction: 0.0,
                avg_tracks_per_frame: 1.0,
                fragmentation: 1.0,
            },
            screen_time: ScreenTime {
                people: vec![PersonTime {
                    name: Some("Ava Stone".into()),
                    person: Some(PersonId(12)),
                    identities: vec![IdentityId(1)],
                    visual_time: visual[0].len(),
                    visual,
                    bridged: MediaTime::ZERO,
                    confidence: 0.8,
                    review_share: 1.0,
                    tracks: 1,
                    faces: 1,
                    speech: None,
                }],
                union: MediaTime::ZERO,
                sum: MediaTime::ZERO,
                overlap: MediaTime::ZERO,
                speech: None,
                duration,
                diagnostics: BTreeMap::new(),
                params: serde_json::Value::Null,
            },
            assignments,
            records,
        }
    }

    fn write(&self, records: &[ShotRecord]) -> Files {
        self.write_beside(records, None)
    }

    fn write_beside(&self, records: &[ShotRecord], known_people: Option<&PeopleFile>) -> Files {
        let episode = Episode {
            id: &self.id,
            run: &self.run,
            identities: &self.identities,
            assignments: &self.assignments,
            people: &self.people,
            badges: &BTreeMap::new(),
            cluster: RULES,
            metrics: &self.metrics,
            screen_time: &self.screen_time,
            known_people,
            at: "2026-11-22T10:00:31Z".parse().unwrap(),
        };
        let mut writer = Writer::new(episode, Files::default()).unwrap();
        for record in records {
            writer.shot(record).unwrap();
        }
        writer.finish().unwrap()
    }

    fn files(&self) -> Files {
        self.write(&self.records)
    }
}

/// Makes up to three tracks and some dropped detections on the analysed pictures of a shot.
fn record(dice: &mut Dice, shot: Shot, analysed: &[FrameTime], next_track: &mut u32) -> ShotRecord {
    let mut made = ShotRecord {
        shot,
        next: None,
        analysed: analysed.to_vec(),
        faces: Vec::new(),
        tracklets: Vec::new(),
        crops: Vec::new(),
        embeddings: Vec::new(),
    };
    for _ in 0..dice.below(4) {
        let own: Vec<FrameTime> = analysed.iter().copied().filter(|_| dice.below(3) > 0).collect();
        let (Some(first), Some(last)) = (own.first().copied(), own.last().copied()) else { continue };
        let id = TrackId(*next_track);
        *next_track += 1;
        made.tracklets.push(Tracklet {
            id,
            shot: shot.id,
            first,
            last,
            boxes: u32::try_from(own.len()).unwrap(),
            mean_score: dice.part(),
            lost: dice.below(2) > 0,
        });
        for at in own {
            let detection = dice.detection();
            let kept = dice.below(2) > 0;
            made.faces.push(Face { at, detection, fate: Fate::Tracked(id), denied: !kept && dice.below(4) == 0 });
            if kept {
                let key = format!("{id}-{}", at.frame);
                let (aligned, thumb) = (format!("aligned {key}").into_bytes(), format!("thumb {key}").into_bytes());
                made.crops.push(Crop { track: id, at, detection, quality: dice.quality(), aligned, thumb });
                made.embeddings.push(Embedding::from_raw((0..8).map(|_| dice.part() - 0.3).collect()).unwrap());
            }
        }
    }
    for at in analysed {
        use DropReason::{Denied, DissolveGhost, LowScore, TooSmall, Unconfirmed};
        for reason in [TooSmall, LowScore, Unconfirmed, DissolveGhost, Denied] {
            if dice.below(6) == 0 {
                made.faces.push(Face { at: *at, detection: dice.detection(), fate: Fate::Dropped(reason), denied: false });
            }
        }
    }
    made.faces.sort_by(|a, b| a.at.frame.cmp(&b.at.frame).then(b.detection.score.total_cmp(&a.detection.score)));
    made
}

/// Reads back and fetches the pictures, as an import does.
fn read_back(id: &EpisodeId, files: &Files) -> Imported {
    let mut imported = rebuild(id, &files.rows(id).unwrap()).unwrap();
    for crop in imported.records.iter_mut().flat_map(|r| &mut r.crops) {
        let paths = &imported.pictures[&crop.key()];
        crop.aligned = files.0[paths.aligned.as_ref().unwrap()].clone();
        crop.thumb = files.0[paths.thumb.as_ref().unwrap()].clone();
    }
    imported
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_valid_and_reads_back_equal(seed in any::<u64>(), shots in 1u64..7, stride in 1u64..5) {
        let case = Case::new(seed, shots, stride);
        let files = case.files();
        let rows = files.rows(&case.id).unwrap();
        prop_assert_eq!(check(&case.id, &rows), vec![]);

        let back = read_back(&case.id, &files);
        for (a, b) in back.records.iter().zip(&case.records) {
            for (x, y) in a.embeddings.iter().zip(&b.embeddings) {
                let off = x.as_slice().iter().zip(y.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
                prop_assert!(off < 1e-6, "{}", off);
            }
        }
        prop_assert_eq!(&back.records, &case.records);
        prop_assert_eq!(&back.assignments, &case.assignments);
        let identities: Vec<Identity> = back.identities.iter().map(|i| i.identity.clone()).collect();
        prop_assert_eq!(&identities, &case.identities);
        prop_assert_eq!(back.notes.len(), 0, "{:?}", back.notes);
        let video = &case.run.video;
        prop_assert_eq!(
            (back.run.frames, back.run.size, back.run.first_pts, back.run.duration),
            (case.run.counts.frames, Some(video.size), video.first_pts, Some(video.duration))
        );
        prop_assert_eq!(back.run.started_at, Some(case.run.started_at));
        prop_assert_eq!(back.run.params.as_ref(), Some(&case.run.params));

        // What was read writes the same files again, byte for byte.
        prop_assert_eq!(case.write(&back.records), files);
    }

    #[test]
    fn without_the_inline_vectors_the_array_file_serves(seed in any::<u64>()) {
        let case = Case::new(seed, 4, 2);
        let files = case.files();
        let mut rows = files.rows(&case.id).unwrap();
        for face in &mut rows.faces {
            (face.row.embedding, face.row.embedding_row) = (None, None);
        }
        let back = rebuild(&case.id, &rows).unwrap();
        let vectors = |records: &[ShotRecord]| records.iter().flat_map(|r| r.embeddings.clone()).collect::<Vec<_>>();
        prop_assert_eq!(vectors(&back.records), vectors(&case.records));
    }
}

/// A case with faces in every kind of place.
fn full() -> (Case, Files) {
    let case =
        (0..1000).map(|seed| Case::new(seed, 5, 2)).find(|c| c.assignments.len() > 5 && c.records[0].crops.len() > 3).unwrap();
    let files = case.files();
    (case, files)
}

#[test]
fn the_run_is_mirrored_where_the_active_one_is_looked_for() {
    let (_, files) = full();
    for name in ["run.json", "shots.jsonl", "detections.jsonl", "tracks.jsonl", "faces.jsonl", "identities.json", "progress.json"]
    {
        let top = files.text(&format!("manifests/demo-s01e02/{name}"));
        assert_eq!(top, files.text(&format!("manifests/demo-s01e02/runs/r7/{name}")), "{name}");
        assert!(top.ends_with("}\n"), "{name}");
    }
    assert_eq!(files.text("manifests/demo-s01e02/runs/active_run.json"), "{\"run_id\":\"r7\"}\n");
    assert!(files.text("shows/DEMO/people.json").contains(r#""cluster_ids":["demo-s01e02:id_0001"]"#));
    assert!(files.text("frames/demo-s01e02/thumbs/identities/id_0001/rep.jpg").starts_with("thumb t"));
    assert!(files.0.values().all(|bytes| !String::from_utf8_lossy(bytes).contains("NaN")));
}

#[test]
fn people_of_other_episodes_stay_where_they_are() {
    let (case, _) = full();
    let known = r#"{"show_id":"DEMO","people":[
        {"person_id":"p_0003","name":"Bo","cluster_ids":["demo-s01e01:id_0004"]},
        {"person_id":"p_0012","name":"Ava","aliases":["A."],"cluster_ids":["demo-s01e01:id_0002","demo-s01e02:id_0009"],"created_at":"then"}]}"#;
    let known: PeopleFile = serde_json::from_str(known).unwrap();
    let files = case.write_beside(&case.records, Some(&known));
    let people: PeopleFile = serde_json::from_str(files.text("shows/DEMO/people.json")).unwrap();
    assert_eq!(people.people[0], known.people[0]);
    let ava = &people.people[1];
    assert_eq!((ava.name.as_str(), &ava.aliases, ava.created_at.as_deref()), ("Ava Stone", &vec!["A.".to_owned()], Some("then")));
    assert_eq!(ava.cluster_ids, ["demo-s01e01:id_0002", "demo-s01e02:id_0001"]);
}

#[test]
fn an_episode_without_faces_has_all_files_and_is_valid() {
    let mut case = Case::new(1, 1, 1);
    let record = &mut case.records[0];
    (record.faces, record.tracklets, record.crops, record.embeddings) = Default::default();
    case.assignments.clear();
    let files = case.files();
    assert_eq!(files.text("manifests/demo-s01e02/detections.jsonl"), "");
    assert_eq!(check(&case.id, &files.rows(&case.id).unwrap()), vec![]);
    assert_eq!(read_back(&case.id, &files).records, case.records);
}

#[test]
fn a_face_that_is_no_number_is_written_as_null_and_stays_dropped() {
    let mut case = Case::new(1, 1, 1);
    let at = case.records[0].analysed[0];
    let detection = Detection { bbox: BBox::new(f32::NAN, 1.0, 2.0, f32::INFINITY), landmarks: None, score: f32::NAN };
    case.records[0].faces = vec![Face { at, detection, fate: Fate::Dropped(DropReason::Malformed), denied: false }];
    (case.records[0].tracklets, case.records[0].crops, case.records[0].embeddings) = Default::default();
    case.assignments.clear();
    let files = case.files();
    assert!(files.text("manifests/demo-s01e02/detections.jsonl").contains(r#""conf":null,"bbox_xyxy":[null,1.0,2.0,null]"#));
    let back = read_back(&case.id, &files);
    assert_eq!(back.records[0].faces[0].fate, Fate::Dropped(DropReason::Malformed));
    assert!(!back.records[0].faces[0].detection.bbox.is_finite());
}

#[test]
fn a_broken_line_and_an_unknown_version_are_refused_with_file_and_line() {
    let (case, files) = full();
    let detections = "manifests/demo-s01e02/detections.jsonl";
    let third = files.text(detections).lines().nth(2).unwrap().to_owned();
    let told = |files: &Files| files.rows(&case.id).unwrap_err().to_string();

    let told_broken = told(&files.with(detections, &third, &third[..40]));
    assert!(told_broken.starts_with(&format!("{detections:?}, line 3: EOF")), "{told_broken}");
    let newer = third.replace("det_v1", "det_v2").replace("frame_idx", "picture");
    let told_newer = told(&files.with(detections, &third, &newer));
    assert_eq!(told_newer, format!("{detections:?}, line 3: expected schema_version \"det_v1\", found \"det_v2\""));
    let without = third.replace(r#""schema_version":"det_v1","#, "");
    assert!(files.with(detections, &third, &without).rows(&case.id).is_ok());
    assert!(told(&files.without(detections)).ends_with("detections.jsonl\" is missing"));
}

#[test]
fn every_rule_of_a_valid_directory_is_held() {
    let (case, files) = full();
    let manifest = |name: &str| format!("manifests/demo-s01e02/{name}");
    let track = case.records[0].tracklets[0];
    let tracks = manifest("tracks.jsonl");
    let line = files.text(&tracks).lines().next().unwrap().to_owned();
    let identities = manifest("identities.json");
    let two = files.text(&identities).rsplit_once("\"track_ids\":[").unwrap().1.split_once(',').unwrap().0.to_owned();
    let cases = [
        (1, files.with(&tracks, &format!("{line}\n"), "")),
        (1, files.with(&manifest("run.json"), "demo-s01e02", "other-s01e02")),
        (2, files.with(&identities, "\"track_ids\":[", &format!("\"track_ids\":[{two},"))),
        (3, files.with(&manifest("faces.jsonl"), "mobilefacenet_arcface_128", "another")),
        (4, files.with(&tracks, &format!("\"frame_count\":{}", track.boxes), "\"frame_count\":99")),
        (5, files.with(&manifest("run.json"), &format!("\"frames\":{}", case.run.counts.frames), "\"frames\":9999")),
        (6, files.with(&manifest("run.json"), "{\"stride\":2,\"offset\":0}", "{\"stride\":2,\"offset\":1}")),
        (8, files.with(&manifest("faces.jsonl"), "\"embedding\":[", "\"embedding\":[9.0,")),
        (9, files.with("analytics/demo-s01e02/screentime.json", "\"visual_s\":", "\"visual_s\":1")),
    ];
    for (rule, broken) in &cases {
        let found = check(&case.id, &broken.rows(&case.id).unwrap());
        assert!(found.iter().any(|f| f.rule == *rule), "rule {rule}: {found:?}");
    }
    assert_eq!(check(&case.id, &files.rows(&case.id).unwrap()), vec![]);
}

#[test]
fn two_boxes_of_one_identity_in_a_picture_are_told_once_for_a_pair_of_tracks() {
    let mut case = (0..1000)
        .map(|s| Case::new(s, 1, 1))
        .find(|c| c.records[0].tracklets.len() == 2 && c.records[0].analysed.len() > 9)
        .unwrap();
    for assignment in case.assignments.values_mut() {
        assignment.identity = IdentityId(1);
    }
    let found = check(&case.id, &case.files().rows(&case.id).unwrap());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].rule, 7);
    assert!(found[0].what.starts_with("id_0001 has two boxes in ") && found[0].what.ends_with("of tracks 1 and 2"), "{found:?}");
}

const OLD: &str = "manifests/old-s01e01/";

/// A directory as the earlier tool wrote it: no run, no shots, times to four decimals.
fn old() -> Files {
    let detection = |frame: u64, track: &str| {
        format!(
            r#"{{"ep_id":"old-s01e01","frame_idx":{frame},"ts":{},"class":"face","conf":0.9,"bbox_xyxy":[10,20,50.5,70],"track_id":{track},"model":"retinaface_r50","detector":"retinaface","tracker":"bytetrack","pipeline_ver":"2025","later":{{"a":1}}}}"#,
            frame as f64 / 25.0
        )
    };
    let detections = [detection(10, r#""track-00001""#), detection(20, "1"), detection(60, "2")].join("\n") + "\n";
    let vector = ["1.0"; 4].join(",");
    let faces = format!(
        "{}\n{}\n",
        r#"{"ep_id":"old-s01e01","face_id":"x","track_id":2,"frame_idx":60,"ts":2.4,"bbox_xyxy":[0,0,9,9],"skip":"blurry:11.4"}"#,
        format_args!(
            r#"{{"ep_id":"old-s01e01","face_id":"y","track_id":1,"frame_idx":20,"ts":0.8,"bbox_xyxy":[1,2,3,4],"quality_score":0.7,"embedding":[{vector}],"crop_rel_path":"crops/track_0001/frame_000020.jpg","thumb_rel_path":"../../secret.jpg"}}"#
        ),
    );
    Files::of(&[
        (&format!("{OLD}detections.jsonl"), &detections),
        (&format!("{OLD}faces.jsonl"), &faces),
        (&format!("{OLD}track_metrics.json"), r#"{"ep_id":"old-s01e01","metrics":{},"scene_cuts":{"count":1,"indices":[30]}}"#),
        (
            &format!("{OLD}identities.json"),
            r#"{"ep_id":"old-s01e01","identities":[{"identity_id":"id_0001","name":"Ava","person_id":"p_0003","track_ids":["track-00001",9],"size":1}]}"#,
        ),
    ])
}

#[test]
fn an_older_directory_is_read_and_what_was_filled_in_is_counted() {
    let id: EpisodeId = "old-s01e01".parse().unwrap();
    let back = rebuild(&id, &old().rows(&id).unwrap()).unwrap();
    assert_eq!(back.run.fps, Some(25.0));
    assert_eq!(back.run.frames, 61);
    assert_eq!(back.run.detector.as_ref().map(|m| m.id.as_str()), Some("retinaface_r50"));
    assert_eq!(back.records.len(), 2);
    assert_eq!(back.records[0].shot.end, MediaTime::from_secs(1.2));
    let track = back.records[0].tracklets[0];
    assert_eq!((track.id, track.boxes, track.last.pts), (TrackId(1), 2, MediaTime::from_secs(0.8)));
    assert!((back.records[0].embeddings[0].as_slice()[0] - 0.5).abs() < 1e-6);
    let crop = &back.records[0].crops[0];
    assert!((crop.quality.total - 0.7).abs() < 1e-6 && (crop.detection.score - 0.9).abs() < 1e-6);
    // A loose crop is no canonical one, and no path leads out of the directory.
    assert_eq!(back.pictures[&crop.key()], PictureFiles { aligned: None, thumb: None });
    let assignment = back.assignments[&TrackId(1)];
    assert_eq!((assignment.source, assignment.method), (Source::Confirmed, Method::Import));
    let notes: Vec<_> = back.notes.iter().map(|(what, n)| format!("{what} {n}")).collect();
    assert_eq!(
        notes,
        [
            "assigned_tracks_that_are_not_there 1",
            "assignments_without_score 1",
            "faces_passed_over 1",
            "faces_without_pose 1",
            "faces_without_quality_parts 1",
            "shots_from_cut_positions 1",
            "tracks_from_detections 1",
        ]
    );
}

#[test]
fn boxes_in_parts_of_the_picture_need_its_size() {
    let id: EpisodeId = "old-s01e01".parse().unwrap();
    let path = format!("{OLD}detections.jsonl");
    let parts = old().with(&path, r#""bbox_xyxy":[10,20,50.5,70]"#, r#""bbox":[0.25,0.5,0.5,0.75]"#);
    let told = rebuild(&id, &parts.rows(&id).unwrap()).unwrap_err().to_string();
    assert!(told.starts_with(&format!("{path:?}, line 1: bbox is in parts")), "{told}");

    let mut sized = parts;
    let run = r#"{"ep_id":"old-s01e01","frames":100,"width":640,"height":360,"fps":25}"#;
    sized.0.insert(format!("{OLD}run.json"), run.as_bytes().to_vec());
    let back = rebuild(&id, &sized.rows(&id).unwrap()).unwrap();
    assert_eq!(back.records[0].faces[0].detection.bbox, BBox::new(160.0, 180.0, 320.0, 270.0));
}

#[test]
fn a_track_that_no_file_explains_is_refused_with_its_line() {
    let (case, files) = full();
    let tracks = "manifests/demo-s01e02/tracks.jsonl";
    let first = files.text(tracks).lines().next().unwrap().to_owned();
    let rows = files.with(tracks, &format!("{first}\n"), "").rows(&case.id).unwrap();
    let told = rebuild(&case.id, &rows).unwrap_err();
    assert!(told.to_string().ends_with("track 1 is not in tracks.jsonl"), "{told}");
    assert!(!told.hint().is_empty());
}
