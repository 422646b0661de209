//! Carrying over made-up runs of one video, in a store of its own.

use super::super::command::{Command, Earlier, Target};
use super::super::plan::Named;
use super::*;
use crate::algo::run_diff::Params;
use crate::domain::{
    Assignment, BBox, Change, Counts, Detection, DeviceUse, DiscardReason, Edit, EmbedderId, Face, FrameTime, History, Identity,
    IdentityId, MediaTime, Method, ModelUse, PersonId, Shot, ShotId, ShotRecord, Size, Source as From, Thresholds, Tracklet,
    Transition, VideoFacts, redo_draft, undo_draft,
};
use proptest::prelude::*;

/// Pictures of each shot; shots; faces at once.
const FRAMES: u64 = 40;
const SHOTS: u32 = 2;
const FACES: u32 = 3;

fn params() -> Params {
    let table: toml::Table = toml::from_str(include_str!("../../../config/compare.toml")).unwrap();
    table["compare"].clone().try_into().unwrap()
}

fn at(frame: u64) -> FrameTime {
    FrameTime { frame, pts: MediaTime(40_000 * i64::try_from(frame).unwrap()) }
}

/// How one run's tracker saw the video: every so many pictures, with its tracks broken, switched and missing at some places.
#[derive(Debug, Clone, Default)]
struct Tracker {
    stride: u64,
    /// Shot, face, picture of the shot: a new track begins.
    breaks: Vec<(u32, u32, u64)>,
    /// Shot, picture of the shot: the first two faces change tracks.
    switches: Vec<(u32, u64)>,
    /// Shot, face: not seen.
    missing: Vec<(u32, u32)>,
}

fn trackers() -> impl Strategy<Value = Tracker> {
    (
        1u64..4,
        prop::collection::vec((0..SHOTS, 0..FACES, 5u64..35), 0..4),
        prop::collection::vec((0..SHOTS, 5u64..35), 0..2),
        prop::collection::vec((0..SHOTS, 0..FACES), 0..2),
    )
        .prop_map(|(stride, breaks, switches, missing)| Tracker { stride, breaks, switches, missing })
}

struct World {
    store: EpisodeStore,
    roster: Arc<Roster>,
    carrying: Carrying,
}

impl World {
    fn new() -> Self {
        let store = EpisodeStore::in_memory(&"made-up-s01e01".parse().unwrap()).unwrap();
        Self { store, roster: Arc::default(), carrying: Carrying::default() }
    }

    /// Measures the video once more, and groups its tracks: those of one face of a shot in one identity.
    fn run(&mut self, tracker: &Tracker) -> RunId {
        let run = self.store.next_run_id().unwrap();
        self.store.begin_run(&meta(run)).unwrap();
        let (mut next, mut changes) = (1, Vec::new());
        for shot in 0..SHOTS {
            let record = record(tracker, shot, &mut next);
            for tracklet in &record.tracklets {
                let face = record.faces.iter().find(|f| f.fate == FaceFate::Tracked(tracklet.id)).unwrap();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
                let identity = IdentityId(1 + FACES * shot + (face.detection.bbox.x1 / 200.0) as u32);
                if !changes.iter().any(|c| matches!(c, Change::Identity { id, .. } if *id == identity)) {
                    let to = Identity {
                        id: identity,
                        label: None,
                        name: None,
                        person: None,
                        source: From::Proposed,
                        alone: None,
                        locked: false,
                    };
                    changes.push(Change::Identity { run, id: identity, edit: Edit { from: None, to: Some(to) } });
                }
                let to = Assignment {
                    identity,
                    source: From::Proposed,
                    method: Method::Cluster,
                    score: 0.9,
                    threshold: 0.4,
                    locked: false,
                };
                changes.push(Change::Assign { run, track: tracklet.id, edit: Edit { from: None, to: Some(to) } });
            }
            self.store.write_shot(run, &record, &EmbedderId("none".into())).unwrap();
        }
        // Identities go first in an operation that makes them; ids only rise.
        changes.sort_by_key(|c| match c {
            Change::Identity { id, .. } => (0, id.0),
            _ => (1, 0),
        });
        self.append(Author::Pipeline { run }, OperationKind::Group, changes);
        run
    }

