//! The rows of each file, written and read by the same types.
//!
//! Every field that a reader may find missing is an `Option`: missing is unknown, never 0.

use crate::domain::{Affine, BBox, BadgeKind, DropReason, Landmarks, Point, Size, TrackId, Transition};
use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize};

/// Marks a crop as the aligned face that every embedder's input can be cut from.
pub(super) const CANONICAL: &str = "canonical";

/// A row that knows its version.
pub(super) trait Versioned {
    const VERSION: &'static str;
    /// Returns the version that the row states.
    fn version(&self) -> Option<&str>;
}

macro_rules! versioned {
    ($($row:ty: $version:literal),* $(,)?) => {$(
        impl Versioned for $row {
            const VERSION: &'static str = $version;
            fn version(&self) -> Option<&str> {
                self.schema_version.as_deref()
            }
        }
    )*};
}

versioned! {
    super::run_row::RunRow: "run_v1",
    ShotRow: "shot_v1",
    DetectionRow: "det_v1",
    TrackRow: "track_v1",
    FaceRow: "face_v1",
    TrackMetricsFile: "track_metrics_v1",
    super::identities::IdentitiesFile: "identities_v1",
    crate::export::ScreenTimeFile: "screentime_v1",
}

/// The number of a track; also read from texts such as `"track-00001"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TrackNumber(pub u32);

impl<'de> Deserialize<'de> for TrackNumber {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u32),
            Text(String),
        }
        let number = match Either::deserialize(input)? {
            Either::Number(n) => Some(n),
            Either::Text(text) => {
                let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
                Some(digits).filter(|d| d.bytes().all(|b| b.is_ascii_digit())).and_then(|d| d.parse().ok())
            }
        };
        number
            .filter(|n| *n > 0)
            .map(Self)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Other("another value"), &"a track number from 1, such as 7"))
    }
}

impl From<TrackId> for TrackNumber {
    fn from(id: TrackId) -> Self {
        Self(id.0)
    }
}

impl From<TrackNumber> for TrackId {
    fn from(number: TrackNumber) -> Self {
        Self(number.0)
    }
}

/// A box as `[x1, y1, x2, y2]` in pixels; `null` where a corner is no number.
pub type Corners = [Option<f32>; 4];

/// Ten values, `x, y` of each landmark, in pixels.
pub type Points = [Option<f32>; 10];

/// Writes a box; a corner that is no number becomes `None`.
pub(super) fn corners(b: &BBox) -> Corners {
    [b.x1, b.y1, b.x2, b.y2].map(|v| Some(v).filter(|v| v.is_finite()))
}

/// Reads a box; what is not known becomes NaN.
pub(super) fn bbox(corners: &Corners) -> BBox {
    let [x1, y1, x2, y2] = corners.map(|v| v.unwrap_or(f32::NAN));
    BBox::new(x1, y1, x2, y2)
}

/// Reads a box of parts of the picture, as early documents had it.
pub(super) fn scaled_bbox(parts: &[f32; 4], size: Size) -> BBox {
    let map = Affine::scale(size.width.into(), size.height.into());
    let (a, b) = (map.apply(Point { x: parts[0], y: parts[1] }), map.apply(Point { x: parts[2], y: parts[3] }));
    BBox::new(a.x, a.y, b.x, b.y)
}

/// Writes landmarks.
pub(super) fn points(landmarks: &Landmarks) -> Points {
    let [a, b, c, d, e] = landmarks;
    [a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y, e.x, e.y].map(|v| Some(v).filter(|v| v.is_finite()))
}

/// Reads landmarks; what is not known becomes NaN.
pub(super) fn landmarks(points: &Points) -> Landmarks {
    let [ax, ay, bx, by, cx, cy, dx, dy, ex, ey] = points.map(|v| v.unwrap_or(f32::NAN));
    [(ax, ay), (bx, by), (cx, cy), (dx, dy), (ex, ey)].map(|(x, y)| Point { x, y })
}

/// A line of `shots.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShotRow {
    pub schema_version: Option<String>,
    pub shot_id: u32,
    pub start_frame: u64,
    /// First picture after it.
    pub end_frame: u64,
    pub start_s: f64,
    pub end_s: f64,
    pub transition_in: Transition,
    #[serde(default)]
    pub transition_frames: u32,
    pub score: Option<f32>,
    /// The pictures that the detector saw: `frame_idx`, `pts_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysed: Option<Vec<(u64, f64)>>,
}

