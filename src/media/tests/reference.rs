//! Numbers and times against an independent decode.

use super::clips::{by_program, folder};
use super::{all, difference, first, open, rgb};
use crate::domain::MediaTime;
use std::fs;

#[test]
fn frame_numbers_and_times_equal_the_reference() {
    let Some(media) = folder("SCREENALYTICS_TEST_MEDIA") else { return };
    let Some(reference) = folder("SCREENALYTICS_TEST_REFERENCE") else { return };
    for (clip, file) in [
        ("friends_clip", "friends_clip.scrfd_2.5g.640x384.jsonl"),
        ("short_hamilton_clip", "short_hamilton_clip.scrfd_2.5g.640.jsonl"),
        ("facenet_video", "facenet_video.scrfd_2.5g.640.jsonl"),
    ] {
        let lines = fs::read_to_string(reference.join(file)).unwrap();
        let mut lines = lines.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
        let head = lines.next().unwrap();
        let mut decoder = open(&media.join("clips").join(clip).with_extension("mp4"));
        let (num, den) = decoder.info().time_base;
        assert_eq!(head["time_base"], format!("{num}/{den}"));
        let size = decoder.info().size;
        assert_eq!((head["width"].as_u64(), head["height"].as_u64()), (Some(size.width.into()), Some(size.height.into())));
        let expected: Vec<(u64, MediaTime)> = lines
            .map(|l| (l["frame"].as_u64().unwrap(), MediaTime::from_ticks(l["pts_ticks"].as_i64().unwrap(), num, den)))
            .collect();
        assert_eq!(decoder.info().frames_hint, Some(expected.len() as u64));
        let got: Vec<(u64, MediaTime)> = all(&mut decoder).iter().map(|p| (p.at().frame, p.at().pts)).collect();
        assert_eq!(got, expected, "{clip}");
        assert_eq!(decoder.damage(), crate::media::Damage::default(), "{clip}");
        assert!(decoder.end_pts().unwrap() > expected[expected.len() - 1].1, "{clip}");
    }
}

#[test]
fn real_pictures_are_those_of_the_ffmpeg_program() {
    let Some(media) = folder("SCREENALYTICS_TEST_MEDIA") else { return };
    for clip in ["clips/friends_clip.mp4", "clips/short_hamilton_clip.mp4", "clips/facenet_video.mp4", "talking/talk_a.mp4"] {
        let path = media.join(clip);
        let picture = first(&path);
        // One clip does not tell its matrix and is HD; the others say BT.709.
        let Some(expected) = by_program(&path, "scale=in_color_matrix=bt709", picture.size()) else { return };
        let (most, mean) = difference(&rgb(&picture), &expected);
        // swscale's converters for other processors round a little differently.
        let allowed = if cfg!(target_arch = "x86_64") { 0 } else { 3 };
        assert!(most <= allowed, "{clip}: at most {most}, mean {mean:.3}");
    }
}