    fn append(&self, author: Author, kind: OperationKind, changes: Vec<Change>) {
        let draft = Draft { author, kind, summary: "made up".into(), changes, at: Timestamp::UNIX_EPOCH };
        self.store.append(draft).unwrap();
    }

    fn side(&mut self, run: RunId) -> Side {
        (*self.carrying.side(&self.store, &self.roster, run).unwrap()).clone()
    }

    /// Decides on a run as a person; tells whether that was possible.
    fn decide(&mut self, run: RunId, command: &Command) -> bool {
        let mut side = self.side(run);
        let tracks: Vec<TrackId> = (1..side.view.next_track.0).map(TrackId).collect();
        side.view.pictures = tracks.iter().map(|t| (*t, side.pictures(*t))).collect();
        let named = command.person().map(|name| {
            let id = PersonId(u32::from(name.as_bytes()[0]));
            Named { id, name: name.to_owned(), also: Vec::new() }
        });
        let Ok(plan) = side.view.plan(command, named.as_ref()) else { return false };
        if plan.changes.is_empty() {
            return false;
        }
        self.append(user(), plan.kind, plan.changes);
        true
    }

    /// Takes other groups as a person: every track that nobody decided on is alone.
    fn regroup(&mut self, run: RunId) {
        let side = self.side(run);
        let (mut identities, mut tracks, mut next) = (Vec::new(), Vec::new(), side.view.next_identity);
        for (track, was) in side.view.assignments.iter().filter(|(_, a)| !a.is_decided(side.view.identities.get(&a.identity))) {
            let alone =
                Identity { id: next, label: None, name: None, person: None, source: From::Proposed, alone: None, locked: false };
            identities.push(Change::Identity { run, id: next, edit: Edit { from: None, to: Some(alone) } });
            let to = Assignment { identity: next, threshold: 0.6, ..*was };
            tracks.push(Change::Assign { run, track: *track, edit: Edit { from: Some(*was), to: Some(to) } });
            next = IdentityId(next.0 + 1);
        }
        assert!(!tracks.is_empty());
        let from = side.view.thresholds;
        let thresholds = Change::Thresholds { run, edit: Edit { from, to: STRICT } };
        self.append(user(), OperationKind::Group, [identities, tracks, vec![thresholds]].concat());
    }

    fn undo(&mut self) {
        let log = self.store.operations().unwrap();
        if let Some(of) = History::of(&log).next_undo().and_then(|seq| log.iter().find(|o| o.seq == seq)) {
            // A run may have gone on with what is taken back: then it is refused.
            let _ = self.store.append(undo_draft(of, user(), Timestamp::UNIX_EPOCH));
        }
    }

    fn redo(&mut self) {
        let log = self.store.operations().unwrap();
        let of = History::of(&log).next_redo().and_then(|seq| log.iter().find(|o| o.seq == seq)).unwrap();
        self.store.append(redo_draft(of, user(), Timestamp::UNIX_EPOCH)).unwrap();
    }

    fn carry(&mut self, run: RunId) -> Carried {
        let (roster, meta) = (self.roster.clone(), meta(run));
        let carried = self.carrying.carry(&self.store, &roster, &params(), &meta, Timestamp::UNIX_EPOCH).unwrap();
        self.store.set_active(run).unwrap();
        carried
    }

    fn report(&mut self, run: RunId) -> CarryReport {
        let roster = self.roster.clone();
        self.carrying.report(&self.store, &roster, &params(), run).unwrap()
    }

    fn entries(&self) -> u64 {
        self.store.last_operation().unwrap()
    }

