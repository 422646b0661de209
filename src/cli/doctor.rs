//! `doctor`: checks the machine and the library.

use super::args::DoctorArgs;
use super::{Ended, output};
use crate::session::{self, Outcome, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &DoctorArgs) -> Result<Ended, SessionError> {
    let episode = args.episode.as_deref().map(str::parse).transpose()?;
    let mut failed = 0;
    let mut lines = Vec::new();
    session::doctor(workspace, episode.as_ref(), &mut |check| {
        let (glyph, text, hint) = match check.outcome {
            Outcome::Good(what) => ('●', what, None),
            Outcome::Doubtful { what, hint } => ('▲', what, Some(hint)),
            Outcome::Bad { what, hint } => {
                failed += 1;
                ('✕', what, hint)
            }
        };
        let hint = hint.map(|h| format!("\n       {h}")).unwrap_or_default();
        lines.push(format!("  {glyph}  {}: {text}{hint}\n", check.what));
    })?;
    output::print(&lines.concat())?;
    Ok(if failed == 0 { Ended::Done } else { Ended::Findings })
}
