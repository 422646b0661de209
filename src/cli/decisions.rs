//! Who is who, and back: every decision, the log of them, and their replay.

use super::Ended;
use super::args::{
    AssignArgs, Decision, DiscardArgs, EpisodeArg, ItemsArgs, JoinArgs, LogArgs, MergeArgs, NameArgs, NotArgs, ReplayArgs,
    SplitArgs, TracksArgs, TurnsArgs, UndoArgs, VoiceArgs,
};
use super::output::{self, clock, counted};
use crate::domain::{Author, Change, EpisodeId, IdError, IdentityId, Operation, Source, TrackId};
use crate::session::{self, Command, Refusal, SessionError, Target, TrackLine, Whose, Workspace};
use std::fmt::Write as _;

/// Decides what the command line says.
pub(super) fn decide(workspace: &Workspace, decision: &Decision) -> Result<Ended, SessionError> {
    let (episode, command) = match decision {
        Decision::Name(NameArgs { episode, cluster, person }) => {
            (episode, Command::Name { identity: cluster.parse()?, name: person.clone() })
        }
        Decision::Assign(args) => (&args.episode, assign(args)?),
        Decision::Merge(MergeArgs { episode, identities, into }) => {
            (episode, Command::Merge { identities: parsed(identities)?, into: into.parse()? })
        }
        Decision::Remove(JoinArgs { episode, tracks }) => (episode, Command::Remove { tracks: parsed(tracks)? }),
        Decision::Not(NotArgs { episode, items, person }) => {
            let (tracks, identities) = sorted(items)?;
            (episode, Command::Never { tracks, identities, name: person.clone() })
        }
        Decision::Discard(DiscardArgs { episode, items, reason }) => {
            let (tracks, identities) = sorted(items)?;
            (episode, Command::Discard { tracks, identities, reason: *reason })
        }
        Decision::Restore(JoinArgs { episode, tracks }) => (episode, Command::Restore { tracks: parsed(tracks)? }),
        Decision::Split(SplitArgs { episode, track, at }) => (episode, Command::Split { track: track.parse()?, at: *at }),
        Decision::Join(JoinArgs { episode, tracks }) => (episode, Command::Join { tracks: parsed(tracks)? }),
        Decision::Lock(ItemsArgs { episode, items }) => {
            let (tracks, identities) = sorted(items)?;
            (episode, Command::Lock { tracks, identities })
        }
        Decision::Unlock(ItemsArgs { episode, items }) => {
            let (tracks, identities) = sorted(items)?;
            (episode, Command::Unlock { tracks, identities })
        }
        Decision::Voice(VoiceArgs { episode, agree: true, .. }) => {
            let summary = session::summary(workspace, &episode.parse()?)?;
            let voices = summary.speech.map(|s| s.sure).unwrap_or_default();
            if voices.is_empty() {
                output::print("no voice is surely that of somebody named, except where it is decided\n")?;
                return Ok(Ended::Done);
            }
            (episode, Command::AgreeVoices { voices })
        }
        Decision::Voice(args) => (&args.episode, voice(args)?),
        Decision::Propagate(args) => return super::propagate::run(workspace, args),
    };
    said(session::decide(workspace, &episode.parse()?, &command)?, "nothing changes: it is so already")
}

fn target(who: &str) -> Target {
    match who.parse::<IdentityId>() {
        Ok(id) if who.starts_with("id_") => Target::Identity(id),
        _ if who == "new" => Target::New,
        _ => Target::Person(who.to_owned()),
    }
}

fn voice(args: &VoiceArgs) -> Result<Command, SessionError> {
    let whose = match args.is.as_deref().unwrap_or_default() {
        "nobody" => Whose::Nobody,
        "evidence" => Whose::Evidence,
        who => Whose::To(target(who)),
    };
    if args.items.iter().all(|item| item.starts_with('S')) {
        return Ok(Command::Voice { speakers: parsed(&args.items)?, to: whose });
    }
    if let Some(other) = args.items.iter().find(|item| !item.starts_with('u')) {
        let expected = "a turn such as u12; voices such as S2 are named without turns";
        return Err(IdError::Number { found: other.clone(), expected }.into());
    }
    Ok(Command::Say { turns: parsed(&args.items)?, by: whose })
}

