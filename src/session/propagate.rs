//! Propagating without a screen: who else somebody is, and the sure ones given to them.

use super::progress_json::round;
use super::review::{Alike, Near, Propagation, Review, SeedLock, Shift, Snapshot, TrackInfo, shifts};
use super::{SessionError, Workspace, pretty};
use crate::domain::{EpisodeId, IdentityId, MediaTime, Operation, TrackId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How far propagating goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Nothing is decided.
    Show,
    Decide,
}

/// What there is to give to somebody, and what was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Propagated {
    pub propagation: Arc<Propagation>,
    /// Belief from which tracks are taken, `0..=1`.
    pub min: f32,
    /// The tracks that are taken.
    pub taken: BTreeSet<TrackId>,
    /// Whose seconds change: whoever gains first, then those who lose.
    pub shifts: Vec<Shift>,
    /// The episode before it.
    pub before: Arc<Snapshot>,
    /// The entry of the log; absent where nothing was decided.
    pub made: Option<Operation>,
}

/// Finds who else the named person of `from` is, and gives them the tracks with a belief of `min` or more, as the settings have it where that
/// is absent.
///
/// # Errors
/// Fails where there is no such episode, `from` is of nobody who has a name or of two people, or another process writes to the episode.
pub fn propagate(
    workspace: &Workspace,
    episode: &EpisodeId,
    from: &[Near],
    min: Option<f32>,
    lock: SeedLock,
    extent: Extent,
) -> Result<Propagated, SessionError> {
    let mut review = match extent {
        Extent::Show => Review::open_to_read(workspace, episode, "it is only looked at")?,
        Extent::Decide => Review::open(workspace, episode)?,
    };
    let propagation = loop {
        if let Alike::Found(found) = review.alike(from)? {
            break found;
        }
    };
    let before = review.snapshot();
    let min = min.unwrap_or(propagation.sure);
    let taken = propagation.choose(min, &BTreeMap::new());
    let shifts = shifts(&before, propagation.to, &taken);
    let is_something = !taken.is_empty() || lock == SeedLock::Lock;
    let made = match extent {
        Extent::Decide if is_something => review.decide(&propagation.command(&taken, min, lock))?,
        Extent::Decide | Extent::Show => None,
    };
    Ok(Propagated { propagation, min, taken, shifts, before, made })
}

impl Propagated {
    /// Returns what an identity is called.
    #[must_use]
    pub fn called(&self, id: IdentityId) -> String {
        let card = self.before.identities.iter().find(|c| c.identity.id == id);
        card.and_then(|c| c.identity.name.clone()).unwrap_or_else(|| id.to_string())
    }

    /// Returns when a track begins, on the episode's clock.
    #[must_use]
    pub fn begins(&self, track: TrackId) -> MediaTime {
        let origin = self.before.shots.first().map_or(MediaTime::ZERO, |s| s.start);
        self.before.tracks.get(&track).map_or(MediaTime::ZERO, |t| t.track.first.pts - origin)
    }
}

/// Returns it as JSON.
#[must_use]
pub fn propagated_json(done: &Propagated) -> String {
    let offers: Vec<Value> = done
        .propagation
        .offers
        .iter()
        .map(|o| {
            let info = done.before.tracks.get(&o.track);
            let now = info.and_then(|i| i.assignment).map(|a| a.identity);
            json!({
                "track": o.track, "belief": round(o.belief.into(), 4), "likeness": round(o.likeness.into(), 4),
                "taken": done.taken.contains(&o.track), "most_like": o.nearest,
                "start_s": round(done.begins(o.track).secs(), 3),
                "visual_s": round(info.map_or(MediaTime::ZERO, TrackInfo::seconds).secs(), 3),
                "now": now.map(|id| id.to_string()), "now_name": now.map(|id| done.called(id)),
                "next": o.next.map(|(id, likeness)| json!({
                    "identity_id": id.to_string(), "name": done.called(id), "likeness": round(likeness.into(), 4),
                })),
                "in_one_picture_with": o.beside,
            })
        })
        .collect();
    let left: BTreeMap<String, usize> = done.propagation.left.iter().map(|(why, n)| (why.to_string(), *n)).collect();
    let shifts: Vec<Value> = done
        .shifts
        .iter()
        .map(|s| {
            json!({
                "identity_id": s.identity.to_string(), "name": done.called(s.identity),
                "before_s": round(s.before.secs(), 3), "after_s": round(s.after.secs(), 3),
            })
        })
        .collect();
    pretty(&json!({
        "identity_id": done.propagation.to.to_string(), "name": done.propagation.name, "compared_with": done.propagation.known,
        "threshold": round(done.min.into(), 4), "tracks": offers, "left_alone": left, "seconds": shifts,
        "operation": done.made.as_ref().map(|o| o.seq),
    }))
}
