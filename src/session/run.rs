//! Runs the passes over one video: decides what is done already, what goes on, and what begins anew.

use super::SessionError;
use super::author;
use super::carry::{Carried, Carrying};
use super::changeover;
use super::linking::{self, LinkReport};
use super::listening::{self, SoundReport};
use super::passes::{self, GROUP, Pass, SCAN};
use super::prepare::{Prepared, group_key};
use super::progress_json::RunFacts;
use super::recognition::{self, KnownFace};
use super::transcription::{self, WordsReport};
use super::voice_bank::KnownVoice;
use super::workspace::Workspace;
use crate::algo::shot_cut::{Detect, ShotCutter};
use crate::config::Settings;
use crate::domain::{
    Change, Counts, Described, Draft, DropReason, Edit, EmbedderId, EpisodeId, Fate, MediaTime, ModelUse, Opening, OperationKind,
    RunId, RunMeta, ShotId, Thresholds, TrackId, TrackMetrics,
};
use crate::infer::{DeviceChoice, ModelFile};
use crate::media::{DecodeParams, Decoder, Hardware};
use crate::pipeline::carry_voices::CarriedVoices;
use crate::pipeline::sampling::Sampling;
use crate::pipeline::scan::{self, NextIds, Resume, ScanPlan};
use crate::pipeline::{Cancel, Phase, Progress, carry_voices, group, looks, reembed};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct RunRequest {
    pub video: PathBuf,
    pub episode: EpisodeId,
    pub device: DeviceChoice,
    /// The episode may have been measured from another video before.
    pub replace_video: bool,
    /// An unfinished or finished run does not serve.
    pub new_run: bool,
    /// The thresholds of grouping in the settings were asked for with this very run: they are decided for it, and none decided before serves.
    pub thresholds_asked: bool,
    /// What is said of the episode; what is absent stays as the catalog has it.
    pub described: Described,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEnd {
    /// All passes are complete.
    Done(Box<RunReport>),
    /// It was cancelled; what is stored stays.
    Cancelled { run: RunId, shots: u64, reached: MediaTime },
}

/// What a finished run brought.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    pub meta: RunMeta,
    pub metrics: TrackMetrics,
    pub clusters: usize,
    /// Length of the video that this very run looked at.
    pub scanned: MediaTime,
    /// The scan was complete already.
    pub scan_skipped: bool,
    /// The grouping was complete already.
    pub group_skipped: bool,
    /// By what somebody decided that the tracks are grouped, whatever the settings say.
    pub grouped_at: Option<Thresholds>,
    /// Digest over everything measured.
    pub measured: String,
    /// What came of the sound.
    pub sound: SoundReport,
    /// What came of writing down what is said.
    pub words: WordsReport,
    /// What came from the run that was active before.
    pub carried: Carried,
    /// What of the speech came from that run, or from turns that this one heard before.
    pub carried_voices: CarriedVoices,
    /// People whom it knows by their faces, and whom nobody confirmed yet.
    pub known_faces: Vec<KnownFace>,
    /// Voices that sound like somebody known.
    pub known_voices: Vec<KnownVoice>,
    /// What came of looking at mouths.
    pub mouths: LinkReport,
    pub episode_file: PathBuf,
}

/// Is told how a run goes; it may be slow, no stage waits for it.
pub trait Watcher: Sync {
    /// The run knows its facts; called once before the first picture, and again when a run begins.
    fn begins(&self, facts: &RunFacts, notes: &[String]);
    /// Every 25 analysed pictures, and at each phase.
    fn moves(&self);
}

