//! `eval`: an episode against a truth file, or what was heard against RTTM files.

use super::args::EvalArgs;
use super::{Ended, diarise, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &EvalArgs) -> Result<Ended, SessionError> {
    let text = match (&args.truth, args.episode.as_slice()) {
        (Some(truth), [episode]) => {
            let report = session::evaluate(workspace, &episode.parse()?, truth)?;
            if args.json { session::pretty(&report) } else { report.to_string() }
        }
        (Some(_), _) => return Err(SessionError::OneTruth),
        (None, targets) => {
            let heard = args.heard.as_deref();
            let found = diarise::watched(|cancel, progress| {
                session::evaluate_voices(workspace, targets, &args.rttm, heard, cancel, progress)
            })?;
            let Some(report) = found else { return Ok(Ended::Cancelled) };
            if args.json { session::pretty(&report) } else { report.to_string() }
        }
    };
    output::print(&text)?;
    Ok(Ended::Done)
}
