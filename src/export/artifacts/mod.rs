//! The directory of files that a run leaves for other tools, and the way back.
//!
//! Writing streams shot by shot: [`Writer::new`], [`Writer::shot`] for each, [`Writer::finish`]; every byte goes to a [`Sink`] with
//! its path under the data root. Reading is [`Rows::read`] (typed rows, each with its line), then [`check`] for what does not fit
//! together, and [`rebuild`] for domain values.
//!
//! Fields that stand here and not in the layout's description: `dropped` of a detection (why it joined no track), `analysed` of
//! a shot (the pictures that the detector saw, `[frame_idx, pts_s]`), `quality_parts` and `crop_form` of a face, `lost` of a
//! track, `assignments` of an identity, and in `run.json` the fields from `tracker` on. A reader that does not know them loses nothing
//! that it knew before.

mod check;
mod clock;
mod compose;
mod identities;
mod layout;
mod people;
mod progress;
mod read;
mod rebuild;
mod rows;
mod run_row;
mod speech;
#[cfg(test)]
mod tests;
mod transcript;
mod write;

pub use check::{Finding, check};
pub use identities::{AssignmentRow, ClusterRules, IdentitiesFile, IdentityRow, Stats};
pub use layout::Layout;
pub use people::{PeopleFile, PersonRow};
pub use progress::{ProgressReport, progress_json};
pub use read::{ArtifactError, Line, Rows};
pub use rebuild::{Imported, ImportedIdentity, PictureFiles, RunFacts, rebuild};
pub use rows::{DetectionRow, FaceRow, QualityParts, SceneCuts, ShotRow, TrackMetricsFile, TrackNumber, TrackRow};
pub use run_row::{Analysed, ModelRow, RunRow, VideoRow};
pub use speech::SpeechRows;
pub use transcript::SaidTurn;
pub use write::{Episode, Sink, Writer};
