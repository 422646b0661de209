//! Kills at random moments lose no decision that was acknowledged.

use super::tests::{episode, library, workspace};
use super::{Command, Review};
use crate::domain::{DiscardReason, IdentityId, Operation, TrackId};
use crate::session::Target;
use crate::store::{EpisodeStore, Library};
use std::io::{BufRead, BufReader};
use std::process::{Command as Process, Stdio};
use std::time::Duration;

/// The library that the child decides in, and where its dice begin.
const CHILD: &str = "SCREENALYTICS_TEST_REVIEW_CHILD";
const KILLS: u64 = 200;

/// Numbers that look random and are the same each time (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }

    fn id(&mut self, n: u64) -> u32 {
        u32::try_from(self.below(n)).unwrap() + 1
    }
}

/// Decides something, or takes something back; `None` where that was refused or changes nothing.
fn step(review: &mut Review, dice: &mut Dice) -> Option<Operation> {
    let (track, identity) = (TrackId(dice.id(44)), IdentityId(dice.id(40)));
    let command = match dice.below(10) {
        0 => return review.undo(None).ok()?,
        1 => return review.redo().ok()?,
        2 => Command::Name { identity, name: format!("Person {}", dice.below(9)) },
        3 => Command::Merge { identities: vec![identity], into: IdentityId(dice.id(40)) },
        4 => Command::Discard { tracks: vec![track], identities: vec![], reason: DiscardReason::Poster },
        5 => Command::Split { track, at: dice.below(400) },
        6 => Command::Restore { tracks: vec![track] },
        _ => Command::Assign { tracks: vec![track, TrackId(dice.id(44))], to: Target::New },
    };
    review.decide(&command).ok()?
}

/// Not a test by itself: the process that the next test kills. It says each decision after it was acknowledged.
#[test]
fn child_decides_until_it_is_killed() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (seed, root) = told.split_once(' ').unwrap();
    let mut review = Review::open(&workspace(root.as_ref()), &episode()).unwrap();
    let mut dice = Dice(seed.parse().unwrap());
    println!("decided {} opened", review.snapshot().seq);
    loop {
        if let Some(done) = step(&mut review, &mut dice) {
            println!("decided {} {}", done.seq, done.summary);
        }
    }
}

#[test]
fn two_hundred_kills_lose_no_acknowledged_decision() {
    let (dir, workspace) = library();
    let mut dice = Dice(0x5EED_0006);
    let mut known = Review::open(&workspace, &episode()).unwrap().log().unwrap();
    let mut under_way = 0;
    for kill in 1..=KILLS {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "session::review::kills::child_decides_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(CHILD, format!("{} {}", kill * 7919, dir.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (lines, pause) = (1 + dice.below(4), Duration::from_micros(dice.below(3000)));
        let mut acknowledged: Vec<(u64, String)> = Vec::new();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut read = |most: u64| {
            let words = told.by_ref().filter_map(|line| line.unwrap().split_once("decided ").map(|(_, words)| words.to_owned()));
            words.take(usize::try_from(most).unwrap()).for_each(|line| {
                let (seq, what) = line.split_once(' ').unwrap();
                acknowledged.push((seq.parse().unwrap(), what.to_owned()));
            });
        };
        read(lines);
        std::thread::sleep(pause);
        // SIGKILL, at whatever point of the next decision.
        child.kill().unwrap();
        child.wait().unwrap();
        read(u64::from(u32::MAX));
        assert_eq!(acknowledged[0], (known.len() as u64, "opened".into()), "kill {kill}");

        let mut store = EpisodeStore::open_writer(&Library::open(dir.path()).unwrap(), &episode()).unwrap();
        assert_eq!(store.verify().unwrap(), [], "kill {kill}");
        drop(store);
        let review = Review::open(&workspace, &episode()).unwrap();
        let log = review.log().unwrap();
        assert_eq!(log[..known.len()], known[..], "kill {kill}");
        for (seq, what) in acknowledged.iter().skip(1) {
            let entry = log.get(usize::try_from(*seq).unwrap() - 1);
            assert_eq!(entry.map(|o| &o.summary), Some(what), "kill {kill}");
        }
        // At most the one that was under way is there besides.
        let besides = log.len() as u64 - acknowledged.last().unwrap().0;
        assert!(besides <= 1, "kill {kill}");
        under_way += besides;
        known = log;
    }
    println!("{} decisions; {under_way} of {KILLS} kills came between the commit and its acknowledgement", known.len());
    assert!(known.len() as u64 > KILLS, "{} decisions", known.len());
    assert_eq!(workspace.open_library().unwrap().catalog().verify().unwrap(), []);
}
