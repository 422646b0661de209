//! What must hold of a shot before it is stored, and is checked again by verification.

use crate::domain::{CropInfo, Face, Fate, FrameTime, Shot, ShotId, Tracklet};

/// Checks that `shot` follows `last`.
pub(super) fn check_next(last: Option<&Shot>, shot: &Shot) -> Result<(), String> {
    let (id, start) = last.map_or((1, 0), |last| (last.id.0 + 1, last.end_frame));
    if (shot.id.0, shot.start_frame) == (id, start) {
        return Ok(());
    }
    Err(format!("the next one is {} from picture {start}, found {} from picture {}", ShotId(id), shot.id, shot.start_frame))
}

/// What a shot brings, less pictures and vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) shot: &'a Shot,
    pub(super) analysed: &'a [FrameTime],
    pub(super) faces: &'a [Face],
    pub(super) tracklets: &'a [Tracklet],
    pub(super) crops: &'a [CropInfo],
}

impl Parts<'_> {
    /// Checks that they fit together.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { shot, analysed, faces, tracklets, crops } = *self;
        if shot.end_frame <= shot.start_frame || shot.end < shot.start {
            return Err("it ends before it begins".into());
        }
        if !analysed.is_sorted_by(|a, b| a.frame < b.frame) {
            return Err("its analysed pictures are not in order".into());
        }
        let inside = |at: &FrameTime| at.frame >= shot.start_frame && at.frame < shot.end_frame;
        if let Some(at) = analysed.iter().find(|at| !inside(at)) {
            return Err(format!("picture {} is outside", at.frame));
        }
        let seen = |at: &FrameTime| analysed.binary_search_by_key(&at.frame, |a| a.frame).is_ok_and(|i| analysed[i] == *at);
        if !tracklets.is_sorted_by(|a, b| a.id < b.id) {
            return Err("its tracklets are not in order".into());
        }
        if let Some(t) = tracklets.iter().find(|t| t.shot != shot.id || !seen(&t.first) || !seen(&t.last) || t.last < t.first) {
            return Err(format!("tracklet {} does not lie in its analysed pictures", t.id));
        }
        let known = |track| tracklets.binary_search_by_key(&track, |t| t.id).is_ok();
        for face in faces {
            if !seen(&face.at) {
                return Err(format!("a face lies in picture {}, which was not analysed", face.at.frame));
            }
            if let Fate::Tracked(track) = face.fate
                && !known(track)
            {
                return Err(format!("a face names track {track}, which is not in it"));
            }
        }
        if !crops.is_sorted_by(|a, b| a.key() < b.key()) {
            return Err("its crops are not in order".into());
        }
        if let Some(crop) = crops.iter().find(|c| !known(c.track) || !seen(&c.at)) {
            return Err(format!("a crop of track {} in picture {} belongs to nothing in it", crop.track, crop.at.frame));
        }
        Ok(())
    }
}
