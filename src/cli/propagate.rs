//! `propagate`: who else somebody is, and all of them given to that person at once.

use super::args::PropagateArgs;
use super::output::{self, clock, counted};
use super::{Ended, decisions};
use crate::domain::MediaTime;
use crate::session::{self, Extent, Near, Propagated, SeedLock, SessionError, TrackInfo, Workspace};
use std::fmt::Write as _;

pub(super) fn run(workspace: &Workspace, args: &PropagateArgs) -> Result<Ended, SessionError> {
    let (tracks, identities) = decisions::sorted(&args.items)?;
    let from: Vec<Near> = tracks.into_iter().map(Near::Track).chain(identities.into_iter().map(Near::Identity)).collect();
    let lock = if args.lock { SeedLock::Lock } else { SeedLock::Leave };
    let extent = if args.dry_run { Extent::Show } else { Extent::Decide };
    let done = session::propagate(workspace, &args.episode.parse()?, &from, args.min, lock, extent)?;
    output::print(&if args.json { session::propagated_json(&done) } else { told(&done, args.dry_run) })?;
    Ok(Ended::Done)
}

fn told(done: &Propagated, is_dry: bool) -> String {
    let found = &done.propagation;
    let mut out = String::new();
    for offer in &found.offers {
        let info = done.before.tracks.get(&offer.track);
        let now = info.and_then(|i| i.assignment).map_or_else(|| "nobody".into(), |a| done.called(a.identity));
        let next = offer.next.map(|(id, likeness)| format!("  next {} {likeness:.2}", done.called(id))).unwrap_or_default();
        let taken = done.taken.contains(&offer.track);
        let why = match offer.beside.iter().find(|t| done.taken.contains(t)) {
            Some(other) if !taken && offer.belief >= done.min => format!("  in one picture with {other}"),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "{} {:>6}  {:>9}  {:>8}  {:.2}  like {} {:.2}  now {now}{next}{why}",
            if taken { '●' } else { '▲' },
            offer.track.to_string(),
            clock(done.begins(offer.track)),
            clock(info.map_or(MediaTime::ZERO, TrackInfo::seconds)),
            offer.belief,
            offer.nearest,
            offer.likeness,
        );
    }
    if found.offers.is_empty() {
        let _ = writeln!(out, "no other track looks like {}", found.name);
    }
    for (why, n) in &found.left {
        let _ = writeln!(out, "left alone: {} {why}", counted(*n as u64, "track"));
    }
    let _ = writeln!(out, "\n● belief of {:.2} or more  ▲ less, or in one picture with a surer one", done.min);
    for shift in done.shifts.iter().filter(|_| !done.taken.is_empty()) {
        let _ = writeln!(out, "{}  {} → {}", done.called(shift.identity), clock(shift.before), clock(shift.after));
    }
    match &done.made {
        Some(made) => {
            let _ = writeln!(out, "{} • operation {} in the log", made.summary, made.seq);
        }
        None if is_dry => {
            let _ = writeln!(out, "{} would be given to {}", counted(done.taken.len() as u64, "track"), found.name);
        }
        None => out += "nothing changes\n",
    }
    out
}