    /// Returns who the track is that has a face, a picture of a shot: 0 to 79.
    fn who(&mut self, run: RunId, face: u32, frame: u64) -> Option<String> {
        let side = self.side(run);
        let x = 200.0 * face as f32;
        let seen = faces(&self.store, run).unwrap().into_iter().find(|s| s.at.frame == frame && (s.bbox.x1 - x).abs() < 1.0)?;
        let track = side.map().track(seen.tracklet, frame);
        if side.view.marks.contains_key(&track) {
            return Some("discarded".into());
        }
        side.view.assignments.get(&track).map(|a| side.called(a.identity))
    }
}

fn user() -> Author {
    Author::User { name: "ana".into(), host: None, client: None }
}

fn meta(id: RunId) -> RunMeta {
    let model = ModelUse {
        id: "m".into(),
        family: "f".into(),
        licence: "MIT".into(),
        commercial: None,
        sha256: "00".into(),
        file: "m.onnx".into(),
    };
    RunMeta {
        id,
        video: VideoFacts {
            path: "/v.mp4".into(),
            bytes: 1,
            sha256: "aa".into(),
            size: Size { width: 1280, height: 720 },
            fps: 25.0,
            first_pts: MediaTime::ZERO,
            duration: MediaTime(3_200_000),
            codec: "h264".into(),
            pixel_format: "yuv420p".into(),
        },
        started_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
        tool: "0".into(),
        detector: model.clone(),
        embedder: model,
        validator: None,
        tracker: "bytetrack".into(),
        device: DeviceUse { asked: "cpu".into(), used: "cpu".into(), reason: None, with: None },
        changeovers: Vec::new(),
        params: serde_json::Value::Null,
        scan_key: "k".into(),
        counts: Counts::default(),
        mouths: None,
        sound: None,
        transcriber: None,
        marks: BTreeMap::new(),
    }
}

fn record(tracker: &Tracker, shot: u32, next: &mut u32) -> ShotRecord {
    let start = u64::from(shot) * FRAMES;
    let stride = usize::try_from(tracker.stride).unwrap();
    let analysed: Vec<FrameTime> = (start..start + FRAMES).step_by(stride).map(at).collect();
    let mut seen: BTreeMap<(u32, usize), Vec<(FrameTime, u32)>> = BTreeMap::new();
    for face in 0..FACES {
        if tracker.missing.contains(&(shot, face)) {
            continue;
        }
        for time in &analysed {
            let inside = time.frame - start;
            let part = tracker.breaks.iter().filter(|(s, f, b)| (*s, *f) == (shot, face) && inside >= *b).count();
            let is_switched = tracker.switches.iter().filter(|(s, b)| *s == shot && inside >= *b).count() % 2 == 1;
            let chain = if is_switched && face < 2 { 1 - face } else { face };
            seen.entry((chain, part)).or_default().push((*time, face));
        }
    }
    let (mut tracklets, mut all) = (Vec::new(), Vec::new());
    for boxes in seen.into_values() {
        // Two broken chains that are switched can be there at once.
        let mut one: BTreeMap<FrameTime, u32> = BTreeMap::new();
        for (time, face) in boxes {
            one.entry(time).or_insert(face);
        }
        let id = TrackId(*next);
        *next += 1;
        let (first, last) = (*one.keys().next().unwrap(), *one.keys().next_back().unwrap());
        let boxes = u32::try_from(one.len()).unwrap();
        tracklets.push(Tracklet { id, shot: ShotId(shot + 1), first, last, boxes, mean_score: 0.9, lost: false });
        for (time, face) in one {
            let x = 200.0 * face as f32;
            let detection = Detection { bbox: BBox::new(x, 10.0, x + 80.0, 110.0), landmarks: None, score: 0.9 };
            all.push(Face { at: time, detection, fate: FaceFate::Tracked(id), denied: false });
        }
    }
    all.sort_by_key(|f| f.at);
    let shot = Shot {
        id: ShotId(shot + 1),
        start_frame: start,
        end_frame: start + FRAMES,
        start: at(start).pts,
        end: at(start + FRAMES).pts,
        transition_in: if shot == 0 { Transition::Start } else { Transition::Cut },
        transition_frames: 0,
        score: 1.0,
    };
    ShotRecord { shot, next: None, analysed, faces: all, tracklets, crops: Vec::new(), embeddings: Vec::new() }
}

