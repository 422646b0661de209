//! Badges of real faces: photographs of known people, two of whom wear sunglasses, and the same with things drawn before them.

use super::tests_reference::{Bench, bench, detect, picture, pictures};
use super::tests_support::folder;
use crate::algo::align::{canonical_map, warp};
use crate::algo::quality::{BadgeParams, Params, assess, badges, look};
use crate::domain::{BadgeKind, Badges, Quality, RgbImage, Size};

const CANONICAL: Size = Size { width: 160, height: 160 };

fn params() -> (Params, BadgeParams) {
    let table: toml::Table = toml::from_str(include_str!("../../config/recognition.toml")).unwrap();
    (table["quality"].clone().try_into().unwrap(), table["badges"].clone().try_into().unwrap())
}

/// The largest face of each photograph: its file, aligned as it is stored, and its quality.
fn faces(bench: &Bench, every: usize) -> Option<Vec<(String, RgbImage, Quality)>> {
    let (quality, _) = params();
    let media = folder("SCREENALYTICS_TEST_MEDIA")?;
    let mut detector = bench.detector("scrfd_2.5g_kps_dyn", "320x320");
    let mut out = Vec::new();
    for file in pictures(&media.join("identities")).iter().flat_map(|person| pictures(person)).step_by(every) {
        let image = picture(&file);
        let found = detect(detector.as_mut(), &image);
        let Some(face) = found.iter().max_by(|a, b| a.bbox.area().total_cmp(&b.bbox.area())) else { continue };
        let aligned = warp(&image, &canonical_map(face.landmarks.as_ref()?)?, CANONICAL);
        let quality = assess(&quality, &aligned, face, image.size());
        out.push((file.file_name()?.to_string_lossy().into_owned(), as_stored(&aligned), quality));
    }
    Some(out)
}

/// JPEG and back, as crops are kept.
fn as_stored(image: &RgbImage) -> RgbImage {
    let mut jpeg = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90);
    encoder.encode(&image.data, image.width, image.height, image::ExtendedColorType::Rgb8).unwrap();
    let back = image::load_from_memory(&jpeg).unwrap().into_rgb8();
    RgbImage { width: back.width(), height: back.height(), data: back.into_raw() }
}

fn told(image: &RgbImage, quality: &Quality) -> Badges {
    badges(&params().1, quality, Some(&look(image)))
}

fn has(badges: &Badges, kind: BadgeKind) -> bool {
    badges.shown().any(|b| b.kind == kind)
}

fn painted(image: &RgbImage, colour: [u8; 3], is_in: impl Fn(f32, f32) -> bool) -> RgbImage {
    let mut out = image.clone();
    for (i, p) in out.data.chunks_exact_mut(3).enumerate() {
        if is_in((i % 160) as f32, (i / 160) as f32) {
            p.copy_from_slice(&colour);
        }
    }
    as_stored(&out)
}

#[test]
fn of_250_photographs_those_with_sunglasses_have_the_badge_and_hardly_any_other_has_one() {
    let Some(bench) = bench() else { return };
    let Some(faces) = faces(&bench, 1) else { return };
    let mut shown: Vec<(BadgeKind, &str)> = Vec::new();
    for (file, image, quality) in &faces {
        for badge in told(image, quality).shown() {
            eprintln!("{file}: {}: {}", badge.kind, badge.evidence);
            shown.push((badge.kind, file));
        }
    }
    let of = |kind| shown.iter().filter(|s| s.0 == kind).map(|s| s.1).collect::<Vec<_>>();
    assert_eq!(faces.len(), 250);
    assert_eq!(of(BadgeKind::Sunglasses), ["Angelina_Jolie_0011.jpg", "Keanu_Reeves_0007.jpg"], "worn on these two, seen by eye");
    assert!(
        of(BadgeKind::Covered).is_empty() && of(BadgeKind::BackLit).len() <= 2 && of(BadgeKind::Blurred).len() <= 3,
        "{shown:?}"
    );
}

#[test]
fn what_is_drawn_before_a_real_face_is_told() {
    let Some(bench) = bench() else { return };
    let Some(faces) = faces(&bench, 3) else { return };
    let frontal: Vec<_> = faces.iter().filter(|(_, _, quality)| quality.yaw.abs() < 30.0).collect();
    let glasses =
        |x: f32, y: f32| [57.9f32, 101.9].iter().any(|cx| ((x - cx) / 17.0).powi(2) + ((y - 76.0) / 12.0).powi(2) < 1.0);
    let bar = |from: f32| move |x: f32, _: f32| (from..from + 36.0).contains(&x);
    let share = |kind, paint: &dyn Fn(&RgbImage) -> RgbImage| {
        let right = frontal.iter().filter(|(_, image, quality)| has(&told(&paint(image), quality), kind)).count();
        right as f32 / frontal.len() as f32
    };
    let worn = share(BadgeKind::Sunglasses, &|image| painted(image, [22, 20, 24], glasses));
    let left = share(BadgeKind::Covered, &|image| painted(image, [75, 70, 60], bar(40.0)));
    let lower = share(BadgeKind::Covered, &|image| painted(image, [150, 120, 110], |_, y| y > 108.0));
    eprintln!("{} faces: sunglasses {worn:.3}, bar over an eye {left:.3}, over the mouth {lower:.3}", frontal.len());
    assert!(worn >= 0.95 && left >= 0.95 && lower >= 0.95, "{worn} {left} {lower}");
}
