//! The thread that reads and decides: it owns the open episode, so that the screen never waits for a disk.

use super::library::{Reading, Tell};
use super::update::Msg;
use crate::domain::{EpisodeId, LogEntry, Operation, Person, TrackId};
use crate::session::{
    self, Access, CastLine, Check, Command, CropCursor, CropPage, EpisodeLine, Portraits, Review, SessionError, Snapshot, Thumbs,
    Workspace,
};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// What the screen asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    Episodes,
    Open(EpisodeId),
    Close,
    Decide(Command),
    Undo(Option<u64>),
    Redo,
    Log,
    Crops {
        track: TrackId,
        after: Option<CropCursor>,
        every: usize,
        limit: usize,
    },
    Health,
    /// Who is in which episode, over the whole library: answered bit by bit.
    Casts,
    /// Another process may have decided.
    Refresh,
}

/// What it gets.
#[derive(Debug)]
pub(crate) enum Answer {
    Episodes(Result<Vec<EpisodeLine>, Told>),
    Opened {
        snapshot: Arc<Snapshot>,
        access: Access,
        thumbs: Thumbs,
    },
    NotOpened(Told),
    /// A decision was written, or there was nothing to do.
    Decided {
        snapshot: Arc<Snapshot>,
        made: Option<Box<Operation>>,
        what: Deed,
    },
    Refused(Told),
    Log(Vec<LogEntry>),
    Crops {
        track: TrackId,
        every: usize,
        first: bool,
        page: CropPage,
    },
    Health(Vec<Check>),
    /// The whole library is being read.
    Reading {
        catalog: Vec<Person>,
        portraits: Portraits,
    },
    /// Some episodes of it, of `all`.
    Casts {
        lines: Vec<CastLine>,
        all: usize,
        is_last: bool,
    },
    NotRead(Told),
    Changed(Arc<Snapshot>),
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Decision,
    Undo,
    Redo,
}

/// An error as a reviewer reads it: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub what: String,
    pub hint: Option<String>,
}

impl From<SessionError> for Told {
    fn from(error: SessionError) -> Self {
        tracing::warn!("{error}");
        Self { what: error.to_string(), hint: error.hint() }
    }
}

/// The thread and the way to it.
#[derive(Debug)]
pub(crate) struct Worker {
    asks: Option<Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts it; `answer` is called from its thread.
    pub(crate) fn start(workspace: Workspace, answer: impl Fn(Msg) + Send + Sync + 'static) -> std::io::Result<Self> {
        let (asks, asked) = channel();
        let answer: Tell = Arc::new(answer);
        let thread = std::thread::Builder::new().name("session".into()).spawn(move || serve(&workspace, &asked, &answer))?;
        Ok(Self { asks: Some(asks), thread: Some(thread) })
    }

    pub(crate) fn ask(&self, ask: Ask) {
        if let Some(asks) = &self.asks {
            let _ = asks.send(ask);
        }
    }

    /// Waits until everything that was asked is done.
    pub(crate) fn finish(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(workspace: &Workspace, asked: &Receiver<Ask>, answer: &Tell) {
    let mut open: Option<Review> = None;
    let mut reading = Reading::default();
    for ask in asked {
        if ask == Ask::Casts {
            reading.begin(workspace, answer);
            continue;
        }
        if let Some(found) = serve_one(workspace, &mut open, ask) {
            answer(Msg::Answer(found));
        }
    }
}

fn serve_one(workspace: &Workspace, open: &mut Option<Review>, ask: Ask) -> Option<Answer> {
    match ask {
        Ask::Episodes => return Some(Answer::Episodes(session::episodes(workspace).map_err(Told::from))),
        Ask::Open(episode) => {
            // The lock of the one before goes first: it may be the same.
            *open = None;
            return Some(match Review::open(workspace, &episode) {
                Ok(review) => {
                    let review = open.insert(review);
                    Answer::Opened { snapshot: review.snapshot(), access: review.access().clone(), thumbs: review.thumbs() }
                }
                Err(error) => Answer::NotOpened(error.into()),
            });
        }
        Ask::Close => {
            *open = None;
            return None;
        }
        Ask::Health => {
            let mut checks = Vec::new();
            return Some(match session::doctor(workspace, None, &mut |check| checks.push(check)) {
                Ok(()) => Answer::Health(checks),
                Err(error) => Answer::Refused(error.into()),
            });
        }
        Ask::Decide(_) | Ask::Undo(_) | Ask::Redo | Ask::Log | Ask::Crops { .. } | Ask::Refresh | Ask::Casts => {}
    }
    let review = open.as_mut()?;
    let done = match ask {
        Ask::Decide(command) => review.decide(&command).map(|made| decided(review, made, Deed::Decision)),
        Ask::Undo(of) => review.undo(of).map(|made| decided(review, made, Deed::Undo)),
        Ask::Redo => review.redo().map(|made| decided(review, made, Deed::Redo)),
        Ask::Log => review.entries().map(Answer::Log),
        Ask::Crops { track, after, every, limit } => {
            let first = after.is_none();
            review.crops(track, after, every, limit).map(|page| Answer::Crops { track, every, first, page })
        }
        Ask::Refresh => match review.refresh() {
            Ok(true) => Ok(Answer::Changed(review.snapshot())),
            Ok(false) => return None,
            Err(error) => Err(error),
        },
        Ask::Episodes | Ask::Open(_) | Ask::Close | Ask::Health | Ask::Casts => return None,
    };
    Some(done.unwrap_or_else(|error| Answer::Refused(error.into())))
}

fn decided(review: &Review, made: Option<Operation>, what: Deed) -> Answer {
    Answer::Decided { snapshot: review.snapshot(), made: made.map(Box::new), what }
}