fn commands() -> impl Strategy<Value = Command> {
    let track = || (1u32..16).prop_map(TrackId);
    let name = || prop::sample::select(vec!["Ava", "Ben", "Cleo"]).prop_map(str::to_owned);
    prop_oneof![
        ((1u32..8).prop_map(IdentityId), name()).prop_map(|(identity, name)| Command::Name { identity, name }),
        (track(), name()).prop_map(|(t, name)| Command::Assign { tracks: vec![t], to: Target::Person(name) }),
        (track(), 0u64..80).prop_map(|(track, at)| Command::Split { track, at }),
        (track(), track()).prop_map(|(a, b)| Command::Join { tracks: vec![a, b] }),
        track().prop_map(|t| Command::Discard { tracks: vec![t], identities: vec![], reason: DiscardReason::Crowd }),
        track().prop_map(|t| Command::Remove { tracks: vec![t] }),
        (track(), name()).prop_map(|(t, name)| Command::Never { tracks: vec![t], identities: vec![], name }),
        track().prop_map(|t| Command::Lock { tracks: vec![t], identities: vec![] }),
        (1u32..8).prop_map(|i| Command::Lock { tracks: vec![], identities: vec![IdentityId(i)] }),
    ]
}

/// No track is somebody's whom it is said not to be of.
fn denied(world: &mut World, run: RunId) -> Vec<(TrackId, PersonId)> {
    let side = world.side(run);
    side.view.nevers.keys().copied().filter(|(track, person)| side.is_of(*track, *person)).collect()
}

/// Every decision of a run that was just carried on is told once: it holds, or it is listed.
fn told(world: &mut World, of: RunId, to: RunId) -> (usize, usize) {
    let due = world.side(of).decisions().len();
    let report = world.report(to);
    let keys: BTreeSet<_> = report.open.iter().map(|o| (o.run, o.decision)).collect();
    assert_eq!(keys.len(), report.open.len(), "one is listed twice: {:?}", report.open);
    (report.held + report.overruled + report.open.len(), due)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_decision_is_carried_or_in_conflict_or_left_over_exactly_once(
        first in trackers(), second in trackers(), third in trackers(), decisions in prop::collection::vec(commands(), 0..12),
    ) {
        let mut world = World::new();
        let a = world.run(&first);
        for command in &decisions {
            world.decide(a, command);
        }
        let b = world.run(&second);
        world.carry(b);
        let (told_of, due) = told(&mut world, a, b);
        prop_assert_eq!(told_of, due, "in the second run");
        prop_assert_eq!(denied(&mut world, b), vec![]);
        let seen = world.entries();
        world.carry(b);
        prop_assert_eq!(world.entries(), seen, "carrying twice writes once");

        let before = world.side(a).view;
        world.carry(a);
        prop_assert_eq!(&world.side(a).view, &before, "coming back changes nothing");

        let c = world.run(&third);
        world.carry(c);
        let (told_of, due) = told(&mut world, a, c);
        prop_assert_eq!(denied(&mut world, c), vec![]);
        prop_assert_eq!(told_of, due, "over three runs nothing is lost and nothing doubled");
        prop_assert!(world.store.verify().unwrap().iter().all(|f| f.what.contains("embedder")), "{:?}", world.store.verify());
    }

    #[test]
    fn deciding_and_undoing_between_runs_loses_nothing(
        runs in prop::collection::vec(trackers(), 2..4),
        steps in prop::collection::vec((0usize..3, prop::collection::vec(prop::option::weighted(0.8, commands()), 0..5)), 1..6),
    ) {
        let mut world = World::new();
        let ids: Vec<RunId> = runs.iter().map(|tracker| world.run(tracker)).collect();
        for (to, decisions) in steps {
            let run = ids[to % ids.len()];
            world.carry(run);
            let seen = world.entries();
            world.carry(run);
            prop_assert_eq!(world.entries(), seen, "carrying twice writes once");
            prop_assert_eq!(denied(&mut world, run), vec![]);
            for command in decisions {
                match command {
                    Some(command) => { world.decide(run, &command); }
                    None => world.undo(),
                }
            }
            let report = world.report(run);
            let keys: BTreeSet<_> = report.open.iter().map(|o| (o.run, o.decision)).collect();
            prop_assert_eq!(keys.len(), report.open.len());
            // What is listed can be settled, and that is taken back like everything else.
            if let Some(open) = report.open.iter().find(|o| !o.is_settled) {
                let earlier = Earlier { run: open.run, decision: open.decision, since: open.since };
                let is_settled = world.decide(run, &Command::Settle { open: vec![earlier] });
                prop_assert!(is_settled);
                let after = world.report(run);
                prop_assert_eq!(after.waiting().0 + after.waiting().1 + 1, report.waiting().0 + report.waiting().1);
                world.undo();
                prop_assert_eq!(world.report(run), report);
            }
        }
    }
}

