//! The command line as clap sees it. The texts here are what `--help` and the man page print.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Green.on_default());

/// Tells for every person of an episode how long they are seen.
#[derive(Debug, Parser)]
#[command(
    name = "screenalytics",
    version,
    styles = STYLES,
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "\
Examples:
  screenalytics setup                                  install what is missing, once
  screenalytics run RHOBH.S05E17.mkv                   measure an episode (id: rhobh-s05e17)
  screenalytics status rhobh-s05e17                    who is in it, and for how long
  screenalytics name rhobh-s05e17 id_0002 \"Ava Stone\"  say who a cluster is
  screenalytics export rhobh-s05e17 --format csv       seconds for a spreadsheet

Exit codes: 0 done, 1 refused or failed, 2 bad usage, 130 cancelled (run again to go on)."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The library: episodes, people, decisions
    #[arg(long, global = true, value_name = "DIR", env = "SCREENALYTICS_LIBRARY", help_heading = "Places")]
    pub library: Option<PathBuf>,
    /// The folder with the models (*.onnx)
    #[arg(long, global = true, value_name = "DIR", env = "SCREENALYTICS_MODELS", help_heading = "Places")]
    pub models_dir: Option<PathBuf>,
    /// The ONNX Runtime library file, instead of the installed one
    #[arg(long, global = true, value_name = "FILE", env = "SCREENALYTICS_ONNXRUNTIME", help_heading = "Places")]
    pub onnxruntime: Option<PathBuf>,
    /// A settings file on top of the user's and the library's
    #[arg(long, global = true, value_name = "FILE", help_heading = "Places")]
    pub config: Option<PathBuf>,
    /// Sets one setting, such as `--set cluster.threshold=0.4` (`screenalytics config` lists them)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", help_heading = "Places")]
    pub set: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure an episode: shots, faces, tracks, clusters
    Run(Box<RunArgs>),
    /// Show the library, or one episode: runs, clusters, seconds
    Status(StatusArgs),
    /// Say who a cluster is
    Name(NameArgs),
    /// Compare the clusters with a folder of portraits
    Suggest(SuggestArgs),
    /// Write screen time as CSV or JSON
    Export(ExportArgs),
    /// Compare an episode with a truth file
    Eval(EvalArgs),
    /// Write or read the interchange layout (JSON lines, npy, crops)
    Artifacts(ArtifactsArgs),
    /// List the models: known, found, missing
    Models(ModelsArgs),
    /// Install ONNX Runtime, if it is not there
    Setup(SetupArgs),
    /// Check this machine and the library
    Doctor(DoctorArgs),
    /// Delete an episode from the library
    Delete(DeleteArgs),
    /// Print every setting with its value now
    Config,
    /// Print completions for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the man page, or write all pages to a folder
    Man {
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
The id of the episode is taken from --ep-id, or made of --show, --season and --episode, or of the file name.
A run that was interrupted goes on where it stopped; a finished one is not repeated unless something changed.")]
pub struct RunArgs {
    /// The video, in any format that FFmpeg reads
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
    /// Measure this video although the episode was measured from another one
    #[arg(long, help_heading = "Episode")]
    pub replace_video: bool,
    /// Begin a new run although an unfinished or finished one could serve
    #[arg(long, help_heading = "Episode")]
    pub new_run: bool,

    /// Analyse every n-th picture (0: about 8 a second)
    #[arg(long, value_name = "N", help_heading = "Pictures", conflicts_with = "fps")]
    pub stride: Option<u32>,
    /// Analyse about this many pictures a second
    #[arg(long, value_name = "RATE", help_heading = "Pictures")]
    pub fps: Option<f64>,

    /// How shots are found
    #[arg(long, value_name = "HOW", help_heading = "Shots")]
    pub scene_detect: Option<String>,
    /// Strength from which a change is a cut (higher finds fewer)
    #[arg(long, value_name = "X", help_heading = "Shots")]
    pub scene_threshold: Option<f64>,
    /// Shortest shot, seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Shots")]
    pub scene_min_len: Option<f64>,
    /// Pictures after a cut that are all analysed
    #[arg(long, value_name = "N", help_heading = "Shots")]
    pub scene_warmup_dets: Option<u32>,

    /// Detector: an id or family of `screenalytics models`, or an .onnx file
    #[arg(long, value_name = "MODEL", help_heading = "Faces")]
    pub detector: Option<String>,
    /// Size of the detector's input
    #[arg(long, value_name = "WxH", help_heading = "Faces")]
    pub det_size: Option<String>,
    /// Score from which a face is a face, 0 to 1
    #[arg(long, value_name = "SCORE", help_heading = "Faces")]
    pub det_score: Option<f64>,
    /// Smallest face, pixels
    #[arg(long, value_name = "PX", help_heading = "Faces")]
    pub min_face: Option<f64>,
    /// Embedder: an id or family of `screenalytics models`, or an .onnx file
    #[arg(long, value_name = "MODEL", help_heading = "Faces")]
    pub embedder: Option<String>,

    /// How faces are joined to tracks
    #[arg(long, value_name = "NAME", value_parser = ["bytetrack", "strongsort"], help_heading = "People")]
    pub tracker: Option<String>,
    /// Longest gap inside a track, seconds
    #[arg(long, value_name = "SECONDS", help_heading = "People")]
    pub max_gap: Option<f64>,
    /// Cosine from which tracks are one person (higher gives more clusters)
    #[arg(long, value_name = "COSINE", help_heading = "People")]
    pub cluster_thresh: Option<f64>,
    /// Tracks from which a cluster is no single
    #[arg(long, value_name = "N", help_heading = "People")]
    pub min_cluster_size: Option<u32>,

    /// What to compute on; auto takes the best that really works
    #[arg(long, default_value = "auto", value_parser = ["auto", "cuda", "tensorrt", "coreml", "cpu"], help_heading = "Machine")]
    pub device: String,
    /// How progress is shown: a live bar in a terminal, JSON lines for programs
    #[arg(long, value_enum, default_value = "auto", help_heading = "Machine")]
    pub progress: ProgressMode,
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

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The episode; all of them when absent
    pub episode: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct NameArgs {
    pub episode: String,
    /// The cluster, such as id_0002 or 2
    pub cluster: String,
    /// Name of the person; two clusters with one name are one person
    pub person: String,
}

#[derive(Debug, Args)]
pub struct SuggestArgs {
    pub episode: String,
    /// Folder of portraits: one file a person (Ava Stone.jpg), or one folder a person
    #[arg(long, value_name = "DIR")]
    pub portraits: PathBuf,
    /// Name every cluster whose nearest portrait is clear
    #[arg(long)]
    pub apply: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    pub episode: String,
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Where to; standard output when absent
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Formats of screen time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub struct EvalArgs {
    pub episode: String,
    /// The truth, as JSON
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("direction").required(true).args(["out", "from"]))]
pub struct ArtifactsArgs {
    pub episode: String,
    /// Write the files below this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Read the files below this folder as a new run of the episode
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Take ONNX Runtime from this wheel, archive or library file
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Check only this episode
    pub episode: Option<String>,
}

#[derive(Debug, Args)]
pub struct DeleteArgs {
    pub episode: String,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
