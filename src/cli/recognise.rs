//! `recognise`: whom an episode shows, by the faces that the library knows.

use super::args::RecogniseArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, args: &RecogniseArgs) -> Result<Ended, SessionError> {
    let found = session::recognise(workspace, &args.episode.parse()?)?;
    for note in &found.notes {
        output::note(note);
    }
    if let Some(decided) = found.grouped_at {
        output::note(&output::grouped_at(decided));
    }
    if args.json {
        output::print(&session::line(&found))?;
        return Ok(Ended::Done);
    }
    let mut out = String::new();
    for face in &found.known {
        let tracks = output::counted(face.tracks as u64, "track");
        let _ =
            writeln!(out, "  ○  {}  {:>9}  {:.2}  {}  {tracks}", face.identity, output::clock(face.time), face.belief, face.name);
    }
    output::print(&out)?;
    output::note(&match found.asked {
        0 => "nobody's face is known".to_owned(),
        asked => format!("{} of {asked} known by face are proposed; `name` confirms, `not` denies", found.known.len()),
    });
    Ok(Ended::Done)
}
