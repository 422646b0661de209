//! Sums up how tracking went.

use crate::domain::{IdentityId, LongTrack, MediaTime, Shot, ShotId, TrackId, TrackMetrics, Tracklet};
use std::collections::BTreeMap;

/// A track is short below this span, as `track_metrics.json` defines it.
const SHORT: MediaTime = MediaTime(1_000_000);
/// Without identities, a birth this soon after a loss in the same shot counts as a switch.
const REUNION: MediaTime = MediaTime(2_000_000);
/// How many of the longest tracks are named.
const LONGEST: usize = 5;

/// Computes the metrics of a run from its tracklets.
///
/// `analysed` counts the pictures that the detector saw, `max_gap` is the tracker's own limit, `identities` says who each track
/// is believed to be, where that is known; tracks it does not name are taken as persons of their own. A **switch** is the
/// birth of a track in a shot where all earlier tracks of the same identity have ended; fragmentation is
/// tracks / (tracks - switches).
#[must_use]
pub fn measure(
    shots: &[Shot],
    tracklets: &[Tracklet],
    analysed: u64,
    max_gap: MediaTime,
    identities: Option<&BTreeMap<TrackId, IdentityId>>,
) -> TrackMetrics {
    let tracks = tracklets.len() as u64;
    let secs = shots.iter().map(|s| s.span().len().secs()).sum::<f64>();
    let frames = shots.iter().map(|s| s.end_frame.saturating_sub(s.start_frame)).sum::<u64>();
    let boxes = tracklets.iter().map(|t| u64::from(t.boxes)).sum::<u64>();
    let short = tracklets.iter().filter(|t| t.last.pts - t.first.pts < SHORT).count();
    let switches = identities.map_or_else(|| switches_by_time(tracklets), |who| switches_by_identity(tracklets, who));
    TrackMetrics {
        tracks_born: tracks,
        tracks_lost: tracks,
        id_switches: switches,
        forced_splits: forced_splits(shots, tracklets),
        longest_tracks: longest(tracklets),
        max_gap_frames: frames_in(max_gap, frames, secs),
        tracks_per_minute: ratio(tracks as f64 * 60.0, secs),
        short_track_fraction: ratio(short as f64, tracks as f64),
        avg_tracks_per_frame: ratio(boxes as f64, analysed as f64),
        fragmentation: ratio(tracks as f64, tracks.saturating_sub(switches) as f64),
    }
}

/// Counts, for each shot and identity, the tracks that begin after all earlier ones of it have ended.
fn switches_by_identity(tracklets: &[Tracklet], who: &BTreeMap<TrackId, IdentityId>) -> u64 {
    let mut stretches: BTreeMap<(ShotId, IdentityId), Vec<&Tracklet>> = BTreeMap::new();
    for t in tracklets {
        if let Some(&id) = who.get(&t.id) {
            stretches.entry((t.shot, id)).or_default().push(t);
        }
    }
    let mut switches = 0;
    for tracks in stretches.values_mut() {
        tracks.sort_by_key(|t| (t.first, t.id));
        let mut ended = None;
        for t in tracks {
            switches += u64::from(ended.is_some_and(|e| t.first > e));
            ended = ended.max(Some(t.last));
        }
    }
    switches
}

/// Pairs each birth with the latest unpaired loss before it in its shot, not longer ago than [`REUNION`].
fn switches_by_time(tracklets: &[Tracklet]) -> u64 {
    let mut shots: BTreeMap<ShotId, Vec<&Tracklet>> = BTreeMap::new();
    for t in tracklets {
        shots.entry(t.shot).or_default().push(t);
    }
    let mut switches = 0;
    for tracks in shots.values_mut() {
        tracks.sort_by_key(|t| (t.first, t.id));
        let mut losses: Vec<&Tracklet> = tracks.iter().copied().filter(|t| t.lost).collect();
        losses.sort_by_key(|t| (t.last, t.id));
        for t in tracks.iter() {
            let meets = |l: &&Tracklet| l.last < t.first && t.first.pts - l.last.pts <= REUNION;
            if let Some(at) = losses.iter().rposition(meets) {
                losses.remove(at);
                switches += 1;
            }
        }
    }
    switches
}

