//! `people`: everybody of the library, and decisions on who is who over all its episodes.

use super::Ended;
use super::args::{PeopleArgs, PeopleCommand as Wanted};
use super::output::{self, clock, counted};
use crate::domain::{Author, CatalogOperation};
use crate::session::{self, CastLine, PeopleCommand, PersonLine, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, args: &PeopleArgs) -> Result<Ended, SessionError> {
    let find = |who: &String| session::find_person(workspace, who);
    match &args.command {
        None => list(workspace, args.json),
        Some(Wanted::Rename { person, name }) => {
            let command = PeopleCommand::Rename { person: find(person)?, name: name.clone() };
            said(session::decide_people(workspace, &command)?, "nothing changes: it is so already")
        }
        Some(Wanted::Merge { people, into }) => {
            let people = people.iter().map(find).collect::<Result<_, _>>()?;
            let command = PeopleCommand::Merge { people, into: find(into)? };
            said(session::decide_people(workspace, &command)?, "nothing changes: it is so already")
        }
        Some(Wanted::Undo { operation }) => said(session::undo_catalog(workspace, *operation)?, "nothing to undo"),
        Some(Wanted::Redo) => said(session::redo_catalog(workspace)?, "nothing to redo"),
        Some(Wanted::Log) => log(workspace),
        Some(Wanted::Voices { json }) => voices(workspace, *json),
    }
}

fn said(done: Option<CatalogOperation>, nothing: &str) -> Result<Ended, SessionError> {
    match done {
        Some(operation) => output::print(&format!("{} • operation {} of the catalog\n", operation.summary, operation.seq))?,
        None => output::print(&format!("{nothing}\n"))?,
    }
    Ok(Ended::Done)
}

fn list(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let mut casts: Vec<CastLine> = Vec::new();
    session::casts(workspace, &mut |line, _| {
        casts.push(line);
        true
    })?;
    let people = session::people(&session::roster(workspace)?, &casts);
    if json {
        output::print(&session::people_json(&people))?;
        return Ok(Ended::Done);
    }
    if people.is_empty() {
        output::print("nobody has a name yet\n")?;
        return Ok(Ended::Done);
    }
    let width = people.iter().map(|p| p.name.chars().count()).max().unwrap_or(0);
    let out = people.iter().fold(String::new(), |mut out, person| {
        let _ = writeln!(out, "{}", line(person, width));
        out
    });
    output::print(&out)?;
    for cast in casts {
        if let session::CastState::Broken { reason } = cast.state {
            output::note(&format!("{} is left out: {reason}", cast.entry.id));
        }
    }
    Ok(Ended::Done)
}

fn line(person: &PersonLine, width: usize) -> String {
    let id = person.id.map(|id| id.to_string()).unwrap_or_default();
    let also = if person.aliases.is_empty() { String::new() } else { format!("  also: {}", person.aliases.join(", ")) };
    let seen = match person.last() {
        Some(last) => format!(
            "{:>10}  in {}, last {}",
            clock(person.visual_time),
            counted(person.episodes.len() as u64, "episode"),
            last.episode
        ),
        None => format!("{:>10}  in no episode", ""),
    };
    format!("{id:6}  {:width$}  {seen}{also}", person.name)
}

fn log(workspace: &Workspace) -> Result<Ended, SessionError> {
    let mut out = String::new();
    for operation in session::catalog_log(workspace)? {
        let who = match &operation.author {
            Author::User { name, .. } => name.clone(),
            Author::Pipeline { run } => format!("run {run}"),
        };
        let at = operation.at.strftime("%Y-%m-%d %H:%M:%SZ");
        let _ = writeln!(out, "{:>4}  {at}  {who:<12}  {}", operation.seq, operation.summary);
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

fn voices(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let prints = session::voice_prints(workspace)?;
    if json {
        output::print(&session::voice_prints_json(&prints))?;
        return Ok(Ended::Done);
    }
    if prints.is_empty() {
        output::print("nobody's voice is known yet; `screenalytics voice` says in an episode whose voice it is\n")?;
        return Ok(Ended::Done);
    }
    let width = prints.iter().map(|p| p.name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for print in &prints {
        let doubt = match &print.doubt {
            Some((like, cosine)) => format!("  ▲ not used: more like {like} ({cosine:.2}); look whose voice it is there"),
            None => String::new(),
        };
        let _ = writeln!(out, "{:width$}  {:>9}  {}{doubt}", print.name, clock(print.speech), print.episode);
    }
    output::print(&out)?;
    Ok(Ended::Done)
}
