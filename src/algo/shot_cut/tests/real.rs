//! Real clips, read with the ffmpeg program where `SCREENALYTICS_TEST_MEDIA` names the folder of test media.

use super::resume::check_resume;
use super::{Boundary, Video, at_rate, boundaries, found, params};
use crate::domain::{Signature, Transition};
use std::path::Path;
use std::process::Command;

const LUMA: usize = Signature::LUMA.0 * Signature::LUMA.1;
const CHROMA: usize = Signature::CHROMA.0 * Signature::CHROMA.1;

/// Reads a clip's signatures; `None`, with a line that says why, where that cannot be done here.
fn clip(name: &str, fps: f64) -> Option<Video> {
    let Ok(media) = std::env::var("SCREENALYTICS_TEST_MEDIA") else {
        println!("skipped: SCREENALYTICS_TEST_MEDIA not set");
        return None;
    };
    let size = format!("scale={}:{}:flags=area:out_range=pc", Signature::LUMA.0, Signature::LUMA.1);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(Path::new(&media).join(name));
    ffmpeg.args(["-map", "0:v:0", "-fps_mode", "passthrough", "-vf", &size, "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]);
    let raw = match ffmpeg.output() {
        Ok(done) if done.status.success() => done.stdout,
        Ok(done) => panic!("ffmpeg cannot read {name:?}: {}", String::from_utf8_lossy(&done.stderr)),
        Err(error) => {
            println!("skipped: cannot run ffmpeg: {error}");
            return None;
        }
    };
    let signature = |picture: &[u8]| {
        let (luma, chroma) = picture.split_at(LUMA);
        Signature { luma: luma.to_vec(), cb: chroma[..CHROMA].to_vec(), cr: chroma[CHROMA..].to_vec() }
    };
    Some(at_rate(fps, raw.chunks_exact(LUMA + 2 * CHROMA).map(signature).collect()))
}

fn cuts(frames: &[u64]) -> Vec<(u64, Transition)> {
    frames.iter().map(|&frame| (frame, Transition::Cut)).collect()
}

#[test]
fn the_sitcom_clip_has_its_five_cuts() {
    let Some(video) = clip("clips/friends_clip.mp4", 24_000.0 / 1001.0) else { return };
    assert_eq!(found(&boundaries(&video)), cuts(&[104, 270, 401, 452, 553]));
}

#[test]
fn the_talking_heads_have_their_ten_cuts() {
    let Some(video) = clip("talking_dev.mp4", 25.0) else { return };
    assert_eq!(found(&boundaries(&video)), cuts(&[102, 204, 287, 342, 395, 469, 539, 591, 644, 692]));
}

#[test]
fn the_dark_stage_has_its_three_cuts_and_no_light_counts() {
    let Some(video) = clip("clips/short_hamilton_clip.mp4", 29.97) else { return };
    assert_eq!(found(&boundaries(&video)), cuts(&[20, 82, 211]));
}

#[test]
fn the_development_episode_has_its_cuts_and_dissolves() {
    let Some(video) = clip("episode_dev.mp4", 25.0) else { return };
    let got = boundaries(&video);
    let (dissolves, hard): (Vec<Boundary>, Vec<Boundary>) = got.into_iter().partition(|b| b.transition == Transition::Dissolve);
    let hard: Vec<u64> = hard.iter().map(|b| b.frame).collect();
    assert_eq!(hard, [112, 176, 229, 271, 392, 656, 701, 758, 863, 996, 1042, 1131, 1184]);
    let middles = [473_u64, 541, 926, 1304, 1356];
    assert_eq!(dissolves.len(), middles.len(), "{dissolves:?}");
    for (dissolve, middle) in dissolves.iter().zip(middles) {
        assert!(dissolve.frame.abs_diff(middle) <= 2 && dissolve.transition_frames.abs_diff(12) <= 2, "{middle}: {dissolve:?}");
    }
}

#[test]
fn single_shots_with_much_motion_have_no_boundary() {
    for name in ["clips/facenet_video.mp4", "clips/chaplin.mp4", "clips/noisy_restaurant.mp4", "talking/expr_h.mp4"] {
        let Some(video) = clip(name, 25.0) else { return };
        assert_eq!(found(&boundaries(&video)), [], "{name}");
    }
}

#[test]
fn the_whip_pan_of_the_advertisement_is_no_cut() {
    let Some(video) = clip("clips/chromecast_ad.mp4", 29.98) else { return };
    let got: Vec<u64> = boundaries(&video).iter().map(|b| b.frame).collect();
    // At 206 the television in the picture changes and the hand before it jumps: a cut to some, not to others.
    assert_eq!(got, [46, 79, 104, 124, 149, 176, 206, 292, 329]);
}

#[test]
fn real_clips_resume_at_every_boundary() {
    for (name, fps) in
        [("episode_dev.mp4", 25.0), ("clips/friends_clip.mp4", 24_000.0 / 1001.0), ("clips/chromecast_ad.mp4", 29.98)]
    {
        let Some(video) = clip(name, fps) else { return };
        let params = super::Params { max_shot: 2.5, ..params() };
        let resumed = check_resume(&params, &video).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(resumed > 5, "{name}: {resumed} boundaries");
    }
}
