//! Compares a run with the truth about its video.
//!
//! [`Truth::parse`] reads the formats of truth files, [`evaluate`] compares, [`Evaluation`] prints as a table. [`verify`] judges models
//! on pictures of known people, without a run, and [`diarisation_error`] who was heard when.

mod badges;
mod diarisation;
mod faces;
mod identities;
mod people;
mod report;
mod shots;
mod speaking;
mod truth;
mod verification;

pub use badges::{BadgeScore, BadgeScores};
pub use diarisation::{DiarisationError, Rttm, RttmError, Said, diarisation_error};
pub use faces::FaceScore;
pub use identities::{IdentityScore, NameScore};
pub use people::{PeopleScore, PersonScore, Purity};
pub use report::Evaluation;
pub use shots::ShotScore;
pub use speaking::SpeakingScore;
pub use truth::{Bound, Cover, Truth, TruthError, TruthFace, TruthPerson, TruthShot, TruthSpeech};
pub use verification::{Alike, Mark, OperatingPoint, Portrait, Verification, verify};

use crate::domain::{AvLink, Badges, CropKey, Face, FrameTime, IdentityId, ScreenTime, Shot, Size, TrackId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Holds the numbers of comparison; `config/evaluation.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub cut_tolerance_frames: u64,
    pub min_iou: f32,
    pub min_share_inside: f32,
    pub min_weight: f32,
    pub profile_degrees: f32,
    pub speech_collar_s: f32,
}

/// What a run says of a video, in any order.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub shots: &'a [Shot],
    pub analysed: &'a [FrameTime],
    /// Tracked and dropped.
    pub faces: &'a [Face],
    /// Which cluster each track is in.
    pub clusters: &'a BTreeMap<TrackId, IdentityId>,
    pub screen_time: &'a ScreenTime,
    /// Names of the people whom the library knows, besides those that the run names.
    pub known: &'a [String],
    /// Badges of the crops that were looked at, by the track that they are in.
    pub badges: &'a BTreeMap<CropKey, Badges>,
    /// Who says what; absent where no sound was analysed.
    pub links: Option<&'a [AvLink]>,
    pub picture: Size,
}

/// Compares a run with the truth.
///
/// Boxes are compared on pictures that were analysed and that the truth knows boxes of. A cluster belongs to the person
/// most of whose faces its boxes lie on; without true boxes, to a person of the shots that it is seen in.
#[must_use]
pub fn evaluate(params: &Params, truth: &Truth, run: &Run) -> Evaluation {
    let seen = faces::look(params, truth, run);
    let owners = people::owners(truth, run, &seen);
    Evaluation {
        shots: shots::score(params, truth, run.shots),
        faces: faces::score(truth, &seen),
        people: people::score(truth, run, &seen, &owners),
        badges: badges::score(run, &seen),
        identities: identities::score(truth, run, &seen),
        speaking: run.links.and_then(|links| speaking::score(params, truth, links, &owners)),
    }
}

/// Returns a part of a whole, where there is any.
fn share(part: f64, all: f64) -> Option<f64> {
    (all > 0.0).then(|| part / all)
}

#[cfg(test)]
mod tests;
