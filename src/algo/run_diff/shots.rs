//! Boundaries of shots that only one of two runs has.

use crate::domain::{MediaTime, Shot, Transition};
use serde::Serialize;

/// Pictures that a boundary may lie apart and still be the same: a dissolve has no one picture.
const SAME_PICTURES: u64 = 2;

/// A boundary that only one of two runs has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ShotDiff {
    /// The first picture of the shot that begins there.
    pub frame: u64,
    pub at: MediaTime,
    pub transition: Transition,
    /// The new run has it, and the old one does not; else the other way round.
    pub is_new: bool,
}

/// Returns the boundaries that only one of two runs has, by time; the shots of each are in order. The beginning of the video is none.
#[must_use]
pub fn shots(old: &[Shot], new: &[Shot]) -> Vec<ShotDiff> {
    let lacks = |all: &[Shot], shot: &Shot| {
        let after = all.partition_point(|s| s.start_frame + SAME_PICTURES < shot.start_frame);
        all.get(after).is_none_or(|s| s.start_frame > shot.start_frame + SAME_PICTURES)
    };
    let told = |shot: &Shot, is_new| ShotDiff { frame: shot.start_frame, at: shot.start, transition: shot.transition_in, is_new };
    let mut found: Vec<ShotDiff> = old.iter().skip(1).filter(|s| lacks(new, s)).map(|s| told(s, false)).collect();
    found.extend(new.iter().skip(1).filter(|s| lacks(old, s)).map(|s| told(s, true)));
    found.sort_by_key(|d| (d.frame, d.is_new));
    found
}
