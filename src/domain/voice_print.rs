//! What the voices of known people sound like.

use super::{EmbedderId, Embedding, EpisodeId, MediaTime, PersonId, RunId};

/// What one person sounds like in one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct VoicePrint {
    pub person: PersonId,
    /// Mean over the speech that it was made from, in the space of its embedder.
    pub voice: Embedding,
    /// Length of that speech.
    pub speech: MediaTime,
}

/// The voice prints of an episode: of everybody whose voice somebody decided it is.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeVoices {
    pub episode: EpisodeId,
    /// The run that heard them.
    pub run: RunId,
    /// Hash of the last entry of the episode's log that they follow; empty where it has none.
    pub head: String,
    pub embedder: EmbedderId,
    /// By person, one each.
    pub prints: Vec<VoicePrint>,
}
