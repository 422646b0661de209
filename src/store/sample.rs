//! Made-up runs for the tests of this module.

use crate::domain::{
    BBox, Counts, Crop, Detection, DeviceUse, DropReason, EmbedderId, Embedding, EpisodeId, Face, Fate, FrameTime, MediaTime,
    ModelUse, Point, Quality, RunId, RunMeta, Shot, ShotId, ShotRecord, Size, TrackId, Tracklet, Transition, VideoFacts,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Pictures in a sample shot.
pub(super) const FRAMES: u64 = 60;

pub(super) fn episode() -> EpisodeId {
    "demo-s01e02".parse().unwrap()
}

pub(super) fn embedder() -> EmbedderId {
    EmbedderId("mobilefacenet".into())
}

pub(super) fn meta(id: u32) -> RunMeta {
    let model = ModelUse {
        id: "m".into(),
        family: "f".into(),
        licence: "MIT".into(),
        commercial: None,
        sha256: "00".into(),
        file: "m.onnx".into(),
    };
    RunMeta {
        id: RunId(id),
        video: VideoFacts {
            path: "/v.mp4".into(),
            bytes: 1,
            sha256: "aa".into(),
            size: Size { width: 1280, height: 720 },
            fps: 23.976_023_976_023_978,
            first_pts: MediaTime(1_704_000),
            duration: MediaTime(60_000_000),
            codec: "h264".into(),
            pixel_format: "yuv420p".into(),
        },
        started_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
        tool: "0.1.0".into(),
        detector: model.clone(),
        embedder: model,
        validator: None,
        tracker: "bytetrack".into(),
        device: DeviceUse { asked: "auto".into(), used: "cpu".into(), reason: None, with: None },
        changeovers: Vec::new(),
        params: serde_json::json!({"detect": {"score": 0.1}}),
        scan_key: "k".into(),
        counts: Counts { dropped: BTreeMap::from([(DropReason::LowScore, 3)]), ..Counts::default() },
        mouths: None,
        sound: None,
        transcriber: None,
        marks: BTreeMap::new(),
    }
}

/// Numbers that look random and are the same every time.
fn noise(seed: u64, n: usize) -> impl Iterator<Item = u64> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..n).map(move |_| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x
    })
}

fn jpeg(seed: u64, bytes: usize) -> Vec<u8> {
    noise(seed, bytes / 8).flat_map(u64::to_le_bytes).collect()
}

/// What a sample shot holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    pub(super) tracklets: u32,
    /// For each tracklet.
    pub(super) crops: u64,
    /// Of each JPEG.
    pub(super) bytes: usize,
    pub(super) dim: usize,
}

pub(super) const SMALL: Amount = Amount { tracklets: 2, crops: 2, bytes: 64, dim: 8 };

/// Makes the shot with number `id` (from 1); every third picture is analysed, every tracklet has a face in each.
pub(super) fn shot(id: u32, amount: Amount) -> ShotRecord {
    let start = u64::from(id - 1) * FRAMES;
    let at = |frame: u64| FrameTime { frame, pts: MediaTime(i64::try_from(frame).unwrap() * 40_000) };
    let analysed: Vec<FrameTime> = (start..start + FRAMES).step_by(3).map(at).collect();
    let detection = |frame: u64, track: u32| {
        let x = f32::from(u16::try_from(frame % 500).unwrap()) + 100.0 * f32::from(u16::try_from(track % 100).unwrap());
        let p = |dx| Point { x: x + dx, y: 120.25 };
        Detection {
            bbox: BBox::new(x, 90.5, x + 60.0, 170.0),
            landmarks: Some([p(1.0), p(2.0), p(3.0), p(4.0), p(5.0)]),
            score: 0.75,
        }
    };
    let ids = (id - 1) * amount.tracklets + 1..=id * amount.tracklets;
    let tracklets: Vec<Tracklet> = ids
        .map(|t| Tracklet {
            id: TrackId(t),
            shot: ShotId(id),
            first: analysed[0],
            last: *analysed.last().unwrap(),
            boxes: u32::try_from(analysed.len()).unwrap(),
            mean_score: 0.75,
            lost: false,
        })
        .collect();
    let mut faces = Vec::new();
    for at in &analysed {
        faces.extend(tracklets.iter().map(|t| Face {
            at: *at,
            detection: detection(at.frame, t.id.0),
            fate: Fate::Tracked(t.id),
            denied: false,
        }));
        faces.push(Face {
            at: *at,
            detection: detection(at.frame, 99),
            fate: Fate::Dropped(DropReason::LowScore),
            denied: false,
        });
    }
    let quality = Quality {
        total: 0.9,
        size: 0.8,
        sharpness: 0.7,
        frontality: 0.6,
        light: 0.5,
        visibility: 0.4,
        yaw: -10.5,
        pitch: 3.0,
        roll: 1.0,
    };
    let (mut crops, mut embeddings) = (Vec::new(), Vec::new());
    for t in &tracklets {
        for at in &analysed[..usize::try_from(amount.crops).unwrap()] {
            let seed = u64::from(t.id.0) << 32 | at.frame;
            crops.push(Crop {
                track: t.id,
                at: *at,
                detection: detection(at.frame, t.id.0),
                quality,
                aligned: jpeg(seed, amount.bytes),
                thumb: jpeg(seed + 7, amount.bytes),
            });
            let values = noise(seed, amount.dim).map(|v| f32::from(u16::try_from(v >> 48).unwrap()) - 32_768.0).collect();
            embeddings.push(Embedding::from_raw(values).unwrap());
        }
    }
    let shot = Shot {
        id: ShotId(id),
        start_frame: start,
        end_frame: start + FRAMES,
        start: at(start).pts,
        end: at(start + FRAMES).pts,
        transition_in: if id == 1 { Transition::Start } else { Transition::Cut },
        transition_frames: 0,
        score: 0.98,
    };
    ShotRecord { shot, next: None, analysed, faces, tracklets, crops, embeddings }
}
