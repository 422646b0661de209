//! What is derived of an episode on demand: screen time, track metrics, its state.

use super::speech::{self, Faces, Speech};
use super::{SessionError, Workspace};
use crate::algo::screen_time::{Tally, WhoIsWho};
use crate::algo::track;
use crate::config::Settings;
use crate::domain::{
    Assignment, EpisodeId, Face, Identity, IdentityId, MediaTime, RunId, RunMeta, ScreenTime, Shot, TrackId, TrackMetrics,
};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// An episode as its active run shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSummary {
    pub episode: EpisodeId,
    pub run: RunMeta,
    pub shots: Vec<Shot>,
    pub assignments: BTreeMap<TrackId, Assignment>,
    pub identities: BTreeMap<IdentityId, Identity>,
    pub time: ScreenTime,
    /// Absent: no sound was analysed.
    pub speech: Option<Speech>,
    pub metrics: TrackMetrics,
}

/// One line of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeLine {
    pub episode: EpisodeId,
    pub title: Option<String>,
    pub air_date: Option<Date>,
    pub state: EpisodeState,
}

/// How far an episode is.
#[derive(Debug, Clone, PartialEq)]
pub enum EpisodeState {
    /// Nothing was run to its end; so many shots of the latest run are stored.
    Unfinished { run: Option<RunId>, shots: u64 },
    Done {
        run: RunId,
        clusters: usize,
        named: usize,
        duration: MediaTime,
        /// When the run was finished.
        measured: Option<Timestamp>,
        /// What found and compared the faces.
        models: (String, String),
    },
    /// Its file cannot be read.
    Broken { reason: String },
}

/// Returns every episode of the library with its state; one that cannot be read is listed as such.
///
/// # Errors
/// Fails where the library itself cannot be read.
pub fn episodes(workspace: &Workspace) -> Result<Vec<EpisodeLine>, SessionError> {
    let library = workspace.open_library()?;
    let entries = library.catalog().episodes()?;
    let lines = library.episodes()?.into_iter().map(|episode| {
        let state = state(&library, &episode).unwrap_or_else(|e| EpisodeState::Broken { reason: e.to_string() });
        let entry = entries.iter().find(|e| e.id == episode);
        let (title, air_date) = (entry.and_then(|e| e.title.clone()), entry.and_then(|e| e.air_date));
        EpisodeLine { episode, title, air_date, state }
    });
    Ok(lines.collect())
}

fn state(library: &Library, episode: &EpisodeId) -> Result<EpisodeState, SessionError> {
    let store = EpisodeStore::open_reader(library, episode)?;
    let Some(run) = store.active_run()? else {
        let run = store.runs()?.last().map(|r| r.id);
        let shots = run.map_or(Ok(0), |r| store.shots(r).map(|s| s.len() as u64))?;
        return Ok(EpisodeState::Unfinished { run, shots });
    };
    let identities = store.identities(run)?;
    let named = identities.values().filter(|i| i.name.is_some()).count();
    let meta = store.run(run)?;
    Ok(EpisodeState::Done {
        run,
        clusters: identities.len(),
        named,
        duration: meta.video.duration,
        measured: meta.finished_at,
        models: (meta.detector.id, meta.embedder.id),
    })
}

/// Returns an episode as its active run shows it.
///
/// # Errors
/// Fails where there is no such episode or it has no finished run.
pub fn summary(workspace: &Workspace, episode: &EpisodeId) -> Result<EpisodeSummary, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    summarise(&library, &store, &workspace.settings)
}

/// Returns the active run of an open episode as it stands.
pub(super) fn summarise(library: &Library, store: &EpisodeStore, settings: &Settings) -> Result<EpisodeSummary, SessionError> {
    let run = active(store)?;
    let shots = store.shots(run.id)?;
    let assignments = store.assignments(run.id)?;
    let identities = identities_now(library, store, run.id)?;
    let (map, marks) = (store.track_map(run.id)?, store.marks(run.id)?);
    let who = WhoIsWho { assignments: &assignments, identities: &identities, marks: &marks };
    let mut tally = Tally::new(&settings.screen_time, run.video.size, who);
    for shot in &shots {
        let faces: Vec<Face> = store.faces(run.id, shot.id)?.into_iter().map(|f| map.face(f)).collect();
        tally.push(shot, &store.analysed(run.id, shot.id)?, &faces);
    }
    let faces = Faces { map: &map, assignments: &assignments, identities: &identities, marks: &marks };
    let speech = speech::of_run(&settings.fuse, store, &run, &shots, tally.shots(), faces)?;
    let time = tally.finish(speech.as_ref().map(Speech::heard), length(&run, &shots));
    let metrics = metrics(store, &run, settings)?;
    Ok(EpisodeSummary { episode: store.episode().clone(), run, shots, assignments, identities, time, speech, metrics })
}

/// Returns the identities of a run as the catalog knows their people now; decisions need them as they are stored.
pub(super) fn identities_now(
    library: &Library,
    store: &EpisodeStore,
    run: RunId,
) -> Result<BTreeMap<IdentityId, Identity>, SessionError> {
    let mut identities = store.identities(run)?;
    library.catalog().roster()?.bring_up(identities.values_mut());
    Ok(identities)
}

/// Returns the run that reports are about.
pub(super) fn active(store: &EpisodeStore) -> Result<RunMeta, SessionError> {
    let run = store.active_run()?.ok_or_else(|| SessionError::NotRun { episode: store.episode().clone() })?;
    Ok(store.run(run)?)
}

/// Returns the track metrics of a run, with switches judged by who the tracks are believed to be.
pub(super) fn metrics(store: &EpisodeStore, run: &RunMeta, settings: &Settings) -> Result<TrackMetrics, SessionError> {
    let who = store.assignments(run.id)?.into_iter().map(|(track, a)| (track, a.identity)).collect();
    let max_gap = MediaTime::from_secs(settings.track.max_gap_s);
    Ok(track::measure(&store.shots(run.id)?, &store.tracklets(run.id)?, run.counts.analysed, max_gap, Some(&who)))
}

/// What was decoded, which may differ from what the container claims.
pub(super) fn length(run: &RunMeta, shots: &[Shot]) -> MediaTime {
    match (shots.first(), shots.last()) {
        (Some(first), Some(last)) => last.end - first.start,
        _ => run.video.duration,
    }
}

/// Returns where the progress of an episode's run is written.
#[must_use]
pub fn progress_file(workspace: &Workspace, episode: &EpisodeId) -> PathBuf {
    workspace.library.join("episodes").join(episode.as_str()).join("progress.json")
}
