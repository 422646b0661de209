//! Tracks as a reviewer sees them: tracklets, cut and joined.

use super::{CropInfo, Face, Fate, ShotRecord, TrackId, Tracklet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Some pictures of a tracklet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackPart {
    pub tracklet: TrackId,
    /// First picture.
    pub from: u64,
    /// First picture after it.
    pub to: u64,
}

/// What a person made of a track; a track that nobody cut or joined is its tracklet as it was measured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackParts(pub Vec<TrackPart>);

impl TrackParts {
    /// Tells whether `id` is a track that was measured: joined to another and empty, or with pictures of its own tracklet.
    #[must_use]
    pub fn is_measured(&self, id: TrackId) -> bool {
        self.0.is_empty() || self.0.iter().any(|p| p.tracklet == id)
    }

    /// Returns the parts before picture `at`, and those from it on.
    #[must_use]
    pub fn split(&self, at: u64) -> (Self, Self) {
        let before = self.0.iter().map(|p| TrackPart { to: p.to.min(at), ..*p }).filter(|p| p.from < p.to);
        let after = self.0.iter().map(|p| TrackPart { from: p.from.max(at), ..*p }).filter(|p| p.from < p.to);
        (Self(before.collect()), Self(after.collect()))
    }
}

/// Leads from tracklets to the tracks of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrackMap {
    tracks: BTreeMap<TrackId, TrackParts>,
    /// By tracklet: pictures, and the track they are in.
    parts: BTreeMap<TrackId, Vec<(u64, u64, TrackId)>>,
}

impl TrackMap {
    /// Takes what people made of the tracks of one run.
    #[must_use]
    pub fn new(tracks: BTreeMap<TrackId, TrackParts>) -> Self {
        let mut parts: BTreeMap<TrackId, Vec<(u64, u64, TrackId)>> = BTreeMap::new();
        for (track, own) in &tracks {
            for part in &own.0 {
                parts.entry(part.tracklet).or_default().push((part.from, part.to, *track));
            }
        }
        Self { tracks, parts }
    }

    /// Returns the track that a picture of a tracklet is in.
    #[must_use]
    pub fn track(&self, tracklet: TrackId, frame: u64) -> TrackId {
        let parts = self.parts.get(&tracklet).map(Vec::as_slice).unwrap_or_default();
        parts.iter().find(|(from, to, _)| (*from..*to).contains(&frame)).map_or(tracklet, |p| p.2)
    }

    /// Returns the tracks that a tracklet is in, and with which of its pictures, `[from, to)`; `None` for all of them.
    #[must_use]
    pub fn parts(&self, tracklet: TrackId) -> Vec<(Option<(u64, u64)>, TrackId)> {
        match self.parts.get(&tracklet) {
            Some(parts) => parts.iter().map(|(from, to, track)| (Some((*from, *to)), *track)).collect(),
            None if self.tracks.contains_key(&tracklet) => Vec::new(),
            None => vec![(None, tracklet)],
        }
    }

    /// Returns the face with the track that it is in now.
    #[must_use]
    pub fn face(&self, face: Face) -> Face {
        match face.fate {
            Fate::Tracked(tracklet) => Face { fate: Fate::Tracked(self.track(tracklet, face.at.frame)), ..face },
            Fate::Dropped(_) => face,
        }
    }

    /// Returns the crop with the track that it is in now. Its pictures and vectors are stored under the tracklet.
    #[must_use]
    pub fn crop(&self, crop: CropInfo) -> CropInfo {
        CropInfo { track: self.track(crop.track, crop.at.frame), ..crop }
    }

