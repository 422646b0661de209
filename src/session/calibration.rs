//! Fits the belief of recognition to a folder of people.

use super::photo::{self, Photo};
use super::portraits::{PortraitModels, portrait_files};
use super::{SessionError, Workspace};
use crate::algo::quality::{assess, badges, eye_span, look as seen_in};
use crate::algo::recognise::{self, Calibration, Probe};
use crate::domain::{CosineMap, ModelUse, RgbImage};
use image::imageops::{FilterType, resize};
use serde::Serialize;
use std::path::Path;

/// What was fitted, by which models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibrated {
    pub detector: ModelUse,
    pub embedder: ModelUse,
    #[serde(flatten)]
    pub calibration: Calibration,
    /// Pictures that could not serve, and why.
    pub notes: Vec<String>,
}

/// Looks at every picture of `folder`, which has a folder for each person, as it is and made smaller, and fits the belief to them.
///
/// # Errors
/// Fails where there are no three people to compare, or the models of the settings are not there.
pub fn calibrate(workspace: &Workspace, folder: &Path, leave_out: &[String]) -> Result<Calibrated, SessionError> {
    let settings = &workspace.settings;
    let mut files = portrait_files(folder)?;
    files.retain(|(person, _)| !leave_out.contains(person));
    let mut models = PortraitModels::open(workspace, &settings.embed.model)?;
    let (mut probes, mut notes) = (Vec::new(), Vec::new());
    let mut people: Vec<String> = Vec::new();
    for (picture, (name, path)) in files.iter().enumerate() {
        let person = people.iter().position(|p| p == name).unwrap_or_else(|| {
            people.push(name.clone());
            people.len() - 1
        });
        let read = photo::read_bytes(path, &settings.photos).and_then(|bytes| photo::decode(&bytes, &settings.photos));
        let photo = match read {
            Ok(photo) => photo,
            Err(error) => {
                notes.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        let Some(span) = look(workspace, &mut models, &photo, 1.0, (person, picture), &mut probes)? else {
            notes.push(format!("{}: no face", path.display()));
            continue;
        };
        for eye_px in settings.calibration.eye_px.iter().filter(|px| **px < 0.9 * span) {
            look(workspace, &mut models, &photo, eye_px / span, (person, picture), &mut probes)?;
        }
    }
    let scale = models.embedder_file.entry.cosines(settings.cosines);
    let map =
        scale.map_or_else(|| CosineMap::new(settings.cosines, settings.cosines), |own| CosineMap::new(own, settings.cosines));
    let strangers = settings.cluster.strangers;
    let calibration = recognise::calibrate(&settings.recognise, &settings.calibration, &map, strangers, &probes);
    let calibration = calibration.ok_or_else(|| SessionError::NoPairs {
        path: folder.to_owned(),
        pictures: files.len(),
        with_face: probes.iter().filter(|p| p.is_reference).count(),
        people: people.len(),
    })?;
    let (detector, embedder) = (models.detector_file.model_use(), models.embedder_file.model_use());
    Ok(Calibrated { detector, embedder, calibration, notes })
}

/// Adds the largest face of a picture that is made `times` as large, and returns the pixels between its eyes; one that is not found is left
/// out, as an episode would miss it.
fn look(
    workspace: &Workspace,
    models: &mut PortraitModels,
    photo: &Photo,
    times: f32,
    (person, picture): (usize, usize),
    probes: &mut Vec<Probe>,
) -> Result<Option<f32>, SessionError> {
    let is_reference = times >= 1.0;
    let small = (!is_reference).then(|| Photo { full: smaller(&photo.full, times), small: None });
    let seen = small.as_ref().unwrap_or(photo);
    let (Some((face, aligned)), _) = models.largest(workspace, seen)? else { return Ok(None) };
    let quality = assess(&workspace.settings.quality, &aligned, &face, seen.full.size());
    let quality = badges(&workspace.settings.badges, &quality, Some(&seen_in(&aligned))).weigh(&quality).total;
    if let Some(vector) = models.embed(&[aligned])?.pop() {
        probes.push(Probe { person, picture, vector, quality, is_reference });
    }
    Ok(Some(eye_span(&face)))
}

fn smaller(image: &RgbImage, times: f32) -> RgbImage {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side of a picture, made smaller")]
    let side = |pixels: u32| ((pixels as f32 * times).round() as u32).max(16);
    let (width, height) = (side(image.width), side(image.height));
    let Some(whole) = image::RgbImage::from_raw(image.width, image.height, image.data.clone()) else { return image.clone() };
    let made = resize(&whole, width, height, FilterType::Triangle);
    RgbImage { width, height, data: made.into_raw() }
}
