//! The same faces, however the pictures are coded.

use super::support::{CHEAP, Manifest, Measured, User, ffmpeg, media, models, scratch};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Four seconds around a cut, as they come from the clip: a pair of people, then one of them. Cut at 2.16 s.
const PIECE: &str = "-ss 6 -t 4 -i -c:v libx264 -preset veryfast -crf 14 -bf 2 -c:a copy";

/// A coding of that piece.
struct Coding {
    name: &'static str,
    /// The file name, which says the container.
    file: &'static str,
    /// Words for ffmpeg that make it of the plain one.
    words: &'static str,
    /// Degrees by which the picture is turned clockwise when shown.
    turned: bool,
    /// Seconds that all times are later.
    later: f64,
}

const fn coding(name: &'static str, file: &'static str, words: &'static str) -> Coding {
    Coding { name, file, words, turned: false, later: 0.0 }
}

const CODINGS: [Coding; 8] = [
    Coding { turned: true, ..coding("rotated by its metadata", "rotated.mp4", "-i -c copy") },
    coding("interlaced", "interlaced.ts", "-i -c:v mpeg2video -q:v 2 -flags +ildct+ilme -top 1 -vf setfield=tff -f mpegts"),
    coding(
        "10 bits, HEVC",
        "deep.mkv",
        "-i -c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p10le -crf 16",
    ),
    coding("10 bits, H.264", "high10.mkv", "-i -c:v libx264 -preset veryfast -pix_fmt yuv420p10le -crf 14"),
    coding(
        "4:4:4, VP9",
        "vp9.webm",
        "-i -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 20 -b:v 0 -pix_fmt yuv444p -c:a libopus",
    ),
    coding(
        "variable rate",
        "variable.mkv",
        "-i -vf select=not(eq(mod(n\\,5)\\,3)) -vsync vfr -c:v libx264 -preset veryfast -crf 14",
    ),
    Coding { later: 1.7, ..coding("late first picture", "late.mkv", "-i -c copy -output_ts_offset 1.7") },
    coding("every picture a keyframe", "mjpeg.avi", "-i -c:v mjpeg -q:v 2 -c:a pcm_s16le"),
];

fn plain(dir: &Path) -> Option<PathBuf> {
    let (_, whole) = (models()?, media("talking_dev.mp4")?);
    let clip = dir.join("plain.mp4");
    ffmpeg(&whole, PIECE, &clip)?;
    Some(clip)
}

fn exported(video: &Path) -> (Measured, Manifest) {
    let user = User::new();
    let measured = user.measure(video, &[&CHEAP[..], &["--ep-id", "piece", "--stride", "1"]].concat());
    (measured, user.manifest("piece"))
}

/// Writes a display matrix into the first track header of an MP4 file; ffmpeg's own words for it changed with its versions.
fn turn(file: &Path, [a, b, c, d]: [i32; 4]) {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.windows(4).position(|w| w == b"tkhd").unwrap() + 4 + 40;
    for (i, v) in [a, b, 0, c, d].into_iter().enumerate() {
        bytes[at + i * 4..at + i * 4 + 4].copy_from_slice(&(v << 16).to_be_bytes());
    }
    fs::write(file, bytes).unwrap();
}

/// Time and middle of every tracked face.
fn faces(manifest: &Manifest) -> Vec<(f64, f64, f64)> {
    let number = |v: &Value| v.as_f64().unwrap();
    let middle = |b: &Value, i: usize| f64::midpoint(number(&b[i]), number(&b[i + 2]));
    let rows = manifest.rows("detections.jsonl");
    let tracked = rows.iter().filter(|row| row["track_id"].is_number());
    tracked.map(|row| (number(&row["pts_s"]), middle(&row["bbox_xyxy"], 0), middle(&row["bbox_xyxy"], 1))).collect()
}

/// Returns the share of the faces `due` at times that `found` has, to which a face lies within 6 px and 2 ms.
fn share_met(due: &[(f64, f64, f64)], found: &[(f64, f64, f64)]) -> f64 {
    let same_time = |a: f64, b: f64| (a - b).abs() < 0.002;
    let there: Vec<_> = due.iter().filter(|d| found.iter().any(|f| same_time(f.0, d.0))).collect();
    let met = there.iter().filter(|d| found.iter().any(|f| same_time(f.0, d.0) && (f.1 - d.1).hypot(f.2 - d.2) <= 6.0));
    met.count() as f64 / there.len().max(1) as f64
}

