//! What hardware would give: the same samples, laid out otherwise. Frames of that layout are made here in software.

use super::super::decoder::Engine;
use super::super::frame::FrameFacts;
use super::super::geometry::{Display, Orientation};
use super::super::nvdec::{self, Nvdec, fetch, is_same};
use super::super::planes::Layout;
use super::clips::{dir, make};
use super::*;
use crate::domain::{FrameTime, MediaTime};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

const CLIP: &str = "-f lavfi -i testsrc2=s=322x182:d=0.4 -vf noise=alls=20 -pix_fmt yuv420p -c:v libx264";

/// Decodes the first frames of a file.
fn frames(path: &Path) -> Vec<(Video, FrameFacts)> {
    let mut engine = Engine::open(path, 1, None).unwrap();
    std::iter::from_fn(|| engine.receive()).take(3).collect()
}

/// Lays a frame out as NVDEC does: Cb and Cr woven, rows of another length; samples of 10 bits at the top of their words.
fn as_hardware((frame, _): &(Video, FrameFacts), format: Pixel) -> (Video, FrameFacts) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let mut out = Video::new(format, frame.width(), frame.height());
    let (bytes, lift) = if format == Pixel::P010LE { (2, 6) } else { (1, 0) };
    let sample = |plane: usize, x: usize, y: usize| {
        let at = y * frame.stride(plane) + x * bytes;
        u16::from(frame.data(plane)[at]) | if bytes == 2 { u16::from(frame.data(plane)[at + 1]) << 8 } else { 0 }
    };
    let mut put = |plane: usize, x: usize, y: usize, value: u16| {
        let at = y * out.stride(plane) + x * bytes;
        let word = (value << lift).to_le_bytes();
        out.data_mut(plane)[at..at + bytes].copy_from_slice(&word[..bytes]);
    };
    for y in 0..height {
        for x in 0..width {
            put(0, x, y, sample(0, x, y));
        }
    }
    for y in 0..height.div_ceil(2) {
        for x in 0..width.div_ceil(2) {
            put(1, 2 * x, y, sample(1, x, y));
            put(1, 2 * x + 1, y, sample(2, x, y));
        }
    }
    // SAFETY: both frames are valid.
    #[expect(unsafe_code, reason = "the crate copies properties only with a format that it knows")]
    unsafe {
        assert!(ffmpeg_next::ffi::av_frame_copy_props(out.as_mut_ptr(), frame.as_ptr()) >= 0);
    }
    let facts = FrameFacts::of(&out);
    (out, facts)
}

fn picture((frame, facts): (Video, FrameFacts)) -> Picture {
    let display = Display::new(facts.size, 1.0, Orientation::UPRIGHT);
    Picture::new(frame, facts, Layout::of(facts.format), FrameTime { frame: 0, pts: MediaTime::ZERO }, display)
}

#[test]
fn a_frame_laid_out_as_hardware_does_is_the_same_until_one_sample_differs() {
    let dir = dir();
    for (name, more, format) in [("a.mp4", "", Pixel::NV12), ("b.mp4", " -pix_fmt yuv420p10le", Pixel::P010LE)] {
        let Some(path) = make(&dir, name, &format!("{CLIP}{more}")) else { return };
        for due in frames(&path) {
            let (mut frame, facts) = as_hardware(&due, format);
            assert!(is_same(&due, &(frame.clone(), facts)));
            let at = frame.stride(1) * 90 + 64;
            frame.data_mut(1)[at + 1] ^= 1;
            assert!(!is_same(&due, &(frame, facts)));
            let other = as_hardware(&due, format);
            assert!(!is_same(&due, &(other.0, FrameFacts { stamp: Some(-7), ..other.1 })));
        }
    }
}

