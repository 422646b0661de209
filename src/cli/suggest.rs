//! `suggest`: clusters against portraits.

use super::args::SuggestArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, args: &SuggestArgs) -> Result<Ended, SessionError> {
    let episode = args.episode.parse()?;
    let suggestions = session::suggest(workspace, &episode, &args.portraits)?;
    for note in &suggestions.notes {
        output::note(note);
    }
    if args.json {
        output::print(&session::suggestions_json(&suggestions))?;
    } else {
        let mut out = String::new();
        for line in &suggestions.clusters {
            let glyph = if line.is_clear { '●' } else { '▲' };
            let second = line.second.as_ref().map(|(name, cosine)| format!("   then {name} {cosine:.2}")).unwrap_or_default();
            let _ = writeln!(
                out,
                "  {glyph}  {}  {:>9}  {} {:.2}{second}",
                line.cluster,
                output::clock(line.time),
                line.nearest,
                line.cosine
            );
        }
        output::print(&out)?;
    }
    if args.apply {
        let named = session::apply(workspace, &episode, &suggestions)?;
        output::note(&format!("{} named; the others are not clear", output::counted(named, "cluster")));
    }
    Ok(Ended::Done)
}
