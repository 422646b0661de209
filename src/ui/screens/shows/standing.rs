//! How far episodes are, as a sign, a word and a colour.

use super::super::super::model::{Branch, Model};
use super::super::super::theme::Role;
use crate::domain::EpisodeId;
use crate::session::{CastLine, CastState, JobState, ReviewStage};

/// How far an episode is; ascending is what a season is counted by, the furthest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Done,
    InReview,
    /// Measured, and nobody decided anything yet.
    Fresh,
    /// A run of it is at work, or waits.
    Running,
    NotRun,
    Broken,
}

impl Standing {
    pub(crate) const ALL: [Self; 6] = [Self::Done, Self::InReview, Self::Fresh, Self::Running, Self::NotRun, Self::Broken];

    pub(crate) fn of(model: &Model, line: &CastLine) -> Self {
        if runs(model, &line.entry.id).is_some() {
            return Self::Running;
        }
        match &line.state {
            CastState::Known(cast) => match cast.progress.stage(model.holdings.done) {
                ReviewStage::Done => Self::Done,
                ReviewStage::InReview => Self::InReview,
                ReviewStage::Fresh => Self::Fresh,
            },
            CastState::NotRun => Self::NotRun,
            CastState::Broken { .. } => Self::Broken,
        }
    }

    pub(crate) fn sign(self) -> (&'static str, Role) {
        match self {
            Self::Done => ("●", Role::Good),
            Self::InReview => ("◑", Role::Propagated),
            Self::Fresh => ("○", Role::Proposed),
            Self::Running => ("▶", Role::Accent),
            Self::NotRun => ("·", Role::Dim),
            Self::Broken => ("✕", Role::Bad),
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::InReview => "in review",
            Self::Fresh => "to review",
            Self::Running => "running",
            Self::NotRun => "not run",
            Self::Broken => "broken",
        }
    }
}

/// Returns the run of an episode that is at work or waits: a word on how far it is.
pub(super) fn runs(model: &Model, episode: &EpisodeId) -> Option<String> {
    let job = model.jobs.lines.iter().find(|j| j.order.episode == *episode && j.state.is_open())?;
    if job.state == JobState::Waiting {
        return Some("waits".into());
    }
    let share = job.view.media.secs() / job.view.duration.secs().max(1e-6);
    Some(format!("runs {:.0} %", 100.0 * share.clamp(0.0, 1.0)))
}

/// Counts the episodes of a branch by how far they are, everything where none is named; what none is is left out.
pub(super) fn counts(model: &Model, branch: Option<&Branch>) -> Vec<(Standing, usize)> {
    let is_in = |line: &&CastLine| match branch {
        None => true,
        Some(Branch::Show(show)) => line.entry.show == *show,
        Some(Branch::Season(show, season)) => line.entry.show == *show && line.entry.season == *season,
        Some(Branch::Episode(id)) => line.entry.id == *id,
    };
    let mut counts: Vec<(Standing, usize)> = Standing::ALL.map(|s| (s, 0)).to_vec();
    for line in model.holdings.casts.iter().filter(is_in) {
        let here = Standing::of(model, line);
        counts.iter_mut().filter(|(s, _)| *s == here).for_each(|(_, n)| *n += 1);
    }
    counts.retain(|(_, n)| *n > 0);
    counts
}
