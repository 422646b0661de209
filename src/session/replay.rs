//! Replays a file of decisions: what `log --json` writes, or commands written by hand or by another program.

use super::command::Command;
use super::decisions::decide_in;
use super::{SessionError, Workspace, author, files};
use crate::domain::{Author, Draft, EpisodeId, History, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One line of a log as it is exported: the entry, and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    pub episode: EpisodeId,
    #[serde(flatten)]
    pub operation: Operation,
}

/// One line of a file of commands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandLine {
    #[serde(default)]
    episode: Option<EpisodeId>,
    command: Command,
}

/// What a replay did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Entries appended to logs.
    pub done: u64,
    /// Entries that were there already, or change nothing.
    pub there: u64,
    /// Entries of runs, and those that were taken back.
    pub left_out: u64,
}

enum Line {
    Entry(Box<LogLine>),
    Command(EpisodeId, Command),
}

/// Applies the decisions in `file`, in order. Entries of a log that people had not taken back are appended with their own author
/// and time, once: replaying again changes nothing. `episode` is for commands that name none.
///
/// # Errors
/// Fails before anything is applied where a line cannot be read; stops at the first decision that does not fit, with its line,
/// what was applied before staying.
pub fn replay(workspace: &Workspace, file: &Path, episode: Option<&EpisodeId>) -> Result<Replayed, SessionError> {
    let text = files::read_text(file)?;
    let lines = parse(&text, file, episode)?;
    let mut by_episode: BTreeMap<EpisodeId, Vec<&Operation>> = BTreeMap::new();
    for (_, line) in &lines {
        if let Line::Entry(entry) = line {
            by_episode.entry(entry.episode.clone()).or_default().push(&entry.operation);
        }
    }
    let standing: BTreeMap<EpisodeId, History> =
        by_episode.into_iter().map(|(id, operations)| (id, History::of(operations))).collect();
    let library = workspace.open_library()?;
    let mut stores = BTreeMap::new();
    let mut replayed = Replayed::default();
    for (number, line) in &lines {
        let of = match line {
            Line::Entry(entry) => &entry.episode,
            Line::Command(episode, _) => episode,
        };
        if !stores.contains_key(of) {
            stores.insert(of.clone(), workspace.write(&library, of)?);
        }
        let Some(store) = stores.get(of) else { continue };
        let at_line =
            |source: SessionError| SessionError::Replay { path: file.to_owned(), line: *number, source: Box::new(source) };
        match line {
            Line::Command(_, command) => match decide_in(&library, store, command, author()).map_err(at_line)? {
                Some(_) => replayed.done += 1,
                None => replayed.there += 1,
            },
            Line::Entry(entry) => {
                let operation = &entry.operation;
                let stands = standing.get(of).is_some_and(|h| h.can_undo(operation.seq));
                if matches!(operation.author, Author::Pipeline { .. }) || !stands {
                    replayed.left_out += 1;
                } else if store.operations()?.iter().any(|o| same(o, operation)) {
                    replayed.there += 1;
                } else {
                    let Operation { at, author, kind, summary, changes, .. } = operation.clone();
                    for change in &changes {
                        learn(&library, change, &author, at).map_err(at_line)?;
                    }
                    store.append(Draft { author, kind, summary, changes, at }).map_err(|e| at_line(e.into()))?;
                    replayed.done += 1;
                }
            }
        }
    }
    Ok(replayed)
}

fn same(a: &Operation, b: &Operation) -> bool {
    (&a.at, &a.author, &a.kind, &a.changes) == (&b.at, &b.author, &b.kind, &b.changes)
}

/// Refuses a person whose number means somebody else in this library; a library without them learns them.
fn learn(
    library: &crate::store::Library,
    change: &crate::domain::Change,
    author: &Author,
    at: jiff::Timestamp,
) -> Result<(), SessionError> {
    let crate::domain::Change::Identity { edit, .. } = change else { return Ok(()) };
    let Some((name, person)) = edit.to.as_ref().and_then(|i| i.name.as_ref().zip(i.person)) else { return Ok(()) };
    let found = library.catalog().ensure_person(name, author.clone(), at)?;
    let now = library.catalog().roster()?.stands_for(person).map(|p| p.id);
    if found == person || now == Some(found) {
        Ok(())
    } else {
        Err(SessionError::OtherPerson { name: name.clone(), found, due: person })
    }
}

fn parse(text: &str, file: &Path, episode: Option<&EpisodeId>) -> Result<Vec<(usize, Line)>, SessionError> {
    let numbered = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())).filter(|(_, line)| !line.is_empty());
    numbered.map(|(number, line)| Ok((number, parse_line(line, file, number, episode)?))).collect()
}

fn parse_line(line: &str, file: &Path, number: usize, episode: Option<&EpisodeId>) -> Result<Line, SessionError> {
    let path: PathBuf = file.to_owned();
    let broken = |reason: String| SessionError::ReplayLine { path: path.clone(), line: number, reason };
    let value: serde_json::Value = serde_json::from_str(line).map_err(|e| broken(e.to_string()))?;
    if value.get("command").is_some() {
        let parsed: CommandLine = serde_json::from_value(value).map_err(|e| broken(e.to_string()))?;
        let of = parsed.episode.or_else(|| episode.cloned()).ok_or_else(|| broken("it names no episode".into()))?;
        return Ok(Line::Command(of, parsed.command));
    }
    Ok(Line::Entry(Box::new(serde_json::from_value(value).map_err(|e| broken(e.to_string()))?)))
}
