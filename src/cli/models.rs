//! `models`: what is known and what is there.

use super::args::ModelsArgs;
use super::{Ended, output};
use crate::session::{self, ModelLine, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, args: &ModelsArgs) -> Result<Ended, SessionError> {
    let list = session::models(workspace)?;
    if args.json {
        output::print(&session::models_json(&list))?;
        return Ok(Ended::Done);
    }
    let mut out = format!("models in {}\n\n", list.dir.display());
    let width = list.models.iter().map(|m| m.id.len()).max().unwrap_or(0);
    let family = list.models.iter().map(|m| m.family.len()).max().unwrap_or(0);
    let task = list.models.iter().map(|m| m.task.to_string().len()).max().unwrap_or(0);
    for model in &list.models {
        let mark = if model.is_default { " (default)" } else { "" };
        let _ = writeln!(
            out,
            "  {}  {:width$}  {:task$}  {:family$}  {}{mark}",
            glyph(model),
            model.id,
            model.task.to_string(),
            model.family,
            model.licence
        );
    }
    for path in &list.unknown {
        let _ = writeln!(out, "  ?  {} is none of these; it can be named by its path", path.display());
    }
    let _ = writeln!(out, "\n  ● usable   ○ not there   – of a kind that this version does not run");
    output::print(&out)?;
    Ok(Ended::Done)
}

fn glyph(model: &ModelLine) -> char {
    match (model.path.is_some(), model.runs) {
        (_, false) => '–',
        (false, true) => '○',
        (true, true) => '●',
    }
}
