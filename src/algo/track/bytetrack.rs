//! ByteTrack, with looks where wanted.

use super::appearance::{Memory, fused};
use super::kalman::Kalman;
use super::params::{Kind, Params, is_trackable};
use super::{LocalTrack, TrackInput, Tracker, matching};
use crate::domain::{BBox, DropReason, FrameTime, MediaTime};

/// Joins faces by predicted boxes, and by looks for [`Kind::Strongsort`].
///
/// ByteTrack, Zhang et al. 2022 (arXiv:2110.06864), Alg. 1: faces of high score meet all tracks first, faces of low score meet
/// the tracks that are left, what remains of high score starts tracks. Departs:
/// - time is measured in seconds, not in pictures, so that stride and frame rate do not change the rules;
/// - lost tracks age on pictures without faces too;
/// - a last round compares widened boxes (C-BIoU, Yang et al. 2023, arXiv:2211.14317), since at stride 3 to 5 a face may have
///   left its predicted box; unlike there, boxes are widened in proportion to the time since the face was met, and only faces
///   of similar size are joined;
/// - a face that scores well counts from its first box on; others are unconfirmed until met in the next picture, and every
///   track that stays unconfirmed is returned as such instead of vanishing;
/// - duplicate tracks are not removed: the detector's suppression has seen to that.
///
/// With looks the cost of the first and the last round is BoT-SORT's (arXiv:2206.14651), against a moving mean as in StrongSORT
/// (arXiv:2202.13514); there is no camera motion compensation, and no Mahalanobis gate: nearness of boxes is the gate.
#[derive(Debug, Clone)]
pub struct ByteTrack {
    params: Params,
    tracks: Vec<Track>,
    /// When the last picture was shown.
    now: Option<MediaTime>,
    /// The last picture, with faces or without.
    last_picture: Option<FrameTime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Met once, in the picture before, with a score that does not stand alone.
    Unconfirmed,
    Tracked,
    Lost,
    Ended,
}

#[derive(Debug, Clone)]
struct Track {
    state: State,
    filter: Kalman,
    /// Where the filter expects the face in the current picture.
    expected: BBox,
    /// By how much of its size the box is widened in the last round.
    buffer: f32,
    memory: Memory,
    first: FrameTime,
    last: FrameTime,
    boxes: u32,
    scores: f64,
}

/// Who may meet whom in one round, as positions in `tracks` and in the faces of the picture.
struct Round<'a> {
    tracks: Vec<usize>,
    faces: &'a [usize],
    limit: f32,
}

impl ByteTrack {
    /// Makes a tracker for the shots of one video.
    #[must_use]
    pub fn new(params: Params) -> Self {
        Self { params, tracks: Vec::new(), now: None, last_picture: None }
    }

    /// Moves all living tracks to `at` and ends those that were not met for too long.
    fn predict(&mut self, at: FrameTime) {
        let step = self.now.map_or(0.0, |now| (at.pts - now).secs());
        self.now = Some(at.pts);
        for t in &mut self.tracks {
            if t.state == State::Ended {
                continue;
            }
            let gap = (at.pts - t.last.pts).secs();
            t.buffer = buffer(&self.params, gap);
            if gap > self.params.max_gap_s {
                t.state = State::Ended;
                continue;
            }
            if t.state == State::Lost {
                t.filter.hold_size();
            }
            t.filter.predict(step);
            t.expected = t.filter.bbox();
        }
    }

    fn in_state(&self, states: &[State]) -> Vec<usize> {
        (0..self.tracks.len()).filter(|&t| states.contains(&self.tracks[t].state)).collect()
    }

    /// Matches tracks and faces of a round, lets the pairs meet, and returns the faces that are left.
    fn meet(
        &mut self,
        at: FrameTime,
        faces: &[TrackInput],
        round: &Round,
        cost: impl Fn(&Params, &Track, &TrackInput) -> f32,
        joined: &mut [Option<u32>],
    ) -> Vec<usize> {
        let found = matching(round.tracks.len(), round.faces.len(), round.limit, |r, c| {
            cost(&self.params, &self.tracks[round.tracks[r]], &faces[round.faces[c]])
        });
        for (r, c) in found.pairs {
            let (t, f) = (round.tracks[r], round.faces[c]);
            let (track, face) = (&mut self.tracks[t], &faces[f]);
            track.filter.update(&face.detection.bbox);
            track.memory.meet(&self.params.appearance, face.appearance);
            track.state = State::Tracked;
            track.last = at;
            track.boxes += 1;
            track.scores += f64::from(face.detection.score);
            joined[f] = u32::try_from(t).ok();
        }
        found.columns_left.into_iter().map(|c| round.faces[c]).collect()
    }

