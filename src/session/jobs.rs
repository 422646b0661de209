//! Runs in the background: a queue that one thread works off, an order after the other.
//!
//! A run takes every core or the GPU, so two at once would only share them. What waits or runs is written down at once: where the
//! connection, the machine or the program goes, the next start finds it and can go on.

mod defaults;
mod kept;
mod order;
#[cfg(test)]
mod tests;

pub use defaults::{ModelSet, OrderDefaults, order_defaults};
pub use kept::{LeftOver, forget, left_over};
pub use order::{Order, Work};

use super::progress_json::{RunFacts, cancelled_report, done_report, failed_report, progress_report};
use super::run::{self, RunEnd, RunReport, Watcher};
use super::{SessionError, Workspace, line, report, write_whole};
use crate::domain::{EpisodeId, MediaTime, RunId};
use crate::pipeline::{Cancel, Progress, ProgressView, Stage, StopCause};
use jiff::Timestamp;
use kept::Kept;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Names an order of this start of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u32);

/// How far an order is.
#[derive(Debug, Clone, PartialEq)]
pub enum JobState {
    Waiting,
    Running,
    /// Done; with the files that were written for other tools, where some were asked for.
    Done {
        report: Box<RunReport>,
        files: Option<u64>,
        wall: Duration,
    },
    /// Stopped at a whole shot: so many are stored, up to there.
    Stopped {
        run: RunId,
        shots: u64,
        reached: MediaTime,
    },
    /// Taken out of the queue before it began.
    Withdrawn,
    Failed {
        what: String,
        hint: Option<String>,
    },
}

impl JobState {
    /// Tells whether it waits or runs.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// An order as screens show it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobLine {
    pub id: JobId,
    pub order: Order,
    pub state: JobState,
    pub facts: RunFacts,
    /// What should be known of it: where it computes and why, what is reused.
    pub notes: Vec<String>,
    pub view: ProgressView,
    /// Time that passed in the threads of each stage, in the order of the chain.
    pub passed: Vec<(Stage, Duration)>,
    pub was_asked_to_stop: bool,
}

/// Something that happens to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEvent {
    /// It is about to take its episode for writing: whoever holds it in this program lets go before this is answered.
    Begins(EpisodeId),
    /// It let go of its episode.
    Ended(EpisodeId),
}

/// The queue and its thread; clones share both.
#[derive(Clone)]
pub struct Jobs {
    shared: Arc<Shared>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("open", &self.open()).finish_non_exhaustive()
    }
}

struct Shared {
    workspace: Workspace,
    kept: Kept,
    tell: Box<dyn Fn(JobEvent) + Send + Sync>,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    last: u32,
    is_closing: bool,
}

struct Job {
    id: JobId,
    order: Order,
    state: JobState,
    cancel: Cancel,
    progress: Arc<Progress>,
    facts: RunFacts,
    notes: Vec<String>,
}

impl Jobs {
    /// Makes an empty queue; `tell` is called from its thread, which waits for it. The thread starts with the first order.
    pub fn new(workspace: Workspace, tell: impl Fn(JobEvent) + Send + Sync + 'static) -> Self {
        let kept = Kept::new(&workspace);
        let shared = Shared { workspace, kept, tell: Box::new(tell), state: Mutex::default(), work: Condvar::new() };
        Self { shared: Arc::new(shared), thread: Arc::default() }
    }

    /// Puts an order at the end of the queue.
    ///
    /// # Errors
    /// Fails where a setting of it is wrong, an order for the same episode is open, or no thread can be had.
    pub fn begin(&self, order: Order) -> Result<JobId, SessionError> {
        let workspace = order.workspace(&self.shared.workspace)?;
        let request = order.request()?;
        let mut state = self.shared.lock();
        if state.jobs.iter().any(|j| j.state.is_open() && j.order.episode == order.episode) {
            return Err(SessionError::Ordered { episode: order.episode });
        }
        state.last += 1;
        let id = JobId(state.last);
        // What was there of the same episode is history that the new order replaces.
        state.jobs.retain(|j| j.order.episode != order.episode);
        state.jobs.push(Job {
            id,
            facts: run::asked(&workspace, &request),
            order,
            state: JobState::Waiting,
            cancel: Cancel::default(),
            progress: Arc::default(),
            notes: Vec::new(),
        });
        self.shared.keep(&state);
        drop(state);
        self.start()?;
        self.shared.work.notify_all();
        Ok(id)
    }

    /// Stops an order that runs at its last whole shot, or takes it out of the queue; tells whether there was one.
    #[must_use]
    pub fn cancel(&self, id: JobId) -> bool {
        let mut state = self.shared.lock();
        let Some(job) = state.jobs.iter_mut().find(|j| j.id == id && j.state.is_open()) else { return false };
        job.cancel.stop(StopCause::Interrupt);
        if job.state == JobState::Waiting {
            job.state = JobState::Withdrawn;
        }
        self.shared.keep(&state);
        true
    }

