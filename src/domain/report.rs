//! Screen time as it is reported.

use super::{IdentityId, MediaTime, PersonId, Span, SpeakerId};
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
    /// When they are heard; absent: no sound was analysed.
    #[serde(default)]
    pub speech: Option<SpeakingTime>,
}

/// When one person is heard, and when they are seen saying it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeakingTime {
    /// On and off screen; turns of theirs that overlap count once: disjoint, ascending.
    pub speaking: Vec<Span>,
    /// The measure of `speaking`.
    pub time: MediaTime,
    /// When they are seen speaking: inside `speaking` and inside [`PersonTime::visual`], disjoint, ascending.
    pub both: Vec<Span>,
    /// The measure of `both`.
    pub both_time: MediaTime,
    /// Mean belief, weighted by time, `0..=1`: that it is this voice, times that the voice is theirs.
    pub confidence: f64,
    /// Likewise of `both`, times the belief that the face is theirs; 0 without any.
    pub both_confidence: f64,
    /// Share of the time whose speaker a person confirmed, `0..=1`.
    pub review_share: f64,
    /// How often they speak up: speech with shorter pauses than [`ScreenTime::params`] says is one time.
    pub appearances: u64,
}

/// Speech of an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeechTotals {
    /// Time in which anybody speaks.
    pub speech: MediaTime,
    /// Time in which somebody named speaks.
    pub named: MediaTime,
    /// Time in which at least two of [`ScreenTime::people`] speak.
    pub overlap: MediaTime,
    /// Who speaks while who else does, by falling time.
    pub together: Vec<Together>,
    /// Voices that are nobody's, by falling time.
    pub unknown: Vec<(SpeakerId, MediaTime)>,
}

/// Time in which two people speak at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// Their places in [`ScreenTime::people`], ascending.
    pub people: [usize; 2],
    pub time: MediaTime,
    /// Product of their mean beliefs, `0..=1`.
    pub confidence: f64,
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
    /// Absent: no sound was analysed.
    #[serde(default)]
    pub speech: Option<SpeechTotals>,
    /// Duration of the video.
    pub duration: MediaTime,
    /// What was used and what was left out, by reason.
    pub diagnostics: BTreeMap<String, u64>,
    /// The rules and thresholds that made it.
    pub params: serde_json::Value,
}
