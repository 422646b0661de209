//! The tab that compares runs: with which, what was found, and what is under its cursors.

use super::super::list::Cursor;
use super::super::worker::Told;
use crate::domain::RunId;
use crate::session::{CarryReport, OpenDecision, RunDiff};
use std::sync::Arc;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Beside {
    /// Decisions of earlier runs that hold nowhere.
    #[default]
    Open,
    People,
    Hands,
    /// Tracks that only one run has.
    Lone,
    /// Models, settings, and boundaries of shots.
    Settings,
}

impl Beside {
    pub(crate) const ALL: [Self; 5] = [Self::Open, Self::People, Self::Hands, Self::Lone, Self::Settings];

    fn place(self) -> usize {
        Self::ALL.iter().position(|p| *p == self).unwrap_or(0)
    }

    pub(crate) fn next(self) -> Self {
        Self::ALL[(self.place() + 1) % Self::ALL.len()]
    }

    pub(crate) fn before(self) -> Self {
        Self::ALL[(self.place() + Self::ALL.len() - 1) % Self::ALL.len()]
    }
}

/// Two runs beside each other.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub part: Beside,
    cursors: [Cursor; Beside::ALL.len()],
    /// The runs that can be compared with, the likeliest first.
    pub others: Vec<RunId>,
    pub with: Option<RunId>,
    pub diff: Option<Arc<RunDiff>>,
    pub carried: Option<Arc<CarryReport>>,
    /// As of which entry of the log, and with which run, it was asked for.
    pub asked: Option<(u64, Option<RunId>)>,
    pub fault: Option<Told>,
}

impl Runs {
    pub(crate) fn cursor(&self) -> Cursor {
        self.cursors[self.part.place()]
    }

    pub(crate) fn cursor_mut(&mut self) -> &mut Cursor {
        &mut self.cursors[self.part.place()]
    }

    /// Tells whether there are decisions of other runs.
    pub(crate) fn has_any(&self) -> bool {
        self.carried.as_ref().is_some_and(|c| c.held + c.overruled + c.open.len() > 0)
    }

    /// Returns how many decisions wait for somebody.
    pub(crate) fn waiting(&self) -> usize {
        self.carried.as_ref().map_or(0, |c| c.waiting().0 + c.waiting().1)
    }

    /// Returns how many lines a part has.
    pub(crate) fn count(&self, part: Beside) -> usize {
        let diff = self.diff.as_ref();
        match part {
            Beside::Open => self.carried.as_ref().map_or(0, |c| c.open.len()),
            Beside::People => diff.map_or(0, |d| d.people.len()),
            Beside::Hands => diff.map_or(0, |d| d.hands.len()),
            Beside::Lone => diff.map_or(0, |d| d.appeared.len() + d.vanished.len()),
            Beside::Settings => diff.map_or(0, |d| d.settings.len() + d.shots.len()),
        }
    }

    /// Returns the decision under the cursor.
    pub(crate) fn open(&self) -> Option<&OpenDecision> {
        self.carried.as_ref().filter(|_| self.part == Beside::Open).and_then(|c| c.open.get(self.cursor().at))
    }
}
