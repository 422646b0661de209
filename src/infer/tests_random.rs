//! Families whose weights are not at hand: networks of the same inputs and outputs with random weights, and everything
//! before and after them done once more in the plainest way.

use super::detector::default_params;
use super::session::Model;
use super::tests_support::{on, runtime};
use super::*;
use crate::convert::graph::{GraphBuilder, Tensor, Value};
use crate::domain::{BBox, Detection, Embedding, Point, RgbImage, Size};
use std::path::Path;

/// Numbers that look random and are the same every time.
struct Noise(u64);

impl Noise {
    /// Returns a number of `-1..1`.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn byte(&mut self) -> u8 {
        self.next();
        self.0.to_be_bytes()[0]
    }

    /// Returns weights `[sizes.len(), inputs, side, side]`, those of output channel `i` up to `sizes[i]`.
    fn weights(&mut self, sizes: &[f32], inputs: usize, side: usize) -> Tensor {
        let values: Vec<f32> = sizes.iter().flat_map(|s| vec![*s; inputs * side * side]).map(|s| s * self.next()).collect();
        Tensor::f32(&[sizes.len(), inputs, side, side], &values).unwrap()
    }

    /// Returns a picture of blocks in random colours.
    fn picture(&mut self, size: Size, block: u32) -> RgbImage {
        let across = size.width.div_ceil(block);
        let blocks: Vec<[u8; 3]> =
            (0..across * size.height.div_ceil(block)).map(|_| [self.byte(), self.byte(), self.byte()]).collect();
        let mut image = RgbImage::black(size);
        for (i, rgb) in (0u32..).zip(image.data.chunks_exact_mut(3)) {
            let (x, y) = (i % size.width, i / size.width);
            rgb.copy_from_slice(&blocks[(y / block * across + x / block) as usize]);
        }
        image
    }
}

/// Adds what a cell of `stride` pixels says: its mean colour through random weights, never negative.
fn head(graph: &mut GraphBuilder, noise: &mut Noise, input: Value, stride: i64, sizes: &[f32]) -> Value {
    let pool = [("kernel_shape", [stride, stride].into()), ("strides", [stride, stride].into())];
    let pooled = graph.node("AveragePool", &[input], &pool);
    let weights = graph.constant(&format!("weights_{stride}_{}", sizes.len()), noise.weights(sizes, 3, 1));
    let mixed = graph.node("Conv", &[pooled, weights], &[]);
    graph.node("Abs", &[mixed], &[])
}

/// What a family's model looks like from outside.
fn shape_only(family: &str, task: Task) -> ModelEntry {
    let registry = Registry::built_in().unwrap();
    let any = registry.entries().iter().find(|e| e.task == task && can_run(e)).unwrap().clone();
    ModelEntry { family: family.into(), pixels: None, thresholds: None, ..any }
}

fn save(dir: &Path, graph: GraphBuilder) -> std::path::PathBuf {
    let path = dir.join("random.onnx");
    std::fs::write(&path, graph.finish()).unwrap();
    path
}

/// Runs a model on planes that the test has made itself.
fn raw(path: &Path, runtime: &Runtime, shape: [usize; 4], planes: &[f32]) -> Vec<Vec<f32>> {
    let mut model = Model::open(path, &on(runtime.cpu())).unwrap();
    model.run(&shape, planes, |outputs| Ok(outputs.iter().map(|o| o.to_vec()).collect())).unwrap()
}

/// Greedy suppression over every pair.
fn surest(mut faces: Vec<Detection>, most: f32) -> Vec<Detection> {
    let mut kept: Vec<Detection> = Vec::new();
    while let Some(best) = (0..faces.len()).max_by(|a, b| faces[*a].score.total_cmp(&faces[*b].score)) {
        let face = faces.remove(best);
        let (a, mut apart) = (face.bbox, true);
        for other in &kept {
            let b = other.bbox;
            let w = (a.x2.min(b.x2) - a.x1.max(b.x1)).max(0.0);
            let h = (a.y2.min(b.y2) - a.y1.max(b.y1)).max(0.0);
            let area = |b: BBox| (b.x2 - b.x1) * (b.y2 - b.y1);
            apart &= w * h / (area(a) + area(b) - w * h) <= most;
        }
        if apart {
            kept.push(face);
        }
    }
    kept
}

