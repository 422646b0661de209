//! `diff`: what differs between two runs of an episode, and what became of decisions.

use super::Ended;
use super::args::DiffArgs;
use super::output::{self, clock, counted};
use crate::domain::{EpisodeId, MediaTime, RunId};
use crate::session::{self, CarryReport, Command, Earlier, OpenDecision, RunDiff, SessionError, Workspace};
use std::fmt::Write as _;

/// Lines of a list before the rest is counted.
const MOST_LINES: usize = 20;
/// Cells of the longest bar.
const BAR: i64 = 24;

pub(super) fn run(workspace: &Workspace, args: &DiffArgs) -> Result<Ended, SessionError> {
    let episode: EpisodeId = args.episode.parse()?;
    let [before, after] = [&args.before, &args.after].map(|r| r.as_deref().map(str::parse::<RunId>).transpose());
    let (diff, report) = session::diff(workspace, &episode, before?, after?)?;
    if !args.settle.is_empty() {
        return settle(workspace, &episode, &report, &args.settle);
    }
    output::print(&if args.json { session::diff_json(&diff, &report) } else { text(&diff, &report) })?;
    Ok(Ended::Done)
}

fn settle(workspace: &Workspace, episode: &EpisodeId, report: &CarryReport, which: &[String]) -> Result<Ended, SessionError> {
    let is_meant = |o: &&OpenDecision| !o.is_settled && which.iter().any(|w| w == "all" || *w == named(o));
    let open: Vec<Earlier> = report.open.iter().filter(is_meant).map(OpenDecision::earlier).collect();
    if open.is_empty() {
        output::print("nothing of that is open\n")?;
        return Ok(Ended::Done);
    }
    match session::decide(workspace, episode, &Command::Settle { open })? {
        Some(made) => output::print(&format!("{} • operation {} in the log\n", made.summary, made.seq))?,
        None => output::print("nothing changes: it is so already\n")?,
    }
    Ok(Ended::Done)
}

/// Returns what `--settle` calls it.
fn named(open: &OpenDecision) -> String {
    format!("{}:{}", open.run, open.decision)
}

fn text(diff: &RunDiff, report: &CarryReport) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}  {} → {}", diff.episode, diff.old.id, diff.new.id);
    for s in &diff.settings {
        let _ = writeln!(out, "  {:<28} {} → {}", s.key, s.before, s.after);
    }
    people(&mut out, diff);
    list(&mut out, "changed hands", &diff.hands, |h| {
        let (span, from, to) = (spanned(diff, h.span.start(), h.span.end()), &h.from, &h.to);
        format!("{span}  {:>7.1} s  {} → {}  {from} → {to}", h.time.secs(), h.old, h.new)
    });
    for (title, tracks) in [("tracks that are new", &diff.appeared), ("tracks that are gone", &diff.vanished)] {
        list(&mut out, title, tracks, |t| {
            format!("{}  {:>7.1} s  {}  {}", spanned(diff, t.span.start(), t.span.end()), t.time.secs(), t.track, t.who)
        });
    }
    list(&mut out, "boundaries of shots", &diff.shots, |s| {
        let run = if s.is_new { diff.new.id } else { diff.old.id };
        format!("{}  picture {}, only in {run}", clock(s.at - diff.origin), s.frame)
    });
    decisions(&mut out, diff, report);
    let _ = writeln!(out, "\n{}", diff.summary());
    out
}

fn people(out: &mut String, diff: &RunDiff) {
    let width = diff.people.iter().map(|p| p.name.chars().count()).max().unwrap_or(0).clamp(8, 32);
    let most = diff.people.iter().map(|p| p.gained().visual.0.abs()).max().unwrap_or(0).max(1);
    let (before, after) = diff.totals();
    let is_heard = before.speaking + after.speaking > MediaTime::ZERO;
    let heard = if is_heard { format!(" {:>9} {:>9}", "speaks", "seen so") } else { String::new() };
    let _ =
        writeln!(out, "\n{:<width$} {:>9} {:>9} {:>9}{heard}", "", diff.old.id.to_string(), diff.new.id.to_string(), "gained");
    let line = |out: &mut String, name: &str, a: session::Amounts, b: session::Amounts, bar: &str| {
        let gained = b - a;
        let heard =
            if is_heard { format!(" {:>+9.1} {:>+9.1}", gained.speaking.secs(), gained.both.secs()) } else { String::new() };
        let (a, b, g) = (a.visual.secs(), b.visual.secs(), gained.visual.secs());
        let _ = writeln!(out, "{}", format!("{name:<width$} {a:>9.1} {b:>9.1} {g:>+9.1}{heard}  {bar}").trim_end());
    };
    for p in &diff.people {
        let gained = p.gained().visual.0;
        let cells = usize::try_from(gained.abs() * BAR / most).unwrap_or(0);
        let bar = if gained < 0 { "░" } else { "█" }.repeat(cells);
        let name: String = p.name.chars().take(width).collect();
        line(out, &name, p.before, p.after, &bar);
    }
    line(out, "all", before, after, "");
}

fn list<T>(out: &mut String, title: &str, all: &[T], told: impl Fn(&T) -> String) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}  {}", all.len());
    for one in all.iter().take(MOST_LINES) {
        let _ = writeln!(out, "  {}", told(one));
    }
    if all.len() > MOST_LINES {
        let _ = writeln!(out, "  and {} more; --json has all", all.len() - MOST_LINES);
    }
}

fn decisions(out: &mut String, diff: &RunDiff, report: &CarryReport) {
    let (conflicts, leftovers) = report.waiting();
    list(out, "speech that was decided on, and nothing here answers to", &report.speech, |s| {
        let what = s.lost.turn.map_or_else(|| s.lost.speaker.to_string(), |turn| turn.to_string());
        let who = s.who.as_ref().map(|who| format!("  {who}")).unwrap_or_default();
        format!("{}  {what} of {}{who}", spanned(diff, s.lost.span.start(), s.lost.span.end()), s.run)
    });
    if report.held + report.overruled + report.open.len() == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "\ndecisions of earlier runs  {} hold, {} overruled here, {conflicts} in conflict, {leftovers} left over",
        report.held, report.overruled
    );
    for open in report.open.iter().filter(|o| !o.is_settled) {
        let at = open.span.map(|s| clock(s.0.pts - diff.origin)).unwrap_or_default();
        let _ = writeln!(out, "  ▲ {at}  {}  {}: {}", named(open), open.who, open.why.text());
        for hold in &open.holds {
            let _ =
                writeln!(out, "      {} has {} of it, and is {}", hold.track, counted(u64::from(hold.faces), "face"), hold.who);
        }
        for choice in &open.choices {
            let _ = writeln!(out, "      · {}", choice.text);
        }
    }
    if conflicts + leftovers > 0 {
        let _ = writeln!(
            out,
            "  decide with assign, split and the like, or in the workstation; `diff {} --settle {}` is done with one, `--settle all` with all",
            diff.episode,
            report.open.iter().find(|o| !o.is_settled).map(named).unwrap_or_default()
        );
    }
}

fn spanned(diff: &RunDiff, from: MediaTime, to: MediaTime) -> String {
    format!("{}–{}", clock(from - diff.origin), clock(to - diff.origin))
}
