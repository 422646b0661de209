//! Which speech model is meant, and where its files lie.

use super::folder::Folder;
use crate::domain::ModelUse;
use crate::infer::registry::{AUTO, Found, Registry, hex, sha256};
use crate::infer::{InferError, ModelFile, Task};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The family of models that this program writes down speech with.
const FAMILY: &str = "whisper-onnx";

/// A speech model that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechModel {
    pub folder: Folder,
    /// What a run records of it.
    pub used: ModelUse,
}

/// Finds the speech model that `wanted` means: `auto` (the best that is there), an id or a family of the manifest, or the folder of a model; `None` where none is there that it could mean.
///
/// # Errors
/// `Read` where a folder is not that of a model; `Unsupported` where the manifest's files are not those that the loader takes.
pub fn find_speech_model(registry: &Registry, found: &Found, wanted: &str) -> Result<Option<SpeechModel>, InferError> {
    if wanted.contains(std::path::MAIN_SEPARATOR) {
        return of_folder(Path::new(wanted)).map(Some);
    }
    let wanted = if wanted == AUTO { FAMILY } else { wanted };
    let Some(file) = registry.chosen(found, Task::Listen, wanted).filter(|m| m.entry.family == FAMILY) else { return Ok(None) };
    of_model(file).map(Some)
}

fn of_model(file: &ModelFile) -> Result<SpeechModel, InferError> {
    Ok(SpeechModel { folder: Folder::of_model(file)?, used: file.model_use() })
}

fn of_folder(dir: &Path) -> Result<SpeechModel, InferError> {
    let folder = Folder::open(dir)?;
    let mut digests = Vec::new();
    for path in [&folder.encoder, &folder.decoder, &folder.config, &folder.generation, &folder.preprocessor, &folder.tokenizer] {
        digests.push(sha256(path)?);
    }
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let used = ModelUse {
        id: name(dir),
        family: FAMILY.into(),
        licence: "unknown".into(),
        commercial: None,
        sha256: hex(&Sha256::digest(digests.join("\n"))),
        file: name(&folder.encoder),
    };
    Ok(SpeechModel { folder, used })
}
