//! `calibrate`: how far recognition can be trusted, and the settings that say so.

use super::args::CalibrateArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &CalibrateArgs) -> Result<Ended, SessionError> {
    let found = session::calibrate(workspace, &args.folder, &args.leave_out)?;
    for note in &found.notes {
        output::note(note);
    }
    if args.json {
        output::print(&session::line(&found))?;
        return Ok(Ended::Done);
    }
    output::print(&format!(
        "detector {}\nembedder {}\n{}\n# for config.toml, in the cosines of [cosines], whatever the embedder\n{}",
        found.detector.id,
        found.embedder.id,
        found.calibration,
        found.calibration.to_toml()
    ))?;
    Ok(Ended::Done)
}
