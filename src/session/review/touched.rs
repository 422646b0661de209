//! What an operation touches, so that only that is worked out again.

use crate::domain::{Change, IdentityId, ShotId, TrackId};
use crate::session::plan::View;
use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) tracks: BTreeSet<TrackId>,
    pub(super) identities: BTreeSet<IdentityId>,
    /// Shots whose tracks were cut or joined: only these are read again.
    pub(super) shots: BTreeSet<ShotId>,
}

impl Touched {
    /// Adds what `changes` touch of the run of `view`.
    pub(super) fn take(&mut self, changes: &[Change], view: &View) {
        for change in changes {
            match change {
                Change::Assign { run, track, edit } if *run == view.run => {
                    self.tracks.insert(*track);
                    self.identities.extend(edit.from.iter().chain(&edit.to).map(|a| a.identity));
                }
                Change::Identity { run, id, .. } if *run == view.run => {
                    self.identities.insert(*id);
                }
                Change::Track { run, track, edit } if *run == view.run => {
                    let parts = edit.from.iter().chain(&edit.to).flat_map(|parts| &parts.0).map(|p| p.tracklet);
                    let tracklets = parts.chain([*track]).filter_map(|t| view.tracklets.get(&t));
                    self.shots.extend(tracklets.map(|t| t.shot));
                }
                Change::Mark { run, track, .. } | Change::Never { run, track, .. } if *run == view.run => {
                    self.tracks.insert(*track);
                }
                _ => {}
            }
        }
    }
}
