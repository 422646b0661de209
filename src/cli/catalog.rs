//! Shows, seasons, casts, pictures of people, and the log of what is decided about them.

use super::Ended;
use super::args::{
    CastCommand, CatalogCommand as LogCommand, CatalogFileFormat, EpisodeCommand, SeasonCommand, ShowArgs, ShowCommand,
};
use super::output::{self, counted};
use crate::domain::{Author, CatalogOperation, Directory, PersonId, Slug};
use crate::session::{
    self, CatalogCommand, CatalogFormat, CatalogImport, Dependents, EpisodeEdit, SessionError, Wish, Workspace,
};
use std::fmt::Write as _;
use std::path::Path;

/// Decides, and says what was decided.
pub(super) fn decided(workspace: &Workspace, command: &CatalogCommand) -> Result<Ended, SessionError> {
    said(session::decide_catalog(workspace, command)?, "nothing changes: it is so already")
}

pub(super) fn said(done: Option<CatalogOperation>, nothing: &str) -> Result<Ended, SessionError> {
    match done {
        Some(operation) => output::print(&format!("{} • operation {} of the catalog\n", operation.summary, operation.seq))?,
        None => output::print(&format!("{nothing}\n"))?,
    }
    Ok(Ended::Done)
}

pub(super) fn dependents<T: Clone>(with: bool, to: Option<&T>) -> Dependents<T> {
    match to {
        Some(to) => Dependents::To(to.clone()),
        None if with => Dependents::Delete,
        None => Dependents::Refuse,
    }
}

fn set<T>(value: Option<T>) -> Wish<T> {
    value.map_or(Wish::Keep, Wish::Set)
}

pub(super) fn show(workspace: &Workspace, args: &ShowArgs) -> Result<Ended, SessionError> {
    let command = match &args.command {
        None => return shows(workspace, args.json),
        Some(ShowCommand::List(list)) => return shows(workspace, list.json),
        Some(ShowCommand::Add { show, title, notes }) => {
            CatalogCommand::AddShow { slug: show.clone(), title: title.clone(), notes: notes.clone() }
        }
        Some(ShowCommand::Edit { show, title, notes }) => CatalogCommand::EditShow {
            slug: show.clone(),
            title: Wish::written(title.as_deref()),
            notes: Wish::written(notes.as_deref()),
        },
        Some(ShowCommand::Delete { show, with_dependents, to }) => {
            CatalogCommand::DeleteShow { slug: show.clone(), dependents: dependents(*with_dependents, to.as_ref()) }
        }
    };
    decided(workspace, &command)
}

