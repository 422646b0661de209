//! How fast a whole run is: five minutes of 720p25 made of the test clips, through the real program.
//!
//! `cargo bench --bench episode` prints, for each detector, the medians over the runs: wall seconds, times real time, processor
//! seconds by stage. It needs the test clips (`SCREENALYTICS_TEST_MEDIA`), the models (`SCREENALYTICS_MODELS`) and ffmpeg.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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
    let Some(media) = std::env::var_os("SCREENALYTICS_TEST_MEDIA").map(PathBuf::from) else {
        println!("skipped: SCREENALYTICS_TEST_MEDIA is not set");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let video = folder.join("episode-720p25.mp4");
    if !video.exists() {
        make(&media, &folder, &video);
    }
    for detector in ["scrfd_2.5g_kps_dyn", "scrfd_500m_kps_dyn"] {
        let mut runs: Vec<(f64, serde_json::Value)> = (0..RUNS).map(|_| measure(&video, &folder, detector)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (wall, last) = &runs[RUNS / 2];
        let stages: Vec<String> = last["summary"]["processor_s"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(stage, secs)| format!("{stage} {:.1}", secs.as_f64().unwrap_or_default()))
            .collect();
        println!("{detector}: median of {RUNS}: {wall:.1} s wall, {:.1} times real time", SECONDS / wall);
        println!("  slowest {:.1} s, fastest {:.1} s", runs[RUNS - 1].0, runs[0].0);
        println!("  {} pictures analysed, processor seconds: {}", last["summary"]["counts"]["analysed"], stages.join(", "));
    }
}

/// Puts the clips one after another, again and again, as one video.
fn make(media: &Path, folder: &Path, video: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]);
    for clip in CLIPS {
        command.arg("-i").arg(media.join(clip));
    }
    let fit = "scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:-1:-1,fps=25,setsar=1,format=yuv420p";
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
fn measure(video: &Path, folder: &Path, detector: &str) -> (f64, serde_json::Value) {
    let library = folder.join("library");
    let _ = std::fs::remove_dir_all(&library);
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_screenalytics"))
        .arg("--library")
        .arg(&library)
        .args(["run", "--progress", "json", "--device", "cpu", "--stride", "3", "--det-size", "640x384", "--detector", detector])
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
