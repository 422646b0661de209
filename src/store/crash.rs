//! Kills, full disks and flipped bits.

use super::engine::Engine;
use super::sample::{Amount, SMALL, embedder, episode, meta, shot};
use super::tables::Kind;
use super::{EpisodeStore, Library, StoreError};
use crate::domain::{CropKey, Embedding, RunId};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const RUN: RunId = RunId(1);
/// The library that the child writes to.
const CHILD: &str = "SCREENALYTICS_TEST_STORE_CHILD";

/// Not a test by itself: the process that the next test kills. It says each shot after it was acknowledged.
#[test]
fn child_writes_shots_until_it_is_killed() {
    let Ok(root) = std::env::var(CHILD) else { return };
    let library = Library::open(root).unwrap();
    let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
    if store.runs().unwrap().is_empty() {
        store.begin_run(&meta(1)).unwrap();
    }
    let next = store.last_shot(RUN).unwrap().map_or(1, |shot| shot.id.0 + 1);
    println!("stored {}", next - 1);
    for id in next.. {
        store.write_shot(RUN, &shot(id, Amount { bytes: 4000, ..SMALL }), &embedder()).unwrap();
        println!("stored {id}");
    }
}

#[test]
fn after_kill_9_every_acknowledged_shot_is_there_and_writing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::open(dir.path()).unwrap();
    let mut total = 0;
    for round in 0..12u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::crash::child_writes_shots_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let Some(id) = line.unwrap().strip_prefix("stored ").map(|id| id.parse::<u32>().unwrap()) else { continue };
            let first = *acknowledged.get_or_insert(id);
            assert!(first >= total, "a child found {first} of {total} shots");
            acknowledged = Some(id);
            if id >= total + 3 + round * 2 {
                break;
            }
        }
        // SIGKILL, at whatever point of the next transaction.
        child.kill().unwrap();
        child.wait().unwrap();
        total = acknowledged.unwrap();
        let reader = EpisodeStore::open_reader(&library, &episode()).unwrap();
        let stored = reader.last_shot(RUN).unwrap().unwrap().id.0;
        // It may have gone on for a moment before the kill came.
        assert!(stored >= total, "acknowledged {total}, stored {stored}");
        total = stored;
    }
    let mut store = EpisodeStore::open_writer(&library, &episode()).unwrap();
    assert_eq!(store.verify().unwrap(), []);
    let whole = EpisodeStore::in_memory(&episode()).unwrap();
    whole.begin_run(&meta(1)).unwrap();
    for id in 1..=total {
        whole.write_shot(RUN, &shot(id, Amount { bytes: 4000, ..SMALL }), &embedder()).unwrap();
    }
    assert_eq!(store.measured_digest(RUN).unwrap(), whole.measured_digest(RUN).unwrap());
}

/// Memory that is full after some bytes.
#[derive(Debug)]
struct FullDisk {
    inner: redb::backends::InMemoryBackend,
    limit: Arc<AtomicU64>,
}

impl redb::StorageBackend for FullDisk {
    fn len(&self) -> std::io::Result<u64> {
        self.inner.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.inner.read(offset, out)
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        if len > self.limit.load(Ordering::Relaxed) {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.inner.set_len(len)
    }
    fn sync_data(&self) -> std::io::Result<()> {
        self.inner.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        if offset + data.len() as u64 > self.limit.load(Ordering::Relaxed) {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.inner.write(offset, data)
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    let limit = Arc::new(AtomicU64::new(1 << 20));
    let disk = FullDisk { inner: redb::backends::InMemoryBackend::new(), limit };
    let engine = Engine::with_backend(disk, Kind::Episode).unwrap();
    let store = EpisodeStore::on(engine, &episode());
    store.begin_run(&meta(1)).unwrap();
    let told =
        (1..).find_map(|id| store.write_shot(RUN, &shot(id, Amount { bytes: 20_000, ..SMALL }), &embedder()).err()).unwrap();
    assert!(matches!(told, StoreError::DiskFull { .. }), "{told}");
    assert!(told.hint().contains("are kept"));
}

/// Everything that can be read, as text; vectors apart, because some may be missing without being wrong.
fn read_all(library: &Library) -> Result<(String, Vec<(CropKey, Embedding)>), StoreError> {
    let store = EpisodeStore::open_reader(library, &episode())?;
    let mut all = format!("{:?} {:?}", store.shots(RUN)?, store.operations()?);
    for faces in store.all_faces(RUN)? {
        let (shot, faces) = faces?;
        write!(all, "{faces:?} {:?}", store.analysed(RUN, shot)?).unwrap();
    }
    write!(all, "{:?}", store.tracklets(RUN)?).unwrap();
    for crop in store.crops(RUN)? {
        let lost = || StoreError::damaged(store.path(), "a picture is lost");
        let (aligned, thumb) = (store.aligned(RUN, crop.key())?, store.thumb(RUN, crop.key())?);
        write!(all, "{crop:?} {:?} {:?}", aligned.ok_or_else(lost)?, thumb.ok_or_else(lost)?).unwrap();
    }
    Ok((all, store.embeddings(RUN, &embedder())?))
}

#[test]
fn flipped_bits_are_errors_and_never_panics_or_other_figures() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::open(dir.path()).unwrap();
    let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
    store.begin_run(&meta(1)).unwrap();
    for id in 1..=30 {
        store.write_shot(RUN, &shot(id, SMALL), &embedder()).unwrap();
    }
    let path = store.path().to_owned();
    drop(store);
    let (all, vectors) = read_all(&library).unwrap();
    let whole = fs::read(&path).unwrap();
    let rounds: usize = std::env::var("SCREENALYTICS_TEST_FLIPS").map_or(300, |n| n.parse().unwrap());
    let (mut refused, mut found, mut seed) = (0, 0, 1u64);
    for round in 0..rounds {
        let mut broken = whole.clone();
        for _ in 0..=round % 4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(seed >> 20).unwrap() % broken.len();
            broken[at] ^= 1 << (seed >> 10 & 7);
        }
        fs::write(&path, &broken).unwrap();
        match read_all(&library) {
            Ok((read, left)) => {
                assert!(read == all, "round {round}: other figures");
                assert!(left.iter().all(|row| vectors.contains(row)), "round {round}: other vectors");
            }
            Err(_) => refused += 1,
        }
        match EpisodeStore::open_writer(&library, &episode()).and_then(|mut store| store.verify()) {
            Ok(findings) if findings.is_empty() => {}
            _ => found += 1,
        }
    }
    println!("of {rounds} damaged files {refused} could not be read, {found} did not pass verification");
    assert!(refused > 0 && found >= refused);
}
