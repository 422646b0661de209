//! `log`, `undo`, `redo`: who decided what, and back.

use super::args::{EpisodeArg, LogArgs};
use super::{Ended, output};
use crate::domain::{Author, Operation};
use crate::session::{self, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn log(workspace: &Workspace, args: &LogArgs) -> Result<Ended, SessionError> {
    let operations = session::log(workspace, &args.episode.parse()?)?;
    if args.json {
        output::print(&operations.iter().map(session::line).collect::<String>())?;
        return Ok(Ended::Done);
    }
    let mut out = String::new();
    for Operation { seq, at, author, summary, .. } in &operations {
        let who = match author {
            Author::User { name } => name.clone(),
            Author::Pipeline { run } => format!("run {run}"),
        };
        let _ = writeln!(out, "{seq:>4}  {}  {who:<12}  {summary}", at.strftime("%Y-%m-%d %H:%M:%SZ"));
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

pub(super) fn undo(workspace: &Workspace, args: &EpisodeArg) -> Result<Ended, SessionError> {
    said(session::undo(workspace, &args.episode.parse()?)?, "nothing to undo")
}

pub(super) fn redo(workspace: &Workspace, args: &EpisodeArg) -> Result<Ended, SessionError> {
    said(session::redo(workspace, &args.episode.parse()?)?, "nothing to redo")
}

fn said(operation: Option<Operation>, nothing: &str) -> Result<Ended, SessionError> {
    match operation {
        Some(operation) => output::print(&format!("{} • operation {} in the log\n", operation.summary, operation.seq))?,
        None => output::print(&format!("{nothing}\n"))?,
    }
    Ok(Ended::Done)
}