/// Runs all passes that are not complete.
///
/// # Errors
/// Fails before anything is stored where the video, a model, the runtime or a setting is wrong; fails later with everything
/// kept that was stored.
pub fn run(
    workspace: &Workspace,
    request: &RunRequest,
    cancel: &Cancel,
    progress: &Progress,
    watcher: &dyn Watcher,
) -> Result<RunEnd, SessionError> {
    let settings = &workspace.settings;
    progress.begin(Phase::Prepare, 0, 0);
    let mut prepared = Prepared::new(workspace, request)?;
    let library = workspace.open_library()?;
    let store = EpisodeStore::open_writer(&library, &request.episode)?;
    refuse_other_video(&store, request, &prepared)?;

    let scan_key = prepared.scan_key(settings);
    let (mut meta, scanned) = choose_run(&store, request, settings, &prepared, &scan_key)?;
    let mut told = Vec::new();
    let last = store.last_shot(meta.id)?;
    if let (Some(last), false) = (last, scanned) {
        let offered = prepared.device.usage().used.clone();
        prepared.device = changeover::device(workspace, request, &prepared, &meta)?;
        let used = &prepared.device.usage().used;
        if *used != offered {
            told.push(format!("{} was begun on {used} and goes on there; --device {offered} changes over", meta.id));
        }
        if changeover::note(&mut meta, SCAN, Some(ShotId(last.id.0 + 1)), &prepared.device) {
            store.update_run(&meta)?;
        }
    } else if !scanned && meta.device != *prepared.device.usage() {
        // Nothing is stored of it yet, so it begins here.
        meta.device = prepared.device.usage().clone();
        store.update_run(&meta)?;
    }
    let own = prepared.settings_of_embedder(settings);
    let plan = prepared.plan(&own);
    register(&library, request, &prepared)?;

    let facts = facts(request, &prepared, &meta);
    progress.video(prepared.facts.first_pts, prepared.facts.first_pts + prepared.facts.duration);
    told.extend(notes(&prepared, &meta, scanned, settings.listen.enabled));
    watcher.begins(&facts, &told);

    let reached_before = reached(&store, &meta)?;
    if !scanned {
        scan_pass(&store, &mut meta, request, settings, &prepared, &plan, cancel, progress, watcher)?;
        if cancel.is_set() {
            return cancelled(&store, &meta);
        }
    }
    let embedder = EmbedderId(prepared.embedder.entry.id.clone());
    if !store.has_embeddings(meta.id, &embedder)? {
        if changeover::note(&mut meta, &format!("embed:{embedder}"), None, &prepared.device) {
            store.update_run(&meta)?;
        }
        progress.begin(Phase::Embed, 0, meta.counts.crops);
        watcher.moves();
        reembed::run(&store, meta.id, &plan, cancel, progress, &|| watcher.moves())?;
        if cancel.is_set() {
            return cancelled(&store, &meta);
        }
    }
    meta.embedder = model_use(&prepared.embedder);
    store.update_run(&meta)?;

    let pass = Pass { workspace, store: &store, video: &request.video, settings, prepared: &prepared, cancel, progress, watcher };
    let sound = listening::run(&pass, &mut meta)?;
    if cancel.is_set() {
        return cancelled(&store, &meta);
    }

    progress.begin(Phase::Cluster, 0, 0);
    watcher.moves();
    looks::run(&store, meta.id, cancel)?;
    if cancel.is_set() {
        return cancelled(&store, &meta);
    }
    let roster = Arc::new(library.catalog().roster()?);
    let mut carrying = Carrying::default();
    carrying.carry_nevers(&store, &roster, &settings.compare, &meta, Timestamp::now())?;
    if request.thresholds_asked {
        decide_thresholds(&store, meta.id, settings)?;
    } else {
        carrying.carry_thresholds(&store, &meta, Timestamp::now())?;
    }
    let grouped_at = store.thresholds()?.get(&meta.id).copied();
    let decided = settings.grouped_at(grouped_at);
    let own = prepared.settings_of_embedder(&decided);
    let faces = recognition::Faces::of_library(workspace, &library, &own, &embedder)?;
    let group_key = group_key(&own, &meta, &embedder, &faces.digest);
    let group_skipped = passes::is_made_of(&meta, GROUP, &group_key);
    if !group_skipped {
        passes::begins(&mut meta, &decided, |table| !passes::TABLES.contains(&table));
        group::run(&store, &meta, &embedder, own.weights(), &own.cluster, &faces.known(&own), Timestamp::now())?;
        passes::mark(&mut meta, GROUP, group_key);
        store.update_run(&meta)?;
    }
    let carried = carrying.carry(&store, &roster, &settings.compare, &meta, Timestamp::now())?;
    let carried_voices = sound.carried() + carry_voices::carry_over(&store, &meta, Timestamp::now())?;
    if store.active_run()? != Some(meta.id) {
        store.set_active(meta.id)?;
    }
    let mouths = linking::run(&pass, &mut meta)?;
    if cancel.is_set() {
        return cancelled(&store, &meta);
    }
    let known_voices = super::voice_bank::propose(&library, &store, settings, &meta)?;
    let words = transcription::run(&pass, &mut meta)?;
    if cancel.is_set() {
        return cancelled(&store, &meta);
    }
    if meta.finished_at.is_none() {
        meta.finished_at = Some(Timestamp::now());
        store.update_run(&meta)?;
    }
    let metrics = super::report::metrics(&store, &meta, settings)?;
    progress.begin(Phase::Done, meta.counts.frames, meta.counts.frames);
    Ok(RunEnd::Done(Box::new(RunReport {
        clusters: store.identities(meta.id)?.len(),
        measured: store.measured_digest(meta.id)?,
        sound,
        words,
        metrics,
        scanned: reached(&store, &meta)? - reached_before,
        scan_skipped: scanned,
        group_skipped,
        grouped_at,
        carried,
        carried_voices,
        known_faces: recognition::known_faces(&library, &store, settings)?,
        known_voices,
        mouths,
        episode_file: store.path().to_path_buf(),
        meta,
    })))
}

