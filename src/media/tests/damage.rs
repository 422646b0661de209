//! Files that are broken, or no videos at all.

use super::clips::{dir, make};
use super::{DecodeParams, Decoder, all, digest, open, params};
use crate::domain::MediaTime;
use crate::media::{MediaError, probe};
use std::fs;
use std::path::Path;

fn refusal(path: &Path) -> MediaError {
    Decoder::open(path, &params()).map(|_| ()).unwrap_err()
}

#[test]
fn what_is_no_video_is_refused_each_in_its_own_words() {
    let dir = dir();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("empty.mp4"), b"").unwrap();
    fs::write(at("noise.mp4"), [7_u8; 5000]).unwrap();
    fs::write(at("notes.txt"), "Act one. A room.\n".repeat(200)).unwrap();
    fs::write(at("page.html"), "<html><body>not found</body></html>").unwrap();
    assert!(matches!(refusal(&at("none.mp4")), MediaError::NotFound { .. }));
    assert!(matches!(refusal(dir.path()), MediaError::IsDirectory { .. }));
    assert!(matches!(refusal(&at("empty.mp4")), MediaError::Empty { .. }));
    for name in ["noise.mp4", "page.html"] {
        let error = refusal(&at(name));
        assert!(matches!(error, MediaError::NotAVideo { .. }), "{name}: {error}");
        assert!(error.to_string().ends_with("Invalid data found when processing input"), "{name}: {error}");
    }
    let error = refusal(&at("notes.txt"));
    assert!(matches!(error, MediaError::NoPicture { .. } | MediaError::NotAVideo { .. }), "{error}");
    if let Some(sound) = make(&dir, "sound.mp3", "-f lavfi -i sine=d=1") {
        assert!(matches!(refusal(&sound), MediaError::SoundOnly { .. }));
        let cover = "-f lavfi -i sine=d=1 -f lavfi -i testsrc2=s=64x64:d=0.04 -map 0 -map 1 -c:v png -disposition:v attached_pic";
        if let Some(covered) = make(&dir, "cover.mp3", cover) {
            assert!(matches!(refusal(&covered), MediaError::SoundOnly { .. }), "a cover is no video");
        }
    }
    if let Some(words) = make(&dir, "cut.mp4", "-f lavfi -i testsrc2=d=2 -c:v libx264") {
        let bytes = fs::read(&words).unwrap();
        fs::write(&words, &bytes[..bytes.len() / 2]).unwrap();
        let error = refusal(&words);
        assert!(matches!(error, MediaError::NotAVideo { .. }), "{error}");
        assert!(error.hint().contains("index"));
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_and_a_name_that_is_no_text_are_told_apart() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let dir = dir();
    let Some(path) = make(&dir, "a.mp4", "-f lavfi -i testsrc2=s=64x64:d=0.2 -c:v libx264") else { return };
    let odd = dir.path().join(std::ffi::OsStr::from_bytes(b"b\xff:%03d.mp4"));
    fs::copy(&path, &odd).unwrap();
    assert_eq!(all(&mut open(&odd)).len(), 5);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    // Root may read everything; the tests of the whole program give up their rights for this claim.
    assert!(fs::File::open(&path).is_ok() || matches!(refusal(&path), MediaError::Unreadable { .. }));
}

#[test]
fn a_file_cut_short_gives_what_is_left_and_tells_what_is_missing() {
    let dir = dir();
    let fast = "-f lavfi -i testsrc2=s=320x180:r=25:d=10 -c:v libx264 -g 25 -movflags +faststart";
    let Some(path) = make(&dir, "a.mp4", fast) else { return };
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let mut decoder = open(&path);
    let got = all(&mut decoder).len();
    assert!((50..200).contains(&got), "{got}");
    let missing = decoder.damage().missing;
    assert_eq!(decoder.end_pts().unwrap() + missing, MediaTime::from_secs(10.0));
    assert!(missing > MediaTime::from_secs(2.0));
}

