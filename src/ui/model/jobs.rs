//! Runs in the background, as the screens show them.

use super::super::list::Cursor;
use crate::domain::EpisodeId;
use crate::session::{JobLine, JobState, LeftOver};

/// The orders of this start, and those that an earlier one left.
#[derive(Debug, Default)]
pub(crate) struct JobsView {
    pub lines: Vec<JobLine>,
    pub cursor: Cursor,
    pub left: Vec<LeftOver>,
    /// An order was given and is not in the queue yet.
    pub is_ordering: bool,
}

impl JobsView {
    /// Returns the one that runs.
    pub(crate) fn running(&self) -> Option<&JobLine> {
        self.lines.iter().find(|l| l.state == JobState::Running)
    }

    /// Tells whether a run of this episode waits or runs.
    pub(crate) fn is_at_work(&self, episode: &EpisodeId) -> bool {
        self.lines.iter().any(|j| j.order.episode == *episode && j.state.is_open())
    }

    /// Returns how many wait or run.
    pub(crate) fn open(&self) -> usize {
        self.lines.iter().filter(|l| l.state.is_open()).count() + usize::from(self.is_ordering)
    }

    /// Returns those shown, the newest first.
    pub(crate) fn shown(&self) -> Vec<&JobLine> {
        self.lines.iter().rev().collect()
    }

    /// Returns the one under the cursor.
    pub(crate) fn here(&self) -> Option<&JobLine> {
        self.shown().get(self.cursor.at).copied()
    }

    /// Takes the state of now; the cursor stays on its order. Returns those that ended since.
    pub(crate) fn take(&mut self, lines: Vec<JobLine>) -> Vec<JobLine> {
        let under = self.here().map(|l| l.id);
        let was_open = |l: &&JobLine| self.lines.iter().any(|b| b.id == l.id && b.state.is_open());
        let ended = lines.iter().filter(|l| !l.state.is_open()).filter(was_open).cloned().collect();
        let is_new = lines.iter().any(|l| self.lines.iter().all(|b| b.id != l.id));
        self.lines = lines;
        // One may look before the order has come to the queue.
        self.is_ordering &= !is_new;
        // A new order is what one wants to see.
        let at = if is_new { Some(0) } else { self.shown().iter().position(|l| Some(l.id) == under) };
        self.cursor.at = at.unwrap_or(0);
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_open_before_the_queue_knows_it() {
        let mut jobs = JobsView { is_ordering: true, ..JobsView::default() };
        assert!(jobs.take(Vec::new()).is_empty());
        assert_eq!(jobs.open(), 1, "leaving still asks");
    }
}