/// Counts tracks alive at the end of a shot that another shot follows.
fn forced_splits(shots: &[Shot], tracklets: &[Tracklet]) -> u64 {
    let last = shots.iter().map(|s| s.id).max();
    tracklets.iter().filter(|t| !t.lost && Some(t.shot) != last).count() as u64
}

fn longest(tracklets: &[Tracklet]) -> Vec<LongTrack> {
    let mut all: Vec<LongTrack> = tracklets.iter().map(|t| LongTrack { track_id: t.id, frame_count: t.boxes }).collect();
    all.sort_by_key(|t| (std::cmp::Reverse(t.frame_count), t.track_id));
    all.truncate(LONGEST);
    all
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and the cast saturates")]
fn frames_in(time: MediaTime, frames: u64, secs: f64) -> u64 {
    ratio(time.secs().max(0.0) * frames as f64, secs).round() as u64
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FrameTime, Transition};

    fn at(frame: u64) -> FrameTime {
        FrameTime { frame, pts: MediaTime::from_secs(frame as f64 / 25.0) }
    }

    fn shot(id: u32, start: u64, end: u64) -> Shot {
        let (s, e) = (at(start).pts, at(end).pts);
        Shot {
            id: ShotId(id),
            start_frame: start,
            end_frame: end,
            start: s,
            end: e,
            transition_in: Transition::Cut,
            transition_frames: 0,
            score: 1.0,
        }
    }

    fn track(id: u32, shot: u32, first: u64, last: u64, lost: bool) -> Tracklet {
        let boxes = u32::try_from(last - first + 1).unwrap();
        Tracklet { id: TrackId(id), shot: ShotId(shot), first: at(first), last: at(last), boxes, mean_score: 0.8, lost }
    }

    fn run() -> (Vec<Shot>, Vec<Tracklet>) {
        let tracks =
            vec![track(1, 1, 0, 40, true), track(2, 1, 0, 99, false), track(3, 1, 60, 99, false), track(4, 2, 100, 149, false)];
        (vec![shot(1, 0, 100), shot(2, 100, 150)], tracks)
    }

    #[test]
    fn a_face_lost_and_found_again_in_a_shot_is_a_switch() {
        let (shots, tracks) = run();
        let who = BTreeMap::from([(TrackId(1), IdentityId(1)), (TrackId(3), IdentityId(1)), (TrackId(4), IdentityId(1))]);
        let m = measure(&shots, &tracks, 150, MediaTime::from_secs(1.0), Some(&who));
        assert_eq!((m.id_switches, m.forced_splits, m.tracks_born), (1, 2, 4));
        assert!((m.fragmentation - 4.0 / 3.0).abs() < 1e-9);
        assert_eq!(measure(&shots, &tracks, 150, MediaTime::from_secs(1.0), None).id_switches, 1);
    }

    #[test]
    fn rates_are_of_the_whole_video() {
        let (shots, tracks) = run();
        let m = measure(&shots, &tracks, 150, MediaTime::from_secs(1.0), None);
        assert!((m.tracks_per_minute - 40.0).abs() < 1e-9);
        assert_eq!(m.max_gap_frames, 25);
        assert!((m.avg_tracks_per_frame - 231.0 / 150.0).abs() < 1e-9);
        assert!((m.short_track_fraction - 0.0).abs() < 1e-9);
        assert_eq!(m.longest_tracks[0], LongTrack { track_id: TrackId(2), frame_count: 100 });
    }

    #[test]
    fn an_empty_run_has_no_infinite_rates() {
        let m = measure(&[], &[], 0, MediaTime::from_secs(1.0), None);
        assert!(m.tracks_per_minute == 0.0 && m.fragmentation == 0.0 && m.avg_tracks_per_frame == 0.0);
    }
}
