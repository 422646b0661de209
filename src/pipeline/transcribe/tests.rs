//! The pass with a made-up model over a made-up sound.

use super::*;
use crate::domain::{MediaTime, RunMeta, Speaker, SpeakerId, TurnId, Word, WordTiming};
use crate::infer::{Heard, InferError, RATE, Segment, WindowText};
use crate::media::audio::SoundChoice;
use crate::pipeline::flow::StopCause;
use std::path::Path;

const RUN: RunId = RunId(1);

/// Writes a word for each second that it hears, which says what it heard, and stops after four.
struct Counting {
    heard: Vec<(MediaTime, usize)>,
    cancel_after: Option<(usize, Cancel)>,
}

impl Transcriber for Counting {
    fn id(&self) -> &'static str {
        "counting"
    }

    fn batch(&self) -> usize {
        1
    }

    fn languages(&mut self, windows: &[Heard<'_>]) -> Result<Vec<Vec<(String, f32)>>, InferError> {
        Ok(windows.iter().map(|_| vec![("de".into(), 0.6), ("en".into(), 0.4)]).collect())
    }

    fn transcribe(&mut self, windows: &[Heard<'_>], language: &str) -> Result<Vec<WindowText>, InferError> {
        assert_eq!(language, "de");
        let mut texts = Vec::new();
        for window in windows {
            self.heard.push((window.start, window.samples.len()));
            if let Some((n, cancel)) = &self.cancel_after
                && self.heard.len() > *n
            {
                cancel.stop(StopCause::Interrupt);
            }
            let seconds = window.samples.len() / RATE;
            let at = |k: usize| window.start + MediaTime(i64::try_from(k).unwrap() * 1_000_000);
            let word = |k: usize| Word {
                span: Span::new(at(k), at(k + 1)),
                // The middle of the second, which the sound itself counts.
                text: format!("{:.0}", window.samples[k * RATE + RATE / 2] * 100.0),
                confidence: 1.0,
            };
            let words: Vec<Word> = (0..seconds.min(4)).map(word).collect();
            let until = words.last().map_or(window.start, |w| w.span.end());
            let span = Span::new(window.start, until);
            texts.push(WindowText {
                segments: vec![Segment { span, words, timing: WordTiming::Aligned, is_doubtful: false }],
                until,
                unheard: 0,
            });
        }
        Ok(texts)
    }
}

/// A sound of 100 s that counts: every sample of second k is k hundredths.
fn counting_sound(path: &Path) {
    let samples: Vec<i16> = (0..100 * RATE).map(|n| i16::try_from(n / RATE * 32768 / 100).unwrap()).collect();
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let length = u32::try_from(bytes.len()).unwrap();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    for (value, size) in [(16u32, 4), (1, 2), (1, 2), (16_000, 4), (32_000, 4), (2, 2), (16, 2)] {
        wav.extend(&value.to_le_bytes()[..size]);
    }
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    wav.extend(bytes);
    std::fs::write(path, wav).unwrap();
}

fn meta() -> RunMeta {
    let model = serde_json::json!({"id": "m", "family": "f", "licence": "MIT", "sha256": "00", "file": "m.onnx"});
    serde_json::from_value(serde_json::json!({
        "id": 1,
        "video": {"path": "/v", "bytes": 1, "sha256": "aa", "size": {"width": 2, "height": 2}, "fps": 25.0, "first_pts": 0,
            "duration": 1, "codec": "h264", "pixel_format": "yuv420p"},
        "started_at": "2026-01-01T00:00:00Z", "finished_at": null, "tool": "0", "detector": model, "embedder": model,
        "tracker": "bytetrack", "device": {"asked": "cpu", "used": "cpu", "reason": null}, "params": {}, "scan_key": "k",
        "counts": {"frames": 0, "analysed": 0, "shots": 0, "faces": 0, "tracks": 0, "crops": 0, "dropped": {},
            "damaged_packets": 0, "damaged_frames": 0},
        "marks": {}
    }))
    .unwrap()
}

/// Three turns: 5 to 15 s, 30 to 36 s and, far away, 80 to 84 s.
fn store() -> EpisodeStore {
    let store = EpisodeStore::in_memory(&"demo-s01e01".parse().unwrap()).unwrap();
    store.begin_run(&meta()).unwrap();
    let secs = |s: i64| MediaTime(s * 1_000_000);
    let turn = |id: u32, start: i64, end: i64| Turn {
        id: TurnId(id),
        span: Span::new(secs(start), secs(end)),
        speaker: SpeakerId(1),
        confidence: 1.0,
    };
    let speaker = Speaker { id: SpeakerId(1), voice: None, speech: secs(20) };
    store.write_voices(&meta(), &[turn(1, 5, 15), turn(2, 30, 36), turn(3, 80, 84)], &[speaker], None).unwrap();
    store
}

fn params() -> TranscribeParams {
    let text = include_str!("../../../config/audio.toml");
    toml::from_str::<toml::Table>(text).unwrap()["transcribe"].clone().try_into().unwrap()
}

fn pass(store: &EpisodeStore, sound: &Path, key: &str, cancel_after: Option<usize>) -> (bool, usize) {
    let cancel = Cancel::default();
    let mut model = Counting { heard: Vec::new(), cancel_after: cancel_after.map(|n| (n, cancel.clone())) };
    let listener = Listener { path: sound, choice: &SoundChoice::Usual };
    let done = super::run(&listener, &mut model, store, RUN, key, &params(), &cancel, &Progress::default(), &|| ()).unwrap();
    (done, model.heard.len())
}

fn lines(store: &EpisodeStore) -> Vec<(u32, String)> {
    let line = |words: &[Word]| words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
    store.transcripts(RUN).unwrap().into_iter().map(|(id, t)| (id.0, line(&t.words))).collect()
}

#[test]
fn every_turn_gets_what_is_heard_in_it_and_what_the_model_leaves_is_heard_again() {
    let dir = tempfile::tempdir().unwrap();
    let sound = dir.path().join("count.wav");
    counting_sound(&sound);
    let store = store();
    assert_eq!(super::count(&store, RUN, &params()).unwrap(), 3);
    let (done, calls) = pass(&store, &sound, "k", None);
    assert!(done);
    // Windows begin 0.2 s early; the model takes up to four seconds a time, so ten seconds are heard in three.
    let due = [(1, "5 6 7 8 9 10 11 12 13 14"), (2, "30 31 32 33 34 35"), (3, "80 81 82 83")];
    assert_eq!(lines(&store), due.map(|(id, text)| (id, text.to_owned())));
    assert!(calls >= 6, "{calls}");
    assert_eq!(store.transcripts(RUN).unwrap()[&TurnId(1)].language, "de");
}

#[test]
fn a_pass_that_goes_on_ends_as_one_without_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let sound = dir.path().join("count.wav");
    counting_sound(&sound);
    let (whole, stopped) = (store(), store());
    let (_, calls) = pass(&whole, &sound, "k", None);
    let (done, first) = pass(&stopped, &sound, "k", Some(4));
    assert!(!done);
    assert!(!stopped.written(RUN, "k").unwrap().is_empty() && lines(&stopped).is_empty());
    let (done, second) = pass(&stopped, &sound, "k", None);
    assert!(done && second < calls, "{first} {second} {calls}");
    assert_eq!(stopped.transcripts(RUN).unwrap(), whole.transcripts(RUN).unwrap());
    assert_eq!(stopped.measured_digest(RUN).unwrap(), whole.measured_digest(RUN).unwrap());
}

#[test]
fn what_was_written_under_other_settings_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let sound = dir.path().join("count.wav");
    counting_sound(&sound);
    let store = store();
    let (_, first) = pass(&store, &sound, "other", Some(4));
    let (_, all) = pass(&store, &sound, "k", None);
    assert!(all > first, "{all} {first}");
}

#[test]
fn a_sound_that_ends_early_is_written_down_as_far_as_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let sound = dir.path().join("count.wav");
    counting_sound(&sound);
    let bytes = std::fs::read(&sound).unwrap();
    // 33 s of it; the header still promises 100.
    std::fs::write(&sound, &bytes[..44 + 33 * RATE * 2]).unwrap();
    let store = store();
    assert!(pass(&store, &sound, "k", None).0);
    assert_eq!(lines(&store)[..2], [(1, "5 6 7 8 9 10 11 12 13 14".to_owned()), (2, "30 31 32".to_owned())]);
}
