//! Pictures of people whose names are known: a file or a folder a person.

use super::{SessionError, Workspace};
use crate::algo::align;
use crate::config::Settings;
use crate::domain::{Affine, Embedding, RgbImage, Size};
use crate::infer::{
    FaceDetector, FaceEmbedder, ModelFile, Prefer, Registry, SessionOptions, Task, build_detector, build_embedder, detect_picture,
};
use image::{DynamicImage, ImageDecoder, ImageReader, ImageResult};
use std::path::{Path, PathBuf};

/// A detector and an embedder, opened on the CPU for a few pictures.
pub(super) struct PortraitModels {
    detector: Box<dyn FaceDetector>,
    embedder: Box<dyn FaceEmbedder>,
    pub detector_file: ModelFile,
    pub embedder_file: ModelFile,
}

impl PortraitModels {
    /// Opens the detector of the settings and the embedder that `embedder` names.
    ///
    /// # Errors
    /// Fails where one of them is not there or cannot be opened.
    pub(super) fn open(workspace: &Workspace, embedder: &str) -> Result<Self, SessionError> {
        let runtime = workspace.runtime(Prefer::Cpu)?;
        let registry = Registry::built_in()?;
        let found = registry.scan(&workspace.models)?;
        let settings = &workspace.settings;
        let detector_file = registry.resolve(&found, Task::Detect, &settings.detect.model, &runtime)?;
        let embedder_file = registry.resolve(&found, Task::Embed, embedder, &runtime)?;
        let options = SessionOptions { intra_threads: 1, device: runtime.cpu() };
        Ok(Self {
            detector: build_detector(&detector_file, &settings.detect, &options)?,
            embedder: build_embedder(&embedder_file, &settings.embed, &options)?,
            detector_file,
            embedder_file,
        })
    }

    /// Returns the settings with every cosine as the embedder has it.
    pub(super) fn settings(&self, workspace: &Workspace) -> Settings {
        let settings = &workspace.settings;
        settings.in_cosines_of(self.embedder_file.entry.cosines(settings.cosines))
    }

    /// Looks at one picture; of several faces the largest counts.
    ///
    /// # Errors
    /// Fails where a model does; a picture that cannot be read is an answer.
    pub(super) fn look(&mut self, workspace: &Workspace, path: &Path) -> Result<Portrait, SessionError> {
        let picture = match read(path) {
            Ok(picture) => picture,
            Err(error) => return Ok(Portrait::Unreadable(error.to_string())),
        };
        let mut sample = |size: Size, map: &Affine| align::warp(&picture, map, size);
        let policy = &workspace.settings.detect.large_faces;
        let faces = detect_picture(self.detector.as_mut(), policy, picture.size(), &mut sample)?;
        let largest = faces.iter().max_by(|a, b| a.bbox.area().total_cmp(&b.bbox.area()));
        let Some(map) = largest.and_then(|f| f.landmarks.as_ref()).and_then(align::canonical_map) else {
            return Ok(Portrait::NoFace);
        };
        let side = align::CANONICAL_SIDE;
        let aligned = align::warp(&picture, &map, Size { width: side, height: side });
        let vector = self.embedder.embed(&[aligned])?.pop();
        Ok(vector.map_or(Portrait::NoFace, |vector| Portrait::Face { vector, faces: faces.len() }))
    }
}

/// What is in a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Portrait {
    /// The largest of `faces` faces.
    Face {
        vector: Embedding,
        faces: usize,
    },
    NoFace,
    /// It is no picture, and why.
    Unreadable(String),
}

/// Reads a picture as it is meant to be seen: cameras write how they were held beside the pixels.
fn read(path: &Path) -> ImageResult<RgbImage> {
    let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let image = image.into_rgb8();
    Ok(RgbImage { width: image.width(), height: image.height(), data: image.into_raw() })
}

/// Lists portraits with the names they are filed under: `Ava Stone.jpg`, or any picture in `Ava Stone/`.
///
/// # Errors
/// Fails where a folder cannot be read.
pub(super) fn portrait_files(folder: &Path) -> Result<Vec<(String, PathBuf)>, SessionError> {
    let mut files = Vec::new();
    for entry in entries(folder)? {
        if entry.is_dir() {
            let name = file_name(&entry);
            files.extend(entries(&entry)?.into_iter().filter(|p| is_picture(p)).map(|p| (name.clone(), p)));
        } else if is_picture(&entry) {
            let name = entry.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            files.push((name, entry));
        }
    }
    for (name, _) in &mut files {
        *name = name.replace('_', " ");
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, SessionError> {
    let failed = |source| SessionError::Read { path: folder.to_owned(), source };
    let mut paths =
        std::fs::read_dir(folder).map_err(failed)?.map(|e| Ok(e?.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    path.is_file() && matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};

    #[test]
    fn a_picture_taken_with_the_camera_on_its_side_is_seen_upright() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jpg");
        // White left half, black right half; the camera says: turn a quarter clockwise, so white comes to the top.
        let data: Vec<u8> = (0..16 * 16).flat_map(|i| [if i % 16 < 8 { 255 } else { 0 }; 3]).collect();
        // TIFF, big endian, one entry: 0x0112 (orientation), short, one value, 6.
        let exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        let mut encoder = JpegEncoder::new_with_quality(std::fs::File::create(&path).unwrap(), 100);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.write_image(&data, 16, 16, ExtendedColorType::Rgb8).unwrap();
        let seen = read(&path).unwrap();
        let at = |x: usize, y: usize| seen.data[(y * 16 + x) * 3];
        assert!(at(2, 2) > 200 && at(13, 2) > 200 && at(2, 13) < 50 && at(13, 13) < 50);
    }

    #[test]
    fn a_picture_is_filed_under_its_own_name_or_that_of_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("Ben Hill")).unwrap();
        for file in ["Ava_Stone.JPG", "Ben Hill/1.png", "Ben Hill/2.jpeg", "Ben Hill/notes.txt"] {
            std::fs::write(dir.path().join(file), b"").unwrap();
        }
        let names: Vec<_> = portrait_files(dir.path()).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Ava Stone", "Ben Hill", "Ben Hill"]);
    }
}
