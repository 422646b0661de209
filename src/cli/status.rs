//! `status`: the library in lines, or one episode with its people.

use super::Ended;
use super::args::StatusArgs;
use super::output::{self, clock, counted, use_colour};
use crate::domain::{MediaTime, PersonTime};
use crate::session::{self, EpisodeState, EpisodeSummary, SessionError, Workspace};
use crossterm::style::Stylize;
use crossterm::terminal;
use std::collections::BTreeSet;
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
            EpisodeState::Done { run, clusters, named, duration, .. } => {
                let mark = match *named {
                    0 => '○',
                    n if n == *clusters => '●',
                    _ => '◐',
                };
                format!("{mark} {:>9}  {named} of {} named  ({run})", clock(*duration), counted(*clusters as u64, "cluster"))
            }
            EpisodeState::Broken { reason } => format!("✕ {reason}"),
        };
        let _ = writeln!(out, "{:width$}  {state}", line.episode.as_str());
    }
    out
}

/// Columns of a terminal that is none: a file, a pipe.
const PLAIN_WIDTH: usize = 80;
/// Cells of the strip that shows when a person is seen.
const LEAST_STRIP: usize = 12;
const MOST_STRIP: usize = 60;
const MOST_NAME: usize = 32;

/// Returns the people of an episode as a table: seconds first, doubt beside them.
pub(super) fn episode_text(summary: &EpisodeSummary) -> String {
    let is_terminal = std::io::stdout().is_terminal();
    let width = if is_terminal { terminal::size().map_or(PLAIN_WIDTH, |(w, _)| usize::from(w)) } else { PLAIN_WIDTH };
    let colour = use_colour(is_terminal);
    let time = &summary.time;
    let mut out = head(summary, colour);
    if time.people.is_empty() {
        let voices = summary.speech.as_ref().map_or(0, |s| s.turns.iter().map(|t| t.speaker).collect::<BTreeSet<_>>().len());
        let heard = match voices {
            0 => " or heard".to_owned(),
            n => format!("; speech of {} that nobody knows: screenalytics turns {}", counted(n as u64, "voice"), summary.episode),
        };
        let _ = writeln!(out, "\n  nobody is seen{heard}");
        return out;
    }
    let rows: Vec<Row> = time.people.iter().map(|p| Row::of(p, summary)).collect();
    let widest =
        |cell: fn(&Row) -> &str, head: &str| rows.iter().map(|r| cell(r).chars().count()).max().unwrap_or(0).max(head.len());
    let clusters = widest(|r| &r.clusters, "cluster");
    let seen = widest(|r| &r.seen, "seen");
    // Seven gaps of two, and the columns that never change: glyph, share, belief, tracks.
    let heard = if time.speech.is_some() { 2 * (2 + 7) } else { 0 };
    let rest = 1 + clusters + seen + heard + 7 + 6 + 6 + 7 * 2;
    let who = widest(|r| &r.who, "who").min(MOST_NAME).min(width.saturating_sub(rest + LEAST_STRIP).max(8));
    let cells = width.saturating_sub(rest + who).clamp(LEAST_STRIP, MOST_STRIP);

    let end = clock(time.duration);
    let columns = format!(
        "   {:clusters$}  {:who$}  {:>seen$}{}  {:>7}  {:>6}  {:>6}  0:00{end:>rest$}",
        "cluster",
        "who",
        "seen",
        if heard > 0 { format!("  {:>7}  {:>7}", "speaks", "both") } else { String::new() },
        "share",
        "belief",
        "tracks",
        rest = cells.saturating_sub(4),
    );
    let _ = writeln!(out, "\n{}", if colour { columns.dim().to_string() } else { columns });
    for (person, row) in time.people.iter().zip(&rows) {
        let glyph = if person.name.is_some() { '●' } else { '○' };
        let share = 100.0 * ratio(person.visual_time, time.duration);
        let name = format!("{:who$}", cut(&row.who, who));
        let bar = strip(person, time.duration, summary.run.video.first_pts, cells);
        let (name, bar) = match (colour, person.name.is_some()) {
            (true, true) => (name.bold().to_string(), bar.dark_cyan().to_string()),
            (true, false) => (name.dim().to_string(), bar.dark_cyan().to_string()),
            (false, _) => (name, bar.trim_end().to_owned()),
        };
        let line = format!(
            "{glyph}  {:clusters$}  {name}  {:>seen$}{}  {share:>5.1} %  {:>6}  {:>6}  {bar}",
            row.clusters,
            row.seen,
            row.heard,
            belief(person.confidence),
            person.tracks,
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out.push('\n');
    out.push_str(&foot(summary));
    out
}

/// One line for the whole: what it is, how long, by what.
fn head(summary: &EpisodeSummary, colour: bool) -> String {
    let named = summary.identities.values().filter(|i| i.name.is_some()).count();
    let title = summary.episode.to_string();
    format!(
        "{}  {} • {} • {}, {named} named • {}: {} on {}\n",
        if colour { title.bold().to_string() } else { title },
        clock(summary.time.duration),
        counted(summary.shots.len() as u64, "shot"),
        counted(summary.identities.len() as u64, "cluster"),
        summary.run.id,
        summary.run.detector.family,
        session::devices_text(&summary.run),
    )
}

/// What the signs mean, and what the named people have together.
fn foot(summary: &EpisodeSummary) -> String {
    let time = &summary.time;
    let mut out = "● named  ○ not named   belief: that the faces of a line are one person's\n".to_owned();
    let named = time.people.iter().filter(|p| p.name.is_some()).count();
    if named > 1 {
        let _ = writeln!(out, "named people: {} with at least one, {} with two or more", clock(time.union), clock(time.overlap));
    }
    match &time.speech {
        Some(speech) => {
            let unknown: MediaTime = speech.unknown.iter().fold(MediaTime::ZERO, |sum, v| sum + v.1);
            let _ = writeln!(
                out,
                "speech: {}, of named people {}, of voices nobody knows {}, of two or more at once {}",
                clock(speech.speech),
                clock(speech.named),
                clock(unknown),
                clock(speech.overlap)
            );
        }
        None => out.push_str("speech: not listened to\n"),
    }
    let _ =
        writeln!(out, "{}", output::models_text(&summary.run.detector, &summary.run.embedder, summary.run.validator.as_ref()));
    out
}

/// What one line of the table says in words.
struct Row {
    clusters: String,
    who: String,
    seen: String,
    /// How long they speak, and how long they are seen speaking; empty where no sound was analysed.
    heard: String,
}

impl Row {
    fn of(person: &PersonTime, summary: &EpisodeSummary) -> Self {
        let first = person.identities.first();
        let clusters = match (first, person.identities.len()) {
            (Some(id), 1) => id.to_string(),
            (Some(id), n) => format!("{id} +{}", n - 1),
            (None, _) => "?".into(),
        };
        let alone = first.and_then(|id| summary.identities.get(id)).and_then(|i| i.alone.as_deref());
        let who = match (&person.name, alone) {
            (Some(name), _) => name.clone(),
            (None, Some(reason)) => format!("– {}", alone_text(reason)),
            (None, None) => "–".into(),
        };
        let heard = person.speech.as_ref();
        let heard = heard.map(|s| format!("  {:>7}  {:>7}", clock(s.time), clock(s.both_time))).unwrap_or_default();
        Self { clusters, who, seen: clock(person.visual_time), heard }
    }
}

/// Why one track joined no other.
fn alone_text(reason: &str) -> &str {
    match reason {
        "too_short" => "seen briefly",
        "too_small" => "too small",
        "occluded" => "something before the face",
        "low_quality" => "hard to see",
        "far_from_all" => "like no other",
        other => other,
    }
}

/// A belief in per cent; never all of it, since no model is that sure.
fn belief(value: f64) -> String {
    if value >= 0.995 { ">99 %".into() } else { format!("{:.0} %", 100.0 * value) }
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

/// Draws when a person is seen: the height of each cell is the share of its time. No cell is full, so that lines stay apart.
fn strip(person: &PersonTime, duration: MediaTime, start: MediaTime, cells: usize) -> String {
    const LEVELS: [char; 8] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇'];
    let length = duration.secs() / cells as f64;
    (0..cells)
        .map(|n| {
            let from = start.secs() + length * n as f64;
            let seen: f64 =
                person.visual.iter().map(|s| (s.end().secs().min(from + length) - s.start().secs().max(from)).max(0.0)).sum();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 0..=1 times 7")]
            let level = if length > 0.0 { (seen / length * 7.0).ceil() as usize } else { 0 };
            LEVELS[level.min(7)]
        })
        .collect()
}
