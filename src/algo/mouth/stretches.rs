//! Which faces are looked at, and when.

use super::{Params, Square, squares};
use crate::algo::screen_time::{box_spans, union};
use crate::domain::{BBox, Face, Fate, FrameTime, MediaTime, MouthScores, Shot, Span, TrackId, Turn};
use std::collections::BTreeMap;
use std::ops::Range;

const STEP: i64 = MouthScores::STEP.0;

/// The moments of scores: 25 a second from the first picture on, whatever the video's own rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Time of the first picture.
    pub origin: MediaTime,
}

impl Grid {
    /// Returns the time of place `k`.
    #[must_use]
    pub fn time(&self, k: i64) -> MediaTime {
        self.origin + MediaTime(k.saturating_mul(STEP))
    }

    /// Returns the first place at or after `time`.
    #[must_use]
    pub fn at_or_after(&self, time: MediaTime) -> i64 {
        let past = (time - self.origin).0;
        past.saturating_add(STEP - 1).div_euclid(STEP)
    }
}

/// A face in speech, without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    pub track: TrackId,
    /// Place of the first square on the grid.
    pub first: i64,
    /// Where the face is at each place.
    pub squares: Vec<Square>,
}

impl Stretch {
    /// Returns its places on the grid.
    #[must_use]
    pub fn places(&self) -> Range<i64> {
        self.first..self.first + i64::try_from(self.squares.len()).unwrap_or(0)
    }
}

/// Finds the faces of a shot that are large enough while somebody speaks; by track, then time.
///
/// `analysed` are the pictures that the detector saw, `faces` all detections of the shot by picture. Of a picture between them the face lies between its boxes.
#[must_use]
pub fn stretches(
    params: &Params,
    grid: Grid,
    shot: &Shot,
    analysed: &[FrameTime],
    faces: &[Face],
    turns: &[Turn],
) -> Vec<Stretch> {
    let pad = MediaTime::from_secs(params.context_s);
    let speech = turns.iter().map(|t| Span::new(t.span.start() - pad, t.span.end() + pad));
    let speech = union(speech.filter(|s| s.start() < shot.end && s.end() > shot.start));
    let ends: BTreeMap<u64, MediaTime> = box_spans(shot, analysed).into_iter().map(|(frame, span)| (frame, span.end())).collect();
    let mut tracks: BTreeMap<TrackId, (Vec<(MediaTime, BBox)>, MediaTime)> = BTreeMap::new();
    for face in faces {
        let (Fate::Tracked(track), Some(end)) = (face.fate, ends.get(&face.at.frame)) else { continue };
        let (boxes, seen_to) = tracks.entry(track).or_insert_with(|| (Vec::new(), *end));
        boxes.push((face.at.pts, face.detection.bbox));
        *seen_to = *end;
    }
    let mut found = Vec::new();
    for (track, (boxes, end)) in tracks {
        if longer_side(&boxes) < params.min_face_px {
            continue;
        }
        let places = grid.at_or_after(boxes[0].0)..grid.at_or_after(end);
        let times: Vec<MediaTime> = places.clone().map(|k| grid.time(k)).collect();
        let all = squares(&boxes, &times);
        for span in &speech {
            let from = grid.at_or_after(span.start()).clamp(places.start, places.end.max(places.start));
            let to = grid.at_or_after(span.end()).clamp(from, places.end.max(from));
            let range = usize::try_from(from - places.start).ok().zip(usize::try_from(to - places.start).ok());
            let Some(squares) = range.and_then(|(a, b)| all.get(a..b)) else { continue };
            if MediaTime(STEP * (to - from)) >= MediaTime::from_secs(params.min_s) {
                found.push(Stretch { track, first: from, squares: squares.to_vec() });
            }
        }
    }
    found
}

/// Returns the median of the longer sides of boxes, of which there is at least one.
fn longer_side(boxes: &[(MediaTime, BBox)]) -> f32 {
    let mut sides: Vec<f32> = boxes.iter().map(|(_, b)| b.width().max(b.height())).collect();
    let middle = sides.len() / 2;
    *sides.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Cuts long stretches into windows that share some pictures, so that what a model sees at once is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    len: usize,
    shared: usize,
}

