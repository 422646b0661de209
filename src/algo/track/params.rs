//! What a user may change about tracking.

use crate::domain::{CosineMap, Detection, DropReason};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a way of tracking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By boxes alone.
    Bytetrack,
    /// By boxes and looks; needs the vector of every face.
    Strongsort,
}

/// Prints the name as in the configuration.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytetrack => "bytetrack",
            Self::Strongsort => "strongsort",
        })
    }
}

/// Holds the numbers of tracking; `config/tracking.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub tracker: Kind,
    pub track_thresh: f32,
    pub low_thresh: f32,
    pub birth_thresh: f32,
    pub lone_thresh: f32,
    pub match_thresh: f32,
    pub low_match_thresh: f32,
    pub unconfirmed_match_thresh: f32,
    pub min_box_area: f32,
    pub max_gap_s: f64,
    pub buffer_per_s: f32,
    pub buffer_max: f32,
    pub buffer_match_thresh: f32,
    pub max_size_ratio: f32,
    pub position_noise: f64,
    pub velocity_noise: f64,
    pub appearance: AppearanceParams,
}

/// Holds the numbers of tracking by looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppearanceParams {
    pub proximity_thresh: f32,
    pub appearance_thresh: f32,
    pub veto_cosine: f32,
    pub memory: f32,
}

impl AppearanceParams {
    /// Returns the same for an embedder with other cosines.
    #[must_use]
    pub fn in_cosines(&self, map: &CosineMap) -> Self {
        Self {
            appearance_thresh: 1.0 - map.cosine(1.0 - self.appearance_thresh),
            veto_cosine: map.cosine(self.veto_cosine),
            ..self.clone()
        }
    }
}

/// Says why a detection that [`super::Tracker::push`] answered with `None` joined no track.
#[must_use]
pub fn untracked_reason(params: &Params, detection: &Detection) -> DropReason {
    let b = detection.bbox;
    if !b.is_finite() || !detection.score.is_finite() || b.area() <= 0.0 {
        DropReason::Malformed
    } else if b.area() < params.min_box_area {
        DropReason::TooSmall
    } else {
        DropReason::LowScore
    }
}

/// Tells whether a detection can be tracked at all.
pub(super) fn is_trackable(params: &Params, detection: &Detection) -> bool {
    untracked_reason(params, detection) == DropReason::LowScore && detection.score >= params.low_thresh
}
