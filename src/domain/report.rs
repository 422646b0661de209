//! Screen time as it is reported.

use super::{IdentityId, MediaTime, PersonId, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Screen time of one person, or of one identity without a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonTime {
    /// Absent for a cluster that nobody named.
    pub name: Option<String>,
    pub person: Option<PersonId>,
    /// The identities behind it, ascending.
    pub identities: Vec<IdentityId>,
    /// When the person is seen: disjoint, ascending.
    pub visual: Vec<Span>,
    /// The measure of `visual`.
    pub visual_time: MediaTime,
    /// Part of `visual_time` that bridges gaps inside tracks, where no face was found.
    pub bridged: MediaTime,
    /// Mean belief in the assignments, weighted by time, `0..=1`.
    pub confidence: f64,
    /// Share of the time whose assignment a person confirmed, `0..=1`.
    pub review_share: f64,
    pub tracks: u64,
    /// Boxes behind it.
    pub faces: u64,
}

/// Screen time of an episode, by falling visual time, then name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScreenTime {
    pub people: Vec<PersonTime>,
    /// Time in which at least one named person is seen.
    pub union: MediaTime,
    /// Sum over the named people.
    pub sum: MediaTime,
    /// Time in which at least two named people are seen.
    pub overlap: MediaTime,
    /// Duration of the video.
    pub duration: MediaTime,
    /// What was used and what was left out, by reason.
    pub diagnostics: BTreeMap<String, u64>,
    /// The rules and thresholds that made it.
    pub params: serde_json::Value,
}
