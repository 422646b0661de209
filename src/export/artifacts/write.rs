//! Writes the directory, shot by shot.

use super::compose::shot_row;
use super::identities::{ClusterRules, TrackSummary, identities_file};
use super::layout::{Layout, crop_name, crop_path, identity_thumb_name, thumb_name, track_folder};
use super::people::{PeopleFile, people_file};
use super::progress::progress_json;
use super::speech::SpeechRows;
use super::transcript::{self, SaidTurn};
use crate::domain::{
    Assignment, Badges, Crop, CropKey, Embedding, EpisodeId, Identity, IdentityId, Person, RunMeta, ScreenTime, Shot, ShotRecord,
    TrackId, TrackMetrics, Tracklet,
};
use crate::export::csv::write_screen_time_csv;
use crate::export::json::write_screen_time_json;
use crate::export::npy::write_npy;
use crate::export::rounding::seconds;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Two faces of one track at this cosine distance or more are a warning.
const HIGH_SPREAD: f32 = 0.30;

/// The manifests that grow line by line.
const LINES: [&str; 4] = ["shots.jsonl", "detections.jsonl", "tracks.jsonl", "faces.jsonl"];

/// Takes bytes for a path under the data root; paths have forward slashes.
///
/// The directory is valid once [`Writer::finish`] has returned. An implementation therefore writes under temporary names and
/// renames at its own end.
pub trait Sink {
    /// Adds `bytes` to the end of `path`; the first call makes the file, also with no bytes.
    ///
    /// # Errors
    /// Fails where the bytes cannot be kept.
    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Writes a whole file.
    ///
    /// # Errors
    /// Fails where the bytes cannot be kept.
    fn put(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;
}

/// Everything about an episode's active run but its shots.
#[derive(Debug, Clone, Copy)]
pub struct Episode<'a> {
    pub id: &'a EpisodeId,
    pub run: &'a RunMeta,
    pub identities: &'a [Identity],
    pub assignments: &'a BTreeMap<TrackId, Assignment>,
    /// At least those whom `identities` refer to.
    pub people: &'a [Person],
    /// What `people.json` of the show holds so far; people and clusters of other episodes are kept.
    pub known_people: Option<&'a PeopleFile>,
    /// Of faces, by the track that they are in now.
    pub badges: &'a BTreeMap<CropKey, Badges>,
    pub cluster: ClusterRules,
    pub metrics: &'a TrackMetrics,
    pub screen_time: &'a ScreenTime,
    /// When the directory is written.
    pub at: Timestamp,
}

/// Writes the directory of one episode into `S`.
///
/// Keeps the face vectors until the end, `4 d` bytes a crop, and one thumbnail for each identity; everything else is passed on at once.
#[derive(Debug)]
pub struct Writer<'a, S> {
    episode: Episode<'a>,
    layout: Layout,
    sink: S,
    analysed: Vec<u64>,
    shots: Vec<Shot>,
    tracks: BTreeMap<TrackId, TrackSummary>,
    /// Best thumbnail so far, by its quality.
    portraits: BTreeMap<IdentityId, (f32, Vec<u8>)>,
    vectors: Vec<f32>,
    rows: usize,
}

impl<'a, S: Sink> Writer<'a, S> {
    /// Begins the directory.
    ///
    /// # Errors
    /// Fails where `sink` does.
    pub fn new(episode: Episode<'a>, sink: S) -> io::Result<Self> {
        let mut writer = Self {
            layout: Layout::new(episode.id),
            episode,
            sink,
            analysed: Vec::new(),
            shots: Vec::new(),
            tracks: BTreeMap::new(),
            portraits: BTreeMap::new(),
            vectors: Vec::new(),
            rows: 0,
        };
        for name in LINES {
            writer.append(name, &[])?;
        }
        Ok(writer)
    }

    /// Writes one shot. Shots come in order.
    ///
    /// # Errors
    /// Fails where the sink does.
    pub fn shot(&mut self, record: &ShotRecord) -> io::Result<()> {
        self.analysed.extend(record.analysed.iter().map(|at| at.frame));
        self.shots.push(record.shot);
        self.append("shots.jsonl", &line(&shot_row(record))?)?;
        let mut lines = Vec::new();
        for face in &record.faces {
            lines.extend(line(&self.episode.detection_row(face))?);
        }
        self.append("detections.jsonl", &lines)?;
        for tracklet in &record.tracklets {
            let faces: Vec<(&Crop, &Embedding)> =
                record.crops.iter().zip(&record.embeddings).filter(|(crop, _)| crop.track == tracklet.id).collect();
            self.track(tracklet, &faces)?;
        }
        Ok(())
    }

