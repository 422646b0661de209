//! What the detector saw in one shot, picture by picture.

use super::{Review, Snapshot};
use crate::domain::{BBox, Badges, CropKey, Detection, Face, Fate, FrameTime, MediaTime, Shot, ShotId, TrackMap};
use crate::session::SessionError;
use std::collections::BTreeMap;

/// The detections of one shot.
#[derive(Debug, Clone, PartialEq)]
pub struct ShotFaces {
    pub shot: Shot,
    /// The pictures that the detector saw, in order.
    pub analysed: Vec<FrameTime>,
    /// Every detection, tracked or dropped, by picture, then falling score; with the tracks that they are in now.
    pub faces: Vec<Face>,
    /// Badges of those that crops were kept of, by their track of now.
    pub badges: BTreeMap<CropKey, Badges>,
}

impl Review {
    /// Returns the detections of a shot, with the tracks as reviewers see them; `None` where there is no such shot.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn shot_faces(&self, shot: ShotId) -> Result<Option<ShotFaces>, SessionError> {
        let Some(shot) = self.snapshot.shots.iter().find(|s| s.id == shot) else { return Ok(None) };
        let map = TrackMap::new(self.state.view.parts.clone());
        let run = self.state.run.id;
        let faces = self.store.faces(run, shot.id)?.into_iter().map(|face| map.face(face)).collect();
        let crops = self.store.shot_crops(run, shot.id)?;
        let of = |crop| (map.crop(crop).key(), self.state.badges(&self.settings.badges, &crop));
        let badges = crops.into_iter().map(of).collect();
        Ok(Some(ShotFaces { shot: *shot, analysed: self.store.analysed(run, shot.id)?, faces, badges }))
    }
}

impl ShotFaces {
    /// Returns the detections of a picture; `None` where the detector did not see it.
    #[must_use]
    pub fn of(&self, frame: u64) -> Option<&[Face]> {
        self.analysed.binary_search_by_key(&frame, |at| at.frame).ok()?;
        let from = self.faces.partition_point(|f| f.at.frame < frame);
        let to = self.faces.partition_point(|f| f.at.frame <= frame);
        self.faces.get(from..to)
    }

    /// Returns the badges of a face; `None` where no crop of it was kept.
    #[must_use]
    pub fn badges_of(&self, face: &Face) -> Option<&Badges> {
        let Fate::Tracked(track) = face.fate else { return None };
        self.badges.get(&CropKey { track, frame: face.at.frame })
    }

    /// Returns the analysed pictures before and after a picture that is none.
    #[must_use]
    pub fn around(&self, frame: u64) -> (Option<FrameTime>, Option<FrameTime>) {
        let at = self.analysed.partition_point(|a| a.frame < frame);
        (at.checked_sub(1).and_then(|i| self.analysed.get(i)).copied(), self.analysed.get(at).copied())
    }

    /// Returns where the tracks would be in a picture that the detector did not see: on the way between the boxes before and after.
    ///
    /// Nothing was measured there; these are for the eye. A score is the lower one of the two.
    #[must_use]
    pub fn between(&self, frame: u64) -> Vec<Face> {
        let (Some(before), Some(after)) = self.around(frame) else { return Vec::new() };
        let (Some(old), Some(new)) = (self.of(before.frame), self.of(after.frame)) else { return Vec::new() };
        let at = FrameTime { frame, pts: self.time(frame) };
        let share = (frame - before.frame) as f32 / (after.frame - before.frame).max(1) as f32;
        let mix = |a: f32, b: f32| a + (b - a) * share;
        let track = |face: &Face| if let Fate::Tracked(track) = face.fate { Some(track) } else { None };
        let met = old.iter().filter_map(|a| {
            let b = new.iter().find(|b| track(a).is_some() && track(b) == track(a))?;
            let (a, b, fate) = (a.detection, b.detection, a.fate);
            let bbox = BBox::new(
                mix(a.bbox.x1, b.bbox.x1),
                mix(a.bbox.y1, b.bbox.y1),
                mix(a.bbox.x2, b.bbox.x2),
                mix(a.bbox.y2, b.bbox.y2),
            );
            let detection = Detection { bbox, landmarks: None, score: a.score.min(b.score) };
            Some(Face { at, detection, fate, denied: false })
        });
        met.collect()
    }

    /// Returns when a picture is shown: exactly for analysed ones, else on the way between its neighbours.
    #[must_use]
    pub fn time(&self, frame: u64) -> MediaTime {
        if let Ok(at) = self.analysed.binary_search_by_key(&frame, |at| at.frame) {
            return self.analysed[at].pts;
        }
        let (before, after) = self.around(frame);
        let before = before.map_or((self.shot.start_frame, self.shot.start), |at| (at.frame, at.pts));
        let after = after.map_or((self.shot.end_frame, self.shot.end), |at| (at.frame, at.pts));
        on_the_way(before, after, frame)
    }
}

impl Snapshot {
    /// Returns how many pictures there are.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.shots.last().map_or(0, |shot| shot.end_frame)
    }

    /// Returns the shot that a picture is in, or the last one; `None` where there is none.
    #[must_use]
    pub fn shot_of(&self, frame: u64) -> Option<&Shot> {
        let after = self.shots.partition_point(|shot| shot.start_frame <= frame);
        self.shots.get(after.saturating_sub(1))
    }

    /// Returns when a picture is shown, as if all of its shot were shown equally long.
    #[must_use]
    pub fn time_of(&self, frame: u64) -> MediaTime {
        self.shot_of(frame)
            .map_or(MediaTime::ZERO, |shot| on_the_way((shot.start_frame, shot.start), (shot.end_frame, shot.end), frame))
    }

    /// Returns the picture that is shown nearest to a time, likewise.
    #[must_use]
    pub fn frame_at(&self, time: MediaTime) -> u64 {
        let after = self.shots.partition_point(|shot| shot.start <= time);
        let Some(shot) = self.shots.get(after.saturating_sub(1)) else { return 0 };
        let (pictures, length) = (i128::from(shot.end_frame - shot.start_frame), i128::from(shot.span().len().0.max(1)));
        let passed = i128::from((time - shot.start).0.max(0)) * pictures;
        let frame = shot.start_frame + u64::try_from((passed + length / 2) / length).unwrap_or(0);
        frame.min(self.frames().saturating_sub(1))
    }
}

/// Returns the time of a picture between two others, as if all were shown equally long.
fn on_the_way(before: (u64, MediaTime), after: (u64, MediaTime), frame: u64) -> MediaTime {
    let pictures = i128::from(after.0.saturating_sub(before.0).max(1));
    let passed = i128::from(frame.saturating_sub(before.0));
    let time = i128::from((after.1 - before.1).0) * passed / pictures;
    before.1 + MediaTime(i64::try_from(time).unwrap_or(0))
}