fn assert_same(found: &[Detection], due: &[Detection]) {
    assert!(due.len() > 5, "{} faces prove little", due.len());
    assert_eq!(found.len(), due.len());
    for (f, d) in found.iter().zip(due) {
        let numbers = |d: &Detection| {
            let mut all = vec![d.score, d.bbox.x1, d.bbox.y1, d.bbox.x2, d.bbox.y2];
            all.extend(d.landmarks.unwrap().iter().flat_map(|p| [p.x, p.y]));
            all
        };
        for (f, d) in numbers(f).into_iter().zip(numbers(d)) {
            // Pixels of up to 1000 in f32, through a map and back.
            assert!((f - d).abs() < 2e-3, "{f} {d}");
        }
    }
}

#[test]
fn yolov8_face_is_letterboxed_in_grey_and_decoded_in_both_layouts() {
    let Some(runtime) = runtime() else { return };
    for (is_transposed, is_fixed) in [(false, true), (true, true), (false, false)] {
        let mut noise = Noise(5);
        let mut graph = GraphBuilder::new("yolov8-face", 13);
        let sides = if is_fixed { [640, 640] } else { [-1, -1] };
        let input = graph.input("images", &[1, 3, sides[0], sides[1]]);
        let mut sizes = [400.0; 20];
        sizes[2] = 90.0;
        sizes[3] = 90.0;
        sizes[4] = 0.9;
        let flat = graph.constant("flat", Tensor::list(&[1, 20, -1]));
        let levels = [8, 16, 32].map(|stride| {
            let map = head(&mut graph, &mut noise, input, stride, &sizes);
            graph.node("Reshape", &[map, flat], &[])
        });
        let mut all = graph.node("Concat", &levels, &[("axis", 2.into())]);
        let n = if is_fixed { 8400 } else { -1 };
        let mut shape = [1, 20, n];
        if is_transposed {
            all = graph.node("Transpose", &[all], &[("perm", [0, 2, 1].into())]);
            shape = [1, n, 20];
        }
        graph.output("output0", all, &shape);
        let dir = tempfile::tempdir().unwrap();
        let path = save(dir.path(), graph);

        let picture = Size { width: 1000, height: 500 };
        let registry = Registry::built_in().unwrap();
        let found = registry.scan(dir.path()).unwrap();
        let file = registry.resolve(&found, Task::Detect, "random", &runtime).unwrap();
        assert_eq!((file.entry.family.as_str(), file.recognised), ("yolov8-face", Recognised::ByShape));
        let mut detector = build_detector(&file, &default_params(), &on(runtime.cpu())).unwrap();
        let letterbox = detector.input(picture);
        // 1000x500 fills 640x320; a free input has 640x320 too, a fixed one 160 rows of grey above and below.
        let (height, above) = if is_fixed { (640, 160) } else { (320, 0) };
        assert_eq!(letterbox.scaled, Size { width: 640, height: 320 });
        let scaled = noise.picture(letterbox.scaled, 13);
        let found = detector.detect(&scaled, &letterbox).unwrap();

        let mut planes = vec![114.0 / 255.0; 3 * height * 640];
        for y in 0..320 {
            for x in 0..640 {
                for c in 0..3 {
                    planes[(c * height + above + y) * 640 + x] = f32::from(scaled.data[(y * 640 + x) * 3 + c]) / 255.0;
                }
            }
        }
        let output = raw(&path, &runtime, [1, 3, height, 640], &planes).remove(0);
        let n = output.len() / 20;
        let value = |i: usize, k: usize| if is_transposed { output[i * 20 + k] } else { output[k * n + i] };
        let back = |x: f32, y: f32| Point { x: x * 1000.0 / 640.0, y: (y - above as f32) * 500.0 / 320.0 };
        let mut due = Vec::new();
        for i in (0..n).filter(|i| value(*i, 4) >= 0.5) {
            let (x, y, w, h) = (value(i, 0), value(i, 1), value(i, 2), value(i, 3));
            let (from, to) = (back(x - w / 2.0, y - h / 2.0), back(x + w / 2.0, y + h / 2.0));
            let landmarks = Some(std::array::from_fn(|p| back(value(i, 5 + 3 * p), value(i, 6 + 3 * p))));
            due.push(Detection { bbox: BBox::new(from.x, from.y, to.x, to.y), landmarks, score: value(i, 4) });
        }
        assert_same(&found, &surest(due, 0.45));
    }
}

