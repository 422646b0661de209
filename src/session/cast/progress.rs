//! How much of what one sees in an episode was decided on by people.

use crate::domain::MediaTime;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// How far the review of some time is; of several people in one picture everybody's time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Time in which anybody is seen, summed up over people.
    pub seen: MediaTime,
    /// Part of it that a person decided on.
    pub decided: MediaTime,
    /// Part of it that has a name, or that a person decided on.
    pub settled: MediaTime,
}

/// How far an episode is in review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Measured, and nobody decided anything yet.
    Fresh,
    InReview,
    /// So much is decided on that the rest does not matter.
    Done,
}

impl Progress {
    /// Adds one person's time, of which `decided` was decided on.
    pub(super) fn add(&mut self, time: MediaTime, decided: MediaTime, has_name: bool) {
        let settled = if has_name { time } else { decided };
        *self += Self { seen: time, decided, settled };
    }

    /// Returns the share that a person decided on, `0..=1`; 1 where nobody is seen.
    #[must_use]
    pub fn decided_share(&self) -> f64 {
        self.share(self.decided)
    }

    /// Returns the share that has a name or was decided on, `0..=1`; 1 where nobody is seen.
    #[must_use]
    pub fn settled_share(&self) -> f64 {
        self.share(self.settled)
    }

    fn share(&self, part: MediaTime) -> f64 {
        if self.seen > MediaTime::ZERO { (part.0 as f64 / self.seen.0 as f64).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// Returns how far it is; `done` is the share from which on it is done.
    #[must_use]
    pub fn stage(&self, done: f64) -> Stage {
        match self.decided_share() {
            share if share >= done => Stage::Done,
            share if share > 0.0 => Stage::InReview,
            _ => Stage::Fresh,
        }
    }
}

impl AddAssign for Progress {
    fn add_assign(&mut self, more: Self) {
        self.seen = self.seen + more.seen;
        self.decided = self.decided + more.decided;
        self.settled = self.settled + more.settled;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_name_is_settled_and_only_what_a_person_decided_is_done() {
        let mut all = Progress::default();
        assert_eq!((all.stage(0.95), all.settled_share()), (Stage::Done, 1.0), "nobody is seen: nothing is left to decide");
        all.add(MediaTime(60), MediaTime(0), true);
        assert_eq!((all.stage(0.95), all.settled_share()), (Stage::Fresh, 1.0), "a proposal is no decision");
        all.add(MediaTime(40), MediaTime(20), false);
        assert_eq!(all, Progress { seen: MediaTime(100), decided: MediaTime(20), settled: MediaTime(80) });
        assert_eq!(all.stage(0.95), Stage::InReview);
        let done = Progress { decided: MediaTime(96), ..all };
        assert_eq!((done.stage(0.95), done.stage(0.97)), (Stage::Done, Stage::InReview));
    }
}
