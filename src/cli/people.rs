//! `person`: everybody of the library, and decisions on who is who over all its episodes.

use super::Ended;
use super::args::{PersonArgs, PersonCommand as Wanted};
use super::catalog::decided;
use super::output::{self, clock, counted};
use crate::session::{self, CastLine, CatalogCommand, Dependents, PersonLine, SessionError, Wish, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, args: &PersonArgs) -> Result<Ended, SessionError> {
    let find = |who: &String| session::find_person(workspace, who);
    let command = match &args.command {
        None => return list(workspace, args.json),
        Some(Wanted::List(args)) => return list(workspace, args.json),
        Some(Wanted::Voices(args)) => return voices(workspace, args.json),
        Some(Wanted::Add { name, alias, notes }) => {
            CatalogCommand::AddPerson { name: name.clone(), aliases: alias.clone(), notes: notes.clone() }
        }
        Some(Wanted::Edit { person, alias, no_alias, notes }) => CatalogCommand::EditPerson {
            person: find(person)?,
            aliases: alias.clone(),
            not: no_alias.clone(),
            notes: Wish::written(notes.as_deref()),
        },
        Some(Wanted::Rename { person, name }) => CatalogCommand::Rename { person: find(person)?, name: name.clone() },
        Some(Wanted::Merge { people, into }) => {
            CatalogCommand::Merge { people: people.iter().map(find).collect::<Result<_, _>>()?, into: find(into)? }
        }
        Some(Wanted::Delete { person, to, to_nobody }) => {
            let dependents = match to {
                Some(to) => Dependents::To(find(to)?),
                None if *to_nobody => Dependents::Delete,
                None => Dependents::Refuse,
            };
            CatalogCommand::DeletePerson { person: find(person)?, dependents }
        }
    };
    decided(workspace, &command)
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
