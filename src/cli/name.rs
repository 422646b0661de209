//! `name`: says who a cluster is.

use super::args::NameArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &NameArgs) -> Result<Ended, SessionError> {
    match session::name(workspace, &args.episode.parse()?, args.cluster.parse()?, &args.person)? {
        Some(operation) => output::print(&format!("{} • operation {} in the log\n", operation.summary, operation.seq))?,
        None => output::print("nothing changes: that is its name already\n")?,
    }
    Ok(Ended::Done)
}