impl Windows {
    /// Reads lengths from the settings.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    pub fn new(params: &Params) -> Self {
        let places = |s: f64| (s * 25.0).round().clamp(0.0, 1e6) as usize;
        let len = places(params.window_s).max(1);
        Self { len, shared: places(params.overlap_s).min(len - 1) }
    }

    /// Returns the windows of a stretch of `len` places, in order.
    #[must_use]
    pub fn of(&self, len: usize) -> Vec<Range<usize>> {
        let mut windows: Vec<Range<usize>> = Vec::new();
        let mut start = 0;
        while start < len {
            let end = (start + self.len).min(len);
            windows.push(start..end);
            if end == len {
                break;
            }
            start = end - self.shared;
        }
        windows
    }

    /// Returns which places of window `i` count: of what two share each gives its half.
    #[must_use]
    pub fn counting(windows: &[Range<usize>], i: usize) -> Range<usize> {
        let Some(window) = windows.get(i) else { return 0..0 };
        let before = i.checked_sub(1).and_then(|b| windows.get(b)).map_or(window.start, |b| usize::midpoint(window.start, b.end));
        let after = windows.get(i + 1).map_or(window.end, |a| usize::midpoint(a.start, window.end));
        before..after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Detection, ShotId, SpeakerId, Transition, TurnId};

    fn params() -> Params {
        toml::from_str::<toml::Table>(include_str!("../../../config/audio.toml")).unwrap()["mouth"].clone().try_into().unwrap()
    }

    /// 24,000/1001 pictures a second, the first one at 1.704 s.
    fn at(frame: u64) -> FrameTime {
        FrameTime { frame, pts: MediaTime(1_704_000 + i64::try_from(frame).unwrap() * 1_001_000 / 24) }
    }

    fn shot() -> Shot {
        Shot {
            id: ShotId(1),
            start_frame: 0,
            end_frame: 240,
            start: at(0).pts,
            end: at(240).pts,
            transition_in: Transition::Start,
            transition_frames: 0,
            score: 1.0,
        }
    }

    fn face(frame: u64, track: u32, side: f32) -> Face {
        let detection = Detection { bbox: BBox::new(100.0, 50.0, 100.0 + side, 50.0 + side), landmarks: None, score: 0.9 };
        Face { at: at(frame), detection, fate: Fate::Tracked(TrackId(track)), denied: false }
    }

    fn turn(start: f64, end: f64) -> Turn {
        let span = Span::new(MediaTime::from_secs(start), MediaTime::from_secs(end));
        Turn { id: TurnId(1), span, speaker: SpeakerId(1), confidence: 1.0 }
    }

    #[test]
    fn only_faces_of_some_size_are_looked_at_and_only_in_speech() {
        let analysed: Vec<_> = (0..240).step_by(5).map(at).collect();
        let faces: Vec<_> = analysed.iter().flat_map(|a| [face(a.frame, 1, 90.0), face(a.frame, 2, 12.0)]).collect();
        let p = params();
        let got = stretches(&p, Grid { origin: at(0).pts }, &shot(), &analysed, &faces, &[turn(3.704, 4.704), turn(30.0, 31.0)]);
        assert_eq!(got.iter().map(|s| s.track).collect::<Vec<_>>(), [TrackId(1)]);
        let due = MediaTime::from_secs(1.0 + 2.0 * p.context_s).0 / STEP;
        assert_eq!(
            (got[0].first, got[0].places().end - got[0].first),
            (50 - MediaTime::from_secs(p.context_s).0.div_euclid(STEP), due)
        );
        assert!(stretches(&p, Grid { origin: at(0).pts }, &shot(), &analysed, &faces, &[]).is_empty());
    }

    #[test]
    fn every_place_counts_once_in_windows() {
        let windows = Windows { len: 150, shared: 25 };
        for len in [1, 149, 150, 151, 275, 276, 1000] {
            let cut = windows.of(len);
            let counted: Vec<usize> = (0..cut.len()).flat_map(|i| Windows::counting(&cut, i)).collect();
            assert_eq!(counted, (0..len).collect::<Vec<_>>(), "{len}: {cut:?}");
            assert!(cut.iter().all(|w| w.len() <= 150));
        }
    }
}
