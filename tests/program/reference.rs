//! Detections on this program's own decoder against those of an independent decoder and detector.

use super::support::{folder, json_lines, models, runtime};
use screenalytics::config::Layers;
use screenalytics::domain::{BBox, Detection, MediaTime, Point};
use screenalytics::infer::{DetectParams, Registry, SessionOptions, Task, build_detector};
use screenalytics::media::Decoder;
use serde_json::Value;
use std::fs;

/// A detection of the reference.
struct Due {
    bbox: BBox,
    points: Vec<Point>,
}

/// Counts faces of the reference, and those met.
#[derive(Debug, Default)]
struct Agreement {
    due: usize,
    /// At IoU 0.9.
    boxes: usize,
    /// Of these, with all points within 1.5 px or 2 % of the box.
    points: usize,
}

impl Agreement {
    fn add(&mut self, due: &Due, found: &[Detection]) {
        self.due += 1;
        let best = found.iter().max_by(|a, b| a.bbox.iou(&due.bbox).total_cmp(&b.bbox.iou(&due.bbox)));
        let Some(face) = best.filter(|face| face.bbox.iou(&due.bbox) >= 0.9) else { return };
        self.boxes += 1;
        let allowed = (0.02 * due.bbox.width().max(due.bbox.height())).max(1.5);
        let landmarks = face.landmarks.unwrap();
        self.points += usize::from(due.points.iter().zip(landmarks).all(|(p, q)| p.distance(q) <= allowed));
    }

    /// Returns whether 99 % of the faces have both box and points.
    fn holds(&self) -> bool {
        self.due > 20 && self.points * 100 >= self.due * 99
    }
}

#[expect(clippy::cast_possible_truncation, reason = "pixels need no more than f32")]
fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn face(row: &Value) -> Due {
    let (b, k) = (floats(&row["box"]), floats(&row["kps"]));
    let points = k.chunks(2).map(|p| Point { x: p[0], y: p[1] }).collect();
    Due { bbox: BBox::new(b[0], b[1], b[2], b[3]), points }
}

/// Decodes a clip, holds number and time of every picture against the reference, and detects on every `step`-th.
///
/// Where the clip tells its colour matrix, the pictures are the same bytes and all faces agree. The crowd's clip tells none: we
/// take BT.709, the reference took BT.601, and a few faces at the threshold fall either way.
fn compare(reference: &str, step: u64) {
    let (Some(references), Some(media), Some(models), Some(runtime)) =
        (folder("SCREENALYTICS_TEST_REFERENCE"), folder("SCREENALYTICS_TEST_MEDIA"), models(), runtime())
    else {
        return;
    };
    let mut lines = json_lines(&fs::read_to_string(references.join(reference)).unwrap()).into_iter();
    let settings = lines.next().unwrap();
    let text = |key: &str| settings[key].as_str().unwrap().to_owned();
    let number = |key: &str| floats(&Value::Array(vec![settings[key].clone()]))[0];

    let defaults = Layers::defaults().settings().unwrap();
    let params = DetectParams {
        input: format!("{}x{}", settings["input"][0], settings["input"][1]).parse().unwrap(),
        score: number("threshold"),
        nms_iou: number("nms_iou"),
        ..defaults.detect
    };
    let registry = Registry::built_in().unwrap();
    let model = models.join(text("model")).to_string_lossy().into_owned();
    let file = registry.resolve(&registry.scan(&models).unwrap(), Task::Detect, &model, &runtime).unwrap();
    let mut detector = build_detector(&file, &params, &SessionOptions { intra_threads: 1, device: runtime.cpu() }).unwrap();

    let mut decoder = Decoder::open(&media.join("clips").join(text("video")), &defaults.decode).unwrap();
    let (num, den) = decoder.info().time_base;
    assert_eq!(text("time_base"), format!("{num}/{den}"));
    let (mut all, mut found) = (Agreement::default(), 0);
    for line in lines {
        let picture = decoder.next().unwrap().unwrap();
        assert_eq!(line["frame"], picture.at().frame);
        assert_eq!(picture.at().pts, MediaTime::from_ticks(line["pts_ticks"].as_i64().unwrap(), num, den));
        if picture.at().frame.is_multiple_of(step) {
            let letterbox = detector.input(picture.size());
            let faces = detector.detect(&picture.sample(letterbox.scaled, &letterbox.to_picture()), &letterbox).unwrap();
            found += faces.len();
            for due in line["dets"].as_array().unwrap().iter().map(face) {
                all.add(&due, &faces);
            }
        }
    }
    assert!(decoder.next().unwrap().is_none(), "the reference ends earlier");

    println!("{reference}: {all:?}, found {found}");
    assert!(all.holds(), "{all:?}");
    assert!(found.abs_diff(all.due) * 100 <= all.due, "{found} found: {all:?}");
}

/// Every picture with `SCREENALYTICS_TEST_ALL=1`.
fn step(usual: u64) -> u64 {
    if std::env::var_os("SCREENALYTICS_TEST_ALL").is_some() { 1 } else { usual }
}

#[test]
fn faces_of_the_sitcom_equal_the_reference() {
    compare("friends_clip.scrfd_2.5g.640x384.jsonl", step(6));
}

#[test]
fn faces_of_the_stage_talk_equal_the_reference() {
    compare("short_hamilton_clip.scrfd_2.5g.640.jsonl", step(3));
    compare("short_hamilton_clip.scrfd_500m.640.jsonl", step(2));
}

#[test]
fn faces_of_the_crowd_equal_the_reference() {
    compare("facenet_video.scrfd_2.5g.640.jsonl", step(4));
    compare("facenet_video.scrfd_500m.640.jsonl", step(2));
}
