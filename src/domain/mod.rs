//! Plain values of the field: no IO, no clock, no threads.
//!
//! The words used here have one meaning each; `docs/ARCHITECTURE.md` lists them.

mod assignment;
mod badge;
mod catalog;
mod catalog_change;
mod change;
mod cosines;
mod crop;
mod decided;
mod directory;
mod embedding;
mod face;
mod geom;
mod heard;
mod history;
mod ids;
mod image;
mod mark;
mod naming;
mod reference;
mod report;
mod roster;
mod run;
mod settled;
mod shot;
mod signature;
mod slug;
mod spoken;
mod thresholds;
mod time;
mod track_map;
mod track_metrics;
mod tracklet;
mod voice;
mod voice_print;

pub use assignment::{Assignment, Identity, Method, Source};
pub use badge::{Badge, BadgeKind, Badges, Evidence, FacePart, Look, TrackBadge, track_badges};
pub use catalog::{
    Asset, AssetKind, Described, EpisodeEntry, EpisodeFacts, Featured, Membership, Person, Season, Show, name_key, tidy_name,
};
pub use catalog_change::{CatalogChange, CatalogDraft, CatalogOperation};
pub use change::{Author, Change, Draft, Edit, LogEntry, Operation, OperationKind};
pub use cosines::{CosineMap, CosineScale};
pub use crop::{Crop, CropInfo, CropKey, Quality};
pub use decided::{ChangeError, Decided, check_edit, check_finite, check_from, check_new_id, check_new_track};
pub use directory::{Directory, check_unused};
pub use embedding::{EmbedderId, Embedding, EmbeddingError};
pub use face::{Detection, DropReason, Face, Fate, Landmarks};
pub use geom::{Affine, BBox, Point, Size};
pub use heard::{HeardChunk, HeardWindow, LOCAL_SPEAKERS, LocalVoice};
pub use history::{History, inverted, redo_draft, undo_draft};
pub use ids::{AssetId, EpisodeId, IdError, IdentityId, PersonId, RunId, ShotId, SpeakerId, TrackId, TurnId};
pub use image::RgbImage;
pub use mark::{DiscardReason, Mark, Never};
pub use naming::{EpisodeNumber, episode_id_from_file_name, slug};
pub use reference::{Origin, PictureId, Reference, ReferenceId};
pub use report::{PersonTime, ScreenTime, SpeakingTime, SpeechTotals, Together};
pub use roster::Roster;
pub use run::{Changeover, Counts, DeviceUse, Listening, ModelUse, PassMark, RunMeta, VideoFacts, Watching, commercial_use};
pub use settled::{Decision, Settled};
pub use shot::{Opening, Shot, ShotRecord, Transition};
pub use signature::Signature;
pub use slug::{Slug, SlugError};
pub use spoken::Spoken;
pub use thresholds::Thresholds;
pub use time::{FrameTime, MediaTime, Span};
pub use track_map::{TrackMap, TrackPart, TrackParts};
pub use track_metrics::{LongTrack, TrackMetrics};
pub use tracklet::Tracklet;
pub use voice::{
    AvLink, LinkEvidence, LinkMethod, MouthScores, Sentence, SoundFacts, SoundLevels, Speaker, Transcript, Turn, TurnState,
    VoiceLink, Word, WordTiming, Written,
};
pub use voice_print::{EpisodeVoices, VoicePrint};