#[test]
fn the_same_faces_are_found_in_every_coding() {
    let dir = scratch();
    let Some(clip) = plain(dir.path()) else { return };
    let (measured, due) = exported(&clip);
    let due_faces = faces(&due);
    assert!(measured.count("shots") == 2 && due_faces.len() >= 140, "{} faces", due_faces.len());
    let cut = due.rows("shots.jsonl")[1]["start_s"].as_f64().unwrap();
    for coding in CODINGS {
        let name = coding.name;
        let file = dir.path().join(coding.file);
        let Some(()) = ffmpeg(&clip, coding.words, &file) else { return };
        if coding.turned {
            turn(&file, [0, 1, -1, 0]);
        }
        let (measured, found) = exported(&file);
        let run: Value = serde_json::from_slice(&found.bytes("run.json")).unwrap();
        let (width, height) = (run["width"].as_f64().unwrap(), run["height"].as_f64().unwrap());
        assert_eq!((width, height), if coding.turned { (360.0, 640.0) } else { (640.0, 360.0) }, "{name}");
        let first = run["first_pts_s"].as_f64().unwrap();
        // Containers may begin elsewhere than at 0: times are compared from the first picture on.
        assert!(coding.later <= 0.0 || (first - coding.later).abs() < 0.05, "{name}: the first picture is at {first}");
        let back = |(t, x, y): (f64, f64, f64)| if coding.turned { (t - first, y, width - x) } else { (t - first, x, y) };
        let faces: Vec<_> = faces(&found).into_iter().map(back).collect();
        let (met, true_ones) =
            if coding.turned { (0.0, 0.0) } else { (share_met(&due_faces, &faces), share_met(&faces, &due_faces)) };
        println!("{name}: {} pictures, {} faces, met {met:.3} and {true_ones:.3}", measured.count("frames"), faces.len());
        if coding.turned {
            // Lying faces are not what the detector was made for: that the picture is turned is what counts.
            continue;
        }
        assert!(met >= 0.97 && true_ones >= 0.97, "{name}: {met:.3} of the faces are met, {true_ones:.3} are true");
        let shots = found.rows("shots.jsonl");
        assert_eq!(shots.len(), 2, "{name}: {shots:?}");
        let here = shots[1]["start_s"].as_f64().unwrap() - first;
        assert!((here - cut).abs() < 0.09, "{name}: cut at {here}, not at {cut}");
    }
}

#[test]
fn a_picture_stored_lying_and_shown_upright_gives_the_same_faces() {
    let dir = scratch();
    let Some(clip) = plain(dir.path()) else { return };
    let due = faces(&exported(&clip).1);
    let (lying, shown) = (dir.path().join("lying.mp4"), dir.path().join("shown.mp4"));
    // Turned when stored, and turned back by its metadata.
    let Some(()) = ffmpeg(&clip, "-i -vf transpose=1 -c:v libx264 -preset veryfast -crf 14 -c:a copy", &lying) else { return };
    fs::copy(&lying, &shown).unwrap();
    turn(&shown, [0, -1, 1, 0]);
    let (_, found) = exported(&shown);
    let run: Value = serde_json::from_slice(&found.bytes("run.json")).unwrap();
    assert_eq!((run["width"].as_u64(), run["height"].as_u64()), (Some(640), Some(360)), "{run}");
    let found = faces(&found);
    assert!(share_met(&due, &found) >= 0.97 && share_met(&found, &due) >= 0.97);
}

#[test]
fn a_stream_cut_anywhere_is_measured_as_far_as_it_goes() {
    let dir = scratch();
    let Some(clip) = plain(dir.path()) else { return };
    let due = faces(&exported(&clip).1);
    let stream = dir.path().join("whole.ts");
    let Some(()) = ffmpeg(&clip, "-i -c copy -f mpegts", &stream) else { return };
    let bytes = fs::read(&stream).unwrap();
    for at in [bytes.len() * 7 / 10 + 31, bytes.len() / 2 + 77] {
        let cut = dir.path().join("cut.ts");
        fs::write(&cut, &bytes[..at]).unwrap();
        let (measured, found) = exported(&cut);
        let run: Value = serde_json::from_slice(&found.bytes("run.json")).unwrap();
        let first = run["first_pts_s"].as_f64().unwrap();
        let found: Vec<_> = faces(&found).into_iter().map(|(t, x, y)| (t - first, x, y)).collect();
        println!("{at} of {} bytes: {} pictures, {} faces", bytes.len(), measured.count("frames"), found.len());
        assert!((25..100).contains(&measured.count("frames")));
        let seen = found.iter().map(|f| f.0).fold(0.0, f64::max);
        let before: Vec<_> = due.iter().copied().filter(|d| d.0 < seen - 0.2).collect();
        assert!(share_met(&before, &found) >= 0.97, "{} of {}", found.len(), before.len());
    }
}

#[test]
fn a_file_cut_short_is_measured_as_far_as_it_goes() {
    let dir = scratch();
    let Some(clip) = plain(dir.path()) else { return };
    let fast = dir.path().join("fast.mp4");
    let Some(()) = ffmpeg(&clip, "-i -c copy -movflags +faststart", &fast) else { return };
    let bytes = fs::read(&fast).unwrap();
    let half = dir.path().join("half.mp4");
    fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    let user = User::new();
    let ended = user.run(["run".as_ref(), half.as_os_str()].into_iter().chain(CHEAP.map(AsRef::as_ref))).ok();
    assert!(ended.stdout.contains("damage   1 packet could not be read"), "{ended}");
    assert!(ended.stdout.contains("s at the end, which the file promises"), "{ended}");
    let state = user.json(["status", "half", "--json"]);
    let (frames, seconds) = (state["run"]["counts"]["frames"].as_u64().unwrap(), state["duration_s"].as_f64().unwrap());
    assert!((20..90).contains(&frames) && seconds < 3.8, "{frames} pictures, {seconds} s");
    user.assert_healthy("after half a file");
}
