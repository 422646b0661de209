//! How tracking went, in numbers.

use super::TrackId;
use serde::{Deserialize, Serialize};

/// One of the longest tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongTrack {
    pub track_id: TrackId,
    /// Its boxes.
    pub frame_count: u32,
}

/// Sums up the tracks of a run; names as in `track_metrics.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackMetrics {
    /// Tracks that count.
    pub tracks_born: u64,
    /// Tracks that ended, which at the end of a video is all of them.
    pub tracks_lost: u64,
    /// Estimated: how often a track began in a shot where the same face had been tracked and lost before. By identity where
    /// assignments are known; else a birth within a set time of a loss in the same shot, each loss counting once.
    pub id_switches: u64,
    /// Tracks that the end of a shot ended while their face was still there.
    pub forced_splits: u64,
    /// Up to five, by falling count, then id.
    pub longest_tracks: Vec<LongTrack>,
    /// Longest time, in pictures of the video, for which a track waits for its face.
    pub max_gap_frames: u64,
    /// Tracks for each minute of video.
    pub tracks_per_minute: f64,
    /// Share of tracks whose first and last box lie less than 1.0 s apart, `0..=1`.
    pub short_track_fraction: f64,
    /// Boxes in tracks for each analysed picture.
    pub avg_tracks_per_frame: f64,
    /// Tracks for each stretch of one face in one shot; 1 means that no face was broken up.
    pub fragmentation: f64,
}
