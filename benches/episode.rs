//! How fast a whole run is: five minutes of video made of the test clips, through the real program.
//!
//! `cargo bench --bench episode` prints, for each detector, the medians over the runs: wall seconds, times real time, processor
//! seconds by stage. It needs the test clips (`SCREENALYTICS_TEST_MEDIA`), the models (`SCREENALYTICS_MODELS`) and ffmpeg.
//!
//! `cargo bench --bench episode -- --device cuda --height 1080` asks for another device and another size, and prints besides how long an
//! hour takes at that rate, the pictures a second of each stage's threads, and, where `nvidia-smi` is there, how busy the GPU was.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const CLIPS: [&str; 7] = [
    "clips/friends_clip.mp4",
    "clips/noisy_restaurant.mp4",
    "clips/short_hamilton_clip.mp4",
    "talking_dev.mp4",
    "clips/chromecast_ad.mp4",
    "clips/facenet_video.mp4",
    "episode_dev.mp4",
];
const SECONDS: f64 = 300.0;
const RUNS: usize = 3;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let after = |flag: &str| words.iter().skip_while(|w| *w != flag).nth(1).cloned();
    let device = after("--device").unwrap_or_else(|| "cpu".to_owned());
    let height: u32 = after("--height").map_or(720, |h| h.parse().expect("--height takes a number"));
    let Some(media) = std::env::var_os("SCREENALYTICS_TEST_MEDIA").map(PathBuf::from) else {
        println!("skipped: SCREENALYTICS_TEST_MEDIA is not set");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let video = folder.join(format!("episode-{height}p25.mp4"));
    if !video.exists() {
        make(&media, &folder, height, &video);
    }
    let detectors =
        after("--detector").map_or_else(|| vec!["scrfd_2.5g_kps_dyn".into(), "scrfd_500m_kps_dyn".into()], |d| vec![d]);
    for detector in detectors {
        let watch = (device != "cpu").then(|| Watch::start(&folder)).flatten();
        let mut runs: Vec<(f64, serde_json::Value)> = (0..RUNS).map(|_| measure(&video, &folder, &detector, &device)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (wall, last) = &runs[RUNS / 2];
        let summary = &last["summary"];
        println!(
            "{detector} on {device}, {height}p25: median of {RUNS}: {wall:.1} s wall, {:.1} times real time",
            SECONDS / wall
        );
        println!("  slowest {:.1} s, fastest {:.1} s", runs[RUNS - 1].0, runs[0].0);
        println!("  {} pictures analysed, processor seconds: {}", summary["counts"]["analysed"], list(&summary["processor_s"]));
        println!("  an hour at that rate: {:.0} s", 3600.0 * wall / SECONDS);
        println!("  pictures (of embed: faces) a second of one thread: {}", rates(summary));
        println!("  computed by {}", summary["device"]["with"]);
        if let Some(watch) = watch {
            println!("  {}", watch.finish());
        }
    }
}

fn list(seconds: &serde_json::Value) -> String {
    let each = seconds.as_object().into_iter().flatten();
    let words: Vec<String> = each.map(|(stage, secs)| format!("{stage} {:.1}", secs.as_f64().unwrap_or_default())).collect();
    words.join(", ")
}

/// Says how many a second pass through a thread of each stage that looks at pictures, what it waits for included.
fn rates(summary: &serde_json::Value) -> String {
    let counts = &summary["counts"];
    let of = [("decode", "frames"), ("cut", "frames"), ("detect", "analysed"), ("embed", "crops")];
    let rate = |(stage, what): (&str, &str)| {
        let seconds = summary["passed_s"][stage].as_f64().filter(|s| *s > 0.0)?;
        Some(format!("{stage} {:.0}", counts[what].as_f64()? / seconds))
    };
    of.into_iter().filter_map(rate).collect::<Vec<_>>().join(", ")
}

/// `nvidia-smi`, asked twice a second.
struct Watch {
    program: Child,
    file: PathBuf,
}

impl Watch {
    fn start(folder: &Path) -> Option<Self> {
        let file = folder.join("gpu.csv");
        let out = std::fs::File::create(&file).ok()?;
        let mut command = Command::new("nvidia-smi");
        command.args([
            "--query-gpu=utilization.gpu,utilization.decoder,memory.used",
            "--format=csv,noheader,nounits",
            "-lms",
            "500",
        ]);
        Some(Self { program: command.stdout(out).stdin(Stdio::null()).spawn().ok()?, file })
    }

    fn finish(mut self) -> String {
        let _ = self.program.kill();
        let _ = self.program.wait();
        busy(&std::fs::read_to_string(&self.file).unwrap_or_default())
    }
}

/// Reads lines of `computing %, decoding %, MB`.
fn busy(text: &str) -> String {
    let rows: Vec<Vec<f64>> = text.lines().map(|l| l.split(',').filter_map(|n| n.trim().parse().ok()).collect()).collect();
    let column = |i: usize| rows.iter().filter_map(move |r| r.get(i).copied());
    let mean = |i: usize| column(i).sum::<f64>() / column(i).count().max(1) as f64;
    let most = column(2).fold(0.0, f64::max);
    format!(
        "GPU: computing {:.0} % and decoding {:.0} % of the time, at most {most:.0} MB of its memory in use",
        mean(0),
        mean(1)
    )
}

/// Puts the clips one after another, again and again, as one video.
fn make(media: &Path, folder: &Path, height: u32, video: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]);
    for clip in CLIPS {
        command.arg("-i").arg(media.join(clip));
    }
    let width = height * 16 / 9;
    let fit = format!(
        "scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,fps=25,setsar=1,format=yuv420p"
    );
    let inputs: Vec<String> = (0..CLIPS.len()).map(|n| format!("[{n}:v]{fit}[v{n}];")).collect();
    let joined = (0..CLIPS.len()).map(|n| format!("[v{n}]")).collect::<Vec<_>>().concat();
    let graph = format!("{}{joined}concat=n={}:v=1:a=0[out]", inputs.concat(), CLIPS.len());
    let once = folder.join("once.mp4");
    command.args(["-filter_complex", &graph, "-map", "[out]", "-c:v", "libx264", "-preset", "medium", "-crf", "21"]).arg(&once);
    assert!(command.status().expect("ffmpeg is installed").success(), "ffmpeg makes the video");
    let mut again = Command::new("ffmpeg");
    again.args(["-v", "error", "-y", "-stream_loop", "9", "-i"]).arg(&once);
    again.args(["-t", &SECONDS.to_string(), "-c", "copy"]).arg(video);
    assert!(again.status().expect("ffmpeg is installed").success(), "ffmpeg repeats the video");
}

/// Runs the program once in a library of its own; returns wall seconds and the last line of its progress.
fn measure(video: &Path, folder: &Path, detector: &str, device: &str) -> (f64, serde_json::Value) {
    let library = folder.join("library");
    let _ = std::fs::remove_dir_all(&library);
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_screenalytics"))
        .arg("--library")
        .arg(&library)
        .args(["run", "--progress", "json", "--device", device, "--stride", "3", "--det-size", "640x384", "--detector", detector])
        .arg(video)
        .stderr(Stdio::inherit())
        .output()
        .expect("the program starts");
    let wall = began.elapsed().as_secs_f64();
    assert!(output.status.success(), "the run succeeds");
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().and_then(|line| serde_json::from_str(line).ok()).expect("progress ends with a JSON line");
    (wall, last)
}
