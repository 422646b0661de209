//! The shapes of bulk rows, version 1.
//!
//! postcard writes fields by position, without names: **these types are the file format and never change**. A new
//! shape is a new version byte, a new type here, and a reader that still takes the old one.

use super::codec::RowError;
use crate::domain::{
    BBox, CropInfo, Detection, DropReason, Face, Fate, FrameTime, MediaTime, Opening, Point, Quality, Shot, ShotId, TrackId,
    Tracklet, Transition,
};
use serde::{Deserialize, Serialize};

/// Frame, microseconds.
type FrameTimeRow = (u64, i64);

fn frame_row(at: FrameTime) -> FrameTimeRow {
    (at.frame, at.pts.0)
}

fn frame_time((frame, pts): FrameTimeRow) -> FrameTime {
    FrameTime { frame, pts: MediaTime(pts) }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ShotRow {
    start_frame: u64,
    end_frame: u64,
    start: i64,
    end: i64,
    transition_in: u8,
    transition_frames: u32,
    score: f32,
    next: Option<OpeningRow>,
}

/// Transition, pictures, score.
type OpeningRow = (u8, u32, f32);

fn transition_code(transition: Transition) -> u8 {
    match transition {
        Transition::Start => 0,
        Transition::Cut => 1,
        Transition::Dissolve => 2,
        Transition::Fade => 3,
        Transition::Forced => 4,
    }
}

fn transition(code: u8) -> Result<Transition, RowError> {
    match code {
        0 => Ok(Transition::Start),
        1 => Ok(Transition::Cut),
        2 => Ok(Transition::Dissolve),
        3 => Ok(Transition::Fade),
        4 => Ok(Transition::Forced),
        other => Err(unknown("transition", other)),
    }
}

impl ShotRow {
    pub(super) fn new(shot: &Shot, next: Option<&Opening>) -> Self {
        Self {
            start_frame: shot.start_frame,
            end_frame: shot.end_frame,
            start: shot.start.0,
            end: shot.end.0,
            transition_in: transition_code(shot.transition_in),
            transition_frames: shot.transition_frames,
            score: shot.score,
            next: next.map(|n| (transition_code(n.transition), n.transition_frames, n.score)),
        }
    }

    pub(super) fn shot(&self, id: ShotId) -> Result<Shot, RowError> {
        Ok(Shot {
            id,
            start_frame: self.start_frame,
            end_frame: self.end_frame,
            start: MediaTime(self.start),
            end: MediaTime(self.end),
            transition_in: transition(self.transition_in)?,
            transition_frames: self.transition_frames,
            score: self.score,
        })
    }

    /// Returns how the shot after this one begins.
    pub(super) fn next(&self) -> Result<Option<Opening>, RowError> {
        self.next
            .map(|(code, frames, score)| Ok(Opening { transition: transition(code)?, transition_frames: frames, score }))
            .transpose()
    }
}

/// The analysed pictures of a shot.
#[derive(Serialize, Deserialize)]
pub(super) struct AnalysedRow(Vec<FrameTimeRow>);

impl AnalysedRow {
    pub(super) fn new(frames: &[FrameTime]) -> Self {
        Self(frames.iter().copied().map(frame_row).collect())
    }

    pub(super) fn frames(self) -> Vec<FrameTime> {
        self.0.into_iter().map(frame_time).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct DetectionRow {
    bbox: [f32; 4],
    landmarks: Option<[[f32; 2]; 5]>,
    score: f32,
}

impl From<&Detection> for DetectionRow {
    fn from(detection: &Detection) -> Self {
        let BBox { x1, y1, x2, y2 } = detection.bbox;
        let landmarks = detection.landmarks.map(|points| points.map(|p| [p.x, p.y]));
        Self { bbox: [x1, y1, x2, y2], landmarks, score: detection.score }
    }
}

impl From<DetectionRow> for Detection {
    fn from(row: DetectionRow) -> Self {
        let [x1, y1, x2, y2] = row.bbox;
        let landmarks = row.landmarks.map(|points| points.map(|[x, y]| Point { x, y }));
        Self { bbox: BBox::new(x1, y1, x2, y2), landmarks, score: row.score }
    }
}

/// What became of a detection: 0 and the track, [`DENIED`] and the track where its crop was denied, or a reason from 1 on and 0.
type FateRow = (u8, u32);

const DENIED: u8 = 7;

fn fate_row(face: &Face) -> FateRow {
    match face.fate {
        Fate::Tracked(track) if face.denied => (DENIED, track.0),
        Fate::Tracked(track) => (0, track.0),
        Fate::Dropped(DropReason::TooSmall) => (1, 0),
        Fate::Dropped(DropReason::LowScore) => (2, 0),
        Fate::Dropped(DropReason::Unconfirmed) => (3, 0),
        Fate::Dropped(DropReason::DissolveGhost) => (4, 0),
        Fate::Dropped(DropReason::Malformed) => (5, 0),
        Fate::Dropped(DropReason::Denied) => (6, 0),
    }
}

fn fate(row: FateRow) -> Result<Fate, RowError> {
    Ok(match row {
        (0 | DENIED, track) => Fate::Tracked(TrackId(track)),
        (1, _) => Fate::Dropped(DropReason::TooSmall),
        (2, _) => Fate::Dropped(DropReason::LowScore),
        (3, _) => Fate::Dropped(DropReason::Unconfirmed),
        (4, _) => Fate::Dropped(DropReason::DissolveGhost),
        (5, _) => Fate::Dropped(DropReason::Malformed),
        (6, _) => Fate::Dropped(DropReason::Denied),
        (other, _) => return Err(unknown("reason", other)),
    })
}

/// The detections of a shot.
#[derive(Serialize, Deserialize)]
pub(super) struct FacesRow(Vec<(FrameTimeRow, DetectionRow, FateRow)>);

impl FacesRow {
    pub(super) fn new(faces: &[Face]) -> Self {
        Self(faces.iter().map(|f| (frame_row(f.at), DetectionRow::from(&f.detection), fate_row(f))).collect())
    }

    pub(super) fn faces(self) -> Result<Vec<Face>, RowError> {
        let face = |(at, detection, row): (FrameTimeRow, DetectionRow, FateRow)| {
            Ok(Face { at: frame_time(at), detection: detection.into(), fate: fate(row)?, denied: row.0 == DENIED })
        };
        self.0.into_iter().map(face).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct TrackletRow {
    id: u32,
    first: FrameTimeRow,
    last: FrameTimeRow,
    boxes: u32,
    mean_score: f32,
    lost: bool,
}

/// The tracklets of a shot.
#[derive(Serialize, Deserialize)]
pub(super) struct TrackletsRow(Vec<TrackletRow>);

impl TrackletsRow {
    pub(super) fn new(tracklets: &[Tracklet]) -> Self {
        let row = |t: &Tracklet| TrackletRow {
            id: t.id.0,
            first: frame_row(t.first),
            last: frame_row(t.last),
            boxes: t.boxes,
            mean_score: t.mean_score,
            lost: t.lost,
        };
        Self(tracklets.iter().map(row).collect())
    }

    pub(super) fn tracklets(self, shot: ShotId) -> impl Iterator<Item = Tracklet> {
        self.0.into_iter().map(move |row| Tracklet {
            id: TrackId(row.id),
            shot,
            first: frame_time(row.first),
            last: frame_time(row.last),
            boxes: row.boxes,
            mean_score: row.mean_score,
            lost: row.lost,
        })
    }
}

/// In order: total, size, sharpness, frontality, light, visibility, yaw, pitch, roll.
type QualityRow = [f32; 9];

/// The kept crops of a shot, without pictures.
#[derive(Serialize, Deserialize)]
pub(super) struct CropsRow(Vec<(u32, FrameTimeRow, DetectionRow, QualityRow)>);

impl CropsRow {
    pub(super) fn new(crops: &[CropInfo]) -> Self {
        let row = |c: &CropInfo| {
            let q = c.quality;
            let quality = [q.total, q.size, q.sharpness, q.frontality, q.light, q.visibility, q.yaw, q.pitch, q.roll];
            (c.track.0, frame_row(c.at), DetectionRow::from(&c.detection), quality)
        };
        Self(crops.iter().map(row).collect())
    }

    pub(super) fn crops(self) -> impl Iterator<Item = CropInfo> {
        self.0.into_iter().map(|(track, at, detection, q)| {
            let [total, size, sharpness, frontality, light, visibility, yaw, pitch, roll] = q;
            let quality = Quality { total, size, sharpness, frontality, light, visibility, yaw, pitch, roll };
            CropInfo { track: TrackId(track), at: frame_time(at), detection: detection.into(), quality }
        })
    }
}

fn unknown(what: &str, code: u8) -> RowError {
    RowError::Shape(format!("{what} {code} is not known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file format: a change of these bytes breaks every library there is.
    #[test]
    fn rows_of_version_one_keep_their_bytes() {
        let shot = Shot {
            id: ShotId(1),
            start_frame: 300,
            end_frame: 301,
            start: MediaTime(1),
            end: MediaTime(-1),
            transition_in: Transition::Fade,
            transition_frames: 7,
            score: 1.0,
        };
        assert_eq!(postcard::to_stdvec(&ShotRow::new(&shot, None)).unwrap(), [172, 2, 173, 2, 2, 1, 3, 7, 0, 0, 128, 63, 0]);
        let face = Face {
            at: FrameTime { frame: 1, pts: MediaTime(2) },
            detection: Detection { bbox: BBox::new(0.0, 0.0, 0.0, 2.0), landmarks: None, score: 0.5 },
            fate: Fate::Dropped(DropReason::DissolveGhost),
            denied: false,
        };
        let bytes = postcard::to_stdvec(&FacesRow::new(&[face])).unwrap();
        assert_eq!(bytes, [1, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 63, 4, 0]);
        assert_eq!(FacesRow::new(&[face]).faces().unwrap(), [face]);
        let denied = [Fate::Tracked(TrackId(300)), Fate::Dropped(DropReason::Denied)].map(|fate| Face { fate, ..face });
        let denied = [Face { denied: true, ..denied[0] }, denied[1]];
        assert_eq!(postcard::to_stdvec(&FacesRow::new(&denied[..1])).unwrap()[24..], [7, 172, 2]);
        assert_eq!(FacesRow::new(&denied).faces().unwrap(), denied);
    }

    #[test]
    fn an_unknown_code_is_an_error() {
        let row = ShotRow {
            start_frame: 0,
            end_frame: 0,
            start: 0,
            end: 0,
            transition_in: 9,
            transition_frames: 0,
            score: 0.0,
            next: None,
        };
        assert!(row.shot(ShotId(1)).is_err());
        assert!(fate((8, 0)).is_err());
    }
}
