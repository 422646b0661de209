//! The bank from outside: real pictures in, references out. Without pictures or models a test says `skipped:`.

use super::bank::{base, embedder_of};
use super::*;
use crate::algo::{align, quality};
use crate::config::{Layers, Paths};
use crate::domain::{EmbedderId, Embedding, IdentityId, Origin, Quality, ReferenceId, RgbImage, TrackId};
use crate::session::photo;
use crate::session::portraits::PortraitModels;
use crate::session::{SessionError, SyntheticSize, Workspace, redo_catalog, undo_catalog, write_synthetic};
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, imageops};
use std::fs;
use std::path::{Path, PathBuf};

fn workspace(library: &Path, models: &Path) -> Workspace {
    let layers = Layers::defaults();
    let settings = layers.settings().unwrap();
    let paths = Paths::find();
    Workspace { paths, library: library.to_owned(), models: models.to_owned(), onnxruntime: None, layers, settings }
}

/// Media and a workspace with models, or says that the test is skipped.
pub(super) fn real(library: &Path) -> Option<(PathBuf, Workspace)> {
    let found = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        if value.is_none() {
            println!("skipped: {name} not set");
        }
        value
    };
    let (media, models) = (found("SCREENALYTICS_TEST_MEDIA")?, found("SCREENALYTICS_MODELS")?);
    let workspace = workspace(library, &models);
    match embedder_of(&workspace) {
        Ok(_) => Some((media, workspace)),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

fn add(workspace: &Workspace, name: &str, paths: &[PathBuf], anyway: bool) -> Vec<Verdict> {
    let wanted = Enrolment { name: name.into(), paths: paths.to_vec(), largest: TakeLargest::WhenClear };
    let mut told = Vec::new();
    enrol(workspace, &wanted, &mut |_, _| anyway, &mut |outcome| told.push(outcome.verdict)).unwrap();
    told
}

fn taken(verdicts: &[Verdict]) -> usize {
    verdicts.iter().filter(|v| matches!(v, Verdict::Taken { .. })).count()
}

fn reason(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Refused { reason, .. } | Verdict::Doubted { reason } => reason,
        Verdict::Taken { .. } | Verdict::Known { .. } => "",
    }
}

/// One photograph's largest face.
pub(super) struct Seen {
    pub aligned: RgbImage,
    pub quality: Quality,
    pub vector: Embedding,
}

pub(super) fn seen(workspace: &Workspace, models: &mut PortraitModels, file: &Path) -> Option<Seen> {
    let params = &workspace.settings.photos;
    let photo = photo::decode(&photo::read_bytes(file, params).ok()?, params).ok()?;
    let faces = models.faces(workspace, &photo).unwrap();
    let face = faces.iter().max_by(|a, b| a.bbox.area().total_cmp(&b.bbox.area()))?;
    let aligned = align::canonical_crop(&photo.full, face.landmarks.as_ref()?)?;
    let quality = quality::assess(&workspace.settings.quality, &aligned, face, photo.full.size());
    let vector = models.embed(std::slice::from_ref(&aligned)).unwrap().remove(0);
    Some(Seen { aligned, quality, vector })
}

pub(super) fn cosine(a: &Embedding, b: &Embedding) -> f32 {
    a.cosine(b).unwrap()
}

fn is_sound(workspace: &Workspace) {
    assert_eq!(workspace.open_library().unwrap().catalog().verify().unwrap(), []);
}

