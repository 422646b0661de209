//! `delete`: takes an episode out of the library, after asking.

use super::Ended;
use super::args::DeleteArgs;
use super::output::{self, counted};
use crate::session::{self, SessionError, Workspace};
use std::io::{BufRead, IsTerminal};

pub(super) fn run(workspace: &Workspace, args: &DeleteArgs) -> Result<Ended, SessionError> {
    let episode = args.episode.parse()?;
    let goes = session::what_goes(workspace, &episode)?;
    let counts = format!(
        "{}, {}, {}",
        counted(goes.runs, "run"),
        counted(goes.operations, "log entry").replace("entrys", "entries"),
        goes.size()
    );
    let counts = if args.blobs { format!("{counts}, {} of {}", counted(goes.blobs, "blob"), goes.blob_size()) } else { counts };
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            return Err(SessionError::Unconfirmed { episode });
        }
        eprint!("{episode} goes with {counts}; the video stays. Type the id to delete it: ");
        let mut typed = String::new();
        let read = std::io::stdin().lock().read_line(&mut typed);
        if read.is_err() || typed.trim() != episode.as_str() {
            output::print("nothing is deleted\n")?;
            return Ok(Ended::Done);
        }
    }
    session::delete(workspace, &episode, args.blobs)?;
    output::print(&format!("deleted {episode}: {counts}\n"))?;
    Ok(Ended::Done)
}