    /// Returns the tracks of one shot, by id, from its tracklets and its faces as measured.
    #[must_use]
    pub fn tracks(&self, tracklets: &[Tracklet], faces: &[Face]) -> Vec<Tracklet> {
        let is_touched = |id: &TrackId| self.parts.contains_key(id) || self.tracks.contains_key(id);
        let mut tracks: Vec<Tracklet> = tracklets.iter().filter(|t| !is_touched(&t.id)).copied().collect();
        let mut made: BTreeMap<TrackId, (Tracklet, f64)> = BTreeMap::new();
        for face in faces {
            let Fate::Tracked(id) = face.fate else { continue };
            if !is_touched(&id) {
                continue;
            }
            let Some(tracklet) = tracklets.iter().find(|t| t.id == id) else { continue };
            let track = self.track(id, face.at.frame);
            let fresh = Tracklet { id: track, first: face.at, last: face.at, boxes: 0, ..*tracklet };
            let (now, scores) = made.entry(track).or_insert((fresh, 0.0));
            now.first = now.first.min(face.at);
            if face.at >= now.last {
                (now.last, now.lost) = (face.at, tracklet.lost);
            }
            now.boxes += 1;
            *scores += f64::from(face.detection.score);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a mean of scores needs no more than f32")]
        let mean = |(track, scores): (Tracklet, f64)| Tracklet { mean_score: (scores / f64::from(track.boxes)) as f32, ..track };
        tracks.extend(made.into_values().map(mean));
        tracks.sort_by_key(|t| t.id);
        tracks
    }

    /// Returns a shot with the tracks that its faces and crops are in now.
    #[must_use]
    pub fn shot(&self, mut record: ShotRecord) -> ShotRecord {
        if self.parts.is_empty() {
            return record;
        }
        record.tracklets = self.tracks(&record.tracklets, &record.faces);
        for face in &mut record.faces {
            *face = self.face(*face);
        }
        let crops = record.crops.into_iter().map(|mut crop| {
            crop.track = self.track(crop.track, crop.at.frame);
            crop
        });
        let mut rows: Vec<_> = crops.zip(record.embeddings).collect();
        rows.sort_by_key(|(crop, _)| crop.key());
        (record.crops, record.embeddings) = rows.into_iter().unzip();
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BBox, Detection, FrameTime, MediaTime, ShotId};
    use proptest::prelude::*;

    fn at(frame: u64) -> FrameTime {
        FrameTime { frame, pts: MediaTime(40_000 * i64::try_from(frame).unwrap()) }
    }

    fn face(track: u32, frame: u64, score: f32) -> Face {
        let detection = Detection { bbox: BBox::new(0.0, 0.0, 9.0, 9.0), landmarks: None, score };
        Face { at: at(frame), detection, fate: Fate::Tracked(TrackId(track)), denied: false }
    }

    fn tracklet(id: u32, first: u64, last: u64) -> Tracklet {
        let boxes = u32::try_from(last - first + 1).unwrap();
        Tracklet { id: TrackId(id), shot: ShotId(1), first: at(first), last: at(last), boxes, mean_score: 0.5, lost: true }
    }

    fn part(tracklet: u32, from: u64, to: u64) -> TrackPart {
        TrackPart { tracklet: TrackId(tracklet), from, to }
    }

    #[test]
    fn a_cut_track_is_two_and_a_joined_one_is_none() {
        let whole = TrackParts(vec![part(1, 0, 10)]);
        let (head, tail) = whole.split(4);
        assert_eq!((&head.0[..], &tail.0[..]), (&[part(1, 0, 4)][..], &[part(1, 4, 10)][..]));
        let joined = TrackParts([tail.0, vec![part(2, 12, 15)]].concat());
        let map = TrackMap::new([(TrackId(1), head), (TrackId(2), TrackParts::default()), (TrackId(3), joined)].into());
        let faces: Vec<Face> = (0..10).map(|f| face(1, f, 0.8)).chain((12..15).map(|f| face(2, f, 0.5))).collect();
        let tracks = map.tracks(&[tracklet(1, 0, 9), tracklet(2, 12, 14)], &faces);
        let told: Vec<_> = tracks.iter().map(|t| (t.id.0, t.first.frame, t.last.frame, t.boxes)).collect();
        assert_eq!(told, [(1, 0, 3, 4), (3, 4, 14, 9)]);
        assert!((tracks[1].mean_score - (6.0 * 0.8 + 3.0 * 0.5) / 9.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn cutting_loses_no_picture_and_doubles_none(at in 0u64..30, cuts in prop::collection::vec((0u64..30, 1u64..9), 1..4)) {
            let parts = TrackParts(cuts.iter().zip(1..).map(|((from, n), id)| part(id, *from, from + n)).collect());
            let (head, tail) = parts.split(at);
            for p in &parts.0 {
                for frame in p.from..p.to {
                    let inside = |s: &TrackParts| s.0.iter().filter(|q| q.tracklet == p.tracklet && (q.from..q.to).contains(&frame)).count();
                    prop_assert_eq!((inside(&head), inside(&tail)), (usize::from(frame < at), usize::from(frame >= at)));
                }
            }
        }
    }
}
