//! How a million reference faces are found again: time and memory of the index, how often it finds the nearest, and how fast.
//!
//! `cargo bench --bench facebank` makes up 1,000,000 references of 512 numbers, ten of each person, and asks for other pictures of
//! some of these people. `-- --references 100000 --queries 500` asks for another size.
//!
//! Vectors are drawn so that cosines are what embedders of faces have on LFW: two people 0.00 with a deviation of 0.10, two pictures of one
//! person 0.68. The nearest by comparing with every reference is what the index should find.

use screenalytics::domain::{EmbedderId, Embedding};
use screenalytics::facebank::VectorIndex;
use std::fs;
use std::time::Instant;

const NUMBERS: usize = 512;
/// Directions in which faces differ: two random ones among so many have a cosine of 0 with a deviation of 0.10.
const FREE: usize = 108;
/// Mean cosine of two pictures of one person, and its deviation from person to person.
const ONE_PERSON: (f32, f32) = (0.68, 0.12);
const PICTURES: u64 = 10;
/// Every query is asked so often, all others in between; its fastest answer counts, so that what else the machine does does not.
const PASSES: usize = 5;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let after = |flag: &str, else_: u64| {
        let word = words.iter().skip_while(|w| *w != flag).nth(1);
        word.map_or(else_, |n| n.parse().expect("a flag takes a number"))
    };
    let (references, queries) = (after("--references", 1_000_000), after("--queries", 1_000));
    let people = (references / PICTURES).max(1);
    let faces = Faces::new();
    let asked: Vec<Embedding> = (0..queries).map(|q| faces.picture(q * people / queries, PICTURES)).collect();

    let rows: Vec<(u64, Embedding)> = (0..references).map(|key| (key, faces.picture(key / PICTURES, key % PICTURES))).collect();
    let nearest: Vec<u64> = asked.iter().map(|query| nearest(query, &rows)).collect();
    let before = resident();
    println!("{references} references of {NUMBERS} numbers: {before:.2} GB as rows");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let (base, embedder) = (folder.path().join("facebank"), EmbedderId("made-up".into()));
    let (began, spent) = (Instant::now(), processor());
    let index = VectorIndex::open_or_build(&base, &embedder, "bench", || rows).expect("the rows are right");
    println!("built and saved in {:.1} s, {:.1} s of processor", began.elapsed().as_secs_f64(), processor() - spent);
    drop(index);

    let (began, before) = (Instant::now(), resident());
    let index = VectorIndex::open_or_build(&base, &embedder, "bench", || unreachable!("it was saved")).expect("it was saved");
    let file = fs::metadata(base.with_extension("usearch")).map_or(0, |m| m.len());
    println!(
        "opened and checked in {:.1} s: {:.2} GB of memory, {:.2} GB on the disk",
        began.elapsed().as_secs_f64(),
        resident() - before,
        file as f64 / 1e9
    );

    let mut fastest = vec![f64::INFINITY; asked.len()];
    let (mut all, mut found, mut person) = (Vec::new(), 0, 0);
    for pass in 0..PASSES {
        for (q, query) in asked.iter().enumerate() {
            let began = Instant::now();
            let hits = index.nearest(query, 10).expect("a query of the right length");
            let took = began.elapsed().as_secs_f64() * 1e3;
            all.push(took);
            fastest[q] = fastest[q].min(took);
            if pass == 0 {
                found += usize::from(hits[0].0 == nearest[q]);
                person += usize::from(hits[0].0 / PICTURES == nearest[q] / PICTURES);
            }
        }
    }
    let share = |n: usize| n as f64 / asked.len() as f64;
    println!("recall@1 {:.4}; of the same person as the nearest {:.4} ({queries} queries)", share(found), share(person));
    for (what, times) in [("fastest of five", fastest), ("every answer", all)] {
        let mut times = times;
        times.sort_by(f64::total_cmp);
        let at = |hundredths: usize| times[(times.len() - 1) * hundredths / 100];
        println!("{what}: median {:.3} ms, p99 {:.3} ms, slowest {:.3} ms", at(50), at(99), at(100));
    }
}

/// Returns the key of the row nearest to a query, by comparing all.
fn nearest(query: &Embedding, rows: &[(u64, Embedding)]) -> u64 {
    let cosines = rows.iter().map(|(key, vector)| (query.cosine(vector).unwrap_or(-1.0), *key));
    cosines.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |(_, key)| key)
}

/// Made-up faces: the same every time.
struct Faces {
    directions: Vec<Vec<f32>>,
}

impl Faces {
    fn new() -> Self {
        Self { directions: (0..FREE as u64).map(|i| Numbers(i + 1).normal(NUMBERS)).collect() }
    }

    /// Returns the vector of one picture of a person.
    fn picture(&self, person: u64, picture: u64) -> Embedding {
        let mut own = Numbers((person * 1_000 + picture + 1) << 8);
        let alike = (ONE_PERSON.0 + ONE_PERSON.1 * own.normal(1)[0]).clamp(0.3, 0.95).sqrt();
        let differs = (1.0 - alike * alike).sqrt();
        let place = Numbers((person + 1) << 40).normal(FREE);
        let mut vector = vec![0.0; NUMBERS];
        for ((at, off), direction) in place.iter().zip(own.normal(FREE)).zip(&self.directions) {
            let along = alike * at + differs * off;
            for (value, step) in vector.iter_mut().zip(direction) {
                *value += along * step;
            }
        }
        Embedding::from_raw(vector).expect("it has a length")
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns numbers of mean 0 and variance 1: sums of four even ones, near enough to normal.
    fn normal(&mut self, n: usize) -> Vec<f32> {
        let mut even = || (self.next() >> 40) as f32 / (1u64 << 24) as f32;
        (0..n).map(|_| ((0..4).map(|_| even()).sum::<f32>() - 2.0) * 3f32.sqrt()).collect()
    }
}

/// Returns the memory in use, in GB.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

/// Returns the processor time spent so far, all threads together, in seconds.
fn processor() -> f64 {
    let times = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = times.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}