/// A line of `detections.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectionRow {
    pub schema_version: Option<String>,
    pub ep_id: Option<String>,
    pub frame_idx: u64,
    pub ts: Option<f64>,
    pub pts_s: Option<f64>,
    pub class: Option<String>,
    pub conf: Option<f32>,
    pub bbox_xyxy: Option<Corners>,
    /// Parts of width and height, in early files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bbox: Option<[f32; 4]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<Points>,
    /// `null`: joined no track.
    pub track_id: Option<TrackNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<DropReason>,
    /// True: a second detector saw no face here, so that no crop was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<bool>,
    /// True: no detection here, the track bridges it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpolated: Option<bool>,
    pub model: Option<String>,
    pub detector: Option<String>,
    pub tracker: Option<String>,
    /// Analysed pictures a second of video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    pub pipeline_ver: Option<String>,
}

/// A line of `tracks.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackRow {
    pub schema_version: Option<String>,
    pub ep_id: Option<String>,
    pub track_id: TrackNumber,
    pub class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shot_id: Option<u32>,
    pub first_ts: Option<f64>,
    pub last_ts: Option<f64>,
    pub first_frame_idx: u64,
    pub last_frame_idx: u64,
    /// Boxes of the track.
    pub frame_count: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faces_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avg_conf: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_embedding: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_embedding_model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_embedding_samples: Option<u64>,
    /// Largest cosine distance between two of its faces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_embedding_spread: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coherence_warning: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumb_rel_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_crop_rel_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// The face was lost before its shot ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<bool>,
    pub detector: Option<String>,
    pub tracker: Option<String>,
    pub pipeline_ver: Option<String>,
}

/// A line of `faces.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaceRow {
    pub schema_version: Option<String>,
    pub ep_id: Option<String>,
    pub face_id: Option<String>,
    pub track_id: TrackNumber,
    pub frame_idx: u64,
    pub ts: Option<f64>,
    pub pts_s: Option<f64>,
    pub bbox_xyxy: Option<Corners>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bbox: Option<[f32; 4]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conf: Option<f32>,
    #[serde(default, alias = "quality_score", skip_serializing_if = "Option::is_none")]
    pub quality: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_parts: Option<QualityParts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<Points>,
    /// What keeps it from being recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badges: Option<Vec<BadgeRow>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_model: Option<String>,
    /// Row of `faces.npy`; absent: the count of unskipped lines before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_row: Option<u64>,
    /// Degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose_yaw: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose_pitch: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose_roll: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_rel_path: Option<String>,
    /// `canonical`: the crop is the aligned face that every embedder's input can be cut from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_form: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumb_rel_path: Option<String>,
    pub detector: Option<String>,
    pub pipeline_ver: Option<String>,
    /// Why it was passed over; then it has no embedding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<String>,
}

/// One thing that keeps a face from being recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BadgeRow {
    pub badge: BadgeKind,
    /// `0.5..=1`.
    pub value: f32,
    /// What it rests on, in words.
    #[serde(default)]
    pub reason: String,
}

/// The parts that `quality` is weighed from, each `0..=1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QualityParts {
    pub size: f32,
    pub sharpness: f32,
    pub frontality: f32,
    pub light: f32,
    pub visibility: f32,
}

/// `track_metrics.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackMetricsFile {
    pub schema_version: Option<String>,
    pub ep_id: Option<String>,
    pub generated_at: Option<String>,
    #[serde(default)]
    pub metrics: serde_json::Value,
    pub scene_cuts: Option<SceneCuts>,
}

/// The cuts of an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SceneCuts {
    pub count: u64,
    /// The first picture of each new shot.
    pub indices: Vec<u64>,
    pub detector: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn track_numbers_are_read_from_numbers_and_texts() {
        let read = |text: &str| serde_json::from_str::<TrackNumber>(text).ok().map(|t| t.0);
        assert_eq!(read("7"), Some(7));
        assert_eq!(read(r#""track-00012""#), Some(12));
        assert_eq!(read(r#""track_0012""#), Some(12));
        for bad in ["0", "-1", "1.5", r#""track""#, r#""track-1b""#, "[]"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn corners_that_are_no_numbers_are_written_as_null() {
        let written = serde_json::to_string(&corners(&BBox::new(1.5, f32::NAN, f32::INFINITY, 4.0))).unwrap();
        assert_eq!(written, "[1.5,null,null,4.0]");
    }
}
