//! Other groups for an open episode: what they are worked out of, and the decision for them.

use super::Review;
use crate::domain::{Change, Draft, Edit, EmbedderId, Operation, OperationKind, Thresholds};
use crate::infer::Registry;
use crate::pipeline::group;
use crate::session::recognition::Faces;
use crate::session::{Access, Regrouping, SessionError, WhatIf, WhatIfSource, author, report};
use jiff::Timestamp;
use std::sync::Arc;

impl Review {
    /// Returns what other thresholds are tried out on, as the episode is now. Copies what is decided: some milliseconds for 10,000 tracks.
    ///
    /// # Errors
    /// Fails where the list of models cannot be read.
    pub fn what_if(&self) -> Result<WhatIfSource, SessionError> {
        let registry = Registry::with_folder(&self.models)?;
        let embedder = registry.entries().iter().find(|e| e.id == self.state.run.embedder.id);
        let scale = embedder.and_then(|e| e.cosines(self.settings.cosines));
        let view = &self.state.view;
        let heard = view.spoken.links.values().chain(view.spoken.said.values()).filter_map(|link| link.identity);
        Ok(WhatIfSource {
            store: Arc::downgrade(&self.store),
            is_writable: self.access == Access::Write,
            settings: self.settings.clone(),
            scale,
            faces: Faces::at_hand(&self.library, &self.settings, &EmbedderId(self.state.run.embedder.id.clone()))?,
            nevers: view.nevers.clone(),
            heard: heard.collect(),
            before: group::State { assignments: view.assignments.clone(), identities: view.identities.clone() },
            decided: view.thresholds,
            next: view.next_identity,
            roster: self.state.roster.as_ref().clone(),
            parts: view.parts.clone(),
            discarded: view.marks.keys().copied().collect(),
            measured: self.state.measured.clone(),
            length: report::length(&self.state.run, &self.snapshot.shots),
            snapshot: self.snapshot.clone(),
        })
    }

    /// Returns the thresholds of the settings, whatever is decided.
    #[must_use]
    pub fn thresholds_of_settings(&self) -> Thresholds {
        let cluster = &self.settings.cluster;
        Thresholds { cluster_thresh: cluster.cluster_thresh, min_cluster_size: cluster.min_cluster_size }
    }

    /// Returns the groups by the thresholds of the settings, and that none are decided any more, as what can be decided.
    #[must_use]
    pub fn regrouping_as_settings(&self, what_if: &WhatIf) -> Regrouping {
        let mut groups = what_if.regrouping(self.thresholds_of_settings());
        groups.changes.retain(|change| !matches!(change, Change::Thresholds { .. }));
        if let Some(decided) = self.state.view.thresholds {
            let edit = Edit { from: Some(decided), to: None };
            groups.changes.push(Change::Thresholds { run: self.state.run.id, edit });
        }
        groups.summary = format!("as the settings say, {}", groups.summary);
        groups
    }

    /// Takes other groups, as one decision; `None` where everything is so already.
    ///
    /// # Errors
    /// Fails where something was decided since they were worked out, or the episode is open for reading only; nothing is changed then.
    pub fn regroup(&mut self, groups: &Regrouping) -> Result<Option<Operation>, SessionError> {
        self.prepare()?;
        if groups.seq != self.state.seq {
            return Err(SessionError::Stale { episode: self.store.episode().clone(), of: groups.seq, now: self.state.seq });
        }
        if groups.changes.is_empty() {
            return Ok(None);
        }
        let draft = Draft {
            author: author(),
            kind: OperationKind::Group,
            summary: groups.summary.clone(),
            changes: groups.changes.clone(),
            at: Timestamp::now(),
        };
        let done = self.store.append(draft)?;
        self.take(Some(done))
    }
}
