//! Measuring: a video, the drawn demo, a made-up library.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  screenalytics run RHOBH.S05E17.mkv                    id from the file name
  screenalytics run talk.mp4 --ep-id talk --fps 5       faster, coarser
  screenalytics run talk.mp4 --detector yunet           another detector

What is not given comes from the settings: `screenalytics config` prints them.
A stopped run goes on where it stopped when the command is given again; a
finished one is repeated only where the video, a setting or a model changed.")]
pub struct RunArgs {
    /// The video: any format that FFmpeg reads
    pub video: PathBuf,

    /// Id of the episode, such as rhobh-s05e17
    #[arg(long, value_name = "ID", help_heading = "Episode", conflicts_with_all = ["show", "season", "episode"])]
    pub ep_id: Option<String>,
    /// Short name of the show, such as rhobh
    #[arg(long, help_heading = "Episode", requires = "season", requires = "episode")]
    pub show: Option<String>,
    /// Number of the season
    #[arg(long, value_name = "N", help_heading = "Episode", requires = "show")]
    pub season: Option<u32>,
    /// Number of the episode
    #[arg(long, value_name = "N", help_heading = "Episode", requires = "show")]
    pub episode: Option<u32>,
    /// Title of the episode
    #[arg(long, value_name = "TEXT", help_heading = "Episode")]
    pub title: Option<String>,
    /// Day of its first broadcast, such as 2015-04-07
    #[arg(long, value_name = "DATE", help_heading = "Episode")]
    pub air_date: Option<jiff::civil::Date>,
    /// The episode was measured from another file: take this one
    #[arg(long, help_heading = "Episode")]
    pub replace_video: bool,
    /// Begin anew, whatever is stored
    #[arg(long, help_heading = "Episode")]
    pub new_run: bool,

    /// Look at every n-th picture; 0: about 8 a second
    #[arg(long, value_name = "N", help_heading = "Pictures", conflicts_with = "fps")]
    pub stride: Option<u32>,
    /// Look at about so many pictures a second
    #[arg(long, value_name = "RATE", help_heading = "Pictures")]
    pub fps: Option<f64>,

    /// Find shots by their content, or not at all
    #[arg(long, value_name = "content|off", value_parser = ["content", "off"], hide_possible_values = true, help_heading = "Shots")]
    pub scene_detect: Option<String>,
    /// Change that makes a cut, 0 to 1; higher: fewer cuts
    #[arg(long, value_name = "X", help_heading = "Shots")]
    pub scene_threshold: Option<f64>,
    /// Shortest shot
    #[arg(long, value_name = "SECONDS", help_heading = "Shots")]
    pub scene_min_len: Option<f64>,
    /// Pictures after each cut that are all looked at
    #[arg(long, value_name = "N", help_heading = "Shots")]
    pub scene_warmup_dets: Option<u32>,

    /// Id or family from `screenalytics models`, or a file
    #[arg(long, value_name = "MODEL", help_heading = "Faces")]
    pub detector: Option<String>,
    /// Detector's input: longer side, or both as 640x384
    #[arg(long, value_name = "PX", help_heading = "Faces")]
    pub det_size: Option<String>,
    /// Lowest detector score of a face, 0 to 1
    #[arg(long, value_name = "SCORE", help_heading = "Faces")]
    pub det_score: Option<f64>,
    /// Shorter side of the smallest face
    #[arg(long, value_name = "PX", help_heading = "Faces")]
    pub min_face: Option<f64>,
    /// Let a second detector look at kept faces; alone: the best
    #[arg(long, value_name = "MODEL", num_args = 0..=1, default_missing_value = "auto", require_equals = true, help_heading = "Faces")]
    pub face_validate: Option<String>,
    /// What compares faces: id, family or file, likewise
    #[arg(long, value_name = "MODEL", help_heading = "Faces")]
    pub embedder: Option<String>,

    /// Look only; the sound is left alone
    #[arg(long, help_heading = "Sound", conflicts_with = "sound")]
    pub no_listen: bool,
    /// Which sound: its stream, as 2, or its language, as en
    #[arg(long, value_name = "STREAM", help_heading = "Sound")]
    pub sound: Option<String>,

    /// Follow faces by place alone, or by looks as well
    #[arg(long, value_name = "bytetrack|strongsort", value_parser = ["bytetrack", "strongsort"], hide_possible_values = true, help_heading = "People")]
    pub tracker: Option<String>,
    /// Longest gap inside a track
    #[arg(long, value_name = "SECONDS", help_heading = "People")]
    pub max_gap: Option<f64>,
    /// Likeness that makes one person; higher: more clusters; holds for later runs, too
    #[arg(long, value_name = "COSINE", help_heading = "People")]
    pub cluster_thresh: Option<f64>,
    /// Fewest tracks of a cluster
    #[arg(long, value_name = "N", help_heading = "People")]
    pub min_cluster_size: Option<u32>,

    /// What to compute on; auto: the best that works
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = ["auto", "cuda", "tensorrt", "coreml", "cpu"], help_heading = "Machine")]
    pub device: String,
    /// A live bar, JSON lines for programs, or nothing
    #[arg(long, value_name = "HOW", value_enum, default_value = "auto", help_heading = "Machine")]
    pub progress: ProgressMode,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The demo is the same each time. It is drawn once and kept beside the library;
in the library it is the episode drawn-demo. With --out it is only drawn:

  screenalytics demo --out demo.mp4 --truth demo.json
  screenalytics run demo.mp4 && screenalytics eval demo --truth demo.json")]
pub struct DemoArgs {
    /// Only draw: write the video to this file, as MP4
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// With --out: what is true of it, for `eval`
    #[arg(long, value_name = "FILE", requires = "out")]
    pub truth: Option<PathBuf>,
    /// With --out: a portrait of each person, for `suggest`
    #[arg(long, value_name = "DIR", requires = "out")]
    pub portraits: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  screenalytics synthetic --out /tmp/library --episodes 100 --tracks 10000 --faces 300000")]
pub struct SyntheticArgs {
    /// The library, which must be new
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Episodes; all but the first are small
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub episodes: u32,
    /// Tracks of the first episode
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub tracks: u32,
    /// Faces of its tracks
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    pub faces: u32,
}

/// How a run shows its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// A bar in a terminal, a line now and then elsewhere
    Auto,
    /// The bar
    Bar,
    /// One JSON object a line on standard output
    Json,
    /// Nothing
    None,
}