#[test]
fn damaged_pictures_do_not_depend_on_the_number_of_threads() {
    let dir = dir();
    let scene = "-f lavfi -i mandelbrot=s=640x360:r=25 -t 8";
    for (name, codec, is_lossy) in [
        ("a.ts", "-c:v libx264 -g 50 -bf 3", false),
        ("b.ts", "-c:v libx264 -preset veryfast -g 250 -x264-params b-pyramid=normal:open-gop=1:slices=4", true),
        // HEVC has no notion of a wrong bit; only what is lost on the way is noticed.
        ("c.ts", "-c:v libx265 -x265-params log-level=none -g 50", true),
        ("d.avi", "-c:v mpeg4 -q:v 4 -bf 2", false),
        ("e.mpg", "-c:v mpeg2video -q:v 3 -bf 2", false),
    ] {
        let Some(path) = make(&dir, name, &format!("{scene} {codec}")) else { return };
        let mut bytes = fs::read(&path).unwrap();
        for part in (4..20).rev() {
            let at = bytes.len() * part / 20;
            if is_lossy {
                bytes.drain(at / 188 * 188..(at / 188 + 2) * 188);
            } else {
                bytes[at..at + 40].iter_mut().enumerate().for_each(|(i, b)| *b = u8::try_from(i * 131 % 251).unwrap());
            }
        }
        fs::write(&path, &bytes).unwrap();
        let decode = |threads| {
            let mut decoder = Decoder::open(&path, &DecodeParams { threads, ..params() }).unwrap();
            let digests: Vec<_> = all(&mut decoder).iter().map(|p| (p.at(), digest(p))).collect();
            (digests, decoder.damage())
        };
        let due = decode(1);
        for threads in [2, 5] {
            let got = decode(threads);
            let first = due.0.iter().zip(&got.0).position(|(a, b)| a != b);
            assert_eq!((first, got.0.len(), got.1), (None, due.0.len(), due.1), "{name}, {threads} threads");
            let mut decoder = Decoder::open(&path, &DecodeParams { threads, ..params() }).unwrap();
            for pick in [30, 20 * threads as usize, due.0.len() - 1] {
                decoder.seek(due.0[pick].0).unwrap();
                let first = due.0[pick..].iter().position(|due| decoder.next().unwrap().is_none_or(|p| digest(&p) != due.1));
                assert_eq!(first, None, "{name}, {threads} threads, from {pick}");
            }
        }
    }
}

#[test]
fn damage_in_the_middle_is_passed_over_and_counted() {
    let dir = dir();
    for (name, codec) in [
        ("a.ts", "-c:v libx264 -g 25 -bf 2"),
        ("b.mkv", "-c:v libx264 -g 25 -bf 2"),
        ("c.mp4", "-c:v libx264 -g 25 -bf 2"),
        ("d.mpg", "-c:v mpeg2video -q:v 3"),
    ] {
        let Some(path) = make(&dir, name, &format!("-f lavfi -i testsrc2=s=320x180:r=25:d=10 {codec}")) else { return };
        let mut bytes = fs::read(&path).unwrap();
        let (from, to) = (bytes.len() * 4 / 10, bytes.len() * 45 / 100);
        for (i, b) in bytes[from..to].iter_mut().enumerate() {
            *b = u8::try_from(i * 131 % 251).unwrap();
        }
        fs::write(&path, &bytes).unwrap();
        let mut decoder = open(&path);
        let pictures = all(&mut decoder);
        let damage = decoder.damage();
        assert!(pictures.len() > 190, "{name}: {}", pictures.len());
        // Matroska looks for the next cluster without a word.
        assert!(damage.packets + damage.frames > 0 || name == "b.mkv", "{name}: {damage:?}");
        assert!(pictures.windows(2).all(|p| p[0].at().pts < p[1].at().pts), "{name}");
    }
}

#[test]
fn a_clip_tells_its_facts() {
    let dir = dir();
    let args =
        "-f lavfi -i testsrc2=s=320x180:r=24000/1001:d=2 -f lavfi -i sine=d=2 -c:v libx264 -pix_fmt yuv420p -vf setsar=4/3";
    let Some(path) = make(&dir, "a.mkv", args) else { return };
    let info = probe(&path).unwrap();
    assert_eq!((info.size.width, info.size.height, info.stored.width), (427, 180, 320));
    assert_eq!((info.codec.as_str(), info.pixel_format.as_str(), info.has_audio), ("h264", "yuv420p", true));
    assert!((info.fps - 23.976).abs() < 1e-3 && info.container.contains("matroska"), "{info:?}");
    assert_eq!((info.matrix.as_str(), info.matrix_told, info.hdr, info.interlaced), ("bt601", false, None, false));
}
