//! What looking at a mouth costs, against real time: coefficients and scores of one visible face, on one thread.
//!
//! `cargo bench --bench mouth` takes the active-speaker model of `SCREENALYTICS_MODELS` and prints the median of some rounds. The goal is a
//! real-time factor of 0.25 for each visible face on two cores; decoding comes on top, once for all faces of a picture.

use screenalytics::infer::{FaceClip, FaceSound, Prefer, Registry, Search, SessionOptions, Task, build_active_speaker, load};
use std::path::PathBuf;
use std::time::Instant;

const ROUNDS: usize = 9;
/// Pictures of one window of six seconds.
const PICTURES: usize = 150;

fn main() {
    let Some(models) = std::env::var_os("SCREENALYTICS_MODELS").map(PathBuf::from) else {
        println!("skipped: SCREENALYTICS_MODELS not set");
        return;
    };
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let data = std::env::var_os("XDG_DATA_HOME").map_or(home.join(".local/share"), PathBuf::from).join("screenalytics");
    let runtime = load(&Search::from_env(None, data, Prefer::Cpu)).expect("onnxruntime is installed");
    let registry = Registry::built_in().expect("the manifest is sound");
    let found = registry.scan(&models).expect("the folder can be read");
    for family in ["lr-asd", "light-asd"] {
        let Some(file) = registry.chosen(&found, Task::Listen, family) else {
            println!("{family}: not installed");
            continue;
        };
        let options = SessionOptions { intra_threads: 1, device: runtime.cpu() };
        let mut model = build_active_speaker(file, PICTURES, &options).expect("it opens");
        let samples: Vec<f32> = (0..640 * PICTURES).map(|i| (i as f32 * 0.05).sin() * 0.2).collect();
        let mut factors = Vec::with_capacity(ROUNDS);
        for round in 0..ROUNDS {
            let faces = (0..PICTURES * 112 * 112).map(|i| u8::try_from((i * 7 + round) % 251).unwrap_or(0)).collect();
            let started = Instant::now();
            let sound = FaceSound::hear(&samples, PICTURES);
            let scores = model.score(&[FaceClip { faces, sound }]).expect("it scores");
            assert_eq!(scores[0].len(), PICTURES);
            factors.push(started.elapsed().as_secs_f64() / (PICTURES as f64 / 25.0));
        }
        factors.sort_by(f64::total_cmp);
        println!(
            "{}: real-time factor {:.3} a face (median), {:.3} at worst",
            model.id(),
            factors[ROUNDS / 2],
            factors[ROUNDS - 1]
        );
    }
}