pub(super) fn turns(workspace: &Workspace, args: &TurnsArgs) -> Result<Ended, SessionError> {
    let Some(lines) = session::turns(workspace, &args.episode.parse()?)? else {
        output::print("the sound of this episode was not listened to\n")?;
        return Ok(Ended::Done);
    };
    if args.json {
        output::print(&lines.iter().map(session::line).collect::<String>())?;
        return Ok(Ended::Done);
    }
    let mut out = String::new();
    for l in &lines {
        let glyph = match (l.is_decided, &l.identity) {
            (true, _) => '●',
            (false, Some(_)) => '○',
            (false, None) => '▲',
        };
        let who = l.name.clone().or_else(|| l.identity.map(|id| id.to_string())).unwrap_or_else(|| "nobody known".into());
        let who = if l.others.is_empty() { who } else { format!("{who} +{}", l.others.len()) };
        let place = match l.on_screen {
            _ if l.identity.is_none() => "",
            share if share >= 0.95 => "on",
            share if share <= 0.05 => "off",
            _ => "on/off",
        };
        let (from, to) = (clock(l.span.start()), clock(l.span.end()));
        let _ = writeln!(
            out,
            "{glyph} {:>6}  {from} to {to}  {:<4} {who:<20} {:.2}  {place:<6}  {}",
            l.turn.to_string(),
            l.speaker.to_string(),
            l.confidence,
            l.text
        );
    }
    let _ = writeln!(out, "\n{}   ● decided  ○ by evidence  ▲ nobody known", counted(lines.len() as u64, "turn"));
    output::print(&out)?;
    Ok(Ended::Done)
}

fn assign(args: &AssignArgs) -> Result<Command, SessionError> {
    let target = target(&args.to);
    let tracks: Vec<TrackId> = parsed(&args.tracks)?;
    Ok(match (&args.pictures, tracks.as_slice()) {
        (Some((from, last)), [track]) => Command::AssignPictures { track: *track, from: *from, to: last + 1, target },
        (Some(_), _) => return Err(Refusal::PicturesOfOne.into()),
        (None, _) => Command::Assign { tracks, to: target },
    })
}

fn parsed<T: std::str::FromStr<Err = IdError>>(texts: &[String]) -> Result<Vec<T>, IdError> {
    texts.iter().map(|t| t.parse()).collect()
}

/// Tells tracks (`t7`) and clusters (`id_0003`) apart.
pub(super) fn sorted(items: &[String]) -> Result<(Vec<TrackId>, Vec<IdentityId>), IdError> {
    let (mut tracks, mut identities) = (Vec::new(), Vec::new());
    for item in items {
        if item.starts_with("id_") {
            identities.push(item.parse()?);
        } else if item.starts_with('t') {
            tracks.push(item.parse()?);
        } else {
            return Err(IdError::Number { found: item.clone(), expected: "a track such as t812 or a cluster such as id_0003" });
        }
    }
    Ok((tracks, identities))
}

pub(super) fn log(workspace: &Workspace, args: &LogArgs) -> Result<Ended, SessionError> {
    let episode: EpisodeId = args.episode.parse()?;
    let mut operations = session::log(workspace, &episode)?;
    if !args.of.is_empty() {
        let (tracks, identities) = sorted(&args.of)?;
        operations.retain(|o| o.changes.iter().any(|c| touches(c, &tracks, &identities)));
    }
    if let Some(wanted) = &args.by {
        operations.retain(|o| author(o) == *wanted);
    }
    let mut out = String::new();
    for operation in operations {
        if args.json {
            out += &session::line(&session::LogLine { episode: episode.clone(), operation });
            continue;
        }
        let (at, who) = (operation.at.strftime("%Y-%m-%d %H:%M:%SZ"), author(&operation));
        let _ = writeln!(out, "{:>4}  {at}  {who:<12}  {}", operation.seq, operation.summary);
    }
    output::print(&out)?;
    Ok(Ended::Done)
}

fn author(operation: &Operation) -> String {
    match &operation.author {
        Author::User { name, .. } => name.clone(),
        Author::Pipeline { run } => format!("run {run}"),
    }
}

