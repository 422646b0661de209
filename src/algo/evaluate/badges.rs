//! Judges the badges that tell what is before a face.

use super::faces::Seen;
use super::truth::Cover;
use super::{Run, share};
use crate::domain::{BadgeKind, CropKey, Fate};
use serde::Serialize;
use std::fmt;

/// How often one badge is shown on crops that deserve it, and on others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BadgeScore {
    /// Crops of true faces that have it before them.
    pub true_ones: u64,
    /// Of those, with the badge.
    pub told: u64,
    /// Crops of all other true faces.
    pub others: u64,
    /// Of those, with the badge.
    pub false_ones: u64,
}

impl BadgeScore {
    fn add(&mut self, is_so: bool, is_told: bool) {
        let (all, hits) = if is_so { (&mut self.true_ones, &mut self.told) } else { (&mut self.others, &mut self.false_ones) };
        *all += 1;
        *hits += u64::from(is_told);
    }

    /// Returns the share of shown badges that are right, `0..=1`.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.told as f64, (self.told + self.false_ones) as f64)
    }

    /// Returns the share of those that deserve the badge and have it, `0..=1`.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.told as f64, self.true_ones as f64)
    }
}

/// The badges that a truth file can judge; prints as one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BadgeScores {
    pub sunglasses: BadgeScore,
    /// Anything else before a face.
    pub covered: BadgeScore,
}

impl fmt::Display for BadgeScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |kind: BadgeKind, s: &BadgeScore| {
            format!(
                "{kind} on {} of {} crops that have it before them and {} of {} others",
                s.told, s.true_ones, s.false_ones, s.others
            )
        };
        let (first, second) = (one(BadgeKind::Sunglasses, &self.sunglasses), one(BadgeKind::Covered, &self.covered));
        write!(f, "{first}; {second}")
    }
}

/// Looks at all crops of true faces of which the truth says what is before them.
pub(super) fn score(run: &Run, seen: &Seen) -> Option<BadgeScores> {
    let mut scores = BadgeScores::default();
    for sighting in seen.sightings().filter(|s| s.counts && s.face.cover != Cover::Unknown) {
        let Some(Fate::Tracked(track)) = sighting.found else { continue };
        let Some(badges) = run.badges.get(&CropKey { track, frame: sighting.frame }) else { continue };
        for (kind, score) in [(BadgeKind::Sunglasses, &mut scores.sunglasses), (BadgeKind::Covered, &mut scores.covered)] {
            score.add(sighting.face.cover == Cover::By(kind), badges.shown().any(|b| b.kind == kind));
        }
    }
    (scores.covered.true_ones + scores.covered.others > 0).then_some(scores)
}
