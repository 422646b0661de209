//! Tells voices apart: who speaks when, two at a time where they do.
//!
//! The course is that of Bredin 2023, "pyannote.audio 2.1 speaker diarization pipeline" (Interspeech): local speakers of overlapping
//! windows, a vector of each from where nobody else speaks, clustering, and windows laid over one another again. Departs: local speakers
//! are first followed from window to window (`chain`), and it is these chains that are clustered, never two that speak in one window;
//! average instead of centroid linkage; a voice too short for a speaker of its own keeps its own if it is like nobody; and the voice
//! activity model has a say in what is silence. What each of that is worth is in `docs/EVALUATION.md`.

mod assign;
mod chain;
mod local;
mod params;
mod stitch;
#[cfg(test)]
mod tests;
mod turns;
mod voices;
mod window;

pub use local::{LocalSpeech, local_speech, speaking};
pub use params::Params;

use crate::domain::{HeardWindow, MediaTime, SoundLevels, Span, Speaker, SpeakerId, Turn};

/// What was heard of a recording.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// From its first sample to its end.
    pub span: Span,
    /// By start, evenly apart.
    pub windows: &'a [HeardWindow],
    /// By start. Frames without a level are judged by the windows alone.
    pub levels: &'a [SoundLevels],
}

/// Who speaks when in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Diarised {
    /// By start, numbered from 1.
    pub turns: Vec<Turn>,
    /// By number, from 1; each has a turn.
    pub speakers: Vec<Speaker>,
}

/// Tells voices apart.
///
/// An hour has about 3,600 windows and 1,500 chains: a second of time, some ten megabytes beside what was heard.
#[must_use]
pub fn diarise(heard: &Heard, params: &Params) -> Diarised {
    let grid = window::Grid::new(heard.span.start(), heard.span.end());
    let windows = window::windows(heard.windows, &grid);
    let (links, chains) = chain::follow(&windows, params);
    let voices = voices::voices(&windows, &links, chains, window::coverage(&windows), params);
    let owners = assign::assign(&windows, &links, &voices, params);
    let stretches = stitch::stitch(&windows, &owners, voices.centres.len(), heard.levels, &grid, params);
    let turns = turns::turns(stretches, &grid, heard.span, params);
    renumber(turns, &voices.centres)
}

/// Numbers speakers by their first turn, and leaves out those without one.
fn renumber(mut turns: Vec<Turn>, centres: &[Option<crate::domain::Embedding>]) -> Diarised {
    let mut speakers: Vec<(SpeakerId, Speaker)> = Vec::new();
    for turn in &mut turns {
        let at = speakers.iter().position(|(local, _)| *local == turn.speaker).unwrap_or_else(|| {
            let voice = usize::try_from(turn.speaker.0).ok().and_then(|n| centres.get(n.checked_sub(1)?)).cloned().flatten();
            let id = SpeakerId(u32::try_from(speakers.len() + 1).unwrap_or(u32::MAX));
            speakers.push((turn.speaker, Speaker { id, voice, speech: MediaTime::ZERO }));
            speakers.len() - 1
        });
        let speaker = &mut speakers[at].1;
        turn.speaker = speaker.id;
        speaker.speech = speaker.speech + turn.span.len();
    }
    Diarised { turns, speakers: speakers.into_iter().map(|s| s.1).collect() }
}
