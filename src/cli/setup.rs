//! `setup`: installs ONNX Runtime.

use super::args::SetupArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &SetupArgs) -> Result<Ended, SessionError> {
    let say = &mut |step: &str| output::note(step);
    let (name, path) = match &args.gpu {
        Some(choice) => ("the GPU build of ONNX Runtime", session::setup_gpu(workspace, choice, args.from.as_deref(), say)?),
        None => ("ONNX Runtime", session::setup(workspace, args.from.as_deref(), say)?),
    };
    output::print(&format!("{name} is at {}\n", path.display()))?;
    Ok(Ended::Done)
}
