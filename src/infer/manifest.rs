//! What is known of models: `models/manifest.toml`, and a `manifest.toml` beside the models themselves.

use super::InferError;
use super::downloads::{Download, Set, Source, Terms, Twin, is_digest, is_plain_name};
use super::pixels::Pixels;
use crate::algo::align::{ARCFACE_112, DLIB_150, OPEN_MODEL_ZOO_128, Template};
use crate::domain::CosineScale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Detectors: lowest score that counts as a face, `0..=1`. Active speakers: score (a logit) above which a face speaks.
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
    /// What else to know before use, such as the terms of the pictures it was trained on.
    pub caveats: Option<String>,
    /// The `[[terms]]` that are accepted before it is fetched; absent where nobody asks.
    pub terms: Option<String>,
    pub origin: String,
    /// The sets that it belongs to.
    #[serde(default)]
    pub sets: Vec<Set>,
    /// Other files with the same weights, such as another converter's.
    #[serde(default)]
    pub also: Vec<Twin>,
    /// Where `file` comes from, tried in this order; none where it has to be brought by hand.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Further files that the model needs, in the order in which its family opens them.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Sizes of the picture input, `-1` where free; absent for models that take no picture.
    pub input: Option<Vec<i64>>,
    /// Sizes of the outputs, in the model's order.
    #[serde(default)]
    pub outputs: Vec<Vec<i64>>,
    pub pixels: Option<Pixels>,
    pub template: Option<TemplateName>,
    pub thresholds: Option<Thresholds>,
}

impl ModelEntry {
    /// Returns what its cosines mean; `None` where nobody measured that, as for detectors.
    ///
    /// Where only the cosine below which faces differ is known, the other lies as far above it as `like` has it.
    #[must_use]
    pub fn cosines(&self, like: CosineScale) -> Option<CosineScale> {
        let known = self.thresholds.as_ref()?;
        let different = known.different?;
        Some(CosineScale { different, same: known.same.unwrap_or(different + like.same - like.different) })
    }
}

/// A further file of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub file: String,
    pub bytes: u64,
    pub sha256: String,
    #[serde(default)]
    pub also: Vec<Twin>,
    #[serde(default)]
    pub sources: Vec<Source>,
}

/// One file of a model, the first or a further one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileOf<'a> {
    pub name: &'a str,
    pub bytes: u64,
    pub sha256: &'a str,
    pub also: &'a [Twin],
    pub sources: &'a [Source],
}

impl FileOf<'_> {
    /// Tells whether a file of this size may be it.
    #[must_use]
    pub fn may_have(&self, bytes: u64) -> bool {
        self.bytes == bytes || self.also.iter().any(|t| t.bytes == bytes)
    }

    /// Tells whether contents of this digest are it, or hold the same weights.
    #[must_use]
    pub fn is(&self, sha256: &str) -> bool {
        self.sha256 == sha256 || self.also.iter().any(|t| t.sha256 == sha256)
    }
}

impl ModelEntry {
    /// Returns all files of the model, the one that is named for it first.
    pub fn files(&self) -> impl Iterator<Item = FileOf<'_>> {
        let first =
            FileOf { name: &self.file, bytes: self.bytes, sha256: &self.sha256, also: &self.also, sources: &self.sources };
        let rest = self.parts.iter().map(|p| FileOf {
            name: &p.file,
            bytes: p.bytes,
            sha256: &p.sha256,
            also: &p.also,
            sources: &p.sources,
        });
        std::iter::once(first).chain(rest)
    }
}

/// All that one `manifest.toml` says.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Models, best of each family first.
    #[serde(default, rename = "model")]
    pub models: Vec<ModelEntry>,
    /// Files that can be fetched.
    #[serde(default, rename = "download")]
    pub downloads: Vec<Download>,
    /// Terms that models ask to be accepted.
    #[serde(default)]
    pub terms: Vec<Terms>,
    /// Ids of models for each task, best first: what `auto` takes.
    #[serde(default)]
    pub auto: BTreeMap<Task, Vec<String>>,
}

impl Manifest {
    /// Returns the download of an id.
    #[must_use]
    pub fn download(&self, id: &str) -> Option<&Download> {
        self.downloads.iter().find(|d| d.id == id)
    }

    /// Returns the terms of an id.
    #[must_use]
    pub fn terms_of(&self, id: &str) -> Option<&Terms> {
        self.terms.iter().find(|t| t.id == id)
    }

    /// Adds what `other` says to this; ids that are here already stay as they are.
    pub(super) fn extend(&mut self, other: Self) {
        let Self { models, downloads, terms, auto } = other;
        self.models.extend(models);
        self.downloads.extend(downloads);
        self.terms.extend(terms);
        for (task, ids) in auto {
            self.auto.entry(task).or_default().extend(ids);
        }
    }

