//! Results as bytes for files and other programs.

use super::progress_json::round;
use super::report::{EpisodeLine, EpisodeState, EpisodeSummary};
use super::{LicenceList, ModelList, PersonLine, PrintLine, PullReport, SessionError, Suggestions};
use crate::export;
use crate::pull::{Condition, Moment, Verdict};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

/// Returns `screentime.csv`.
///
/// # Errors
/// Never in practice: memory takes every byte.
pub fn export_csv(summary: &EpisodeSummary) -> Result<Vec<u8>, SessionError> {
    let mut bytes = Vec::new();
    export::write_screen_time_csv(&mut bytes, &summary.run, &summary.time).map_err(memory)?;
    Ok(bytes)
}

/// Returns `screentime.json`.
///
/// # Errors
/// Never in practice: memory takes every byte.
pub fn export_json(summary: &EpisodeSummary) -> Result<Vec<u8>, SessionError> {
    let mut bytes = Vec::new();
    export::write_screen_time_json(&mut bytes, &summary.episode, &summary.run, Timestamp::now(), &summary.time)
        .map_err(memory)?;
    Ok(bytes)
}

fn memory(source: std::io::Error) -> SessionError {
    SessionError::Write { path: "memory".into(), source }
}

/// Returns a value as one line of JSON with its end.
#[must_use]
pub fn line<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).map(|t| t + "\n").unwrap_or_default()
}

/// Returns a value as indented JSON with a last line end.
#[must_use]
pub fn pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).map(|t| t + "\n").unwrap_or_default()
}

/// Returns an episode's state as JSON.
#[must_use]
pub fn summary_json(summary: &EpisodeSummary) -> String {
    let people: Vec<Value> = summary
        .time
        .people
        .iter()
        .map(|p| {
            json!({
                "name": p.name,
                "person_id": p.person.map(|p| p.to_string()),
                "identity_ids": p.identities.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "visual_s": round(p.visual_time.secs(), 3),
                "confidence": round(p.confidence, 4),
                "review_share": round(p.review_share, 4),
                "tracks": p.tracks,
                "faces": p.faces,
                "speaking_s": p.speech.as_ref().map(|s| round(s.time.secs(), 3)),
                "both_s": p.speech.as_ref().map(|s| round(s.both_time.secs(), 3)),
                "speaking_confidence": p.speech.as_ref().map(|s| round(s.confidence, 4)),
                "both_confidence": p.speech.as_ref().map(|s| round(s.both_confidence, 4)),
                "speaking_appearances": p.speech.as_ref().map(|s| s.appearances),
            })
        })
        .collect();
    pretty(&json!({
        "ep_id": summary.episode.as_str(),
        "run_id": summary.run.id.to_string(),
        "duration_s": round(summary.time.duration.secs(), 3),
        "run": summary.run,
        "commercial_use": summary.run.commercial_use(),
        "metrics": summary.metrics,
        "shots": summary.shots.len(),
        "people": people,
    }))
}

/// Returns the library's episodes as JSON.
#[must_use]
pub fn episodes_json(lines: &[EpisodeLine]) -> String {
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| {
            let id = line.episode.as_str();
            match &line.state {
                EpisodeState::Unfinished { run, shots } => {
                    json!({"ep_id": id, "state": "unfinished", "run_id": run.map(|r| r.to_string()), "shots": shots})
                }
                EpisodeState::Done { run, clusters, named, duration, .. } => json!({
                    "ep_id": id, "state": "done", "run_id": run.to_string(), "clusters": clusters, "named": named,
                    "duration_s": round(duration.secs(), 3),
                }),
                EpisodeState::Broken { reason } => json!({"ep_id": id, "state": "broken", "reason": reason}),
            }
        })
        .collect();
    pretty(&rows)
}

/// Returns the people of the library as JSON.
#[must_use]
pub fn people_json(people: &[PersonLine]) -> String {
    let rows: Vec<Value> = people
        .iter()
        .map(|p| {
            let episodes: Vec<Value> = p
                .episodes
                .iter()
                .map(|e| json!({"ep_id": e.episode.as_str(), "visual_s": round(e.visual_time.secs(), 3), "confidence": round(e.confidence, 4)}))
                .collect();
            json!({
                "person_id": p.id.map(|id| id.to_string()), "name": p.name, "aliases": p.aliases,
                "visual_s": round(p.visual_time.secs(), 3), "confirmed_s": round(p.confirmed.secs(), 3),
                "confidence": round(p.confidence, 4), "episodes": episodes,
            })
        })
        .collect();
    pretty(&rows)
}

