//! `suggest`: clusters against portraits, or their voices against known ones.

use super::args::SuggestArgs;
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, args: &SuggestArgs) -> Result<Ended, SessionError> {
    let episode = args.episode.parse()?;
    let suggestions = match &args.portraits {
        Some(portraits) => session::suggest(workspace, &episode, portraits)?,
        None => session::suggest_by_voice(workspace, &episode)?,
    };
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
        if out.is_empty() {
            let whom = if args.portraits.is_some() { "a portrait" } else { "somebody's known voice" };
            output::note(&format!("no unnamed cluster is like {whom}"));
        }
        output::print(&out)?;
    }
    if args.apply {
        let named = session::apply(workspace, &episode, &suggestions)?;
        output::note(&format!("{} named; the others are not clear", output::counted(named, "cluster")));
    }
    Ok(Ended::Done)
}
