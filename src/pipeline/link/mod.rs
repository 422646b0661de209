//! Scores the mouths of faces while somebody speaks, 25 times a second.
//!
//! ```text
//! faces and turns of a shot, its pictures and sound --windows--> score x n --scores--> store
//! ```
//!
//! The video is decoded once more, only where a face of some size is seen while somebody speaks; what lies between is sought over. The shot is
//! the unit of commit: whoever goes on looks at the shots that have no row.

mod look;
mod score;
#[cfg(test)]
mod tests;
mod write;

use super::error::PassError;
use super::flow::{Cancel, Flow};
use super::progress::Progress;
use crate::algo::mouth::{self, Grid};
use crate::domain::{RunId, ShotId, Turn};
use crate::infer::{FaceClip, ModelFile, SessionOptions};
use crate::media::Decoder;
use crate::media::audio::Sound;
use crate::store::EpisodeStore;
use crossbeam_channel::bounded;
use std::ops::Range;

/// Everything that decides what is scored.
#[derive(Debug, Clone)]
pub struct LinkPlan<'a> {
    pub grid: Grid,
    pub params: &'a mouth::Params,
    pub model: &'a ModelFile,
    pub session: SessionOptions,
    /// Threads that score.
    pub workers: usize,
    /// Those of the run, by start.
    pub turns: &'a [Turn],
}

impl LinkPlan<'_> {
    /// Returns the most pictures a call.
    fn batch(&self) -> usize {
        const ON_GPU: usize = 10;
        if self.session.device.is_cpu() { self.params.batch } else { self.params.batch * ON_GPU }
    }
}

/// Scores every shot of a run that is not scored yet.
///
/// `decoder` and `sound` are of the video that the run measured. Ends early, with `Ok`, where `cancel` is set; the caller tells by asking it.
///
/// # Errors
/// Returns the first failure of any stage; every shot stored before it stays.
#[expect(clippy::too_many_arguments, reason = "each is one thing that the pass needs, and it has one caller")]
pub fn run(
    decoder: Decoder,
    sound: Sound,
    store: &EpisodeStore,
    run: RunId,
    plan: &LinkPlan<'_>,
    cancel: &Cancel,
    progress: &Progress,
    tick: &(dyn Fn() + Sync),
) -> Result<(), PassError> {
    let flow: Flow<PassError> = Flow::new(cancel.clone());
    let (to_score, jobs) = bounded::<Job>(plan.workers.max(1));
    let (to_store, events) = bounded::<Event>(16);
    let started: std::io::Result<()> = std::thread::scope(|scope| {
        let flow = &flow;
        let shots = to_store.clone();
        flow.spawn(scope, "look", move || look::run(decoder, sound, store, run, plan, flow, progress, &to_score, &shots))?;
        for n in 0..plan.workers.max(1) {
            let (jobs, to_store) = (jobs.clone(), to_store.clone());
            flow.spawn(scope, format!("mouth-{n}"), move || score::run(plan, flow, progress, &jobs, &to_store))?;
        }
        drop((jobs, to_store));
        flow.spawn(scope, "store", move || write::run(store, run, plan.grid, flow, progress, tick, &events))
    });
    started.map_err(|source| PassError::Thread { source, setting: "workers.detect" })?;
    match flow.into_failure() {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// Names one window: the stretch in its shot, and the window in its stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    shot: ShotId,
    stretch: usize,
    window: usize,
}

/// Windows that end with the same picture.
#[derive(Debug)]
struct Job {
    places: Vec<Place>,
    clips: Vec<FaceClip>,
}

/// What the storing stage receives.
#[derive(Debug)]
enum Event {
    /// What will come of a shot, before anything of it comes.
    Shot {
        shot: ShotId,
        stretches: Vec<Outline>,
    },
    Scored {
        places: Vec<Place>,
        scores: Vec<Vec<f32>>,
    },
}

/// A stretch without its pictures.
#[derive(Debug, Clone, PartialEq)]
struct Outline {
    track: crate::domain::TrackId,
    /// Place of its first score on the grid.
    first: i64,
    windows: Vec<Range<usize>>,
}
