//! Looking at episodes, comparing them, writing them out, deleting them.

use crate::config::ImageProtocol;
use crate::domain::MediaTime;
use crate::session::DiariseFormat;
use crate::ui::Tab;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct OpenArgs {
    /// The episode; the library when absent
    pub episode: Option<String>,
    /// Part of it to show
    #[arg(long, value_enum, requires = "episode")]
    pub tab: Option<Tab>,
    /// Place to show, such as 00:12:03
    #[arg(long, value_name = "TIME", value_parser = crate::cli::workstation::place, requires = "episode")]
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

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// The run that comes first, such as r1; the one before that was decided on last when absent
    #[arg(value_name = "RUN_A")]
    pub before: Option<String>,
    /// The run that is compared with it; the active one when absent
    #[arg(value_name = "RUN_B")]
    pub after: Option<String>,
    /// Be done with decisions that found no place, such as r1:track-7, or all
    #[arg(long, value_name = "DECISION")]
    pub settle: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RecogniseArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// One folder a person, named for them, with JPEG or PNG pictures
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// People to leave out, by name
    #[arg(long, value_name = "NAME")]
    pub leave_out: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SuggestArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Pictures named for their persons, or in folders so named; without it voices are compared with those of other episodes
    #[arg(long, value_name = "DIR")]
    pub portraits: Option<PathBuf>,
    /// Name every cluster whose suggestion is clear
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
#[command(after_help = "\
Examples:
  screenalytics transcribe talk.mp4 --format vtt > talk.vtt
  screenalytics transcribe film.mkv --sound en --language en

Needs a speech model: screenalytics models pull whisper_base_onnx")]
pub struct TranscribeArgs {
    /// Any file with sound
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[arg(long, value_name = "json|vtt|srt|txt", default_value = "txt", hide_possible_values = true)]
    pub format: TranscriptFormat,
    /// Language that is spoken, such as en; found out where it is not named
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
    /// Which sound: its stream, as 2, or its language, as en
    #[arg(long, value_name = "STREAM")]
    pub sound: Option<String>,
    /// Id or family from `screenalytics models`, or the folder of a model
    #[arg(long, value_name = "MODEL")]
    pub speech_model: Option<String>,
}

/// Formats of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TranscriptFormat {
    Json,
    Vtt,
    Srt,
    Txt,
}

#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Id of the episode, such as rhobh-s05e17; with --rttm also files with sound, any number
    #[arg(value_name = "EP", required = true)]
    pub episode: Vec<String>,
    /// Hand-made truth about what is seen (JSON; docs/EVALUATION.md)
    #[arg(long, value_name = "FILE", required_unless_present = "rttm", conflicts_with = "rttm")]
    pub truth: Option<PathBuf>,
    /// Who speaks when in truth; a recording is found by its file's name or the episode's id
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub rttm: Vec<PathBuf>,
    /// Write what was heard as RTTM into this folder
    #[arg(long, value_name = "DIR", requires = "rttm")]
    pub heard: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  screenalytics diarise talk.wav > talk.rttm
  screenalytics diarise episode.mkv --format json --max-speakers 12
  screenalytics diarise film.mkv --language en

Nothing is stored. Speakers are numbered by their first turn; what they say at once is in the turns of both.")]
pub struct DiariseArgs {
    /// Any file with sound
    pub file: PathBuf,
    /// How turns are printed
    #[arg(long, value_enum, default_value_t = DiariseFormat::Rttm)]
    pub format: DiariseFormat,
    /// How many speak, where it is known
    #[arg(long, value_name = "N", conflicts_with_all = ["min_speakers", "max_speakers"])]
    pub speakers: Option<u16>,
    /// How many speak at least
    #[arg(long, value_name = "N")]
    pub min_speakers: Option<u16>,
    /// How many speak at most
    #[arg(long, value_name = "N")]
    pub max_speakers: Option<u16>,
    /// Which stream, by its index in the file
    #[arg(long, value_name = "N", conflicts_with = "language")]
    pub stream: Option<u16>,
    /// Which stream, by its language, such as en or eng
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
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