#[test]
fn portraits_are_enrolled_once_and_taken_back_by_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let Some((media, workspace)) = real(dir.path()) else { return };
    // The second face in it is small.
    let chandler = [media.join("friends_facebank/Chandler.png")];
    assert_eq!(taken(&add(&workspace, "Chandler", &chandler, false)), 1);
    let again = add(&workspace, " chandler ", &chandler, false);
    assert_eq!(again, [Verdict::Known { reference: ReferenceId(1) }]);
    let line = &list(&workspace, None).unwrap()[0];
    assert!(line.name == "Chandler" && line.is_embedded && line.quality.total > 0.5, "{line:?}");
    assert!(matches!(&line.origin, Origin::File { path, sha256 } if path.ends_with("Chandler.png") && sha256.len() == 64));
    undo_catalog(&workspace, None).unwrap().unwrap();
    assert_eq!(list(&workspace, None).unwrap(), []);
    redo_catalog(&workspace).unwrap().unwrap();
    assert_eq!(remove(&workspace, &[ReferenceId(1)]).unwrap().unwrap().summary, "took ref_0001 of Chandler out of the facebank");
    assert_eq!(list(&workspace, None).unwrap(), []);
    undo_catalog(&workspace, None).unwrap().unwrap();
    assert_eq!(list(&workspace, None).unwrap().len(), 1);
    let told = remove(&workspace, &[ReferenceId(1), ReferenceId(7)]).unwrap_err();
    assert_eq!(told.to_string(), "there is no reference ref_0007 in the facebank");
    // Numbers are never used again.
    remove(&workspace, &[ReferenceId(1)]).unwrap();
    let next = add(&workspace, "Chandler", &chandler, false);
    assert!(matches!(next[..], [Verdict::Taken { reference: ReferenceId(2), .. }]), "{next:?}");
    is_sound(&workspace);
}

#[test]
fn a_picture_of_several_people_is_refused_unless_the_largest_is_meant() {
    let dir = tempfile::tempdir().unwrap();
    let Some((media, workspace)) = real(dir.path()) else { return };
    let two = media.join("groups/two_people.jpg");
    let told = add(&workspace, "Somebody", std::slice::from_ref(&two), false);
    assert!(reason(&told[0]).starts_with("there are 2 faces in it"), "{told:?}");
    assert_eq!(workspace.open_library().unwrap().catalog().people().unwrap(), [], "nobody is added for nothing");
    let wanted = Enrolment { name: "Somebody".into(), paths: vec![two], largest: TakeLargest::Always };
    let mut verdicts = Vec::new();
    assert!(enrol(&workspace, &wanted, &mut |_, _| false, &mut |o| verdicts.push(o.verdict)).unwrap().is_some());
    assert_eq!(taken(&verdicts), 1);
}

#[test]
fn a_face_of_somebody_else_is_kept_back_and_found_where_it_came_in_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let Some((media, workspace)) = real(dir.path()) else { return };
    let portraits = media.join("portraits");
    for (name, folder) in portraits_of(&portraits).unwrap() {
        let told = add(&workspace, &name, &folder, false);
        assert!(taken(&told) > 0 && taken(&told) == told.len(), "{name}: {told:?}");
    }
    assert_eq!(check(&workspace).unwrap().doubts, []);
    let leslie = [media.join("portraits/rose_leslie/2.jpg")];
    let told = add(&workspace, "kit harington", &leslie, false);
    assert!(reason(&told[0]).starts_with("it is nearer to rose leslie (cosine"), "{told:?}");
    // Of two pictures of a newcomer one is of somebody who is known, and the other like nobody: they are unlike each other.
    let pair = [media.join("portraits/biden/1.jpg"), media.join("friends_facebank/Monica.png")];
    assert_eq!(taken(&add(&workspace, "Newcomer", &pair, false)), 0);
    assert_eq!(taken(&add(&workspace, "kit harington", &leslie, true)), 1);
    let found = check(&workspace).unwrap();
    let [doubt] = &found.doubts[..] else { panic!("{found:?}") };
    assert_eq!(doubt.name, "kit harington");
    is_sound(&workspace);
}

