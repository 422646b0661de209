//! How long a reviewer waits: opening a large episode, decisions on it, and what screens read of it.
//!
//! `cargo bench --bench review` writes a made-up library (10,000 tracks, 300,000 faces in its first episode) where there is none yet,
//! and prints the median, the worst, and the processor time of each. `-- --tracks 1000 --faces 30000` asks for another size, `-- --runs 3`
//! for an episode that was measured three times: what became of earlier decisions, and what differs.

use screenalytics::domain::{
    Assignment, Author, Change, Draft, Edit, EmbedderId, EpisodeId, Identity, IdentityId, OperationKind, RunId, ShotRecord,
    Source, Thresholds, TrackId,
};
use screenalytics::session::{
    Access, Alike, Card, Command, Near, Places, Review, SeedLock, Snapshot, SyntheticSize, Target, Workspace, shifts,
    write_synthetic,
};
use screenalytics::store::EpisodeStore;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const OPENINGS: usize = 5;
const ROUNDS: usize = 20;
/// Tracks of the identity that is merged into another.
const MERGED: usize = 500;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let after = |flag: &str, else_: u32| {
        let word = words.iter().skip_while(|w| *w != flag).nth(1);
        word.map_or(else_, |n| n.parse().expect("a flag takes a number"))
    };
    let size =
        SyntheticSize { episodes: after("--episodes", 1), tracks: after("--tracks", 10_000), faces: after("--faces", 300_000) };
    let workspace = library(size);
    let episode: EpisodeId = "synthetic-s01e01".parse().expect("a slug");
    if words.iter().any(|w| w == "--runs") {
        return runs(size, after("--runs", 3));
    }

    let mut opened = None;
    let mut openings = Times::default();
    for _ in 0..OPENINGS {
        drop(opened.take());
        opened = Some(openings.take(|| Review::open(&workspace, &episode).expect("it opens")));
    }
    let mut review = opened.expect("it was opened");
    assert_eq!(*review.access(), Access::Write);
    let snapshot = review.snapshot();
    println!(
        "{} tracks, {} identities, {} shots, {} crops; {:.0} MB in memory",
        snapshot.tracks.len(),
        snapshot.identities.len(),
        snapshot.shots.len(),
        snapshot.tracks.values().map(|t| u64::from(t.crops)).sum::<u64>(),
        resident_mb()
    );
    openings.tell("open");

    let (from, into) = merge(&snapshot);
    let tracks = from.tracks.len();
    let command = Command::Merge { identities: vec![from.identity.id], into: into.identity.id };
    rounds(&mut review, &format!("merge of {tracks} tracks"), &command);
    let many: Vec<IdentityId> =
        snapshot.identities.iter().rev().filter(|c| c.tracks.len() == 1).take(MERGED).map(|c| c.identity.id).collect();
    let command = Command::Merge { identities: many, into: into.identity.id };
    rounds(&mut review, &format!("merge of {MERGED} identities of one track"), &command);
    let name = Command::Name { identity: from.identity.id, name: "Dora Example".into() };
    rounds(&mut review, "name", &name);
    let track = snapshot.tracks.values().find(|t| t.track.id > TrackId(100) && t.track.boxes > 10).expect("a long track");
    let command = Command::Split { track: track.track.id, at: track.track.first.frame + 6 };
    rounds(&mut review, "split", &command);
    let command = Command::Assign { tracks: vec![track.track.id], to: Target::New };
    rounds(&mut review, "assign one track", &command);

    what_if(&mut review);
    propagate(&mut review, into.identity.id);

    let longest = snapshot.tracks.values().max_by_key(|t| t.crops).expect("there are tracks");
    let mut pages = Times::default();
    let mut thumbs = Times::default();
    for n in 0..200_u32 {
        let id = if n % 2 == 0 { longest.track.id } else { TrackId(2 + n * 7 % 1000) };
        let page = pages.take(|| review.crops(id, None, 3, 40).expect("crops are in memory"));
        if let Some(row) = page.rows.first() {
            let jpeg = thumbs.take(|| review.thumb(row.key).expect("it can be read"));
            assert!(jpeg.is_some());
        }
    }
    pages.tell(&format!("40 crops, one page (longest track: {})", longest.crops));
    thumbs.tell("one thumbnail");
    let mut logs = Times::default();
    for _ in 0..OPENINGS {
        logs.take(|| review.log().expect("it can be read"));
    }
    logs.tell("log");
    let mut entries = Times::default();
    for _ in 0..OPENINGS {
        entries.take(|| review.entries().expect("it can be read"));
    }
    entries.tell("log without changes");
    let mut refreshes = Times::default();
    for _ in 0..ROUNDS {
        refreshes.take(|| review.refresh().expect("it can be read"));
    }
    refreshes.tell("refresh, nothing new");
}

