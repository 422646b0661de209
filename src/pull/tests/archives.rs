//! Archives that lead out of the folder, blow up or are broken.

use super::files::{noise, tgz_of, zip_of};
use crate::pull::archive::{Bounds, take};
use crate::pull::trouble::Trouble;
use proptest::prelude::*;
use std::io::Write;
use tar::EntryType::{Directory, GNULongName, Link, Regular, Symlink, XHeader};

const BOUNDS: Bounds = Bounds { member: 1 << 20, unpacked: 4 << 20 };

fn taken(archive: &[u8], wanted: &str, bounds: Bounds) -> Result<Vec<u8>, Trouble> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(archive).unwrap();
    let mut out = Vec::new();
    let size = take(file.path(), wanted, bounds, &mut out);
    assert!(out.len() as u64 <= bounds.member, "more was written than allowed: {}", out.len());
    size.map(|size| {
        assert_eq!(size, out.len() as u64);
        out
    })
}

fn refusal(archive: &[u8], wanted: &str) -> String {
    let trouble = taken(archive, wanted, BOUNDS).unwrap_err();
    assert!(matches!(trouble, Trouble::Archive { .. }), "{trouble}");
    trouble.to_string()
}

#[test]
fn a_member_is_found_by_its_name_or_by_its_last_part_if_that_is_alone() {
    let (a, b) = (noise(1, 3000), noise(2, 4000));
    let zip = zip_of(&[("antelopev2/a.onnx", &a), ("antelopev2/b.onnx", &b), ("x/b.onnx", b"other")]);
    let tgz = tgz_of(&[
        ("package", Directory, b""),
        ("antelopev2/a.onnx", Regular, &a),
        ("antelopev2/b.onnx", Regular, &b),
        ("x/b.onnx", Regular, b"other"),
    ]);
    for archive in [&zip, &tgz] {
        assert_eq!(taken(archive, "antelopev2/a.onnx", BOUNDS).unwrap(), a);
        assert_eq!(taken(archive, "a.onnx", BOUNDS).unwrap(), a);
        assert_eq!(taken(archive, "antelopev2/b.onnx", BOUNDS).unwrap(), b);
        assert!(refusal(archive, "b.onnx").contains("2 members"));
        assert!(refusal(archive, "c.onnx").contains("no member"));
    }
}

#[test]
fn names_that_lead_out_of_the_folder_have_no_effect() {
    let dir = tempfile::tempdir().unwrap();
    let escape = dir.path().join("escaped").display().to_string();
    let names = ["../../escaped", escape.as_str(), "a/../../escaped", "..\\escaped", "C:\\escaped"];
    for name in names {
        let zip = zip_of(&[(name, b"evil"), ("good.onnx", b"good")]);
        assert_eq!(taken(&zip, "good.onnx", BOUNDS).unwrap(), b"good");
        let tgz = tgz_of(&[(name, Regular, b"evil"), ("good.onnx", Regular, b"good")]);
        assert_eq!(taken(&tgz, "good.onnx", BOUNDS).unwrap(), b"good");
    }
    assert!(!dir.path().join("escaped").exists());
}

#[test]
fn links_and_folders_are_not_files() {
    for kind in [Symlink, Link, Directory] {
        let tgz = tgz_of(&[("good.onnx", kind, b"")]);
        assert!(refusal(&tgz, "good.onnx").contains("not a plain file"), "{kind:?}");
        // Beside the real one it makes the name doubtful.
        let tgz = tgz_of(&[("good.onnx", kind, b""), ("good.onnx", Regular, b"good")]);
        assert!(refusal(&tgz, "good.onnx").contains("2 members"), "{kind:?}");
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink("good.onnx", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
    zip.add_directory("folder.onnx", zip::write::SimpleFileOptions::default()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    assert!(refusal(&zip, "good.onnx").contains("not a plain file"));
    assert!(refusal(&zip, "folder.onnx/").contains("not a plain file"));
}

#[test]
fn what_unpacks_to_more_than_is_due_is_stopped() {
    let zeros = vec![0u8; 64 << 20];
    let zip = zip_of(&[("bomb.onnx", &zeros)]);
    assert!(zip.len() < 1 << 20);
    assert!(refusal(&zip, "bomb.onnx").contains("more than 1048576 bytes"));
    let tgz = tgz_of(&[("bomb.onnx", Regular, &zeros)]);
    assert!(refusal(&tgz, "bomb.onnx").contains("more than 4194304 bytes"), "{}", refusal(&tgz, "bomb.onnx"));
    // Behind other members, and in headers that say how long a name is.
    let before = tgz_of(&[("x", Regular, &zeros), ("good.onnx", Regular, b"good")]);
    assert!(refusal(&before, "good.onnx").contains("more than 4194304 bytes"));
    for kind in [GNULongName, XHeader] {
        let named = tgz_of(&[("././@LongLink", kind, &zeros), ("good.onnx", Regular, b"good")]);
        refusal(&named, "good.onnx");
    }
}

#[test]
fn broken_archives_are_told() {
    let zip = zip_of(&[("good.onnx", &noise(3, 10_000))]);
    let tgz = tgz_of(&[("good.onnx", Regular, &noise(3, 10_000))]);
    for whole in [&zip, &tgz] {
        for length in [0, 1, 3, 4, 20, whole.len() / 2, whole.len() - 1] {
            let told = taken(&whole[..length], "good.onnx", BOUNDS);
            // The very last bytes of a gzip stream are its checksum, which is behind the member.
            assert!(told.is_err() || length == whole.len() - 1, "{length}");
        }
    }
    assert!(refusal(b"text", "good.onnx").contains("neither"));
    let mut flipped = zip.clone();
    flipped[2000] ^= 1;
    refusal(&flipped, "good.onnx");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_panic_or_write_too_much(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0..3) {
        let magic: &[u8] = match kind { 0 => b"PK\x03\x04", 1 => &[0x1f, 0x8b, 8, 0], _ => b"" };
        let _ = taken(&[magic, bytes.as_slice()].concat(), "good.onnx", Bounds { member: 1000, unpacked: 5000 });
    }

    #[test]
    fn an_altered_archive_gives_the_member_or_is_refused(
        at in any::<prop::sample::Index>(), to in any::<u8>(), length in 1..40usize, is_zip in any::<bool>()
    ) {
        let good = noise(4, 700);
        let mut archive = if is_zip {
            zip_of(&[("a", b"aaa"), ("good.onnx", &good), ("z", b"zzz")])
        } else {
            tgz_of(&[("a", Regular, b"aaa"), ("good.onnx", Regular, &good), ("z", Regular, b"zzz")])
        };
        let at = at.index(archive.len());
        for byte in archive.iter_mut().skip(at).take(length) {
            *byte = byte.wrapping_add(to);
        }
        // A tar has no checksum of contents, and gzip's comes last: what is read is bounded, and its digest is checked by the caller.
        let _ = taken(&archive, "good.onnx", Bounds { member: 1000, unpacked: 20_000 });
    }

    #[test]
    fn an_altered_tar_beneath_a_sound_gzip_is_bounded(
        at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 1..30)
    ) {
        let packed = tgz_of(&[("a", Regular, b"aaa"), ("good.onnx", Regular, &noise(5, 700))]);
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut plain).unwrap();
        let at = at.index(plain.len());
        for (byte, new) in plain.iter_mut().skip(at).zip(&with) {
            *byte = *new;
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).unwrap();
        let _ = taken(&gzip.finish().unwrap(), "good.onnx", Bounds { member: 1000, unpacked: 20_000 });
    }
}
