//! Which speech model is meant, and where its files lie.

use super::folder::Folder;
use super::{TranscribeParams, Whisper};
use crate::domain::ModelUse;
use crate::infer::registry::{AUTO, Found, Registry, hex, sha256};
use crate::infer::{InferError, ModelFile, SessionOptions, Task};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The families of models that this program writes down speech with: exports for onnxruntime, best first where several are there, and files of whisper.cpp.
const FAMILY: &str = "whisper-onnx";
const GGML_FAMILY: &str = "whisper";

/// A speech model that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechModel {
    files: Files,
    /// What a run records of it.
    pub used: ModelUse,
}

#[derive(Debug, Clone, PartialEq)]
enum Files {
    Onnx(Folder),
    Ggml(PathBuf),
}

impl SpeechModel {
    /// Opens it; whisper.cpp has the threads of `options`, and the CPU.
    ///
    /// # Errors
    /// `NoWhisperCpp` for a ggml file where this program was built without; else as [`Whisper::open`].
    pub fn open(&self, params: &TranscribeParams, options: &SessionOptions) -> Result<Whisper, InferError> {
        match &self.files {
            Files::Onnx(folder) => Whisper::open(&self.used.id, folder, params, options),
            #[cfg(feature = "whisper-cpp")]
            Files::Ggml(path) => Whisper::open_ggml(&self.used.id, path, params, options.intra_threads),
            #[cfg(not(feature = "whisper-cpp"))]
            Files::Ggml(path) => Err(InferError::NoWhisperCpp { path: path.clone() }),
        }
    }
}

/// Finds the speech model that `wanted` means: `auto` (the best that is there), an id or a family of the manifest, the folder of a model, or a ggml file; `None` where none is there that it
/// could mean.
///
/// # Errors
/// `Read` where a folder is not that of a model; `Unsupported` where the manifest's files are not those that the loader takes; `Unrecognised` where a file is not a ggml file.
pub fn find_speech_model(registry: &Registry, found: &Found, wanted: &str) -> Result<Option<SpeechModel>, InferError> {
    if wanted.contains(std::path::MAIN_SEPARATOR) {
        let path = Path::new(wanted);
        return if path.is_file() { of_file(path) } else { of_folder(path) }.map(Some);
    }
    let chosen = |wanted: &str| registry.chosen(found, Task::Listen, wanted);
    let file = if wanted == AUTO {
        chosen(FAMILY).or_else(|| chosen(GGML_FAMILY).filter(|_| cfg!(feature = "whisper-cpp")))
    } else {
        chosen(wanted)
    };
    file.map(of_model).transpose().map(Option::flatten)
}

fn of_model(file: &ModelFile) -> Result<Option<SpeechModel>, InferError> {
    let files = match file.entry.family.as_str() {
        FAMILY => Files::Onnx(Folder::of_model(file)?),
        GGML_FAMILY => Files::Ggml(file.path.clone()),
        _ => return Ok(None),
    };
    Ok(Some(SpeechModel { files, used: file.model_use() }))
}

fn of_file(path: &Path) -> Result<SpeechModel, InferError> {
    let unread = |e: std::io::Error| InferError::Read { path: path.to_path_buf(), reason: e.to_string() };
    let mut magic = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut magic)).map_err(unread)?;
    let reason = match magic.as_slice() {
        super::GGML_MAGIC => {
            let used = unknown(path, GGML_FAMILY, sha256(path)?, path);
            return Ok(SpeechModel { files: Files::Ggml(path.to_path_buf()), used });
        }
        b"GGUF" => "it is a GGUF file; those of Whisper that whisper.cpp reads are called ggml-….bin",
        _ => "it is neither a folder with an export for onnxruntime nor a ggml file of whisper.cpp",
    };
    Err(InferError::Unrecognised { path: path.to_path_buf(), reason: reason.into() })
}

fn of_folder(dir: &Path) -> Result<SpeechModel, InferError> {
    let folder = Folder::open(dir)?;
    let mut digests = Vec::new();
    for path in [&folder.encoder, &folder.decoder, &folder.config, &folder.generation, &folder.preprocessor, &folder.tokenizer] {
        digests.push(sha256(path)?);
    }
    let used = unknown(dir, FAMILY, hex(&Sha256::digest(digests.join("\n"))), &folder.encoder);
    Ok(SpeechModel { files: Files::Onnx(folder), used })
}

/// Describes a model that the manifest does not know.
fn unknown(place: &Path, family: &str, sha256: String, file: &Path) -> ModelUse {
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    ModelUse { id: name(place), family: family.into(), licence: "unknown".into(), commercial: None, sha256, file: name(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &Path) -> Result<SpeechModel, InferError> {
        let registry = Registry::built_in().unwrap();
        let found = registry.scan(path.parent().unwrap()).unwrap();
        find_speech_model(&registry, &found, path.to_str().unwrap()).map(Option::unwrap)
    }

    #[test]
    fn a_ggml_file_is_known_by_its_first_bytes_and_named_after_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ggml-mine.bin");
        std::fs::write(&path, "lmgg and so on").unwrap();
        let model = find(&path).unwrap();
        assert_eq!((model.used.id.as_str(), model.used.family.as_str()), ("ggml-mine.bin", "whisper"));
        assert_eq!(model.used.sha256, sha256(&path).unwrap());
        for (text, due) in [("GGUF", "GGUF"), ("ON", "neither a folder")] {
            std::fs::write(&path, text).unwrap();
            let fault = find(&path).unwrap_err().to_string();
            assert!(fault.contains(due), "{fault}");
        }
    }

    #[cfg(not(feature = "whisper-cpp"))]
    #[test]
    fn without_whisper_cpp_a_ggml_file_is_refused_with_the_way_to_build_it() {
        use crate::infer::tests_support::{on, runtime};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ggml-mine.bin");
        std::fs::write(&path, "lmgg and so on").unwrap();
        let Some(runtime) = runtime() else { return };
        let params = crate::infer::transcribe::default_params();
        let fault = find(&path).unwrap().open(&params, &on(runtime.cpu())).unwrap_err();
        assert!(fault.to_string().contains("ggml-mine.bin"), "{fault}");
        assert!(fault.hint().unwrap().contains("--features whisper-cpp"));
    }
}