/// Returns a moment of fetching as JSON.
#[must_use]
pub fn pull_moment(moment: &Moment) -> Value {
    json!({
        "pull_version": 1, "phase": moment.step.name(), "file": moment.file, "from": moment.from, "bytes_done": moment.done,
        "bytes_total": moment.due, "models_done": moment.models_done, "models_total": moment.models_due,
    })
}

/// Returns the end of fetching as JSON.
#[must_use]
pub fn pull_report(report: &PullReport) -> Value {
    let outcome = &report.outcome;
    let pulled: Vec<Value> = outcome.pulled.iter().map(|m| json!({"id": m.id, "bytes": m.bytes})).collect();
    let failed = outcome.failed.iter();
    let failed: Vec<Value> =
        failed.map(|m| json!({"id": m.id, "reasons": m.reasons, "files": m.files, "commands": m.commands})).collect();
    json!({
        "pull_version": 1, "phase": if report.is_enough { "done" } else { "failed" }, "dir": report.dir, "pulled": pulled,
        "there": outcome.there, "failed": failed, "bytes_fetched": outcome.fetched,
        "detector": report.detector, "embedder": report.embedder,
    })
}

/// Returns what fetching was refused for as JSON.
#[must_use]
pub fn pull_error(error: &SessionError) -> Value {
    json!({"pull_version": 1, "phase": "error", "error": error.to_string(), "hint": error.hint()})
}

/// Returns what was found of each model as JSON.
#[must_use]
pub fn verdicts_json(dir: &Path, verdicts: &[Verdict]) -> String {
    let rows: Vec<Value> = verdicts
        .iter()
        .map(|v| {
            let mut row = json!({"what": v.what, "path": v.path});
            let (state, fact) = match &v.condition {
                Condition::Good => ("good", None),
                Condition::Incomplete { missing } => ("incomplete", Some(("missing", json!(missing)))),
                Condition::Wrong { reason } => ("wrong", Some(("reason", json!(reason)))),
                Condition::Unknown => ("unknown", None),
                Condition::Unfinished { bytes } => ("unfinished", Some(("bytes", json!(bytes)))),
            };
            row["state"] = json!(state);
            if let Some((key, value)) = fact {
                row[key] = value;
            }
            row
        })
        .collect();
    pretty(&json!({"dir": dir, "files": rows}))
}

/// Returns licences as JSON.
#[must_use]
pub fn licences_json(list: &LicenceList) -> String {
    let models: Vec<Value> = list
        .models
        .iter()
        .map(|m| {
            json!({
                "id": m.id, "licence": m.licence, "origin": m.origin, "commercial_use": m.commercial, "caveats": m.caveats,
                "installed": m.is_installed, "terms": m.terms,
            })
        })
        .collect();
    let terms: Vec<Value> = list.terms.iter().map(|t| json!({"terms": t.terms, "accepted": t.accepted})).collect();
    pretty(&json!({"models": models, "terms": terms}))
}

/// Returns the models as JSON.
#[must_use]
pub fn models_json(list: &ModelList) -> String {
    let rows: Vec<Value> = list
        .models
        .iter()
        .map(|m| {
            json!({
                "id": m.id, "task": m.task.to_string(), "family": m.family, "licence": m.licence, "commercial_use": m.commercial,
                "runs": m.runs, "path": m.path, "default": m.is_default, "missing": m.missing, "bytes": m.bytes,
                "sets": m.sets.iter().map(ToString::to_string).collect::<Vec<_>>(), "can_be_pulled": m.can_be_pulled,
            })
        })
        .collect();
    pretty(&json!({"dir": list.dir, "models": rows, "unknown": list.unknown}))
}

/// Returns suggestions as JSON.
#[must_use]
pub fn suggestions_json(suggestions: &Suggestions) -> String {
    let rows: Vec<Value> = suggestions
        .clusters
        .iter()
        .map(|s| {
            json!({
                "identity_id": s.cluster.to_string(), "visual_s": round(s.time.secs(), 3), "nearest": s.nearest,
                "cosine": round(s.cosine.into(), 4), "clear": s.is_clear,
                "second": s.second.as_ref().map(|(name, cosine)| json!({"name": name, "cosine": round((*cosine).into(), 4)})),
            })
        })
        .collect();
    pretty(&json!({"clusters": rows, "notes": suggestions.notes}))
}

/// Returns voice prints, without their vectors, as JSON.
#[must_use]
pub fn voice_prints_json(prints: &[PrintLine]) -> String {
    let row = |p: &PrintLine| {
        json!({
            "person_id": p.person.to_string(), "name": p.name, "episode": p.episode, "speech_s": round(p.speech.secs(), 3),
            "embedder": p.embedder,
            "doubt": p.doubt.as_ref().map(|(name, cosine)| json!({"like": name, "cosine": round((*cosine).into(), 4)})),
        })
    };
    pretty(&prints.iter().map(row).collect::<Vec<_>>())
}
