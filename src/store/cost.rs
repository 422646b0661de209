//! What storing costs in room; `SCREENALYTICS_TEST_SHOTS=4000 cargo test --release --lib store::cost -- --nocapture` prints the times of more shots.

use super::sample::{Amount, embedder, episode, meta, shot};
use super::{EpisodeStore, Library};
use crate::domain::RunId;
use std::fs;
use std::time::Instant;

const RUN: RunId = RunId(1);

#[test]
fn the_file_of_an_episode_is_at_most_half_larger_than_its_content() {
    let amount = Amount { tracklets: 3, crops: 6, bytes: 7000, dim: 512 };
    let shots: u32 = std::env::var("SCREENALYTICS_TEST_SHOTS").map_or(400, |n| n.parse().unwrap());
    let dir = tempfile::tempdir_in(".").unwrap();
    let library = Library::open(dir.path()).unwrap();
    let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
    store.begin_run(&meta(1)).unwrap();
    let (mut took, mut content) = (Vec::new(), 0usize);
    for id in 1..=shots {
        let record = shot(id, amount);
        content += record.faces.len() * 80 + record.crops.len() * (2 * amount.bytes + 4 * amount.dim + 120);
        let begin = Instant::now();
        store.write_shot(RUN, &record, &embedder()).unwrap();
        took.push(begin.elapsed());
    }
    took.sort();
    let open = fs::metadata(store.path()).unwrap().len();
    let begin = Instant::now();
    let digest = store.measured_digest(RUN).unwrap();
    let digested = begin.elapsed();
    let path = store.path().to_owned();
    drop(store);
    // Grown ahead while open, trimmed when closed.
    let file = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    let begin = Instant::now();
    let mut store = EpisodeStore::open_writer(&library, &episode()).unwrap();
    let opened = begin.elapsed();
    let begin = Instant::now();
    assert_eq!(store.verify().unwrap(), []);
    println!(
        "{shots} shots: median {:?}, worst {:?} a shot; content {content} bytes, file {file} ({open} while open); \
         digest {digested:?}, reopened {opened:?}, verified {:?}",
        took[took.len() / 2],
        took[took.len() - 1],
        begin.elapsed()
    );
    assert_eq!(store.measured_digest(RUN).unwrap(), digest);
    assert!(file < content * 3 / 2, "{file} bytes for {content}");
}