    /// Returns every order of this start, the oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<JobLine> {
        let state = self.shared.lock();
        let line = |job: &Job| JobLine {
            id: job.id,
            order: job.order.clone(),
            state: job.state.clone(),
            facts: job.facts.clone(),
            notes: job.notes.clone(),
            view: job.progress.view(),
            passed: job.progress.passed(),
            was_asked_to_stop: job.cancel.is_set(),
        };
        state.jobs.iter().map(line).collect()
    }

    /// Returns how many orders wait or run.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.lock().jobs.iter().filter(|j| j.state.is_open()).count()
    }

    /// Stops what runs at its last whole shot and waits for it; what was open stays written down for the next start.
    pub fn close(&self, cause: StopCause) {
        let mut state = self.shared.lock();
        state.is_closing = true;
        for job in state.jobs.iter().filter(|j| j.state == JobState::Running) {
            job.cancel.stop(cause);
        }
        drop(state);
        self.shared.work.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn start(&self) -> Result<(), SessionError> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let shared = self.shared.clone();
            let started = std::thread::Builder::new().name("jobs".into()).spawn(move || shared.serve());
            *thread = Some(started.map_err(|source| SessionError::Thread { source })?);
        }
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what is open. Where that fails, a line in the log is all: the run itself is not touched by it.
    fn keep(&self, state: &State) {
        let open = state.jobs.iter().filter(|j| j.state.is_open()).map(|j| j.order.clone()).collect();
        if let Err(error) = self.kept.write(open) {
            tracing::warn!("what runs is not written down: {error}");
        }
    }

    fn serve(&self) {
        loop {
            let mut state = self.lock();
            let next = loop {
                if state.is_closing {
                    return;
                }
                if let Some(job) = state.jobs.iter_mut().find(|j| j.state == JobState::Waiting) {
                    job.state = JobState::Running;
                    break (job.id, job.order.clone(), job.cancel.clone(), job.progress.clone());
                }
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            drop(state);
            let (id, order, cancel, progress) = next;
            (self.tell)(JobEvent::Begins(order.episode.clone()));
            let ended = self.work_off(id, &order, &cancel, &progress);
            let mut state = self.lock();
            let closing = state.is_closing;
            if let Some(job) = state.jobs.iter_mut().find(|j| j.id == id) {
                job.state = ended;
            }
            // What was stopped because the program ends is open for the next start.
            if !closing {
                self.keep(&state);
            }
            drop(state);
            (self.tell)(JobEvent::Ended(order.episode));
        }
    }

    fn work_off(&self, id: JobId, order: &Order, cancel: &Cancel, progress: &Progress) -> JobState {
        let began = Instant::now();
        let watched = Watched { shared: self, id, progress, episode: &order.episode };
        let result = order.workspace(&self.workspace).and_then(|workspace| {
            let request = order.request()?;
            let end = run::run(&workspace, &request, cancel, progress, &watched)?;
            let files = match (&end, &order.files) {
                (RunEnd::Done(_), Some(dir)) => Some(super::write_artifacts(&workspace, &order.episode, dir)?),
                _ => None,
            };
            if let RunEnd::Done(report) = &end {
                let summary = report::summary(&workspace, &order.episode)?;
                watched.write(|running| done_report(running, report, &summary, &progress.spent(), &progress.passed()));
            }
            Ok((end, files))
        });
        match result {
            Ok((RunEnd::Done(report), files)) => JobState::Done { report, files, wall: began.elapsed() },
            Ok((RunEnd::Cancelled { run, shots, reached }, _)) => {
                let why = if cancel.cause() == Some(StopCause::HangUp) { "the terminal went away" } else { "stopped" };
                watched.write(|running| {
                    cancelled_report(running, &format!("{why}; {shots} shots up to {reached} are kept in {run}"))
                });
                JobState::Stopped { run, shots, reached }
            }
            Err(error) => {
                tracing::error!(episode = %order.episode, "a run failed: {error}");
                watched.write(|running| failed_report(running, &error));
                JobState::Failed { what: error.to_string(), hint: error.hint() }
            }
        }
    }
}

/// Learns of a run what screens and `progress.json` show.
struct Watched<'a> {
    shared: &'a Shared,
    id: JobId,
    progress: &'a Progress,
    episode: &'a EpisodeId,
}

impl Watched<'_> {
    fn write(&self, last: impl FnOnce(super::ProgressReport) -> super::ProgressReport) {
        let state = self.shared.lock();
        let Some(job) = state.jobs.iter().find(|j| j.id == self.id) else { return };
        let report = last(progress_report(&job.facts, &self.progress.view(), Timestamp::now()));
        drop(state);
        let file: PathBuf = report::progress_file(&self.shared.workspace, self.episode);
        // Before the episode has a folder there is nowhere to write, and after a failure that may be so.
        if file.parent().is_some_and(std::path::Path::is_dir)
            && let Err(error) = write_whole(&file, line(&report).as_bytes())
        {
            tracing::warn!(%error, "progress.json is not written");
        }
    }
}

impl Watcher for Watched<'_> {
    fn begins(&self, facts: &RunFacts, notes: &[String]) {
        let mut state = self.shared.lock();
        if let Some(job) = state.jobs.iter_mut().find(|j| j.id == self.id) {
            job.facts = facts.clone();
            job.notes = notes.to_vec();
        }
        drop(state);
        self.write(|running| running);
    }

    fn moves(&self) {
        self.write(|running| running);
    }
}
