//! What things cost, printed; run with `--ignored --nocapture`.

use super::clips::{dir, ffmpeg, folder};
use super::{all, scaled};
use crate::domain::{Affine, Size};
use crate::media::{DecodeParams, Decoder, SkipPolicy};
use std::time::Instant;

/// Processor seconds of the whole process.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn median_ms(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..61)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[30]
}

#[test]
#[ignore = "measures"]
fn what_sampling_costs() {
    let Some(media) = folder("SCREENALYTICS_TEST_MEDIA") else { return };
    for clip in ["friends_clip", "facenet_video"] {
        let mut decoder = super::open(&media.join("clips").join(clip).with_extension("mp4"));
        let picture = all(&mut decoder).swap_remove(50);
        let size = picture.size();
        println!("{clip} {}x{}", size.width, size.height);
        for (w, h) in [(640, 360), (320, 180), (96, 54), (size.width, size.height)] {
            let ms = median_ms(|| assert!(!scaled(&picture, Size { width: w, height: h }).data.is_empty()));
            println!("  to {w}x{h}: {ms:.2} ms");
        }
        let (sin, cos) = 0.2_f64.sin_cos();
        let face = Affine { a: 2.0 * cos, b: -2.0 * sin, tx: 400.0, c: 2.0 * sin, d: 2.0 * cos, ty: 200.0 };
        let crop = Size { width: 112, height: 112 };
        println!("  turned crop 112x112: {:.2} ms", median_ms(|| assert!(!picture.sample(crop, &face).data.is_empty())));
        println!("  signature: {:.3} ms", median_ms(|| assert!(!picture.signature().luma.is_empty())));
    }
}

#[test]
#[ignore = "measures"]
fn what_decoding_costs() {
    let Some(media) = folder("SCREENALYTICS_TEST_MEDIA") else { return };
    let dir = dir();
    for clip in ["friends_clip", "facenet_video"] {
        // Long enough to measure: the clip several times over, without coding it anew.
        let path = dir.path().join(clip).with_extension("mkv");
        let source = media.join("clips").join(clip).with_extension("mp4");
        let args = [
            "-stream_loop".as_ref(),
            "3".as_ref(),
            "-i".as_ref(),
            source.as_os_str(),
            "-an".as_ref(),
            "-c".as_ref(),
            "copy".as_ref(),
            path.as_os_str(),
        ];
        if ffmpeg(&args).is_none() {
            return;
        }
        for (threads, policy) in [(1, SkipPolicy::Never), (2, SkipPolicy::Never), (4, SkipPolicy::Never), (2, SkipPolicy::Always)]
        {
            let mut decoder = Decoder::open(
                &path,
                &DecodeParams { threads, skip_non_reference: policy, hardware: crate::media::Hardware::Off },
            )
            .unwrap();
            let (start, before) = (Instant::now(), cpu());
            let mut count = 0;
            while decoder.next().unwrap().is_some() {
                count += 1;
            }
            let wall = start.elapsed().as_secs_f64();
            let used = cpu() - before;
            let rss = resident_mb();
            println!(
                "{clip} {threads} threads {policy:?}: {count} pictures, {:.0} fps, {:.2} ms cpu each, peak {rss} MB",
                f64::from(count) / wall,
                used * 1e3 / f64::from(count)
            );
        }
    }
}