/// A photograph as other programs and cameras would write it.
fn written(photo: &DynamicImage, how: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let png = |out: &mut Vec<u8>, image: &DynamicImage, colour: ExtendedColorType| {
        PngEncoder::new(out).write_image(image.as_bytes(), image.width(), image.height(), colour).unwrap();
    };
    match how {
        "grey" => png(&mut out, &DynamicImage::ImageLuma8(photo.to_luma8()), ExtendedColorType::L8),
        "16 bit" => png(&mut out, &DynamicImage::ImageRgb16(photo.to_rgb16()), ExtendedColorType::Rgb16),
        "cut out" => {
            let mut rgba = photo.to_rgba8();
            let (w, h) = (f32::from(u16::try_from(rgba.width()).unwrap()), f32::from(u16::try_from(rgba.height()).unwrap()));
            for (x, y, pixel) in rgba.enumerate_pixels_mut() {
                let (dx, dy) = (x as f32 / w - 0.5, y as f32 / h - 0.5);
                if dx.hypot(dy) > 0.45 {
                    // Programs leave any colour where nothing is seen.
                    pixel.0 = [255, 0, 255, 0];
                }
            }
            png(&mut out, &DynamicImage::ImageRgba8(rgba), ExtendedColorType::Rgba8);
        }
        "on its side" => {
            let lying = DynamicImage::ImageRgb8(photo.rotate270().to_rgb8());
            let mut encoder = JpegEncoder::new_with_quality(&mut out, 95);
            encoder.set_exif_metadata(b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec()).unwrap();
            encoder.write_image(lying.as_bytes(), lying.width(), lying.height(), ExtendedColorType::Rgb8).unwrap();
        }
        "large" => {
            let large = photo.resize(4000, 4000, imageops::FilterType::CatmullRom).to_rgb8();
            let (w, h) = large.dimensions();
            JpegEncoder::new_with_quality(&mut out, 85).write_image(&large, w, h, ExtendedColorType::Rgb8).unwrap();
        }
        _ => panic!("{how}"),
    }
    out
}

#[test]
fn a_face_is_the_same_however_its_picture_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let Some((media, workspace)) = real(&dir.path().join("lib")) else { return };
    let original = media.join("identities/Halle_Berry/Halle_Berry_0001.jpg");
    let original = if original.exists() { original } else { first_file(&media.join("identities/Halle_Berry")) };
    let photo = image::open(&original).unwrap();
    let mut files = vec![original];
    for how in ["grey", "16 bit", "cut out", "on its side", "large"] {
        // Named for another format than it is.
        files.push(dir.path().join(format!("{how}.jpeg")));
        fs::write(files.last().unwrap(), written(&photo, how)).unwrap();
    }
    let told = add(&workspace, "Halle Berry", &files, false);
    assert_eq!(taken(&told), files.len(), "{told:?}");
    let bank = bank(&workspace, &embedder_of(&workspace).unwrap()).unwrap();
    for (other, file) in bank.references.iter().zip(&files).skip(1) {
        let cosine = bank.references[0].vector.cosine(&other.vector).unwrap();
        println!("{file:?}: {cosine:.3}");
        assert!(cosine > 0.9, "{file:?}: {cosine}");
    }
}

fn first_file(folder: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files.remove(0)
}

