//! Who else somebody is, looked through before it is decided.

use super::super::list::Cursor;
use crate::domain::{CropKey, IdentityId, TrackId};
use crate::session::{Near, Offer, Propagation, Shift, Snapshot, shifts};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The preview of a propagation. What a reviewer said of single tracks stays when it is made anew.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Preview {
    /// What it starts from.
    pub from: Vec<Near>,
    /// The entry of the log as of which it was asked for last.
    pub asked: u64,
    pub found: Option<Arc<Propagation>>,
    /// Tracks that are compared so far, and of how many, while it is worked out.
    pub progress: Option<(usize, usize)>,
    /// What was said of single tracks: in or out.
    pub said: BTreeMap<TrackId, bool>,
    /// Belief from which the others are in; absent: as the settings have it.
    pub min: Option<f32>,
    pub taken: BTreeSet<TrackId>,
    /// Whose seconds change: whoever gains first.
    pub shifts: Vec<Shift>,
    pub cursor: Cursor,
    /// What is taken is being given.
    pub is_taking: bool,
    /// The offer that is shown large, once the cursor rests on it: with its face, and that of the track that it is most like.
    pub beside: Option<(Offer<IdentityId>, CropKey, Option<CropKey>)>,
}

impl Preview {
    pub(crate) fn new(from: Vec<Near>, asked: u64) -> Self {
        Self { from, asked, ..Self::default() }
    }

    /// Returns the tracks that are offered, by falling belief.
    pub(crate) fn offers(&self) -> &[Offer<IdentityId>] {
        self.found.as_ref().map_or(&[], |f| f.offers.as_slice())
    }

    /// Returns the one under the cursor.
    pub(crate) fn offer(&self) -> Option<&Offer<IdentityId>> {
        self.offers().get(self.cursor.at)
    }

    /// Returns the belief from which tracks are in.
    pub(crate) fn least(&self) -> f32 {
        self.min.unwrap_or_else(|| self.found.as_ref().map_or(1.0, |f| f.sure))
    }

    /// Tells whether it is of another state of the episode than this one.
    pub(crate) fn is_stale(&self, snapshot: &Snapshot) -> bool {
        self.found.as_ref().is_none_or(|f| f.seq != snapshot.seq)
    }

    /// Takes what was found; the cursor stays on its track.
    pub(crate) fn take(&mut self, found: Arc<Propagation>, snapshot: &Snapshot) {
        let under = self.offer().map(|o| o.track);
        (self.found, self.progress) = (Some(found), None);
        let at = under.and_then(|track| self.offers().iter().position(|o| o.track == track));
        self.cursor.at = at.unwrap_or_else(|| self.cursor.at.min(self.offers().len().saturating_sub(1)));
        self.weigh(snapshot);
    }

    /// Takes a track out, or in: then those that are seen in a picture with it go out.
    pub(crate) fn say(&mut self, track: TrackId, is_in: bool) {
        self.said.insert(track, is_in);
        let beside = self.offers().iter().find(|o| o.track == track).map(|o| o.beside.clone()).unwrap_or_default();
        if is_in {
            for other in beside.into_iter().filter(|t| self.taken.contains(t)) {
                self.said.insert(other, false);
            }
        }
    }

    /// Takes all in that can be, or all out where all of these are in already.
    pub(crate) fn say_all(&mut self) {
        let all = |is_in: bool, offers: &[Offer<IdentityId>]| offers.iter().map(|o| (o.track, is_in)).collect();
        let Some(found) = &self.found else { return };
        let everybody: BTreeMap<TrackId, bool> = all(true, &found.offers);
        let is_all = found.choose(0.0, &everybody) == self.taken;
        self.said = if is_all { all(false, &found.offers) } else { everybody };
    }

    /// Works out what is taken, and what that means for everybody's seconds.
    pub(crate) fn weigh(&mut self, snapshot: &Snapshot) {
        let Some(found) = self.found.clone() else { return };
        self.taken = found.choose(self.least(), &self.said);
        self.shifts = shifts(snapshot, found.to, &self.taken);
    }
}
