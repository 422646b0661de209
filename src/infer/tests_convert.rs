//! Models that this program writes itself, run by onnxruntime.

use super::pixels::{Pixels, Planes};
use super::session::{Model, Port};
use super::tests_support::{folder, models, on, runtime};
use crate::algo::align::{canonical_map, template_map, warp, warp_edge};
use crate::convert::Recipe;
use crate::convert::graph::{GraphBuilder, Tensor};
use crate::convert::tests::converted;
use crate::domain::{Affine, Point, RgbImage, Size};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_graph_of_our_own_runs_with_any_batch() {
    let Some(runtime) = runtime() else { return };
    let mut graph = GraphBuilder::new("halves", 13);
    let x = graph.input("input", &[-1, 4]);
    let levels = graph.constant("levels", Tensor::f32(&[4], &[0.0, 1.0, 2.0, 255.0]).unwrap());
    let sum = graph.node("Add", &[x, levels], &[]);
    let two = graph.constant("two", Tensor::scalar(2.0));
    let twice = graph.node("Mul", &[sum, two], &[]);
    let sizes = graph.constant("sizes", Tensor::list(&[2, 2]));
    let [low, high] = graph.node_of("Split", &[twice, sizes], &[("axis", 1.into())]);
    graph.output("low", low, &[-1, 2]);
    graph.output("high", high, &[-1, 2]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halves.onnx");
    std::fs::write(&path, graph.finish()).unwrap();

    let port = |name: &str, shape: &[i64]| Port { name: name.into(), shape: shape.to_vec(), is_f32: true };
    let mut model = Model::open(&path, &on(runtime.cpu())).unwrap();
    assert_eq!(model.inputs(), [port("input", &[-1, 4])]);
    assert_eq!(model.outputs(), [port("low", &[-1, 2]), port("high", &[-1, 2])]);
    let read = |outputs: &[&[f32]]| Ok(outputs.iter().map(|o| o.to_vec()).collect::<Vec<_>>());
    let found = model.run(&[2, 4], &[0.5, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], read).unwrap();
    assert_eq!(found, [[1.0, 2.0, 2.0, 4.0], [4.0, 510.0, 6.0, 512.0]]);
}

/// Faces of the wide clip, with the points where its reference detections have them.
const CLIP: &str = "friends_clip.mp4";
/// One in so many pictures of the clip is taken.
const STEP: usize = 48;
const CLIP_SIZE: Size = Size { width: 1280, height: 720 };
const MTCNN: Pixels = Pixels { planes: Planes::Rgb, mean: [127.5; 3], divide: 128.0 };
const SSD: Pixels = Pixels { planes: Planes::Rgb, mean: [127.5; 3], divide: 127.5 };
const DLIB: Pixels = Pixels { planes: Planes::Rgb, mean: [122.782, 117.001, 104.298], divide: 256.0 };
const LANDMARKS: Pixels = Pixels { planes: Planes::Rgb, mean: [122.782, 117.001, 104.298], divide: 255.0 };

/// A converted model, and the reference that it must agree with.
struct Pair {
    ours: Model,
    reference: Model,
    media: PathBuf,
    _folder: tempfile::TempDir,
}

/// What every comparison of one model saw.
#[derive(Debug, Default)]
struct Gap {
    batches: usize,
    values: usize,
    /// The largest difference of two values.
    worst: f32,
    /// The largest value of the reference, so that a model of zeros does not pass.
    largest: f32,
}

impl Pair {
    fn open(recipe: Recipe, reference: &str) -> Option<Self> {
        let (file, models, runtime) = (converted(recipe)?, models()?, runtime()?);
        let media = folder("SCREENALYTICS_TEST_MEDIA")?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{recipe}.onnx"));
        std::fs::write(&path, file).unwrap();
        let open = |path: &Path| Model::open(path, &on(runtime.cpu())).unwrap();
        let (ours, reference) = (open(&path), open(&models.join(reference)));
        assert_eq!((ours.inputs(), ours.outputs()), (reference.inputs(), reference.outputs()), "{recipe}");
        Some(Self { ours, reference, media, _folder: folder })
    }

    /// Runs both on the same numbers.
    fn compare(&mut self, shape: &[usize], input: &[f32], gap: &mut Gap) {
        let read = |outputs: &[&[f32]]| Ok(outputs.iter().map(|o| o.to_vec()).collect::<Vec<_>>());
        let found = self.ours.run(shape, input, read).unwrap();
        let due = self.reference.run(shape, input, read).unwrap();
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), due.iter().map(Vec::len).collect::<Vec<_>>());
        gap.batches += 1;
        for (f, d) in found.iter().flatten().zip(due.iter().flatten()) {
            assert!(f.is_finite() && d.is_finite());
            gap.values += 1;
            gap.worst = gap.worst.max((f - d).abs());
            gap.largest = gap.largest.max(d.abs());
        }
    }

    /// Runs both on pictures of one size, as one batch.
    fn compare_pictures(&mut self, pixels: Pixels, pictures: &[RgbImage], gap: &mut Gap) {
        let size = pictures[0].size();
        let (height, width) = (size.height as usize, size.width as usize);
        let mut input = vec![0.0; pictures.len() * 3 * height * width];
        for (picture, plane) in pictures.iter().zip(input.chunks_exact_mut(3 * height * width)) {
            pixels.levels().fill(picture, size, plane).unwrap();
        }
        self.compare(&[pictures.len(), 3, height, width], &input, gap);
    }
}