fn refuse_other_video(store: &EpisodeStore, request: &RunRequest, prepared: &Prepared) -> Result<(), SessionError> {
    let Some(last) = store.runs()?.pop() else { return Ok(()) };
    if request.replace_video || last.video.sha256 == prepared.facts.sha256 {
        return Ok(());
    }
    Err(SessionError::OtherVideo { episode: request.episode.clone(), before: last.video.path, now: prepared.facts.path.clone() })
}

/// Returns the run to work on, and whether its scan is complete.
fn choose_run(
    store: &EpisodeStore,
    request: &RunRequest,
    settings: &Settings,
    prepared: &Prepared,
    scan_key: &str,
) -> Result<(RunMeta, bool), SessionError> {
    if !request.new_run {
        let same = store.runs()?.into_iter().rev().find(|r| r.scan_key == scan_key);
        if let Some(meta) = same {
            let scanned = passes::is_made_of(&meta, SCAN, scan_key);
            return Ok((meta, scanned));
        }
    }
    let meta = RunMeta {
        id: store.next_run_id()?,
        video: prepared.facts.clone(),
        started_at: Timestamp::now(),
        finished_at: None,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        detector: model_use(&prepared.detector),
        embedder: model_use(&prepared.embedder),
        validator: prepared.validator.as_ref().map(model_use),
        tracker: settings.track.tracker.to_string(),
        device: prepared.device.usage().clone(),
        changeovers: Vec::new(),
        params: serde_json::to_value(settings).unwrap_or_default(),
        scan_key: scan_key.to_owned(),
        counts: Counts::default(),
        mouths: None,
        sound: None,
        transcriber: None,
        marks: std::collections::BTreeMap::new(),
    };
    store.begin_run(&meta)?;
    Ok((meta, false))
}

