//! Front ends and models against the programs that they come from; `tests/reference/voice_front_ends.py` prints the values.

use super::super::tests_support::{listener, on, runtime, sound};
use super::super::{ModelFile, SessionOptions};
use super::fbank::FilterBank;
use super::mel::Mel;
use super::*;
use crate::algo::speech::speech_spans;
use crate::convert::graph::{GraphBuilder, Tensor};
use crate::domain::MediaTime;
use crate::infer::manifest::ModelEntry;

const CLIP: &str = "jfk.wav";

#[derive(serde::Deserialize)]
struct File {
    speech: crate::algo::speech::Params,
}

fn near(found: &[f32], due: &[f32], tolerance: f32) {
    assert_eq!(found.len(), due.len());
    for (f, d) in found.iter().zip(due) {
        assert!((f - d).abs() <= tolerance * d.abs().max(1e-6), "{found:?} where {due:?} was due");
    }
}

/// One stretch.
fn only(rows: std::ops::Range<usize>) -> Vec<std::ops::Range<usize>> {
    std::iter::once(rows).collect()
}

fn at(features: &Features, row: usize, bands: [usize; 5]) -> [f32; 5] {
    bands.map(|band| features.row(row)[band])
}

fn open(id: &str) -> Option<(ModelFile, SessionOptions)> {
    Some((listener(id)?, on(runtime()?.cpu())))
}

#[test]
fn the_mel_spectrogram_is_librosas() {
    let Some(samples) = sound(CLIP) else { return };
    let mel = Mel::new().of(&samples);
    assert_eq!(mel.rows(), 1101);
    let bands = [0, 10, 20, 30, 39];
    assert!(mel.row(0).iter().all(|v| *v == 0.0));
    // Relative: the values are printed with seven digits.
    near(&at(&mel, 60, bands), &[4.049_178e-3, 5.966_076e-4, 1.084_342e-3, 2.361_75e-4, 1.046_995e-7], 5e-6);
    near(&at(&mel, 300, bands), &[1.028_031e-3, 2.603_333e-4, 1.158_876e-5, 2.503_032e-6, 7.361_925e-8], 5e-6);
    near(&at(&mel, 1100, bands), &[2.598_669e-4, 2.794_188e-2, 1.548_409e-2, 2.248_467e-5, 4.282_494e-7], 5e-6);
}

#[test]
fn the_filter_bank_is_kaldis() {
    let Some(samples) = sound(CLIP) else { return };
    let bank = FilterBank::new(80).of(&samples);
    assert_eq!(bank.rows(), 1098);
    let bands = [0, 20, 40, 60, 79];
    near(&at(&bank, 0, bands), &[-15.942_38; 5], 1e-5);
    near(&at(&bank, 60, bands), &[9.443_657, 17.933_24, 17.865_9, 18.604_16, 10.771_24], 1e-4);
    near(&at(&bank, 300, bands), &[8.714_398, 14.455_51, 13.931_51, 12.638_4, 11.574_69], 1e-4);
    near(&at(&bank, 1097, bands), &[11.398_12, 20.608_17, 20.700_05, 16.910_39, 11.476_15], 1e-4);
    assert_eq!(FilterBank::new(80).of(&samples[..399]).rows(), 0);
}

#[test]
fn speech_of_the_sequence_model_is_that_of_its_authors_however_it_is_cut_into_parts() {
    let (Some(samples), Some((file, options))) = (sound(CLIP), open("silero_vad_v6_sequence")) else { return };
    let whole = SpeechDetector::open(&file, &options).unwrap().push(&samples, 1.0).unwrap();
    near(&whole[10..16], &[0.343_342, 0.945_989, 0.932_934_5, 0.857_259_2, 0.972_762_3, 0.988_260_1], 1e-4);
    let sum: f32 = whole.iter().sum();
    assert!(whole.len() == 344 && (sum - 236.806).abs() < 0.01, "{} {sum}", whole.len());
    let mut detector = SpeechDetector::open(&file, &options).unwrap();
    let parts: Vec<f32> = samples.chunks(512 * 100).flat_map(|part| detector.push(part, 1.0).unwrap()).collect();
    assert!(whole.iter().zip(&parts).all(|(a, b)| (a - b).abs() < 1e-4) && detector.push(&[], 1.0).unwrap().is_empty());

    let params = toml::from_str::<File>(include_str!("../../../config/audio.toml")).unwrap().speech;
    let spans = speech_spans(&whole, MediaTime(32_000), MediaTime::ZERO, MediaTime(11_000_000), &params);
    let spans: Vec<(i64, i64)> = spans.iter().map(|s| (s.start().0 / 1000, s.end().0 / 1000)).collect();
    assert_eq!(spans, [(322, 2270), (3266, 4446), (5378, 7678), (8162, 10_622)]);
}

#[test]
fn local_speakers_are_those_of_the_model_alone_and_in_a_batch() {
    let (Some(samples), Some((file, options))) = (sound(CLIP), open("segmentation_3_0")) else { return };
    let mut segmenter = Segmenter::open(&file, &options).unwrap();
    let windows = segmenter.activity(&[&samples, &samples[16_000..], &samples[..16_000]]).unwrap();
    assert_eq!(windows.iter().map(Vec::len).collect::<Vec<_>>(), [589; 3]);
    for (k, due) in [(5, [0.0031, 0.0588, 0.0305]), (60, [0.0071, 0.8094, 0.1861]), (400, [0.0023, 0.9793, 0.0207])] {
        let found = windows[0][k].map(|a| f32::from(a) / 255.0);
        assert!(found.iter().zip(due).all(|(f, d)| (f - d).abs() < 0.003), "{k}: {found:?}");
    }
    assert!(segmenter.activity(&[]).unwrap().is_empty());
}

