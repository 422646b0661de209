//! `licences`: what may be done with each model, and who accepted what.

use crate::cli::{Ended, output};
use crate::session::{self, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let list = session::licences(workspace)?;
    if json {
        output::print(&session::licences_json(&list))?;
        return Ok(Ended::Done);
    }
    let mut out = String::from("commercial use, as far as the publishers say\n\n");
    let id = list.models.iter().map(|m| m.id.len()).max().unwrap_or(0);
    for model in &list.models {
        let glyph = if model.is_installed { '●' } else { '○' };
        let _ = writeln!(out, "  {glyph}  {:id$}  {:7}  {}", model.id, commercial_text(model.commercial), model.licence);
        let _ = writeln!(out, "     {:id$}  {:7}  from {}", "", "", model.origin);
        if let Some(caveats) = &model.caveats {
            let _ = writeln!(out, "     {:id$}  {:7}  {caveats}", "", "");
        }
    }
    out.push_str("\n  ● there   ○ not there\n");
    for line in &list.terms {
        let _ = writeln!(out, "\n{}: {}\n{}\n", line.terms.id, line.terms.title, line.terms.url);
        for words in line.terms.text.lines() {
            let _ = writeln!(out, "{}", format!("    {words}").trim_end());
        }
        let _ = match &line.accepted {
            Some(a) => writeln!(out, "\naccepted by {} on {}", a.by, a.at.strftime("%Y-%m-%d %H:%M UTC")),
            None => writeln!(out, "\nnot accepted yet; screenalytics models pull asks where it matters"),
        };
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

fn commercial_text(commercial: Option<bool>) -> &'static str {
    match commercial {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}
