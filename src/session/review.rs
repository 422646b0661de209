//! Review: one open episode, kept in memory, and every decision on it written at once.
//!
//! What was measured is read when it is opened; after a decision only what it touched is worked out again, and the totals are
//! folded anew from the kept spans. Decisions are those of [`super::decide`], [`super::undo`] and [`super::redo`], by the same code.

mod alike;
#[cfg(test)]
mod alike_tests;
mod balance;
mod crops;
mod detections;
mod doubt;
mod export;
#[cfg(test)]
mod kills;
mod near;
#[cfg(test)]
mod near_tests;
mod regroup;
mod snapshot;
mod spread;
mod state;
#[cfg(test)]
mod tests;
mod touched;

pub use alike::{Alike, Propagation, SeedLock};
pub use balance::{Shift, shifts};
pub use crops::{CropCursor, CropPage, CropRow};
pub use detections::ShotFaces;
pub use doubt::Doubt;
pub use export::Over;
pub use near::{Candidate, Near, Nearest};
pub use snapshot::{Card, Snapshot, TrackInfo};
pub use spread::{Limits, Lost, Spread};

use super::carry::CarryReport;
use super::command::Command;
use super::diff::{Comparing, RunDiff};
use super::{FrameSource, SessionError, Touches, Workspace, author, decisions};
use crate::config::Settings;
use crate::domain::{CropInfo, CropKey, EpisodeId, LogEntry, Operation, RunId, RunMeta, TrackId};
use crate::infer::Registry;
use crate::store::{EpisodeStore, Library, StoreError};
use near::Scale;
use state::State;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

/// Reads one run of an episode as screens would show it.
///
/// # Errors
/// Fails where it cannot be read.
pub(super) fn snapshot_of(
    library: &Library,
    store: &EpisodeStore,
    settings: &Settings,
    run: RunMeta,
) -> Result<Snapshot, SessionError> {
    Ok(State::read_once(library, store, settings, run)?.snapshot(store, settings))
}

/// What may be done with an open episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    Write,
    Read {
        /// Who holds it, or why it cannot be written to.
        why: String,
    },
}

/// One open episode: what is decided about its active run, kept in memory, and every decision written at once.
///
/// It holds the episode against other writers, runs included, until it is dropped.
#[derive(Debug)]
pub struct Review {
    library: Library,
    settings: Settings,
    models: PathBuf,
    /// How vectors are compared, and of which embedder.
    scale: Option<(String, Scale)>,
    store: Arc<EpisodeStore>,
    access: Access,
    state: State,
    /// Reading failed after something was decided: what is in memory is behind the file.
    is_behind: bool,
    snapshot: Arc<Snapshot>,
    comparing: Comparing,
}

/// The thumbnails of an open episode, for other threads; it does not keep the episode open.
#[derive(Debug, Clone)]
pub struct Thumbs {
    store: Weak<EpisodeStore>,
    run: RunId,
}

impl Review {
    /// Opens the active run of an episode: for writing, or for reading where another process writes to it or it may not be written to.
    ///
    /// Reads everything measured but the pictures; an episode of 300,000 faces takes about a second.
    ///
    /// # Errors
    /// Fails where there is no such episode, it has no finished run, or it cannot be read.
    pub fn open(workspace: &Workspace, episode: &EpisodeId) -> Result<Self, SessionError> {
        let library = workspace.open_library()?;
        let (store, access) = match workspace.write(&library, episode) {
            Ok(store) => (store, Access::Write),
            Err(SessionError::Store(error)) if matches!(error, StoreError::Held { .. }) || error.is_permission() => {
                (workspace.read(&library, episode)?, Access::Read { why: error.to_string() })
            }
            Err(error) => return Err(error),
        };
        Self::of(workspace, library, store, access)
    }

    /// Opens it for reading whatever could be done, so that something else may write to it; `why` says what.
    ///
    /// # Errors
    /// As for [`Review::open`].
    pub fn open_to_read(workspace: &Workspace, episode: &EpisodeId, why: &str) -> Result<Self, SessionError> {
        let library = workspace.open_library()?;
        let store = workspace.read(&library, episode)?;
        Self::of(workspace, library, store, Access::Read { why: why.to_owned() })
    }

    fn of(workspace: &Workspace, library: Library, store: EpisodeStore, access: Access) -> Result<Self, SessionError> {
        let settings = workspace.settings.clone();
        let state = State::read(&library, &store, &settings)?;
        let snapshot = Arc::new(state.snapshot(&store, &settings));
        let models = workspace.models.clone();
        Ok(Self {
            library,
            settings,
            models,
            scale: None,
            store: Arc::new(store),
            access,
            state,
            is_behind: false,
            snapshot,
            comparing: Comparing::default(),
        })
    }