/// A picture of the clip and the faces in it: corners and five points.
struct Frame {
    picture: RgbImage,
    faces: Vec<([f32; 4], [Point; 5])>,
}

#[expect(clippy::cast_possible_truncation, reason = "pixels need no more than f32")]
fn numbers<const N: usize>(value: &serde_json::Value) -> [f32; N] {
    std::array::from_fn(|i| value[i].as_f64().unwrap() as f32)
}

/// Decodes one picture in [`STEP`] and reads what the reference found in it.
fn frames(media: &Path) -> Option<Vec<Frame>> {
    let reference = folder("SCREENALYTICS_TEST_REFERENCE")?.join("friends_clip.scrfd_2.5g.640x384.jsonl");
    let lines = std::fs::read_to_string(reference).unwrap();
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(media.join("clips").join(CLIP));
    ffmpeg.args(["-vf", &format!("select=not(mod(n\\,{STEP}))"), "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
    let decoded = ffmpeg.output().unwrap();
    assert!(decoded.status.success(), "{decoded:?}");
    let pictures = decoded.stdout.chunks_exact((CLIP_SIZE.width * CLIP_SIZE.height * 3) as usize);
    let found = pictures.zip(lines.lines().skip(1).step_by(STEP)).map(|(data, line)| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let faces = line["dets"].as_array().unwrap().iter().map(|d| {
            let at: [f32; 10] = numbers(&d["kps"]);
            (numbers(&d["box"]), std::array::from_fn(|i| Point { x: at[2 * i], y: at[2 * i + 1] }))
        });
        let picture = RgbImage { width: CLIP_SIZE.width, height: CLIP_SIZE.height, data: data.to_vec() };
        Frame { picture, faces: faces.collect() }
    });
    let found: Vec<Frame> = found.collect();
    assert!(found.len() >= 10);
    Some(found)
}

/// Cuts the square around each face of each picture, `side` pixels wide.
fn squares(frames: &[Frame], side: u16) -> Vec<RgbImage> {
    let cut = |frame: &Frame, [x1, y1, x2, y2]: [f32; 4]| {
        let length = f64::from((x2 - x1).max(y2 - y1));
        let (cx, cy) = (f64::from(x1 + x2) / 2.0, f64::from(y1 + y2) / 2.0);
        let factor = length / f64::from(side);
        let map = Affine::scale(factor, factor).then(&Affine::translate(cx - length / 2.0, cy - length / 2.0));
        warp(&frame.picture, &map, Size { width: side.into(), height: side.into() })
    };
    let found: Vec<_> = frames.iter().flat_map(|f| f.faces.iter().map(move |(corners, _)| cut(f, *corners))).collect();
    assert!(found.len() >= 20);
    found
}

/// Scales a whole picture.
fn scaled(picture: &RgbImage, factor: f64) -> RgbImage {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides of pictures")]
    let side = |n: u32| (f64::from(n) * factor).round() as u32;
    let size = Size { width: side(picture.width), height: side(picture.height) };
    warp_edge(picture, &Affine::scale(1.0 / factor, 1.0 / factor), size)
}

/// The converter's promise: 1e-4 of the reference on real pictures.
fn assert_equal(name: &str, gap: &Gap) {
    println!("{name}: {gap:?}");
    assert!(gap.batches > 0 && gap.largest > 1e-2 && gap.worst <= 1e-4, "{name}: {gap:?}");
}

#[test]
fn mtcnn_finds_what_its_reference_finds_at_every_scale_of_real_frames() {
    let Some(mut pair) = Pair::open(Recipe::MtcnnPnet, "mtcnn_pnet.onnx") else { return };
    let Some(frames) = frames(&pair.media) else { return };
    let mut gap = Gap::default();
    for frame in &frames {
        for factor in [0.6, 0.31, 0.157, 0.051] {
            pair.compare_pictures(MTCNN, &[scaled(&frame.picture, factor)], &mut gap);
        }
    }
    assert_equal("mtcnn_pnet", &gap);
}

#[test]
fn mtcnn_refines_real_faces_as_its_reference_does() {
    for (recipe, reference, side) in [(Recipe::MtcnnRnet, "mtcnn_rnet.onnx", 24), (Recipe::MtcnnOnet, "mtcnn_onet.onnx", 48)] {
        let Some(mut pair) = Pair::open(recipe, reference) else { return };
        let Some(frames) = frames(&pair.media) else { return };
        let mut gap = Gap::default();
        pair.compare_pictures(MTCNN, &squares(&frames, side), &mut gap);
        assert_equal(reference, &gap);
    }
}

#[test]
fn the_dlib_embedder_gives_the_vectors_of_its_reference_for_real_faces() {
    let Some(mut pair) = Pair::open(Recipe::DlibFace, "dlib_face_128_u8.onnx") else { return };
    let Some(frames) = frames(&pair.media) else { return };
    let side = Size { width: 150, height: 150 };
    let aligned = template_map(super::TemplateName::Dlib150.points().0).unwrap();
    let mut gap = Gap::default();
    for frame in &frames {
        let maps = frame.faces.iter().filter_map(|(_, points)| canonical_map(points));
        let faces: Vec<_> = maps.map(|map| warp(&frame.picture, &aligned.then(&map), side)).collect();
        if !faces.is_empty() {
            pair.compare_pictures(DLIB, &faces, &mut gap);
        }
    }
    assert_equal("dlib_face", &gap);
}

#[test]
fn the_ssd_finds_what_its_reference_finds_in_real_frames() {
    let Some(mut pair) = Pair::open(Recipe::FaceapiSsd, "faceapi_ssd_mobilenetv1_u8.onnx") else { return };
    let Some(frames) = frames(&pair.media) else { return };
    let mut gap = Gap::default();
    for frame in &frames {
        let small = scaled(&frame.picture, 0.4);
        let square = warp(&small, &Affine::IDENTITY, Size { width: 512, height: 512 });
        pair.compare_pictures(SSD, &[square], &mut gap);
    }
    assert_equal("faceapi_ssd", &gap);
}

#[test]
fn landmarks_lie_where_their_reference_puts_them_in_real_faces() {
    let Some(mut pair) = Pair::open(Recipe::FaceapiLandmark68, "faceapi_landmark68_u8.onnx") else { return };
    let Some(frames) = frames(&pair.media) else { return };
    let mut gap = Gap::default();
    pair.compare_pictures(LANDMARKS, &squares(&frames, 112), &mut gap);
    assert_equal("faceapi_landmark68", &gap);
}

/// The samples of a 16-bit mono wave file, -1..=1.
fn sound(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap();
    let data = bytes.windows(4).position(|w| w == b"data").unwrap() + 8;
    bytes[data..].chunks_exact(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect()
}

/// The mel power of 400 samples at 16 kHz in 40 bands, as librosa and so Resemblyzer has it; slow and plain.
fn mel(window: &[f64]) -> Vec<f64> {
    let bins = (0..201_u32).map(|k| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, x) in (0_u32..).zip(window) {
            let hann = 0.5 - 0.5 * (std::f64::consts::TAU * f64::from(n) / 400.0).cos();
            let angle = std::f64::consts::TAU * f64::from(k * n) / 400.0;
            re += x * hann * angle.cos();
            im -= x * hann * angle.sin();
        }
        re * re + im * im
    });
    let bins: Vec<f64> = bins.collect();
    let steps = 6.4_f64.ln() / 27.0;
    let hz = |mel: f64| if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * ((mel - 15.0) * steps).exp() };
    let top = 15.0 + 8.0_f64.ln() / steps;
    let edge = |i: u32| hz(top * f64::from(i) / 41.0);
    let band = |i: u32| {
        let (low, mid, high) = (edge(i), edge(i + 1), edge(i + 2));
        let weight = |f: f64| ((f - low) / (mid - low)).min((high - f) / (high - mid)).max(0.0);
        let sum: f64 = (0_u32..).zip(&bins).map(|(k, power)| weight(f64::from(k) * 40.0) * power).sum();
        sum * 2.0 / (high - low)
    };
    (0..40).map(band).collect()
}

#[test]
fn the_speaker_encoder_gives_the_vectors_of_its_reference_for_real_speech() {
    let Some(mut pair) = Pair::open(Recipe::Ge2e, "ge2e_resemblyzer.onnx") else { return };
    let samples = sound(&pair.media.join("audio/jfk.wav"));
    let mels: Vec<Vec<f64>> = (0..320).map(|frame| mel(&samples[8000 + frame * 160..][..400])).collect();
    #[expect(clippy::cast_possible_truncation, reason = "the model takes f32")]
    let flat: Vec<f32> = mels.iter().flatten().map(|v| *v as f32).collect();
    let mut gap = Gap::default();
    pair.compare(&[2, 160, 40], &flat, &mut gap);
    pair.compare(&[1, 320, 40], &flat, &mut gap);
    assert_equal("ge2e", &gap);
}