    /// Writes what is said, turns by time; call it where something is written down.
    ///
    /// # Errors
    /// Fails where the sink does.
    pub fn transcript(&mut self, turns: &[SaidTurn<'_>]) -> io::Result<()> {
        let mut lines = Vec::new();
        for said in turns {
            lines.extend(line(&transcript::row(said))?);
        }
        self.put("episode_transcript.jsonl", &lines)?;
        self.put("episode_transcript.vtt", transcript::subtitles(turns, self.episode.run.video.first_pts).as_bytes())
    }

    /// Writes who speaks when and whose voices those are; call it where the sound was analysed.
    ///
    /// # Errors
    /// Fails where the sink does.
    pub fn speech(&mut self, speech: &SpeechRows<'_>) -> io::Result<()> {
        for (name, rows) in [("audio_diarization.jsonl", speech.diarisation()), ("av_links.jsonl", speech.links(&self.episode))] {
            let mut lines = Vec::new();
            for row in &rows {
                lines.extend(line(row)?);
            }
            self.put(name, &lines)?;
        }
        self.put("audio_voice_mapping.json", &line(&speech.mapping(&self.episode))?)
    }

    /// Writes what is known only at the end, and returns the sink.
    ///
    /// # Errors
    /// Fails where the sink does.
    pub fn finish(mut self) -> io::Result<S> {
        let episode = self.episode;
        let columns = self.vectors.len().checked_div(self.rows).unwrap_or(0);
        let vectors = write_npy(self.rows, columns, &self.vectors);
        self.sink.put(&self.layout.vectors(), &vectors)?;
        self.sink.put(&self.layout.run_vectors(episode.run.id), &vectors)?;

        for (identity, (_, thumb)) in &self.portraits {
            self.sink.put(&self.layout.below_thumbs(&identity_thumb_name(*identity)), thumb)?;
        }
        let shown: BTreeSet<IdentityId> = self.portraits.keys().copied().collect();
        self.put("run.json", &line(&episode.run_row(&self.shots, &self.analysed))?)?;
        self.put("identities.json", &line(&identities_file(&episode, &self.tracks, &shown))?)?;
        self.put("track_metrics.json", &line(&episode.metrics_file(&self.shots)?)?)?;
        self.put("progress.json", &progress_json(&episode.progress(&self.analysed)?)?)?;
        if let (Some(path), Some(people)) = (self.layout.people(), people_file(&episode, &shown)) {
            self.sink.put(&path, &line(&people)?)?;
        }

        let mut table = Vec::new();
        write_screen_time_csv(&mut table, episode.run, episode.screen_time)?;
        self.sink.put(&self.layout.screen_time("csv"), &table)?;
        let mut file = Vec::new();
        write_screen_time_json(&mut file, episode.id, episode.run, episode.at, episode.screen_time)?;
        self.sink.put(&self.layout.screen_time("json"), &file)?;

        self.sink.put(&self.layout.active_run(), &line(&json!({ "run_id": episode.run.id.to_string() }))?)?;
        Ok(self.sink)
    }

    /// Adds to a manifest of the run and to its mirror.
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.sink.append(&self.layout.run_manifest(self.episode.run.id, name), bytes)?;
        self.sink.append(&self.layout.manifest(name), bytes)
    }

    /// Writes a manifest of the run and its mirror.
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.sink.put(&self.layout.run_manifest(self.episode.run.id, name), bytes)?;
        self.sink.put(&self.layout.manifest(name), bytes)
    }

    fn track(&mut self, tracklet: &Tracklet, faces: &[(&Crop, &Embedding)]) -> io::Result<()> {
        let spread = spread(faces);
        let summary = TrackSummary {
            faces: u64::try_from(faces.len()).unwrap_or(u64::MAX),
            vector: Embedding::mean(faces.iter().map(|(crop, vector)| (*vector, crop.quality.total))),
            is_mixed: spread.is_some_and(|s| s >= HIGH_SPREAD),
        };
        self.append("tracks.jsonl", &line(&self.episode.track_row(tracklet, faces, spread, &summary))?)?;
        self.tracks.insert(tracklet.id, summary);

        let mut lines = Vec::new();
        let mut index = Vec::new();
        for (crop, vector) in faces {
            lines.extend(line(&self.episode.face_row(crop, vector, self.rows))?);
            self.vectors.extend_from_slice(vector.as_slice());
            self.rows += 1;
            if !crop.aligned.is_empty() {
                self.sink.put(&self.layout.below_frames(&crop_path(crop.key())), &crop.aligned)?;
                index.push(json!({ "key": crop_name(crop.key()), "frame_idx": crop.at.frame, "ts": seconds(crop.at.pts, 4) }));
            }
            if !crop.thumb.is_empty() {
                self.sink.put(&self.layout.below_thumbs(&thumb_name(crop.key())), &crop.thumb)?;
            }
        }
        if !index.is_empty() {
            let path = self.layout.below_frames(&format!("crops/{}/index.json", track_folder(tracklet.id)));
            self.sink.put(&path, &line(&index)?)?;
        }
        if let (Some(best), Some(assignment)) = (best(faces), self.episode.assignments.get(&tracklet.id)) {
            let quality = best.quality.total;
            if !best.thumb.is_empty() && self.portraits.get(&assignment.identity).is_none_or(|(q, _)| quality > *q) {
                self.portraits.insert(assignment.identity, (quality, best.thumb.clone()));
            }
        }
        self.append("faces.jsonl", &lines)
    }
}

/// Makes one line, its end of line included.
fn line(row: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(row)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Returns the crop of highest quality, the earliest of equals.
pub(super) fn best<'a>(faces: &[(&'a Crop, &Embedding)]) -> Option<&'a Crop> {
    let mut best: Option<&Crop> = None;
    for (crop, _) in faces {
        if best.is_none_or(|b| crop.quality.total > b.quality.total) {
            best = Some(crop);
        }
    }
    best
}

/// Returns the largest cosine distance between two faces; `None` for fewer than two.
fn spread(faces: &[(&Crop, &Embedding)]) -> Option<f32> {
    let pairs = faces.iter().enumerate().flat_map(|(i, (_, a))| faces[i + 1..].iter().map(move |(_, b)| (a, b)));
    pairs.filter_map(|(a, b)| a.cosine(b).map(|c| 1.0 - c)).reduce(f32::max)
}
