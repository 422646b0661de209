//! Decisions on an episode: made, taken back, done again, listed, and replayed from a file.

use super::command::Command;
use super::plan::{Named, Refusal, View};
use super::{SessionError, Workspace, author, report};
use crate::domain::{
    Author, Change, Draft, EpisodeId, Fate, History, Operation, PersonId, Roster, RunId, ShotId, Source, SpeakerId, TrackId,
    TrackMap, TurnId, redo_draft, tidy_name, undo_draft,
};
use crate::store::{EpisodeStore, Library, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Returns every entry of the log, the oldest first.
///
/// # Errors
/// Fails where there is no such episode.
pub fn log(workspace: &Workspace, episode: &EpisodeId) -> Result<Vec<Operation>, SessionError> {
    let library = workspace.open_library()?;
    Ok(workspace.read(&library, episode)?.operations()?)
}

/// Decides on the active run of an episode; `None` where everything is so already.
///
/// # Errors
/// Fails where there is no such episode, another process writes to it, or the command is refused; nothing is changed then.
pub fn decide(workspace: &Workspace, episode: &EpisodeId, command: &Command) -> Result<Option<Operation>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.write(&library, episode)?;
    decide_in(&library, &store, command, author())
}

/// Decides in an open episode.
pub(super) fn decide_in(
    library: &Library,
    store: &EpisodeStore,
    command: &Command,
    author: Author,
) -> Result<Option<Operation>, SessionError> {
    let run = report::active(store)?.id;
    let mut view = view(store, run, Arc::new(library.catalog().roster()?))?;
    view.pictures = pictures(store, &view, &view.looked_at(command))?;
    decide_on(library, store, &view, command, author)
}

/// Decides in an open episode whose decided data is `view`.
pub(super) fn decide_on(
    library: &Library,
    store: &EpisodeStore,
    view: &View,
    command: &Command,
    author: Author,
) -> Result<Option<Operation>, SessionError> {
    let at = Timestamp::now();
    let named = match command.person() {
        Some(name) => Some(known_or_new(library, view, command, name, &author, at)?),
        None => None,
    };
    let plan = view.plan(command, named.as_ref())?;
    if plan.changes.is_empty() {
        return Ok(None);
    }
    Ok(Some(store.append(Draft { author, kind: plan.kind, summary: plan.summary, changes: plan.changes, at })?))
}

/// Returns the person of that name; the catalog learns a new one only for a command that is not refused.
fn known_or_new(
    library: &Library,
    view: &View,
    command: &Command,
    name: &str,
    author: &Author,
    at: Timestamp,
) -> Result<Named, SessionError> {
    let name = tidy_name(name);
    if name.is_empty() {
        return Err(Refusal::EmptyName.into());
    }
    if let Some(known) = library.catalog().person_by_name(&name)? {
        let also = library.catalog().roster()?.merged_into(known.id);
        return Ok(Named { id: known.id, name: known.name, also });
    }
    if command.is_of_known_person() {
        return Err(Refusal::NoPerson { name }.into());
    }
    view.plan(command, Some(&Named { id: PersonId(u32::MAX), name: name.clone(), also: Vec::new() }))?;
    let id = library.catalog().ensure_person(&name, author.clone(), at)?;
    Ok(Named { id, name, also: Vec::new() })
}

/// Reads what planning needs of a run, pictures of tracks apart.
pub(super) fn view(store: &EpisodeStore, run: RunId, roster: Arc<Roster>) -> Result<View, StoreError> {
    let tracklets: BTreeMap<TrackId, _> = store.tracklets(run)?.into_iter().map(|t| (t.id, t)).collect();
    let highest = tracklets.keys().next_back().copied().max(store.highest_track(run)?).unwrap_or(TrackId(0));
    Ok(View {
        run,
        tracklets,
        pictures: BTreeMap::new(),
        parts: store.track_parts(run)?,
        assignments: store.assignments(run)?,
        identities: store.identities(run)?,
        marks: store.marks(run)?,
        nevers: store.nevers(run)?,
        next_identity: store.next_identity_id(run)?,
        next_track: TrackId(highest.0 + 1),
        spoken: Arc::new(store.spoken(run)?),
        settled: store.settled()?,
        roster,
        thresholds: store.thresholds()?.get(&run).copied(),
    })
}

