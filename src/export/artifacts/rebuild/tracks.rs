//! Detections, and the tracks that they make.

use super::super::read::{ArtifactError, Line};
use super::super::rows::{DetectionRow, landmarks};
use super::{Build, face_box};
use crate::domain::{Detection, DropReason, Face, Fate, Size, TrackId, Tracklet};
use std::collections::BTreeMap;

impl Build<'_> {
    pub(super) fn detections(&mut self) -> Result<(), ArtifactError> {
        let rows = self.rows;
        let path = self.layout.manifest("detections.jsonl");
        for Line { line, row } in &rows.detections {
            if row.interpolated == Some(true) {
                self.note("interpolated_boxes_left_out");
                continue;
            }
            let at = self.at(&path, *line, row.frame_idx)?;
            let face = Face {
                at,
                detection: detection(row, self.run.size, &path, *line)?,
                fate: fate(row),
                denied: row.denied == Some(true),
            };
            let home = self.home(&path, *line, row.frame_idx)?;
            self.records[home].faces.push(face);
        }
        for record in &mut self.records {
            record.faces.sort_by(|a, b| a.at.frame.cmp(&b.at.frame).then(b.detection.score.total_cmp(&a.detection.score)));
        }
        Ok(())
    }

    pub(super) fn tracks(&mut self) -> Result<(), ArtifactError> {
        let rows = self.rows;
        let path = self.layout.manifest("tracks.jsonl");
        let mut found = self.tracks_of_detections();
        let Some(lines) = &rows.tracks else {
            self.note("tracks_from_detections");
            for (track, home) in found.values() {
                self.homes.insert(track.id, *home);
                self.records[*home].tracklets.push(*track);
            }
            return Ok(());
        };
        for Line { line, row } in lines {
            let id = TrackId::from(row.track_id);
            let (mut track, home) = if let Some(found) = found.remove(&id) {
                found
            } else {
                self.note("tracks_without_detections");
                let (first, last) = (self.at(&path, *line, row.first_frame_idx)?, self.at(&path, *line, row.last_frame_idx)?);
                let home = self.home(&path, *line, row.first_frame_idx)?;
                let shot = self.records[home].shot.id;
                (Tracklet { id, shot, first, last, boxes: row.frame_count, mean_score: 0.0, lost: true }, home)
            };
            track.mean_score = row.avg_conf.unwrap_or(track.mean_score);
            track.lost = row.lost.unwrap_or(track.lost);
            if self.homes.insert(id, home).is_some() {
                return Err(ArtifactError::broken(&path, *line, format!("track {} stands here twice", id.0)));
            }
            self.records[home].tracklets.push(track);
        }
        if let Some(id) = found.keys().next() {
            let path = self.layout.manifest("detections.jsonl");
            let line = rows.detections.iter().find(|d| d.row.track_id.map(TrackId::from) == Some(*id)).map_or(1, |d| d.line);
            return Err(ArtifactError::broken(&path, line, format!("track {} is not in tracks.jsonl", id.0)));
        }
        for record in &mut self.records {
            record.tracklets.sort_by_key(|t| t.id);
        }
        Ok(())
    }

    /// Sums up the tracks that the detections name; each lies in the shot of its first box.
    fn tracks_of_detections(&self) -> BTreeMap<TrackId, (Tracklet, usize)> {
        let mut found: BTreeMap<TrackId, (Tracklet, usize, f64)> = BTreeMap::new();
        for (home, record) in self.records.iter().enumerate() {
            for face in &record.faces {
                let Fate::Tracked(id) = face.fate else { continue };
                let new =
                    Tracklet { id, shot: record.shot.id, first: face.at, last: face.at, boxes: 0, mean_score: 0.0, lost: true };
                let (track, _, sum) = found.entry(id).or_insert((new, home, 0.0));
                track.last = face.at;
                track.boxes += 1;
                *sum += f64::from(face.detection.score);
            }
        }
        let mean = |(mut track, home, sum): (Tracklet, usize, f64)| {
            track.mean_score = mean_score(sum, track.boxes);
            track.lost = self.records[home].analysed.last().is_none_or(|last| track.last.frame < last.frame);
            (track, home)
        };
        found.into_iter().map(|(id, found)| (id, mean(found))).collect()
    }
}

fn fate(row: &DetectionRow) -> Fate {
    match row.track_id {
        Some(track) => Fate::Tracked(track.into()),
        None => Fate::Dropped(row.dropped.unwrap_or(DropReason::LowScore)),
    }
}

fn detection(row: &DetectionRow, size: Option<Size>, path: &str, line: usize) -> Result<Detection, ArtifactError> {
    let bbox = face_box(row.bbox_xyxy.as_ref(), row.bbox.as_ref(), size, path, line)?;
    let malformed = fate(row) == Fate::Dropped(DropReason::Malformed);
    let score = match row.conf {
        Some(score) => score,
        None if malformed => f32::NAN,
        None => return Err(ArtifactError::broken(path, line, "conf is missing")),
    };
    if !malformed && !bbox.is_finite() {
        return Err(ArtifactError::broken(path, line, "bbox_xyxy has a corner that is no number"));
    }
    Ok(Detection { bbox, landmarks: row.landmarks.as_ref().map(landmarks), score })
}

#[expect(clippy::cast_possible_truncation, reason = "a mean of scores needs no more than f32")]
fn mean_score(sum: f64, boxes: u32) -> f32 {
    (sum / f64::from(boxes.max(1))) as f32
}
