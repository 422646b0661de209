//! What other thresholds of grouping would make of an open episode: who would be who, and for how long, before anything is decided.
//!
//! Comparing all tracks takes seconds in a large episode, so it is done once, on a thread of its own ([`WhatIfSource::prepare`]); any
//! threshold is then answered while a key is held ([`WhatIf::at`]), by the very steps that a run groups by: [`Dendrogram::cut`], then
//! [`group::settle`] and [`group::propose`], so that what people decided stays and who is known is known as it would be there.

mod prospect;
#[cfg(test)]
mod tests;

pub use prospect::{Part, PersonShift, Prospect, Singles, Turnover, TurnoverKind};

use super::SessionError;
use super::recognition::Faces;
use super::review::Snapshot;
use crate::algo::cluster::{Clustering, Compared, Dendrogram, TrackSample};
use crate::algo::recognise::Likenesses;
use crate::algo::screen_time::ShotTime;
use crate::config::{Settings, WhatIfParams};
use crate::domain::{
    Change, CosineMap, CosineScale, Edit, EmbedderId, IdentityId, MediaTime, Method, Never, PersonId, Roster, ScreenTime, ShotId,
    Source, Thresholds, TrackId, TrackParts,
};
use crate::pipeline::{Cancel, group, looks};
use crate::store::EpisodeStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

/// What it is worked out of: an open episode as it was when this was taken. It does not keep the episode open.
#[derive(Debug, Clone)]
pub struct WhatIfSource {
    pub(super) store: Weak<EpisodeStore>,
    pub(super) settings: Settings,
    /// That of the embedder; absent where nobody knows it.
    pub(super) scale: Option<CosineScale>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) is_writable: bool,
    pub(super) before: group::State,
    /// What somebody decided.
    pub(super) decided: Option<Thresholds>,
    pub(super) next: IdentityId,
    pub(super) faces: Faces,
    pub(super) nevers: BTreeMap<(TrackId, PersonId), Never>,
    /// Identities that voices and turns refer to.
    pub(super) heard: BTreeSet<IdentityId>,
    pub(super) roster: Roster,
    pub(super) parts: BTreeMap<TrackId, TrackParts>,
    pub(super) discarded: BTreeSet<TrackId>,
    pub(super) measured: BTreeMap<ShotId, ShotTime>,
    pub(super) length: MediaTime,
}

/// All tracks of an episode compared; answers for any thresholds.
#[derive(Debug)]
pub struct WhatIf {
    source: WhatIfSource,
    /// The settings in the cosines of the embedder.
    own: Settings,
    tracks: Arc<Tracks>,
    map: CosineMap,
    now: ScreenTime,
}

/// What does not depend on thresholds.
#[derive(Debug)]
struct Tracks {
    tree: Dendrogram,
    samples: Vec<TrackSample>,
    likenesses: Likenesses,
}

/// Other groups, ready to be decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct Regrouping {
    /// The entry of the log that it was worked out after.
    pub(super) seq: u64,
    pub(super) summary: String,
    /// Empty where everything is so already.
    pub(super) changes: Vec<Change>,
}

impl WhatIfSource {
    /// Compares all tracks; takes over what `known` has compared where the tracks are the same. `None` where the episode was closed
    /// meanwhile, or `go_on`, which hears how far it is, says so.
    ///
    /// # Errors
    /// Fails where the vectors cannot be read.
    pub fn prepare(
        self,
        known: Option<&WhatIf>,
        go_on: &mut dyn FnMut(Compared) -> bool,
    ) -> Result<Option<WhatIf>, SessionError> {
        let map = CosineMap::new(self.settings.cosines, self.scale.unwrap_or(self.settings.cosines));
        let own = self.settings.in_cosines_of(self.scale);
        let tracks = match known.filter(|k| k.source.has_same_tracks(&self)) {
            Some(known) => Arc::clone(&known.tracks),
            None => match self.compare(&own, map, go_on)? {
                Some(tracks) => Arc::new(tracks),
                None => return Ok(None),
            },
        };
        let now = prospect::times(&self, &self.before);
        Ok(Some(WhatIf { source: self, own, tracks, map, now }))
    }

