//! `models`: what is known and what is there, fetching, checking, licences.

mod licences;
mod list;
mod pull;
mod pull_bar;

use super::args::{ListModelsArgs, ModelsArgs, ModelsCommand};
use super::output::{self, counted};
use super::{Ended, size_text};
use crate::session::{self, Condition, SessionError, Workspace};
use std::fmt::Write as _;

/// `licences`, which `models licences` is too.
pub(super) fn licences(workspace: &Workspace, args: &ListModelsArgs) -> Result<Ended, SessionError> {
    licences::run(workspace, args.json)
}

pub(super) fn run(workspace: &Workspace, args: &ModelsArgs) -> Result<Ended, SessionError> {
    match &args.command {
        None => list::run(workspace, args.json),
        Some(ModelsCommand::List(list)) => list::run(workspace, list.json),
        Some(ModelsCommand::Pull(pull)) => pull::run(workspace, pull),
        Some(ModelsCommand::Verify(list)) => verify(workspace, list.json),
        Some(ModelsCommand::Licences(list)) => licences::run(workspace, list.json),
        Some(ModelsCommand::Remove(remove)) => {
            let removed = session::remove_models(workspace, &remove.wanted)?;
            let mut out = String::new();
            for model in &removed {
                let files = counted(model.files.len() as u64, "file");
                let _ = writeln!(out, "removed {}: {files}, {}", model.id, size_text(model.bytes));
            }
            if removed.is_empty() {
                out.push_str("none of them is there\n");
            }
            output::print(&out)?;
            Ok(Ended::Done)
        }
    }
}

fn verify(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let verdicts = session::verify_models(workspace)?;
    let is_bad = |c: &Condition| matches!(c, Condition::Wrong { .. } | Condition::Incomplete { .. });
    let ended = if verdicts.iter().any(|v| is_bad(&v.condition)) { Ended::Findings } else { Ended::Done };
    if json {
        output::print(&session::verdicts_json(&workspace.models, &verdicts))?;
        return Ok(ended);
    }
    let mut out = format!("models in {}\n\n", workspace.models.display());
    for verdict in &verdicts {
        let (glyph, says) = match &verdict.condition {
            Condition::Good => ('●', "as published".to_owned()),
            Condition::Incomplete { missing } => {
                ('✕', format!("not whole; missing: {}\n       screenalytics models pull {}", missing.join(", "), verdict.what))
            }
            Condition::Wrong { reason } => {
                ('✕', format!("{}: {reason}\n       screenalytics models pull {}", verdict.path.display(), verdict.what))
            }
            Condition::Unknown => ('?', "not a known model; it can be named by its path".to_owned()),
            Condition::Unfinished { bytes } => {
                ('▲', format!("a download that broke off, {}; pulling goes on with it", size_text(*bytes)))
            }
        };
        let _ = writeln!(out, "  {glyph}  {}: {says}", verdict.what);
    }
    if verdicts.is_empty() {
        out.push_str("  none; screenalytics models pull fetches the starter set\n");
    }
    output::print(&out)?;
    Ok(ended)
}
