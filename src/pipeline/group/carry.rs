//! Carries names from an earlier run to a new one by where and when faces were seen.

use crate::domain::{
    Author, BBox, Change, Draft, Edit, Fate, Identity, IdentityId, OperationKind, RunId, RunMeta, Source, TrackId,
};
use crate::store::{EpisodeStore, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Overlap of two boxes of one picture that makes them one face.
const SAME_FACE_IOU: f32 = 0.5;

/// Gives identities of `run` without a name the names of the active run's identities, where most of the boxes that both runs saw
/// agree. Returns how many got a name. Nothing happens where `run` is the active run, or saw another video.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn carry_names(store: &EpisodeStore, run: &RunMeta, at: Timestamp) -> Result<usize, StoreError> {
    let Some(before) = store.active_run()?.filter(|r| *r != run.id) else { return Ok(0) };
    if store.run(before)?.video.sha256 != run.video.sha256 {
        return Ok(0);
    }
    let named: BTreeMap<IdentityId, Identity> = store.identities(before)?.into_iter().filter(|(_, i)| i.name.is_some()).collect();
    if named.is_empty() {
        return Ok(0);
    }
    let (old, new) = (boxes(store, before)?, boxes(store, run.id)?);
    let mut changes = Vec::new();
    for (id, identity) in store.identities(run.id)? {
        if identity.name.is_some() || identity.locked {
            continue;
        }
        let Some(from) = winner(&old, &new, id).and_then(|w| named.get(&w)) else { continue };
        let carried = Identity { name: from.name.clone(), person: from.person, source: Source::Carried, ..identity.clone() };
        changes.push(Change::Identity { run: run.id, id, edit: Edit { from: Some(identity), to: Some(carried) } });
    }
    let count = changes.len();
    if count > 0 {
        let summary = format!("{count} names carried over from {before}");
        store.append(Draft { at, author: Author::Pipeline { run: run.id }, kind: OperationKind::Carry, summary, changes })?;
    }
    Ok(count)
}

/// Boxes of a run by picture, each with who it is.
type Boxes = BTreeMap<u64, Vec<(BBox, IdentityId)>>;

fn boxes(store: &EpisodeStore, run: RunId) -> Result<Boxes, StoreError> {
    let who: BTreeMap<TrackId, IdentityId> = store.assignments(run)?.into_iter().map(|(t, a)| (t, a.identity)).collect();
    let map = store.track_map(run)?;
    let mut boxes: Boxes = BTreeMap::new();
    for shot in store.shots(run)? {
        for face in store.faces(run, shot.id)? {
            let Fate::Tracked(track) = map.face(face).fate else { continue };
            if let Some(id) = who.get(&track) {
                boxes.entry(face.at.frame).or_default().push((face.detection.bbox, *id));
            }
        }
    }
    Ok(boxes)
}

/// Returns the old identity that more than half of the boxes of `id` fall on, among those that both runs saw.
fn winner(old: &Boxes, new: &Boxes, id: IdentityId) -> Option<IdentityId> {
    let mut votes: BTreeMap<IdentityId, usize> = BTreeMap::new();
    for (frame, here) in new {
        let Some(there) = old.get(frame) else { continue };
        for (bbox, _) in here.iter().filter(|(_, who)| *who == id) {
            let best = there.iter().map(|(b, who)| (b.iou(bbox), *who)).max_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((iou, who)) = best
                && iou >= SAME_FACE_IOU
            {
                *votes.entry(who).or_default() += 1;
            }
        }
    }
    let all: usize = votes.values().sum();
    votes.into_iter().max_by_key(|(who, n)| (*n, std::cmp::Reverse(*who))).filter(|(_, n)| n * 2 > all).map(|(who, _)| who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_under_most_shared_boxes_wins() {
        let at = |x: f32, id: u32| (BBox::new(x, 0.0, x + 10.0, 10.0), IdentityId(id));
        let old = BTreeMap::from([(0, vec![at(0.0, 1), at(50.0, 2)]), (3, vec![at(0.0, 1)])]);
        let new = BTreeMap::from([(0, vec![at(1.0, 7)]), (3, vec![at(1.0, 7)]), (6, vec![at(1.0, 7)])]);
        assert_eq!(winner(&old, &new, IdentityId(7)), Some(IdentityId(1)));
        assert_eq!(winner(&old, &new, IdentityId(8)), None);
    }
}
