//! Writes down what is said, window by window, and gives the words to their turns.
//!
//! The window is the unit of commit: whoever goes on begins at the first window that is not stored. When the last one is, the words go to their turns.

mod listen;
#[cfg(test)]
mod tests;

pub use listen::{Listener, write_down};

use super::error::PassError;
use super::flow::Cancel;
use super::progress::Progress;
use crate::algo::speech_windows;
use crate::algo::transcript::of_turns;
use crate::domain::{MediaTime, RunId, SoundLevels, Span, Turn, Written};
use crate::infer::{TranscribeParams, Transcriber};
use crate::store::EpisodeStore;

/// Writes down the turns of `run`; `key` stands for everything that decides the words: what was stored under another one is not gone on with.
///
/// Ends early, with `false`, where `cancel` is set; the windows stored by then stay.
///
/// # Errors
/// Fails where the sound, the model or the store does; every window stored before it stays.
#[expect(clippy::too_many_arguments, reason = "each is one thing that the pass needs, and it has one caller")]
pub fn run(
    listener: &Listener<'_>,
    transcriber: &mut dyn Transcriber,
    store: &EpisodeStore,
    run: RunId,
    key: &str,
    params: &TranscribeParams,
    cancel: &Cancel,
    progress: &Progress,
    tick: &dyn Fn(),
) -> Result<bool, PassError> {
    let turns = store.turns(run)?;
    let windows = speech_windows::windows(&spoken(&turns), &joined(store.levels(run)?), &params.windows);
    let mut done = store.written(run, key)?;
    done.truncate(windows.len());
    let (begun, language) = (done.len(), done.first().map(|w| w.language.clone()));
    let keep = |n: usize, written: Written| -> Result<(), PassError> {
        store.write_written(run, u32::try_from(n).unwrap_or(u32::MAX), key, &written)?;
        done.push(written);
        progress.units(done.len() as u64);
        tick();
        Ok(())
    };
    if !write_down(listener, transcriber, &windows, begun, language, params, cancel, keep)? {
        return Ok(false);
    }
    let given = of_turns(&done, &turns);
    store.finish_written(run, &given.transcripts)?;
    tracing::debug!(lost = given.lost, "words that lie in no turn");
    Ok(true)
}

/// Returns how many windows a run has to write down, for a bar of progress.
///
/// # Errors
/// Fails where the store cannot be read.
pub fn count(store: &EpisodeStore, run: RunId, params: &TranscribeParams) -> Result<usize, PassError> {
    Ok(speech_windows::windows(&spoken(&store.turns(run)?), &joined(store.levels(run)?), &params.windows).len())
}

/// Returns where somebody speaks: the union of turns that are given by start.
fn spoken(turns: &[Turn]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for turn in turns {
        match spans.last_mut() {
            Some(last) if turn.span.start() <= last.end() => *last = Span::new(last.start(), last.end().max(turn.span.end())),
            _ => spans.push(turn.span),
        }
    }
    spans
}

/// Joins the stretches of a run to one, as far as they follow on one another.
fn joined(stretches: Vec<SoundLevels>) -> SoundLevels {
    let mut all = SoundLevels::default();
    for (n, stretch) in stretches.into_iter().enumerate() {
        if n == 0 {
            all.start = stretch.start;
        } else {
            // A stretch of any length of speech may follow; its first value lies where its start says.
            let due = (stretch.start - all.start).0 / SoundLevels::SPEECH_STEP.0;
            all.speech.resize(usize::try_from(due).unwrap_or(all.speech.len()).max(all.speech.len()), 0);
        }
        all.speech.extend(stretch.speech);
    }
    all
}

/// Counts the samples from one moment to a later one; 0 to an earlier one.
fn samples_between(from: MediaTime, to: MediaTime) -> usize {
    let us = i128::from((to - from).0.max(0));
    usize::try_from((us * crate::infer::RATE as i128 + 500_000) / 1_000_000).unwrap_or(usize::MAX)
}
