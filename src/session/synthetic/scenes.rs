//! The shots of a made-up episode: who stands where, and when.

use super::lot::{below, share};
use super::people::Cast;
use super::pictures::Pictures;
use crate::domain::{
    BBox, Crop, Detection, DropReason, Embedding, Face, Fate, FrameTime, MediaTime, Opening, Point, Quality, Shot, ShotId,
    ShotRecord, Size, TrackId, Tracklet, Transition,
};
use std::ops::Range;

pub(super) const PICTURE: Size = Size { width: 1280, height: 720 };
pub(super) const FPS: f64 = 25.0;
const FRAME_US: i64 = 40_000;
/// Every third picture is analysed.
const STRIDE: u64 = 3;
/// Tracks of a shot, in a grid of four by four.
const PER_SHOT: u32 = 16;
/// Crops that are kept of a track; of the long one, all.
const KEEP: u32 = 8;
/// One face in so many is of the long track, where there are enough.
const LONG_PART: u32 = 60;
const LONG_FROM: u32 = 60_000;
/// Pictures of a shot beyond its longest track.
const SLACK: u32 = 12;
const DIM: u32 = 128;

/// Where the shots of an episode lie, and how many faces their tracks have.
pub(super) struct Scenes {
    number: u32,
    /// By track, from 1: its boxes.
    boxes: Vec<u32>,
    /// By shot: its tracks (from 1), its first picture and its analysed pictures.
    shots: Vec<(Range<u32>, u64, u32)>,
    end: u64,
}

