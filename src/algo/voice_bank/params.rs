//! What decides about voices of known people.

use serde::{Deserialize, Serialize};

/// How voices are compared with prints; cosines are those of one embedder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Off: nobody is known by voice.
    pub enabled: bool,
    /// Seconds of speech that a print is made of, or a voice that is compared with them, at least.
    pub min_speech_s: f32,
    /// Share of a local speaker's speech that must lie in somebody's turns to be theirs, `0..=1`.
    pub min_inside: f32,
    /// Cosine to the nearest print at which it is as likely theirs as not, where nobody else is near.
    pub even_cosine: f32,
    /// Change of that cosine which multiplies the odds by e.
    pub cosine_width: f32,
    /// Lead in cosine over the next person which multiplies the odds between the two by e.
    pub lead_width: f32,
    /// Belief from which on a voice is proposed as somebody's, `0..=1`.
    pub min_belief: f32,
}
