//! Who is in which episode, over the whole library: people and their time, shows and their seasons.
//!
//! One short reading per episode. What it costs most, the seconds, is kept in the episode's cache folder until the episode, the rules of
//! screen time or who is one person change.

mod faces;
mod people;
mod progress;
mod read;
mod shows;
#[cfg(test)]
mod tests;

pub use faces::{TrackFace, faces_of};
pub use people::{PersonEpisode, PersonLine, people, roster};
pub use progress::{Progress, Stage};
pub use read::casts;
pub use shows::{SeasonLine, ShowLine, Sums, shows};

use super::{SessionError, Workspace};
use crate::domain::{CropKey, EpisodeEntry, EpisodeId, IdentityId, MediaTime, PersonId, PictureId, RunId, Span};
use crate::store::{EpisodeStore, Library};
use serde::{Deserialize, Serialize};

/// One episode of the library and who is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct CastLine {
    /// What the catalog knows of it; read from the id where the catalog does not know it.
    pub entry: EpisodeEntry,
    pub state: CastState,
}

/// How much is known of who is in an episode.
#[derive(Debug, Clone, PartialEq)]
pub enum CastState {
    Known(EpisodeCast),
    /// Nothing was run to its end.
    NotRun,
    /// Its file cannot be read.
    Broken {
        reason: String,
    },
}

/// Who is in an episode, as its active run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpisodeCast {
    pub run: RunId,
    /// Where the first picture stands on the clock of the spans.
    pub origin: MediaTime,
    pub duration: MediaTime,
    pub identities: usize,
    /// Identities with a name.
    pub named: usize,
    /// Time in which somebody named is seen.
    pub covered: MediaTime,
    /// Sum of the times of all who have no name.
    pub unnamed: MediaTime,
    /// How much of what is seen was decided on.
    pub progress: Progress,
    /// Those who have a name, by falling time, then name.
    pub people: Vec<Appearance>,
}

/// One person in one episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Appearance {
    /// Absent where an import named somebody whom the catalog does not know.
    pub person: Option<PersonId>,
    pub name: String,
    /// Ascending.
    pub identities: Vec<IdentityId>,
    /// When they are seen: disjoint, ascending.
    pub visual: Vec<Span>,
    pub visual_time: MediaTime,
    /// Time in which they speak, on and off screen; absent: no sound was analysed.
    #[serde(default)]
    pub speaking: Option<MediaTime>,
    /// Time in which they are seen speaking; likewise.
    #[serde(default)]
    pub both: Option<MediaTime>,
    /// Part of `visual_time` that a person confirmed.
    pub confirmed: MediaTime,
    /// Mean belief, weighted by time, `0..=1`.
    pub confidence: f64,
    /// Their best crop.
    pub best: Option<CropKey>,
    /// Its quality, `0..=1`.
    #[serde(default)]
    pub best_quality: Option<f32>,
}

/// A face out of any episode of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portrait {
    pub episode: EpisodeId,
    pub run: RunId,
    pub crop: CropKey,
}

/// Reads faces of any episode, for threads that draw; it keeps no file open.
#[derive(Debug, Clone)]
pub struct Portraits(Library);

impl Portraits {
    /// Finds the library.
    ///
    /// # Errors
    /// Fails where it cannot be read.
    pub fn of(workspace: &Workspace) -> Result<Self, SessionError> {
        Ok(Self(workspace.open_library()?))
    }

    /// Returns the 4:5 JPEG of a face; `None` where there is none any more.
    ///
    /// # Errors
    /// Fails where the episode cannot be read.
    pub fn get(&self, portrait: &Portrait) -> Result<Option<Vec<u8>>, SessionError> {
        Ok(EpisodeStore::open_reader(&self.0, &portrait.episode)?.thumb(portrait.run, portrait.crop)?)
    }

    /// Returns the JPEG of a picture that the catalog keeps; `None` where it keeps none.
    ///
    /// # Errors
    /// Fails where the catalog cannot be read.
    pub fn kept(&self, picture: &PictureId) -> Result<Option<Vec<u8>>, SessionError> {
        Ok(self.0.catalog().picture(picture)?)
    }
}
