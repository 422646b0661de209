//! `synthetic`: writes a made-up library, to measure the program on.

use super::Ended;
use super::args::SyntheticArgs;
use super::output::{self, counted};
use crate::session::{self, SessionError, SyntheticSize, Workspace};

pub(super) fn run(workspace: &Workspace, args: &SyntheticArgs) -> Result<Ended, SessionError> {
    let workspace = Workspace { library: args.out.clone(), ..workspace.clone() };
    let size = SyntheticSize { episodes: args.episodes, tracks: args.tracks, faces: args.faces };
    session::write_synthetic(&workspace, size, &mut |_, _| {})?;
    output::print(&format!("{}: {}\n", args.out.display(), counted(u64::from(args.episodes.max(1)), "episode")))?;
    Ok(Ended::Done)
}
