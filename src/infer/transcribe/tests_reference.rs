//! Whisper with random weights against what the reference made of it.

use super::decode::{Steps, likeliest};
use super::folder::Folder;
use super::mel::{COLUMNS, LogMel, RATE};
use super::net::Net;
use super::vocabulary::Vocabulary;
use super::whisper::Whisper;
use super::{Heard, Transcriber, default_params};
use crate::domain::{MediaTime, Span, WordTiming};
use crate::infer::tests_support::{folder, models, on, runtime};
use serde_json::Value;

struct Setup {
    folder: Folder,
    expected: Value,
    /// media/audio/jfk.wav, 16 kHz mono.
    sound: Vec<f32>,
}

fn setup() -> Option<Setup> {
    let dir = models()?.join("whisper-tiny-random");
    let media = folder("SCREENALYTICS_TEST_MEDIA")?;
    let wav = std::fs::read(media.join("audio/jfk.wav")).unwrap();
    let at = wav.windows(4).position(|w| w == b"data").unwrap() + 8;
    let sound = wav[at..].chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect();
    let expected = serde_json::from_str(&std::fs::read_to_string(dir.join("expected.json")).unwrap()).unwrap();
    Some(Setup { folder: Folder::open(&dir).unwrap(), expected, sound })
}

fn floats(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

fn near(found: &[f32], due: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), due.len(), "{what}");
    let worst = found.iter().zip(due).map(|(f, d)| (f - d).abs()).fold(0f32, f32::max);
    assert!(worst < tolerance, "{what}: {worst}");
}

fn picture(sound: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; 80 * COLUMNS];
    LogMel::new(80).picture(sound, &mut out);
    out
}

fn net(setup: &Setup) -> Option<Net> {
    let runtime = runtime()?;
    let mut net = Net::open(&setup.folder, 80, &on(runtime.cpu())).unwrap();
    net.hear(&picture(&setup.sound), 1, 80).unwrap();
    Some(net)
}

#[test]
fn the_mel_picture_equals_the_reference() {
    let Some(setup) = setup() else { return };
    let mel = picture(&setup.sound);
    let due = &setup.expected["mel"];
    // Their tolerance is 1e-3; ours agrees better, in f32 all through.
    let tolerance = 1e-4;
    let row = |r: usize, from: usize| &mel[r * COLUMNS + from..r * COLUMNS + from + 8];
    near(row(0, 0), &floats(&due["mel[0][0:8]"]), tolerance, "row 0");
    near(row(40, 500), &floats(&due["mel[40][500:508]"]), tolerance, "row 40");
    near(row(79, 1090), &floats(&due["mel[79][1090:1098]"]), tolerance, "row 79");
    let mean = mel.iter().map(|v| f64::from(*v)).sum::<f64>() / mel.len() as f64;
    let (least, most) = mel.iter().fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
    assert!((mean - due["mean"].as_f64().unwrap()).abs() < 1e-5, "{mean}");
    near(
        &[least, most],
        &[floats(&due["min"].as_f64().map(|v| vec![v]).into())[0], floats(&due["max"].as_f64().map(|v| vec![v]).into())[0]],
        tolerance,
        "ends",
    );
}

#[test]
fn the_encoder_equals_the_reference() {
    let Some(setup) = setup() else { return };
    let Some(net) = net(&setup) else { return };
    let (heard, places, width) = net.heard();
    assert_eq!((places, width), (1500, 32));
    let due = &setup.expected["encoder"];
    near(&heard[..8], &floats(&due["out[0][0][0:8]"]), 1e-3, "place 0");
    near(&heard[700 * 32..700 * 32 + 8], &floats(&due["out[0][700][0:8]"]), 1e-3, "place 700");
    let mean = heard.iter().map(|v| f64::from(v.abs())).sum::<f64>() / heard.len() as f64;
    assert!((mean - due["mean_abs"].as_f64().unwrap()).abs() < 1e-3, "{mean}");
}

