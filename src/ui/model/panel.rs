//! What takes the whole pane of an episode until it is decided or left.

use super::super::list::Cursor;
use super::super::worker::Told;
use super::Preview;
use crate::config::WhatIfParams;
use crate::domain::Thresholds;
use crate::session::Prospect;

/// What takes the pane.
#[derive(Debug)]
pub(crate) enum Panel {
    /// Boxed: it is large, and most of the time none is open.
    WhatIf(Box<WhatIfPanel>),
    /// Who else somebody is.
    Propagate(Box<Preview>),
}

impl Panel {
    /// Tells whether what it shows is being decided: until that is done or refused, it stays as it is.
    pub(crate) fn is_taking(&self) -> bool {
        match self {
            Self::WhatIf(panel) => panel.is_taking,
            Self::Propagate(preview) => preview.is_taking,
        }
    }
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
    /// Tells whether what is shown is of the thresholds that are asked for, and of the episode as it is now.
    pub(crate) fn is_settled(&self) -> bool {
        self.progress.is_none()
            && self.fault.is_none()
            && self.set.zip(self.prospect.as_ref()).is_some_and(|((_, asked, _), found)| found.thresholds == asked)
    }
}
