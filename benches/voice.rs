//! How fast a recording is listened to and its voices are told apart: real-time factor, medians over the runs.
//!
//! `cargo bench --bench voice` needs the test recordings (`SCREENALYTICS_TEST_MEDIA`) and a folder with the models that listen
//! (`SCREENALYTICS_MODELS`, or the user's own after `screenalytics models pull`). `-- --workers N` asks for so many threads.

use screenalytics::algo::diarise::{Heard, diarise};
use screenalytics::config::{Layers, Paths, Settings};
use screenalytics::domain::SoundLevels;
use screenalytics::infer::{ModelFile, Prefer, Registry, Search, Task, load};
use screenalytics::media::audio::{Sound, SoundChoice};
use screenalytics::pipeline::listen::{Ears, listen};
use screenalytics::pipeline::{Cancel, Progress, Stage};
use std::path::{Path, PathBuf};
use std::time::Instant;

const RECORDINGS: [&str; 3] = ["ls_dev_2spk.wav", "ls_dev_3spk_noisy.wav", "ls_dev_5spk.wav"];
const RUNS: usize = 5;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let workers = words.iter().skip_while(|w| *w != "--workers").nth(1).map_or(0, |n| n.parse().expect("a number of threads"));
    let Some(media) = std::env::var_os("SCREENALYTICS_TEST_MEDIA").map(PathBuf::from) else {
        println!("skipped: SCREENALYTICS_TEST_MEDIA is not set");
        return;
    };
    let paths = Paths::find();
    let runtime = match load(&Search::from_env(None, paths.data.clone(), Prefer::Cpu)) {
        Ok(runtime) => runtime,
        Err(error) => return println!("skipped: {error}"),
    };
    let mut settings = Layers::defaults().settings().expect("the built-in settings are right");
    settings.listen.workers = workers;
    let dirs = [std::env::var_os("SCREENALYTICS_MODELS").map(PathBuf::from), Some(paths.data.join("models"))];
    let model = |id: &str| dirs.iter().flatten().find_map(|dir| find(dir, id));
    let wanted = [&settings.listen.speech_model, &settings.listen.segmentation_model, &settings.listen.voice_model];
    let [Some(speech), Some(segmentation), Some(voices)] = wanted.map(|id| model(id)) else {
        return println!("skipped: one of the models {wanted:?} is not there; run: screenalytics models pull");
    };
    let ears = Ears { speech, segmentation, voices, device: runtime.cpu(), cpu: runtime.cpu() };
    for recording in RECORDINGS {
        let mut factors: Vec<[f64; 4]> = (0..RUNS).map(|_| run(&media.join("audio").join(recording), &ears, &settings)).collect();
        factors.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let [all, diarised, sound, hear] = factors[RUNS / 2];
        println!(
            "{recording}: real-time factor {all:.4} (fastest {:.4}, slowest {:.4}), of it telling voices apart {diarised:.4}; processor \
             seconds a second: sound and speech {sound:.4}, local speakers and voices {hear:.4}",
            factors[0][0],
            factors[RUNS - 1][0],
        );
    }
}

fn find(dir: &Path, id: &str) -> Option<ModelFile> {
    let registry = Registry::built_in().ok()?;
    registry.chosen(&registry.scan(dir).ok()?, Task::Listen, id).cloned()
}

/// Returns the real-time factor of all and of telling voices apart, and the processor time of the stages for each second.
fn run(file: &Path, ears: &Ears, settings: &Settings) -> [f64; 4] {
    let began = Instant::now();
    let progress = Progress::default();
    let mut sound = Sound::open(file, &SoundChoice::Usual).expect("it opens").expect("it has sound");
    let (mut windows, mut levels): (Vec<_>, Vec<SoundLevels>) = (Vec::new(), Vec::new());
    let mut keep = |chunk: screenalytics::domain::HeardChunk| {
        windows.extend(chunk.windows);
        levels.push(chunk.levels);
        Ok(())
    };
    let mut next = || sound.next().map(|chunk| (chunk.start, chunk.samples));
    let (listen_params, speech) = (&settings.listen, &settings.speech);
    listen(&mut next, ears, listen_params, speech, 0, &Cancel::default(), &progress, &mut keep).expect("it is heard");
    let (listened, span) = (Instant::now(), sound.facts().span);
    let found = diarise(&Heard { span, windows: &windows, levels: &levels }, &settings.diarise);
    assert!(!found.turns.is_empty());
    let seconds = span.len().secs();
    let busy = progress.view().busy;
    let spent = |stage| busy.iter().find(|(s, _)| *s == stage).map_or(0.0, |(_, t)| t.as_secs_f64()) / seconds;
    [began.elapsed().as_secs_f64() / seconds, listened.elapsed().as_secs_f64() / seconds, spent(Stage::Sound), spent(Stage::Hear)]
}