#[test]
fn what_is_no_portrait_is_left_out_with_its_reason_and_keeps_nothing_else_back() {
    let dir = tempfile::tempdir().unwrap();
    let Some((media, workspace)) = real(&dir.path().join("lib")) else { return };
    let whole = first_file(&media.join("identities/Tom_Hanks"));
    let bytes = fs::read(&whole).unwrap();
    let photo = image::open(&whole).unwrap();
    let jpeg = |image: &DynamicImage| {
        let (mut out, rgb) = (Vec::new(), image.to_rgb8());
        JpegEncoder::new_with_quality(&mut out, 92)
            .write_image(&rgb, rgb.width(), rgb.height(), ExtendedColorType::Rgb8)
            .unwrap();
        out
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("cut off.jpg", bytes[..bytes.len() / 2].to_vec(), "the file ends before the picture does"),
        ("letter.jpg", b"Dear Ava, here are the pictures".to_vec(), "the file is no picture"),
        ("empty.png", Vec::new(), "the file is empty"),
        ("movie.jpg", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), "the file is GIF, not JPEG or PNG"),
        ("wall.jpg", jpeg(&DynamicImage::new_rgb8(300, 300)), "there is no face in it"),
        ("small.jpg", jpeg(&photo.thumbnail(70, 70)), "the face is too small"),
        ("blurred.jpg", jpeg(&photo.blur(5.0)), "the face is blurred"),
        ("dark.jpg", jpeg(&DynamicImage::ImageRgb8(imageops::brighten(&dimmed(&photo), 0))), "the face is too dark"),
    ];
    let mut files = Vec::new();
    for (name, bytes, _) in &cases {
        files.push(dir.path().join(name));
        fs::write(files.last().unwrap(), bytes).unwrap();
    }
    files.push(dir.path().join("not there.jpg"));
    files.push(whole);
    let mut told = Vec::new();
    let wanted = Enrolment { name: "Tom Hanks".into(), paths: files, largest: TakeLargest::WhenClear };
    enrol(&workspace, &wanted, &mut |_, _| false, &mut |o| told.push(o)).unwrap();
    for (name, _, due) in &cases {
        let outcome = told.iter().find(|o| o.from.ends_with(name)).unwrap();
        assert!(reason(&outcome.verdict).starts_with(due), "{name}: {outcome:?}");
    }
    let missing = told.iter().find(|o| o.from.ends_with("not there.jpg")).unwrap();
    assert!(reason(&missing.verdict).starts_with("the file cannot be read"), "{missing:?}");
    assert_eq!(told.iter().filter(|o| matches!(o.verdict, Verdict::Taken { .. })).count(), 1);
}

fn dimmed(photo: &DynamicImage) -> image::RgbImage {
    let mut rgb = photo.to_rgb8();
    for pixel in rgb.pixels_mut() {
        pixel.0 = pixel.0.map(|v| v / 9);
    }
    rgb
}

#[test]
fn another_embedder_embeds_the_kept_faces_and_never_mixes() {
    let dir = tempfile::tempdir().unwrap();
    let Some((media, workspace)) = real(&dir.path().join("lib")) else { return };
    // The pictures are gone afterwards: only the kept faces can serve.
    let photos = dir.path().join("photos");
    fs::create_dir(&photos).unwrap();
    for file in ["1.jpg", "2.jpg"] {
        fs::copy(media.join("portraits/kit_harington").join(file), photos.join(file)).unwrap();
    }
    assert_eq!(taken(&add(&workspace, "Kit", std::slice::from_ref(&photos), false)), 2);
    fs::remove_dir_all(&photos).unwrap();
    let (own, other) = (embedder_of(&workspace).unwrap(), EmbedderId("face_reid_retail_0095".into()));
    assert_ne!(own, other);
    let read = bank(&workspace, &own).unwrap();
    assert_eq!((read.made, read.notes()), (0, vec![]));
    let made = match bank(&workspace, &other) {
        Ok(made) => made,
        Err(SessionError::Infer(error)) => return println!("skipped: {error}"),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(made.notes(), ["2 references were embedded with face_reid_retail_0095 from the kept faces"]);
    assert!(made.references[0].vector.dim() != read.references[0].vector.dim());
    assert_eq!(bank(&workspace, &other).unwrap(), Bank { made: 0, ..made.clone() });
    // A vector that is made again is the one that was there.
    let again = rebuild(&workspace).unwrap();
    assert_eq!((again.made, &again.references), (2, &read.references));
    assert!(base(dir.path(), &EmbedderId("../x y".into())).ends_with("cache/facebank-.._x_y"));
    is_sound(&workspace);
}

fn synthetic() -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path(), &dir.path().join("models"));
    write_synthetic(&workspace, SyntheticSize { episodes: 1, tracks: 60, faces: 1500 }, &mut |_, _| {}).unwrap();
    (dir, workspace)
}

fn identity_of(workspace: &Workspace, name: &str) -> IdentityId {
    let library = workspace.open_library().unwrap();
    let store = workspace.read(&library, &"synthetic-s01e01".parse().unwrap()).unwrap();
    let identities = store.identities(store.active_run().unwrap().unwrap()).unwrap();
    identities.values().find(|i| i.name.as_deref() == Some(name)).unwrap().id
}

