//! What the tests of this module need from outside: onnxruntime, models, media.

use super::{Device, ModelFile, Prefer, Registry, Runtime, Search, SessionOptions, Task, load};
use crate::domain::{BBox, Point, RgbImage, Size};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Returns the folder that an environment variable names, or says that the test is skipped.
pub(super) fn folder(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: {variable} not set");
    }
    found
}

pub(super) fn models() -> Option<PathBuf> {
    folder("SCREENALYTICS_MODELS")
}

/// Returns the user's data folder, where `setup` installs.
pub(super) fn data_dir() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share")))?;
    Some(data.join("screenalytics"))
}

/// Returns the library, where one is named or installed.
pub(super) fn runtime() -> Option<Runtime> {
    match load(&Search::from_env(None, data_dir()?, Prefer::Cpu)) {
        Ok(runtime) => Some(runtime),
        Err(e) => {
            eprintln!("skipped: {e}");
            None
        }
    }
}

pub(super) fn library() -> Option<PathBuf> {
    runtime().map(|r| r.path().to_path_buf()).filter(|p| p.is_file())
}

pub(super) fn on(device: Device) -> SessionOptions {
    SessionOptions { intra_threads: 1, device }
}

/// Box and points of a reference face.
pub(super) type DueFace = (BBox, [Point; 5]);

/// Shows every `step`-th frame of a clip with the faces that its reference detections have there; `None` where something is
/// not at hand.
pub(super) fn clip_frames(clip: &str, reference: &str, step: usize, mut show: impl FnMut(&RgbImage, &[DueFace])) -> Option<()> {
    let (media, references) = (folder("SCREENALYTICS_TEST_MEDIA")?, folder("SCREENALYTICS_TEST_REFERENCE")?);
    let lines = std::fs::read_to_string(references.join(reference)).unwrap();
    let lines: Vec<serde_json::Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let side = |key: &str| u32::try_from(lines[0][key].as_u64().unwrap()).unwrap();
    let size = Size { width: side("width"), height: side("height") };
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(media.join("clips").join(clip));
    ffmpeg.args(["-vsync", "0", "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]).stdout(Stdio::piped());
    let Ok(mut decode) = ffmpeg.spawn() else {
        eprintln!("skipped: no ffmpeg");
        return None;
    };
    let mut pipe = decode.stdout.take().unwrap();
    for (i, line) in lines[1..].iter().enumerate() {
        let mut frame = RgbImage::black(size);
        pipe.read_exact(&mut frame.data).unwrap();
        if i % step != 0 {
            continue;
        }
        frame.data.chunks_exact_mut(3).for_each(|p| p.swap(0, 2));
        let due: Vec<_> = line["dets"].as_array().unwrap().iter().map(|d| due_face(&d["box"], &d["kps"])).collect();
        show(&frame, &due);
    }
    drop(pipe);
    decode.wait().unwrap();
    Some(())
}

#[expect(clippy::cast_possible_truncation, reason = "pixels need no more than f32")]
fn due_face(bbox: &serde_json::Value, points: &serde_json::Value) -> DueFace {
    let floats = |v: &serde_json::Value| v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect::<Vec<_>>();
    let (b, k) = (floats(bbox), floats(points));
    (BBox::new(b[0], b[1], b[2], b[3]), std::array::from_fn(|i| Point { x: k[2 * i], y: k[2 * i + 1] }))
}

/// Returns a model for sound by its id: from the folder of models, the user's, or the sources of the crate that brings it.
pub(super) fn listener(id: &str) -> Option<ModelFile> {
    let sources = || {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".cargo")))?;
        let indices = std::fs::read_dir(home.join("registry/src")).ok()?;
        indices.flatten().map(|index| index.path().join("diarization-0.1.0/models")).find(|dir| dir.is_dir())
    };
    let dirs = [models(), data_dir().map(|dir| dir.join("models")), sources()];
    let registry = Registry::built_in().unwrap();
    let found =
        dirs.into_iter().flatten().find_map(|dir| registry.chosen(&registry.scan(&dir).unwrap(), Task::Listen, id).cloned());
    if found.is_none() {
        eprintln!("skipped: no model {id}");
    }
    found
}

/// Returns the sound of a test clip of 16-bit mono, `-1..=1`.
pub(super) fn sound(name: &str) -> Option<Vec<f32>> {
    let bytes = std::fs::read(folder("SCREENALYTICS_TEST_MEDIA")?.join("audio").join(name)).unwrap();
    let data = bytes.windows(4).position(|w| w == b"data").unwrap() + 8;
    Some(bytes[data..].chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0).collect())
}
