//! `models list`: what is known and what is there.

use crate::cli::size_text;
use crate::cli::{Ended, output};
use crate::session::{self, ModelLine, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let list = session::models(workspace)?;
    if json {
        output::print(&session::models_json(&list))?;
        return Ok(Ended::Done);
    }
    let mut out = format!("models in {}\n\n", list.dir.display());
    let widest = |cell: fn(&ModelLine) -> String| list.models.iter().map(|m| cell(m).chars().count()).max().unwrap_or(0);
    let (id, task, family) = (widest(|m| m.id.clone()), widest(|m| m.task.to_string()), widest(|m| m.family.clone()));
    let (group, size) = (widest(sets), widest(|m| size_text(m.bytes)));
    for model in &list.models {
        let mark = if model.is_default { " (default)" } else { "" };
        let _ = writeln!(
            out,
            "  {}  {:id$}  {:task$}  {:family$}  {:group$}  {:>size$}  {}{mark}",
            glyph(model),
            model.id,
            model.task.to_string(),
            model.family,
            sets(model),
            size_text(model.bytes),
            model.licence
        );
        if !model.missing.is_empty() {
            let _ = writeln!(out, "     not whole; missing: {}", model.missing.join(", "));
        }
    }
    for path in &list.unknown {
        let _ = writeln!(out, "  ?  {} is none of these; it can be named by its path", path.display());
    }
    let _ = writeln!(
        out,
        "\n  ● usable   ◐ not whole   ○ not there   – of a kind that this version does not run   * brought by hand"
    );
    if !list.models.iter().any(|m| m.path.is_some() && m.runs) {
        let _ = writeln!(out, "  screenalytics models pull fetches the starter set");
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

/// The sets of a model, and a mark where no command fetches it.
fn sets(model: &ModelLine) -> String {
    let names: Vec<String> = model.sets.iter().map(ToString::to_string).collect();
    format!("{}{}", names.join(","), if model.can_be_pulled { "" } else { "*" })
}

fn glyph(model: &ModelLine) -> char {
    match (model.path.is_some(), model.runs, model.missing.is_empty()) {
        (_, false, _) => '–',
        (false, true, false) => '◐',
        (false, true, true) => '○',
        (true, true, _) => '●',
    }
}
