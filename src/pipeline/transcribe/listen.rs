//! Takes the sound of windows from a file and has it written down.

use super::samples_between;
use crate::algo::speech_windows::{self, SpeechWindow};
use crate::domain::{MediaTime, Sentence, Span, Written};
use crate::infer::{Heard, TranscribeParams, Transcriber, WindowText};
use crate::media::audio::{Sound, SoundChoice};
use crate::pipeline::error::PassError;
use crate::pipeline::flow::Cancel;
use std::path::Path;

/// The sound of one file.
#[derive(Debug, Clone, Copy)]
pub struct Listener<'a> {
    pub path: &'a Path,
    pub choice: &'a SoundChoice,
}

/// A language that is asked for by its likelihood.
const AUTO: &str = "auto";
/// A window is heard again from where its text ends so many times at most.
const AGAIN: usize = 8;

/// Writes down `windows` from number `begun` on and hands each to `keep`, in order; tells whether it came to the end. `language` is what the windows before were written in.
///
/// # Errors
/// Fails where the sound or the model does, or `keep`.
#[expect(clippy::too_many_arguments, reason = "what is heard, by whom, how far, and what becomes of it")]
pub fn write_down(
    listener: &Listener<'_>,
    transcriber: &mut dyn Transcriber,
    windows: &[SpeechWindow],
    begun: usize,
    language: Option<String>,
    params: &TranscribeParams,
    cancel: &Cancel,
    mut keep: impl FnMut(usize, Written) -> Result<(), PassError>,
) -> Result<bool, PassError> {
    let open = windows.get(begun..).unwrap_or_default();
    let Some(first) = open.first() else { return Ok(true) };
    let language = match language {
        Some(language) => language,
        None if params.language == AUTO => likeliest_language(listener, transcriber, windows, params, cancel)?,
        None => params.language.clone(),
    };
    let Some(mut reader) = Reader::open(listener)? else { return Ok(true) };
    // Samples as reading from the start has them, so that a pass that goes on hears what one without a stop would have.
    reader.sound.skip_to(first.span.start());
    let mut n = begun;
    for part in open.chunks(transcriber.batch().max(1)) {
        if cancel.is_set() {
            return Ok(false);
        }
        let heard: Vec<Vec<f32>> = part.iter().map(|w| reader.read(w.span)).collect();
        let asked: Vec<Heard<'_>> = part.iter().zip(&heard).map(|(w, samples)| of_window(w, samples)).collect();
        let texts = transcriber.transcribe(&asked, &language)?;
        for ((window, samples), text) in part.iter().zip(&heard).zip(texts) {
            let sentences = to_the_end(transcriber, window, samples, text, &language, params, cancel)?;
            if cancel.is_set() {
                return Ok(false);
            }
            keep(n, Written { language: language.clone(), sentences })?;
            n += 1;
        }
    }
    Ok(true)
}

/// Hears the rest of a window again while the model leaves speech of it out.
fn to_the_end(
    transcriber: &mut dyn Transcriber,
    window: &SpeechWindow,
    samples: &[f32],
    text: WindowText,
    language: &str,
    params: &TranscribeParams,
    cancel: &Cancel,
) -> Result<Vec<Sentence>, PassError> {
    let mut until = text.until;
    let mut sentences: Vec<Sentence> = of_text(text);
    let mut left = window.clone();
    for _ in 0..AGAIN {
        let Some(rest) = speech_windows::rest(&left, until, &params.windows).filter(|_| !cancel.is_set()) else { break };
        let from = samples_between(window.span.start(), rest.span.start()).min(samples.len());
        let Some(again) = transcriber.transcribe(&[of_window(&rest, &samples[from..])], language)?.pop() else { break };
        until = again.until;
        sentences.extend(of_text(again));
        left = rest;
    }
    Ok(sentences)
}

fn of_text(text: WindowText) -> Vec<Sentence> {
    text.segments.into_iter().map(|s| Sentence { words: s.words, timing: s.timing }).collect()
}

fn of_window<'a>(window: &'a SpeechWindow, samples: &'a [f32]) -> Heard<'a> {
    Heard { samples, start: window.span.start(), speech: &window.speech }
}

/// Asks windows all over the sound and returns the language whose chances are highest on the whole.
fn likeliest_language(
    listener: &Listener<'_>,
    transcriber: &mut dyn Transcriber,
    windows: &[SpeechWindow],
    params: &TranscribeParams,
    cancel: &Cancel,
) -> Result<String, PassError> {
    const ENGLISH: &str = "en";
    let Some(mut reader) = Reader::open(listener)? else { return Ok(ENGLISH.into()) };
    let mut sums: Vec<(String, f32)> = Vec::new();
    for n in spread(windows.len(), params.language_windows.max(1)) {
        if cancel.is_set() {
            break;
        }
        let Some(window) = windows.get(n) else { continue };
        reader.seek(window.span.start())?;
        let samples = reader.read(window.span);
        for (code, chance) in transcriber.languages(&[of_window(window, &samples)])?.into_iter().flatten() {
            match sums.iter_mut().find(|(known, _)| *known == code) {
                Some((_, sum)) => *sum += chance,
                None => sums.push((code, chance)),
            }
        }
    }
    let best = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    // A model that knows one language tells of none, and is not asked.
    Ok(best.map_or_else(|| ENGLISH.to_owned(), |(code, _)| code))
}

/// Picks up to `most` of `count` places, evenly.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let picks = most.min(count);
    (0..picks).map(move |k| (2 * k + 1) * count / (2 * picks.max(1)))
}

/// Reads stretches of sound one after another.
struct Reader {
    sound: Sound,
    /// Read, and after the last stretch's start.
    kept: Vec<f32>,
    /// When the first of them sounds.
    start: MediaTime,
    ended: bool,
}

impl Reader {
    fn open(listener: &Listener<'_>) -> Result<Option<Self>, PassError> {
        let sound = Sound::open(listener.path, listener.choice)?;
        Ok(sound.map(|sound| Self { sound, kept: Vec::new(), start: MediaTime(i64::MIN), ended: false }))
    }

    fn seek(&mut self, to: MediaTime) -> Result<(), PassError> {
        self.sound.seek(to)?;
        self.kept.clear();
        self.ended = false;
        Ok(())
    }

    /// Returns the samples of a span; silence before the sound begins, nothing after it ends. Spans come by time.
    fn read(&mut self, span: Span) -> Vec<f32> {
        if !self.kept.is_empty() && span.start() > self.start {
            let passed = samples_between(self.start, span.start()).min(self.kept.len());
            self.kept.drain(..passed);
            self.start = span.start();
        }
        while !self.ended {
            let reached = self.start + MediaTime::from_secs(self.kept.len() as f64 / crate::infer::RATE as f64);
            if !self.kept.is_empty() && reached >= span.end() {
                break;
            }
            let Some(chunk) = self.sound.next() else {
                self.ended = true;
                break;
            };
            if self.kept.is_empty() {
                let before = samples_between(chunk.start, span.start());
                if before >= chunk.samples.len() {
                    continue;
                }
                // Where the sound begins later than the span, what is missing is silence.
                let late = samples_between(span.start(), chunk.start);
                self.kept.resize(late, 0.0);
                self.kept.extend_from_slice(&chunk.samples[before..]);
                self.start = span.start();
            } else {
                self.kept.extend_from_slice(&chunk.samples);
            }
        }
        let n = samples_between(span.start(), span.end()).min(self.kept.len());
        self.kept[..n].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_picked_all_over() {
        assert_eq!(spread(10, 5).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
        assert_eq!(spread(3, 5).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spread(0, 5).count(), 0);
    }
}
