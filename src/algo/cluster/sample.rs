//! Tracks as clustering sees them, and what is known about pairs of them.

use super::Mean;
use crate::domain::{BBox, MediaTime, Shot, ShotId, TrackId, Transition};
use std::collections::BTreeMap;

/// One track of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackSample {
    pub id: TrackId,
    pub shot: ShotId,
    /// The pictures with a box of it, ascending.
    pub frames: Vec<u64>,
    /// What it lasts, for order and weight.
    pub time: MediaTime,
    pub first_box: BBox,
    pub last_box: BBox,
    /// Its pooled vector; `None` where no crop could be embedded.
    pub vector: Option<Mean>,
    /// Best quality of the crops behind the vector, less what their badges take, `0..=1`.
    pub quality: f32,
    /// Share of its crops on which something is seen to be before the face, `0..=1`.
    pub occluded: f32,
    /// Largest distance between the eyes among its faces, in pixels.
    pub eye_px: f32,
}

/// Tells whether two tracks are seen in one picture, and so are two people.
#[must_use]
pub fn cannot_link(a: &TrackSample, b: &TrackSample) -> bool {
    a.shot == b.shot && share_a_picture(&a.frames, &b.frames)
}

/// Tells whether two ascending lists of pictures have one in common.
#[must_use]
pub fn share_a_picture(a: &[u64], b: &[u64]) -> bool {
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

/// Returns pairs of tracks that are one face, cut in two by a forced boundary: positions in `samples`, ascending.
///
/// The first track ends within the last analysed pictures of its shot, the second begins with the next shot, and last and first box
/// overlap by `iou` at least; each track takes part once on each side, best overlap first. Analysed pictures are taken to be those
/// that the tracks of both shots are seen on, so a boundary without any face has no pairs.
#[must_use]
pub fn must_link(samples: &[&TrackSample], shots: &[Shot], iou: f32) -> Vec<(usize, usize)> {
    let mut by_shot: BTreeMap<ShotId, Vec<usize>> = BTreeMap::new();
    for (i, s) in samples.iter().enumerate() {
        by_shot.entry(s.shot).or_default().push(i);
    }
    let mut ordered: Vec<&Shot> = shots.iter().collect();
    ordered.sort_by_key(|s| s.start_frame);
    let mut pairs = Vec::new();
    for pair in ordered.windows(2).filter(|w| w[1].transition_in == Transition::Forced) {
        let (Some(before), Some(after)) = (by_shot.get(&pair[0].id), by_shot.get(&pair[1].id)) else { continue };
        let last = before.iter().filter_map(|i| samples[*i].frames.last()).max();
        let first = after.iter().filter_map(|i| samples[*i].frames.first()).min();
        let ends: Vec<usize> = before.iter().copied().filter(|i| samples[*i].frames.last() == last).collect();
        let begins: Vec<usize> = after.iter().copied().filter(|i| samples[*i].frames.first() == first).collect();
        let mut near: Vec<(f32, usize, usize)> = ends
            .iter()
            .flat_map(|&a| begins.iter().map(move |&b| (samples[a].last_box.iou(&samples[b].first_box), a, b)))
            .filter(|n| n.0 >= iou)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut taken = Vec::new();
        for (_, a, b) in near {
            if !taken.contains(&a) && !taken.contains(&b) {
                taken.extend([a, b]);
                pairs.push((a, b));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(id: u32, shot: u32, frames: &[u64], x: f32) -> TrackSample {
        let bbox = BBox::new(x, 0.0, x + 10.0, 10.0);
        TrackSample {
            id: TrackId(id),
            shot: ShotId(shot),
            frames: frames.to_vec(),
            time: MediaTime::ZERO,
            first_box: bbox,
            last_box: bbox,
            vector: None,
            quality: 0.5,
            occluded: 0.0,
            eye_px: 40.0,
        }
    }

    fn shot(id: u32, start: u64, end: u64, transition_in: Transition) -> Shot {
        Shot {
            id: ShotId(id),
            start_frame: start,
            end_frame: end,
            start: MediaTime::ZERO,
            end: MediaTime::ZERO,
            transition_in,
            transition_frames: 0,
            score: 1.0,
        }
    }

    #[test]
    fn only_a_common_picture_forbids() {
        let a = sample(1, 1, &[0, 3, 9], 0.0);
        assert!(cannot_link(&a, &sample(2, 1, &[1, 2, 9], 0.0)));
        assert!(!cannot_link(&a, &sample(2, 1, &[6], 0.0)));
    }

    #[test]
    fn a_forced_boundary_joins_overlapping_boxes_and_a_cut_does_not() {
        let tracks = [sample(1, 1, &[0, 3], 0.0), sample(2, 1, &[0, 3], 50.0), sample(3, 2, &[6], 1.0), sample(4, 2, &[6], 80.0)];
        let shots = |t| [shot(1, 0, 5, Transition::Start), shot(2, 5, 9, t)];
        let tracks: Vec<&TrackSample> = tracks.iter().collect();
        assert_eq!(must_link(&tracks, &shots(Transition::Forced), 0.5), [(0, 2)]);
        assert!(must_link(&tracks, &shots(Transition::Cut), 0.5).is_empty());
    }
}
