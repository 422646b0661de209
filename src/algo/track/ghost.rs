//! Tells tracks of a shot from what still shows of its neighbour.

use super::LocalTrack;
use crate::domain::{DropReason, Opening, Shot};

/// Says whether a finished track lies wholly in the fading half of a dissolve or fade at either end of its shot; `next` is how
/// the shot after it begins.
///
/// There the picture still shows the neighbouring shot: a face seen only there is the neighbour's, where it has a track already.
/// A face of this shot goes on after the transition and is no ghost. Where the shot has nothing but fading pictures, no
/// track of it can go on, and none is called a ghost.
#[must_use]
pub fn dissolve_ghost(track: &LocalTrack, shot: &Shot, next: Option<&Opening>) -> Option<DropReason> {
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

    fn opening(transition_frames: u32) -> Opening {
        Opening { transition: Transition::Dissolve, transition_frames, score: 1.0 }
    }

    fn track(first: u64, last: u64) -> LocalTrack {
        let at = |frame| FrameTime { frame, pts: MediaTime::ZERO };
        LocalTrack { boxes: 2, first: at(first), last: at(last), mean_score: 0.8, lost: false, dropped: None }
    }

    #[test]
    fn a_track_wholly_in_the_fading_half_is_a_ghost() {
        let (this, next) = (shot(100, 200, 12), opening(10));
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
        assert_eq!(dissolve_ghost(&track(100, 104), &shot(100, 110, 12), Some(&opening(12))), None);
    }
}
