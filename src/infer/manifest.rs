//! What is known of models: `models/manifest.toml`, and a `manifest.toml` beside the models themselves.

use super::InferError;
use super::pixels::Pixels;
use crate::algo::align::{ARCFACE_112, DLIB_150, OPEN_MODEL_ZOO_128, Template};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Finds faces.
    Detect,
    /// Turns an aligned face into a vector.
    Embed,
    /// Finds points in a face.
    Landmarks,
    /// Works on sound, or on sound and faces.
    Listen,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detect => "detect",
            Self::Embed => "embed",
            Self::Landmarks => "landmarks",
            Self::Listen => "listen",
        })
    }
}

/// Names the five positions that an embedder wants a face on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplateName {
    #[serde(rename = "arcface_112")]
    ArcFace112,
    #[serde(rename = "open_model_zoo_128")]
    OpenModelZoo128,
    #[serde(rename = "dlib_150")]
    Dlib150,
}

impl TemplateName {
    /// Returns the positions and the side of the square they lie in, in pixels.
    #[must_use]
    pub fn points(self) -> (&'static Template, u32) {
        match self {
            Self::ArcFace112 => (&ARCFACE_112, 112),
            Self::OpenModelZoo128 => (&OPEN_MODEL_ZOO_128, 128),
            Self::Dlib150 => (&DLIB_150, 150),
        }
    }
}

/// Numbers a model was published or measured with, and where they come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Detectors: lowest score that counts as a face, `0..=1`.
    pub score: Option<f32>,
    /// Detectors: boxes that overlap by more are one face.
    pub nms_iou: Option<f32>,
    /// Embedders: cosine from which two vectors are one person without asking.
    pub same: Option<f32>,
    /// Embedders: cosine below which they are two people.
    pub different: Option<f32>,
    pub origin: String,
}

/// One model of the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    pub id: String,
    pub task: Task,
    pub family: String,
    /// File name as published.
    pub file: String,
    pub bytes: u64,
    /// Hex digest of the file.
    pub sha256: String,
    /// Terms of the weights: an SPDX expression or words.
    pub licence: String,
    /// Whether those terms allow commercial use; absent where nobody says.
    pub commercial: Option<bool>,
    pub origin: String,
    /// Sizes of the picture input, `-1` where free; absent for models that take no picture.
    pub input: Option<Vec<i64>>,
    /// Sizes of the outputs, in the model's order.
    #[serde(default)]
    pub outputs: Vec<Vec<i64>>,
    pub pixels: Option<Pixels>,
    pub template: Option<TemplateName>,
    pub thresholds: Option<Thresholds>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    model: Vec<ModelEntry>,
}

/// Reads the manifest that comes with this program.
pub(super) fn built_in() -> Result<Vec<ModelEntry>, InferError> {
    parse(include_str!("../../models/manifest.toml"), Path::new("models/manifest.toml"))
}

/// Reads the manifest beside the models, where there is one.
pub(super) fn beside(dir: &Path) -> Result<Vec<ModelEntry>, InferError> {
    let path = dir.join("manifest.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(InferError::Read { path, reason: e.to_string() }),
    }
}

fn parse(text: &str, path: &Path) -> Result<Vec<ModelEntry>, InferError> {
    let wrong = |reason: String| InferError::Manifest { path: path.to_path_buf(), reason };
    let file: File = toml::from_str(text).map_err(|e| wrong(e.to_string().trim().to_owned()))?;
    for (i, entry) in file.model.iter().enumerate() {
        let hex = entry.sha256.len() == 64 && entry.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !hex {
            return Err(wrong(format!("model {:?}: sha256 {:?} is not 64 lower case hex digits", entry.id, entry.sha256)));
        }
        if file.model[..i].iter().any(|e| e.id == entry.id || e.sha256 == entry.sha256) {
            return Err(wrong(format!("model {:?} is there twice, by id or by sha256", entry.id)));
        }
    }
    Ok(file.model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_reads_and_describes_every_face_model_fully() {
        let models = built_in().unwrap();
        for m in models.iter().filter(|m| crate::infer::can_run(m)) {
            assert!(m.pixels.is_some() && m.input.is_some() && m.thresholds.is_some(), "{}", m.id);
            assert_eq!(m.template.is_some(), m.task == Task::Embed, "{}", m.id);
            assert!(!m.outputs.is_empty(), "{}", m.id);
        }
    }

    #[test]
    fn pixels_reach_each_model_as_it_was_trained() {
        // One pixel of red 10, green 200, blue 97; planes by hand from each model's published preprocessing.
        let due: [(&str, [f32; 3]); 6] = [
            ("scrfd_2.5g_kps_dyn", [-0.917_968_75, 0.566_406_25, -0.238_281_25]),
            ("yunet_n_dynamic", [97.0, 200.0, 10.0]),
            ("retinaface_mnet025", [-7.0, 83.0, -113.0]),
            ("mobilefacenet_arcface_128", [-0.917_968_75, 0.566_406_25, -0.238_281_25]),
            ("arcface_w600k_r50", [-0.921_568_6, 0.568_627_5, -0.239_215_69]),
            ("dlib_face_128_u8", [-0.440_554_7, 0.324_214_84, -0.028_507_8]),
        ];
        let models = built_in().unwrap();
        for (id, planes) in due {
            let pixels = models.iter().find(|m| m.id == id).unwrap().pixels.unwrap();
            let image = crate::domain::RgbImage { width: 1, height: 1, data: vec![10, 200, 97] };
            let mut tensor = [0.0; 3];
            pixels.levels().fill(&image, image.size(), &mut tensor).unwrap();
            for (found, due) in tensor.iter().zip(planes) {
                assert!((found - due).abs() < 1e-4, "{id} {tensor:?}");
            }
        }
    }

    #[test]
    fn a_model_listed_twice_or_with_a_broken_digest_is_refused() {
        let text = include_str!("../../models/manifest.toml");
        let twice = format!("{text}\n{text}");
        assert!(parse(&twice, Path::new("x")).unwrap_err().to_string().contains("twice"));
        let broken = text.replacen("sha256 = \"3", "sha256 = \"X", 1);
        assert!(parse(&broken, Path::new("x")).unwrap_err().to_string().contains("hex digits"));
    }
}
