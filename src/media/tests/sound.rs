//! Sound of whole files.

use super::clips::{dir, make};
use crate::domain::MediaTime;
use crate::media::audio::{Sound, SoundChoice, SoundChunk};
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
