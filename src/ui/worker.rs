//! The thread that reads and decides: it owns the open episode, so that the screen never waits for a disk.

use super::library::{Reading, Tell};
use super::tryout::Tried;
use super::update::Msg;
use crate::domain::{
    AssetKind, CatalogOperation, Directory, EpisodeId, LogEntry, Operation, PersonId, ReferenceId, Roster, RunId, ShotId, Slug,
    TrackId,
};
use crate::session::facebank::{self, PromoteFrom, Promotion};
use crate::session::{
    self, Access, Alike, CarryReport, CastLine, CatalogCommand, CatalogRefusal, Check, Command, CropCursor, CropPage,
    EpisodeLine, Featuring, FolderEntry, FrameSource, FrameView, Goes, JobEvent, JobId, JobLine, Jobs, LeftOver, Likeness, Near,
    Nearest, Order, OrderDefaults, Over, PlayEvent, Portraits, Refusal, Regrouping, Review, RunDiff, SessionError, ShotFaces,
    Snapshot, Spread, Standing, StopCause, Thumbs, Touches, TrackFace, WhatIfSource, Workspace,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// What the screen asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    Episodes,
    Open(EpisodeId),
    Close,
    Decide(Command),
    /// A decision about the people of the library.
    Catalog(CatalogCommand),
    /// Which picture stands for somebody; without a show, everywhere.
    Feature {
        person: PersonId,
        likeness: Likeness,
        show: Option<Slug>,
    },
    /// A picture out of a file, of somebody.
    AddPicture {
        person: PersonId,
        file: String,
    },
    /// The faces of somebody's tracks in an episode.
    FacesOf {
        person: PersonId,
        episode: EpisodeId,
    },
    /// A face out of the facebank.
    TakeOut(ReferenceId),
    /// The last of these back, or the one with this number.
    UndoPeople(Option<u64>),
    RedoPeople,
    Undo(Option<u64>),
    Redo,
    Log,
    /// What the entries of the log are about.
    Touches,
    /// One entry of the log with its changes.
    Entry(u64),
    Crops {
        track: TrackId,
        after: Option<CropCursor>,
        every: usize,
        limit: usize,
    },
    /// What the detector saw in a shot.
    ShotFaces(ShotId),
    /// Scores and sizes of all faces.
    Spread,
    Health,
    /// Who is in which episode, over the whole library: answered bit by bit.
    Casts,
    /// Who looks like it.
    Near(Near),
    /// What other thresholds of grouping are tried out on.
    WhatIf,
    /// Other groups, as one decision.
    Regroup(Box<Regrouping>),
    /// Faces of the open episode into the facebank.
    Promote(PromoteFrom),
    /// Who else the person of these is.
    Alike(Vec<Near>),
    /// Another run beside this one; the likeliest where none is named.
    Compare(Option<RunId>),
    /// What became of decisions of earlier runs.
    Carried,
    /// The totals into a file.
    Export {
        path: String,
        over: Over,
    },
    /// Another process may have decided.
    Refresh,
    Run(RunAsk),
    /// How many go, with which counts; every episode where none is named.
    WhatGoes(Option<EpisodeId>),
    Delete {
        episodes: Vec<EpisodeId>,
        blobs: bool,
    },
}

/// What the screen asks for about runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RunAsk {
    Begin(Vec<Order>),
    Cancel(JobId),
    /// What an earlier start had open goes on, or is forgotten.
    GoOn(Vec<LeftOver>),
    Forget(Vec<LeftOver>),
    LeftOver,
    /// What can be done with an episode.
    Standing(EpisodeId),
    /// What a new order is unless somebody says otherwise.
    Defaults,
    Folder(PathBuf),
    Video(PathBuf),
}

/// What reaches the thread: questions of the screen, and runs that need an episode or gave it back.
enum Task {
    Ask(Ask),
    LetGo(EpisodeId, SyncSender<()>),
    TakeBack(EpisodeId),
    End,
}

