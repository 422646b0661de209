//! Sound and picture together: a flash and a click at the same moments.

use super::clips::{dir, make};
use super::{all, open, scaled};
use crate::domain::{MediaTime, Size};
use crate::media::audio::{RATE, Sound, SoundChoice};
use std::path::Path;

/// Twelve seconds with a white picture and 10 ms of a tone at each second's 0.48.
const CLAPS: &str = "-f lavfi -i color=black:s=128x96:r=25:d=12,drawbox=c=white:t=fill:enable='gte(mod(t,1),0.479)*lt(mod(t,1),0.519)' \
                     -f lavfi -i aevalsrc=exprs='0.8*sin(2*PI*2000*t)*gte(mod(t,1),0.47999)*lt(mod(t,1),0.49)':s=48000:d=12";

/// Times of pictures that are white after black.
fn flashes(path: &Path) -> Vec<MediaTime> {
    let mut found = Vec::new();
    let mut was_white = false;
    for picture in all(&mut open(path)) {
        let is_white = scaled(&picture, Size { width: 2, height: 2 }).data[0] > 128;
        if is_white && !was_white {
            found.push(picture.at().pts);
        }
        was_white = is_white;
    }
    found
}

/// Times at which sound begins after at least 100 ms of silence.
fn clicks(path: &Path) -> Vec<MediaTime> {
    let mut sound = Sound::open(path, &SoundChoice::Usual).unwrap().unwrap();
    let mut found = Vec::new();
    let (mut quiet, mut expected) = (usize::MAX / 2, None);
    while let Some(chunk) = sound.next() {
        assert!(expected.is_none_or(|e: MediaTime| (e - chunk.start).0.abs() <= 1), "no gap between chunks");
        for (i, s) in chunk.samples.iter().enumerate() {
            if s.abs() < 0.25 {
                quiet += 1;
                continue;
            }
            if quiet > RATE as usize / 10 {
                found.push(chunk.start + MediaTime::from_ticks(i64::try_from(i).unwrap(), 1, 16_000));
            }
            quiet = 0;
        }
        expected = Some(chunk.start + MediaTime::from_ticks(i64::try_from(chunk.samples.len()).unwrap(), 1, 16_000));
    }
    found
}

/// The largest distance between a flash and its click, and how many there were.
fn worst(path: &Path) -> (f64, usize) {
    let (flashes, clicks) = (flashes(path), clicks(path));
    assert_eq!(flashes.len(), clicks.len(), "{path:?}: {flashes:?} {clicks:?}");
    let apart = flashes.iter().zip(&clicks).map(|(f, c)| (*c - *f).secs()).max_by(|a, b| a.abs().total_cmp(&b.abs()));
    (apart.unwrap_or(f64::NAN), flashes.len())
}

#[test]
fn clicks_fall_on_their_flashes_in_every_container_and_codec() {
    let dir = dir();
    for (name, video, sound) in [
        ("aac.mp4", "libx264 -bf 2", "aac"),
        ("mp3.mp4", "libx264 -bf 2", "libmp3lame"),
        ("ac3.mp4", "libx264", "ac3"),
        ("opus.mp4", "libx264", "libopus"),
        ("pcm.mov", "libx264 -bf 2", "pcm_s16le"),
        ("aac.mov", "mpeg4", "aac"),
        ("aac.mkv", "libx264 -bf 2", "aac"),
        ("mp3.mkv", "libx264", "libmp3lame"),
        ("ac3.mkv", "libx264", "ac3"),
        ("opus.mkv", "libx264", "libopus"),
        ("vorbis.webm", "libvpx -deadline realtime -cpu-used 8", "libvorbis"),
        ("flac.mkv", "libx264", "flac"),
        ("aac.ts", "libx264 -bf 2", "aac"),
        ("mp3.ts", "libx264", "libmp3lame"),
        ("ac3.ts", "libx264", "ac3"),
        ("mp2.mpg", "mpeg2video", "mp2"),
        ("mp3.avi", "mpeg4", "libmp3lame"),
        ("pcm.avi", "mpeg4", "pcm_s16le"),
        ("aac.flv", "libx264 -bf 2", "aac"),
    ] {
        let Some(path) = make(&dir, name, &format!("{CLAPS} -c:v {video} -g 25 -pix_fmt yuv420p -c:a {sound} -b:a 160k")) else {
            return;
        };
        let (apart, count) = worst(&path);
        println!("{name}: {:.2} ms at most over {count}", 1e3 * apart);
        assert_eq!(count, 12, "{name}");
        // FFmpeg 5.1 writes Opus into Matroska 6.5 ms too early: it moves the pictures for the codec's delay, and not the sound.
        // AVI can move pictures by whole ones only.
        let allowed = match name {
            "opus.mkv" => 0.008,
            "mp3.avi" => 0.02,
            _ => 0.005,
        };
        assert!(apart.abs() < allowed, "{name}: {apart}");
    }
}