fn plain() -> Tracker {
    Tracker { stride: 1, ..Tracker::default() }
}

fn assign(track: u32, name: &str) -> Command {
    Command::Assign { tracks: vec![TrackId(track)], to: Target::Person(name.into()) }
}

#[test]
fn names_tracks_discards_and_locks_come_along_and_are_marked_as_carried() {
    let mut world = World::new();
    let a = world.run(&plain());
    assert!(world.decide(a, &Command::Name { identity: IdentityId(1), name: "Ava".into() }));
    assert!(world.decide(a, &assign(2, "Ben")));
    assert!(world.decide(a, &Command::Lock { tracks: vec![TrackId(2)], identities: vec![] }));
    assert!(world.decide(a, &Command::Discard { tracks: vec![TrackId(3)], identities: vec![], reason: DiscardReason::Poster }));
    let b = world.run(&Tracker { stride: 3, ..Tracker::default() });
    let carried = world.carry(b);
    assert_eq!(carried, Carried { names: 2, tracks: 2, held: 3, conflicts: 0, leftovers: 0 });
    assert_eq!([world.who(b, 0, 9), world.who(b, 1, 9), world.who(b, 2, 9)].map(Option::unwrap), ["Ava", "Ben", "discarded"]);
    let side = world.side(b);
    let ben = side.view.assignments[&TrackId(2)];
    assert_eq!((ben.source, ben.method, ben.locked), (From::Carried, Method::Overlap, true));
}

#[test]
fn a_track_that_was_given_to_somebody_leaves_no_empty_identity_behind() {
    let mut world = World::new();
    let a = world.run(&plain());
    assert!(world.decide(a, &Command::Name { identity: IdentityId(1), name: "Ava".into() }));
    // Her face in the next shot, which the run takes for another identity.
    assert!(world.decide(a, &assign(1 + FACES, "Ava")));
    let b = world.run(&plain());
    world.carry(b);
    assert_eq!([world.who(b, 0, 9), world.who(b, 0, 49)].map(Option::unwrap), ["Ava", "Ava"]);
    let side = world.side(b);
    let used: BTreeSet<IdentityId> = side.view.assignments.values().map(|a| a.identity).collect();
    assert!(side.view.identities.keys().all(|id| used.contains(id)), "{:?}", side.view.identities);
    assert_eq!(world.report(b).waiting(), (0, 0));
}

fn never(track: u32, name: &str) -> Command {
    Command::Never { tracks: vec![TrackId(track)], identities: vec![], name: name.into() }
}

#[test]
fn a_name_that_comes_along_does_not_take_a_track_that_is_said_not_to_be_theirs() {
    let mut world = World::new();
    // The first run sees one face as three tracks, the last of which is not Ava's; the second clusters all of them.
    let broken = Tracker { stride: 1, breaks: vec![(0, 0, 15), (0, 0, 30)], ..Tracker::default() };
    let a = world.run(&broken);
    assert!(world.decide(a, &never(3, "Ava")));
    assert!(world.decide(a, &Command::Assign { tracks: vec![TrackId(3)], to: Target::New }));
    assert!(world.decide(a, &Command::Name { identity: IdentityId(1), name: "Ava".into() }));
    let b = world.run(&broken);
    let meta = meta(b);
    world.carrying.carry_nevers(&world.store, &Arc::default(), &params(), &meta, Timestamp::UNIX_EPOCH).unwrap();
    world.carry(b);
    assert_eq!([world.who(b, 0, 3), world.who(b, 0, 20)].map(Option::unwrap), ["Ava", "Ava"]);
    assert_ne!(world.who(b, 0, 33).as_deref(), Some("Ava"));
    assert_eq!(world.report(b).waiting(), (0, 0));
}