/// What it gets.
#[derive(Debug)]
pub(crate) enum Answer {
    Episodes(Result<Vec<EpisodeLine>, Told>),
    /// A decision about people was written, or there was nothing to do.
    PeopleDecided {
        made: Option<Box<CatalogOperation>>,
        what: Deed,
    },
    Opened {
        snapshot: Arc<Snapshot>,
        access: Access,
        thumbs: Thumbs,
        frames: FrameSource,
    },
    NotOpened(Told),
    /// A decision was written, or there was nothing to do.
    Decided {
        snapshot: Arc<Snapshot>,
        made: Option<Box<Operation>>,
        what: Deed,
    },
    Refused(Told),
    /// A decision that cannot be.
    Against(Refusal),
    /// One about people and shows.
    AgainstCatalog(Box<SessionError>),
    FacesOf {
        person: PersonId,
        episode: EpisodeId,
        faces: Vec<TrackFace>,
    },
    /// Something is not deleted yet: what depends on it.
    Dependents {
        command: CatalogCommand,
        what: String,
    },
    Log(Vec<LogEntry>),
    Touches(BTreeMap<u64, Touches>),
    Entry(Box<Operation>),
    /// The same of the log of people and shows.
    PeopleEntry(Box<CatalogOperation>),
    /// Not taken back: a later entry, `by`, depends on it.
    InTheWay {
        by: u64,
        told: Told,
    },
    Crops {
        track: TrackId,
        every: usize,
        first: bool,
        page: CropPage,
    },
    /// The picture that was asked for last; from the thread that decodes.
    Frame(Result<Arc<FrameView>, Told>),
    /// From the thread that plays.
    Played(PlayEvent),
    ShotFaces(Arc<ShotFaces>),
    Spread(Arc<Spread>),
    Health(Vec<Check>),
    /// The whole library is being read.
    Reading {
        roster: Roster,
        directory: Box<Directory>,
        portraits: Portraits,
        /// Share of what is seen from which on an episode is done.
        done: f64,
    },
    /// Some episodes of it, of `all`.
    Casts {
        lines: Vec<CastLine>,
        all: usize,
        is_last: bool,
    },
    NotRead(Told),
    Near {
        to: Near,
        found: Nearest,
    },
    WhatIf(Box<WhatIfSource>),
    /// From the thread that tries thresholds out.
    Tried(Tried),
    /// What was taken of whom.
    Promoted(Vec<Promotion>),
    /// Nothing can be propagated, and why.
    NotAlike(Box<Answer>),
    Alike {
        from: Vec<Near>,
        found: Alike,
    },
    Compared {
        others: Vec<RunId>,
        with: Option<RunId>,
        /// Absent where there is no other run.
        diff: Option<Arc<RunDiff>>,
        carried: Arc<CarryReport>,
    },
    NotCompared(Told),
    Carried(Arc<CarryReport>),
    /// Where they are now.
    Exported(String),
    /// A file stands where the totals were to go.
    IsThere(String),
    Changed(Arc<Snapshot>),
    /// The open episode can be decided on, or cannot any more.
    Reopened {
        snapshot: Arc<Snapshot>,
        access: Access,
        thumbs: Thumbs,
        frames: FrameSource,
    },
    Jobs(Vec<JobLine>),
    LeftOver(Vec<LeftOver>),
    Standing(Box<Standing>),
    Defaults(Box<OrderDefaults>),
    Folder(PathBuf, Result<Vec<FolderEntry>, Told>),
    Video(PathBuf, Result<String, Told>),
    WhatGoes {
        episodes: Vec<EpisodeId>,
        is_all: bool,
        goes: Goes,
    },
    Deleted {
        lines: Vec<EpisodeLine>,
        /// Those that were to go; none of them is open any more.
        asked: Vec<EpisodeId>,
        /// How many went.
        count: usize,
        /// Why no more did.
        fault: Option<Told>,
    },
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
    tasks: Sender<Task>,
    thread: Option<JoinHandle<()>>,
    jobs: Jobs,
}

