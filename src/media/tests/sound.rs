//! Sound of whole files.

use super::clips::{dir, folder, make};
use crate::domain::MediaTime;
use crate::domain::SoundFacts;
use crate::media::MediaError;
use crate::media::audio::{Sound, SoundChoice, SoundChunk};
use std::fs;
use std::path::Path;

pub(super) fn hear(path: &Path) -> Sound {
    Sound::open(path, &SoundChoice::Usual).unwrap().unwrap()
}

fn rest(sound: &mut Sound) -> Vec<SoundChunk> {
    std::iter::from_fn(|| sound.next()).collect()
}

fn samples(chunks: &[SoundChunk]) -> Vec<f32> {
    chunks.iter().flat_map(|c| c.samples.iter().copied()).collect()
}

/// Sweeps and bursts, so that no two places sound alike.
const SPEAKS: &str = "-f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*t*(200+37*floor(t*3)))*(0.3+0.7*abs(sin(5*t)))':d=20";

#[test]
fn a_seek_gives_the_samples_that_reading_from_the_start_gives() {
    let dir = dir();
    let video = "-f lavfi -i testsrc2=s=64x64:r=25:d=20";
    for (name, codec, most) in [
        ("a.mp4", "aac -aac_pns 0 -ar 44100", 0.0),
        ("b.mp4", "libmp3lame -ar 44100", 1e-3),
        ("c.mp4", "ac3 -ar 48000", 1e-2),
        ("d.mkv", "aac -aac_pns 0 -ar 44100", 0.0),
        ("e.mkv", "libopus -ar 48000", 1e-3),
        ("f.ts", "aac -aac_pns 0 -ar 44100", 0.0),
        ("g.mov", "pcm_s16le -ar 44100", 0.0),
        ("i.wav", "pcm_s16le -ar 11025", 0.0),
        ("j.flac", "flac -ar 22050", 0.0),
        ("k.mp3", "libmp3lame -ar 24000", 1e-3),
    ] {
        let with_video = !["wav", "flac", "mp3"].iter().any(|e| name.ends_with(e));
        let sound = format!("{SPEAKS} -c:a {codec}");
        let args = if with_video { format!("{video} {sound} -c:v libx264 -g 50") } else { sound };
        let Some(path) = make(&dir, name, &args) else { return };
        let mut sound = hear(&path);
        let whole = rest(&mut sound);
        let start = whole[0].start;
        let all = samples(&whole);
        assert!(whole[1..].iter().all(|c| c.start.0 % 1_000_000 == 0), "{name}: chunks begin at whole seconds");
        for to in [7.3, 0.0, 13.0, 1.5, 19.9] {
            sound.seek(MediaTime::from_secs(to)).unwrap();
            let got = rest(&mut sound);
            let first = ((got[0].start - start).secs() * 16_000.0).round();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let due = &all[first as usize..];
            let got = samples(&got);
            assert_eq!(got.len(), due.len(), "{name} from {to}");
            let off = got.iter().zip(due).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
            assert!(off <= most, "{name} from {to}: {off}");
            let mut again = hear(&path);
            again.skip_to(MediaTime::from_secs(to));
            assert!(samples(&rest(&mut again)) == due, "{name} skipped to {to}");
        }
    }
}

/// Reads all and tells what is to be told, and the loudest sample.
fn told(path: &Path) -> (SoundFacts, f32) {
    let mut sound = hear(path);
    let loudest = samples(&rest(&mut sound)).iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    (sound.facts(), loudest)
}

#[test]
fn a_file_without_sound_is_no_error_and_one_without_pictures_neither() {
    let dir = dir();
    let Some(mute) = make(&dir, "mute.mp4", "-f lavfi -i testsrc2=s=64x64:d=0.4 -c:v libx264") else { return };
    assert!(Sound::open(&mute, &SoundChoice::Usual).unwrap().is_none());
    let Some(only) = make(&dir, "only.mp3", "-f lavfi -i sine=d=2:r=24000 -c:a libmp3lame") else { return };
    let (facts, loudest) = told(&only);
    assert!((facts.span.len().secs() - 2.0).abs() < 0.001 && loudest > 0.1, "{facts:?}");
    let noise = dir.path().join("noise.mp4");
    fs::write(&noise, [7_u8; 5000]).unwrap();
    assert!(matches!(Sound::open(&noise, &SoundChoice::Usual), Err(MediaError::NotAVideo { .. })));
}

