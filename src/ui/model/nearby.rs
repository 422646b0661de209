//! Who looks like what is under the cursor, and what decisions of this session touched.

use super::voices::Only;
use super::{Desk, Tab};
use crate::domain::{Change, IdentityId, Operation, SpeakerId, TrackId, TurnId};
use crate::session::{Candidate, Near};
use std::collections::BTreeSet;

/// Who looks like what is under the cursor.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Nearby {
    /// Of what, and as of which entry of the log.
    pub of: Option<(Near, u64)>,
    /// By falling likeness.
    pub list: Vec<Candidate>,
    /// Tracks that are compared so far, and of how many, while it is worked out.
    pub progress: Option<(usize, usize)>,
    /// The list is there.
    pub is_known: bool,
}

/// What one decision touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub tab: Tab,
    pub tracks: BTreeSet<TrackId>,
    pub identities: BTreeSet<IdentityId>,
    pub turns: BTreeSet<TurnId>,
    pub speakers: BTreeSet<SpeakerId>,
    /// What the list of turns was narrowed by.
    pub narrowed: (Only, String),
}

impl Made {
    pub(crate) fn new(desk: &Desk, operation: &Operation) -> Self {
        let mut made = Self {
            tab: desk.tab,
            tracks: BTreeSet::new(),
            identities: BTreeSet::new(),
            turns: BTreeSet::new(),
            speakers: BTreeSet::new(),
            narrowed: desk.voices.narrowed(),
        };
        for change in &operation.changes {
            match change {
                Change::Assign { track, edit, .. } => {
                    made.tracks.insert(*track);
                    made.identities.extend(edit.from.iter().chain(&edit.to).map(|a| a.identity));
                }
                Change::Identity { id, .. } => {
                    made.identities.insert(*id);
                }
                Change::Track { track, .. } | Change::Mark { track, .. } | Change::Never { track, .. } => {
                    made.tracks.insert(*track);
                }
                Change::Voice { speaker, edit, .. } => {
                    made.speakers.insert(*speaker);
                    made.identities.extend(edit.from.iter().chain(&edit.to).filter_map(|l| l.identity));
                }
                Change::Said { turn, edit, .. } => {
                    made.turns.insert(*turn);
                    made.identities.extend(edit.from.iter().chain(&edit.to).filter_map(|l| l.identity));
                }
                // What another run decided is on no screen but the one that lists it.
                Change::Settle { .. } | Change::Thresholds { .. } => {}
                Change::Turn { turn, .. } | Change::Words { turn, .. } => {
                    made.turns.insert(*turn);
                }
            }
        }
        made
    }
}
