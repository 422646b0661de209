//! `artifacts`: the interchange layout, out and in.

use super::Ended;
use super::args::ArtifactsArgs;
use super::output::{self, counted};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &ArtifactsArgs) -> Result<Ended, SessionError> {
    let episode = args.episode.parse()?;
    if let Some(dir) = &args.out {
        let written = session::write_artifacts(workspace, &episode, dir)?;
        output::print(&format!("{} of {episode} in {}\n", counted(written, "file"), dir.display()))?;
    }
    if let Some(dir) = &args.from {
        let imported = session::read_artifacts(workspace, &episode, dir)?;
        for note in &imported.notes {
            output::note(note);
        }
        output::print(&format!(
            "{episode} {}: {}, {}, {}, {}\n",
            imported.run,
            counted(imported.shots, "shot"),
            counted(imported.faces, "face"),
            counted(imported.tracks, "track"),
            counted(imported.identities, "cluster"),
        ))?;
    }
    Ok(Ended::Done)
}
