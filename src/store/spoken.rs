//! Speech of a run, heard and decided.

use super::episode::EpisodeStore;
use super::error::StoreError;
use crate::domain::{RunId, Spoken};

impl EpisodeStore {
    /// Reads what was heard in a run, and what is decided of it.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn spoken(&self, run: RunId) -> Result<Spoken, StoreError> {
        Ok(Spoken {
            heard: self.turns(run)?.into_iter().map(|t| (t.id, t)).collect(),
            written: self.transcripts(run)?,
            states: self.turn_states(run)?,
            words: self.edited_words(run)?,
            links: self.voice_links(run)?,
            said: self.said(run)?,
            next_turn: self.next_turn_id(run)?,
            next_speaker: self.next_speaker_id(run)?,
        })
    }
}
