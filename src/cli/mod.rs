//! The command line: one file per command. Work is done in `session`; here are arguments, words and exit codes.

mod args;
mod artifacts;
mod bar;
mod calibrate;
mod catalog;
mod decisions;
mod delete;
mod demo;
mod diarise;
mod diff;
mod doctor;
mod eval;
mod eval_faces;
mod export;
mod facebank;
mod media;
mod models;
mod output;
mod pages;
mod people;
mod places;
mod propagate;
mod recognise;
mod regroup;
mod run;
mod setup;
mod signals;
mod status;
mod suggest;
mod synthetic;
mod transcribe;
mod workstation;

pub use args::Cli;

use crate::session::{SessionError, Workspace};
use args::Command;
use clap::Parser;
use std::process::ExitCode;

/// Exit code for what was refused or failed.
const FAILED: u8 = 1;
/// Exit code for what was cancelled by a signal.
const CANCELLED: u8 = 130;

/// Says a number of bytes in megabytes, as disks and downloads are measured.
fn size_text(bytes: u64) -> String {
    let mb = bytes as f64 / 1e6;
    if mb >= 10.0 { format!("{mb:.0} MB") } else { format!("{mb:.1} MB") }
}

/// How a command ended, short of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Done,
    /// Done, but what was looked at is not in order.
    Findings,
    Cancelled,
}

/// Reads the command line, runs the command, prints what went wrong and what to do, and returns the exit code.
pub fn main() -> ExitCode {
    panics_speak_plainly();
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Findings) => ExitCode::from(FAILED),
        Ok(Ended::Cancelled) => ExitCode::from(CANCELLED),
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            output::error(&error);
            ExitCode::from(FAILED)
        }
    }
}

/// Tells a fault of the program in one line and logs it whole. Faults inside redb are damage to a file: `store` catches and tells them.
fn panics_speak_plainly() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("{panic}; {}", std::backtrace::Backtrace::force_capture());
        if !place.contains("/redb-") {
            eprintln!("error: a fault of the program: {panic}");
            eprintln!("hint: nothing that was stored is lost; please report this with the log file");
        }
    }));
}

fn dispatch(cli: &Cli) -> Result<Ended, SessionError> {
    if let Some(Command::Completions { shell }) = cli.command {
        return pages::completions(shell);
    }
    if let Some(Command::Man { out }) = &cli.command {
        return pages::man(out.as_deref());
    }
    let (places, flags) = places::read(cli);
    let workspace = Workspace::new(places, flags)?;
    if let Err(error) = crate::logging::start(&workspace.paths.log_file) {
        output::note(&format!("no log is written to {}: {error}", workspace.paths.log_file.display()));
    }
    let Some(command) = &cli.command else { return workstation::run(&workspace, None, cli.image) };
    match command {
        Command::Open(args) => workstation::run(&workspace, Some(args), cli.image),
        Command::Run(args) => run::run(&workspace, args),
        Command::Demo(args) => demo::run(&workspace, args),
        Command::Status(args) => status::run(&workspace, args),
        Command::Diff(args) => diff::run(&workspace, args),
        Command::Person(args) => people::run(&workspace, args),
        Command::Show(args) => catalog::show(&workspace, args),
        Command::Season(args) => catalog::season(&workspace, &args.command),
        Command::Episode(args) => catalog::episode(&workspace, &args.command),
        Command::Cast(args) => catalog::cast(&workspace, &args.command),
        Command::Asset(args) => media::asset(&workspace, &args.command),
        Command::Featured(args) => media::featured(&workspace, &args.command),
        Command::Catalog(args) => catalog::catalog(&workspace, &args.command),
        Command::Facebank(args) => facebank::run(&workspace, args),
        Command::Tracks(args) => decisions::tracks(&workspace, args),
        Command::Turns(args) => decisions::turns(&workspace, args),
        Command::Decide(decision) => decisions::decide(&workspace, decision),
        Command::Log(args) => decisions::log(&workspace, args),
        Command::Group(args) => regroup::group(&workspace, args),
        Command::Undo(args) => decisions::undo(&workspace, args),
        Command::Redo(args) => decisions::redo(&workspace, args),
        Command::Replay(args) => decisions::replay(&workspace, args),
        Command::Recognise(args) => recognise::run(&workspace, args),
        Command::Calibrate(args) => calibrate::run(&workspace, args),
        Command::Suggest(args) => suggest::run(&workspace, args),
        Command::Export(args) => export::run(&workspace, args),
        Command::Transcribe(args) => transcribe::run(&workspace, args),
        Command::Eval(args) => eval::run(&workspace, args),
        Command::Diarise(args) => diarise::run(&workspace, args),
        Command::EvalFaces(args) => eval_faces::run(&workspace, args),
        Command::Artifacts(args) => artifacts::run(&workspace, args),
        Command::Models(args) => models::run(&workspace, args),
        Command::Licences(args) => models::licences(&workspace, args),
        Command::Setup(args) => setup::run(&workspace, args),
        Command::Doctor(args) => doctor::run(&workspace, args),
        Command::Delete(args) => delete::run(&workspace, args),
        Command::Synthetic(args) => synthetic::run(&workspace, args),
        Command::Config => output::print(&workspace.layers.to_toml()).map(|()| Ended::Done),
        Command::Completions { .. } | Command::Man { .. } => Ok(Ended::Done),
    }
}
