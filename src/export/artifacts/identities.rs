//! `identities.json`: who a track is believed to be.

use super::layout::identity_thumb_name;
use super::rows::TrackNumber;
use super::write::Episode;
use crate::domain::{Embedding, IdentityId, Method, Source, TrackId};
use crate::export::rounding::decimals;
use crate::export::slug::person_slugs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a run joined tracks by; cosines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClusterRules {
    pub cluster_thresh: f64,
    pub min_cluster_size: u64,
    /// Below this mean cosine to its own mean, an identity is marked as loose.
    pub min_identity_sim: f64,
}

/// `identities.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentitiesFile {
    pub schema_version: Option<String>,
    pub ep_id: Option<String>,
    pub pipeline_ver: Option<String>,
    pub config: Option<ClusterRules>,
    pub stats: Option<Stats>,
    pub identities: Vec<IdentityRow>,
}

/// Counts over all identities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    pub faces: u64,
    pub clusters: u64,
    /// Tracks whose faces are further apart than one person's should be.
    pub mixed_tracks: u64,
    /// Tracks that stand alone because they are far from all others.
    pub outlier_tracks: u64,
    pub low_cohesion_identities: u64,
}

/// One identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityRow {
    pub identity_id: String,
    pub label: Option<String>,
    pub name: Option<String>,
    pub person_id: Option<String>,
    #[serde(default)]
    pub person_slug: Option<String>,
    #[serde(default)]
    pub cast_id: Option<String>,
    pub track_ids: Vec<TrackNumber>,
    /// Faces of its tracks.
    pub size: Option<u64>,
    /// Mean cosine of track vectors to their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohesion: Option<f64>,
    /// Least cosine of a track vector to their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_identity_sim: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_cohesion: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlier_reason: Option<String>,
    #[serde(default)]
    pub rep_thumb_rel_path: Option<String>,
    /// Belief in the name; `null` without one.
    #[serde(default)]
    pub confidence: Option<f64>,
    #[serde(default)]
    pub source: Option<Source>,
    #[serde(default)]
    pub locked: bool,
    #[serde(default)]
    pub voice_only: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<AssignmentRow>,
}

/// Why one track belongs to its identity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AssignmentRow {
    pub track_id: TrackNumber,
    pub source: Source,
    pub method: Method,
    pub score: f32,
    pub threshold: f32,
    pub locked: bool,
}

/// What the writer keeps of a track until the end.
#[derive(Debug, Clone, Default)]
pub(super) struct TrackSummary {
    pub faces: u64,
    pub vector: Option<Embedding>,
    /// Its faces are further apart than one person's should be.
    pub is_mixed: bool,
}

/// Makes `identities.json`; `shown` are the identities that have a picture.
pub(super) fn identities_file(
    episode: &Episode<'_>,
    tracks: &BTreeMap<TrackId, TrackSummary>,
    shown: &BTreeSet<IdentityId>,
) -> IdentitiesFile {
    let slugs = person_slugs(episode.people.iter().map(|p| (p.id, p.name.as_str())));
    let mut members: BTreeMap<IdentityId, Vec<TrackId>> = BTreeMap::new();
    for (track, assignment) in episode.assignments {
        members.entry(assignment.identity).or_default().push(*track);
    }
    let nobody = TrackSummary::default();
    let summary = |track: &TrackId| tracks.get(track).unwrap_or(&nobody);
    let mut rows = Vec::new();
    for identity in episode.identities {
        let own = members.get(&identity.id).map(Vec::as_slice).unwrap_or_default();
        let cohesion = cohesion(own.iter().filter_map(|t| summary(t).vector.as_ref()));
        let assignments: Vec<AssignmentRow> = own
            .iter()
            .filter_map(|track| episode.assignments.get(track).map(|a| (track, a)))
            .map(|(track, a)| AssignmentRow {
                track_id: (*track).into(),
                source: a.source,
                method: a.method,
                score: a.score,
                threshold: a.threshold,
                locked: a.locked,
            })
            .collect();
        let belief = assignments.iter().map(|a| f64::from(a.score)).sum::<f64>() / assignments.len() as f64;
        rows.push(IdentityRow {
            identity_id: identity.id.to_string(),
            label: identity.label.clone(),
            name: identity.name.clone(),
            person_id: identity.person.map(|id| id.to_string()),
            person_slug: identity.person.and_then(|id| slugs.get(&id).cloned()),
            cast_id: None,
            track_ids: own.iter().copied().map(Into::into).collect(),
            size: Some(own.iter().map(|t| summary(t).faces).sum()),
            cohesion: cohesion.and_then(|(mean, _)| decimals(mean, 4)),
            min_identity_sim: cohesion.and_then(|(_, least)| decimals(least, 4)),
            low_cohesion: cohesion.map(|(mean, _)| mean < episode.cluster.min_identity_sim).filter(|low| *low),
            outlier_reason: identity.alone.clone(),
            rep_thumb_rel_path: shown.contains(&identity.id).then(|| identity_thumb_name(identity.id)),
            confidence: identity.name.as_ref().and_then(|_| decimals(belief, 4)),
            source: Some(identity.source),
            locked: identity.locked,
            voice_only: false,
            assignments,
        });
    }
    rows.sort_by_key(|row| row.identity_id.parse::<IdentityId>().ok());
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    IdentitiesFile {
        schema_version: Some("identities_v1".into()),
        ep_id: Some(episode.id.to_string()),
        pipeline_ver: Some(episode.run.tool.clone()),
        config: Some(episode.cluster),
        stats: Some(Stats {
            faces: tracks.values().map(|t| t.faces).sum(),
            clusters: count(rows.len()),
            mixed_tracks: count(tracks.values().filter(|t| t.is_mixed).count()),
            outlier_tracks: count(rows.iter().filter(|r| r.outlier_reason.as_deref() == Some("far_from_all")).count()),
            low_cohesion_identities: count(rows.iter().filter(|r| r.low_cohesion == Some(true)).count()),
        }),
        identities: rows,
    }
}

/// Returns mean and least cosine of two or more vectors to their mean.
fn cohesion<'a>(vectors: impl Iterator<Item = &'a Embedding>) -> Option<(f64, f64)> {
    let vectors: Vec<&Embedding> = vectors.collect();
    if vectors.len() < 2 {
        return None;
    }
    let mean = Embedding::mean(vectors.iter().map(|v| (*v, 1.0)))?;
    let cosines: Vec<f64> = vectors.iter().filter_map(|v| v.cosine(&mean).map(f64::from)).collect();
    Some((cosines.iter().sum::<f64>() / cosines.len() as f64, cosines.iter().copied().fold(1.0, f64::min)))
}
