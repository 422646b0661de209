//! The only module that knows onnxruntime: finds it, finds models, finds faces and voices and turns them into vectors.

mod active_speaker;
mod detector;
mod device;
mod downloads;
mod embedder;
mod error;
mod gpu;
mod install;
mod library;
mod manifest;
mod pixels;
mod recognise;
mod registry;
mod runtime;
mod session;
mod slaney;
mod spectrum;
#[cfg(test)]
mod tests_badges;
#[cfg(test)]
mod tests_cascade;
#[cfg(test)]
mod tests_convert;
#[cfg(test)]
mod tests_gpu;
#[cfg(test)]
mod tests_random;
#[cfg(test)]
mod tests_reference;
#[cfg(test)]
mod tests_registry;
#[cfg(test)]
mod tests_support;
mod transcribe;
mod voice;

pub use active_speaker::{ActiveSpeaker, FaceClip, FaceSound, build_active_speaker};
pub use detector::{DetSize, DetectParams, FaceDetector, ScalePolicy, build_detector, detect_picture, detect_pictures};
pub use device::{Device, DeviceChoice, DeviceFault};
pub use downloads::{Download, Package, Place, Set, Source, Terms, Twin};
pub use embedder::{EmbedParams, FaceEmbedder, build_embedder};
pub use error::InferError;
pub use gpu::{Build, Cuda, Driver, DriverFault, Gpu, GpuError, GpuSource, Loaded, install_gpu, video_library};
pub use install::{InstallSource, install};
pub use manifest::{FileOf, Manifest, ModelEntry, Part, Task, TemplateName, Thresholds};
pub use pixels::{Pixels, Planes};
pub use registry::{AUTO, Found, Incomplete, ModelFile, Recognised, Registry, can_run};
pub use runtime::{GpuFault, GpuState, Prefer, Runtime, Search, VERSION, installed_path, load};
pub use session::SessionOptions;
pub use transcribe::{
    BeliefParams, Circle, Folder, Heard, RATE, Segment, SpeechModel, SpokenTask, TranscribeParams, Transcriber, WINDOW, Whisper,
    WindowText, find_speech_model, whisper_cpp_version,
};
pub use voice::{Features, Segmenter, SpeechDetector, VoiceEmbedder, build_voice_embedder};
