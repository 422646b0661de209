//! Tests of shot boundaries: on made pictures, on real clips, and of resuming.

mod behaviour;
mod real;
mod resume;
mod synthetic;

use super::{Boundary, Params, ShotCutter};
use crate::domain::{FrameTime, MediaTime, Signature, Transition};

/// A video as the cutter sees it.
type Video = Vec<(FrameTime, Signature)>;

/// Everything that a cutter said.
#[derive(Debug, Default, PartialEq)]
struct Said {
    boundaries: Vec<Boundary>,
    fresh_cuts: Vec<u64>,
    /// After every picture.
    settled: Vec<u64>,
    /// Number of the picture at whose arrival each of `fresh_cuts` was said.
    fresh_at: Vec<u64>,
}

fn params() -> Params {
    #[derive(serde::Deserialize)]
    struct File {
        scenes: Params,
    }
    toml::from_str::<File>(include_str!("../../../../config/scenes.toml")).expect("config/scenes.toml is valid").scenes
}

fn run(mut cutter: ShotCutter, video: &[(FrameTime, Signature)]) -> Said {
    let mut said = Said::default();
    for (at, signature) in video {
        let progress = cutter.push(*at, signature.clone());
        said.fresh_at.extend(progress.fresh_cuts.iter().map(|_| at.frame));
        said.fresh_cuts.extend(progress.fresh_cuts);
        said.boundaries.extend(progress.boundaries);
        said.settled.push(progress.settled);
    }
    let progress = cutter.flush();
    said.fresh_at.extend(progress.fresh_cuts.iter().map(|_| u64::MAX));
    said.fresh_cuts.extend(progress.fresh_cuts);
    said.boundaries.extend(progress.boundaries);
    said.settled.push(progress.settled);
    said
}

fn boundaries(video: &[(FrameTime, Signature)]) -> Vec<Boundary> {
    run(ShotCutter::new(params()), video).boundaries
}

/// Names pictures at a constant rate.
fn at_rate(fps: f64, signatures: Vec<Signature>) -> Video {
    (0_u64..).zip(signatures).map(|(frame, s)| (FrameTime { frame, pts: MediaTime::from_secs(frame as f64 / fps) }, s)).collect()
}

fn found(boundaries: &[Boundary]) -> Vec<(u64, Transition)> {
    boundaries.iter().map(|b| (b.frame, b.transition)).collect()
}
