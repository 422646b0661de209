//! `setup`: installs ONNX Runtime.

use super::args::SetupArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &SetupArgs) -> Result<Ended, SessionError> {
    let path = session::setup(workspace, args.from.as_deref(), &mut |step| output::note(step))?;
    output::print(&format!("ONNX Runtime is at {}\n", path.display()))?;
    Ok(Ended::Done)
}
