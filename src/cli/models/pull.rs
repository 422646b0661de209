//! `models pull`: fetches models, and asks for licences.

use super::pull_bar::PullBar;
use crate::cli::args::{ProgressMode, PullArgs};
use crate::cli::output::{self, counted};
use crate::cli::{Ended, size_text};
use crate::session::{self, How, PullReport, PullRequest, SessionError, Terms, Workspace};
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};

pub(super) fn run(workspace: &Workspace, args: &PullArgs) -> Result<Ended, SessionError> {
    let request = PullRequest { wanted: args.wanted.clone(), from: args.from.clone() };
    for name in &args.accept_licence {
        session::accept_named(workspace, name)?;
    }
    for terms in session::terms_due(workspace, &request)? {
        // Without a terminal nobody can read it: fetching refuses below.
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && asks(&terms) {
            session::accept(workspace, &terms, How::Typed)?;
        }
    }
    let mut bar = PullBar::new(args.progress);
    let pulled = session::pull(workspace, &request, &mut |moment| bar.shows(moment));
    bar.finish();
    if args.progress == ProgressMode::Json {
        let last = match &pulled {
            Ok(report) => session::pull_report(report),
            Err(error) => session::pull_error(error),
        };
        output::print(&session::line(&last))?;
    }
    let report = pulled?;
    if args.progress != ProgressMode::Json {
        output::print(&text(&report))?;
    }
    for note in failures(&report, &request) {
        output::note(&note);
    }
    Ok(if report.is_enough { Ended::Done } else { Ended::Findings })
}

/// Shows terms in a terminal and returns whether they were accepted.
fn asks(terms: &Terms) -> bool {
    eprintln!("{}\n{}\n\n{}\n", terms.title, terms.url, terms.text.trim());
    eprint!("Type yes to accept these terms for your use: ");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).is_ok() && typed.trim().eq_ignore_ascii_case("yes")
}

fn text(report: &PullReport) -> String {
    let mut out = String::new();
    let outcome = &report.outcome;
    for model in &outcome.pulled {
        let _ = writeln!(out, "  ●  {}  {}", model.id, size_text(model.bytes));
    }
    for model in &outcome.failed {
        let _ = writeln!(out, "  ✕  {}", model.id);
    }
    let before = counted(outcome.there.len() as u64, "model");
    if outcome.pulled.is_empty() && outcome.failed.is_empty() {
        let _ = writeln!(out, "nothing to fetch: {before} there, in {}", report.dir.display());
    } else {
        if !outcome.there.is_empty() {
            let _ = writeln!(out, "  ●  {before} there before");
        }
        let _ = writeln!(out, "{} fetched into {}", size_text(outcome.fetched), report.dir.display());
    }
    let _ = match (&report.detector, &report.embedder) {
        (Some(detector), Some(embedder)) => {
            writeln!(out, "run finds faces with {detector} and compares them with {embedder}")
        }
        (detector, embedder) => {
            let lacks = [(detector, "detector"), (embedder, "embedder")];
            let lacks: Vec<&str> = lacks.iter().filter(|(model, _)| model.is_none()).map(|(_, word)| *word).collect();
            writeln!(out, "run still lacks: {}", lacks.join(" and "))
        }
    };
    out
}

/// Says of each model that could not be had what was tried, and then what to do.
fn failures(report: &PullReport, request: &PullRequest) -> Vec<String> {
    let failed = &report.outcome.failed;
    let mut notes = Vec::new();
    for model in failed {
        let mut note = format!("{} could not be fetched", model.id);
        if model.reasons.is_empty() {
            let files = model.files.join(", ");
            let _ = write!(note, ": nobody publishes it in this form; bring {files} and name the folder with --from");
        }
        for reason in &model.reasons {
            let _ = write!(note, "\n  {reason}");
        }
        notes.push(note);
    }
    if failed.iter().any(|m| m.is_of_the_disk) {
        let dir = report.dir.display();
        notes.push(format!("hint: make room in {dir} or check its permissions, and run this again: what has arrived is kept"));
    }
    let mut commands: Vec<&str> = failed.iter().flat_map(|m| m.commands.iter().map(String::as_str)).collect();
    commands.sort_unstable();
    commands.dedup();
    if !commands.is_empty() {
        let wanted = [&[String::new()], request.wanted.as_slice()].concat().join(" ");
        notes.push(format!(
            "hint: on a machine that reaches them, fill a folder with\n  {}\nand bring it here: screenalytics models pull{wanted} --from FOLDER",
            commands.join("\n  ")
        ));
    }
    notes
}