/// Reads the pictures of the tracks `looked_at`, ascending.
fn pictures(store: &EpisodeStore, view: &View, looked_at: &BTreeSet<TrackId>) -> Result<BTreeMap<TrackId, Vec<u64>>, StoreError> {
    let mut pictures: BTreeMap<TrackId, Vec<u64>> = BTreeMap::new();
    if looked_at.is_empty() {
        return Ok(pictures);
    }
    let map = TrackMap::new(view.parts.clone());
    let parts = looked_at.iter().filter_map(|track| view.parts_of(*track)).flat_map(|parts| parts.0);
    let shots: BTreeSet<ShotId> = parts.filter_map(|p| view.tracklets.get(&p.tracklet)).map(|t| t.shot).collect();
    for shot in shots {
        for face in store.faces(view.run, shot)? {
            if let Fate::Tracked(track) = map.face(face).fate
                && looked_at.contains(&track)
            {
                pictures.entry(track).or_default().push(face.at.frame);
            }
        }
    }
    for frames in pictures.values_mut() {
        frames.sort_unstable();
    }
    Ok(pictures)
}

/// Takes back the last decision of a person, or the one with the number `of`; `None` where there is none left. Nothing leaves the
/// log: the undo is an entry too.
///
/// # Errors
/// Fails where there is no such episode, another process writes to it, later decisions depend on what is taken back, or it names turns or
/// voices that are not there any more because they were told apart anew.
pub fn undo(workspace: &Workspace, episode: &EpisodeId, of: Option<u64>) -> Result<Option<Operation>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.write(&library, episode)?;
    let history = history(&store)?;
    undo_in(&store, &history, of)
}

fn history(store: &EpisodeStore) -> Result<History, StoreError> {
    let mut history = History::default();
    for entry in store.log_entries()? {
        history.push(entry.seq, &entry.author, &entry.kind);
    }
    Ok(history)
}

/// Refuses to undo or redo what names turns or voices that a run told apart before it did so anew: they are not there any more, and none
/// may come back beside those that are.
fn check_heard(store: &EpisodeStore, of: &Operation) -> Result<(), SessionError> {
    let named = |change: &Change| match change {
        Change::Turn { run, turn, .. } | Change::Said { run, turn, .. } | Change::Words { run, turn, .. } => {
            Some((*run, Some(*turn), None))
        }
        Change::Voice { run, speaker, .. } => Some((*run, None, Some(*speaker))),
        _ => None,
    };
    let named: BTreeSet<_> = of.changes.iter().filter_map(named).collect();
    let runs: BTreeSet<RunId> = named.iter().map(|(run, ..)| *run).collect();
    for run in store.runs()?.into_iter().map(|r| r.id).filter(|run| runs.contains(run)) {
        let spoken = store.spoken(run)?;
        let (voices, heard) = (spoken.voices(), store.speakers(run)?);
        // Numbers go on where those of before ended; what people add goes on behind those that were heard.
        let first_turn = spoken.heard.keys().next().copied().unwrap_or(spoken.next_turn);
        let first_voice = heard.iter().map(|s| s.id).min().unwrap_or(spoken.next_speaker);
        let is_gone = |turn: Option<TurnId>, voice: Option<SpeakerId>| {
            turn.is_some_and(|id| id < first_turn && !spoken.states.contains_key(&id))
                || voice.is_some_and(|id| id < first_voice && !voices.contains_key(&id))
        };
        if named.iter().any(|(of, turn, voice)| *of == run && is_gone(*turn, *voice)) {
            return Err(SessionError::HeardAnew { of: of.seq, run });
        }
    }
    Ok(())
}

