//! Pictures of people whose names are known: a file or a folder a person.

use super::photo::{self, Photo};
use super::{SessionError, Workspace};
use crate::algo::align;
use crate::config::Settings;
use crate::domain::{Affine, BBox, Detection, EmbedderId, Embedding, Point, RgbImage, Size, tidy_name};
use crate::infer::{
    FaceDetector, FaceEmbedder, ModelFile, Prefer, Registry, SessionOptions, Task, build_detector, build_embedder, detect_picture,
};
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
        let params = &workspace.settings.photos;
        let photo = match photo::read_bytes(path, params).and_then(|bytes| photo::decode(&bytes, params)) {
            Ok(photo) => photo,
            Err(error) => return Ok(Portrait::Unreadable(error.to_string())),
        };
        let (largest, faces) = self.largest(workspace, &photo)?;
        let Some((_, aligned)) = largest else { return Ok(Portrait::NoFace) };
        let vector = self.embed(&[aligned])?.pop();
        Ok(vector.map_or(Portrait::NoFace, |vector| Portrait::Face { vector, faces }))
    }

    /// Returns the largest face of a picture, with the canonical aligned picture of it, and how many there are.
    ///
    /// # Errors
    /// Fails where the detector does.
    pub(super) fn largest(
        &mut self,
        workspace: &Workspace,
        photo: &Photo,
    ) -> Result<(Option<(Detection, RgbImage)>, usize), SessionError> {
        let faces = self.faces(workspace, photo)?;
        let count = faces.len();
        let largest = faces.into_iter().max_by(|a, b| a.bbox.area().total_cmp(&b.bbox.area()));
        let aligned =
            largest.as_ref().and_then(|f| f.landmarks.as_ref()).and_then(|points| align::canonical_crop(&photo.full, points));
        Ok((largest.zip(aligned), count))
    }

    /// Finds the faces of a picture, by falling score, in pixels of the full picture.
    ///
    /// # Errors
    /// Fails where the model does.
    pub(super) fn faces(&mut self, workspace: &Workspace, photo: &Photo) -> Result<Vec<Detection>, SessionError> {
        self.faces_within(workspace, photo, 0.0)
    }

    /// The same, and once more with black around the picture where there is none: of a picture that is cut close to its face detectors
    /// know less.
    ///
    /// # Errors
    /// Fails where the model does.
    pub(super) fn faces_cut_close(&mut self, workspace: &Workspace, photo: &Photo) -> Result<Vec<Detection>, SessionError> {
        let faces = self.faces(workspace, photo)?;
        if faces.is_empty() { self.faces_within(workspace, photo, MARGIN) } else { Ok(faces) }
    }

    /// Looks at a picture with `margin` times its longer side added on every side.
    fn faces_within(&mut self, workspace: &Workspace, photo: &Photo, margin: f32) -> Result<Vec<Detection>, SessionError> {
        let (picture, times) = photo.small.as_ref().map_or((&photo.full, 1.0), |(small, times)| (small, *times));
        let added = (picture.width.max(picture.height) as f32 * margin).round();
        let within = |side: u32| side.saturating_add(whole(2.0 * added));
        let size = Size { width: within(picture.width), height: within(picture.height) };
        let moved = Affine::translate(-f64::from(added), -f64::from(added));
        let mut sample = |size: Size, map: &Affine| align::warp(picture, &map.then(&moved), size);
        let policy = &workspace.settings.detect.large_faces;
        let found = detect_picture(self.detector.as_mut(), policy, size, &mut sample)?;
        Ok(found.into_iter().map(|face| in_full(&face, added, times)).collect())
    }

    /// Returns the name of what makes the vectors.
    pub(super) fn embedder(&self) -> EmbedderId {
        EmbedderId(self.embedder_file.entry.id.clone())
    }

    /// Returns a vector for each aligned face, in order.
    ///
    /// # Errors
    /// Fails where the model does.
    pub(super) fn embed(&mut self, faces: &[RgbImage]) -> Result<Vec<Embedding>, SessionError> {
        Ok(self.embedder.embed(faces)?)
    }
}

/// Black on every side of a picture that is cut close, in longer sides of it.
const MARGIN: f32 = 0.5;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pictures have fewer pixels a side than 2^24")]
fn whole(pixels: f32) -> u32 {
    pixels.max(0.0) as u32
}

/// Brings a face from a smaller copy with `added` pixels around it to the full picture, `times` as large.
///
/// Landmarks count pixel centres as whole numbers, so half a pixel is added before scaling and taken off after.
fn in_full(face: &Detection, added: f32, times: f32) -> Detection {
    let edge = |v: f32| (v - added) * times;
    let centre = |v: f32| (v - added + 0.5) * times - 0.5;
    let BBox { x1, y1, x2, y2 } = face.bbox;
    Detection {
        bbox: BBox::new(edge(x1), edge(y1), edge(x2), edge(y2)),
        landmarks: face.landmarks.map(|points| points.map(|p| Point { x: centre(p.x), y: centre(p.y) })),
        score: face.score,
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
        *name = tidy_name(&name.replace('_', " "));
    }
    files.retain(|(name, _)| !name.is_empty() && !name.starts_with('.'));
    Ok(files)
}

pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, SessionError> {
    let failed = |source| SessionError::Read { path: folder.to_owned(), source };
    let mut paths =
        std::fs::read_dir(folder).map_err(failed)?.map(|e| Ok(e?.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

pub(super) fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    path.is_file() && matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
