//! What can go wrong between a model file and a vector.

use super::device::{DeviceChoice, DeviceFault};
use super::gpu::GpuError;
use super::manifest::Task;
use crate::domain::{EmbeddingError, Size};
use std::path::PathBuf;

/// Says what failed in finding, loading or running models.
#[derive(Debug, thiserror::Error)]
pub enum InferError {
    #[error("cannot find onnxruntime; looked for {}", tried.join(", "))]
    LibraryMissing { tried: Vec<String> },
    #[error("cannot use {path:?} as onnxruntime: {reason}")]
    LibraryUnusable { path: PathBuf, reason: String },
    #[error("cannot install onnxruntime {version} into {into:?}: {}", reasons.join("; "))]
    Install { version: &'static str, into: PathBuf, reasons: Vec<String> },
    #[error(transparent)]
    Gpu(#[from] GpuError),
    #[error("cannot compute on {device}: {fault}")]
    DeviceUnusable { device: DeviceChoice, fault: DeviceFault },
    #[error("{found:?} is not a device")]
    Device { found: String },
    #[error("{found:?} is not an input size")]
    InputSizeText { found: String },
    #[error("cannot read {path:?}: {reason}")]
    Read { path: PathBuf, reason: String },
    #[error("model manifest {path:?}: {reason}")]
    Manifest { path: PathBuf, reason: String },
    #[error("no model {wanted:?} for task {task} in {dir:?}; there: {}", list(there))]
    ModelMissing { wanted: String, task: Task, dir: PathBuf, there: Vec<String> },
    #[error("no model for task {task} in {dir:?}")]
    NothingInstalled { task: Task, dir: PathBuf },
    #[error("there is no detector in {dir:?} of another family than {first}")]
    NoSecond { first: String, dir: PathBuf },
    #[error("{id} would look at its own faces again")]
    SameDetector { id: String },
    #[error("model {id:?} in {dir:?} is not whole; missing: {}", list(missing))]
    PartMissing { id: String, dir: PathBuf, missing: Vec<String> },
    #[error("model file {path:?} is not {id}: its contents are {found}")]
    WrongContent { path: PathBuf, id: String, found: String },
    #[error("model {wanted:?} is for task {found}, and one for {task} is wanted")]
    WrongTask { wanted: String, task: Task, found: Task },
    #[error("model {id:?} is known, but family {family:?} cannot be run yet")]
    Unsupported { id: String, family: String },
    #[error("cannot tell what model {path:?} is: {reason}")]
    Unrecognised { path: PathBuf, reason: String },
    #[error("cannot open model {path:?}: {reason}")]
    Open { path: PathBuf, reason: String },
    #[error("model {id:?} takes pictures of {}x{}, not {asked}", takes.width, takes.height)]
    InputSize { id: String, takes: Size, asked: String },
    #[error("detector input {asked} has a side that is not a multiple of {step}")]
    InputStep { asked: String, step: u32 },
    #[error("a picture of {}x{} came where {}x{} was due", found.width, found.height, due.width, due.height)]
    Picture { found: Size, due: Size },
    #[error("cannot open model {path:?}: it is a file of whisper.cpp, and this program was built without")]
    NoWhisperCpp { path: PathBuf },
    #[error("model {path:?} failed: {reason}")]
    Run { path: PathBuf, reason: String },
    #[error("model {path:?} gave output {output} with {found} values where {due} were due")]
    Output { path: PathBuf, output: usize, found: usize, due: usize },
    #[error("model {model:?} does not know the language {wanted:?}; it knows {}", list(known))]
    Language { model: String, wanted: String, known: Vec<String> },
    #[error("model {path:?} gave a face vector that cannot be used: {source}")]
    Vector { path: PathBuf, source: EmbeddingError },
    #[error("a face of {pictures} pictures came with the sound of {sound}")]
    Clip { pictures: usize, sound: usize },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

impl InferError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::LibraryMissing { .. } => "run: screenalytics setup".into(),
            Self::LibraryUnusable { .. } => {
                "run: screenalytics setup; where SCREENALYTICS_ONNXRUNTIME or ORT_DYLIB_PATH names this file, unset it".into()
            }
            Self::Install { version, .. } => format!(
                "fetch the onnxruntime {version} wheel or release archive on another machine and name the file to: screenalytics setup"
            ),
            Self::Gpu(e) => return e.hint(),
            Self::DeviceUnusable { fault, .. } => fault.hint(),
            Self::Device { .. } => "write auto, cuda, tensorrt, coreml or cpu".into(),
            Self::InputSizeText { .. } => "write the longer side, such as 640, or both sides, such as 640x384".into(),
            Self::Manifest { .. } => "compare the file with models/manifest.toml of this program".into(),
            Self::NothingInstalled { .. } => {
                "run: screenalytics models pull; or name the folder that holds them with --models-dir or SCREENALYTICS_MODELS".into()
            }
            Self::NoSecond { .. } | Self::SameDetector { .. } => {
                "name another detector, as --face-validate=yunet; screenalytics models lists what is there, models pull ID fetches one".into()
            }
            Self::PartMissing { id, .. } => format!("run: screenalytics models pull {id}"),
            Self::ModelMissing { .. } => {
                "screenalytics models lists what is known, screenalytics models pull ID fetches it; or put the file there, or name \
                 another model, a family, a path to an .onnx file, or another folder with --models-dir"
                    .into()
            }
            Self::WrongContent { path, .. } => {
                format!("fetch the file again, or give its path to use it as it is: {}", path.display())
            }
            Self::WrongTask { task, .. } => format!("name a model of models/manifest.toml whose task is {task}"),
            Self::Unsupported { .. } | Self::Unrecognised { .. } => "run: screenalytics models".into(),
            Self::Language { .. } => "set transcribe.language to one of these codes, or to auto".into(),
            Self::Open { .. } => "the file may be cut short; fetch it again".into(),
            Self::NoWhisperCpp { .. } => "build it with cargo build --release --features whisper-cpp, which takes cmake; or take a model for onnxruntime: screenalytics models pull whisper_base_onnx".into(),
            Self::InputSize { takes, .. } => {
                format!("set the detector's input to {}x{}, or name a model with a free input size", takes.width, takes.height)
            }
            Self::InputStep { asked: _, step } => format!("use multiples of {step}, such as 640x384"),
            Self::Read { .. } => {
                "check the path and its permissions; --models-dir or SCREENALYTICS_MODELS names the folder with the models".into()
            }
            Self::Picture { .. } | Self::Run { .. } | Self::Output { .. } | Self::Vector { .. } | Self::Clip { .. } => {
                return None;
            }
        })
    }
}
