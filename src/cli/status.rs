//! `status`: the library in lines, or one episode with its people.

use super::Ended;
use super::args::StatusArgs;
use super::output::{self, clock, counted, use_colour};
use crate::domain::{MediaTime, PersonTime};
use crate::session::{self, EpisodeState, EpisodeSummary, SessionError, Workspace};
use crossterm::style::Stylize;
use std::fmt::Write as _;
use std::io::IsTerminal;

pub(super) fn run(workspace: &Workspace, args: &StatusArgs) -> Result<Ended, SessionError> {
    match &args.episode {
        Some(episode) => {
            let summary = session::summary(workspace, &episode.parse()?)?;
            let text = if args.json { session::summary_json(&summary) } else { episode_text(&summary) };
            output::print(&text)?;
        }
        None => {
            let lines = session::episodes(workspace)?;
            if args.json {
                output::print(&session::episodes_json(&lines))?;
            } else if lines.is_empty() {
                output::print(&format!("the library {} is empty\n", workspace.library.display()))?;
            } else {
                output::print(&library_text(&lines))?;
            }
        }
    }
    Ok(Ended::Done)
}

fn library_text(lines: &[session::EpisodeLine]) -> String {
    let width = lines.iter().map(|l| l.episode.as_str().len()).max().unwrap_or(0);
    let mut out = String::new();
    for line in lines {
        let state = match &line.state {
            EpisodeState::Unfinished { run: None, .. } => "○ not run".to_owned(),
            EpisodeState::Unfinished { run: Some(run), shots } => {
                format!("◐ {run} unfinished, {} stored; run it again to go on", counted(*shots, "shot"))
            }
            EpisodeState::Done { run, clusters, named, duration } => {
                let mark = if named == clusters { '●' } else { '◐' };
                format!("{mark} {duration:>8}  {named} of {} named  ({run})", counted(*clusters as u64, "cluster"))
            }
            EpisodeState::Broken { reason } => format!("✕ {reason}"),
        };
        let _ = writeln!(out, "{:width$}  {state}", line.episode.as_str());
    }
    out
}

/// Returns the people of an episode as a table: seconds first, doubt beside them.
pub(super) fn episode_text(summary: &EpisodeSummary) -> String {
    let colour = use_colour(std::io::stdout().is_terminal());
    let time = &summary.time;
    let duration = time.duration;
    let mut out = String::new();
    let title = summary.episode.to_string();
    let named = summary.identities.values().filter(|i| i.name.is_some()).count();
    let _ = writeln!(
        out,
        "{}  {duration} • {} • {named} of {} named • {} on {}",
        if colour { title.bold().to_string() } else { title },
        summary.run.id,
        counted(summary.identities.len() as u64, "cluster"),
        summary.run.detector.id,
        summary.run.device.used,
    );
    let _ = writeln!(out);
    if time.people.is_empty() {
        let _ = writeln!(out, "  nobody is seen");
        return out;
    }
    let width = time.people.iter().map(|p| label(p).chars().count()).max().unwrap_or(0).clamp(8, 40);
    let _ = writeln!(out, "     {:width$}  {:>9}  {:>6}  {:>6}  tracks  ", "", "seen", "share", "sure");
    for person in &time.people {
        let share = ratio(person.visual_time, duration);
        let glyph = if person.name.is_none() {
            '○'
        } else if person.review_share >= 0.999 {
            '●'
        } else {
            '◐'
        };
        let bar = strip(person, duration, summary.run.video.first_pts, 24);
        let bar = if colour { bar.cyan().to_string() } else { bar };
        let ids: Vec<String> = person.identities.iter().take(3).map(ToString::to_string).collect();
        let _ = writeln!(
            out,
            "  {glyph}  {:width$}  {:>9}  {:>5.1}%  {:>5.0}%  {:>6}  {bar}  {}",
            cut(&label(person), width),
            clock(person.visual_time),
            100.0 * share,
            100.0 * person.confidence,
            person.tracks,
            if person.name.is_some() { ids.join(" ") } else { alone(summary, person) },
        );
    }
    out
}

fn label(person: &PersonTime) -> String {
    person.name.clone().unwrap_or_else(|| person.identities.first().map_or_else(|| "?".into(), ToString::to_string))
}

/// Why a cluster of one track stands alone, in words.
fn alone(summary: &EpisodeSummary, person: &PersonTime) -> String {
    let id = person.identities.first().and_then(|id| summary.identities.get(id));
    id.and_then(|i| i.alone.as_deref()).map(|reason| reason.replace('_', " ")).unwrap_or_default()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

fn ratio(part: MediaTime, whole: MediaTime) -> f64 {
    if whole.0 > 0 { part.secs() / whole.secs() } else { 0.0 }
}

/// Draws when a person is seen: the height of each cell is the share of its time.
fn strip(person: &PersonTime, duration: MediaTime, start: MediaTime, cells: usize) -> String {
    const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let length = duration.secs() / cells as f64;
    (0..cells)
        .map(|n| {
            let from = start.secs() + length * n as f64;
            let seen: f64 =
                person.visual.iter().map(|s| (s.end().secs().min(from + length) - s.start().secs().max(from)).max(0.0)).sum();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 0..=1 times 8")]
            let level = if length > 0.0 { (seen / length * 8.0).ceil() as usize } else { 0 };
            LEVELS[level.min(8)]
        })
        .collect()
}