#[expect(clippy::too_many_arguments, reason = "each is one thing that the pass needs, and it has one caller")]
fn scan_pass(
    store: &EpisodeStore,
    meta: &mut RunMeta,
    request: &RunRequest,
    settings: &Settings,
    prepared: &Prepared,
    plan: &ScanPlan<'_>,
    cancel: &Cancel,
    progress: &Progress,
    watcher: &dyn Watcher,
) -> Result<(), SessionError> {
    let resume = resume_point(store, meta.id, plan)?;
    let counts = count(store, meta.id)?;
    let first_frame = resume.first_missing().map_or(0, |f| f.frame);
    progress.begin(Phase::Detect, first_frame, prepared.info.frames_hint.unwrap_or_default());
    progress.resume_with(counts.analysed, counts.faces, counts.shots, counts.tracks, counts.crops);
    watcher.moves();

    // What a GPU decodes has to come back into memory: it pays where the GPU waits for pictures, not beside models on the CPU.
    let hardware = if prepared.device.is_gpu() { settings.decode.hardware } else { Hardware::Off };
    let mut decoder = Decoder::open(&request.video, &DecodeParams { hardware, ..settings.decode.clone() })?;
    // Cuts need every picture; without them, pictures that no other refers to are exact enough to leave out.
    if settings.scenes.detect == Detect::Off && plan.sampling.stride(prepared.facts.fps) > 1 {
        decoder.allow_skipping();
    }
    let damage = scan::run(decoder, store, meta.id, &resume, plan, cancel, progress, &|| watcher.moves())?;
    let before = (meta.counts.damaged_packets, meta.counts.damaged_frames);
    meta.counts = count(store, meta.id)?;
    meta.counts.damaged_packets = before.0 + damage.packets;
    meta.counts.damaged_frames = before.1 + damage.frames;
    if !cancel.is_set() {
        passes::mark(meta, SCAN, meta.scan_key.clone());
    }
    store.update_run(meta)?;
    Ok(())
}

/// Finds the first missing shot, and a picture before it from which the shot cutter can warm up.
fn resume_point(store: &EpisodeStore, run: RunId, plan: &ScanPlan<'_>) -> Result<Resume, SessionError> {
    let shots = store.shots(run)?;
    let Some(last) = shots.last() else { return Ok(Resume::start()) };
    let warm_up = ShotCutter::new(plan.scenes.clone()).warm_up_frames();
    let mut analysed = Vec::new();
    for shot in shots.iter().rev() {
        let mut earlier = store.analysed(run, shot.id)?;
        earlier.append(&mut analysed);
        analysed = earlier;
        if shot.start_frame + warm_up < last.end_frame {
            break;
        }
    }
    let last_track = store.tracklets(run)?.iter().map(|t| t.id.0).max().unwrap_or(0);
    let next = NextIds { shot: ShotId(last.id.0 + 1), track: TrackId(last_track + 1) };
    let opening = store.opening_after(run, last.id)?.unwrap_or(Opening::START);
    Ok(Resume::after(*last, opening, &analysed, warm_up, next))
}

/// Counts what a run has stored.
pub(super) fn count(store: &EpisodeStore, run: RunId) -> Result<Counts, SessionError> {
    let mut counts = Counts::default();
    for shot in store.shots(run)? {
        counts.shots += 1;
        counts.frames = shot.end_frame;
        counts.analysed += store.analysed(run, shot.id)?.len() as u64;
        for face in store.faces(run, shot.id)? {
            counts.faces += 1;
            counts.denied += u64::from(face.denied);
            if let Fate::Dropped(reason) = face.fate {
                *counts.dropped.entry(reason).or_default() += 1;
            }
        }
    }
    counts.tracks = store.tracklets(run)?.len() as u64;
    counts.crops = store.crops(run)?.len() as u64;
    Ok(counts)
}

/// Returns the end of the last stored shot.
fn reached(store: &EpisodeStore, meta: &RunMeta) -> Result<MediaTime, SessionError> {
    Ok(store.last_shot(meta.id)?.map_or(meta.video.first_pts, |s| s.end))
}

/// Decides that a run is grouped by the thresholds of the settings, where it is not yet.
fn decide_thresholds(store: &EpisodeStore, run: RunId, settings: &Settings) -> Result<(), SessionError> {
    let Settings { cluster, .. } = settings;
    let to = Thresholds { cluster_thresh: cluster.cluster_thresh, min_cluster_size: cluster.min_cluster_size };
    let own = store.thresholds()?.get(&run).copied();
    if own == Some(to) {
        return Ok(());
    }
    let summary = format!("grouped at {to}, as this run was asked to");
    let changes = vec![Change::Thresholds { run, edit: Edit { from: own, to: Some(to) } }];
    store.append(Draft { at: Timestamp::now(), author: author(), kind: OperationKind::Group, summary, changes })?;
    Ok(())
}

