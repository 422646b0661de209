//! What takes the whole pane of an episode until it is decided or left.

use super::super::list::Cursor;
use super::super::worker::Told;
use crate::config::WhatIfParams;
use crate::session::{Prospect, Thresholds};

/// What takes the pane.
#[derive(Debug)]
pub(crate) enum Panel {
    WhatIf(WhatIfPanel),
}

/// Other thresholds of grouping, tried out.
#[derive(Debug, Default)]
pub(crate) struct WhatIfPanel {
    /// Those that the groups of now were made by, those that are tried out, and which can be; absent until the episode says.
    pub set: Option<(Thresholds, Thresholds, WhatIfParams)>,
    /// Pairs of tracks that are compared, and of how many, until all are.
    pub progress: Option<(usize, usize)>,
    /// The newest one that is there, of these thresholds or of some before.
    pub prospect: Option<Box<Prospect>>,
    /// Over what joins and falls apart.
    pub cursor: Cursor,
    /// What is tried out is being decided.
    pub is_taking: bool,
    pub fault: Option<Told>,
}

impl WhatIfPanel {
    /// Tells whether what is shown is of the thresholds that are asked for.
    pub(crate) fn is_settled(&self) -> bool {
        self.set.zip(self.prospect.as_ref()).is_some_and(|((_, asked, _), found)| found.thresholds == asked)
    }
}
