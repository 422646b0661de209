//! What stands in each row.

use super::identities::TrackSummary;
use super::layout::{crop_path, face_id, thumb_name};
use super::progress::ProgressReport;
use super::rows::{
    BadgeRow, CANONICAL, DetectionRow, FaceRow, QualityParts, SceneCuts, ShotRow, TrackMetricsFile, TrackRow, corners, points,
};
use super::run_row::{Analysed, ModelRow, RunRow, VideoRow};
use super::write::{Episode, best};
use crate::domain::{Badges, Crop, Embedding, Face, Fate, FrameTime, ModelUse, Shot, ShotRecord, Tracklet};
use crate::export::rounding::{decimals, seconds};
use serde_json::json;
use std::collections::BTreeMap;
use std::io;

fn badge_rows(badges: &Badges) -> Vec<BadgeRow> {
    badges.shown().map(|b| BadgeRow { badge: b.kind, value: b.value, reason: b.evidence.to_string() }).collect()
}

impl Episode<'_> {
    pub(super) fn detection_row(&self, face: &Face) -> DetectionRow {
        let run = self.run;
        let (track_id, dropped) = match face.fate {
            Fate::Tracked(track) => (Some(track.into()), None),
            Fate::Dropped(reason) => (None, Some(reason)),
        };
        DetectionRow {
            schema_version: Some("det_v1".into()),
            ep_id: Some(self.id.to_string()),
            frame_idx: face.at.frame,
            ts: Some(seconds(face.at.pts, 4)),
            pts_s: Some(seconds(face.at.pts, 6)),
            class: Some("face".into()),
            conf: Some(face.detection.score).filter(|c| c.is_finite()),
            bbox_xyxy: Some(corners(&face.detection.bbox)),
            bbox: None,
            landmarks: face.detection.landmarks.as_ref().map(points),
            track_id,
            dropped,
            denied: face.denied.then_some(true),
            interpolated: None,
            model: Some(run.detector.file.clone()),
            detector: Some(run.detector.family.clone()),
            tracker: Some(run.tracker.clone()),
            fps: decimals(run.counts.analysed as f64 / run.video.duration.secs(), 3),
            pipeline_ver: Some(run.tool.clone()),
        }
    }

    pub(super) fn track_row(
        &self,
        tracklet: &Tracklet,
        faces: &[(&Crop, &Embedding)],
        spread: Option<f32>,
        summary: &TrackSummary,
    ) -> TrackRow {
        let run = self.run;
        let best = best(faces);
        TrackRow {
            schema_version: Some("track_v1".into()),
            ep_id: Some(self.id.to_string()),
            track_id: tracklet.id.into(),
            class: Some("face".into()),
            shot_id: Some(tracklet.shot.0),
            first_ts: Some(seconds(tracklet.first.pts, 4)),
            last_ts: Some(seconds(tracklet.last.pts, 4)),
            first_frame_idx: tracklet.first.frame,
            last_frame_idx: tracklet.last.frame,
            frame_count: tracklet.boxes,
            faces_count: Some(summary.faces),
            avg_conf: Some(tracklet.mean_score).filter(|s| s.is_finite()),
            face_embedding: summary.vector.as_ref().map(|v| v.as_slice().to_vec()),
            face_embedding_model: summary.vector.as_ref().map(|_| run.embedder.id.clone()),
            face_embedding_samples: summary.vector.as_ref().map(|_| summary.faces),
            face_embedding_spread: spread,
            coherence_warning: summary.is_mixed.then(|| "high_spread".into()),
            thumb_rel_path: best.filter(|c| !c.thumb.is_empty()).map(|c| thumb_name(c.key())),
            best_crop_rel_path: best.filter(|c| !c.aligned.is_empty()).map(|c| crop_path(c.key())),
            locked: Some(self.assignments.get(&tracklet.id).is_some_and(|a| a.locked)),
            lost: Some(tracklet.lost),
            detector: Some(run.detector.family.clone()),
            tracker: Some(run.tracker.clone()),
            pipeline_ver: Some(run.tool.clone()),
        }
    }

    pub(super) fn face_row(&self, crop: &Crop, vector: &Embedding, row: usize) -> FaceRow {
        let run = self.run;
        let quality = crop.quality;
        let has_crop = !crop.aligned.is_empty();
        FaceRow {
            schema_version: Some("face_v1".into()),
            ep_id: Some(self.id.to_string()),
            face_id: Some(face_id(crop.key())),
            track_id: crop.track.into(),
            frame_idx: crop.at.frame,
            ts: Some(seconds(crop.at.pts, 4)),
            pts_s: Some(seconds(crop.at.pts, 6)),
            bbox_xyxy: Some(corners(&crop.detection.bbox)),
            bbox: None,
            conf: Some(crop.detection.score),
            quality: Some(quality.total),
            quality_parts: Some(QualityParts {
                size: quality.size,
                sharpness: quality.sharpness,
                frontality: quality.frontality,
                light: quality.light,
                visibility: quality.visibility,
            }),
            landmarks: crop.detection.landmarks.as_ref().map(points),
            badges: self.badges.get(&crop.key()).map(badge_rows),
            embedding: Some(vector.as_slice().to_vec()),
            embedding_model: Some(run.embedder.id.clone()),
            embedding_row: u64::try_from(row).ok(),
            pose_yaw: Some(quality.yaw),
            pose_pitch: Some(quality.pitch),
            pose_roll: Some(quality.roll),
            crop_rel_path: has_crop.then(|| crop_path(crop.key())),
            crop_form: has_crop.then(|| CANONICAL.into()),
            thumb_rel_path: (!crop.thumb.is_empty()).then(|| thumb_name(crop.key())),
            detector: Some(run.detector.family.clone()),
            pipeline_ver: Some(run.tool.clone()),
            skip: None,
        }
    }

    pub(super) fn run_row(&self, shots: &[Shot], analysed: &[u64]) -> RunRow {
        let run = self.run;
        let video = &run.video;
        RunRow {
            schema_version: Some("run_v1".into()),
            ep_id: self.id.to_string(),
            run_id: Some(run.id.to_string()),
            frames: run.counts.frames,
            width: video.size.width,
            height: video.size.height,
            fps: mean_fps(shots),
            first_pts_s: Some(seconds(video.first_pts, 6)),
            duration_s: Some(seconds(video.duration, 6)),
            source_sha256: Some(video.sha256.clone()),
            analysed: Some(Analysed::of(analysed, run.counts.frames)),
            detector: Some(model_row(&run.detector, &run.params, "detect")),
            embedder: Some(model_row(&run.embedder, &run.params, "embed")),
            validator: run.validator.as_ref().map(|m| model_row(m, &run.params, "validate")),
            diariser: run.sound.as_ref().and_then(|s| s.models.last()).map(|m| model_row(m, &run.params, "diarise")),
            asr: run.transcriber.as_ref().map(|m| model_row(m, &run.params, "transcribe")),
            active_speaker: run.mouths.as_ref().map(|m| model_row(&m.model, &run.params, "mouth")),
            tool: Some(tool_name(&run.tool)),
            started_at: Some(run.started_at.to_string()),
            finished_at: run.finished_at.map(|at| at.to_string()),
            tracker: Some(run.tracker.clone()),
            device: Some([run.device.asked.clone(), run.device.used.clone()]),
            changeovers: run.changeovers.clone(),
            video: Some(VideoRow {
                path: video.path.clone(),
                bytes: video.bytes,
                codec: video.codec.clone(),
                pixel_format: video.pixel_format.clone(),
            }),
            dropped: Some(run.counts.dropped.clone()),
            params: Some(run.params.clone()),
        }
    }

    pub(super) fn metrics_file(&self, shots: &[Shot]) -> io::Result<TrackMetricsFile> {
        let indices: Vec<u64> = shots.iter().skip(1).map(|s| s.start_frame).collect();
        Ok(TrackMetricsFile {
            schema_version: Some("track_metrics_v1".into()),
            ep_id: Some(self.id.to_string()),
            generated_at: Some(self.at.to_string()),
            metrics: serde_json::to_value(self.metrics)?,
            scene_cuts: Some(SceneCuts {
                count: u64::try_from(indices.len()).unwrap_or(u64::MAX),
                indices,
                detector: Some("content".into()),
            }),
        })
    }

    pub(super) fn progress(&self, analysed: &[u64]) -> io::Result<ProgressReport> {
        let run = self.run;
        let frames = run.counts.frames;
        let wall = run.finished_at.map_or(0.0, |end| end.duration_since(run.started_at).as_secs_f64().max(0.0));
        let stride = match Analysed::of(analysed, frames) {
            Analysed::Every { stride, .. } => Some(stride),
            Analysed::Frames { .. } => None,
        };
        let prefixes: BTreeMap<&str, String> =
            ["manifests", "frames", "embeds", "analytics"].into_iter().map(|d| (d, format!("{d}/{}/", self.id))).collect();
        Ok(ProgressReport {
            progress_version: 3,
            ep_id: self.id.to_string(),
            run_id: Some(run.id.to_string()),
            phase: "done".into(),
            frames_done: frames,
            frames_total: Some(frames),
            secs_done: decimals(wall, 3).unwrap_or(0.0),
            secs_total: Some(seconds(run.video.duration, 6)),
            fps_infer: decimals(frames as f64 / wall, 2),
            fps_detected: decimals(run.video.fps, 6),
            fps_requested: None,
            stride,
            device: Some(run.device.asked.clone()),
            resolved_device: Some(run.device.used.clone()),
            detector: Some(run.detector.family.clone()),
            tracker: Some(run.tracker.clone()),
            eta_s: Some(0.0),
            media_s: None,
            faces: Some(run.counts.faces),
            tracks: Some(run.counts.tracks),
            shots: Some(run.counts.shots),
            updated_at: run.finished_at.unwrap_or(self.at).to_string(),
            step: None,
            message: None,
            summary: Some(json!({
                "counts": serde_json::to_value(&run.counts)?,
                "metrics": serde_json::to_value(self.metrics)?,
                "artifacts": { "local": prefixes, "s3_prefixes": {} },
            })),
            error: None,
            hint: None,
        })
    }
}

