//! Why a face, a track or an identity deserves a second look.

use crate::config::DoubtParams;
use crate::domain::{Assignment, Quality, Source};
use std::fmt;

/// One reason for doubt; prints as one short word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// A run joined it to nobody: `too_short`, `too_small`, `low_quality`, `far_from_all`.
    Alone(String),
    /// Turned away.
    Profile,
    Small,
    Blurred,
    /// Dark, or too bright.
    Dark,
    /// Something is before it, or it leaves the picture.
    Hidden,
    /// Nobody confirmed whose it is, and the run was not sure.
    LowBelief,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alone(why) => match why.as_str() {
                "too_short" => "short",
                "too_small" => "tiny",
                "low_quality" => "poor",
                _ => "alone",
            },
            Self::Profile => "profile",
            Self::Small => "small",
            Self::Blurred => "blurred",
            Self::Dark => "dark",
            Self::Hidden => "hidden",
            Self::LowBelief => "unsure",
        })
    }
}

/// Returns what makes a picture of a face doubtful.
pub(super) fn of_picture(params: &DoubtParams, quality: &Quality) -> impl Iterator<Item = Doubt> + use<> {
    let doubts = [
        (quality.frontality < params.profile, Doubt::Profile),
        (quality.size < params.small, Doubt::Small),
        (quality.sharpness < params.blurred, Doubt::Blurred),
        (quality.light < params.dark, Doubt::Dark),
        (quality.visibility < params.hidden, Doubt::Hidden),
    ];
    doubts.into_iter().filter_map(|(is_so, doubt)| is_so.then_some(doubt))
}

/// Returns whether it is doubtful whose a track is.
pub(super) fn of_assignment(params: &DoubtParams, assignment: &Assignment) -> Option<Doubt> {
    let is_so = assignment.source != Source::Confirmed && assignment.score < params.low_belief;
    is_so.then_some(Doubt::LowBelief)
}