/// Opens an episode that was measured several times, and decides on it while what became of earlier decisions is shown.
fn runs(size: SyntheticSize, count: u32) {
    let dir = tempfile::tempdir().expect("a folder");
    let workspace = workspace_at(dir.path());
    write_synthetic(&workspace, size, &mut |_, _| {}).expect("it is written");
    let episode: EpisodeId = "synthetic-s01e01".parse().expect("a slug");
    for _ in 1..count {
        measure_again(&workspace, &episode);
    }
    let mut review = Review::open(&workspace, &episode).expect("it opens");
    let (mut first, mut decided, mut told, mut compared) =
        (Times::default(), Times::default(), Times::default(), Times::default());
    let report = first.take(|| review.carried().expect("it can be read"));
    println!("{count} runs of {} tracks: {} decisions hold, {} are open", size.tracks, report.held, report.open.len());
    first.tell("runs: what became of earlier decisions, first");
    let tracks: Vec<TrackId> = review.snapshot().tracks.keys().copied().step_by(97).take(OPENINGS).collect();
    for track in tracks {
        let command = Command::Assign { tracks: vec![track], to: Target::New };
        decided.take(|| review.decide(&command).expect("it is not refused"));
        told.take(|| review.carried().expect("it can be read"));
    }
    decided.tell("runs: a decision");
    told.tell("runs: what became of earlier decisions, then");
    for _ in 0..OPENINGS {
        compared.take(|| review.diff(RunId(1)).expect("it can be read"));
    }
    compared.tell("runs: compared with another");
}

/// Copies what was measured in the first run into another, with its clusters as proposals, and makes that the active one.
fn measure_again(workspace: &Workspace, episode: &EpisodeId) {
    let library = workspace.open_library().expect("it is there");
    let store = EpisodeStore::open_writer(&library, episode).expect("nobody has it open");
    let (old, run) = (RunId(1), store.next_run_id().expect("it can be read"));
    let mut meta = store.run(old).expect("it is there");
    meta.id = run;
    store.begin_run(&meta).expect("it can be written");
    let tracklets = store.tracklets(old).expect("they can be read");
    for shot in store.shots(old).expect("they can be read") {
        let record = ShotRecord {
            analysed: store.analysed(old, shot.id).expect("they can be read"),
            faces: store.faces(old, shot.id).expect("they can be read"),
            tracklets: tracklets.iter().filter(|t| t.shot == shot.id).copied().collect(),
            crops: Vec::new(),
            embeddings: Vec::new(),
            next: None,
            shot,
        };
        store.write_shot(run, &record, &EmbedderId(meta.embedder.id.clone())).expect("it can be written");
    }
    let mut changes: Vec<Change> = Vec::new();
    for (id, identity) in store.identities(old).expect("they can be read") {
        let to = Identity { name: None, person: None, source: Source::Proposed, ..identity };
        changes.push(Change::Identity { run, id, edit: Edit { from: None, to: Some(to) } });
    }
    for (track, assignment) in store.assignments(old).expect("they can be read") {
        let to = Assignment { source: Source::Proposed, ..assignment };
        changes.push(Change::Assign { run, track, edit: Edit { from: None, to: Some(to) } });
    }
    let (author, summary) = (Author::Pipeline { run }, "made up".to_owned());
    store.append(Draft { author, kind: OperationKind::Group, summary, changes, at: meta.started_at }).expect("it fits");
    // People decided on this one too, so that each run is compared with every other.
    store.set_active(run).expect("it can be written");
    drop(store);
    let mut review = Review::open(workspace, episode).expect("it opens");
    let tracks: Vec<TrackId> = review.snapshot().tracks.keys().copied().step_by(41).take(50).collect();
    for track in tracks {
        review
            .decide(&Command::Assign { tracks: vec![track], to: Target::Person("Dora Example".into()) })
            .expect("it is not refused");
    }
}