#[test]
fn a_voice_is_the_mean_of_its_partials_at_one_level() {
    let (Some(samples), Some((file, options))) = (sound(CLIP), open("ge2e_resemblyzer")) else { return };
    let mut embedder = build_voice_embedder(&file, &options).unwrap();
    let features = embedder.features(&samples);
    // Two pieces of 2 s side by side are the same as one of 4 s.
    let two = vec![340..540, 540..740];
    let voices = embedder.embed(&features, &[only(340..740), two, only(0..39), only(2000..3000)]).unwrap();
    assert!(voices[0] == voices[1] && voices[2].is_none() && voices[3].is_none());
    let voice = voices[0].as_ref().unwrap();
    assert_eq!((voice.dim(), embedder.dim(), embedder.id().0.as_str()), (256, 256, "ge2e_resemblyzer"));
    let largest = [203, 212, 162, 82, 199].map(|i: usize| voice.as_slice()[i]);
    near(&largest, &[0.246_682_1, 0.223_027_8, 0.189_214_3, 0.180_079_6, 0.168_298_5], 1e-3);
    // The same sound a hundredth as loud is the same voice; silence has none.
    let quiet: Vec<f32> = samples.iter().map(|s| s / 100.0).collect();
    let features = embedder.features(&quiet);
    let again = embedder.embed(&features, &[only(340..740)]).unwrap().remove(0).unwrap();
    assert!(voice.cosine(&again).unwrap() > 0.9999);
    let silence = embedder.features(&vec![0.0; 32_000]);
    assert_eq!(embedder.embed(&silence, &[only(0..200)]).unwrap(), [None]);
}

/// A network of WeSpeaker's interface: the mean magnitude of each band, mixed.
fn mixer(dir: &std::path::Path, weights: &[f32]) -> ModelFile {
    let mut graph = GraphBuilder::new("mixer", 13);
    let feats = graph.input("feats", &[-1, -1, 80]);
    let magnitude = graph.node("Abs", &[feats], &[]);
    let mean = graph.node("ReduceMean", &[magnitude], &[("axes", [1].into()), ("keepdims", 0.into())]);
    let weights = graph.constant("weights", Tensor::f32(&[80, 8], weights).unwrap());
    let embs = graph.node("MatMul", &[mean, weights], &[]);
    graph.output("embs", embs, &[-1, 8]);
    let path = dir.join("wespeaker.onnx");
    std::fs::write(&path, graph.finish()).unwrap();
    let registry = super::super::Registry::built_in().unwrap();
    let entry: ModelEntry = registry.entries().iter().find(|e| e.id == "wespeaker_resnet34_lm").unwrap().clone();
    ModelFile { path, parts: Vec::new(), entry, digest: String::new(), recognised: super::super::Recognised::ByShape }
}

#[test]
fn a_wespeaker_network_sees_the_filter_bank_of_one_voice_less_its_mean() {
    let (Some(samples), Some(runtime)) = (sound(CLIP), runtime()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let weights: Vec<f32> = (0u16..640).map(|i| (f32::from(i) * 0.37).sin()).collect();
    let mut embedder = build_voice_embedder(&mixer(dir.path(), &weights), &on(runtime.cpu())).unwrap();
    assert_eq!(embedder.dim(), 8);
    let features = embedder.features(&samples);
    let found = embedder.embed(&features, &[vec![100..150, 300..400], only(0..10)]).unwrap();
    assert!(found[1].is_none());

    let rows: Vec<&[f32]> = (100..150).chain(300..400).map(|r| features.row(r)).collect();
    let n = rows.len() as f32;
    let magnitudes: Vec<f32> = (0..80)
        .map(|band| {
            let mean = rows.iter().map(|r| r[band]).sum::<f32>() / n;
            rows.iter().map(|r| (r[band] - mean).abs()).sum::<f32>() / n
        })
        .collect();
    let due = (0..8).map(|i| (0..80).map(|band| magnitudes[band] * weights[band * 8 + i]).sum()).collect();
    let due = crate::domain::Embedding::from_raw(due).unwrap();
    assert!(found[0].as_ref().unwrap().cosine(&due).unwrap() > 0.99999);
}

#[test]
fn a_model_for_something_else_is_refused() {
    let (Some((ge2e, options)), Some(vad)) = (open("ge2e_resemblyzer"), listener("silero_vad_v6_sequence")) else { return };
    assert!(matches!(SpeechDetector::open(&ge2e, &options), Err(crate::infer::InferError::Unrecognised { .. })));
    assert!(matches!(Segmenter::open(&ge2e, &options), Err(crate::infer::InferError::Unrecognised { .. })));
    assert!(matches!(build_voice_embedder(&vad, &options), Err(crate::infer::InferError::Unsupported { .. })));
    let disguised = ModelFile { entry: ge2e.entry.clone(), ..vad };
    assert!(matches!(build_voice_embedder(&disguised, &options), Err(crate::infer::InferError::Unrecognised { .. })));
}
