//! What is a boundary and what is not, on made pictures.

use super::super::{Detect, ShotCutter};
use super::synthetic::{Picture, Scene, dissolve, fade, signatures};
use super::{at_rate, boundaries, found, params, run};
use crate::domain::{FrameTime, MediaTime, Signature, Transition};

const WALK: Scene = Scene { seed: 3, pan: (0.12, 0.0), zoom: 0.0 };
const STREET: Scene = Scene { seed: 11, pan: (-0.08, 0.04), zoom: 0.001 };

/// Finds boundaries at 25 pictures a second with a little noise.
fn found_in(pictures: &[Picture]) -> Vec<(u64, Transition)> {
    found(&boundaries(&at_rate(25.0, signatures(pictures, 1.5))))
}

fn joined(parts: &[Vec<Picture>]) -> Vec<Picture> {
    parts.concat()
}

#[test]
fn a_hard_cut_is_known_four_pictures_later() {
    let video = at_rate(25.0, signatures(&joined(&[WALK.shoot(0, 40), STREET.shoot(0, 40)]), 1.5));
    let said = run(ShotCutter::new(params()), &video);
    assert_eq!(found(&said.boundaries), [(40, Transition::Cut)]);
    assert_eq!((said.fresh_cuts, said.fresh_at), (vec![40], vec![44]));
    assert!(said.boundaries[0].score > 0.4, "{:?}", said.boundaries);
}

#[test]
fn a_cut_in_the_dark_and_in_noise_is_found() {
    let pictures: Vec<Picture> = joined(&[WALK.shoot(0, 40), STREET.shoot(0, 40)]).iter().map(|p| p.lit(0.15, 2.0)).collect();
    let video = at_rate(25.0, signatures(&pictures, 2.5));
    assert_eq!(found(&boundaries(&video)), [(40, Transition::Cut)]);
}

#[test]
fn a_cut_with_a_mixed_picture_is_one_hard_cut() {
    let (first, second) = (WALK.shoot(0, 40), STREET.shoot(0, 40));
    for (weight, cut) in [(0.35, 41), (0.65, 40)] {
        let mixed = vec![first[39].mix(&second[0], weight)];
        let got = found_in(&joined(&[first.clone(), mixed, second.clone()]));
        assert!(matches!(got[..], [(at, Transition::Cut)] if at == cut || at == 40), "weight {weight}: {got:?}");
    }
}

#[test]
fn dissolves_of_moving_shots_are_found_at_their_middle() {
    for length in [6_u16, 12, 25, 48] {
        let all = dissolve(WALK.shoot(0, 100), &STREET.shoot(0, 100), length);
        let got = boundaries(&at_rate(25.0, signatures(&all, 1.5)));
        let middle = 100 - i64::from(length).midpoint(0);
        // The camera of a long one moves by an eighth of the picture meanwhile, which shifts the weights.
        let tolerance = 2.max(i64::from(length) / 6);
        let [only] = got[..] else { panic!("length {length}: {got:?}") };
        assert_eq!(only.transition, Transition::Dissolve, "length {length}");
        assert!((i64::try_from(only.frame).unwrap() - middle).abs() <= tolerance, "length {length}: {only:?}");
        assert!(
            (u32::from(length) / 2..=u32::from(length) * 3 / 2).contains(&only.transition_frames),
            "length {length}: {only:?}"
        );
    }
}

#[test]
fn flashes_of_one_to_four_pictures_are_no_cuts() {
    for length in 1..=4 {
        let mut all = WALK.shoot(0, 80);
        for start in [25, 50] {
            for lit in &mut all[start..start + length] {
                *lit = lit.lit(3.0, 120.0);
            }
        }
        assert_eq!(found_in(&all), [], "{length} pictures");
    }
}

#[test]
fn a_blink_to_black_or_white_is_no_boundary() {
    for level in [0.0, 255.0] {
        let mut all = WALK.shoot(0, 80);
        all[30] = Picture::plain(level);
        all[31] = Picture::plain(level);
        assert_eq!(found_in(&all), [], "level {level}");
    }
}

#[test]
fn a_change_of_light_is_no_boundary() {
    let all = WALK.shoot(0, 90);
    let sudden: Vec<Picture> = all.iter().enumerate().map(|(t, p)| if t < 40 { p.clone() } else { p.lit(0.35, 4.0) }).collect();
    assert_eq!(found_in(&sudden), []);
    let slow: Vec<Picture> =
        (0_u8..).zip(&all).map(|(t, p)| p.lit(1.0 - 0.6 * (f32::from(t.clamp(30, 50)) - 30.0) / 20.0, 0.0)).collect();
    assert_eq!(found_in(&slow), []);
}

#[test]
fn pans_zooms_and_a_shaky_camera_are_no_boundaries() {
    for pan in [(0.4, 0.0), (1.5, 0.3), (4.0, 0.0)] {
        assert_eq!(found_in(&Scene { seed: 5, pan, zoom: 0.0 }.shoot(0, 120)), [], "pan {pan:?}");
    }
    for zoom in [0.003, 0.012, -0.012] {
        // Sixty pictures, because made texture is not averaged over its cells: shrunk much further it is mere noise.
        assert_eq!(found_in(&Scene { seed: 6, pan: (0.0, 0.0), zoom }.shoot(0, 60)), [], "zoom {zoom}");
    }
    let shaky: Vec<Picture> = (0_u16..120)
        .flat_map(|t| {
            let (x, y) = ((f32::from(t) * 1.7).sin() * 3.0, (f32::from(t) * 2.3).cos() * 2.0);
            Scene { seed: 8, pan: (x, y), zoom: 0.0 }.shoot(1, 2)
        })
        .collect();
    assert_eq!(found_in(&shaky), []);
}