/// Tries thresholds of grouping out: all tracks are compared once, then every threshold is answered.
fn what_if(review: &mut Review) {
    let (mut taken, mut compared, mut tried) = (Times::default(), Times::default(), Times::default());
    let source = taken.take(|| review.what_if().expect("it is open"));
    let before = resident_mb();
    let what_if = compared.take(|| source.prepare(None, &mut |_| true).expect("it can be read").expect("nobody stops it"));
    println!(
        "{:.0} MB in memory before all tracks are compared, {:.0} MB after it, {:.0} MB at most",
        before,
        resident_mb(),
        peak_mb()
    );
    taken.tell("what if: what it is worked out of");
    compared.tell("what if: all tracks compared, once");
    let mut at =
        |cluster_thresh: f32, min_cluster_size: usize| tried.take(|| what_if.at(Thresholds { cluster_thresh, min_cluster_size }));
    for percent in 15_u8..=60 {
        let found = at(f32::from(percent) / 100.0, 1);
        if percent % 15 == 0 {
            let (is, joins, splits) = (found.identities.1, found.joins, found.splits);
            println!("  at {percent} %: {is} identities, {joins} joins, {splits} splits");
        }
    }
    for size in 2..12 {
        at(0.35, size);
    }
    tried.tell("what if: one threshold, with everybody's seconds");
    let strict = Thresholds { cluster_thresh: 0.5, min_cluster_size: 2 };
    let (mut made, mut decided, mut undone) = (Times::default(), Times::default(), Times::default());
    for _ in 0..OPENINGS {
        let source = review.what_if().expect("it is open");
        let now = source.prepare(Some(&what_if), &mut |_| true).expect("it can be read").expect("nobody stops it");
        let groups = made.take(|| now.regrouping(strict));
        decided.take(|| review.regroup(&groups).expect("it is not refused"));
        undone.take(|| review.undo(None).expect("it can be undone"));
    }
    made.tell("what if: groups with belief in each track");
    decided.tell("  deciding so");
    undone.tell("  undo of it");
}

/// Decides, takes it back, does it again, takes it back; the episode is left as it was.
fn rounds(review: &mut Review, what: &str, command: &Command) {
    let (mut decided, mut undone, mut redone) = (Times::default(), Times::default(), Times::default());
    for _ in 0..ROUNDS {
        let done = decided.take(|| review.decide(command).expect("it is not refused"));
        assert!(done.is_some(), "{what} changes something");
        undone.take(|| review.undo(None).expect("it can be undone"));
        redone.take(|| review.redo().expect("it can be redone"));
        review.undo(None).expect("it can be undone");
    }
    decided.tell(what);
    undone.tell(&format!("  undo of it, {} changes", review.log().expect("a log").last().map_or(0, |o| o.changes.len())));
    redone.tell("  redo of it");
}

