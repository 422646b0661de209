//! `eval-faces`: models on pictures of known people.

use super::args::EvalFacesArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &EvalFacesArgs) -> Result<Ended, SessionError> {
    let report = session::evaluate_faces(workspace, &args.folder)?;
    for note in &report.notes {
        output::note(note);
    }
    let text = if args.json {
        session::pretty(&report)
    } else {
        format!("{}\n\n{}", output::models_text(&report.detector, &report.embedder, None), report.verification)
    };
    output::print(&text)?;
    Ok(Ended::Done)
}