#[test]
fn a_fade_is_a_boundary_in_the_middle_of_black_or_white() {
    for (length, hold, level) in [(12, 1, 0.0), (6, 9, 0.0), (20, 30, 0.0), (10, 5, 255.0)] {
        let got =
            boundaries(&at_rate(25.0, signatures(&fade(WALK.shoot(0, 80), &STREET.shoot(0, 80), length, hold, level), 0.4)));
        let [only] = got[..] else { panic!("{length} {hold} {level}: {got:?}") };
        assert_eq!(only.transition, Transition::Fade);
        assert!(only.frame.abs_diff(80 + u64::from(hold) / 2) <= 1, "{length} {hold} {level}: {only:?}");
        let whole = u32::from(2 * length + hold);
        assert!((whole * 2 / 3..=whole + 4).contains(&only.transition_frames), "{length} {hold} {level}: {only:?}");
    }
}

#[test]
fn black_pictures_between_two_shots_are_a_fade() {
    let black = vec![Picture::plain(0.0); 3];
    assert_eq!(found_in(&joined(&[WALK.shoot(0, 50), black, STREET.shoot(0, 50)])), [(51, Transition::Fade)]);
}

#[test]
fn long_black_is_settled_without_waiting_for_its_end() {
    let all = joined(&[WALK.shoot(0, 50), vec![Picture::plain(0.0); 400], STREET.shoot(0, 50)]);
    let said = run(ShotCutter::new(params()), &at_rate(25.0, signatures(&all, 0.4)));
    assert_eq!(found(&said.boundaries), [(75, Transition::Fade)]);
    let longest = (1_u64..).zip(&said.settled).map(|(pushed, settled)| pushed.saturating_sub(*settled)).max();
    assert!(longest < Some(100), "{longest:?} pictures behind");
}

#[test]
fn black_at_the_beginning_and_at_the_end_is_no_boundary() {
    let black = vec![Picture::plain(0.0); 30];
    let mut all = fade(black.clone(), &WALK.shoot(0, 60), 0, 0, 0.0);
    all = fade(all, &black, 10, 1, 0.0);
    assert_eq!(found_in(&all), []);
}

#[test]
fn a_strobe_gives_no_cut() {
    let all: Vec<Picture> =
        WALK.shoot(0, 80).into_iter().enumerate().map(|(t, p)| if t > 20 && t % 4 < 2 { p.lit(3.0, 120.0) } else { p }).collect();
    assert_eq!(found_in(&all), []);
}

#[test]
fn boundaries_are_never_nearer_than_min_len() {
    let parts: Vec<Vec<Picture>> = (0..12).map(|seed| Scene::still(100 + seed).shoot(0, 6)).collect();
    let got = found_in(&joined(&[WALK.shoot(0, 40), joined(&parts), STREET.shoot(0, 40)]));
    // Six pictures are 0.24 s, so of the cuts 40, 46, 52, ... every second one stays.
    let cuts: Vec<u64> = got.iter().map(|(frame, _)| *frame).collect();
    assert_eq!(cuts, [40, 52, 64, 76, 88, 100, 112]);
}

#[test]
fn a_hard_cut_beats_a_dissolve_right_before_it() {
    let mut all = dissolve(WALK.shoot(0, 60), &STREET.shoot(0, 9), 8);
    all.extend(Scene::still(50).shoot(0, 60));
    assert_eq!(found_in(&all), [(61, Transition::Cut)], "the dissolve's middle is 56, five pictures apart is 0.2 s");
}

#[test]
fn a_long_shot_is_closed_unless_a_cut_comes_right_after() {
    let params = super::Params { max_shot: 2.0, ..params() };
    let long = at_rate(25.0, signatures(&WALK.shoot(0, 120), 1.0));
    let said = run(ShotCutter::new(params.clone()), &long);
    assert_eq!(found(&said.boundaries), [(50, Transition::Forced), (100, Transition::Forced)]);
    assert!(said.fresh_cuts.is_empty());
    let cut = at_rate(25.0, signatures(&joined(&[WALK.shoot(0, 53), STREET.shoot(0, 45)]), 1.0));
    assert_eq!(found(&run(ShotCutter::new(params), &cut).boundaries), [(53, Transition::Cut)]);
}

#[test]
fn without_detection_only_the_longest_shot_ends_shots() {
    let params = super::Params { detect: Detect::Off, max_shot: 2.0, ..params() };
    let video = at_rate(25.0, signatures(&joined(&[WALK.shoot(0, 40), STREET.shoot(0, 40)]), 1.0));
    let said = run(ShotCutter::new(params), &video);
    assert_eq!(found(&said.boundaries), [(50, Transition::Forced)]);
    assert_eq!(said.settled[60], 61);
}

#[test]
fn an_empty_video_and_broken_signatures_are_taken() {
    assert_eq!(run(ShotCutter::new(params()), &[]).settled, [0]);
    let at = FrameTime { frame: 0, pts: MediaTime::ZERO };
    let broken = Signature { luma: vec![1; 7], cb: Vec::new(), cr: vec![3; 9999] };
    assert_eq!(run(ShotCutter::new(params()), &[(at, broken)]).settled, [0, 1]);
}

#[test]
fn pictures_settle_about_two_seconds_late() {
    for fps in [25.0, 60.0] {
        let said = run(ShotCutter::new(params()), &at_rate(fps, signatures(&STREET.shoot(0, 300), 1.0)));
        let behind = (1_u64..).zip(&said.settled).map(|(pushed, settled)| pushed - settled).max().unwrap_or(0);
        assert!((behind as f64) < 2.4 * fps, "{behind} pictures at {fps}");
        assert_eq!(said.settled.last(), Some(&300));
    }
}
