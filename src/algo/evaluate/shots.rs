//! Compares shot boundaries.

use super::{Params, Truth};
use crate::domain::{Shot, Transition};
use serde::{Deserialize, Serialize};

/// How well boundaries were found; pictures are first ones of shots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShotScore {
    pub cuts: u64,
    /// Found within the tolerance.
    pub cuts_found: u64,
    pub dissolves: u64,
    /// Found within the transition.
    pub dissolves_found: u64,
    pub missed: Vec<u64>,
    /// Boundaries of the run that are none; those forced by length are left out.
    pub false_ones: Vec<u64>,
}

/// Pairs each true boundary with the nearest of the run that is near enough, nearest pairs first.
pub(super) fn score(params: &Params, truth: &Truth, shots: &[Shot]) -> ShotScore {
    let mut starts: Vec<u64> = shots
        .iter()
        .filter(|s| !matches!(s.transition_in, Transition::Start | Transition::Forced))
        .map(|s| s.start_frame)
        .collect();
    starts.sort_unstable();
    let wanted: Vec<(u64, u64)> =
        truth.shots.iter().filter(|s| s.start_frame > 0).map(|s| (s.start_frame, s.transition_frames)).collect();
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    for (w, (at, length)) in wanted.iter().enumerate() {
        let reach = if *length == 0 { params.cut_tolerance_frames } else { length.div_ceil(2) };
        for (f, start) in starts.iter().enumerate() {
            let off = at.abs_diff(*start);
            if off <= reach {
                pairs.push((off, w, f));
            }
        }
    }
    pairs.sort_unstable();
    let (mut met, mut used) = (vec![false; wanted.len()], vec![false; starts.len()]);
    for (_, w, f) in pairs {
        if !met[w] && !used[f] {
            met[w] = true;
            used[f] = true;
        }
    }
    let count = |dissolve: bool, found: bool| {
        wanted.iter().zip(&met).filter(|(w, m)| (w.1 > 0) == dissolve && (**m || !found)).count() as u64
    };
    ShotScore {
        cuts: count(false, false),
        cuts_found: count(false, true),
        dissolves: count(true, false),
        dissolves_found: count(true, true),
        missed: wanted.iter().zip(&met).filter(|(_, m)| !**m).map(|(w, _)| w.0).collect(),
        false_ones: starts.iter().zip(&used).filter(|(_, u)| !**u).map(|(s, _)| *s).collect(),
    }
}
