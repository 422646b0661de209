//! What is told of a sound: facts, and what a person should know.

use super::RATE;
use super::frames::{Heard, StreamFacts};
use super::run::time_on_grid;
use super::sound::SoundChunk;
use crate::domain::{MediaTime, SoundFacts, Span};

/// Gathers it while the sound is read.
#[derive(Debug, Clone)]
pub(super) struct Told {
    facts: SoundFacts,
    stream: StreamFacts,
    /// Samples of the grid: the first, and the one behind the last given out.
    first: i64,
    end: i64,
    /// Samples given out, and those of them at full scale.
    given: u64,
    clipped: u64,
    highest: f32,
    /// Rate and channels last met.
    format: (u32, u16),
    /// The first changes of format in words, and how many there are.
    changes: Vec<String>,
    changed: u64,
    has_ended: bool,
}

/// Magnitude below which nothing was recorded: -80 dB.
const SILENCE: f32 = 1e-4;
/// Magnitude from which on a sample is at full scale, and the share of such that is worth telling.
const FULL: f32 = 0.999;
const MUCH_CLIPPED: f64 = 1e-3;
/// By how much sound and picture may begin or end apart without a word.
const APART: MediaTime = MediaTime(500_000);
/// How much of a promised length may be missing without a word.
const MISSING: MediaTime = MediaTime(2_000_000);
/// Changes of format that are told one by one.
const MOST_CHANGES: usize = 4;

impl Told {
    pub(super) fn new(stream: &StreamFacts, heard: &Heard, first: i64) -> Self {
        let facts = SoundFacts {
            stream: stream.index,
            language: stream.language.clone(),
            codec: stream.codec.clone(),
            rate: heard.rate,
            channels: heard.layout.channels.into(),
            mix: String::new(),
            span: Span::new(time_on_grid(first), time_on_grid(first)),
            damaged_packets: 0,
            notes: Vec::new(),
        };
        Self {
            facts,
            stream: stream.clone(),
            first,
            end: first,
            given: 0,
            clipped: 0,
            highest: 0.0,
            format: (heard.rate, heard.layout.channels),
            changes: Vec::new(),
            changed: 0,
            has_ended: false,
        }
    }

    pub(super) fn first(&self) -> i64 {
        self.first
    }

    /// Notes which channels are listened to.
    pub(super) fn mixed(&mut self, text: String) {
        self.facts.mix = text;
    }

    /// Notes a decoded piece.
    pub(super) fn met(&mut self, at: MediaTime, heard: &Heard, mix: &str) {
        let format = (heard.rate, heard.layout.channels);
        if std::mem::replace(&mut self.format, format) == format {
            return;
        }
        self.changed += 1;
        if self.changes.len() < MOST_CHANGES {
            let (rate, channels) = format;
            self.changes
                .push(format!("from {:.1} s on it has {rate} samples a second and {channels} channels ({mix})", at.secs()));
        }
    }

    /// Notes what was given out, up to `end` on the grid.
    pub(super) fn gave(&mut self, chunk: &SoundChunk, end: i64) {
        self.end = self.end.max(end);
        self.given += chunk.samples.len() as u64;
        for sample in &chunk.samples {
            self.highest = self.highest.max(sample.abs());
            self.clipped += u64::from(sample.abs() >= FULL);
        }
    }

    pub(super) fn ended(&mut self) {
        self.has_ended = true;
    }

    pub(super) fn facts(&self, damaged: u64) -> SoundFacts {
        let span = Span::new(time_on_grid(self.first), time_on_grid(self.end));
        SoundFacts { span, damaged_packets: damaged, notes: self.notes(span), ..self.facts.clone() }
    }

    fn notes(&self, span: Span) -> Vec<String> {
        let mut notes = Vec::new();
        if self.has_ended && self.highest < SILENCE && self.given > 0 {
            notes.push("it is silent throughout".into());
        }
        let share = self.clipped as f64 / self.given.max(1) as f64;
        if share > MUCH_CLIPPED && self.given > u64::from(RATE) {
            notes.push(format!("{:.1} % of it is clipped", 100.0 * share));
        }
        let (begins, ends) = self.stream.pictures;
        notes.extend(begins.and_then(|b| apart("begins", span.start() - b)));
        if self.has_ended {
            notes.extend(ends.and_then(|e| apart("ends", span.end() - e)));
            let missing = self.stream.end.map_or(MediaTime::ZERO, |e| e - span.end());
            if missing > MISSING {
                notes.push(format!("{:.1} s that the file promises at its end are missing", missing.secs()));
            }
        }
        notes.extend(self.changes.iter().cloned());
        if let Some(more) = self.changed.checked_sub(self.changes.len() as u64).filter(|n| *n > 0) {
            notes.push(format!("its format changes {more} times more"));
        }
        notes
    }
}

fn apart(verb: &str, by: MediaTime) -> Option<String> {
    let (seconds, side) = (by.secs().abs(), if by > MediaTime::ZERO { "after" } else { "before" });
    (by > APART || by < MediaTime(-APART.0)).then(|| format!("it {verb} {seconds:.1} s {side} the picture"))
}

#[cfg(test)]
mod tests {
    use super::super::mix::Layout;
    use super::*;
    use ffmpeg_next::frame::Audio;

    #[test]
    fn a_format_that_changes_all_the_time_is_told_in_a_few_words() {
        let piece = |rate| Heard { frame: Audio::empty(), at: None, rate, layout: Layout::new(1, 4) };
        let stream = StreamFacts {
            index: 0,
            language: None,
            codec: "aac".into(),
            start: None,
            end: None,
            pictures: (None, None),
            length: None,
        };
        let mut told = Told::new(&stream, &piece(48_000), 0);
        for n in 0..1000 {
            told.met(MediaTime(n * 1_000_000), &piece(if n % 2 == 0 { 44_100 } else { 48_000 }), "mono");
        }
        assert_eq!(told.changes.len(), MOST_CHANGES);
        let notes = told.facts(0).notes;
        assert_eq!(notes.len(), MOST_CHANGES + 1);
        assert!(notes[0].contains("44100") && notes[MOST_CHANGES] == "its format changes 996 times more", "{notes:?}");
    }
}