#[test]
fn greedy_tokens_equal_the_reference() {
    let Some(setup) = setup() else { return };
    let Some(mut net) = net(&setup) else { return };
    let vocabulary = Vocabulary::open(&setup.folder.tokenizer, &setup.folder.configs().unwrap(), 1.0).unwrap();
    let cases = setup.expected["greedy"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let prompt: Vec<u32> = serde_json::from_value(case["prompt"].clone()).unwrap();
        let due: Vec<u32> = serde_json::from_value(case["tokens"].clone()).unwrap();
        let mut scores = net.start(&[0], &prompt).unwrap();
        let mut found = vec![likeliest(scores.at(0, prompt.len() - 1)).unwrap()];
        while found.len() < due.len() {
            scores = net.next(&[*found.last().unwrap()]).unwrap();
            found.push(likeliest(scores.at(0, 0)).unwrap());
        }
        assert_eq!(found, due);
        let words: Vec<u32> = due.into_iter().filter(|t| *t < 1024).collect();
        assert!(!vocabulary.text(&words).is_empty());
    }
}

#[test]
fn going_on_from_what_is_kept_equals_writing_at_once() {
    let Some(setup) = setup() else { return };
    let Some(mut net) = net(&setup) else { return };
    let tokens = [1025, 1026, 1030, 1040, 400, 370, 452, 579, 285, 305, 316, 936];
    let whole = net.at_once(&[0], &tokens).unwrap();
    let mut scores = net.start(&[0], &tokens[..3]).unwrap();
    near(scores.at(0, 2), whole.at(0, 2), 1e-4, "prompt");
    for (n, token) in tokens.iter().enumerate().skip(3) {
        scores = net.next(&[*token]).unwrap();
        near(scores.at(0, 0), whole.at(0, n), 1e-4, &format!("position {n}"));
    }
}

#[test]
fn windows_side_by_side_are_written_as_alone() {
    let Some(setup) = setup() else { return };
    let Some(mut net) = net(&setup) else { return };
    let alone = net.start(&[0], &[1025, 1026, 1030]).unwrap();
    let two = [picture(&setup.sound[RATE..]), picture(&setup.sound)].concat();
    net.hear(&two, 2, 80).unwrap();
    let both = net.start(&[0, 1], &[1025, 1026, 1030]).unwrap();
    near(both.at(1, 2), alone.at(0, 2), 1e-4, "second of two");
    let next = net.next(&[400, 400]).unwrap();
    net.start(&[1], &[1025, 1026, 1030]).unwrap();
    let single = net.next(&[400]).unwrap();
    near(next.at(1, 0), single.at(0, 0), 1e-4, "a step on");
}

#[test]
fn a_window_is_written_down_the_same_every_time_and_inside_its_sound() {
    let Some(setup) = setup() else { return };
    let Some(runtime) = runtime() else { return };
    let mut params = default_params();
    // Random weights are never sure; two tries are enough to see that chance is fixed.
    params.belief.temperatures = vec![0.0, 0.6];
    params.belief.no_speech = 1.0;
    let mut whisper = Whisper::open("random", &setup.folder, &params, &on(runtime.cpu())).unwrap();
    let start = MediaTime::from_secs(100.0);
    let end = start + MediaTime::from_secs(setup.sound.len() as f64 / RATE as f64);
    let speech = [Span::new(start, end)];
    let heard = Heard { samples: &setup.sound, start, speech: &speech };
    let languages = whisper.languages(&[heard]).unwrap().remove(0);
    assert_eq!(languages.len(), 3);
    assert!((languages.iter().map(|l| l.1).sum::<f32>() - 1.0).abs() < 1e-4);
    let first = whisper.transcribe(&[heard], "en").unwrap();
    assert_eq!(first, whisper.transcribe(&[heard], "en").unwrap());
    for segment in &first[0].segments {
        assert!(segment.span.start() >= start && segment.span.end() <= end);
        assert_eq!(segment.timing, WordTiming::Estimated);
        assert!(segment.words.iter().all(|w| w.span.start() >= segment.span.start() && w.span.end() <= segment.span.end()));
    }
    let fault = whisper.transcribe(&[heard], "xx").unwrap_err().to_string();
    assert!(fault.contains("en, de, fr"), "{fault}");
}
