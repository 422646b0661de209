//! Identities, and the tracks that belong to each.

use super::super::identities::IdentityRow;
use super::super::read::ArtifactError;
use super::{Build, ImportedIdentity};
use crate::domain::{Assignment, IdError, Identity, IdentityId, Method, Source, TrackId};

impl Build<'_> {
    pub(super) fn decisions(&mut self) -> Result<(), ArtifactError> {
        let rows = self.rows;
        let path = self.layout.manifest("identities.json");
        let Some(file) = &rows.identities else {
            self.note("no_identities");
            return Ok(());
        };
        for row in &file.identities {
            let broken = |reason: String| ArtifactError::broken(&path, 1, reason);
            let id: IdentityId = row.identity_id.parse().map_err(|e: IdError| broken(e.to_string()))?;
            if self.identities.iter().any(|i| i.identity.id == id) {
                return Err(broken(format!("{id} stands here twice")));
            }
            let source = row.source.unwrap_or(if row.name.is_some() { Source::Confirmed } else { Source::Proposed });
            for number in &row.track_ids {
                let track = TrackId::from(*number);
                if !self.homes.contains_key(&track) {
                    self.note("assigned_tracks_that_are_not_there");
                    continue;
                }
                let assignment = self.assignment(row, id, track, source);
                if let Some(other) = self.assignments.insert(track, assignment) {
                    return Err(broken(format!("track {} is in {} and in {id}", track.0, other.identity)));
                }
            }
            self.identities.push(ImportedIdentity {
                identity: Identity {
                    id,
                    label: row.label.clone(),
                    name: row.name.clone(),
                    person: row.person_id.as_deref().filter(|p| p.starts_with("p_")).and_then(|p| p.parse().ok()),
                    source,
                    alone: row.outlier_reason.clone(),
                    locked: row.locked,
                },
                person_id: row.person_id.clone(),
                cast_id: row.cast_id.clone(),
            });
        }
        self.identities.sort_by_key(|i| i.identity.id);
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "scores and cosines need no more than f32")]
    fn assignment(&mut self, row: &IdentityRow, identity: IdentityId, track: TrackId, source: Source) -> Assignment {
        if let Some(own) = row.assignments.iter().find(|a| TrackId::from(a.track_id) == track) {
            return Assignment {
                identity,
                source: own.source,
                method: own.method,
                score: own.score,
                threshold: own.threshold,
                locked: own.locked,
            };
        }
        self.note("assignments_without_score");
        let score = match source {
            Source::Confirmed => 1.0,
            Source::Proposed | Source::Propagated | Source::Carried => row.confidence.or(row.cohesion).unwrap_or(0.5),
        };
        let threshold = self.rows.identities.as_ref().and_then(|f| f.config).map_or(0.0, |c| c.cluster_thresh);
        Assignment {
            identity,
            source,
            method: Method::Import,
            score: score.clamp(0.0, 1.0) as f32,
            threshold: threshold as f32,
            locked: row.locked,
        }
    }
}
