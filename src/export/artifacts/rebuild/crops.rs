//! Kept faces, their vectors, and where their pictures lie.

use super::super::read::{ArtifactError, Line};
use super::super::rows::{CANONICAL, FaceRow, landmarks};
use super::{Build, PictureFiles, face_box};
use crate::domain::{Crop, Detection, Embedding, Face, Fate, Quality, TrackId};

impl Build<'_> {
    pub(super) fn crops(&mut self) -> Result<(), ArtifactError> {
        let rows = self.rows;
        let path = self.layout.manifest("faces.jsonl");
        let mut next_row = 0;
        let mut model: Option<&str> = None;
        let mut length = None;
        for Line { line, row } in &rows.faces {
            if row.skip.is_some() {
                self.note("faces_passed_over");
                continue;
            }
            let index = row.embedding_row.and_then(|r| usize::try_from(r).ok()).unwrap_or(next_row);
            next_row += 1;
            let broken = |reason: String| ArtifactError::broken(&path, *line, reason);
            let track = TrackId::from(row.track_id);
            let home = *self.homes.get(&track).ok_or_else(|| broken(format!("track {} is in no other file", track.0)))?;
            let vector = match (&row.embedding, &rows.vectors) {
                (Some(values), _) => values.clone(),
                (None, Some(rows)) => rows.get(index).cloned().ok_or_else(|| broken(format!("faces.npy has no row {index}")))?,
                (None, None) => return Err(broken("no embedding, and there is no faces.npy".into())),
            };
            if *length.get_or_insert(vector.len()) != vector.len() {
                return Err(broken(format!("expected a vector of {} values, found {}", length.unwrap_or(0), vector.len())));
            }
            if let Some(own) = row.embedding_model.as_deref()
                && *model.get_or_insert(own) != own
            {
                return Err(broken(format!("vectors of two embedders, {:?} and {own:?}", model.unwrap_or(""))));
            }
            // What was an embedding stays so bit for bit; the rest is scaled.
            let embedding = Embedding::from_unit(vector.clone())
                .or_else(|_| Embedding::from_raw(vector))
                .map_err(|e| broken(e.to_string()))?;
            let crop = self.crop(row, home, &path, *line)?;
            self.pictures.insert(crop.key(), self.picture_files(row));
            let record = &mut self.records[home];
            record.crops.push(crop);
            record.embeddings.push(embedding);
        }
        for record in &mut self.records {
            let mut pairs: Vec<(Crop, Embedding)> =
                std::mem::take(&mut record.crops).into_iter().zip(std::mem::take(&mut record.embeddings)).collect();
            pairs.sort_by_key(|(crop, _)| crop.key());
            (record.crops, record.embeddings) = pairs.into_iter().unzip();
        }
        Ok(())
    }

    fn crop(&mut self, row: &FaceRow, home: usize, path: &str, line: usize) -> Result<Crop, ArtifactError> {
        let track = TrackId::from(row.track_id);
        let at = self.at(path, line, row.frame_idx)?;
        let same = |f: &&Face| f.at.frame == row.frame_idx && f.fate == Fate::Tracked(track);
        let found = self.records[home].faces.iter().find(same).map(|f| f.detection);
        let bbox = face_box(row.bbox_xyxy.as_ref(), row.bbox.as_ref(), self.run.size, path, line)?;
        let score = row.conf.or(found.map(|d| d.score)).ok_or_else(|| ArtifactError::broken(path, line, "conf is missing"))?;
        let detection =
            Detection { bbox, landmarks: row.landmarks.as_ref().map(landmarks).or(found.and_then(|d| d.landmarks)), score };
        if row.quality.is_none() {
            self.note("faces_without_quality");
        }
        if row.quality_parts.is_none() {
            self.note("faces_without_quality_parts");
        }
        if row.pose_yaw.is_none() {
            self.note("faces_without_pose");
        }
        // What a directory does not say of the parts is taken to be like the whole.
        let total = row.quality.unwrap_or(score);
        let parts = row.quality_parts;
        let quality = Quality {
            total,
            size: parts.map_or(total, |p| p.size),
            sharpness: parts.map_or(total, |p| p.sharpness),
            frontality: parts.map_or(total, |p| p.frontality),
            light: parts.map_or(total, |p| p.light),
            visibility: parts.map_or(total, |p| p.visibility),
            yaw: row.pose_yaw.unwrap_or(0.0),
            pitch: row.pose_pitch.unwrap_or(0.0),
            roll: row.pose_roll.unwrap_or(0.0),
        };
        Ok(Crop { track, at, detection, quality, aligned: Vec::new(), thumb: Vec::new() })
    }

    fn picture_files(&self, row: &FaceRow) -> PictureFiles {
        let canonical = row.crop_form.as_deref() == Some(CANONICAL);
        PictureFiles {
            aligned: row.crop_rel_path.as_ref().filter(|p| canonical && stays_below(p)).map(|p| self.layout.below_frames(p)),
            thumb: row.thumb_rel_path.as_ref().filter(|p| stays_below(p)).map(|p| self.layout.below_thumbs(p)),
        }
    }
}

/// Tells whether a path from a file leads nowhere but below the folder it is relative to.
fn stays_below(path: &str) -> bool {
    !path.contains('\\') && !path.contains(':') && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}
