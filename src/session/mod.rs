//! The one place that decides: what a command means, on which data, in which order.

mod artifacts;
mod audit;
mod calibration;
mod carry;
mod cast;
mod catalog;
mod changeover;
mod command;
mod decisions;
mod delete;
mod demo;
mod diarisation;
mod diff;
mod doctor;
mod error;
mod evaluation;
mod face_evaluation;
pub mod facebank;
mod files;
mod fingerprint;
mod frames;
mod jobs;
mod linking;
mod listening;
mod models;
mod name;
mod output;
mod passes;
mod photo;
mod plan;
mod portraits;
mod prepare;
mod progress_json;
mod progress_text;
mod propagate;
mod pull;
mod recognition;
mod replay;
mod report;
mod review;
mod run;
mod said;
mod sound;
mod speech;
mod standing;
mod suggest;
mod synthetic;
mod transcription;
mod voice_bank;
mod voice_evaluation;
mod what_if;
mod workspace;

/// Tracks that look like somebody's, and why others are left alone.
pub use crate::algo::propagate::{Held, Left as LeftAlone, Offer};
pub use crate::media::play::{PlayError, PlayEvent, Speaker};
pub use artifacts::{ImportedRun, read_artifacts, write_artifacts};
pub use audit::{Touches, catalog_touches, touches};
pub use calibration::{Calibrated, calibrate};
pub use carry::{Carried, CarryReport, Choice as CarryChoice, Hold, OpenDecision, UnheardSpeech, Why};
pub use cast::{
    Appearance, CastLine, CastState, EpisodeCast, PersonEpisode, PersonLine, Portrait, Portraits, Progress as ReviewProgress,
    SeasonLine, ShowLine, Stage as ReviewStage, Sums, TrackFace, casts, faces_of, people, roster, shows,
};
pub use catalog::{
    CatalogCommand, CatalogFormat, CatalogImport, CatalogRefusal, Dependents, EpisodeEdit, Featuring, Likeness, NewAsset,
    SeasonEntry, ShowEntry, Wish, add_assets, asset_picture, catalog_log, catalog_show, catalog_shows, decide_catalog, directory,
    export_catalog, feature, find_person, import_catalog, redo_catalog, undo_catalog,
};
pub use changeover::devices_text;
pub use command::{Command, Earlier, Similar, Target, Whose};
pub use decisions::{TrackLine, decide, log, redo, tracks, undo};
pub use delete::{Goes, delete, what_goes};
pub use demo::{DemoFiles, demo_files, draw_demo};
pub use diarisation::{DiariseFormat, FileVoices, diarise_file};
pub use diff::{HandChange, LoneTrack, PersonChange, RunDiff, SettingChange, Who, diff, diff_json};
pub use doctor::{Check, Outcome, doctor};
pub use error::SessionError;
pub use evaluation::evaluate;
pub use face_evaluation::{FaceEvaluation, evaluate_faces};
pub use files::{read_text, write_whole};
pub use frames::{FrameSource, FrameView, Frames};
pub use jobs::{
    JobEvent, JobId, JobLine, JobState, Jobs, LeftOver, ModelSet, Order, OrderDefaults, Work, forget, left_over, order_defaults,
};
pub use linking::LinkReport;
pub use listening::SoundReport;
pub use models::{ModelLine, ModelList, models, setup, setup_gpu};
pub use output::{
    episodes_json, export_csv, export_json, licences_json, line, models_json, people_json, pretty, pull_error, pull_moment,
    pull_report, suggestions_json, summary_json, verdicts_json, voice_prints_json,
};
pub use plan::{Named, Plan, Refusal, View};
pub use progress_json::{ProgressReport, RunFacts, cancelled_report, done_report, failed_report, progress_report};
pub use progress_text::{counted, progress_line};
pub use propagate::{Extent, Propagated, propagate, propagated_json};
pub use pull::{
    LicenceLine, LicenceList, PullReport, PullRequest, Removed, TermsLine, accept, accept_named, licences, pull, remove_models,
    terms_due, verify_models,
};
pub use recognition::{KnownFace, Recognised, recognise};
pub use replay::{LogLine, Replayed, replay};
pub use report::{EpisodeLine, EpisodeState, EpisodeSummary, episodes, progress_file, summary};
pub use review::{
    Access, Alike, Candidate, Card, CropCursor, CropPage, CropRow, Doubt, Limits, Lost, Near, Nearest, Over, Propagation, Review,
    SeedLock, Shift, ShotFaces, Snapshot, Spread, Thumbs, TrackInfo, shifts,
};
pub use run::{RunEnd, RunReport, RunRequest, Watcher, asked, reason_text, run};
pub use speech::{FaceScores, Speech, TurnLine, turns};
pub use standing::{Choice, FolderEntry, Standing, Verdict as WorkVerdict, standing, video_text, videos_in};
use standing::{GROUPING, settings_of_run};
pub use suggest::{Suggestion, Suggestions, apply, suggest};
pub use synthetic::{SyntheticSize, write_synthetic};
pub use transcription::{FileTranscript, TranscriptFile, WordsReport, transcribe_file};
pub use voice_bank::{KnownVoice, PrintLine, suggest_by_voice, voice_prints};
pub use voice_evaluation::{KnownVoices, Rates, VoiceEvaluation, VoiceScore, evaluate_voices};
pub use what_if::{Part, PersonShift, Prospect, Regrouping, Singles, Turnover, TurnoverKind, WhatIf, WhatIfSource};
use workspace::absolute;
pub use workspace::{Places, Workspace, author, from_home};

/// How far comparing all tracks is.
pub use crate::algo::cluster::Compared;
/// What differs between two runs.
pub use crate::algo::run_diff::{Amounts, ShotDiff};
/// What a run can be computed on.
pub use crate::infer::DeviceChoice;
/// Terms that models ask to be accepted.
pub use crate::infer::Terms;
/// How a run is stopped and watched.
pub use crate::pipeline::{Cancel, Phase, Progress, ProgressView, Stage, StopCause};
/// How fetching is watched, and what it finds.
pub use crate::pull::{Condition, How, Moment, Step, Verdict};