#[test]
fn retinaface_of_insightface_is_decoded_from_its_nine_maps() {
    let Some(runtime) = runtime() else { return };
    let mut noise = Noise(11);
    let mut graph = GraphBuilder::new("R50", 13);
    let input = graph.input("data", &[1, 3, -1, -1]);
    for stride in [32, 16, 8] {
        for (name, sizes) in [("cls_prob", vec![0.004; 4]), ("bbox_pred", vec![0.002; 8]), ("landmark_pred", vec![0.002; 20])] {
            let map = head(&mut graph, &mut noise, input, stride, &sizes);
            graph.output(&format!("face_rpn_{name}_stride{stride}"), map, &[1, sizes.len().try_into().unwrap(), -1, -1]);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), graph);
    let registry = Registry::built_in().unwrap();
    let file = registry.resolve(&registry.scan(dir.path()).unwrap(), Task::Detect, "random", &runtime).unwrap();
    assert_eq!(file.entry.family, "retinaface-insightface");
    let mut detector = build_detector(&file, &default_params(), &on(runtime.cpu())).unwrap();
    let picture = Size { width: 1280, height: 720 };
    let letterbox = detector.input(picture);
    assert_eq!((letterbox.scaled.height, letterbox.input.height), (360, 384));
    let scaled = noise.picture(letterbox.scaled, 13);
    let found = detector.detect(&scaled, &letterbox).unwrap();

    let mut planes = vec![0.0; 3 * 384 * 640];
    for y in 0..360 {
        for x in 0..640 {
            for c in 0..3 {
                planes[(c * 384 + y) * 640 + x] = f32::from(scaled.data[(y * 640 + x) * 3 + c]);
            }
        }
    }
    let maps = raw(&path, &runtime, [1, 3, 384, 640], &planes);
    let mut due = Vec::new();
    for (level, stride, anchors) in [(0, 32, [512.0, 256.0]), (1, 16, [128.0, 64.0]), (2, 8, [32.0, 16.0])] {
        let (rows, columns) = (384 / stride, 640 / stride);
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            for (a, side) in anchors.into_iter().enumerate() {
                let at = |map: usize, channel: usize| maps[3 * level + map][(channel * rows + y) * columns + x];
                let score = at(0, 2 + a);
                if score < 0.8 {
                    continue;
                }
                // Anchors as InsightFace makes them: x1 and y1 of a `side` pixels long square about (7.5, 7.5), moved by strides.
                let (left, top) =
                    ((x * stride) as f32 + 7.5 - (side - 1.0) / 2.0, (y * stride) as f32 + 7.5 - (side - 1.0) / 2.0);
                let (cx, cy) = (left + 0.5 * (side - 1.0), top + 0.5 * (side - 1.0));
                let (px, py) = (at(1, 4 * a) * side + cx, at(1, 4 * a + 1) * side + cy);
                let (pw, ph) = (at(1, 4 * a + 2).exp() * side, at(1, 4 * a + 3).exp() * side);
                let corner = |x: f32, y: f32| Point { x: x * 2.0, y: y * 2.0 };
                let from = corner(px - 0.5 * (pw - 1.0), py - 0.5 * (ph - 1.0));
                let to = corner(px + 0.5 * (pw - 1.0), py + 0.5 * (ph - 1.0));
                let landmarks = Some(std::array::from_fn(|p| {
                    corner(at(2, 10 * a + 2 * p) * side + cx, at(2, 10 * a + 2 * p + 1) * side + cy)
                }));
                due.push(Detection { bbox: BBox::new(from.x, from.y, to.x, to.y), landmarks, score });
            }
        }
    }
    assert_same(&found, &surest(due, 0.4));
}

