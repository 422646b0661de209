//! `facebank`: the faces that people are known by.

use super::Ended;
use super::args::{FacebankAddArgs, FacebankArgs, FacebankCommand, FacebankListArgs, PromoteArgs};
use super::output::{self, counted};
use crate::domain::{CropKey, IdError, TrackId};
use crate::session::facebank::{self, Enrolment, FaceOutcome, PromoteFrom, ReferenceLine, TakeLargest, Verdict, portraits_of};
use crate::session::{self, SessionError, Workspace};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};
use std::path::Path;

pub(super) fn run(workspace: &Workspace, args: &FacebankArgs) -> Result<Ended, SessionError> {
    match &args.command {
        FacebankCommand::Add(args) => add(workspace, args),
        FacebankCommand::Promote(args) => promote(workspace, args),
        FacebankCommand::List(args) => list(workspace, args),
        FacebankCommand::Show { person, json } => show(workspace, person, *json),
        FacebankCommand::Remove { references, person } => remove(workspace, references, person.as_deref()),
        FacebankCommand::Check { json } => check(workspace, *json),
        FacebankCommand::Rebuild => rebuild(workspace),
    }
}

/// What became of one person's pictures.
#[derive(Serialize)]
struct Added {
    name: String,
    faces: Vec<FaceOutcome>,
    operation: Option<u64>,
}

fn add(workspace: &Workspace, args: &FacebankAddArgs) -> Result<Ended, SessionError> {
    let people = match (&args.from, &args.name) {
        (Some(folder), _) => portraits_of(folder)?,
        (None, Some(name)) => vec![(name.clone(), args.pictures.clone())],
        (None, None) => Vec::new(),
    };
    let largest = if args.largest { TakeLargest::Always } else { TakeLargest::WhenClear };
    let mut all = Vec::new();
    for (name, paths) in people {
        let wanted = Enrolment { name: name.clone(), paths, largest };
        let mut faces = Vec::new();
        let mut allow = |path: &Path, reason: &str| args.anyway || ask(&format!("{}: {reason}", path.display()), args.json);
        let operation = facebank::enrol(workspace, &wanted, &mut allow, &mut |outcome| {
            if !args.json {
                // Written at once: many pictures take a while.
                let _ = output::print(&outcome_line(&outcome));
            }
            faces.push(outcome);
        })?;
        if !args.json {
            output::print(&format!("{}\n", added_line(&name, &faces, operation)))?;
        }
        all.push(Added { name, faces, operation });
    }
    if args.json {
        output::print(&session::pretty(&all))?;
    }
    Ok(ended(all.iter().flat_map(|a| &a.faces)))
}

/// Nothing taken, and something that cannot serve, is a finding.
fn ended<'a>(faces: impl Iterator<Item = &'a FaceOutcome>) -> Ended {
    let (mut serves, mut fails) = (false, false);
    for face in faces {
        match face.verdict {
            Verdict::Taken { .. } | Verdict::Known { .. } => serves = true,
            Verdict::Refused { .. } | Verdict::Doubted { .. } => fails = true,
        }
    }
    if fails && !serves { Ended::Findings } else { Ended::Done }
}

fn added_line(name: &str, faces: &[FaceOutcome], operation: Option<u64>) -> String {
    let taken = faces.iter().filter(|f| matches!(f.verdict, Verdict::Taken { .. })).count();
    let known = faces.iter().filter(|f| matches!(f.verdict, Verdict::Known { .. })).count();
    let not = faces.len() - taken - known;
    let mut line = format!("{name}: {} added", counted(taken as u64, "face"));
    if known > 0 {
        let _ = write!(line, ", {known} there already");
    }
    if not > 0 {
        let _ = write!(line, ", {not} left out");
    }
    if let Some(operation) = operation {
        let _ = write!(line, " • operation {operation} of the catalog");
    }
    line
}

fn outcome_line(outcome: &FaceOutcome) -> String {
    let from = &outcome.from;
    match &outcome.verdict {
        Verdict::Taken { reference, quality, note: None } => format!("{reference}  {from}  quality {quality:.2}\n"),
        Verdict::Taken { reference, quality, note: Some(note) } => {
            format!("{reference}  {from}  quality {quality:.2}; {note}\n")
        }
        Verdict::Known { reference } => format!("{from}: there already, as {reference}\n"),
        Verdict::Refused { reason, hint: Some(hint) } => format!("{from}: left out: {reason}; {hint}\n"),
        Verdict::Refused { reason, hint: None } => format!("{from}: left out: {reason}\n"),
        Verdict::Doubted { reason } => format!("{from}: left out: {reason}; take it with --anyway where it is right\n"),
    }
}

/// Asks about a doubted face; nobody answers where nobody sits at the terminal.
fn ask(question: &str, quiet: bool) -> bool {
    if quiet || !std::io::stdin().is_terminal() {
        return false;
    }
    eprint!("{question}\nTake it all the same? [y/N] ");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).is_ok() && matches!(typed.trim().to_lowercase().as_str(), "y" | "yes")
}

