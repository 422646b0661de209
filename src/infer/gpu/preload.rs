//! Loads the libraries of CUDA and cuDNN out of our own folder, so that nobody has to set LD_LIBRARY_PATH.

#![expect(unsafe_code, reason = "a library is loaded by running its initialisers")]

use super::builds::Build;
use crate::infer::library::linker_words;
use std::path::{Path, PathBuf};

/// One library, and whether it could be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub path: PathBuf,
    /// The linker's words.
    pub failure: Option<String>,
}

/// Loads what `build` needs out of `folder`, each library after those it needs, and says how each went.
///
/// They stay loaded. What asks for one of them by its bare name afterwards, as onnxruntime's provider and cuDNN do, is given the loaded one:
/// the linker compares names before it searches. So nothing of another version is mixed in, whatever LD_LIBRARY_PATH says. Symbols stay local,
/// as in onnxruntime's own Python package. Goes on after a failure, so that all failures are told. Costs 0.2 s, mostly for cuBLAS.
#[must_use]
pub fn preload(build: &Build, folder: &Path) -> Vec<Loaded> {
    let wanted = build.packages.iter().filter(|p| p.preload).flat_map(|p| &p.members);
    wanted.map(|member| load(folder.join(member.name()))).collect()
}

/// What TensorRT's provider needs besides CUDA. Neither comes as a wheel with files in it, so the system must have them.
pub const TENSORRT: [&str; 2] = ["libnvinfer.so.10", "libnvonnxparser.so.10"];

fn load(path: PathBuf) -> Loaded {
    let failure = keep(&path).err();
    Loaded { path, failure }
}

/// Loads the part of the driver that decodes video, which containers often lack.
///
/// # Errors
/// Returns the linker's words.
pub fn video_library() -> Result<(), String> {
    keep(Path::new("libnvcuvid.so.1"))
}

/// Loads a library that the system has, by its name.
pub fn load_by_name(name: &str) -> Result<(), String> {
    keep(Path::new(name))
}

fn keep(path: &Path) -> Result<(), String> {
    // SAFETY: these are NVIDIA's libraries, those of our own checked by `setup`; their initialisers have no preconditions.
    let library = unsafe { libloading::Library::new(path) }.map_err(|e| linker_words(&e))?;
    std::mem::forget(library);
    Ok(())
}
