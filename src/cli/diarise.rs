//! `diarise`: who speaks when in any file.

use super::args::DiariseArgs;
use super::output::{self, clock};
use super::{Ended, signals};
use crate::domain::MediaTime;
use crate::session::{self, Cancel, Progress, SessionError, Workspace};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(super) fn run(workspace: &Workspace, args: &DiariseArgs) -> Result<Ended, SessionError> {
    let found = watched(|cancel, progress| session::diarise_file(workspace, &args.file, cancel, progress))?;
    let Some(voices) = found else { return Ok(Ended::Cancelled) };
    for note in &voices.sound.notes {
        output::note(note);
    }
    output::print(&voices.text(args.format))?;
    Ok(Ended::Done)
}

/// Does work that listens, stopped by signals; shows how far it is where standard error is a terminal.
pub(super) fn watched<T>(
    work: impl FnOnce(&Cancel, &Progress) -> Result<Option<T>, SessionError>,
) -> Result<Option<T>, SessionError> {
    let (cancel, progress, over) = (Cancel::default(), Progress::default(), AtomicBool::new(false));
    signals::listen(cancel.clone()).map_err(|source| SessionError::Signals { source })?;
    std::thread::scope(|scope| {
        if io::stderr().is_terminal() {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::thread::park_timeout(Duration::from_millis(125));
                    let view = progress.view();
                    let time = |seconds: u64| clock(MediaTime(i64::try_from(seconds).unwrap_or(0) * 1_000_000));
                    let of = if view.total > 0 { format!(" of {}", time(view.total)) } else { String::new() };
                    let _ = write!(io::stderr().lock(), "\r\x1b[Klistening: {}{of}", time(view.done));
                }
                let _ = write!(io::stderr().lock(), "\r\x1b[K");
            });
        }
        let done = work(&cancel, &progress);
        over.store(true, Ordering::Relaxed);
        done
    })
}
