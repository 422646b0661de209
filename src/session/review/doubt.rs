//! Why a face, a track or an identity deserves a second look.

use crate::config::DoubtParams;
use crate::domain::{Assignment, BadgeKind, Badges, Quality, Source, TrackBadge};
use std::fmt;

/// One reason for doubt; prints as one short word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// A run joined it to nobody: `too_short`, `too_small`, `occluded`, `low_quality`, `far_from_all`.
    Alone(String),
    /// What its badges say: turned away, covered, blurred.
    Badge(BadgeKind),
    Small,
    /// Dark, or too bright.
    Dark,
    /// It leaves the picture.
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
                "occluded" => "occluded",
                "low_quality" => "poor",
                _ => "alone",
            },
            Self::Badge(kind) => return kind.fmt(f),
            Self::Small => "small",
            Self::Dark => "dark",
            Self::Hidden => "hidden",
            Self::LowBelief => "unsure",
        })
    }
}

/// Returns what makes a picture of a face doubtful.
pub(super) fn of_picture<'a>(
    params: &DoubtParams,
    quality: &Quality,
    badges: &'a Badges,
) -> impl Iterator<Item = Doubt> + use<'a> {
    badges.shown().map(|b| Doubt::Badge(b.kind)).chain(of_quality(params, quality))
}

/// Returns what makes a track doubtful: badges on half of its crops and more, and what its best picture has.
pub(super) fn of_track(params: &DoubtParams, best: Option<&Quality>, badges: &[TrackBadge]) -> Vec<Doubt> {
    let often = badges.iter().filter(|b| b.share >= OFTEN).map(|b| Doubt::Badge(b.worst.kind));
    often.chain(best.into_iter().flat_map(|quality| of_quality(params, quality))).collect()
}

/// Share of a track's crops from which a badge is the track's.
const OFTEN: f32 = 0.5;

fn of_quality(params: &DoubtParams, quality: &Quality) -> impl Iterator<Item = Doubt> + use<> {
    let doubts = [
        (quality.size < params.small, Doubt::Small),
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
