//! What screens show of an open episode.

use super::doubt::Doubt;
use crate::domain::{
    Assignment, Badges, CropKey, DiscardReason, EpisodeId, Identity, MediaTime, Person, Quality, RunMeta, ScreenTime, Shot,
    SoundLevels, Span, Spoken, TrackBadge, TrackId, Tracklet,
};
use crate::session::speech::Speech;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What screens show; never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub episode: EpisodeId,
    /// The last entry of the log that it knows; 0 while there is none.
    pub seq: u64,
    pub run: Arc<RunMeta>,
    /// In order.
    pub shots: Arc<Vec<Shot>>,
    /// Tracks as reviewers see them: cut and joined, discarded ones included.
    pub tracks: Arc<BTreeMap<TrackId, TrackInfo>>,
    /// Every identity, also one without seconds; by falling seconds, then id.
    pub identities: Vec<Card>,
    /// The tracks that a person discarded, by id.
    pub discarded: Vec<TrackId>,
    /// The people of the catalog, by id.
    pub people: Vec<Person>,
    pub time: ScreenTime,
    /// Who says what; absent: no sound was analysed.
    pub speech: Option<Arc<Speech>>,
    /// What was heard, and what is decided of it.
    pub spoken: Arc<Spoken>,
    /// Loudness and speech, by time.
    pub levels: Arc<Vec<SoundLevels>>,
    /// The decision that undo takes back next, and its summary.
    pub next_undo: Option<(u64, String)>,
    /// The decision that redo does again next, and its summary.
    pub next_redo: Option<(u64, String)>,
}

/// One track as reviewers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackInfo {
    pub track: Tracklet,
    /// When its face is in the picture: disjoint, ascending, gaps bridged.
    pub seen: Vec<Span>,
    /// Its best crop, under the name that its pictures are stored by.
    pub best: Option<CropKey>,
    /// How many of its crops were kept.
    pub crops: u32,
    /// That of its best crop.
    pub quality: Option<Quality>,
    /// Badges of its crops.
    pub badges: Vec<TrackBadge>,
    /// Absent where it counts for nobody.
    pub assignment: Option<Assignment>,
    /// Its own lock, or that of its identity.
    pub locked: bool,
    pub discarded: Option<DiscardReason>,
    pub doubts: Vec<Doubt>,
}

impl TrackInfo {
    /// Returns for how long it is seen.
    #[must_use]
    pub fn seconds(&self) -> MediaTime {
        crate::algo::screen_time::measure(&self.seen)
    }
}

/// One identity as a grid shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub identity: Identity,
    /// By falling seconds, then id.
    pub tracks: Vec<TrackId>,
    /// For how long it is seen, moments with two of its tracks counted once.
    pub seconds: MediaTime,
    /// Mean belief in its tracks, weighted by time, `0..=1`; 0 without seconds.
    pub belief: f64,
    /// Share of its time whose assignment a person confirmed, `0..=1`.
    pub confirmed_share: f64,
    /// When it is first seen; without seconds, when its first track begins; without tracks, zero.
    pub first: MediaTime,
    /// When it is last seen, likewise.
    pub last: MediaTime,
    /// The best crop of its tracks.
    pub best: Option<CropKey>,
    /// Those of its best crop.
    pub badges: Badges,
    pub doubts: Vec<Doubt>,
}
