//! When the tracks of a shot are seen, whoever they are.

use super::spans::union;
use crate::domain::{DropReason, Face, Fate, FrameTime, MediaTime, Shot, Size, Span, TrackId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Holds the rules' numbers; `config/screen_time.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub gap_tolerance_s: f64,
    pub min_share_inside: f32,
    pub speech_pause_s: f64,
}

/// What one shot measures: when each of its tracks is seen, and what counts for nobody whoever is who.
///
/// Nothing in it depends on decisions, so it is measured once and folded again and again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShotTime {
    /// By the track that reviewers see.
    pub tracks: BTreeMap<TrackId, TrackTime>,
    pub(super) left_out: BTreeMap<&'static str, u64>,
}

/// When one track is seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrackTime {
    /// Disjoint, ascending; bridged gaps included.
    pub seen: Vec<Span>,
    /// The gaps in it, ascending.
    pub bridged: Vec<Span>,
    /// Boxes that count.
    pub boxes: u64,
    /// Boxes mostly outside the picture.
    pub outside: u64,
}

impl ShotTime {
    /// Measures one shot of a video whose pictures have the size `picture`: the pictures that were analysed, in any order, and all
    /// its faces, tracked and dropped, in any order. Faces name the tracks of reviewers ([`crate::domain::TrackMap`]).
    #[must_use]
    pub fn measure(params: &Params, picture: Size, shot: &Shot, analysed: &[FrameTime], faces: &[Face]) -> Self {
        let steps = box_spans(shot, analysed);
        let tolerance = MediaTime::from_secs(params.gap_tolerance_s);
        let mut boxes: BTreeMap<TrackId, BTreeMap<usize, bool>> = BTreeMap::new();
        let mut left_out = BTreeMap::new();
        for face in faces {
            let track = match face.fate {
                Fate::Tracked(track) => track,
                Fate::Dropped(reason) => {
                    *left_out.entry(dropped(reason)).or_default() += 1;
                    continue;
                }
            };
            let Ok(step) = steps.binary_search_by_key(&face.at.frame, |s| s.0) else {
                *left_out.entry("boxes_on_pictures_not_analysed").or_default() += 1;
                continue;
            };
            let counts = face.detection.bbox.share_inside(picture) >= params.min_share_inside;
            *boxes.entry(track).or_default().entry(step).or_insert(false) |= counts;
        }
        let tracks = boxes.into_iter().map(|(track, boxes)| (track, track_time(&steps, &boxes, tolerance))).collect();
        Self { tracks, left_out }
    }
}

/// Returns, for each analysed picture, its number and the time that a box on it counts for; ascending.
pub fn box_spans(shot: &Shot, analysed: &[FrameTime]) -> Vec<(u64, Span)> {
    let mut pictures: Vec<FrameTime> =
        analysed.iter().copied().filter(|a| (shot.start_frame..shot.end_frame).contains(&a.frame)).collect();
    pictures.sort_unstable();
    pictures.dedup_by_key(|p| p.frame);
    let clamp = |t: MediaTime| t.clamp(shot.start, shot.end.max(shot.start));
    (0..pictures.len())
        .map(|i| {
            let start = if i == 0 { shot.start } else { clamp(pictures[i].pts) };
            let end = pictures.get(i + 1).map_or(shot.end, |next| clamp(next.pts));
            (pictures[i].frame, Span::new(start, end))
        })
        .collect()
}

/// Measures one track; `boxes` says for each analysed picture with a box whether it counts.
fn track_time(steps: &[(u64, Span)], boxes: &BTreeMap<usize, bool>, tolerance: MediaTime) -> TrackTime {
    let counting = boxes.values().filter(|c| **c).count() as u64;
    let (mut seen, mut bridged) = (Vec::new(), Vec::new());
    let mut before: Option<usize> = None;
    for (&step, &counts) in boxes {
        if !counts {
            before = None;
            continue;
        }
        if let Some(before) = before {
            let gap = Span::new(steps[before].1.end(), steps[step].1.start());
            if !gap.is_empty() && gap.len() <= tolerance {
                bridged.push(gap);
            }
        }
        seen.push(steps[step].1);
        before = Some(step);
    }
    let seen = union(seen.into_iter().chain(bridged.iter().copied()));
    TrackTime { seen, bridged, boxes: counting, outside: boxes.len() as u64 - counting }
}

fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::TooSmall => "dropped_too_small",
        DropReason::LowScore => "dropped_low_score",
        DropReason::Unconfirmed => "dropped_unconfirmed",
        DropReason::DissolveGhost => "dropped_dissolve_ghost",
        DropReason::Malformed => "dropped_malformed",
        DropReason::Denied => "dropped_denied",
    }
}