impl Worker {
    /// Starts it; `answer` is called from its thread.
    pub(crate) fn start(workspace: Workspace, answer: impl Fn(Msg) + Send + Sync + 'static) -> std::io::Result<Self> {
        let (tasks, asked) = channel();
        let answer: Tell = Arc::new(answer);
        let told = tasks.clone();
        let jobs = Jobs::new(workspace.clone(), move |event| match event {
            JobEvent::Begins(episode) => {
                let (done, wait) = sync_channel(1);
                if told.send(Task::LetGo(episode, done)).is_ok() {
                    // An error says that the thread is gone, and its episode with it.
                    let _ = wait.recv();
                }
            }
            JobEvent::Ended(episode) => {
                let _ = told.send(Task::TakeBack(episode));
            }
        });
        let mut desk = Desk { workspace, jobs: jobs.clone(), open: None };
        let serve = move || {
            let mut reading = Reading::default();
            for task in asked {
                let found = match task {
                    Task::Ask(Ask::Casts) => {
                        reading.begin(&desk.workspace, &answer);
                        None
                    }
                    Task::Ask(ask) => desk.serve(ask),
                    Task::LetGo(episode, done) => {
                        let found = desk.let_go(&episode);
                        let _ = done.send(());
                        found
                    }
                    Task::TakeBack(episode) => {
                        answer(Msg::Answer(Answer::Jobs(desk.jobs.lines())));
                        if let Ok(lines) = session::episodes(&desk.workspace) {
                            answer(Msg::Answer(Answer::Episodes(Ok(lines))));
                        }
                        desk.take_back(&episode)
                    }
                    Task::End => return,
                };
                if let Some(found) = found {
                    answer(Msg::Answer(found));
                }
            }
        };
        let thread = std::thread::Builder::new().name("session".into()).spawn(serve)?;
        Ok(Self { tasks, thread: Some(thread), jobs })
    }

    pub(crate) fn ask(&self, ask: Ask) {
        let _ = self.tasks.send(Task::Ask(ask));
    }

