//! Shots, and the pictures that were analysed in each.

use super::super::read::{ArtifactError, Line};
use super::Build;
use crate::domain::{FrameTime, MediaTime, Opening, Shot, ShotId, ShotRecord, Transition};

impl Build<'_> {
    pub(super) fn shots(&mut self) -> Result<Vec<Shot>, ArtifactError> {
        if let Some(rows) = &self.rows.shots {
            let path = self.layout.manifest("shots.jsonl");
            let mut shots = Vec::with_capacity(rows.len());
            let mut expected = 0;
            for Line { line, row } in rows {
                if row.start_frame != expected || row.end_frame <= row.start_frame {
                    let found =
                        format!("expected a shot from picture {expected} on, found {}..{}", row.start_frame, row.end_frame);
                    return Err(ArtifactError::broken(&path, *line, found));
                }
                expected = row.end_frame;
                shots.push(Shot {
                    id: ShotId(row.shot_id),
                    start_frame: row.start_frame,
                    end_frame: row.end_frame,
                    start: MediaTime::from_secs(row.start_s),
                    end: MediaTime::from_secs(row.end_s),
                    transition_in: row.transition_in,
                    transition_frames: row.transition_frames,
                    score: row.score.unwrap_or(1.0),
                });
            }
            return Ok(shots);
        }
        let cuts = self.rows.track_metrics.as_ref().and_then(|m| m.scene_cuts.as_ref()).map(|cuts| cuts.indices.clone());
        self.note(if cuts.is_some() { "shots_from_cut_positions" } else { "one_shot_for_want_of_cuts" });
        let mut starts: Vec<u64> = cuts.unwrap_or_default().into_iter().filter(|c| (1..self.run.frames).contains(c)).collect();
        starts.push(0);
        starts.sort_unstable();
        starts.dedup();
        let path = self.layout.manifest("detections.jsonl");
        let mut shots: Vec<Shot> = Vec::with_capacity(starts.len());
        for (i, start_frame) in starts.iter().copied().enumerate() {
            let end_frame = starts.get(i + 1).copied().unwrap_or(self.run.frames);
            let start = self.at(&path, 1, start_frame)?.pts;
            let of_video = self.run.duration.filter(|_| end_frame == self.run.frames).map(|d| self.run.first_pts + d);
            let end = match of_video {
                Some(end) => end,
                None => self.at(&path, 1, end_frame)?.pts,
            };
            let id = ShotId(u32::try_from(i + 1).map_err(|_| ArtifactError::broken(&path, 1, "too many shots"))?);
            let transition_in = if i == 0 { Transition::Start } else { Transition::Cut };
            shots.push(Shot { id, start_frame, end_frame, start, end, transition_in, transition_frames: 0, score: 1.0 });
        }
        Ok(shots)
    }

    pub(super) fn empty_records(&self, shots: &[Shot]) -> Result<Vec<ShotRecord>, ArtifactError> {
        let path = self.layout.manifest("run.json");
        let stated = self.rows.run.as_ref().and_then(|run| run.analysed.as_ref());
        let sampled: Vec<u64> = if let Some(analysed) = stated {
            analysed.frames(self.run.frames).collect()
        } else {
            let mut seen: Vec<u64> = self.rows.detections.iter().map(|d| d.row.frame_idx).collect();
            seen.sort_unstable();
            seen.dedup();
            seen
        };
        let mut records = Vec::with_capacity(shots.len());
        for (i, shot) in shots.iter().enumerate() {
            let own = self.rows.shots.as_ref().and_then(|rows| rows.get(i)).and_then(|l| l.row.analysed.as_ref());
            let mut analysed = Vec::new();
            match own {
                Some(pairs) => {
                    analysed
                        .extend(pairs.iter().map(|(frame, pts)| FrameTime { frame: *frame, pts: MediaTime::from_secs(*pts) }));
                }
                None => {
                    for frame in sampled.iter().filter(|f| (shot.start_frame..shot.end_frame).contains(*f)) {
                        analysed.push(self.at(&path, 1, *frame)?);
                    }
                }
            }
            let next = shots.get(i + 1).map(|next| Opening {
                transition: next.transition_in,
                transition_frames: next.transition_frames,
                score: next.score,
            });
            records.push(ShotRecord {
                shot: *shot,
                next,
                analysed,
                faces: Vec::new(),
                tracklets: Vec::new(),
                crops: Vec::new(),
                embeddings: Vec::new(),
            });
        }
        Ok(records)
    }
}
