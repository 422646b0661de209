//! `group`: what would change, in everybody's seconds, and the decision for it.

use super::args::GroupArgs;
use super::output::{clock, counted, note, print};
use super::{Ended, decisions};
use crate::domain::{MediaTime, Thresholds};
use crate::session::{Prospect, Review, SessionError, TurnoverKind, Workspace};
use std::fmt::Write as _;

/// Says what other thresholds make of an episode, and decides for them.
pub(super) fn group(workspace: &Workspace, args: &GroupArgs) -> Result<Ended, SessionError> {
    let mut review = Review::open(workspace, &args.episode.parse()?)?;
    let source = review.what_if()?;
    let now = source.thresholds();
    let asked = if args.as_settings {
        review.thresholds_of_settings()
    } else {
        Thresholds {
            cluster_thresh: args.cluster_thresh.unwrap_or(now.cluster_thresh),
            min_cluster_size: args.min_cluster_size.unwrap_or(now.min_cluster_size),
        }
    };
    let lowest = source.params().lowest;
    if asked.cluster_thresh < lowest {
        note(&format!("nothing is joined below {lowest}: setting what_if.lowest"));
    }
    let Some(what_if) = source.prepare(None, &mut |_| true)? else { return Ok(Ended::Done) };
    print(&told(&what_if.at(asked), now))?;
    if args.dry_run {
        note("nothing is changed; without --dry-run it is decided so");
        return Ok(Ended::Done);
    }
    let groups = if args.as_settings { review.regrouping_as_settings(&what_if) } else { what_if.regrouping(asked) };
    decisions::said(review.regroup(&groups)?, "nothing changes: it is so already")
}

fn told(found: &Prospect, before: Thresholds) -> String {
    let Thresholds { cluster_thresh, min_cluster_size } = found.thresholds;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "threshold {cluster_thresh} (now {}) • {} or more in a group (now {})",
        before.cluster_thresh,
        counted(min_cluster_size as u64, "track"),
        before.min_cluster_size
    );
    let (was, is) = found.identities;
    let _ = writeln!(out, "identities {was} → {is} • {} joined, {} fallen apart", found.joins, found.splits);
    let alone: Vec<String> =
        found.singles.iter().map(|(why, (was, is))| format!("{} {was} → {is}", why.replace('_', " "))).collect();
    if !alone.is_empty() {
        let _ = writeln!(out, "alone: {}", alone.join(" • "));
    }
    let name = found.people.iter().map(|p| p.name.chars().count()).max().unwrap_or(0).clamp(7, 28);
    for p in &found.people {
        seconds(&mut out, &p.name, name, p.now, p.then);
    }
    seconds(&mut out, "unnamed", name, found.unnamed.0, found.unnamed.1);
    for turnover in found.turnovers.iter().filter(|t| t.name.is_some() || t.parts.iter().any(|p| p.name.is_some())).take(12) {
        let parts: Vec<String> = turnover
            .parts
            .iter()
            .map(|p| {
                let who = match (&p.name, p.identity) {
                    (Some(name), _) => name.clone(),
                    (None, Some(id)) if turnover.kind == TurnoverKind::Join => id.to_string(),
                    (None, Some(_)) => "nobody".into(),
                    (None, None) => "alone".into(),
                };
                format!("{who} {} {}", clock(p.seconds), counted(p.tracks as u64, "track"))
            })
            .collect();
        let whole = turnover.name.clone().unwrap_or_else(|| turnover.identity.to_string());
        let _ = match turnover.kind {
            TurnoverKind::Join => writeln!(out, "  become one: {}", parts.join(", ")),
            TurnoverKind::Split => writeln!(out, "  {whole} falls apart: {}", parts.join(", ")),
        };
    }
    out
}

/// Writes one line of somebody's seconds, now and then.
fn seconds(out: &mut String, who: &str, name: usize, now: MediaTime, then: MediaTime) {
    let by = match (then - now).0 {
        0 => String::new(),
        more if more > 0 => format!("  +{}", clock(MediaTime(more))),
        less => format!("  −{}", clock(MediaTime(-less))),
    };
    let _ = writeln!(out, "  {who:<name$}  {:>9} → {:>9}{by}", clock(now), clock(then));
}