/// Takes back in an open episode whose log `history` has read.
pub(super) fn undo_in(store: &EpisodeStore, history: &History, of: Option<u64>) -> Result<Option<Operation>, SessionError> {
    let Some(of) = of.or_else(|| history.next_undo()) else { return Ok(None) };
    let operation = undoable(store, history, of)?;
    match store.append(undo_draft(&operation, author(), Timestamp::now())) {
        Err(StoreError::Change(_)) => Err(depends(store, &operation)?),
        done => Ok(Some(done?)),
    }
}

fn undoable(store: &EpisodeStore, history: &History, of: u64) -> Result<Operation, SessionError> {
    let refuse = |why: &'static str| SessionError::NotUndoable { of, why };
    let operation = store.operation(of)?.ok_or_else(|| refuse("there is no such entry in the log"))?;
    if matches!(operation.author, Author::Pipeline { .. }) {
        return Err(refuse("a run made it, and only decisions of people are taken back"));
    }
    if !history.can_undo(of) {
        return Err(refuse("it is taken back already, or takes back another itself"));
    }
    check_heard(store, &operation)?;
    Ok(operation)
}

/// Names the last entry that changed the same things as `of` after it.
fn depends(store: &EpisodeStore, of: &Operation) -> Result<SessionError, StoreError> {
    let keys: BTreeSet<String> = of.changes.iter().map(Change::key).collect();
    let later = store.operations_since(of.seq)?;
    let by = later.iter().rev().find(|o| o.changes.iter().any(|c| keys.contains(&c.key())));
    Ok(SessionError::Depends { of: of.seq, by: by.map(|o| (o.seq, o.summary.clone())) })
}

/// Does again what was undone last; `None` where there is nothing.
///
/// # Errors
/// As for [`undo`].
pub fn redo(workspace: &Workspace, episode: &EpisodeId) -> Result<Option<Operation>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.write(&library, episode)?;
    let history = history(&store)?;
    redo_in(&store, &history)
}

/// Does again in an open episode whose log `history` has read.
pub(super) fn redo_in(store: &EpisodeStore, history: &History) -> Result<Option<Operation>, SessionError> {
    let Some(of) = history.next_redo() else { return Ok(None) };
    let Some(operation) = store.operation(of)? else { return Ok(None) };
    check_heard(store, &operation)?;
    Ok(Some(store.append(redo_draft(&operation, author(), Timestamp::now()))?))
}

/// One track as a list of tracks shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TrackLine {
    #[serde(flatten)]
    pub track: crate::domain::Tracklet,
    /// Absent where it counts for nobody.
    pub identity: Option<crate::domain::IdentityId>,
    pub name: Option<String>,
    pub source: Option<Source>,
    pub score: Option<f32>,
    /// Its own lock, or that of its identity.
    pub locked: bool,
    pub discarded: Option<crate::domain::DiscardReason>,
}

/// Returns the tracks of the active run of an episode, in order of time, then number.
///
/// # Errors
/// Fails where there is no such episode, or it has no finished run.
pub fn tracks(workspace: &Workspace, episode: &EpisodeId) -> Result<Vec<TrackLine>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let run = report::active(&store)?.id;
    let (assignments, marks) = (store.assignments(run)?, store.marks(run)?);
    let identities = report::identities_now(&library, &store, run)?;
    let map = store.track_map(run)?;
    let mut lines = Vec::new();
    for shot in store.shots(run)? {
        for track in map.tracks(&store.shot_tracklets(run, shot.id)?, &store.faces(run, shot.id)?) {
            let assignment = assignments.get(&track.id);
            let identity = assignment.and_then(|a| identities.get(&a.identity));
            lines.push(TrackLine {
                identity: assignment.map(|a| a.identity),
                name: identity.and_then(|i| i.name.clone()),
                source: assignment.map(|a| a.source),
                score: assignment.map(|a| a.score),
                locked: assignment.is_some_and(|a| a.locked) || identity.is_some_and(|i| i.locked),
                discarded: marks.get(&track.id).map(|m| m.discarded),
                track,
            });
        }
    }
    lines.sort_by_key(|l| (l.track.first, l.track.id));
    Ok(lines)
}