    fn start(&mut self, at: FrameTime, face: &TrackInput) -> Option<u32> {
        let number = u32::try_from(self.tracks.len()).ok()?;
        let filter = Kalman::new(&self.params, &face.detection.bbox);
        let mut memory = Memory::default();
        memory.meet(&self.params.appearance, face.appearance);
        self.tracks.push(Track {
            state: if face.detection.score >= self.params.lone_thresh { State::Tracked } else { State::Unconfirmed },
            expected: filter.bbox(),
            buffer: 0.0,
            filter,
            memory,
            first: at,
            last: at,
            boxes: 1,
            scores: f64::from(face.detection.score),
        });
        Some(number)
    }
}

impl Tracker for ByteTrack {
    fn push(&mut self, at: FrameTime, faces: &[TrackInput]) -> Vec<Option<u32>> {
        self.predict(at);
        self.last_picture = Some(at);
        let mut joined = vec![None; faces.len()];
        let usable = |f: &usize| is_trackable(&self.params, &faces[*f].detection);
        let (high, low): (Vec<usize>, Vec<usize>) =
            (0..faces.len()).filter(usable).partition(|f| faces[*f].detection.score >= self.params.track_thresh);

        let old = self.in_state(&[State::Tracked, State::Lost]);
        let round = Round { tracks: old.clone(), faces: &high, limit: self.params.match_thresh };
        let high = self.meet(at, faces, &round, by_box_and_score, &mut joined);

        let waiting = |s: &Self, states: &[State]| -> Vec<usize> {
            old.iter().copied().filter(|t| states.contains(&s.tracks[*t].state) && s.tracks[*t].last != at).collect()
        };
        let round = Round { tracks: waiting(self, &[State::Tracked]), faces: &low, limit: self.params.low_match_thresh };
        self.meet(at, faces, &round, by_box, &mut joined);

        let limit = self.params.buffer_match_thresh;
        let round = Round { tracks: waiting(self, &[State::Tracked, State::Lost]), faces: &high, limit };
        let high = self.meet(at, faces, &round, by_widened_box, &mut joined);

        let limit = self.params.unconfirmed_match_thresh;
        let round = Round { tracks: self.in_state(&[State::Unconfirmed]), faces: &high, limit };
        let high = self.meet(at, faces, &round, by_box_and_score, &mut joined);

        for t in &mut self.tracks {
            match t.state {
                State::Unconfirmed => t.state = State::Ended,
                State::Tracked if t.last != at => t.state = State::Lost,
                _ => {}
            }
        }
        for f in high {
            if faces[f].detection.score >= self.params.birth_thresh {
                joined[f] = self.start(at, &faces[f]);
            }
        }
        joined
    }

    fn finish(&mut self) -> Vec<LocalTrack> {
        self.now = None;
        let last_picture = self.last_picture.take();
        let lone = f64::from(self.params.lone_thresh);
        self.tracks
            .drain(..)
            .map(|t| {
                let mean = t.scores / f64::from(t.boxes.max(1));
                LocalTrack {
                    boxes: t.boxes,
                    first: t.first,
                    last: t.last,
                    #[expect(clippy::cast_possible_truncation, reason = "a score needs no more than f32")]
                    mean_score: mean as f32,
                    lost: Some(t.last) != last_picture,
                    dropped: (t.boxes == 1 && t.scores < lone).then_some(DropReason::Unconfirmed),
                }
            })
            .collect()
    }
}

/// First round: IoU with the predicted box, times the score (ByteTrack's fused score).
fn by_box_and_score(params: &Params, track: &Track, face: &TrackInput) -> f32 {
    let place = 1.0 - track.expected.iou(&face.detection.bbox) * face.detection.score;
    with_looks(params, track, face, place)
}

/// Second round: IoU alone; a low score says little about looks, which therefore keep out.
fn by_box(_: &Params, track: &Track, face: &TrackInput) -> f32 {
    1.0 - track.expected.iou(&face.detection.bbox)
}

