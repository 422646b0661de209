//! What differs between two runs, for other programs.

use super::super::carry::CarryReport;
use super::super::output::pretty;
use super::{HandChange, LoneTrack, PersonChange, RunDiff};
use crate::algo::run_diff::Amounts;
use crate::domain::{MediaTime, RunMeta, Span};
use serde_json::{Value, json};

/// Returns what differs between two runs, and what became of decisions, as JSON; seconds from the beginning of the video.
#[must_use]
pub fn diff_json(diff: &RunDiff, report: &CarryReport) -> String {
    let (before, after) = diff.totals();
    let (conflicts, leftovers) = report.waiting();
    let shots = diff.shots.iter().map(|s| {
        json!({
            "picture": s.frame,
            "at_s": (s.at - diff.origin).secs(),
            "transition": s.transition,
            "only_in": if s.is_new { diff.new.id } else { diff.old.id }.to_string(),
        })
    });
    let open = report.open.iter().map(|o| {
        json!({
            "run": o.run.to_string(),
            "decision": o.decision.to_string(),
            "operation": o.since,
            "why": o.why.text(),
            "who": o.who,
            "track": o.track.map(|t| t.to_string()),
            "from_s": o.span.map(|s| (s.0.pts - diff.origin).secs()),
            "to_s": o.span.map(|s| (s.1.pts - diff.origin).secs()),
            "held_by": o.holds.iter().map(|h| json!({
                "track": h.track.to_string(), "who": h.who, "faces": h.faces,
                "first_picture": h.from.frame, "last_picture": h.to.frame,
            })).collect::<Vec<_>>(),
            "choices": o.choices.iter().map(|c| json!({"text": c.text, "command": c.command})).collect::<Vec<_>>(),
            "settled": o.is_settled,
        })
    });
    let speech = report.speech.iter().map(|s| {
        let [from_s, to_s] = spanned(s.lost.span, diff.origin);
        json!({
            "run": s.run.to_string(), "voice": s.lost.speaker.to_string(), "turn": s.lost.turn.map(|t| t.to_string()),
            "who": s.who, "from_s": from_s, "to_s": to_s,
        })
    });
    pretty(&json!({
        "episode": diff.episode,
        "before": run(&diff.old),
        "after": run(&diff.new),
        "summary": diff.summary(),
        "totals": {"before": amounts(before), "after": amounts(after), "gained": amounts(after - before)},
        "people": diff.people.iter().map(person).collect::<Vec<_>>(),
        "changed_hands": diff.hands.iter().map(|h| hand(h, diff.origin)).collect::<Vec<_>>(),
        "new_tracks": diff.appeared.iter().map(|t| lone(t, diff.origin)).collect::<Vec<_>>(),
        "vanished_tracks": diff.vanished.iter().map(|t| lone(t, diff.origin)).collect::<Vec<_>>(),
        "shots": shots.collect::<Vec<_>>(),
        "settings": diff.settings,
        "decisions": {
            "held": report.held,
            "overruled": report.overruled,
            "in_conflict": conflicts,
            "left_over": leftovers,
            "open": open.collect::<Vec<_>>(),
            "speech_left_over": speech.collect::<Vec<_>>(),
        },
    }))
}

fn run(run: &RunMeta) -> Value {
    json!({"run": run.id.to_string(), "detector": run.detector.id, "embedder": run.embedder.id, "tracker": run.tracker})
}

fn amounts(a: Amounts) -> Value {
    json!({"visual_s": a.visual.secs(), "speaking_s": a.speaking.secs(), "both_s": a.both.secs()})
}

fn person(p: &PersonChange) -> Value {
    json!({
        "name": p.name,
        "before": amounts(p.before),
        "after": amounts(p.after),
        "gained": amounts(p.gained()),
        "came_s": p.came.secs(),
        "went_s": p.went.secs(),
    })
}

fn spanned(span: Span, origin: MediaTime) -> [f64; 2] {
    [(span.start() - origin).secs(), (span.end() - origin).secs()]
}

fn hand(h: &HandChange, origin: MediaTime) -> Value {
    let [from_s, to_s] = spanned(h.span, origin);
    json!({
        "before_track": h.old.to_string(), "after_track": h.new.to_string(), "from_s": from_s, "to_s": to_s,
        "seconds": h.time.secs(), "from": h.from, "to": h.to,
    })
}

fn lone(t: &LoneTrack, origin: MediaTime) -> Value {
    let [from_s, to_s] = spanned(t.span, origin);
    json!({"track": t.track.to_string(), "from_s": from_s, "to_s": to_s, "seconds": t.time.secs(), "who": t.who})
}