    /// Returns the runs.
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Stops runs at their last whole shot, and waits until everything that was asked is done.
    pub(crate) fn finish(&mut self, cause: StopCause) {
        self.jobs.close(cause);
        let _ = self.tasks.send(Task::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread holds.
struct Desk {
    workspace: Workspace,
    jobs: Jobs,
    open: Option<Review>,
}

impl Desk {
    fn serve(&mut self, ask: Ask) -> Option<Answer> {
        match ask {
            Ask::Run(ask) => self.run(ask),
            ask => serve_one(&self.workspace, &mut self.open, ask),
        }
    }

    fn run(&mut self, ask: RunAsk) -> Option<Answer> {
        let workspace = &self.workspace;
        Some(match ask {
            RunAsk::Begin(orders) => match orders.into_iter().try_for_each(|order| self.jobs.begin(order).map(drop)) {
                Ok(()) => Answer::Jobs(self.jobs.lines()),
                Err(error) => Answer::Refused(error.into()),
            },
            RunAsk::Cancel(id) => {
                let _ = self.jobs.cancel(id);
                Answer::Jobs(self.jobs.lines())
            }
            RunAsk::GoOn(left) => {
                // Written down anew by the queue before the old list goes.
                let begun = left.iter().try_for_each(|l| self.jobs.begin(go_on(workspace, &l.order)).map(drop));
                session::forget(&left);
                match begun {
                    Ok(()) => Answer::Jobs(self.jobs.lines()),
                    Err(error) => Answer::Refused(error.into()),
                }
            }
            RunAsk::Forget(left) => {
                session::forget(&left);
                return None;
            }
            RunAsk::LeftOver => Answer::LeftOver(session::left_over(workspace)),
            RunAsk::Standing(episode) => match session::standing(workspace, &episode) {
                Ok(standing) => Answer::Standing(Box::new(standing)),
                Err(error) => Answer::Refused(error.into()),
            },
            RunAsk::Defaults => match session::order_defaults(workspace) {
                Ok(defaults) => Answer::Defaults(Box::new(defaults)),
                Err(error) => Answer::Refused(error.into()),
            },
            RunAsk::Folder(folder) => {
                let entries = session::videos_in(&folder).map_err(Told::from);
                Answer::Folder(folder, entries)
            }
            RunAsk::Video(video) => {
                let text = session::video_text(&video).map_err(Told::from);
                Answer::Video(video, text)
            }
        })
    }

    /// Keeps an episode for reading only, so that a run may write to it.
    fn let_go(&mut self, episode: &EpisodeId) -> Option<Answer> {
        self.open.take_if(|r| r.episode() == episode && *r.access() == Access::Write)?;
        Some(self.reopened(Review::open_to_read(&self.workspace, episode, "a run of it works here")))
    }

    /// Opens an episode for writing again.
    fn take_back(&mut self, episode: &EpisodeId) -> Option<Answer> {
        self.open.take_if(|r| r.episode() == episode)?;
        Some(self.reopened(Review::open(&self.workspace, episode)))
    }

    fn reopened(&mut self, review: Result<Review, SessionError>) -> Answer {
        match review {
            Ok(review) => {
                let review = self.open.insert(review);
                Answer::Reopened {
                    snapshot: review.snapshot(),
                    access: review.access().clone(),
                    thumbs: review.thumbs(),
                    frames: review.frames(),
                }
            }
            Err(error) => Answer::NotOpened(error.into()),
        }
    }
}

fn what_goes(workspace: &Workspace, episode: Option<EpisodeId>) -> Result<Answer, SessionError> {
    let is_all = episode.is_none();
    let episodes = match episode {
        Some(one) => vec![one],
        None => session::episodes(workspace)?.into_iter().map(|l| l.episode).collect(),
    };
    let mut goes = Goes::default();
    for episode in &episodes {
        goes += session::what_goes(workspace, episode)?;
    }
    Ok(Answer::WhatGoes { episodes, is_all, goes })
}

/// Deletes episodes up to the first that cannot be; the one that is open is closed where it is among them, and no other.
fn delete(workspace: &Workspace, open: &mut Option<Review>, asked: Vec<EpisodeId>, blobs: bool) -> Result<Answer, SessionError> {
    open.take_if(|review| asked.contains(review.episode()));
    let mut count = 0;
    let mut fault = None;
    for episode in &asked {
        match session::delete(workspace, episode, blobs) {
            Ok(()) => count += 1,
            Err(error) => {
                fault = Some(error.into());
                break;
            }
        }
    }
    Ok(Answer::Deleted { lines: session::episodes(workspace)?, asked, count, fault })
}

/// Returns an order that takes up what an earlier start began: what is stored of it decides, not what has changed since.
fn go_on(workspace: &Workspace, order: &Order) -> Order {
    let choices = session::standing(workspace, &order.episode).map(|s| s.choices).unwrap_or_default();
    let unfinished = choices.into_iter().map(|c| c.work).find(|w| matches!(w, session::Work::GoOn { .. }));
    match (order.work, unfinished) {
        (session::Work::Measure | session::Work::Anew, Some(work)) => Order { work, ..order.clone() },
        _ => order.clone(),
    }
}

pub(super) fn serve_one(workspace: &Workspace, open: &mut Option<Review>, ask: Ask) -> Option<Answer> {
    match ask {
        Ask::Episodes => return Some(Answer::Episodes(session::episodes(workspace).map_err(Told::from))),
        Ask::Open(episode) => {
            // The lock of the one before goes first: it may be the same.
            *open = None;
            return Some(match Review::open(workspace, &episode) {
                Ok(review) => {
                    let review = open.insert(review);
                    Answer::Opened {
                        snapshot: review.snapshot(),
                        access: review.access().clone(),
                        thumbs: review.thumbs(),
                        frames: review.frames(),
                    }
                }
                Err(error) => Answer::NotOpened(error.into()),
            });
        }
        Ask::Close => {
            *open = None;
            return None;
        }
        Ask::Feature { person, likeness, show } => {
            return Some(people(session::feature(workspace, person, &likeness, show.as_ref()), Deed::Decision));
        }
        Ask::AddPicture { person, file } => {
            let file = session::from_home(&file);
            let kept = session::add_assets(workspace, person, &[file], AssetKind::Portrait, Featuring::None);
            return Some(people(kept.map(|mut kept| kept.pop()), Deed::Decision));
        }
        Ask::FacesOf { person, episode } => {
            let found = session::faces_of(workspace, &episode, person);
            return Some(found.map_or_else(|e| Answer::Refused(e.into()), |faces| Answer::FacesOf { person, episode, faces }));
        }
        Ask::TakeOut(reference) => return Some(people(session::facebank::remove(workspace, &[reference]), Deed::Decision)),
        Ask::Catalog(command) => {
            return Some(match session::decide_catalog(workspace, &command) {
                Err(SessionError::Catalog(why @ (CatalogRefusal::Depends { .. } | CatalogRefusal::Theirs { .. }))) => {
                    Answer::Dependents { command, what: why.to_string() }
                }
                done => people(done, Deed::Decision),
            });
        }
        Ask::UndoPeople(of) => return Some(people(session::undo_catalog(workspace, of), Deed::Undo)),
        // Without an episode the log is that of the people.
        Ask::Log if open.is_none() => {
            let log = session::catalog_log(workspace);
            return Some(
                log.map_or_else(|e| Answer::Refused(e.into()), |log| Answer::Log(log.iter().map(LogEntry::from).collect())),
            );
        }
        Ask::Touches if open.is_none() => {
            return session::catalog_log(workspace).ok().map(|log| Answer::Touches(session::catalog_touches(&log)));
        }
        Ask::Entry(seq) if open.is_none() => {
            let log = session::catalog_log(workspace).ok()?;
            return log.into_iter().find(|o| o.seq == seq).map(|entry| Answer::PeopleEntry(Box::new(entry)));
        }
        Ask::RedoPeople => return Some(people(session::redo_catalog(workspace), Deed::Redo)),
        Ask::Health => {
            let mut checks = Vec::new();
            return Some(match session::doctor(workspace, None, &mut |check| checks.push(check)) {
                Ok(()) => Answer::Health(checks),
                Err(error) => Answer::Refused(error.into()),
            });
        }
        Ask::WhatGoes(episode) => {
            return Some(what_goes(workspace, episode).unwrap_or_else(|error| Answer::Refused(error.into())));
        }
        Ask::Delete { episodes, blobs } => {
            return Some(delete(workspace, open, episodes, blobs).unwrap_or_else(|error| Answer::Refused(error.into())));
        }
        Ask::Run(_) | Ask::Casts => return None,
        Ask::Decide(_)
        | Ask::Undo(_)
        | Ask::Redo
        | Ask::Log
        | Ask::Touches
        | Ask::Entry(_)
        | Ask::Crops { .. }
        | Ask::ShotFaces(_)
        | Ask::Spread
        | Ask::Near(_)
        | Ask::WhatIf
        | Ask::Regroup(_)
        | Ask::Promote(_)
        | Ask::Alike(_)
        | Ask::Compare(_)
        | Ask::Carried
        | Ask::Export { .. }
        | Ask::Refresh => {}
    }
    let review = open.as_mut()?;
    let done = match ask {
        Ask::Decide(command) => review.decide(&command).map(|made| decided(review, made, Deed::Decision)),
        Ask::Undo(of) => match review.undo(of) {
            Err(error @ SessionError::Depends { by: Some((by, _)), .. }) => Ok(Answer::InTheWay { by, told: error.into() }),
            done => done.map(|made| decided(review, made, Deed::Undo)),
        },
        Ask::Redo => review.redo().map(|made| decided(review, made, Deed::Redo)),
        Ask::Log => review.entries().map(Answer::Log),
        Ask::Touches => review.touches().map(Answer::Touches),
        Ask::Entry(seq) => match review.entry(seq) {
            Ok(None) => return None,
            Ok(Some(entry)) => Ok(Answer::Entry(Box::new(entry))),
            Err(error) => Err(error),
        },
        Ask::Crops { track, after, every, limit } => {
            let first = after.is_none();
            review.crops(track, after, every, limit).map(|page| Answer::Crops { track, every, first, page })
        }
        Ask::WhatIf => Ok(match review.what_if() {
            Ok(source) => Answer::WhatIf(Box::new(source)),
            Err(error) => Answer::Tried(Tried::Failed(error.into())),
        }),
        Ask::Regroup(groups) => review.regroup(&groups).map(|made| decided(review, made, Deed::Decision)),
        Ask::Near(to) => review.near(to).map(|found| Answer::Near { to, found }),
        Ask::Promote(from) => facebank::promote_open(workspace, review, &from).map(Answer::Promoted),
        Ask::Alike(from) => Ok(match review.alike(&from) {
            Ok(found) => Answer::Alike { from, found },
            Err(error) => Answer::NotAlike(Box::new(refused(error))),
        }),
        Ask::Carried => review.carried().map(|report| Answer::Carried(Arc::new(report))),
        Ask::Compare(with) => compared(review, with).or_else(|error| Ok(Answer::NotCompared(error.into()))),
        Ask::Export { path, over } => match review.export(&path, over) {
            Err(SessionError::IsThere { .. }) => Ok(Answer::IsThere(path)),
            done => done.map(|path| Answer::Exported(path.display().to_string())),
        },
        Ask::ShotFaces(shot) => match review.shot_faces(shot) {
            Ok(Some(faces)) => Ok(Answer::ShotFaces(Arc::new(faces))),
            Ok(None) => return None,
            Err(error) => Err(error),
        },
        Ask::Spread => review.spread().map(|spread| Answer::Spread(Arc::new(spread))),
        Ask::Refresh => match review.refresh() {
            Ok(true) => Ok(Answer::Changed(review.snapshot())),
            Ok(false) => return None,
            Err(error) => Err(error),
        },
        _ => return None,
    };
    Some(done.unwrap_or_else(refused))
}

fn refused(error: SessionError) -> Answer {
    match error {
        SessionError::Refused(why) => Answer::Against(why),
        error => Answer::Refused(error.into()),
    }
}

fn people(done: Result<Option<CatalogOperation>, SessionError>, what: Deed) -> Answer {
    match done {
        Err(error @ SessionError::Depends { by: Some((by, _)), .. }) => Answer::InTheWay { by, told: error.into() },
        Ok(made) => Answer::PeopleDecided { made: made.map(Box::new), what },
        Err(error) => Answer::AgainstCatalog(Box::new(error)),
    }
}

fn compared(review: &mut Review, with: Option<RunId>) -> Result<Answer, SessionError> {
    let others = review.other_runs()?;
    let with = with.filter(|run| others.contains(run)).or_else(|| others.first().copied());
    let diff = with.map(|run| review.diff(run)).transpose()?.map(Arc::new);
    Ok(Answer::Compared { others, with, diff, carried: Arc::new(review.carried()?) })
}

fn decided(review: &Review, made: Option<Operation>, what: Deed) -> Answer {
    Answer::Decided { snapshot: review.snapshot(), made: made.map(Box::new), what }
}
