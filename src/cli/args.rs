//! The command line as clap sees it. The texts here are what `--help` and the man page print.

mod catalog;
mod decide;
mod facebank;
mod look;
mod measure;
mod models;
mod regroup;

pub use catalog::*;
pub use decide::*;
pub use facebank::*;
pub use look::*;
pub use measure::*;
pub use models::*;
pub use regroup::*;

use crate::config::ImageProtocol;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Green.on_default());

/// Tells for every person of an episode how long they are seen, and how long they speak.
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
  screenalytics status rhobh-s05e17                who is seen and heard, how long, when
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
    /// Compare two runs of an episode: seconds of people, tracks that changed hands, decisions that found no place
    Diff(DiffArgs),
    /// List the people of the library; add, edit, rename, merge or delete them
    #[command(visible_alias = "people")]
    Person(PersonArgs),
    /// List the shows of the library; add, edit or delete them
    #[command(visible_alias = "shows")]
    Show(ShowArgs),
    /// List, add, edit or delete the seasons of a show
    Season(SeasonArgs),
    /// Change title, date and place of an episode
    Episode(EpisodeArgs),
    /// Say who belongs to the cast of a show
    Cast(CastArgs),
    /// Keep pictures of people: list, add, save, delete
    Asset(AssetArgs),
    /// Say which picture stands for somebody
    Featured(FeaturedArgs),
    /// The log of people and shows: undo, redo
    Catalog(CatalogArgs),
    /// Keep the faces that people are known by
    Facebank(FacebankArgs),
    /// List the tracks, with their pictures and whose they are
    Tracks(TracksArgs),
    /// List who speaks when, seen or not, and why that is believed
    Turns(TurnsArgs),
    #[command(flatten)]
    Decide(Decision),
    /// Group the tracks by other thresholds: who would be who, and how long
    Group(GroupArgs),
    /// Take back the last decision, or one of the log
    Undo(UndoArgs),
    /// Do again what was undone
    Redo(EpisodeArg),
    /// Show who decided what, and when
    Log(LogArgs),
    /// Apply a file of decisions, such as `log --json` writes
    Replay(ReplayArgs),
    /// Say whom an episode shows, by the faces that the library knows
    Recognise(RecogniseArgs),
    /// Fit the belief of recognition to pictures of people you know
    Calibrate(CalibrateArgs),
    /// Compare the clusters with portraits, or their voices with known ones
    Suggest(SuggestArgs),
    /// Write screen time as CSV or JSON
    Export(ExportArgs),
    /// Write down what is said in a file
    Transcribe(TranscribeArgs),
    /// Compare an episode with a truth file
    Eval(EvalArgs),
    /// Say who speaks when in any file with sound
    Diarise(DiariseArgs),
    /// Judge the models on pictures of people you know
    EvalFaces(EvalFacesArgs),
    /// Write or read all data as files for other tools
    Artifacts(ArtifactsArgs),
    /// List, fetch, check or remove models
    Models(ModelsArgs),
    /// Show what may be done with each model, and who accepted what
    Licences(ListModelsArgs),
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
pub struct EpisodeArg {
    /// The episode
    pub episode: String,
}
