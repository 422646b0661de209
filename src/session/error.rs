//! What a command can fail with, and what to do about it.

use super::catalog::CatalogRefusal;
use super::photo::PhotoError;
use super::plan::Refusal;
use crate::algo::evaluate::{RttmError, TruthError};
use crate::blobs::BlobError;
use crate::config::ConfigError;
use crate::domain::{EpisodeId, IdError, IdentityId, PersonId, ReferenceId, RunId, SlugError, TrackId};
use crate::export::artifacts::ArtifactError;
use crate::export::catalog::CatalogRowError;
use crate::facebank::FacebankError;
use crate::infer::{DeviceChoice, InferError};
use crate::media::{MediaError, WriteError};
use crate::pipeline::PassError;
use crate::pull::PullError;
use crate::store::StoreError;
use std::path::PathBuf;

/// Says what a command failed with.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Slug(#[from] SlugError),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Video(#[from] WriteError),
    #[error(transparent)]
    Infer(#[from] InferError),
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Pass(#[from] PassError),
    #[error("no speech model is installed")]
    NoSpeechModel,
    #[error("{path:?} has no sound")]
    NoSound { path: PathBuf },
    #[error("there is nothing to listen with: {} not installed", missing.join(", "))]
    NoEars { missing: Vec<String> },
    #[error("cannot read {path:?} as RTTM: {source}")]
    Rttm { path: PathBuf, source: RttmError },
    #[error("no RTTM file says who speaks in {name}")]
    NoRecording { name: String, known: Vec<String> },
    #[error("a truth file is about one episode")]
    OneTruth,
    #[error("two RTTM files say who speaks in {name}")]
    TwoRecordings { name: String },
    #[error("episode {episode} was not listened to")]
    NotHeard { episode: EpisodeId },
    #[error("cannot import from {dir:?}: {source}")]
    Artifact { dir: PathBuf, source: ArtifactError },
    #[error(transparent)]
    Index(#[from] FacebankError),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error("nothing was kept: {path:?} {source}")]
    Photo { path: PathBuf, source: PhotoError },
    #[error("nothing was imported from {path:?}: {}", lines(errors))]
    CatalogFile { path: PathBuf, errors: Vec<CatalogRowError> },
    #[error("cannot read {path:?}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path:?}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("there is no episode {episode} in the library {library:?}")]
    NoEpisode { episode: EpisodeId, library: PathBuf, known: Vec<EpisodeId> },
    #[error("{path:?} is there already")]
    IsThere { path: PathBuf },
    #[error("{path:?} is neither CSV nor JSON by its name")]
    NoFormat { path: PathBuf },
    #[error("the library {path:?} holds episodes already")]
    NotEmpty { path: PathBuf },
    #[error("episode {episode} has no finished run")]
    NotRun { episode: EpisodeId },
    #[error("episode {episode} has no run but {run}, so there is nothing to compare")]
    OneRun { episode: EpisodeId, run: RunId },
    #[error("episode {episode} was measured from another video: {before:?}, not {now:?}")]
    OtherVideo { episode: EpisodeId, before: String, now: String },
    #[error("the video of {episode} is not where it was measured, {path:?}")]
    NoVideo { episode: EpisodeId, path: PathBuf },
    #[error("the video {path:?} is another than was measured: {before} bytes then, {now} now")]
    ChangedVideo { path: PathBuf, before: u64, now: u64 },
    #[error("{run} was begun on {device}, which does not work now: {why}; results of two devices differ in their last digits")]
    DeviceGone { run: RunId, device: DeviceChoice, why: String, hint: String },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("nothing was decided on {episode}: it was worked out after operation {of} of the log, and now there are {now}")]
    Stale { episode: EpisodeId, of: u64, now: u64 },
    #[error("nothing was decided on {episode}: {why}")]
    ReadOnly { episode: EpisodeId, why: String },
    #[error("operation {of} cannot be taken back: {why}")]
    NotUndoable { of: u64, why: &'static str },
    #[error("operation {of} cannot be taken back: what it decided was changed since{}", by.as_ref().map(|(seq, what)| format!(" by operation {seq}, {what:?}")).unwrap_or_default())]
    Depends { of: u64, by: Option<(u64, String)> },
    #[error(
        "operation {of} cannot be taken back or done again: the turns or voices that it names are not there any more, {run} told them apart anew since"
    )]
    HeardAnew { of: u64, run: RunId },
    #[error("there is no reference {reference} in the facebank")]
    NoReference { reference: ReferenceId },
    #[error("{episode} keeps no face of {what}")]
    NoCrops { episode: EpisodeId, what: String },
    #[error("nobody said yet who {track} of {episode} is")]
    Nameless { episode: EpisodeId, track: TrackId, identity: Option<IdentityId> },
    #[error("there is nobody called {who:?} in the library")]
    NoPerson { who: String, nearest: Vec<String> },
    #[error("the picture of {of} is not there any more")]
    NoPicture { of: String },
    #[error("operation {of} of the catalog cannot be taken back: {why}")]
    CatalogNotUndoable { of: u64, why: &'static str },
    #[error("line {line} of {path:?} is no decision: {reason}")]
    ReplayLine { path: PathBuf, line: usize, reason: String },
    #[error("line {line} of {path:?} was not replayed: {source}")]
    Replay { path: PathBuf, line: usize, source: Box<SessionError> },
    #[error("{name} is person {found} here, and {due} in the file")]
    OtherPerson { name: String, found: PersonId, due: PersonId },
    #[error("a run of {episode} waits or works already")]
    Ordered { episode: EpisodeId },
    #[error("no thread can be started: {source}")]
    Thread { source: std::io::Error },
    #[error("{run} was measured by another version, with a setting that this one has not: {why}")]
    Legacy { run: RunId, why: String },
    #[error("cannot listen to signals: {source}")]
    Signals { source: std::io::Error },
    #[error("deleting {episode} was not confirmed")]
    Unconfirmed { episode: EpisodeId },
    #[error("cannot use the truth file {path:?}: {source}")]
    Truth { path: PathBuf, source: TruthError },
    #[error("no portrait of a face in {path:?}")]
    NoPortraits { path: PathBuf },
    #[error("the pictures in {path:?} cannot be compared: {with_face} of {pictures} have a face, {people} people")]
    NoPairs { path: PathBuf, pictures: usize, with_face: usize, people: usize },
    #[error("the files in {path:?} do not fit together: {first} ({more} more)")]
    Invalid { path: PathBuf, first: String, more: usize },
}

impl SessionError {
    /// Says what to do, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(e) => Some(e.hint()),
            Self::Id(e) => Some(e.hint()),
            Self::Slug(e) => Some(e.hint()),
            Self::Catalog(e) => Some(e.hint()),
            Self::Media(e) => Some(e.hint()),
            Self::Video(e) => Some(e.hint()),
            Self::Infer(e) => e.hint(),
            Self::Pull(e) => Some(e.hint()),
            Self::Store(e) => Some(e.hint()),
            Self::NoSpeechModel => Some(format!("run: screenalytics models pull {}", super::transcription::OFFERED)),
            Self::Artifact { source, .. } => Some(source.hint()),
            Self::Photo { source, .. } => Some(source.hint().to_owned()),
            Self::CatalogFile { .. } => {
                Some("mend these lines and import again; `catalog import --dry-run` says what would change".into())
            }
            Self::Index(e) => Some(e.hint()),
            Self::Blob(e) => Some(e.hint()),
            Self::Read { source, .. } | Self::Write { source, .. } => Some(io_hint(source)),
            Self::NoEpisode { known, .. } if known.is_empty() => {
                Some("the library is empty; `screenalytics run VIDEO` measures an episode".into())
            }
            Self::NoEpisode { known, .. } => Some(format!("known: {}", few(known))),
            Self::IsThere { .. } => Some("take another name, or replace it".into()),
            Self::NoFormat { .. } => Some("let it end in .csv or .json".into()),
            Self::NotEmpty { .. } => Some("name a new directory".into()),
            Self::NotRun { episode } => Some(format!("`screenalytics run VIDEO --ep-id {episode}` measures it")),
            Self::OtherVideo { .. } => {
                Some("give --ep-id for a new episode, or --replace-video where this is the same episode in another file".into())
            }
            Self::NoVideo { episode, .. } => Some(format!(
                "put it back, or say where it is: `screenalytics run PATH --ep-id {episode}` measures nothing again"
            )),
            Self::ChangedVideo { .. } => Some("put the file back that was measured, or measure this one as a new episode".into()),
            Self::DeviceGone { hint, .. } => {
                Some(format!("{hint}; or --device cpu to go on here, which the record will say, or --new-run to begin anew"))
            }
            Self::Ordered { .. } => Some("cancel it first, or wait until it is done".into()),
            Self::Legacy { .. } => Some("measure it anew: what was decided is carried over".into()),
            Self::Signals { .. } | Self::Thread { .. } => None,
            Self::Unconfirmed { .. } => Some("add --yes where nobody can be asked".into()),
            Self::Refused(e) => Some(e.hint()),
            Self::Stale { .. } => Some("look at it again as it is now".into()),
            Self::ReadOnly { .. } => Some("open it again when it can be written to; reading goes on".into()),
            Self::NotUndoable { .. } => Some("`screenalytics log EPISODE` lists what can be taken back".into()),
            Self::HeardAnew { .. } => Some(
                "what held of it was carried to the turns of now: decide on those, or take back another by its number".into(),
            ),
            Self::NoPicture { .. } => Some("take another picture".into()),
            Self::NoPerson { nearest, .. } if nearest.is_empty() => Some("`screenalytics person` lists everybody".into()),
            Self::NoReference { .. } => Some("`screenalytics facebank list` lists them".into()),
            Self::NoCrops { episode, .. } => {
                Some(format!("`screenalytics tracks {episode}` lists the tracks with their pictures"))
            }
            Self::Nameless { episode, identity: Some(identity), .. } => {
                Some(format!("`screenalytics name {episode} {identity} NAME` says who it is; or give --as NAME"))
            }
            Self::Nameless { .. } => Some("assign the track to an identity first, or give --as NAME".into()),
            Self::NoPerson { nearest, .. } => Some(format!("near: {}", nearest.join(", "))),
            Self::CatalogNotUndoable { .. } => Some("`screenalytics catalog log` lists what can be taken back".into()),
            Self::Depends { by: Some((seq, _)), .. } => Some(format!("take back operation {seq} first")),
            Self::Depends { by: None, .. } => Some("`screenalytics log EPISODE` shows what came after".into()),
            Self::ReplayLine { .. } => {
                Some("each line is an entry of `log --json`, or {\"episode\": ..., \"command\": ...}".into())
            }
            Self::Replay { source, .. } => {
                let why = source.hint().unwrap_or_default();
                Some(format!("{why}{}the lines before it were applied and stay", if why.is_empty() { "" } else { "; " }))
            }
            Self::OtherPerson { .. } => {
                Some("replay it on a copy of the library that it comes from, or write it as commands".into())
            }
            Self::Truth { source, .. } => Some(source.hint()),
            Self::Pass(e) => e.hint(),
            Self::NoSound { .. } => Some("only files with an audio stream can be listened to".into()),
            Self::NoEars { missing } => Some(format!("run: screenalytics models pull {}", missing.join(" "))),
            Self::Rttm { source, .. } => Some(source.hint()),
            Self::NoRecording { known, .. } => Some(format!(
                "a recording is found by the name of its file without the ending; named there: {}",
                known.join(", ")
            )),
            Self::OneTruth => Some("name one episode; RTTM files (--rttm) can be about many".into()),
            Self::TwoRecordings { .. } => Some("give each recording once".into()),
            Self::NotHeard { episode } => {
                Some(format!("run it again without --no-listen, or name the video's file instead of {episode}"))
            }
            Self::NoPortraits { .. } => {
                Some("give one picture a person (Ava Stone.jpg), or one folder a person, as JPEG or PNG".into())
            }
            Self::NoPairs { .. } => Some(
                "give one folder a person with JPEG or PNG pictures: faces of two people at least, two pictures of one of them"
                    .into(),
            ),
            Self::OneRun { .. } => Some("`screenalytics run` with another model or setting makes another".into()),
            Self::Invalid { .. } => Some("docs/ARTIFACTS.md describes the files; the log file lists every finding".into()),
        }
    }
}

/// Says what to do about a failed file operation.
pub(super) fn io_hint(error: &std::io::Error) -> String {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "check the path".into(),
        K::PermissionDenied | K::ReadOnlyFilesystem => "check the permissions, or name another place".into(),
        K::StorageFull | K::QuotaExceeded => "free some space; nothing that was stored before is lost".into(),
        _ => "check the disk and the path".into(),
    }
}

/// Lists what is wrong with a file, a line each where there are several.
fn lines(errors: &[CatalogRowError]) -> String {
    const MOST: usize = 20;
    let shown: Vec<String> = errors.iter().take(MOST).map(ToString::to_string).collect();
    let more = errors.len().saturating_sub(MOST);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    if shown.len() == 1 { format!("{}{more}", shown[0]) } else { format!("\n  {}{more}", shown.join("\n  ")) }
}

fn few<T: std::fmt::Display>(items: &[T]) -> String {
    let shown: Vec<String> = items.iter().take(8).map(ToString::to_string).collect();
    let more = items.len().saturating_sub(shown.len());
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
