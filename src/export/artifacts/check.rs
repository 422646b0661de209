//! Finds what does not fit together in a directory.

use super::read::{Line, Rows};
use super::rows::TrackRow;
use crate::domain::{Embedding, EpisodeId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How far a vector's length may be from 1, and three decimals of seconds from their timeline.
const UNIT_TOLERANCE: f64 = 0.01;
const SECONDS_TOLERANCE: f64 = 0.001;

/// One thing that a valid directory would not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, 1 to 9: references, one identity a track, vectors, tracks, shots, analysed pictures, one box an identity,
    /// unit length, seconds.
    pub rule: u8,
    pub file: &'static str,
    /// From 1; 0 where no line is at fault.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}, line {line}: {}", self.file, self.what),
        }
    }
}

/// Checks the rows of `episode` against the nine rules of a valid directory, and returns what breaks one, by rule.
#[must_use]
pub fn check(episode: &EpisodeId, rows: &Rows) -> Vec<Finding> {
    let mut found = Findings::default();
    belongs(episode, rows, &mut found);
    references(rows, &mut found);
    identities(rows, &mut found);
    vectors(rows, &mut found);
    tracks(rows, &mut found);
    shots(rows, &mut found);
    pictures(rows, &mut found);
    seconds(rows, &mut found);
    found.0.sort_by_key(|f| f.rule);
    found.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, rule: u8, file: &'static str, line: usize, what: impl Into<String>) {
        self.0.push(Finding { rule, file, line, what: what.into() });
    }
}

fn by_id(rows: &Rows) -> BTreeMap<u32, &Line<TrackRow>> {
    rows.tracks.iter().flatten().map(|t| (t.row.track_id.0, t)).collect()
}

/// Rule 1: everything is of one episode.
fn belongs(episode: &EpisodeId, rows: &Rows, found: &mut Findings) {
    let mut other = |file, line, id: Option<&String>| {
        if let Some(id) = id.filter(|id| *id != episode.as_str()) {
            found.add(1, file, line, format!("expected ep_id {:?}, found {id:?}", episode.as_str()));
        }
    };
    other("run.json", 1, rows.run.as_ref().map(|r| &r.ep_id));
    rows.detections.iter().for_each(|d| other("detections.jsonl", d.line, d.row.ep_id.as_ref()));
    rows.tracks.iter().flatten().for_each(|t| other("tracks.jsonl", t.line, t.row.ep_id.as_ref()));
    rows.faces.iter().for_each(|f| other("faces.jsonl", f.line, f.row.ep_id.as_ref()));
}

/// Rule 1: every track that is named stands in `tracks.jsonl`.
fn references(rows: &Rows, found: &mut Findings) {
    let known = by_id(rows);
    if known.len() < rows.tracks.iter().flatten().count() {
        found.add(1, "tracks.jsonl", 0, "a track_id stands here twice");
    }
    let mut missing = |file, line, id: u32| {
        if !known.contains_key(&id) {
            found.add(1, file, line, format!("track {id} is not in tracks.jsonl"));
        }
    };
    for d in &rows.detections {
        d.row.track_id.iter().for_each(|t| missing("detections.jsonl", d.line, t.0));
    }
    rows.faces.iter().for_each(|f| missing("faces.jsonl", f.line, f.row.track_id.0));
    for identity in rows.identities.iter().flat_map(|f| &f.identities) {
        identity.track_ids.iter().for_each(|t| missing("identities.json", 1, t.0));
    }
}

/// Rule 2: no track is in two identities.
fn identities(rows: &Rows, found: &mut Findings) {
    let mut homes: BTreeMap<u32, &str> = BTreeMap::new();
    for identity in rows.identities.iter().flat_map(|f| &f.identities) {
        for track in &identity.track_ids {
            if let Some(other) = homes.insert(track.0, &identity.identity_id) {
                found.add(2, "identities.json", 1, format!("track {} is in {other} and in {}", track.0, identity.identity_id));
            }
        }
    }
}

/// Rules 3 and 8: one row for each face, of one length and one embedder, of unit length.
fn vectors(rows: &Rows, found: &mut Findings) {
    let faces: Vec<_> = rows.faces.iter().filter(|f| f.row.skip.is_none()).collect();
    if let Some(vectors) = &rows.vectors {
        if vectors.len() != faces.len() {
            found.add(3, "faces.npy", 0, format!("expected {} rows, one for each face, found {}", faces.len(), vectors.len()));
        }
        for (i, vector) in vectors.iter().enumerate().filter(|(_, v)| !is_unit(v)) {
            found.add(8, "faces.npy", 0, format!("row {i} of {} values is not of unit length", vector.len()));
        }
    }
    let lengths: BTreeSet<usize> = faces.iter().filter_map(|f| f.row.embedding.as_ref()).map(Vec::len).collect();
    let models: BTreeSet<&str> = faces.iter().filter_map(|f| f.row.embedding_model.as_deref()).collect();
    if lengths.len() > 1 || models.len() > 1 {
        found.add(3, "faces.jsonl", 0, format!("vectors of lengths {lengths:?} by embedders {models:?}"));
    }
    for face in &faces {
        if face.row.embedding.as_ref().is_some_and(|v| !is_unit(v)) {
            found.add(8, "faces.jsonl", face.line, "embedding is not of unit length");
        }
    }
    for track in rows.tracks.iter().flatten() {
        if track.row.face_embedding.as_ref().is_some_and(|v| !is_unit(v)) {
            found.add(8, "tracks.jsonl", track.line, "face_embedding is not of unit length");
        }
    }
}

