//! Seeking and skipping against an uninterrupted decode.

use super::clips::{dir, folder, make};
use super::{Decoder, all, digest, open, params};
use crate::domain::FrameTime;
use crate::media::{DecodeParams, SkipPolicy};
use std::path::Path;

/// A fixed shuffle, so that seeks go to and fro.
fn shuffled(count: usize, picks: usize) -> Vec<usize> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut picked: Vec<usize> = (0..picks).map(|_| usize::try_from(next() % count as u64).unwrap()).collect();
    picked.extend([0, count - 1]);
    picked
}

fn seeks_are_exact(path: &Path, picks: usize) {
    let truth: Vec<(FrameTime, [u8; 32])> = all(&mut open(path)).iter().map(|p| (p.at(), digest(p))).collect();
    let mut decoder = open(path);
    for i in shuffled(truth.len(), picks) {
        decoder.seek(truth[i].0).unwrap();
        // The wanted picture and three after it.
        for expected in truth.iter().skip(i).take(4) {
            let picture = decoder.next().unwrap().unwrap();
            assert_eq!((picture.at(), digest(&picture)), *expected, "{path:?} from {i}");
        }
    }
    decoder.seek(truth[truth.len() - 1].0).unwrap();
    assert!(decoder.next().unwrap().is_some() && decoder.next().unwrap().is_none(), "the end stays the end");
}

const SOURCE: &str = "-f lavfi -i testsrc2=s=192x108:r=25:d=8";

#[test]
fn seeking_gives_the_pictures_of_an_uninterrupted_decode() {
    let dir = dir();
    for (name, codec) in [
        ("closed.mp4", "-c:v libx264 -g 50 -bf 3 -preset fast"),
        ("open.mp4", "-c:v libx264 -x264-params open-gop=1:keyint=25:bframes=3 -preset fast"),
        ("open.mkv", "-c:v libx264 -x264-params open-gop=1:keyint=25:bframes=3:b-pyramid=2 -preset fast"),
        ("refresh.mp4", "-c:v libx264 -x264-params intra-refresh=1:keyint=30 -preset fast"),
        ("stream.ts", "-c:v libx264 -g 30 -bf 2 -preset fast"),
        ("open.ts", "-c:v libx264 -x264-params open-gop=1:keyint=25:bframes=3 -preset fast"),
        ("dvd.mpg", "-c:v mpeg2video -g 12 -bf 2 -q:v 4"),
        ("old.avi", "-c:v mpeg4 -g 40 -bf 2 -q:v 4"),
        ("raw.h264", "-c:v libx264 -g 30 -bf 2 -preset fast"),
        ("web.webm", "-c:v libvpx-vp9 -g 40 -cpu-used 8 -deadline realtime -b:v 300k"),
        ("hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25:open-gop=1:bframes=3"),
        ("fragments.mp4", "-c:v libx264 -g 25 -preset fast -movflags frag_keyframe+empty_moov"),
        ("flash.flv", "-c:v libx264 -g 25 -preset fast"),
    ] {
        if let Some(path) = make(&dir, name, &format!("{SOURCE} {codec}")) {
            seeks_are_exact(&path, 8);
        }
    }
}

#[test]
fn seeking_is_exact_at_a_variable_rate_and_where_the_clock_starts_anew() {
    let dir = dir();
    let vary = "-vf select='not(mod(n,3))+not(mod(n,7))' -fps_mode vfr -c:v libx264 -g 20 -bf 2";
    if let Some(path) = make(&dir, "vary.mp4", &format!("{SOURCE} {vary}")) {
        seeks_are_exact(&path, 8);
    }
    if let Some(one) = make(&dir, "one.ts", &format!("{SOURCE} -c:v libx264 -g 20 -bf 2")) {
        let bytes = std::fs::read(&one).unwrap();
        let both = dir.path().join("both.ts");
        std::fs::write(&both, [&bytes[..], &bytes[..]].concat()).unwrap();
        seeks_are_exact(&both, 6);
    }
}

#[test]
fn seeking_is_exact_in_real_clips() {
    let Some(media) = folder("SCREENALYTICS_TEST_MEDIA") else { return };
    for name in ["clips/friends_clip.mp4", "clips/short_hamilton_clip.mp4", "clips/chromecast_ad.mp4"] {
        seeks_are_exact(&media.join(name), 4);
    }
}

#[test]
fn a_picture_that_never_was_is_refused() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mp4", &format!("{SOURCE} -c:v libx264")) else { return };
    let mut decoder = open(&path);
    let mut at = decoder.next().unwrap().unwrap().at();
    at.pts.0 += 1_234;
    assert!(decoder.seek(at).unwrap_err().to_string().contains("no longer where it was"));
}

#[test]
fn nothing_is_left_out_of_files_whose_packets_lack_times() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mpg", &format!("{SOURCE} -c:v mpeg2video -g 12 -bf 2 -q:v 4")) else { return };
    let always = DecodeParams { skip_non_reference: SkipPolicy::Always, ..params() };
    let times = |mut decoder: Decoder| -> Vec<FrameTime> { all(&mut decoder).iter().map(super::Picture::at).collect() };
    assert!(times(Decoder::open(&path, &always).unwrap()) == times(open(&path)));
}

#[test]
fn pictures_left_out_do_not_change_the_numbers_of_the_others() {
    let dir = dir();
    let mut paths: Vec<_> = [
        ("a.mp4", "-c:v libx264 -g 50 -bf 3 -preset fast"),
        ("b.mp4", "-c:v libx264 -x264-params bframes=5:b-pyramid=2:open-gop=1:keyint=30"),
        ("c.ts", "-c:v libx264 -bf 2 -preset fast"),
        ("d.mkv", "-c:v mpeg2video -g 12 -bf 2 -q:v 4"),
        ("e.mp4", "-c:v libx265 -preset fast -x265-params log-level=none:keyint=25:bframes=4"),
    ]
    .into_iter()
    .filter_map(|(name, codec)| make(&dir, name, &format!("{SOURCE} {codec}")))
    .collect();
    if let Some(media) = folder("SCREENALYTICS_TEST_MEDIA") {
        paths.extend(["clips/friends_clip.mp4", "clips/facenet_video.mp4"].map(|c| media.join(c)));
    }
    for path in paths {
        let every = all(&mut open(&path));
        let sparse = DecodeParams { skip_non_reference: SkipPolicy::Auto, ..params() };
        let mut decoder = Decoder::open(&path, &sparse).unwrap();
        decoder.allow_skipping();
        let some = all(&mut decoder);
        assert!(some.len() * 10 < every.len() * 9, "{path:?}: {} of {} decoded", some.len(), every.len());
        for picture in &some {
            let whole = &every[usize::try_from(picture.at().frame).unwrap()];
            assert_eq!(picture.at(), whole.at(), "{path:?}");
            assert_eq!(digest(picture), digest(whole), "{path:?} {:?}", picture.at());
        }
        // Seeking while skipping goes on with the same pictures.
        let middle = some.len() / 2;
        decoder.seek(some[middle].at()).unwrap();
        let rest: Vec<_> = all(&mut decoder).iter().map(super::Picture::at).collect();
        assert!(rest.iter().eq(some[middle..].iter().map(super::Picture::at).collect::<Vec<_>>().iter()), "{path:?}");
    }
}
