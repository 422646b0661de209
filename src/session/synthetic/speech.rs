//! Who speaks in a made-up episode: turns, words, loudness, and mouths that move with them or not.

use super::lot::{below, share};
use super::people::Cast;
use crate::domain::{
    MediaTime, MouthScores, ShotId, ShotRecord, SoundLevels, Span, Speaker, SpeakerId, Tracklet, Transcript, Turn, TurnId, Word,
    WordTiming,
};
use std::collections::BTreeMap;

/// Members of the cast that speak; each has a voice, the first has two.
const VOICES: u32 = 8;
/// Tracks of a shot whose mouths are looked at.
const WATCHED: usize = 4;
const LEXICON: [&str; 12] = ["I", "never", "said", "that", "about", "you", "and", "why", "would", "anybody", "believe", "it"];

#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) turns: Vec<Turn>,
    pub(super) written: BTreeMap<TurnId, Transcript>,
    pub(super) mouths: Vec<(ShotId, Vec<MouthScores>)>,
}

impl Script {
    /// Adds what is said in a shot.
    pub(super) fn add(&mut self, number: u32, record: &ShotRecord, cast: &Cast) {
        let shot = &record.shot;
        let mut at = shot.start + secs(0.4 * share(&[number, shot.id.0, 20]));
        let first = self.turns.len();
        while at + secs(0.6) < shot.end {
            let nth = u32::try_from(self.turns.len()).unwrap_or(u32::MAX) + 1;
            let key = [number, nth, 21];
            let end = (at + secs(0.5 + 4.0 * share(&key))).min(shot.end);
            let voice = voice_of(number, nth, record, cast);
            self.say(nth, Span::new(at, end), voice, share(&[number, nth, 22]));
            // One in six is interrupted.
            let pause = if below(6, &[number, nth, 23]) == 0 { -0.4 } else { 0.2 + 1.2 * share(&[number, nth, 24]) };
            at = (end + secs(pause)).max(at + secs(0.3));
        }
        let turns = &self.turns[first..];
        let mouths = record.tracklets.iter().take(WATCHED).map(|t| mouth(number, t, cast, turns)).collect();
        self.mouths.push((shot.id, mouths));
    }

    fn say(&mut self, nth: u32, span: Span, speaker: SpeakerId, sure: f32) {
        let id = TurnId(nth);
        self.turns.push(Turn { id, span, speaker, confidence: 0.6 + 0.4 * sure });
        let count = i64::from(1 + below(8, &[nth, 25]));
        let word = |n: i64| {
            let edge = |n: i64| MediaTime(span.start().0 + span.len().0 * n / count);
            let which = usize::try_from(below(12, &[nth, u32::try_from(n).unwrap_or(0), 26])).unwrap_or(0);
            Word { span: Span::new(edge(n), edge(n + 1)), text: LEXICON[which].into(), confidence: 0.9 }
        };
        let words = (0..count).map(word).collect();
        self.written.insert(id, Transcript { language: "en".into(), timing: WordTiming::Estimated, words });
    }

    pub(super) fn speakers(&self) -> Vec<Speaker> {
        let mut speech: BTreeMap<SpeakerId, MediaTime> = BTreeMap::new();
        for turn in &self.turns {
            let sum = speech.entry(turn.speaker).or_insert(MediaTime::ZERO);
            *sum = *sum + turn.span.len();
        }
        speech.into_iter().map(|(id, speech)| Speaker { id, voice: None, speech }).collect()
    }

    /// Returns loudness and speech, a minute each.
    pub(super) fn levels(&self, length: MediaTime) -> Vec<SoundLevels> {
        const MINUTE: i64 = 60_000_000;
        let loud = |from: MediaTime, step: MediaTime, high: u8, low: u8, grain: u32| {
            let begun = self.turns.partition_point(|t| t.span.start() <= from);
            let speaks = self.turns[begun.saturating_sub(4)..begun].iter().any(|t| t.span.end() > from);
            let noise = share(&[u32::try_from(from.0 / step.0).unwrap_or(0), grain]);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a byte")]
            let level = (f32::from(if speaks { high } else { low }) * (0.4 + 0.6 * noise)) as u8;
            level
        };
        let minutes = 0..(length.0 + MINUTE - 1) / MINUTE;
        let stretch = |minute: i64| {
            let start = MediaTime(minute * MINUTE);
            let values = |step: MediaTime, high: u8, low: u8, grain: u32| {
                let count = (length - start).0.clamp(0, MINUTE) / step.0;
                (0..count).map(|n| loud(start + MediaTime(n * step.0), step, high, low, grain)).collect()
            };
            let (peaks, speech) = (values(SoundLevels::PEAK_STEP, 150, 12, 27), values(SoundLevels::SPEECH_STEP, 255, 30, 28));
            SoundLevels { start, peaks, speech }
        };
        minutes.map(stretch).collect()
    }
}

/// Most voices are of somebody in the shot; one in five is heard from off screen.
fn voice_of(number: u32, nth: u32, record: &ShotRecord, cast: &Cast) -> SpeakerId {
    let here: Vec<u32> =
        record.tracklets.iter().take(WATCHED).map(|t| cast.of(t.id)).filter(|cluster| *cluster < VOICES).collect();
    let off = here.is_empty() || below(5, &[number, nth, 29]) == 0;
    let count = u32::try_from(here.len()).unwrap_or(0);
    let cluster = if off {
        below(VOICES, &[number, nth, 30])
    } else {
        here[usize::try_from(below(count, &[number, nth, 31])).unwrap_or(0)]
    };
    // The diariser took the first of the cast for two.
    let split = cluster == 0 && below(4, &[number, nth, 32]) == 0;
    SpeakerId(if split { VOICES + 1 } else { cluster + 1 })
}

fn mouth(number: u32, track: &Tracklet, cast: &Cast, turns: &[Turn]) -> MouthScores {
    let (start, end) = (track.first.pts, track.last.pts);
    let count = (end - start).0 / MouthScores::STEP.0 + 1;
    let cluster = cast.of(track.id);
    let score = |n: i64| {
        let at = start + MediaTime(n * MouthScores::STEP.0);
        let own = |t: &&Turn| t.speaker.0 == cluster + 1 || (cluster == 0 && t.speaker.0 == VOICES + 1);
        let speaks = turns.iter().filter(own).any(|t| t.span.start() <= at && at < t.span.end());
        let noise = share(&[number, track.id.0, u32::try_from(n).unwrap_or(0), 33]);
        if speaks { 0.5 + 3.0 * noise } else { -3.0 + 2.0 * noise }
    };
    MouthScores { track: track.id, start, scores: (0..count).map(score).collect() }
}

fn secs(seconds: f32) -> MediaTime {
    MediaTime::from_secs(f64::from(seconds))
}