fn is_unit(vector: &[f32]) -> bool {
    let length = vector.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
    (length - 1.0).abs() <= UNIT_TOLERANCE && Embedding::from_raw(vector.to_vec()).is_ok()
}

/// Rule 4: first before last, and as many boxes as are counted.
fn tracks(rows: &Rows, found: &mut Findings) {
    let mut boxes: BTreeMap<u32, u32> = BTreeMap::new();
    for d in rows.detections.iter().filter(|d| d.row.interpolated != Some(true)) {
        d.row.track_id.iter().for_each(|t| *boxes.entry(t.0).or_default() += 1);
    }
    for Line { line, row } in rows.tracks.iter().flatten() {
        let ends_early = row.first_ts.zip(row.last_ts).is_some_and(|(a, b)| a > b);
        if row.first_frame_idx > row.last_frame_idx || ends_early {
            found.add(4, "tracks.jsonl", *line, format!("track {} ends before it begins", row.track_id.0));
        }
        let counted = boxes.get(&row.track_id.0).copied().unwrap_or(0);
        if counted != row.frame_count {
            let what = format!("track {} has frame_count {}, and {counted} detections", row.track_id.0, row.frame_count);
            found.add(4, "tracks.jsonl", *line, what);
        }
    }
}

/// Rule 5: shots cover every picture once, and no track crosses one.
fn shots(rows: &Rows, found: &mut Findings) {
    let Some(shots) = &rows.shots else { return };
    let mut end = 0;
    for Line { line, row } in shots {
        if row.start_frame != end || row.end_frame <= row.start_frame {
            found.add(
                5,
                "shots.jsonl",
                *line,
                format!("expected a shot from picture {end} on, found {}..{}", row.start_frame, row.end_frame),
            );
        }
        end = row.end_frame;
    }
    if let Some(run) = rows.run.as_ref().filter(|run| run.frames != end) {
        found.add(5, "shots.jsonl", 0, format!("shots end at picture {end} of {}", run.frames));
    }
    for Line { line, row } in rows.tracks.iter().flatten() {
        let one = shots.iter().any(|s| s.row.start_frame <= row.first_frame_idx && row.last_frame_idx < s.row.end_frame);
        if !one {
            found.add(5, "tracks.jsonl", *line, format!("track {} does not lie in one shot", row.track_id.0));
        }
    }
}

/// Rules 6 and 7: detections lie on analysed pictures, and an identity has one box in each.
fn pictures(rows: &Rows, found: &mut Findings) {
    if let Some((run, analysed)) = rows.run.as_ref().and_then(|r| Some((r, r.analysed.as_ref()?))) {
        let seen: BTreeSet<u64> = analysed.frames(run.frames).collect();
        for d in rows.detections.iter().filter(|d| d.row.interpolated != Some(true) && !seen.contains(&d.row.frame_idx)) {
            found.add(6, "detections.jsonl", d.line, format!("picture {} was not analysed", d.row.frame_idx));
        }
    }
    let members = rows.identities.iter().flat_map(|f| &f.identities);
    let homes: BTreeMap<u32, &str> = members.flat_map(|i| i.track_ids.iter().map(|t| (t.0, i.identity_id.as_str()))).collect();
    let mut met: BTreeMap<(u64, &str), u32> = BTreeMap::new();
    let mut overlaps: BTreeMap<(&str, u32, u32), (usize, u64)> = BTreeMap::new();
    for d in &rows.detections {
        let Some((track, identity)) = d.row.track_id.and_then(|t| Some((t.0, *homes.get(&t.0)?))) else { continue };
        if let Some(other) = met.insert((d.row.frame_idx, identity), track) {
            let pair = (identity, other.min(track), other.max(track));
            overlaps.entry(pair).or_insert((d.line, 0)).1 += 1;
        }
    }
    for ((identity, a, b), (line, count)) in overlaps {
        let what = format!("{identity} has two boxes in {count} pictures, of tracks {a} and {b}");
        found.add(7, "detections.jsonl", line, what);
    }
}

/// Rule 9: seconds agree with the timeline, and no one is seen longer than the video.
fn seconds(rows: &Rows, found: &mut Findings) {
    let Some(file) = &rows.screen_time else { return };
    let duration = rows.run.as_ref().and_then(|r| r.duration_s);
    for metric in &file.metrics {
        let shown = metric.name.as_deref().unwrap_or("unnamed");
        let mut add = |what: String| found.add(9, "screentime.json", 1, format!("{shown}: {what}"));
        let same = |t: &&crate::export::json::Timeline| t.name == metric.name && t.identity_ids == metric.identity_ids;
        let spans = file.timeline.iter().find(same).map(|t| &t.intervals);
        if let Some(spans) = spans {
            let sum: f64 = spans.iter().map(|[a, b]| b - a).sum();
            if (sum - metric.visual_s).abs() > SECONDS_TOLERANCE {
                add(format!("visual_s is {}, the timeline's sum {sum:.3}", metric.visual_s));
            }
            if spans.iter().any(|[a, b]| a >= b) || spans.windows(2).any(|w| w[0][1] > w[1][0]) {
                add("spans are not disjoint and ascending".into());
            }
        }
        if duration.is_some_and(|d| metric.visual_s > d + SECONDS_TOLERANCE) {
            add(format!("visual_s is {}, longer than the video", metric.visual_s));
        }
        let least = metric.speaking_s.map_or(metric.visual_s, |s| s.min(metric.visual_s));
        if metric.both_s.is_some_and(|both| both > least + SECONDS_TOLERANCE) {
            add("both_s is more than visual_s or speaking_s".into());
        }
    }
}
