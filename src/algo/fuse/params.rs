//! Settings of fusion.

use serde::{Deserialize, Serialize};

/// Settings of fusion; units, reasons and sources in `config/audio.toml`. Scores are above the model's mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Scores that are averaged, an odd number.
    pub smooth: usize,
    /// Least mean score of a face while it is seen in the turn.
    pub min_score: f32,
    /// Least share of its seen time in which the mouth speaks, `0..=1`.
    pub min_share: f32,
    /// Least lead over the next best face.
    pub min_ratio: f32,
    /// Least seconds of the turn in which the mouth speaks.
    pub min_s: f32,
    /// Seconds of a speaking mouth at which half of the belief is reached.
    pub half_belief_s: f32,
    /// Seconds of a speaking mouth from which on a voice is known.
    pub voice_min_s: f32,
    /// Share of all its evidence from which on a voice is known, `0..=1`.
    pub voice_min_share: f32,
    /// Mean score below which a mouth that is seen is still: its voice is heard over it.
    pub still_score: f32,
    /// Seconds that a voice must be heard over seen faces before it can be a narrator's.
    pub narrator_min_s: f32,
    /// Share of that time with a speaking mouth below which it is one, `0..=1`.
    pub narrator_max_share: f32,
    /// Share of the shorter of two turns from which on they overlap, `0..=1`.
    pub overlap_share: f32,
    /// Seconds for which one mouth after another must speak for a turn to be cut between them.
    pub cut_min_s: f32,
    /// Belief from which on a voice is surely whose mouth is seen, `0..=1`.
    pub sure_belief: f32,
    /// Seconds that two voices may be heard at once and still be proposed as one.
    pub merge_max_overlap_s: f32,
}