    /// Says what does not fit together: digests, names that lead out of the folder, ids that are twice or nowhere.
    fn fault(&self) -> Option<String> {
        for (i, model) in self.models.iter().enumerate() {
            if self.models[..i].iter().any(|e| e.id == model.id || e.sha256 == model.sha256) {
                return Some(format!("model {:?} is there twice, by id or by sha256", model.id));
            }
            // Models may share a part, such as a tokenizer, under one name; two contents cannot have one name.
            let other = |f: &FileOf<'_>| {
                self.models[..i].iter().flat_map(ModelEntry::files).any(|o| o.name == f.name && o.sha256 != f.sha256)
            };
            if let Some(file) = model.files().find(other) {
                return Some(format!("model {:?}: {:?} is one file for two models", model.id, file.name));
            }
            if let Some(fault) = model.files().find_map(|f| self.fault_of_file(&f)) {
                return Some(format!("model {:?}: {fault}", model.id));
            }
            if let Some(terms) = &model.terms
                && self.terms_of(terms).is_none()
            {
                return Some(format!("model {:?}: there are no terms {terms:?}", model.id));
            }
        }
        for (i, download) in self.downloads.iter().enumerate() {
            if self.downloads[..i].iter().any(|d| d.id == download.id) {
                return Some(format!("download {:?} is there twice", download.id));
            }
            if !is_digest(&download.sha256) {
                return Some(format!("download {:?}: sha256 {:?} is not 64 lower case hex digits", download.id, download.sha256));
            }
            if !is_plain_name(&download.file) {
                return Some(format!("download {:?}: {:?} is not a plain file name", download.id, download.file));
            }
        }
        None
    }

    fn fault_of_file(&self, file: &FileOf<'_>) -> Option<String> {
        let digests = std::iter::once(file.sha256).chain(file.also.iter().map(|t| t.sha256.as_str()));
        for digest in digests {
            if !is_digest(digest) {
                return Some(format!("sha256 {digest:?} is not 64 lower case hex digits"));
            }
        }
        if !is_plain_name(file.name) {
            return Some(format!("{:?} is not a plain file name", file.name));
        }
        for source in file.sources {
            if self.download(&source.download).is_none() {
                return Some(format!("there is no download {:?}", source.download));
            }
            if source.recipe.is_none() && source.members.len() > 1 {
                return Some(format!("{:?} is made of several members and has no recipe", file.name));
            }
        }
        None
    }
}

/// Reads the manifest that comes with this program.
pub(super) fn built_in() -> Result<Manifest, InferError> {
    parse(include_str!("../../models/manifest.toml"), Path::new("models/manifest.toml"))
}

/// Reads the manifest beside the models, where there is one.
pub(super) fn beside(dir: &Path) -> Result<Manifest, InferError> {
    let path = dir.join("manifest.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Manifest::default()),
        Err(e) => Err(InferError::Read { path, reason: e.to_string() }),
    }
}

fn parse(text: &str, path: &Path) -> Result<Manifest, InferError> {
    let wrong = |reason: String| InferError::Manifest { path: path.to_path_buf(), reason };
    let manifest: Manifest = toml::from_str(text).map_err(|e| wrong(e.to_string().trim().to_owned()))?;
    match manifest.fault() {
        Some(fault) => Err(wrong(fault)),
        None => Ok(manifest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_reads_and_describes_every_face_model_fully() {
        let models = built_in().unwrap().models;
        for m in models.iter().filter(|m| crate::infer::can_run(m) && m.task != Task::Listen) {
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
        let models = built_in().unwrap().models;
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

    /// Two models, a download and terms, with one word replaced.
    fn small(from: &str, to: &str) -> String {
        let digest = "a".repeat(64);
        let text = format!(
            r#"
            [[terms]]
            id = "t"
            title = "T"
            url = "https://example.org"
            text = "words"
            [[download]]
            id = "d"
            from = {{ url = "https://example.org/d.zip" }}
            file = "d.zip"
            bytes = 3
            sha256 = "{digest}"
            [[model]]
            id = "one"
            task = "detect"
            family = "f"
            file = "one.onnx"
            bytes = 1
            sha256 = "{digest}"
            licence = "MIT"
            terms = "t"
            origin = "here"
            sources = [{{ download = "d", members = ["m"] }}]
            [[model]]
            id = "two"
            task = "detect"
            family = "f"
            file = "two.onnx"
            bytes = 1
            sha256 = "b{}"
            licence = "MIT"
            origin = "here"
            "#,
            "a".repeat(63)
        );
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    }

    #[test]
    fn a_manifest_that_does_not_hold_together_is_refused() {
        assert!(parse(&small("one", "one"), Path::new("x")).is_ok());
        let due = [
            ("id = \"two\"", "id = \"one\"", "twice"),
            ("sha256 = \"b", "sha256 = \"a", "twice"),
            ("sha256 = \"b", "sha256 = \"X", "hex digits"),
            ("sha256 = \"aaaa", "sha256 = \"Aaaa", "hex digits"),
            ("file = \"two.onnx\"", "file = \"../two.onnx\"", "plain file name"),
            ("file = \"two.onnx\"", "file = \"one.onnx\"", "one file"),
            ("file = \"d.zip\"", "file = \"/tmp/d.zip\"", "plain file name"),
            ("download = \"d\"", "download = \"e\"", "no download"),
            ("terms = \"t\"", "terms = \"u\"", "no terms"),
            ("[\"m\"]", "[\"m\", \"n\"]", "no recipe"),
            ("task = \"detect\"", "task = \"cook\"", "cook"),
        ];
        for (from, to, says) in due {
            let fault = parse(&small(from, to), Path::new("x")).unwrap_err().to_string();
            assert!(fault.contains(says), "{from} {to}: {fault}");
        }
    }
}