impl Scenes {
    /// Plans an episode; `number` tells episodes apart.
    pub(super) fn new(number: u32, tracks: u32, faces: u32) -> Self {
        let long = if faces >= LONG_FROM && tracks > 1 { faces / LONG_PART } else { 0 };
        let others = if long > 0 { tracks - 1 } else { tracks };
        let (each, rest) = ((faces - long) / others, (faces - long) % others);
        let mut boxes: Vec<u32> = (long > 0).then_some(long).into_iter().collect();
        let mut spare = 0;
        for n in 0..others {
            let due = each + u32::from(n < rest);
            // Pairs of a long one and a short one: together what is due.
            if n % 2 == 0 {
                spare = below(due / 2 + 1, &[number, n, 6]);
                let is_last = n + 1 == others;
                boxes.push(if is_last { due } else { due + spare });
            } else {
                boxes.push(due - spare.min(due - 1));
                spare = 0;
            }
        }
        let mut shots = Vec::new();
        let (mut track, mut frame) = (1, 0);
        while track <= tracks {
            let is_long = long > 0 && track == 1;
            let after = if is_long { 2 } else { (track + PER_SHOT).min(tracks + 1) };
            let most = (track..after).map(|t| at(&boxes, t)).max().unwrap_or(1);
            let pictures = most + SLACK;
            shots.push((track..after, frame, pictures));
            frame += u64::from(pictures) * STRIDE;
            track = after;
        }
        Self { number, boxes, shots, end: frame }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn tracks(&self) -> u32 {
        u32::try_from(self.boxes.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn duration(&self) -> MediaTime {
        time(self.end)
    }

    /// Makes the shots, one at a time.
    pub(super) fn all<'a>(&'a self, cast: &'a Cast, pictures: &'a Pictures) -> impl Iterator<Item = ShotRecord> + 'a {
        (0..self.shots.len()).filter_map(|number| self.shot(number, cast, pictures))
    }

    fn shot(&self, number: usize, cast: &Cast, pictures: &Pictures) -> Option<ShotRecord> {
        let (tracks, start, count) = self.shots.get(number).cloned()?;
        let id = ShotId(u32::try_from(number).unwrap_or(u32::MAX - 1) + 1);
        let end = start + u64::from(count) * STRIDE;
        let analysed: Vec<FrameTime> = (0..count).map(|n| frame(start + u64::from(n) * STRIDE)).collect();
        let is_last = number + 1 == self.shots.len();
        let mut record = ShotRecord {
            shot: Shot {
                id,
                start_frame: start,
                end_frame: end,
                start: time(start),
                end: time(end),
                transition_in: if number == 0 { Transition::Start } else { Transition::Cut },
                transition_frames: 0,
                score: 1.0,
            },
            next: (!is_last).then_some(Opening { transition: Transition::Cut, transition_frames: 0, score: 1.0 }),
            analysed,
            faces: Vec::new(),
            tracklets: Vec::new(),
            crops: Vec::new(),
            embeddings: Vec::new(),
        };
        for track in tracks {
            self.add_track(&mut record, TrackId(track), cast.of(TrackId(track)), pictures);
        }
        // What a detector finds besides, and nobody counts.
        for (n, at) in (0..).zip(record.analysed.clone()).step_by(5) {
            let detection = face_at(600.0, 20.0, 14.0, 0.0, 0.3 + 0.1 * share(&[id.0, n, 7]));
            record.faces.push(Face { at, detection, fate: Fate::Dropped(DropReason::TooSmall), denied: false });
        }
        record.faces.sort_by(|a, b| a.at.cmp(&b.at).then(b.detection.score.total_cmp(&a.detection.score)));
        Some(record)
    }

    fn add_track(&self, record: &mut ShotRecord, track: TrackId, cluster: u32, pictures: &Pictures) {
        let boxes = at(&self.boxes, track.0);
        let of = |salt: u32| [self.number, track.0, salt];
        // Some are out of sight for a moment: bridged where it is short.
        let gap = if below(3, &of(8)) == 0 { below(9, &of(9)) } else { 0 };
        let gap_at = boxes / 2;
        let slack = SLACK.saturating_sub(gap);
        let first = below(slack + 1, &of(10));
        let height = 30.0 + 110.0 * share(&of(11)) * share(&of(12));
        let cell = track.0 % PER_SHOT;
        let (left, top) = (320.0 * (cell % 4) as f32, 180.0 * (cell / 4) as f32);
        // One in sixteen walks out of the picture on the left.
        let speed = if cell == 0 { -6.0 } else { 1.5 * (share(&of(13)) - 0.5) };
        let score = 0.55 + 0.44 * share(&of(14));
        let keep_every = if boxes >= LONG_FROM / LONG_PART { 1 } else { boxes.div_ceil(KEEP) };
        let mut seen: Option<Tracklet> = None;
        let mut crops = 0;
        for n in 0..boxes {
            let step = first + n + if n >= gap_at { gap } else { 0 };
            let Some(at) = usize::try_from(step).ok().and_then(|s| record.analysed.get(s)).copied() else { break };
            let x = left + 100.0 + (speed * n as f32).max(-320.0) % 320.0;
            let (aligned, thumb, turn) = pictures.of(cluster, track.0, crops);
            let detection = face_at(x, top + 20.0, height, turn, score);
            record.faces.push(Face { at, detection, fate: Fate::Tracked(track), denied: false });
            let tracklet = seen.get_or_insert(Tracklet {
                id: track,
                shot: record.shot.id,
                first: at,
                last: at,
                boxes: 0,
                mean_score: score,
                lost: step + 1 < first + boxes + SLACK,
            });
            (tracklet.last, tracklet.boxes) = (at, tracklet.boxes + 1);
            if n % keep_every == 0 {
                let quality = quality(&[self.number, track.0, n], turn, height, &detection);
                record.crops.push(Crop { track, at, detection, quality, aligned, thumb });
                record.embeddings.extend(vector(cluster, track.0, crops));
                crops += 1;
            }
        }
        record.tracklets.extend(seen);
    }
}

fn at(boxes: &[u32], track: u32) -> u32 {
    usize::try_from(track).ok().and_then(|t| boxes.get(t.checked_sub(1)?)).copied().unwrap_or(1)
}

fn time(frame: u64) -> MediaTime {
    MediaTime(i64::try_from(frame).unwrap_or(i64::MAX / FRAME_US).saturating_mul(FRAME_US))
}

fn frame(frame: u64) -> FrameTime {
    FrameTime { frame, pts: time(frame) }
}

/// Returns a face of this height whose box begins at `x`, `y`.
fn face_at(x: f32, y: f32, height: f32, turn: f32, score: f32) -> Detection {
    let width = 0.78 * height;
    let point = |across: f32, down: f32| Point { x: x + (across + 0.18 * turn) * width, y: y + down * height };
    let landmarks = [point(0.3, 0.42), point(0.7, 0.42), point(0.5, 0.6), point(0.34, 0.78), point(0.66, 0.78)];
    Detection { bbox: BBox::new(x, y, x + width, y + height), landmarks: Some(landmarks), score }
}

fn quality(of: &[u32; 3], turn: f32, height: f32, face: &Detection) -> Quality {
    let [a, b, c] = *of;
    let part = |salt: u32| share(&[a, b, c, salt]);
    let yaw = 80.0 * turn;
    let size = (0.31 * height / 35.0).min(1.0);
    let sharpness = 1.0 - 0.9 * part(20) * part(21);
    let frontality = yaw.to_radians().cos().max(0.0);
    let light = 1.0 - 0.8 * part(22) * part(23);
    let visibility = face.bbox.share_inside(PICTURE) * (1.0 - 0.3 * part(24) * part(25));
    let total = (size * sharpness * light * face.score).sqrt() * frontality * visibility;
    Quality {
        total,
        size,
        sharpness,
        frontality,
        light,
        visibility,
        yaw,
        pitch: 10.0 * part(26) - 5.0,
        roll: 6.0 * part(27) - 3.0,
    }
}

/// Returns a vector near to that of its cluster.
fn vector(cluster: u32, track: u32, nth: u32) -> Option<Embedding> {
    let near = |d: u32| share(&[cluster, d, 30]) - 0.5 + 0.4 * (share(&[track, nth, d, 31]) - 0.5);
    Embedding::from_raw((0..DIM).map(near).collect()).ok()
}
