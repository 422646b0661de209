//! Which of the offers are taken.

use super::question::Offer;
use crate::domain::TrackId;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the offers that are taken: what a person said of single ones first, then those with a belief of `min` or
/// more. Of two that share a picture the surer one is taken, never both.
///
/// `offers` come by falling belief; `said` is whether a track is taken, and a track that is not offered is passed over.
#[must_use]
pub fn choose<K>(offers: &[Offer<K>], min: f32, said: &BTreeMap<TrackId, bool>) -> BTreeSet<TrackId> {
    let mut taken = BTreeSet::new();
    let is_free = |offer: &Offer<K>, taken: &BTreeSet<TrackId>| offer.beside.iter().all(|other| !taken.contains(other));
    for offer in offers.iter().filter(|o| said.get(&o.track) == Some(&true)) {
        if is_free(offer, &taken) {
            taken.insert(offer.track);
        }
    }
    for offer in offers.iter().filter(|o| !said.contains_key(&o.track) && o.belief >= min) {
        if is_free(offer, &taken) {
            taken.insert(offer.track);
        }
    }
    taken
}
