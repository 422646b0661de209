//! Compares the detectors of several networks with `tests/reference/cascade.py`, which follows their projects step by step,
//! and with the faces that SCRFD finds in whole clips.

use super::detector::default_params;
use super::tests_support::{clip_frames, folder, models, on, runtime};
use super::*;
use crate::algo::align::warp_edge;
use crate::domain::{Affine, BBox, Detection, RgbImage, Size};
use std::collections::BTreeMap;
use std::path::Path;

fn detector(id: &str, input: &str) -> Option<Box<dyn FaceDetector>> {
    let (dir, runtime) = (models()?, runtime()?);
    let registry = Registry::built_in().unwrap();
    let file = registry.resolve(&registry.scan(&dir).unwrap(), Task::Detect, id, &runtime).unwrap();
    let params = DetectParams { input: input.parse().unwrap(), ..default_params() };
    Some(build_detector(&file, &params, &on(runtime.cpu())).unwrap())
}

fn picture(path: &Path) -> RgbImage {
    let rgb = image::open(path).unwrap().into_rgb8();
    RgbImage { width: rgb.width(), height: rgb.height(), data: rgb.into_raw() }
}

fn find(detector: &mut dyn FaceDetector, image: &RgbImage) -> Vec<Detection> {
    let mut sample = |size: Size, map: &Affine| warp_edge(image, map, size);
    // One look, as the reference takes.
    let letterbox = detector.input(image.size());
    let faces = detector.detect(&sample(letterbox.scaled, &letterbox.to_picture()), &letterbox).unwrap();
    detector.refine(faces, image.size(), &mut sample).unwrap()
}

/// Returns each picture's faces of the reference: score, box, points.
fn reference(detector: &str) -> BTreeMap<String, Vec<Vec<f32>>> {
    let text = include_str!("../../tests/reference/cascade_faces.json");
    let mut all: BTreeMap<String, BTreeMap<String, Vec<Vec<f32>>>> = serde_json::from_str(text).unwrap();
    all.remove(detector).unwrap()
}

/// From this score on a face is found whatever JPEG decoder made the picture: two of them differ by a level here and there.
const SURE: f32 = 0.9;

/// Returns faces compared, and the largest distance of an edge of the box and of a point, in shares of the box's side.
fn compare(detector: &mut dyn FaceDetector, name: &str, media: &Path, ending: &str) -> (usize, f32, f32) {
    let least = if ending == "jpg" { SURE } else { 0.0 };
    let (mut faces, mut worst_box, mut worst_point) = (0, 0f32, 0f32);
    for (file, due) in reference(name).into_iter().filter(|(file, _)| file.ends_with(ending)) {
        let found = find(detector, &picture(&media.join(&file)));
        let sure = |scores: Vec<f32>| scores.into_iter().filter(|s| *s >= least).count();
        assert_eq!(sure(found.iter().map(|f| f.score).collect()), sure(due.iter().map(|d| d[0]).collect()), "{name} {file}");
        for due in due.into_iter().filter(|d| d[0] >= least) {
            let bbox = BBox::new(due[1], due[2], due[3], due[4]);
            let face = found.iter().max_by(|a, b| a.bbox.iou(&bbox).total_cmp(&b.bbox.iou(&bbox))).unwrap();
            let side = bbox.width().max(bbox.height());
            let corners = [face.bbox.x1, face.bbox.y1, face.bbox.x2, face.bbox.y2];
            let points = face.landmarks.unwrap().into_iter().flat_map(|p| [p.x, p.y]);
            let far = |found: &mut dyn Iterator<Item = f32>, due: &[f32]| {
                found.zip(due).map(|(f, d)| (f - d).abs() / side).fold(0.0, f32::max)
            };
            worst_box = worst_box.max(far(&mut corners.into_iter(), &due[1..5]));
            worst_point = worst_point.max(far(&mut points.into_iter(), &due[5..]));
            faces += 1;
        }
    }
    println!("{name} {ending}: {faces} faces, boxes within {worst_box:.5}, points within {worst_point:.5} of the box's side");
    (faces, worst_box, worst_point)
}

#[test]
fn mtcnn_finds_what_the_procedure_of_facenet_pytorch_finds() {
    // 2048: the pictures as they are.
    let (Some(mut detector), Some(media)) = (detector("mtcnn", "2048"), folder("SCREENALYTICS_TEST_MEDIA")) else { return };
    let (faces, worst_box, worst_point) = compare(detector.as_mut(), "mtcnn", &media, "png");
    // The reference has three decimals of a pixel, in faces of a few hundred.
    assert!(faces >= 6 && worst_box < 1e-4 && worst_point < 1e-4, "{faces} {worst_box} {worst_point}");
    let (faces, worst_box, worst_point) = compare(detector.as_mut(), "mtcnn", &media, "jpg");
    assert!(faces > 40 && worst_box < 0.03 && worst_point < 0.03, "{faces} {worst_box} {worst_point}");
}

#[test]
fn face_api_finds_boxes_and_five_points_as_its_reference_does() {
    let (Some(mut detector), Some(media)) = (detector("faceapi_ssd", "640"), folder("SCREENALYTICS_TEST_MEDIA")) else { return };
    for (ending, at_least) in [("png", 5), ("jpg", 30)] {
        let (faces, worst_box, worst_point) = compare(detector.as_mut(), "faceapi", &media, ending);
        // The crop is sampled by another rule than the reference's plain means, and its edges fall on whole pixels.
        assert!(faces >= at_least && worst_box < 0.01 && worst_point < 0.03, "{faces} {worst_box} {worst_point}");
    }
}

#[test]
fn mtcnn_finds_as_many_faces_of_real_clips_as_the_reference_does() {
    // Faces of SCRFD-2.5g's reference detections, those of them that have to be found, and boxes that may lie elsewhere.
    for (clip, reference, step, min_side, faces, due, elsewhere) in [
        ("friends_clip.mp4", "friends_clip.scrfd_2.5g.640x384.jsonl", 16, 0.0, 87, 73, 21),
        ("short_hamilton_clip.mp4", "short_hamilton_clip.scrfd_2.5g.640.jsonl", 9, 30.0, 72, 50, 21),
    ] {
        let Some(mut detector) = detector("mtcnn", "640") else { return };
        let (mut there, mut met, mut extra) = (0, 0, 0);
        let done = clip_frames(clip, reference, step, |frame, reference| {
            let found = find(detector.as_mut(), frame);
            let is_met = |face: &BBox| found.iter().any(|f| f.bbox.iou(face) >= 0.4);
            let large: Vec<BBox> = reference.iter().map(|d| d.0).filter(|b| b.width().min(b.height()) >= min_side).collect();
            there += large.len();
            met += large.iter().filter(|b| is_met(b)).count();
            extra += found.iter().filter(|f| reference.iter().all(|d| d.0.iou(&f.bbox) < 0.4)).count();
        });
        if done.is_none() {
            return;
        }
        println!("{clip}: {met} of {there} faces, {extra} boxes elsewhere");
        assert!(there == faces && met >= due && extra <= elsewhere, "{clip}: {met} of {there}, {extra} elsewhere");
    }
}