#[test]
fn pictures_laid_out_as_hardware_does_give_the_same_bytes_at_every_size_and_turn() {
    let dir = dir();
    for (name, more, format) in [("a.mp4", "", Pixel::NV12), ("b.mp4", " -pix_fmt yuv420p10le", Pixel::P010LE)] {
        let Some(path) = make(&dir, name, &format!("{CLIP}{more}")) else { return };
        for due in frames(&path) {
            let found = picture(as_hardware(&due, format));
            let due = picture(due);
            assert_eq!(digest(&due), digest(&found));
            for (scale, turn) in [(1.0, 0.0), (0.7, 0.0), (4.3, 0.0), (0.9, 0.4)] {
                let (sin, cos) = f64::sin_cos(turn);
                let map = Affine { a: scale * cos, b: -scale * sin, tx: 11.3, c: scale * sin, d: scale * cos, ty: 5.1 };
                let out = Size { width: 112, height: 96 };
                assert_eq!(due.sample(out, &map).data, found.sample(out, &map).data, "{format:?} x{scale} turned {turn}");
            }
        }
    }
}

#[test]
fn without_a_gpu_the_reason_is_told_and_the_file_is_decoded_in_software() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mp4", CLIP) else { return };
    let auto = DecodeParams { hardware: Hardware::Auto, ..params() };
    let mut decoder = Decoder::open(&path, &auto).unwrap();
    match Nvdec::open() {
        Ok(_) => println!("this machine has a GPU: decoding on it: {}", decoder.is_on_gpu()),
        Err(reason) => {
            assert!(reason.starts_with("FFmpeg finds no CUDA device"), "{reason}");
            assert!(nvdec::for_file(&path).is_err() && !decoder.is_on_gpu());
        }
    }
    let of_auto: Vec<_> = all(&mut decoder).iter().map(digest).collect();
    assert_eq!(of_auto, all(&mut open(&path)).iter().map(digest).collect::<Vec<_>>());
}

#[test]
fn a_device_that_fails_is_left_for_software_and_no_picture_changes() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mp4", CLIP) else { return };
    let due: Vec<_> = all(&mut open(&path)).iter().map(digest).collect();
    let engine = Engine::open(&path, 2, Some(Nvdec::refused())).unwrap();
    let mut decoder = Decoder::of(engine, &params()).unwrap();
    let found: Vec<_> = all(&mut decoder).iter().map(digest).collect();
    assert!(!decoder.is_on_gpu(), "it goes on in software");
    assert_eq!(decoder.damage().packets + decoder.damage().frames, 0, "the file is whole");
    assert_eq!(found, due);
}

/// Run by `make gpu`; elsewhere there is nothing to hold against software.
#[test]
fn on_a_gpu_every_picture_is_the_one_of_software() {
    let dir = dir();
    for (name, more) in [("a.mp4", ""), ("b.mp4", " -bf 3 -g 12"), ("c.mp4", " -c:v libx265 -x265-params log-level=none")] {
        let Some(path) = make(&dir, name, &format!("{CLIP}{more}")) else { return };
        match nvdec::for_file(&path) {
            Ok(_) => {
                let mut decoder = Decoder::open(&path, &DecodeParams { hardware: Hardware::Auto, ..params() }).unwrap();
                let found: Vec<_> = all(&mut decoder).iter().map(digest).collect();
                assert!(decoder.is_on_gpu());
                assert_eq!(found, all(&mut open(&path)).iter().map(digest).collect::<Vec<_>>());
            }
            Err(reason) => println!("not tried: {reason}"),
        }
    }
}

#[test]
fn a_codec_with_tolerances_is_left_to_software() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mpg", "-f lavfi -i testsrc2=s=320x180:d=0.2 -c:v mpeg2video") else { return };
    let reason = nvdec::for_file(&path).unwrap_err();
    assert!(reason.contains("bit for bit"), "{reason}");
}

#[test]
fn a_frame_that_is_not_on_the_gpu_is_left_alone() {
    let frame = Video::new(Pixel::NV12, 4, 2);
    let memory = frame.data(0).as_ptr();
    let (same, from_gpu) = fetch(frame).unwrap();
    assert!(!from_gpu && same.data(0).as_ptr() == memory);
}