fn cancelled(store: &EpisodeStore, meta: &RunMeta) -> Result<RunEnd, SessionError> {
    let shots = store.shots(meta.id)?.len() as u64;
    Ok(RunEnd::Cancelled { run: meta.id, shots, reached: reached(store, meta)? - meta.video.first_pts })
}

fn register(library: &Library, request: &RunRequest, prepared: &Prepared) -> Result<(), SessionError> {
    let (video, described) = (&prepared.facts.path, &request.described);
    Ok(library.catalog().enter_episode(&request.episode, video, described, author(), Timestamp::now())?)
}

fn model_use(model: &ModelFile) -> ModelUse {
    model.model_use()
}

/// Returns what is known of a run before it begins.
#[must_use]
pub fn asked(workspace: &Workspace, request: &RunRequest) -> RunFacts {
    let settings = &workspace.settings;
    RunFacts {
        episode: request.episode.clone(),
        run: None,
        detector: settings.detect.model.clone(),
        detector_family: settings.detect.model.clone(),
        tracker: settings.track.tracker.to_string(),
        asked_device: request.device.to_string(),
        device: None,
        fps: 0.0,
        fps_asked: (settings.sample.fps > 0.0).then_some(settings.sample.fps),
        stride: settings.sample.stride,
    }
}

fn facts(request: &RunRequest, prepared: &Prepared, meta: &RunMeta) -> RunFacts {
    RunFacts {
        episode: request.episode.clone(),
        run: Some(meta.id),
        detector: meta.detector.id.clone(),
        detector_family: meta.detector.family.clone(),
        tracker: meta.tracker.clone(),
        asked_device: meta.device.asked.clone(),
        device: Some(prepared.device.usage().used.clone()),
        fps: prepared.facts.fps,
        fps_asked: match prepared.sampling {
            Sampling::Rate { fps, .. } => Some(fps),
            Sampling::Stride(_) => None,
        },
        stride: prepared.sampling.stride(prepared.facts.fps),
    }
}

/// One line for each thing that a user should know before the run begins.
fn notes(prepared: &Prepared, meta: &RunMeta, scanned: bool, listens: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let device = prepared.device.usage();
    if let Some(reason) = &device.reason {
        notes.push(if device.asked == "auto" {
            format!("computes on {}: {reason}", device.used)
        } else {
            format!("computes on {} instead of {}: {reason}", device.used, device.asked)
        });
    }
    if let Some(change) = meta.changeovers.last().filter(|c| !scanned && c.pass == SCAN) {
        let from = change.from_shot.map_or(0, |s| s.0);
        let with = change.device.with.as_deref().unwrap_or(&change.device.used);
        notes.push(format!("{} was begun on {} and goes on from shot {from} on {with}", meta.id, meta.device.used));
    }
    if let Ok([.., voices]) = &prepared.ears
        && listens
    {
        notes.extend(listening::untuned(&voices.entry));
    }
    if scanned {
        notes.push(format!("{} of this video is complete with these settings; nothing is decoded again", meta.id));
    } else if meta.counts.shots > 0 || meta.started_at < Timestamp::now() - jiff::SignedDuration::from_secs(2) {
        notes.push(format!("{} goes on at its first missing shot", meta.id));
    }
    notes
}

/// Says in words why a face counts for nobody.
#[must_use]
pub fn reason_text(reason: DropReason) -> &'static str {
    match reason {
        DropReason::TooSmall => "too small",
        DropReason::LowScore => "score too low to begin a track",
        DropReason::Unconfirmed => "seen once, with a low score",
        DropReason::DissolveGhost => "of the other shot of a dissolve",
        DropReason::Malformed => "not a box",
        DropReason::Denied => "denied by the second detector",
    }
}