fn touches(change: &Change, tracks: &[TrackId], identities: &[IdentityId]) -> bool {
    match change {
        Change::Assign { track, edit, .. } => {
            let of = |a: &Option<crate::domain::Assignment>| a.is_some_and(|a| identities.contains(&a.identity));
            tracks.contains(track) || of(&edit.from) || of(&edit.to)
        }
        Change::Track { track, .. } | Change::Mark { track, .. } | Change::Never { track, .. } => tracks.contains(track),
        Change::Identity { id, .. } => identities.contains(id),
        Change::Voice { edit, .. } | Change::Said { edit, .. } => {
            edit.from.iter().chain(&edit.to).any(|l| l.identity.is_some_and(|i| identities.contains(&i)))
        }
        Change::Turn { .. } | Change::Words { .. } | Change::Settle { .. } | Change::Thresholds { .. } => false,
    }
}

pub(super) fn undo(workspace: &Workspace, args: &UndoArgs) -> Result<Ended, SessionError> {
    said(session::undo(workspace, &args.episode.parse()?, args.operation)?, "nothing to undo")
}

pub(super) fn redo(workspace: &Workspace, args: &EpisodeArg) -> Result<Ended, SessionError> {
    said(session::redo(workspace, &args.episode.parse()?)?, "nothing to redo")
}

pub(super) fn replay(workspace: &Workspace, args: &ReplayArgs) -> Result<Ended, SessionError> {
    let episode: Option<EpisodeId> = args.ep_id.as_deref().map(str::parse).transpose()?;
    let replayed = session::replay(workspace, &args.file, episode.as_ref())?;
    let decisions = counted(replayed.done, "decision");
    output::print(&format!("{decisions} replayed • {} there already • {} left out\n", replayed.there, replayed.left_out))?;
    Ok(Ended::Done)
}

pub(super) fn tracks(workspace: &Workspace, args: &TracksArgs) -> Result<Ended, SessionError> {
    let mut lines = session::tracks(workspace, &args.episode.parse()?)?;
    if let Some(of) = &args.of {
        let id = of.parse::<IdentityId>().ok().filter(|_| of.starts_with("id_"));
        let is_named = |l: &TrackLine| l.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(of));
        lines.retain(|l| id.map_or_else(|| is_named(l), |id| l.identity == Some(id)));
    }
    if args.json {
        output::print(&lines.iter().map(session::line).collect::<String>())?;
        return Ok(Ended::Done);
    }
    let mut out = String::new();
    for l in &lines {
        let _ = writeln!(
            out,
            "{} {:>6}  {} to {}  {:<6} pictures {:>6} to {:<6} {:>4} faces  {}",
            glyph(l),
            l.track.id.to_string(),
            clock(l.track.first.pts),
            clock(l.track.last.pts),
            l.track.shot.to_string(),
            l.track.first.frame,
            l.track.last.frame,
            l.track.boxes,
            whose(l)
        );
    }
    let _ = writeln!(
        out,
        "\n{}   ● decided  ○ proposed  ◐ carried or propagated  ■ locked  ✕ discarded",
        counted(lines.len() as u64, "track")
    );
    output::print(&out)?;
    Ok(Ended::Done)
}

fn glyph(line: &TrackLine) -> char {
    match (line.discarded, line.locked, line.source) {
        (Some(_), ..) | (None, _, None) => '✕',
        (None, true, _) => '■',
        (None, false, Some(Source::Confirmed)) => '●',
        (None, false, Some(Source::Carried | Source::Propagated)) => '◐',
        (None, false, Some(Source::Proposed)) => '○',
    }
}

fn whose(line: &TrackLine) -> String {
    match (line.discarded, line.identity) {
        (Some(reason), _) => reason.to_string(),
        (None, None) => "nobody".into(),
        (None, Some(id)) => {
            let score =
                line.score.filter(|_| line.source == Some(Source::Proposed)).map(|s| format!(" {s:.2}")).unwrap_or_default();
            line.name.as_ref().map_or_else(|| format!("{id}{score}"), |name| format!("{name} ({id}){score}"))
        }
    }
}

pub(super) fn said(operation: Option<Operation>, nothing: &str) -> Result<Ended, SessionError> {
    match operation {
        Some(operation) => output::print(&format!("{} • operation {} in the log\n", operation.summary, operation.seq))?,
        None => output::print(&format!("{nothing}\n"))?,
    }
    Ok(Ended::Done)
}