fn shows(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let shows = session::catalog_shows(workspace)?;
    if json {
        output::print(&session::pretty(&shows))?;
        return Ok(Ended::Done);
    }
    if shows.is_empty() {
        output::print("there is no show yet; `screenalytics show add SHOW --title TEXT` adds one\n")?;
        return Ok(Ended::Done);
    }
    let wide = shows.iter().map(|s| s.show.as_str().len()).max().unwrap_or(0);
    let mut out = String::new();
    for show in &shows {
        let seasons = counted(show.seasons.len() as u64, "season");
        let episodes = counted(show.episodes.len() as u64, "episode");
        let title = show.title.as_ref().map(|t| format!("  {t}")).unwrap_or_default();
        let _ = writeln!(out, "{:wide$}  {seasons:>10}  {episodes:>12}  {:>3} in the cast{title}", show.show, show.cast);
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

pub(super) fn season(workspace: &Workspace, command: &SeasonCommand) -> Result<Ended, SessionError> {
    let command = match command {
        SeasonCommand::List { show, json } => return seasons(workspace, show, *json),
        SeasonCommand::Add { show, number, title, year } => {
            CatalogCommand::AddSeason { show: show.clone(), number: *number, title: title.clone(), year: *year }
        }
        SeasonCommand::Edit { show, number, title, year, no_year } => CatalogCommand::EditSeason {
            show: show.clone(),
            number: *number,
            title: Wish::written(title.as_deref()),
            year: if *no_year { Wish::Clear } else { set(*year) },
        },
        SeasonCommand::Delete { show, number, with_dependents, to } => CatalogCommand::DeleteSeason {
            show: show.clone(),
            number: *number,
            dependents: dependents(*with_dependents, to.as_ref()),
        },
    };
    decided(workspace, &command)
}

fn seasons(workspace: &Workspace, show: &Slug, json: bool) -> Result<Ended, SessionError> {
    let line = session::catalog_show(workspace, show)?;
    if json {
        output::print(&session::pretty(&line.seasons))?;
        return Ok(Ended::Done);
    }
    let mut out = String::new();
    for season in &line.seasons {
        let year = season.year.map(|y| y.to_string()).unwrap_or_default();
        let episodes = counted(season.episodes.len() as u64, "episode");
        let title = season.title.as_ref().map(|t| format!("  {t}")).unwrap_or_default();
        let _ = writeln!(out, "{:>4}  {year:>4}  {episodes:>12}{title}", season.number);
    }
    if out.is_empty() {
        let _ = writeln!(out, "{show} has no season yet");
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

pub(super) fn episode(workspace: &Workspace, command: &EpisodeCommand) -> Result<Ended, SessionError> {
    let EpisodeCommand::Edit(args) = command;
    let mut edit = EpisodeEdit {
        title: Wish::written(args.title.as_deref()),
        air_date: if args.no_air_date { Wish::Clear } else { set(args.air_date) },
        show: set(args.show.clone()),
        season: set(args.season),
        episode: set(args.number),
    };
    if args.no_show {
        edit.show = Wish::Clear;
    }
    if args.no_show || args.no_season {
        edit.season = Wish::Clear;
    }
    if args.no_show || args.no_season || args.no_number {
        edit.episode = Wish::Clear;
    }
    decided(workspace, &CatalogCommand::EditEpisode { episode: args.episode.parse()?, edit })
}

pub(super) fn cast(workspace: &Workspace, command: &CastCommand) -> Result<Ended, SessionError> {
    let find = |who: &String| session::find_person(workspace, who);
    let command = match command {
        CastCommand::List { show, json } => return members(workspace, show, *json),
        CastCommand::Add { show, person, role, seasons } => {
            let (people, role, seasons) = (vec![find(person)?], role.clone(), seasons.clone());
            CatalogCommand::AddMember { show: show.clone(), people, role, seasons }
        }
        CastCommand::Edit { show, person, role, seasons, all_seasons } => CatalogCommand::EditMember {
            show: show.clone(),
            person: find(person)?,
            role: Wish::written(role.as_deref()),
            seasons: match (all_seasons, seasons.is_empty()) {
                (true, _) => Wish::Clear,
                (false, true) => Wish::Keep,
                (false, false) => Wish::Set(seasons.clone()),
            },
        },
        CastCommand::Remove { show, person } => CatalogCommand::RemoveMember { show: show.clone(), people: vec![find(person)?] },
    };
    decided(workspace, &command)
}

fn members(workspace: &Workspace, show: &Slug, json: bool) -> Result<Ended, SessionError> {
    session::catalog_show(workspace, show)?;
    let directory = session::directory(workspace)?;
    let mut parts: Vec<_> = directory.memberships.values().filter(|m| m.show == *show).collect();
    parts.sort_by_key(|m| (name_of(&directory, m.person), m.person));
    if json {
        let lines = parts.iter().map(|m| {
            let name = name_of(&directory, m.person);
            serde_json::json!({"person": m.person.to_string(), "name": name, "role": m.role, "seasons": m.seasons})
        });
        output::print(&session::pretty(&lines.collect::<Vec<_>>()))?;
        return Ok(Ended::Done);
    }
    let wide = parts.iter().map(|m| name_of(&directory, m.person).chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for part in parts {
        let seasons: Vec<String> = part.seasons.iter().map(ToString::to_string).collect();
        let seasons = if seasons.is_empty() { "all seasons".to_owned() } else { format!("seasons {}", seasons.join(", ")) };
        let role = part.role.as_ref().map(|r| format!("  {r}")).unwrap_or_default();
        let _ = writeln!(out, "{}  {:wide$}  {seasons}{role}", part.person, name_of(&directory, part.person));
    }
    if out.is_empty() {
        let _ = writeln!(out, "nobody is in the cast of {show} yet");
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

pub(super) fn name_of(directory: &Directory, person: PersonId) -> &str {
    directory.people.get(&person).map_or("", |p| p.name.as_str())
}

pub(super) fn catalog(workspace: &Workspace, command: &LogCommand) -> Result<Ended, SessionError> {
    match command {
        LogCommand::Log(args) => log(workspace, args.json),
        LogCommand::Undo { operation } => said(session::undo_catalog(workspace, *operation)?, "nothing to undo"),
        LogCommand::Redo => said(session::redo_catalog(workspace)?, "nothing to redo"),
        LogCommand::Export { out, format } => {
            let format = match format {
                CatalogFileFormat::Json => CatalogFormat::Json,
                CatalogFileFormat::Csv => CatalogFormat::Csv,
            };
            let files = session::export_catalog(workspace, out, format)?;
            let lines = files.iter().map(|f| format!("{}\n", f.display()));
            output::print(&lines.collect::<String>())?;
            Ok(Ended::Done)
        }
        LogCommand::Import { path, dry_run } => import(workspace, path, *dry_run),
    }
}

fn import(workspace: &Workspace, path: &Path, is_dry: bool) -> Result<Ended, SessionError> {
    let CatalogImport { lines, same, done } = session::import_catalog(workspace, path, is_dry)?;
    if is_dry {
        let mut out = lines.iter().fold(String::new(), |out, line| format!("{out}{line}\n"));
        let changes = counted(lines.len() as u64, "row");
        let _ = writeln!(out, "{changes} would change, {same} would stay as they are; nothing was imported");
        output::print(&out)?;
        return Ok(Ended::Done);
    }
    said(done, "nothing changes: it is so already")
}

fn log(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let mut out = String::new();
    if json {
        for operation in session::catalog_log(workspace)? {
            let _ = writeln!(out, "{}", serde_json::json!(operation));
        }
        output::print(&out)?;
        return Ok(Ended::Done);
    }
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