    fn compare(
        &self,
        own: &Settings,
        map: CosineMap,
        go_on: &mut dyn FnMut(Compared) -> bool,
    ) -> Result<Option<Tracks>, SessionError> {
        let Some(store) = self.store.upgrade() else { return Ok(None) };
        if !go_on(Compared { pairs: 0, of: 0 }) {
            return Ok(None);
        }
        let run = &self.snapshot.run;
        // As every grouping does first; where the episode is only read, nothing can be decided either.
        if self.is_writable {
            looks::run(&store, run.id, &Cancel::default())?;
        }
        let samples = group::samples(&store, run, &EmbedderId(run.embedder.id.clone()), own.weights())?;
        // The file may be closed while pairs are compared.
        drop(store);
        let lowest = map.cosine(self.lowest());
        let Some(tree) = Dendrogram::new(&own.cluster, &samples, &self.snapshot.shots, lowest, go_on) else { return Ok(None) };
        let likenesses = self.faces.known(own).likenesses(&samples);
        Ok(Some(Tracks { tree, samples, likenesses }))
    }

    fn has_same_tracks(&self, other: &Self) -> bool {
        let of = |s: &Self| (s.snapshot.episode.clone(), s.snapshot.run.id, s.snapshot.run.embedder.id.clone());
        of(self) == of(other)
            && self.parts == other.parts
            && self.discarded == other.discarded
            && self.settings == other.settings
            && self.faces.digest == other.faces.digest
    }

    fn lowest(&self) -> f32 {
        self.settings.what_if.lowest.min(self.settings.cluster.cluster_thresh)
    }

    /// Returns the entry of the log that it was taken after.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.snapshot.seq
    }

    /// Returns which thresholds can be tried out.
    #[must_use]
    pub fn params(&self) -> WhatIfParams {
        WhatIfParams { lowest: self.lowest(), ..self.settings.what_if }
    }

    /// Returns the thresholds that the groups of now were made by: those that somebody decided, else what most groups say, else the settings.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        if let Some(decided) = self.decided {
            return decided;
        }
        let cluster = &self.settings.cluster;
        let own = self.settings.in_cosines_of(self.scale).cluster;
        let mut asked: BTreeMap<u32, usize> = BTreeMap::new();
        let proposed = self.before.assignments.values().filter(|a| a.source == Source::Proposed && a.method == Method::Cluster);
        for a in proposed.filter(|a| a.threshold.to_bits() != own.attach_thresh.to_bits()) {
            *asked.entry(a.threshold.to_bits()).or_default() += 1;
        }
        let most = asked.into_iter().max_by_key(|(_, n)| *n).map(|(bits, _)| f32::from_bits(bits));
        let back = CosineMap::new(self.scale.unwrap_or(self.settings.cosines), self.settings.cosines);
        let least = &self.snapshot.run.params["cluster"]["min_cluster_size"];
        Thresholds {
            cluster_thresh: most.map_or(cluster.cluster_thresh, |t| (back.cosine(t) * 1e4).round() / 1e4),
            min_cluster_size: least.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(cluster.min_cluster_size).max(1),
        }
    }
}

impl WhatIf {
    /// Returns what these thresholds would make of the episode, in less than a tenth of a second for 10,000 tracks. A threshold below the lowest
    /// of the settings is taken as that.
    #[must_use]
    pub fn at(&self, thresholds: Thresholds) -> Prospect {
        let tree = &self.tracks.tree;
        let after =
            self.groups(&tree.outline(&tree.cut(self.map.cosine(thresholds.cluster_thresh), thresholds.min_cluster_size)));
        prospect::compare(&self.source, &self.now, &after, thresholds)
    }

    fn groups(&self, clustering: &Clustering) -> group::State {
        let WhatIfSource { faces, before, nevers, heard, next, snapshot, .. } = &self.source;
        let known = faces.known(&self.own);
        let groups =
            group::settle(&known, before, nevers, &self.tracks.samples, &self.tracks.likenesses, &snapshot.shots, clustering);
        group::propose(&known, before, heard, &groups, *next)
    }

    /// Returns the same as what can be decided, with belief in each track: the groups, and that later runs group so too.
    #[must_use]
    pub fn regrouping(&self, thresholds: Thresholds) -> Regrouping {
        let tree = &self.tracks.tree;
        let after =
            self.groups(&tree.clusters(&tree.cut(self.map.cosine(thresholds.cluster_thresh), thresholds.min_cluster_size)));
        let (was, is) = (self.source.before.identities.len(), after.identities.len());
        let run = &self.source.snapshot.run;
        let mut changes = self.source.before.changes_to(&after, run);
        if !changes.is_empty() || thresholds != self.source.thresholds() {
            let edit = Edit { from: self.source.decided, to: Some(thresholds) };
            changes.extend((edit.from != edit.to).then_some(Change::Thresholds { run: run.id, edit }));
        }
        Regrouping {
            seq: self.source.snapshot.seq,
            summary: format!("grouped at {thresholds}: {} instead of {was}", counted_identities(is)),
            changes,
        }
    }
}

fn counted_identities(n: usize) -> String {
    if n == 1 { "1 identity".into() } else { format!("{n} identities") }
}
