//! The last stage: a shot is stored when all its windows are scored.

use super::{Event, Outline};
use crate::algo::mouth::{Grid, Windows};
use crate::domain::{MouthScores, RunId, ShotId};
use crate::pipeline::error::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crate::store::EpisodeStore;
use crossbeam_channel::Receiver;
use std::collections::BTreeMap;

/// A shot some of whose windows are not scored yet.
struct Open {
    outlines: Vec<Outline>,
    scores: Vec<Vec<f32>>,
    missing: usize,
}

impl Open {
    fn new(outlines: Vec<Outline>) -> Self {
        let len = |o: &Outline| o.windows.last().map_or(0, |w| w.end);
        let missing = outlines.iter().map(|o| o.windows.len()).sum();
        Self { scores: outlines.iter().map(|o| vec![0.0; len(o)]).collect(), outlines, missing }
    }

    /// Takes in the scores of one window.
    fn take(&mut self, stretch: usize, window: usize, found: &[f32]) {
        let (Some(outline), Some(scores)) = (self.outlines.get(stretch), self.scores.get_mut(stretch)) else { return };
        let Some(start) = outline.windows.get(window).map(|w| w.start) else { return };
        let counting = Windows::counting(&outline.windows, window);
        let own = counting.start - start..counting.end - start;
        if let (Some(to), Some(from)) = (scores.get_mut(counting), found.get(own)) {
            to.copy_from_slice(from);
        }
        self.missing = self.missing.saturating_sub(1);
    }

    fn into_mouths(self, grid: Grid) -> Vec<MouthScores> {
        let made = self.outlines.into_iter().zip(self.scores);
        made.map(|(o, scores)| MouthScores { track: o.track, start: grid.time(o.first), scores }).collect()
    }
}

pub(super) fn run(
    store: &EpisodeStore,
    run: RunId,
    grid: Grid,
    flow: &Flow<PassError>,
    progress: &Progress,
    tick: &(dyn Fn() + Sync),
    events: &Receiver<Event>,
) -> Result<(), PassError> {
    let mut open: BTreeMap<ShotId, Open> = BTreeMap::new();
    let mut done = progress.view().done;
    for event in events {
        if flow.stopped() {
            return Ok(());
        }
        let mut touched = Vec::new();
        match event {
            Event::Shot { shot, stretches } => {
                open.insert(shot, Open::new(stretches));
                touched.push(shot);
            }
            Event::Scored { places, scores } => {
                for (place, scores) in places.iter().zip(&scores) {
                    if let Some(open) = open.get_mut(&place.shot) {
                        open.take(place.stretch, place.window, scores);
                    }
                    touched.push(place.shot);
                }
            }
        }
        for shot in touched {
            if open.get(&shot).is_none_or(|o| o.missing > 0) {
                continue;
            }
            let Some(whole) = open.remove(&shot) else { continue };
            let mouths = whole.into_mouths(grid);
            progress.busy(Stage::Store, || store.write_mouths(run, shot, &mouths))?;
            done += 1;
            progress.units(done);
            tracing::debug!(%shot, stretches = mouths.len(), "stored mouth scores");
            tick();
        }
    }
    Ok(())
}