#[test]
fn arcface_and_sface_get_the_template_and_the_pixels_they_were_trained_on() {
    let Some(runtime) = runtime() else { return };
    // OpenCV's FaceRecognizerSF hands the network R, G, B of 0..255; InsightFace's (AuraFace's) recogniser has -1..1.
    for (family, name, dim, mean, divide) in [("sface", "data", 128, 0.0, 1.0), ("arcface", "input.1", 512, 127.5, 127.5)] {
        let mut noise = Noise(23);
        let mut graph = GraphBuilder::new(family, 13);
        let input = graph.input(name, &[1, 3, 112, 112]);
        let pool = [("kernel_shape", [8, 8].into()), ("strides", [8, 8].into())];
        let pooled = graph.node("AveragePool", &[input], &pool);
        let weights = graph.constant("weights", noise.weights(&vec![0.01; dim], 3, 14));
        let mixed = graph.node("Conv", &[pooled, weights], &[]);
        let flat = graph.node("Flatten", &[mixed], &[]);
        graph.output("fc1", flat, &[1, dim.try_into().unwrap()]);
        let dir = tempfile::tempdir().unwrap();
        let path = save(dir.path(), graph);
        let pixels = Some(Pixels { planes: Planes::Rgb, mean: [mean; 3], divide });
        let entry = ModelEntry { pixels, template: Some(TemplateName::ArcFace112), ..shape_only(family, Task::Embed) };
        let digest = entry.sha256.clone();
        let file = ModelFile { path: path.clone(), parts: Vec::new(), entry, digest, recognised: Recognised::ByContent };
        let crop = noise.picture(Size { width: 160, height: 160 }, 5);
        let mut embedder = build_embedder(&file, &embedder::default_params(), &on(runtime.cpu())).unwrap();
        let found = embedder.embed(std::slice::from_ref(&crop)).unwrap().remove(0);

        // The canonical crop is the template with a margin of 8 of its pixels, 1.25 times as large.
        let level = |x: usize, y: usize, c: usize| f32::from(crop.data[(y * 160 + x) * 3 + c]);
        let mut planes = Vec::new();
        for c in 0..3 {
            for (y, x) in (0..112u8).flat_map(|y| (0..112u8).map(move |x| (y, x))) {
                let (u, v) = ((f32::from(x) + 8.5) * 1.25 - 0.5, (f32::from(y) + 8.5) * 1.25 - 0.5);
                let (fx, fy) = (u.fract(), v.fract());
                let (left, top) = (usize::from(x) + 8 + usize::from(x + 8) / 4, usize::from(y) + 8 + usize::from(y + 8) / 4);
                let (left, top) = (left.min(158), top.min(158));
                let near = |x: usize| level(x, top, c) * (1.0 - fy) + level(x, top + 1, c) * fy;
                planes.push((near(left) * (1.0 - fx) + near(left + 1) * fx - mean) / divide);
            }
        }
        let due = Embedding::from_raw(raw(&path, &runtime, [1, 3, 112, 112], &planes).remove(0)).unwrap();
        let cosine = due.cosine(&found).unwrap();
        // The crop is rounded to whole levels on its way.
        assert!(cosine > 0.999_9, "{family} {cosine}");

        // Blue in place of red is another picture: the test can tell the orders apart.
        let mut swapped = crop.clone();
        swapped.data.chunks_exact_mut(3).for_each(|p| p.swap(0, 2));
        assert!(embedder.embed(&[swapped]).unwrap()[0].cosine(&due).unwrap() < 0.99, "{family}");
    }
}

#[test]
fn an_embedder_that_could_be_two_families_is_refused_and_not_guessed() {
    let Some(runtime) = runtime() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut graph = GraphBuilder::new("either", 13);
    let input = graph.input("data", &[1, 3, 112, 112]);
    let weights = graph.constant("weights", Noise(1).weights(&[0.1; 128], 3, 112));
    let mixed = graph.node("Conv", &[input, weights], &[]);
    let flat = graph.node("Flatten", &[mixed], &[]);
    graph.output("fc1", flat, &[1, 128]);
    save(dir.path(), graph);
    let registry = Registry::built_in().unwrap();
    let refused = registry.resolve(&registry.scan(dir.path()).unwrap(), Task::Embed, "random", &runtime).unwrap_err();
    assert!(matches!(&refused, InferError::Unrecognised { reason, .. } if reason.contains("SFace")), "{refused}");
}
