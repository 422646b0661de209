//! Tells tracks of a shot from what still shows of its neighbour.

use super::LocalTrack;
use crate::domain::{DropReason, Shot};

/// Returns how much of picture `frame` belongs to `shot`, `0.5..=1`, taking a dissolve or fade as even.
///
/// `next` is the shot after it, whose transition this shot ends in. The boundary is the middle of a transition: there both
/// shots weigh one half, and a transition's half away from it only this one is left. Pictures outside the shot count as the
/// nearest inside.
#[must_use]
pub fn share_of_shot(frame: u64, shot: &Shot, next: Option<&Shot>) -> f32 {
    let last = shot.end_frame.saturating_sub(1).max(shot.start_frame);
    let frame = frame.clamp(shot.start_frame, last);
    let share = |away: f32, transition: u32| {
        if transition == 0 { 1.0 } else { (0.5 + away / transition as f32).min(1.0) }
    };
    // A picture lies half a picture behind the boundary before it.
    let from_start = (frame - shot.start_frame) as f32 + 0.5;
    let to_end = (shot.end_frame.saturating_sub(frame)) as f32 - 0.5;
    share(from_start, shot.transition_frames).min(next.map_or(1.0, |n| share(to_end, n.transition_frames)))
}

/// Says whether a finished track lies wholly in the fading half of a dissolve or fade at either end of its shot.
///
/// There the picture still shows the neighbouring shot: a face seen only there is the neighbour's, where it has a track already.
/// A face of this shot goes on after the transition and is no ghost. Where the shot has nothing but fading pictures, no
/// track of it can go on, and none is called a ghost.
#[must_use]
pub fn dissolve_ghost(track: &LocalTrack, shot: &Shot, next: Option<&Shot>) -> Option<DropReason> {
    let clear_from = shot.start_frame + u64::from(shot.transition_frames.div_ceil(2));
    let clear_to = shot.end_frame.saturating_sub(next.map_or(0, |n| u64::from(n.transition_frames.div_ceil(2))));
    if clear_from >= clear_to {
        return None;
    }
    (track.last.frame < clear_from || track.first.frame >= clear_to).then_some(DropReason::DissolveGhost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FrameTime, MediaTime, ShotId, Transition};

    fn shot(start: u64, end: u64, transition_frames: u32) -> Shot {
        Shot {
            id: ShotId(1),
            start_frame: start,
            end_frame: end,
            start: MediaTime::ZERO,
            end: MediaTime::ZERO,
            transition_in: if transition_frames == 0 { Transition::Cut } else { Transition::Dissolve },
            transition_frames,
            score: 1.0,
        }
    }

    fn track(first: u64, last: u64) -> LocalTrack {
        let at = |frame| FrameTime { frame, pts: MediaTime::ZERO };
        LocalTrack { boxes: 2, first: at(first), last: at(last), mean_score: 0.8, lost: false, dropped: None }
    }

    #[test]
    fn a_track_wholly_in_the_fading_half_is_a_ghost() {
        let (this, next) = (shot(100, 200, 12), shot(200, 300, 10));
        let ghost = |a, b| dissolve_ghost(&track(a, b), &this, Some(&next)).is_some();
        assert!(ghost(100, 105) && ghost(195, 199));
        assert!(!ghost(100, 106) && !ghost(194, 199) && !ghost(120, 130));
    }

    #[test]
    fn after_a_cut_and_before_the_end_of_the_video_there_are_no_ghosts() {
        assert_eq!(dissolve_ghost(&track(100, 100), &shot(100, 200, 0), None), None);
    }

    #[test]
    fn a_shot_of_nothing_but_transition_keeps_its_tracks() {
        assert_eq!(dissolve_ghost(&track(100, 104), &shot(100, 110, 12), Some(&shot(110, 200, 12))), None);
    }

    #[test]
    fn the_share_of_a_shot_rises_from_one_half_to_one() {
        let (this, next) = (shot(100, 200, 12), shot(200, 300, 12));
        let share = |f| share_of_shot(f, &this, Some(&next));
        assert!((share(100) - (0.5 + 0.5 / 12.0)).abs() < 1e-6);
        assert!((share(199) - share(100)).abs() < 1e-6);
        assert!((share(106) - 1.0).abs() < 1e-6 && (share(150) - 1.0).abs() < 1e-6);
    }
}