/// Looks for who else somebody is, from the named identity with the most tracks and from one of its tracks alone; decides, and takes it back.
fn propagate(review: &mut Review, named: IdentityId) {
    let mut slices = Times::default();
    let ask = |review: &mut Review, from: Near, times: &mut Times| loop {
        if let Alike::Found(found) = times.take(|| review.alike(&[from]).expect("it has a name")) {
            return found;
        }
    };
    let name = Command::Name { identity: named, name: "Dora Example".into() };
    review.decide(&name).expect("it is not refused");
    ask(review, Near::Identity(named), &mut slices);
    slices.tell("propagate: vectors pooled, one slice");
    // One track alone, so that all others of the person are to be found.
    let snapshot = review.snapshot();
    let card = snapshot.identities.iter().filter(|c| c.identity.name.is_none()).max_by_key(|c| c.tracks.len()).expect("many");
    let alone = card.tracks[0];
    let command = Command::Assign { tracks: vec![alone], to: Target::Person("Elsa Example".into()) };
    review.decide(&command).expect("it is not refused");
    let snapshot = review.snapshot();
    for (what, from) in [("one with most tracks", Near::Identity(named)), ("one of one track", Near::Track(alone))] {
        let mut times = Times::default();
        let mut found = ask(review, from, &mut times);
        for _ in 1..ROUNDS {
            found = ask(review, from, &mut times);
        }
        times.tell(&format!("propagate: {what}, {} offered", found.offers.len()));
        let (mut said, mut keys) = (BTreeMap::new(), Times::default());
        for offer in found.offers.iter().take(ROUNDS) {
            said.insert(offer.track, false);
            let taken = keys.take(|| {
                let taken = found.choose(found.sure, &said);
                std::hint::black_box(shifts(&snapshot, found.to, &taken));
                taken
            });
            assert!(!taken.contains(&offer.track));
        }
        keys.tell("  one track taken out: choice and seconds");
        let command = found.command(&found.choose(found.sure, &BTreeMap::new()), found.sure, SeedLock::Lock);
        rounds(review, "  decided", &command);
    }
    for _ in 0..2 {
        review.undo(None).expect("it can be undone");
    }
}

/// Returns the identity that comes nearest to the number of tracks that are merged, and the largest other.
fn merge(snapshot: &Snapshot) -> (Card, Card) {
    let far = |c: &Card| c.tracks.len().abs_diff(MERGED);
    let from = snapshot.identities.iter().min_by_key(|c| far(c)).expect("there are identities");
    let others = snapshot.identities.iter().filter(|c| c.identity.id != from.identity.id);
    let into = others.max_by_key(|c| c.tracks.len()).expect("there are two");
    (from.clone(), into.clone())
}

/// Opens the made-up library of this size, and writes it where there is none.
fn library(size: SyntheticSize) -> Workspace {
    let SyntheticSize { episodes, tracks, faces } = size;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("review-{episodes}-{tracks}-{faces}"));
    let written = folder.join("written");
    let library = folder.join("library");
    if !written.exists() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the target folder can be written");
        let mut times = Times::default();
        times.take(|| write_synthetic(&workspace_at(&library), size, &mut |_, _| {}).expect("it is written"));
        times.tell("write the library");
        std::fs::write(&written, "").expect("the target folder can be written");
    }
    workspace_at(&library)
}

fn workspace_at(library: &Path) -> Workspace {
    Workspace::new(Places { library: Some(library.to_owned()), ..Places::default() }, Vec::new()).expect("settings are in order")
}

/// How long something took, each time.
#[derive(Default)]
struct Times {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Times {
    fn take<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, cpu) = (Instant::now(), cpu_time());
        let done = work();
        self.wall.push(wall.elapsed());
        self.cpu.push(cpu_time().saturating_sub(cpu));
        done
    }

    fn tell(mut self, what: &str) {
        self.wall.sort_unstable();
        self.cpu.sort_unstable();
        let ms = |times: &[Duration], at: usize| times.get(at).map_or(0.0, |t| t.as_secs_f64() * 1e3);
        let (middle, last) = (self.wall.len() / 2, self.wall.len().saturating_sub(1));
        println!(
            "{what:<44} {:8.2} ms median {:8.2} ms worst {:8.2} ms of processor",
            ms(&self.wall, middle),
            ms(&self.wall, last),
            ms(&self.cpu, middle)
        );
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn resident_mb() -> f64 {
    memory_mb("VmRSS:")
}

fn peak_mb() -> f64 {
    memory_mb("VmHWM:")
}

fn memory_mb(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(what)).unwrap_or_default();
    line.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).unwrap_or_default() / 1e3
}
