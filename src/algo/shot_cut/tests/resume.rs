//! A run that starts again at a boundary decides as an uninterrupted one.

use super::super::ShotCutter;
use super::synthetic::{Picture, Scene, dissolve, fade, signatures};
use super::{Params, Said, Video, params, run};
use crate::domain::{FrameTime, MediaTime};
use proptest::prelude::*;

/// Returns what an uninterrupted run said about pictures after `start`, and when it had settled past it.
fn after(said: &Said, start: u64) -> (Vec<super::Boundary>, Vec<u64>, Vec<u64>) {
    let boundaries = said.boundaries.iter().filter(|b| b.frame > start).copied().collect();
    let fresh = said.fresh_cuts.iter().filter(|&&frame| frame > start).copied().collect();
    (boundaries, fresh, said.settled.iter().rev().take_while(|&&settled| settled > start).copied().collect())
}

/// Starts again at every boundary.
pub(super) fn check_resume(params: &Params, video: &Video) -> Result<usize, TestCaseError> {
    let whole = run(ShotCutter::new(params.clone()), video);
    for boundary in &whole.boundaries {
        let start = FrameTime { frame: boundary.frame, pts: boundary.pts };
        let cutter = ShotCutter::resume(params.clone(), start);
        let first = usize::try_from(start.frame.saturating_sub(cutter.warm_up_frames())).unwrap_or(0);
        let again = run(cutter, &video[first..]);
        prop_assert!(again.boundaries.iter().all(|b| b.frame > start.frame), "{:?} repeats", start);
        prop_assert!(again.fresh_cuts.iter().all(|frame| *frame > start.frame), "{:?} repeats a cut", start);
        prop_assert_eq!(after(&again, start.frame), after(&whole, start.frame), "from {:?}", start);
    }
    Ok(whole.boundaries.len())
}

/// How a shot of a made video begins.
#[derive(Debug, Clone, Copy)]
enum Join {
    Cut,
    Dissolve(u16),
    Fade(u16, u16),
    Black(u16),
    Flash,
}

fn join() -> impl Strategy<Value = Join> {
    prop_oneof![
        3 => Just(Join::Cut),
        2 => (2_u16..40).prop_map(Join::Dissolve),
        1 => (1_u16..20, 1_u16..70).prop_map(|(length, hold)| Join::Fade(length, hold)),
        1 => (1_u16..150).prop_map(Join::Black),
        1 => Just(Join::Flash),
    ]
}

/// A shot of a made video.
#[derive(Debug, Clone, Copy)]
struct Shot {
    join: Join,
    length: u16,
    scene: Scene,
}

fn shot() -> impl Strategy<Value = Shot> {
    let length = prop_oneof![3_u16..20, 40_u16..130];
    (join(), length, 0_u64..1000, (-1.5_f32..1.5, -0.5_f32..0.5), -0.006_f32..0.006)
        .prop_map(|(join, length, seed, pan, zoom)| Shot { join, length, scene: Scene { seed, pan, zoom } })
}

/// Makes a video of shots, with steps of presentation time that repeat.
fn video(shots: &[Shot], steps: &[i64]) -> Video {
    let mut all: Vec<Picture> = Scene::still(5000).shoot(0, 45);
    for &Shot { join, length, scene } in shots {
        let next = scene.shoot(0, length);
        let most = u16::try_from(all.len().min(next.len()).saturating_sub(1)).unwrap_or(u16::MAX);
        all = match join {
            Join::Cut => [all, next].concat(),
            Join::Dissolve(mixed) => dissolve(all, &next, mixed.min(most)),
            Join::Fade(slope, hold) => fade(all, &next, slope.min(most), hold, 0.0),
            Join::Black(hold) => fade(all, &next, 0, hold, 0.0),
            Join::Flash => [all, vec![next[0].lit(4.0, 150.0)], next].concat(),
        };
    }
    let mut pts = 1_704_000;
    let mut name = |frame: u64| {
        let at = FrameTime { frame, pts: MediaTime(pts) };
        pts += steps[usize::try_from(frame).unwrap_or(0) % steps.len()];
        at
    };
    (0..).map(&mut name).zip(signatures(&all, 1.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn a_resumed_run_equals_an_uninterrupted_one(
        shots in prop::collection::vec(shot(), 1..9),
        steps in prop::collection::vec(prop::sample::select(vec![8_000_i64, 16_683, 40_000, 41_708, 40_000, 120_000]), 1..5),
        max_shot in prop::sample::select(vec![1.5, 3.0, 120.0]),
        min_len in prop::sample::select(vec![0.0, 0.3, 1.0, 2.5]),
    ) {
        check_resume(&Params { min_len, max_shot, ..params() }, &video(&shots, &steps))?;
    }

    #[test]
    fn what_is_said_is_kept(
        shots in prop::collection::vec(shot(), 1..7),
        steps in prop::collection::vec(prop::sample::select(vec![16_683_i64, 40_000, 120_000]), 1..4),
        min_len in prop::sample::select(vec![0.0, 0.3, 1.0]),
    ) {
        let params = Params { min_len, ..params() };
        let video = video(&shots, &steps);
        let said = run(ShotCutter::new(params), &video);
        let cuts: Vec<u64> =
            said.boundaries.iter().filter(|b| b.transition == super::Transition::Cut).map(|b| b.frame).collect();
        prop_assert_eq!(&cuts, &said.fresh_cuts);
        prop_assert!(said.fresh_cuts.iter().zip(&said.fresh_at).all(|(cut, at)| *at == u64::MAX || at - cut <= 4));
        prop_assert!(said.boundaries.windows(2).all(|pair| (pair[1].pts - pair[0].pts).secs() >= min_len));
        prop_assert!(said.boundaries.windows(2).all(|pair| pair[1].frame > pair[0].frame));
        prop_assert!(said.settled.windows(2).all(|pair| pair[1] >= pair[0]));
        prop_assert_eq!(said.settled.last().copied(), Some(video.len() as u64));
    }
}