#[test]
fn a_half_that_is_said_not_to_be_theirs_leaves_whom_the_whole_was_taken_for() {
    let mut world = World::new();
    let a = world.run(&plain());
    assert!(world.decide(a, &Command::Split { track: TrackId(1), at: 30 }));
    let half = world.side(a).map().track(TrackId(1), 35);
    assert!(world.decide(a, &never(half.0, "Ava")));
    let b = world.run(&plain());
    // The run takes all of the track for Ava, as it does where the library knows her face.
    let of = world.side(b).view.identities[&IdentityId(1)].clone();
    let known = Identity { name: Some("Ava".into()), person: Some(PersonId(u32::from(b'A'))), ..of.clone() };
    let edit = Edit { from: Some(of), to: Some(known) };
    world.append(Author::Pipeline { run: b }, OperationKind::Group, vec![Change::Identity { run: b, id: IdentityId(1), edit }]);
    world.carry(b);
    assert_eq!(world.who(b, 0, 3).as_deref(), Some("Ava"));
    assert_ne!(world.who(b, 0, 35).as_deref(), Some("Ava"));
    assert_eq!(world.report(b).waiting(), (0, 0));
}

#[test]
fn a_cut_is_made_again_where_the_new_run_has_one_track_and_each_side_keeps_its_person() {
    let mut world = World::new();
    let a = world.run(&plain());
    assert!(
        world.decide(a, &Command::AssignPictures { track: TrackId(1), from: 20, to: 40, target: Target::Person("Ben".into()) })
    );
    assert!(world.decide(a, &assign(1, "Ava")));
    let b = world.run(&Tracker { stride: 2, ..Tracker::default() });
    let carried = world.carry(b);
    assert_eq!((carried.conflicts, carried.leftovers), (0, 0));
    assert_eq!([world.who(b, 0, 18), world.who(b, 0, 20)].map(Option::unwrap), ["Ava", "Ben"]);
}

#[test]
fn tracks_that_were_joined_are_joined_again() {
    let mut world = World::new();
    let broken = Tracker { stride: 1, breaks: vec![(0, 0, 20)], ..Tracker::default() };
    let a = world.run(&broken);
    assert!(world.decide(a, &Command::Join { tracks: vec![TrackId(1), TrackId(2)] }));
    let b = world.run(&Tracker { breaks: vec![(0, 0, 10), (0, 0, 30)], ..broken });
    assert_eq!(world.carry(b).held, 1);
    let side = world.side(b);
    assert_eq!(side.map().track(TrackId(1), 0), side.map().track(TrackId(3), 35));
}

#[test]
fn one_track_that_two_decisions_claim_is_listed_with_both_and_one_key_settles_it() {
    let mut world = World::new();
    let a = world.run(&Tracker { stride: 1, breaks: vec![(0, 0, 15)], ..Tracker::default() });
    assert!(world.decide(a, &assign(1, "Ava")));
    assert!(world.decide(a, &assign(2, "Ben")));
    let b = world.run(&plain());
    let carried = world.carry(b);
    // Most of its faces are Ben's.
    assert_eq!(world.who(b, 0, 3).as_deref(), Some("Ben"));
    assert_eq!((carried.conflicts, carried.leftovers), (1, 0));
    let open = world.report(b).open.remove(0);
    assert_eq!((open.decision, open.why, open.who.as_str()), (Decision::Track(TrackId(1)), Why::Contested, "Ava"));
    assert_eq!((open.holds[0].faces, open.holds[0].from.frame, open.holds[0].to.frame), (15, 0, 14));
    let texts: Vec<&str> = open.choices.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(texts, ["t1 → Ava", "t1 → Ben", "only pictures 0 to 14 of t1 → Ava"]);
    assert!(world.decide(b, &open.choices[2].command));
    assert_eq!(world.report(b).waiting(), (0, 0));
    assert_eq!([world.who(b, 0, 14), world.who(b, 0, 15)].map(Option::unwrap), ["Ava", "Ben"]);
    world.undo();
    assert_eq!(world.report(b).waiting(), (1, 0), "taken back it is open again");
}

