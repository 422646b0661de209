//! `eval`: an episode against a truth file.

use super::args::EvalArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &EvalArgs) -> Result<Ended, SessionError> {
    let report = session::evaluate(workspace, &args.episode.parse()?, &args.truth)?;
    let text = if args.json { session::pretty(&report) } else { report.to_string() };
    output::print(&text)?;
    Ok(Ended::Done)
}
