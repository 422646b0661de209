//! Completions and man pages, made from the same description as `--help`.

use super::{Cli, Ended, output};
use crate::session::{SessionError, write_whole};
use clap::CommandFactory;
use std::path::Path;

/// Prints the completions of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Ended, SessionError> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "screenalytics", &mut bytes);
    output::print_to(None, &bytes)?;
    Ok(Ended::Done)
}

/// Prints the man page, or writes it and one for each command into `folder`.
pub(super) fn man(folder: Option<&Path>) -> Result<Ended, SessionError> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = folder else {
        output::print_to(None, &page(command)?)?;
        return Ok(Ended::Done);
    };
    std::fs::create_dir_all(folder).map_err(|source| SessionError::Write { path: folder.to_owned(), source })?;
    pages(&command, "screenalytics", folder)?;
    Ok(Ended::Done)
}

/// Writes the page of a command and those of its own commands.
fn pages(command: &clap::Command, name: &str, folder: &Path) -> Result<(), SessionError> {
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help" && !c.is_hide_set()) {
        pages(sub, &format!("{name}-{}", sub.get_name()), folder)?;
    }
    write_whole(&folder.join(format!("{name}.1")), &page(command.clone().name(name.to_owned()))?)
}

fn page(command: clap::Command) -> Result<Vec<u8>, SessionError> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut bytes)
        .map_err(|source| SessionError::Write { path: "man page".into(), source })?;
    Ok(bytes)
}