#[test]
fn what_no_track_has_is_left_over_until_a_run_has_it_again_or_a_person_settles_it() {
    let mut world = World::new();
    let a = world.run(&plain());
    assert!(world.decide(a, &assign(2, "Ben")));
    let b = world.run(&Tracker { stride: 1, missing: vec![(0, 1), (1, 1)], ..Tracker::default() });
    let carried = world.carry(b);
    assert_eq!((carried.conflicts, carried.leftovers), (0, 1));
    let open = world.report(b).open;
    assert!(open.iter().all(|o| o.why == Why::NoFace && o.choices.is_empty() && o.run == a));
    let c = world.run(&plain());
    assert_eq!(world.carry(c).leftovers, 0);
    assert_eq!(world.who(c, 1, 5).as_deref(), Some("Ben"));
}

#[test]
fn what_was_taken_back_does_not_come_again() {
    let mut world = World::new();
    let (a, b) = (world.run(&plain()), world.run(&plain()));
    assert!(world.decide(a, &assign(1, "Ava")));
    world.carry(b);
    assert_eq!(world.who(b, 0, 5).as_deref(), Some("Ava"));
    world.undo();
    world.carry(a);
    assert_ne!(world.who(a, 0, 5).as_deref(), Some("Ava"));
    assert_eq!(world.report(a).waiting(), (0, 0));
}

#[test]
fn the_later_of_two_decisions_stands() {
    let mut world = World::new();
    let (a, b) = (world.run(&plain()), world.run(&plain()));
    assert!(world.decide(a, &assign(1, "Ava")));
    world.carry(b);
    assert!(world.decide(b, &assign(1, "Ben")));
    let report = world.report(b);
    assert_eq!((report.held, report.overruled, report.open.len()), (0, 1, 0));
    world.carry(a);
    assert_eq!(world.who(a, 0, 5).as_deref(), Some("Ben"));
    let c = world.run(&plain());
    world.carry(c);
    assert_eq!(world.who(c, 0, 5).as_deref(), Some("Ben"));
}

#[test]
fn other_groups_decide_on_no_track() {
    let mut world = World::new();
    let [a, b] = [0, 1].map(|_| world.run(&plain()));
    assert!(world.decide(a, &assign(1, "Ava")));
    world.regroup(b);
    let c = world.run(&plain());
    world.carry(c);
    assert_eq!(world.who(c, 0, 5).as_deref(), Some("Ava"), "a run after it has what was decided before it");
    world.carry(b);
    assert_eq!(world.who(b, 0, 5).as_deref(), Some("Ava"), "and so has the run itself");
    assert_eq!((world.report(b).overruled, world.report(c).overruled), (0, 0));
}

#[test]
fn other_groups_leave_what_is_in_conflict_open() {
    let mut world = World::new();
    let a = world.run(&Tracker { stride: 1, breaks: vec![(0, 0, 15)], ..Tracker::default() });
    assert!(world.decide(a, &assign(1, "Ava")));
    let b = world.run(&plain());
    assert_eq!(world.carry(b).conflicts, 1, "most of the face is not hers");
    let open = world.report(b).open;
    world.regroup(b);
    assert_eq!(world.report(b).waiting(), (1, 0));
    world.undo();
    assert_eq!(world.report(b).open, open);
}