fn promote(workspace: &Workspace, args: &PromoteArgs) -> Result<Ended, SessionError> {
    let from = if let Some(identity) = &args.identity {
        PromoteFrom::Identity(identity.parse()?)
    } else if args.crop.is_empty() {
        PromoteFrom::Tracks(args.track.iter().map(|t| t.parse()).collect::<Result<_, _>>()?)
    } else {
        PromoteFrom::Crops(args.crop.iter().map(|c| crop(c)).collect::<Result<_, _>>()?)
    };
    let mut allow = |reason: &str| args.anyway || ask(reason, args.json);
    let promoted = facebank::promote(workspace, &args.episode.parse()?, &from, args.name.as_deref(), &mut allow)?;
    if args.json {
        output::print(&session::pretty(&promoted))?;
    } else {
        for one in &promoted {
            let lines: String = one.faces.iter().map(outcome_line).collect();
            let operation = one.operation.map(|o| format!(" • operation {o} of the catalog")).unwrap_or_default();
            output::print(&format!("{lines}{}{operation}\n", one.text()))?;
        }
    }
    Ok(ended(promoted.iter().flat_map(|p| &p.faces)))
}

/// Reads `t12:480`.
fn crop(text: &str) -> Result<CropKey, IdError> {
    let wrong = || IdError::Number { found: text.to_owned(), expected: "a track and a picture such as t12:480" };
    let (track, frame) = text.split_once(':').ok_or_else(wrong)?;
    let track: TrackId = track.parse().map_err(|_| wrong())?;
    Ok(CropKey { track, frame: frame.parse().map_err(|_| wrong())? })
}

fn list(workspace: &Workspace, args: &FacebankListArgs) -> Result<Ended, SessionError> {
    let person = args.person.as_ref().map(|who| session::find_person(workspace, who)).transpose()?;
    let lines = facebank::list(workspace, person)?;
    if args.json {
        output::print(&session::pretty(&lines))?;
        return Ok(Ended::Done);
    }
    if lines.is_empty() {
        output::print("the facebank knows nobody yet; `screenalytics facebank add NAME PICTURES` adds faces\n")?;
        return Ok(Ended::Done);
    }
    let width = lines.iter().map(|l| l.name.chars().count()).max().unwrap_or(0);
    let text = lines.iter().fold(String::new(), |mut out, line| {
        let ReferenceLine { id, name, quality, origin, .. } = line;
        let _ = writeln!(out, "{id}  {name:width$}  {:.2}  {origin}", quality.total);
        out
    });
    output::print(&text)?;
    Ok(Ended::Done)
}

fn show(workspace: &Workspace, person: &str, json: bool) -> Result<Ended, SessionError> {
    let lines = facebank::list(workspace, Some(session::find_person(workspace, person)?))?;
    if json {
        output::print(&session::pretty(&lines))?;
        return Ok(Ended::Done);
    }
    let Some(first) = lines.first() else {
        output::print(&format!("the facebank has no face of {person}\n"))?;
        return Ok(Ended::Done);
    };
    let mut out = format!("{}, {}\n", first.name, counted(lines.len() as u64, "face"));
    for line in &lines {
        let q = &line.quality;
        let vector = if line.is_embedded { "" } else { "  no vector yet" };
        let _ = writeln!(out, "{}  added {}  {}{vector}", line.id, line.added_at.strftime("%Y-%m-%d %H:%M"), line.origin);
        let _ = writeln!(
            out,
            "          quality {:.2}: size {:.2}, sharpness {:.2}, frontality {:.2} (yaw {:.0}, pitch {:.0}), light {:.2}, visibility {:.2}",
            q.total, q.size, q.sharpness, q.frontality, q.yaw, q.pitch, q.light, q.visibility
        );
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

fn remove(workspace: &Workspace, references: &[String], person: Option<&str>) -> Result<Ended, SessionError> {
    let ids = match person {
        Some(person) => {
            let lines = facebank::list(workspace, Some(session::find_person(workspace, person)?))?;
            lines.into_iter().map(|l| l.id).collect()
        }
        None => references.iter().map(|r| r.parse()).collect::<Result<Vec<_>, _>>()?,
    };
    match facebank::remove(workspace, &ids)? {
        Some(done) => output::print(&format!("{} • operation {} of the catalog\n", done.summary, done.seq))?,
        None => output::print("there is nothing to take out\n")?,
    }
    Ok(Ended::Done)
}

fn check(workspace: &Workspace, json: bool) -> Result<Ended, SessionError> {
    let found = facebank::check(workspace)?;
    for note in &found.notes {
        output::note(note);
    }
    if json {
        output::print(&session::pretty(&found))?;
    } else {
        let mut out = String::new();
        for line in &found.doubts {
            let _ = writeln!(out, "▲ {}  {}: {}", line.reference, line.name, line.reason);
        }
        for line in &found.copies {
            let _ =
                writeln!(out, "• {}  {}: nearly the same as {} (cosine {:.2})", line.reference, line.name, line.of, line.cosine);
        }
        let (faces, people) = (counted(found.references as u64, "face"), found.people);
        let doubts = match found.doubts.len() {
            0 => "none is doubtful".to_owned(),
            1 => "1 is doubtful".to_owned(),
            n => format!("{n} are doubtful"),
        };
        let of = if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
        let _ = writeln!(out, "{faces} of {of}, compared with {}: {doubts}", found.embedder);
        output::print(&out)?;
    }
    Ok(if found.is_good() { Ended::Done } else { Ended::Findings })
}

fn rebuild(workspace: &Workspace) -> Result<Ended, SessionError> {
    let bank = facebank::rebuild(workspace)?;
    for note in bank.notes() {
        output::note(&note);
    }
    output::print(&format!("{} ready for {}\n", counted(bank.references.len() as u64, "face"), bank.embedder))?;
    Ok(Ended::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_is_a_track_and_a_picture() {
        assert_eq!(crop("t12:480"), Ok(CropKey { track: TrackId(12), frame: 480 }));
        for wrong in ["t12", "t12:", ":480", "t12:x", "12:-1"] {
            assert!(crop(wrong).is_err(), "{wrong}");
        }
    }
}