#[test]
fn the_best_and_most_different_faces_of_an_identity_are_promoted_without_any_model() {
    let (_dir, workspace) = synthetic();
    let episode = "synthetic-s01e01".parse().unwrap();
    let ada = PromoteFrom::Identity(identity_of(&workspace, "Ada Example"));
    let done = promote(&workspace, &episode, &ada, None, &mut |_| false).unwrap();
    println!("{}", done[0].text());
    let taken = done[0].taken();
    assert!(taken > 1 && taken <= workspace.settings.facebank.most_at_once, "{done:?}");
    let lines = list(&workspace, None).unwrap();
    assert!(lines.len() == taken && lines.iter().all(|l| matches!(l.origin, Origin::Crop { .. })), "{lines:?}");
    // The same again finds others, or nothing; never the same faces.
    let again = promote(&workspace, &episode, &ada, None, &mut |_| false).unwrap();
    let mut origins: Vec<Origin> = list(&workspace, None).unwrap().into_iter().map(|l| l.origin).collect();
    origins.sort();
    let all = origins.len();
    origins.dedup();
    assert_eq!((origins.len(), all), (taken + again[0].taken(), all));
    let told = again[0].passed_over.get("there already").copied();
    assert_eq!(told, Some(taken), "{again:?}");
    undo_catalog(&workspace, None).unwrap();
    is_sound(&workspace);
}

#[test]
fn promoting_needs_no_model_where_references_of_others_have_no_vector_yet() {
    let (_dir, workspace) = synthetic();
    let episode = "synthetic-s01e01".parse().unwrap();
    let ada = PromoteFrom::Identity(identity_of(&workspace, "Ada Example"));
    let taken = promote(&workspace, &episode, &ada, None, &mut |_| false).unwrap()[0].taken();
    let catalog = workspace.open_library().unwrap().catalog();
    for embedder in catalog.reference_embedders().unwrap() {
        assert!(catalog.forget_reference_vectors(&embedder).unwrap() > 0 && taken > 0);
    }
    assert!(!workspace.models.exists());
    let done = promote(&workspace, &episode, &ada, Some("Ben Example"), &mut |_| true).unwrap();
    assert!(done[0].taken() > 0, "{done:?}");
}

#[test]
fn people_of_a_folder_are_named_by_their_pictures_or_by_folders_of_them() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["Ava Stone.jpg", "Ben_Reed/1.png", "Ben_Reed/2.jpg", "Ben Reed.jpeg", ".hidden/1.jpg", "notes.txt"] {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    let found = portraits_of(dir.path()).unwrap();
    let told: Vec<(&str, usize)> = found.iter().map(|(name, paths)| (name.as_str(), paths.len())).collect();
    assert_eq!(told, [("Ava Stone", 1), ("Ben Reed", 3)]);
    assert!(matches!(portraits_of(&dir.path().join("Ben_Reed/1.png")), Err(SessionError::Read { .. })));
}

#[test]
fn whoever_has_no_name_is_asked_for_one() {
    let (_dir, workspace) = synthetic();
    let episode = "synthetic-s01e01".parse().unwrap();
    let library = workspace.open_library().unwrap();
    let store = workspace.read(&library, &episode).unwrap();
    let run = store.active_run().unwrap().unwrap();
    let identities = store.identities(run).unwrap();
    let assignments = store.assignments(run).unwrap();
    let (track, _) = assignments.iter().find(|(_, a)| identities[&a.identity].name.is_none()).unwrap();
    let from = PromoteFrom::Tracks(vec![*track]);
    let told = promote(&workspace, &episode, &from, None, &mut |_| false).unwrap_err();
    assert!(told.to_string().starts_with("nobody said yet who"), "{told}");
    assert!(told.hint().unwrap().contains("--as NAME"));
    let missing = PromoteFrom::Tracks(vec![TrackId(999_999)]);
    let told = promote(&workspace, &episode, &missing, None, &mut |_| false).unwrap_err();
    assert_eq!(told.to_string(), "synthetic-s01e01 keeps no face of t999999");
}