#[test]
fn a_stream_is_found_by_number_or_language_and_else_the_programme_is_taken() {
    let dir = dir();
    let args = "-f lavfi -i testsrc2=s=64x64:d=1 -f lavfi -i sine=d=1 -f lavfi -i sine=d=1:f=880 -f lavfi -i sine=d=1:f=220 \
                -map 0 -map 1 -map 2 -map 3 -c:v libx264 -c:a aac -metadata:s:a:0 language=eng -metadata:s:a:0 title=Commentary \
                -metadata:s:a:1 language=ger -metadata:s:a:2 language=eng -disposition:a:0 default -disposition:a:1 0 -disposition:a:2 0";
    let Some(path) = make(&dir, "three.mkv", args) else { return };
    let stream = |choice: &str| Sound::open(&path, &SoundChoice::from(choice.to_string())).unwrap().unwrap().facts().stream;
    assert_eq!(["default", "en", "de", "eng", "1", "3"].map(stream), [2, 3, 2, 3, 1, 3]);
    for wrong in ["0", "7", "fr"] {
        let error = Sound::open(&path, &SoundChoice::from(wrong.to_string())).unwrap_err();
        assert!(matches!(error, MediaError::NoSuchSound { .. }), "{wrong}: {error}");
        assert!(
            error.to_string().contains(r#"1 (aac in "eng" called "Commentary"), 2 (aac in "ger"), 3 (aac in "eng")"#),
            "{error}"
        );
    }
}

#[test]
fn every_rate_and_number_of_channels_is_heard_and_told() {
    let dir = dir();
    let tone = "0.4*sin(900*PI*t)";
    for (name, rate, channels, codec, mix) in [
        ("a.wav", 8_000, tone.to_string(), "pcm_mulaw", "mono"),
        ("b.flac", 96_000, format!("{tone}|{tone}"), "flac -sample_fmt s32", "mean of 2"),
        ("c.wav", 22_050, format!("{tone}|0"), "pcm_u8", "left of 2, the other is silent"),
        ("d.wav", 44_100, format!("0|{tone}"), "pcm_f32le", "right of 2, the other is silent"),
        ("e.wav", 48_000, format!("{tone}|-{tone}"), "pcm_s24le", "difference of 2, they are in anti-phase"),
        ("f.wav", 96_000, format!("0.1*random(0)-0.05|0.1*random(1)-0.05|{tone}|0|0|0|0|0:c=7.1"), "pcm_s32le", "centre of 7.1"),
        ("g.mkv", 48_000, format!("0|0|{tone}|0.9*sin(80*PI*t)|0|0:c=5.1"), "ac3", "centre of 5.1"),
        ("h.mkv", 48_000, format!("{tone}|{tone}|0|0.9*sin(80*PI*t)|0|0:c=5.1"), "pcm_f64le", "sum of 5.1"),
    ] {
        let Some(path) = make(&dir, name, &format!("-f lavfi -i aevalsrc=exprs={channels}:s={rate}:d=3 -c:a {codec}")) else {
            return;
        };
        let mut sound = hear(&path);
        let heard = samples(&rest(&mut sound));
        let facts = sound.facts();
        assert_eq!((facts.rate, facts.mix.as_str()), (rate, mix), "{name}");
        let power = heard[4000..44_000].iter().map(|s| s * s).sum::<f32>() / 40_000.0;
        // A sine of 0.4 has the power 0.08; 5.1 in AC-3 is a little quieter, u-law a little rough.
        assert!((0.06..0.09).contains(&power), "{name}: {power}");
        assert!((facts.span.len().secs() - 3.0).abs() < 0.02, "{name}: {facts:?}");
    }
}

#[test]
fn channels_are_looked_at_throughout_wherever_the_clock_begins() {
    let dir = dir();
    // Only the left one speaks, and only in the last third.
    let late = "-f lavfi -i aevalsrc=exprs='if(gt(t,80),0.4*sin(900*PI*t),0)|0':d=120";
    for (name, codec) in [("a.ts", "aac"), ("b.ts", "mp2 -output_ts_offset 10000"), ("c.mkv", "flac -output_ts_offset 10000")] {
        let Some(path) = make(&dir, name, &format!("{late} -c:a {codec}")) else { return };
        assert_eq!(hear(&path).facts().mix, "left of 2, the other is silent", "{name}");
    }
}

#[test]
fn what_a_person_should_know_is_noted() {
    let dir = dir();
    let picture = "-f lavfi -i testsrc2=s=64x64:r=25:d=6";
    for (name, sound, note) in [
        ("silent.mp4", "anullsrc=d=6", "it is silent throughout"),
        ("clipped.mkv", "aevalsrc=exprs='clip(3*sin(700*PI*t),-1,1)':d=6", "% of it is clipped"),
        ("short.mp4", "sine=d=3", "it ends 3.0 s before the picture"),
        ("long.mkv", "sine=d=9", "it ends 3.0 s after the picture"),
    ] {
        let codec = if name == "clipped.mkv" { "pcm_s16le" } else { "aac" };
        let Some(path) = make(&dir, name, &format!("{picture} -f lavfi -i {sound} -c:v libx264 -c:a {codec}")) else { return };
        let (facts, _) = told(&path);
        assert!(facts.notes.iter().any(|n| n.contains(note)) && facts.notes.len() == 1, "{name}: {:?}", facts.notes);
    }
    let Some(path) =
        make(&dir, "well.mp4", &format!("{picture} -f lavfi -i sine=d=6 -c:v libx264 -c:a aac -movflags +faststart"))
    else {
        return;
    };
    assert_eq!(told(&path).0.notes, Vec::<String>::new());
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
    let notes = told(&path).0.notes;
    assert!(notes.iter().any(|n| n.contains("promises at its end are missing")), "{notes:?}");
}

#[test]
fn sound_that_begins_before_the_picture_keeps_its_place() {
    let Some(media) = folder("SCREENALYTICS_TEST_MEDIA") else { return };
    let mut sound = hear(&media.join("clips/friends_clip.mp4"));
    let chunks = rest(&mut sound);
    let facts = sound.facts();
    assert_eq!(chunks[0].start, MediaTime::ZERO);
    assert!((facts.span.end().secs() - 28.0).abs() < 0.1, "{facts:?}");
    assert_eq!(facts.notes, ["it begins 1.7 s before the picture"], "{facts:?}");
    assert!(samples(&chunks).iter().any(|s| s.abs() > 0.1));
}