/// Last round: IoU of widened boxes of similar size.
fn by_widened_box(params: &Params, track: &Track, face: &TrackInput) -> f32 {
    let (a, b) = (track.expected.height(), face.detection.bbox.height());
    if a.max(b) > params.max_size_ratio * a.min(b) {
        return f32::INFINITY;
    }
    with_looks(params, track, face, 1.0 - widened_iou(track, &face.detection.bbox))
}

fn with_looks(params: &Params, track: &Track, face: &TrackInput, place: f32) -> f32 {
    if params.tracker == Kind::Bytetrack {
        return place;
    }
    let distance = 1.0 - widened_iou(track, &face.detection.bbox);
    fused(&params.appearance, place, distance, track.memory.cosine(face.appearance))
}

/// Returns by how much of its size a box is widened `gap` seconds after its face was met.
#[expect(clippy::cast_possible_truncation, reason = "at most buffer_max")]
fn buffer(params: &Params, gap: f64) -> f32 {
    (f64::from(params.buffer_per_s) * gap.max(0.0)).min(f64::from(params.buffer_max)) as f32
}

fn widened_iou(track: &Track, face: &BBox) -> f32 {
    let widened = |b: &BBox| {
        let (w, h) = (track.buffer * b.width(), track.buffer * b.height());
        BBox::new(b.x1 - w, b.y1 - h, b.x2 + w, b.y2 + h)
    };
    widened(&track.expected).iou(&widened(face))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Detection, Embedding};
    use proptest::prelude::*;

    fn params() -> Params {
        toml::from_str::<toml::Table>(include_str!("../../../config/tracking.toml")).unwrap()["track"].clone().try_into().unwrap()
    }

    fn at(frame: u64) -> FrameTime {
        FrameTime { frame, pts: MediaTime::from_secs(frame as f64 / 25.0) }
    }

    fn face(x: f32, score: f32) -> Detection {
        Detection { bbox: BBox::new(x, 100.0, x + 50.0, 165.0), landmarks: None, score }
    }

    fn push(t: &mut ByteTrack, frame: u64, faces: &[Detection]) -> Vec<Option<u32>> {
        let inputs: Vec<_> = faces.iter().map(|&detection| TrackInput { detection, appearance: None }).collect();
        t.push(at(frame), &inputs)
    }

    #[test]
    fn a_face_keeps_its_number_through_low_scores_and_short_gaps() {
        let mut t = ByteTrack::new(params());
        for frame in 0..30 {
            let faces = match frame {
                10..15 => vec![face(100.0 + frame as f32, 0.3)],
                20..25 => vec![],
                _ => vec![face(100.0 + frame as f32, 0.8)],
            };
            assert_eq!(push(&mut t, frame, &faces), vec![Some(0); faces.len()], "picture {frame}");
        }
        let tracks = t.finish();
        assert_eq!((tracks.len(), tracks[0].boxes, tracks[0].lost), (1, 25, false));
    }

    #[test]
    fn a_lost_track_ages_on_pictures_without_faces_and_ends() {
        let mut t = ByteTrack::new(params());
        push(&mut t, 0, &[face(100.0, 0.8)]);
        for frame in 1..27 {
            push(&mut t, frame, &[]);
        }
        assert_eq!(push(&mut t, 27, &[face(100.0, 0.8)]), [Some(1)]);
        let tracks = t.finish();
        assert!(tracks[0].lost && !tracks[1].lost);
    }

    #[test]
    fn a_gap_is_measured_in_time_whatever_the_stride() {
        for stride in [1, 3, 5] {
            let mut t = ByteTrack::new(params());
            push(&mut t, 0, &[face(100.0, 0.8)]);
            for frame in (stride..20).step_by(usize::try_from(stride).unwrap()) {
                push(&mut t, frame, &[]);
            }
            assert_eq!(push(&mut t, 20, &[face(100.0, 0.8)]), [Some(0)], "stride {stride}");
        }
    }

    #[test]
    fn two_faces_that_pass_each_other_keep_their_numbers() {
        let mut t = ByteTrack::new(params());
        for frame in 0..60 {
            let (a, b) = (face(100.0 + 4.0 * frame as f32, 0.8), face(340.0 - 4.0 * frame as f32, 0.8));
            // While one hides the other only the front one is found.
            let hidden = (25..36).contains(&frame);
            let got = push(&mut t, frame, &[a, b][..if hidden { 1 } else { 2 }]);
            if !(25..=45).contains(&frame) {
                assert_eq!(got[0], Some(0), "picture {frame}");
                assert_eq!(got.get(1).copied().flatten(), Some(1), "picture {frame}");
            }
        }
    }

    #[test]
    fn a_face_that_leaves_its_box_between_two_pictures_is_found_by_the_last_round() {
        let mut t = ByteTrack::new(params());
        push(&mut t, 0, &[face(100.0, 0.8)]);
        assert_eq!(push(&mut t, 5, &[face(160.0, 0.8)]), [Some(0)]);
        let mut t = ByteTrack::new(Params { buffer_max: 0.0, ..params() });
        push(&mut t, 0, &[face(100.0, 0.8)]);
        assert_eq!(push(&mut t, 5, &[face(160.0, 0.8)]), [Some(1)]);
    }

    #[test]
    fn weak_faces_start_no_track_and_a_weak_one_met_once_is_unconfirmed() {
        let p = Params { birth_thresh: 0.6, lone_thresh: 0.7, ..params() };
        let mut t = ByteTrack::new(p);
        assert_eq!(push(&mut t, 0, &[face(100.0, 0.5), face(200.0, 0.65), face(300.0, 0.9)]), [None, Some(0), Some(1)]);
        push(&mut t, 1, &[]);
        let tracks = t.finish();
        assert_eq!(tracks[0].dropped, Some(DropReason::Unconfirmed));
        assert_eq!(tracks[1].dropped, None);
    }

    #[test]
    fn looks_find_a_face_again_and_keep_strangers_apart() {
        let one = Embedding::from_raw(vec![1.0, 0.0]).unwrap();
        let two = Embedding::from_raw(vec![-0.2, 1.0]).unwrap();
        let mut t = ByteTrack::new(Params { tracker: Kind::Strongsort, ..params() });
        t.push(at(0), &[TrackInput { detection: face(100.0, 0.8), appearance: Some(&one) }]);
        assert_eq!(t.push(at(3), &[TrackInput { detection: face(104.0, 0.8), appearance: Some(&two) }]), [Some(1)]);
        assert_eq!(t.push(at(6), &[TrackInput { detection: face(150.0, 0.8), appearance: Some(&one) }]), [Some(0)]);
    }

    #[test]
    fn broken_boxes_join_nothing_and_break_nothing() {
        let mut t = ByteTrack::new(params());
        let broken =
            [f32::NAN, f32::INFINITY].map(|x| Detection { bbox: BBox::new(x, 0.0, 10.0, 10.0), landmarks: None, score: 0.9 });
        let flat = Detection { bbox: BBox::new(5.0, 5.0, 5.0, 9.0), landmarks: None, score: 0.9 };
        assert_eq!(push(&mut t, 0, &[broken[0], broken[1], flat, face(0.0, f32::NAN)]), [None; 4]);
        assert!(t.finish().is_empty());
    }

    fn shots() -> impl Strategy<Value = Vec<Vec<Detection>>> {
        let face = (0f32..600.0, 0f32..300.0, 1f32..120.0, 1f32..120.0, 0f32..1.0).prop_map(|(x, y, w, h, score)| Detection {
            bbox: BBox::new(x, y, x + w, y + h),
            landmarks: None,
            score,
        });
        prop::collection::vec(prop::collection::vec(face, 0..6), 1..25)
    }

    proptest! {
        #[test]
        fn every_box_of_a_track_is_counted_once_and_a_picture_has_one_at_most(shot in shots(), stride in 1u64..6) {
            let mut t = ByteTrack::new(params());
            let mut boxes = std::collections::BTreeMap::<u32, (u32, u64, u64)>::new();
            let mut again = ByteTrack::new(params());
            for (i, faces) in shot.iter().enumerate() {
                let frame = i as u64 * stride;
                let got = push(&mut t, frame, faces);
                prop_assert_eq!(&got, &push(&mut again, frame, faces));
                let mut seen = std::collections::BTreeSet::new();
                for n in got.into_iter().flatten() {
                    prop_assert!(seen.insert(n), "two boxes of track {} in picture {}", n, frame);
                    let e = boxes.entry(n).or_insert((0, frame, frame));
                    *e = (e.0 + 1, e.1, frame);
                }
            }
            let tracks = t.finish();
            prop_assert_eq!(tracks.len(), boxes.len());
            for (n, (count, first, last)) in boxes {
                let track = &tracks[n as usize];
                prop_assert_eq!((track.boxes, track.first.frame, track.last.frame), (count, first, last));
                prop_assert!((0.0..=1.0).contains(&track.mean_score));
            }
        }
    }
}