/// Returns pictures over seconds: the shots cover every picture from its time to the end of the last one.
fn mean_fps(shots: &[Shot]) -> Option<f64> {
    let (first, last) = (shots.first()?, shots.last()?);
    let secs = (last.end - first.start).secs();
    decimals((last.end_frame - first.start_frame) as f64 / secs, 6).filter(|fps| *fps > 0.0)
}

pub(super) fn shot_row(record: &ShotRecord) -> ShotRow {
    let shot = record.shot;
    let pair = |at: &FrameTime| (at.frame, seconds(at.pts, 6));
    ShotRow {
        schema_version: Some("shot_v1".into()),
        shot_id: shot.id.0,
        start_frame: shot.start_frame,
        end_frame: shot.end_frame,
        start_s: seconds(shot.start, 6),
        end_s: seconds(shot.end, 6),
        transition_in: shot.transition_in,
        transition_frames: shot.transition_frames,
        score: Some(shot.score).filter(|s| s.is_finite()),
        analysed: Some(record.analysed.iter().map(pair).collect()),
    }
}

/// Names the tool of a run: runs of our own store only our version, imported ones the name of theirs.
fn tool_name(tool: &str) -> String {
    if tool.starts_with(|c: char| c.is_ascii_digit()) { format!("screenalytics {tool}") } else { tool.to_owned() }
}

fn model_row(model: &ModelUse, params: &serde_json::Value, area: &str) -> ModelRow {
    ModelRow {
        id: model.id.clone(),
        sha256: Some(model.sha256.clone()),
        params: params.get(area).cloned().unwrap_or_else(|| json!({})),
        family: Some(model.family.clone()),
        licence: Some(model.licence.clone()),
        commercial_use: model.commercial,
        file: Some(model.file.clone()),
    }
}