    /// Returns the episode.
    #[must_use]
    pub fn episode(&self) -> &EpisodeId {
        self.store.episode()
    }

    pub(super) fn store(&self) -> &EpisodeStore {
        &self.store
    }

    /// Returns whether decisions can be made.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Returns what screens show.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.clone()
    }

    /// Decides, as [`super::decide`] does; `None` where everything is so already.
    ///
    /// # Errors
    /// Fails where the command is refused or the episode is open for reading only; nothing is changed then.
    pub fn decide(&mut self, command: &Command) -> Result<Option<Operation>, SessionError> {
        self.prepare()?;
        let looked_at = self.state.view.looked_at(command);
        let pictures = looked_at.into_iter().map(|track| (track, self.state.pictures_of(track).to_vec())).collect();
        self.state.view.pictures = pictures;
        let done = decisions::decide_on(&self.library, &self.store, &self.state.view, command, author());
        self.state.view.pictures.clear();
        let done = done?;
        if done.is_some() && command.person().is_some() {
            self.state.read_people(&self.library)?;
        }
        self.take(done)
    }

    /// Takes back the last decision of a person, or the one with the number `of`; `None` where there is none left.
    ///
    /// # Errors
    /// Fails where later decisions depend on it, it cannot be taken back, or the episode is open for reading only.
    pub fn undo(&mut self, of: Option<u64>) -> Result<Option<Operation>, SessionError> {
        self.prepare()?;
        let done = decisions::undo_in(&self.store, &self.state.history, of)?;
        self.take(done)
    }

    /// Does again what was undone last; `None` where there is nothing.
    ///
    /// # Errors
    /// As for [`Review::undo`].
    pub fn redo(&mut self) -> Result<Option<Operation>, SessionError> {
        self.prepare()?;
        let done = decisions::redo_in(&self.store, &self.state.history)?;
        self.take(done)
    }

    /// Takes in what other processes did meanwhile; tells whether the snapshot is another now.
    ///
    /// A new active run is read whole; where nothing happened it costs some short reads.
    ///
    /// # Errors
    /// Fails where the episode or the catalog cannot be read.
    pub fn refresh(&mut self) -> Result<bool, SessionError> {
        if self.is_behind || super::report::active(&self.store)? != *self.state.run {
            self.read_again()?;
            return Ok(true);
        }
        let is_news = self.state.read_people(&self.library)?;
        let log = self.store.operations_since(self.state.seq)?;
        if !is_news && log.is_empty() {
            return Ok(false);
        }
        self.follow(&log)?;
        Ok(true)
    }

    /// Returns the identities of the episode that look like a track or an identity.
    ///
    /// The first calls each read some of the vectors of the run, and say how far they are; asking again goes on.
    ///
    /// # Errors
    /// Fails where the episode or the list of models cannot be read.
    pub fn near(&mut self, to: Near) -> Result<Nearest, SessionError> {
        let scale = self.own_scale()?;
        self.state.near(&self.store, &scale, to)
    }

    /// Returns the tracks that look like those of the named person whose `from` are.
    ///
    /// The first calls each read some of the vectors of the run, as for [`Review::near`]; asking again goes on.
    ///
    /// # Errors
    /// Fails where `from` is not there, of nobody who has a name, or of two people, or where the episode cannot be read.
    pub fn alike(&mut self, from: &[Near]) -> Result<Alike, SessionError> {
        let scale = self.own_scale()?;
        self.state.alike(&self.store, &scale, from)
    }

    /// Returns how the vectors of the run are compared.
    fn own_scale(&mut self) -> Result<Scale, SessionError> {
        match &self.scale {
            Some((embedder, scale)) if *embedder == self.state.run.embedder.id => Ok(scale.clone()),
            _ => {
                let scale = self.scale_of(&self.state.run)?;
                self.scale = Some((self.state.run.embedder.id.clone(), scale.clone()));
                Ok(scale)
            }
        }
    }

    fn scale_of(&self, run: &RunMeta) -> Result<Scale, SessionError> {
        let registry = Registry::with_folder(&self.models)?;
        let embedder = registry.entries().iter().find(|e| e.id == run.embedder.id);
        Ok(Scale::of(&self.settings.in_cosines_of(embedder.and_then(|e| e.cosines(self.settings.cosines)))))
    }

    /// Returns the other runs of the episode, the one to compare with first.
    ///
    /// # Errors
    /// Fails where the episode cannot be read.
    pub fn other_runs(&mut self) -> Result<Vec<RunId>, SessionError> {
        Ok(self.comparing.carrying.others(&self.store, self.state.run.id)?)
    }

    /// Compares another run with this one as it stands. The first time it reads that run and pairs the faces of both: seconds for a large
    /// episode; then some milliseconds.
    ///
    /// # Errors
    /// Fails where there is no such run or the episode cannot be read.
    pub fn diff(&mut self, with: RunId) -> Result<RunDiff, SessionError> {
        let old = self.comparing.other(&self.library, &self.store, &self.settings, with)?;
        self.comparing.compare(&self.store, &self.settings.compare, &old, &self.snapshot)
    }

    /// Says what became of the decisions of all other runs in this one.
    ///
    /// # Errors
    /// Fails where the episode cannot be read.
    pub fn carried(&mut self) -> Result<CarryReport, SessionError> {
        let roster = Arc::new(self.state.roster.clone());
        let run = self.state.run.id;
        Ok(self.comparing.carrying.report(&self.store, &roster, &self.settings.compare, run)?)
    }

    /// Returns every entry of the log, the oldest first.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn log(&self) -> Result<Vec<Operation>, SessionError> {
        Ok(self.store.operations()?)
    }

    /// Returns every entry of the log without its changes, the oldest first: for lists, where the log is long.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn entries(&self) -> Result<Vec<LogEntry>, SessionError> {
        Ok(self.store.log_entries()?)
    }

    /// Returns one entry of the log with its changes; `None` where it has none of that number.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn entry(&self, seq: u64) -> Result<Option<Operation>, SessionError> {
        Ok(self.store.operation(seq)?)
    }

    /// Returns what each entry of the log is about, by its number. Reads every change: tens of milliseconds for a large episode.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn touches(&self) -> Result<BTreeMap<u64, Touches>, SessionError> {
        Ok(super::touches(&self.store.operations()?))
    }

    /// Returns at most `limit` crops of a track in order of time, every `every`-th from the first, going on `after` a page; none
    /// where there is no such track.
    ///
    /// # Errors
    /// None at present: everything but the pictures is in memory.
    pub fn crops(&self, track: TrackId, after: Option<CropCursor>, every: usize, limit: usize) -> Result<CropPage, SessionError> {
        let badges = |crop: &CropInfo| self.state.badges(&self.settings.badges, crop);
        Ok(crops::page(&self.state.crops_of(track), track, after, every, limit, &self.settings.doubts, badges))
    }

    /// Returns the 4:5 JPEG of a crop; `None` where there is none.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn thumb(&self, crop: CropKey) -> Result<Option<Vec<u8>>, SessionError> {
        Ok(self.store.thumb(self.state.run.id, crop)?)
    }

    /// Returns what other threads read thumbnails by.
    #[must_use]
    pub fn thumbs(&self) -> Thumbs {
        Thumbs { store: Arc::downgrade(&self.store), run: self.state.run.id }
    }

    /// Returns what other threads decode pictures of the video by.
    #[must_use]
    pub fn frames(&self) -> FrameSource {
        let entry = self.library.catalog().episode(self.store.episode()).ok().flatten();
        let moved_to = entry.map(|entry| PathBuf::from(entry.video));
        let (run, shots) = (self.state.run.clone(), self.snapshot.shots.clone());
        FrameSource::new(&self.store, run, shots, moved_to, self.settings.decode.clone())
    }

    /// Makes sure that something can be decided, on what is so now.
    fn prepare(&mut self) -> Result<(), SessionError> {
        if let Access::Read { why } = &self.access {
            return Err(SessionError::ReadOnly { episode: self.store.episode().clone(), why: why.clone() });
        }
        if self.is_behind { self.read_again() } else { Ok(()) }
    }

    fn read_again(&mut self) -> Result<(), SessionError> {
        self.state = State::read(&self.library, &self.store, &self.settings)?;
        self.is_behind = false;
        self.snapshot = Arc::new(self.state.snapshot(&self.store, &self.settings));
        Ok(())
    }

    fn take(&mut self, done: Option<Operation>) -> Result<Option<Operation>, SessionError> {
        if let Some(operation) = &done {
            self.follow(std::slice::from_ref(operation))?;
        }
        Ok(done)
    }

    fn follow(&mut self, log: &[Operation]) -> Result<(), SessionError> {
        self.is_behind = true;
        self.state.follow(&self.store, &self.settings, log)?;
        self.is_behind = false;
        self.snapshot = Arc::new(self.state.snapshot(&self.store, &self.settings));
        Ok(())
    }
}

impl Thumbs {
    /// Returns the thumbnails of another run of the same episode.
    #[must_use]
    pub fn of_run(&self, run: RunId) -> Self {
        Self { store: self.store.clone(), run }
    }

    /// Returns the 4:5 JPEG of a crop; `None` where there is none, or the episode was closed.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn get(&self, crop: CropKey) -> Result<Option<Vec<u8>>, SessionError> {
        match self.store.upgrade() {
            Some(store) => Ok(store.thumb(self.run, crop)?),
            None => Ok(None),
        }
    }
}
