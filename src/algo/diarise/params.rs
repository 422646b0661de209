//! Settings of telling voices apart.

use serde::{Deserialize, Serialize};

/// Holds the numbers of diarisation; table `[diarise]` of `config/audio.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub speakers: usize,
    pub min_speakers: usize,
    pub max_speakers: usize,
    pub follow_overlap: f32,
    pub follow_cosine: f32,
    pub join_cosine: f32,
    pub apart_s: f32,
    pub min_voice_s: f32,
    pub min_speaker_s: f32,
    pub stranger_cosine: f32,
    pub max_chains: usize,
    pub activity_weight: f32,
    pub speech_bias: f32,
    pub gap_s: f32,
    pub min_turn_s: f32,
    pub belief_width: f32,
}

impl Params {
    /// Returns the fewest and the most speakers that are to be found.
    #[must_use]
    pub fn bounds(&self) -> (usize, usize) {
        if self.speakers > 0 {
            return (self.speakers, self.speakers);
        }
        let most = if self.max_speakers > 0 { self.max_speakers } else { usize::MAX };
        (self.min_speakers.clamp(1, most), most)
    }
}

#[cfg(test)]
pub(super) fn default_params() -> Params {
    #[derive(Deserialize)]
    struct File {
        diarise: Params,
    }
    toml::from_str::<File>(include_str!("../../../config/audio.toml")).unwrap().diarise
}
