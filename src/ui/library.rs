//! Reads the whole library, episode by episode, on a thread of its own: decisions do not wait for it.

use super::update::Msg;
use super::worker::{Answer, Told};
use crate::session::{self, CastLine, Portraits, SessionError, Workspace};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is read within this time is told together.
const GATHER: Duration = Duration::from_millis(60);

/// Where answers go.
pub(crate) type Tell = Arc<dyn Fn(Msg) + Send + Sync>;

/// The reading that goes on, at most one.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    /// Begins to read; one that goes on is stopped first, after the episode that it is at.
    pub(crate) fn begin(&mut self, workspace: &Workspace, tell: &Tell) {
        self.end();
        self.stop = Arc::new(AtomicBool::new(false));
        let (workspace, stop, told) = (workspace.clone(), self.stop.clone(), tell.clone());
        let read = move || {
            if let Err(error) = read(&workspace, &stop, &*told) {
                told(Msg::Answer(Answer::NotRead(error.into())));
            }
        };
        match std::thread::Builder::new().name("library".into()).spawn(read) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => {
                let what = format!("the library cannot be read: {error}");
                tell(Msg::Answer(Answer::NotRead(Told { what, hint: None })));
            }
        }
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads it, until somebody says to stop.
pub(crate) fn read(workspace: &Workspace, stop: &AtomicBool, tell: &dyn Fn(Msg)) -> Result<(), SessionError> {
    tell(Msg::Answer(Answer::Reading {
        roster: session::roster(workspace)?,
        directory: Box::new(session::directory(workspace)?),
        portraits: Portraits::of(workspace)?,
        done: workspace.settings.progress.done_share,
    }));
    let (mut lines, mut since, mut all): (Vec<CastLine>, _, _) = (Vec::new(), Instant::now(), 0);
    session::casts(workspace, &mut |line, of| {
        lines.push(line);
        all = of;
        if since.elapsed() >= GATHER {
            since = Instant::now();
            tell(Msg::Answer(Answer::Casts { lines: std::mem::take(&mut lines), all, is_last: false }));
        }
        !stop.load(Ordering::Relaxed)
    })?;
    if !stop.load(Ordering::Relaxed) {
        tell(Msg::Answer(Answer::Casts { lines, all, is_last: true }));
    }
    Ok(())
}