#[test]
fn what_other_groups_moved_is_not_taken_back_with_them() {
    let mut world = World::new();
    let [a, b] = [0, 1].map(|_| world.run(&plain()));
    assert!(world.decide(a, &assign(1, "Ava")));
    world.regroup(b);
    world.undo();
    world.carry(b);
    assert_eq!(world.who(b, 0, 5).as_deref(), Some("Ava"));
    // Made again after they were taken back, they are none either.
    let c = world.run(&plain());
    world.regroup(c);
    world.undo();
    world.redo();
    world.carry(c);
    assert_eq!(world.who(c, 0, 5).as_deref(), Some("Ava"));
}

/// Thresholds that somebody decides.
const LOOSE: Option<Thresholds> = Some(Thresholds { cluster_thresh: 0.5, min_cluster_size: 2 });
const STRICT: Option<Thresholds> = Some(Thresholds { cluster_thresh: 0.6, min_cluster_size: 2 });

/// Decides by what a run is grouped; by the settings without anything.
fn group_at(world: &World, run: RunId, to: Option<Thresholds>) {
    let from = world.store.thresholds().unwrap().get(&run).copied();
    world.append(user(), OperationKind::Group, vec![Change::Thresholds { run, edit: Edit { from, to } }]);
}

/// Brings thresholds to a run; returns those that it has then.
fn brought(world: &mut World, run: RunId) -> Option<Thresholds> {
    world.carrying.carry_thresholds(&world.store, &meta(run), Timestamp::UNIX_EPOCH).unwrap();
    world.store.thresholds().unwrap().get(&run).copied()
}

#[test]
fn a_new_run_groups_as_was_decided_last_on_any_run() {
    let mut world = World::new();
    let [first, second] = [0, 1].map(|_| world.run(&Tracker { stride: 1, ..Tracker::default() }));
    assert_eq!(brought(&mut world, second), None);
    group_at(&world, first, LOOSE);
    assert_eq!(brought(&mut world, second), LOOSE);
    // What somebody decides later holds here, and is what a run before gets too.
    group_at(&world, second, STRICT);
    assert_eq!((brought(&mut world, second), brought(&mut world, first)), (STRICT, STRICT));
    let third = world.run(&Tracker { stride: 2, ..Tracker::default() });
    assert_eq!(brought(&mut world, third), STRICT);
    assert_eq!(world.store.verify().unwrap(), []);
}

#[test]
fn thresholds_that_were_brought_go_when_they_are_taken_back() {
    let mut world = World::new();
    let [first, second] = [0, 1].map(|_| world.run(&plain()));
    group_at(&world, first, LOOSE);
    assert_eq!(brought(&mut world, second), LOOSE);
    world.undo();
    let third = world.run(&plain());
    assert_eq!(brought(&mut world, third), None, "nobody decides on them any more");
    assert_eq!(brought(&mut world, second), None);
    let seen = world.entries();
    assert_eq!((brought(&mut world, second), world.entries()), (None, seen), "once");
    world.redo();
    assert_eq!((brought(&mut world, second), brought(&mut world, third)), (LOOSE, LOOSE));
}

#[test]
fn a_decision_that_is_left_comes_back_where_a_later_one_is_taken_back() {
    let mut world = World::new();
    let [first, second] = [0, 1].map(|_| world.run(&plain()));
    group_at(&world, first, LOOSE);
    brought(&mut world, second);
    group_at(&world, second, STRICT);
    assert_eq!(brought(&mut world, first), STRICT);
    world.undo();
    let third = world.run(&plain());
    assert_eq!([first, second, third].map(|run| brought(&mut world, run)), [LOOSE; 3]);
}

#[test]
fn grouping_by_the_settings_is_a_decision_for_later_runs_too() {
    let mut world = World::new();
    let [first, second] = [0, 1].map(|_| world.run(&plain()));
    group_at(&world, first, LOOSE);
    brought(&mut world, second);
    group_at(&world, second, None);
    let third = world.run(&plain());
    assert_eq!([first, second, third].map(|run| brought(&mut world, run)), [None; 3]);
    world.undo();
    assert_eq!([first, second, third].map(|run| brought(&mut world, run)), [LOOSE; 3]);
}
