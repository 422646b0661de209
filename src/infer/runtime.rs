//! Finds onnxruntime and loads it.

use super::gpu::{Build, Cuda, Driver, DriverFault, Loaded, preload};
use super::library;
use super::{DeviceChoice, InferError};
use std::path::{Path, PathBuf};

/// The version that `setup` installs.
pub const VERSION: &str = "1.31.1";

/// Says where to look for the library, in this order: the named file, our own copy, the system's libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// A file that the user named; nothing else is tried then.
    pub explicit: Option<PathBuf>,
    /// Our data folder, which holds `onnxruntime/<version>/`.
    pub data_dir: PathBuf,
    pub prefer: Prefer,
}

/// Which build of the library is wanted, where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefer {
    /// The CPU's; nothing of NVIDIA's is touched.
    Cpu,
    /// The GPU's, where a driver answers and `setup --gpu` installed what fits it.
    Gpu,
}

/// Why no GPU can serve, found out before a model is tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuFault {
    #[error(transparent)]
    Driver(#[from] DriverFault),
    #[error("the {cuda} build of onnxruntime is not installed")]
    NotInstalled { cuda: Cuda },
    #[error("{library:?} does not load: {reason}")]
    Library { library: PathBuf, reason: String },
}

impl GpuFault {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Driver(fault) => fault.hint(),
            Self::NotInstalled { .. } => "run: screenalytics setup --gpu".into(),
            Self::Library { library, reason } if reason.contains("libz.so") => {
                format!("{library:?} needs zlib: install zlib1g")
            }
            Self::Library { library, .. } => format!(
                "delete {:?} and run: screenalytics setup --gpu",
                library.parent().map(Path::to_path_buf).unwrap_or_default()
            ),
        }
    }
}

/// What there is to compute on a GPU with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpuState {
    /// Nobody asked; see [`Prefer::Cpu`].
    NotAsked,
    /// The driver answers. Where the library is our own GPU build, `libraries` of CUDA and cuDNN were loaded in this order.
    Ready {
        driver: Driver,
        build: Option<Cuda>,
        libraries: Vec<Loaded>,
    },
    Unready(GpuFault),
}

impl Search {
    /// Takes `explicit`, or else what `SCREENALYTICS_ONNXRUNTIME` or `ORT_DYLIB_PATH` names.
    #[must_use]
    pub fn from_env(explicit: Option<PathBuf>, data_dir: PathBuf, prefer: Prefer) -> Self {
        let named = |key| std::env::var_os(key).filter(|v| !v.is_empty()).map(PathBuf::from);
        let explicit = explicit.or_else(|| named("SCREENALYTICS_ONNXRUNTIME")).or_else(|| named("ORT_DYLIB_PATH"));
        Self { explicit, data_dir, prefer }
    }
}

/// Proves that onnxruntime is loaded; cheap to copy around.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    path: PathBuf,
    version: String,
    gpu: GpuState,
}

impl Runtime {
    /// Returns the library as it was found; a bare name where the system found it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the library's version, such as `1.31.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Says what there is to compute on a GPU with.
    #[must_use]
    pub fn gpu(&self) -> &GpuState {
        &self.gpu
    }

    /// Chooses the device to compute on by creating and running a session of each of `models`; `cache` takes TensorRT's engines.
    ///
    /// # Errors
    /// `DeviceUnusable` where a device other than `auto` and the CPU is asked for and does not work; else fails where a model does not even
    /// run on the CPU.
    pub fn device(&self, choice: DeviceChoice, models: &[&Path], cache: &Path) -> Result<super::Device, InferError> {
        super::device::choose(self, choice, models, cache)
    }

    /// Tries each device that this platform may have on `model`, and says what came of it; TensorRT builds no engine for that.
    #[must_use]
    pub fn probe(&self, model: &Path, cache: &Path) -> Vec<(DeviceChoice, Result<(), super::DeviceFault>)> {
        super::device::probe_all(self, model, cache)
    }

    /// Returns the CPU without trying anything.
    #[must_use]
    pub fn cpu(&self) -> super::Device {
        super::device::cpu(self)
    }

    /// Says what computes, for the record: the library, and the GPU where one is used.
    pub(super) fn describe(&self, on_gpu: bool) -> String {
        match &self.gpu {
            GpuState::Ready { driver, build, .. } if on_gpu => {
                let build = build.map(|b| format!(" {b}")).unwrap_or_default();
                let gpu = driver.gpus.first().map(|g| g.name.as_str()).unwrap_or_default();
                let version = driver.version.as_deref().unwrap_or("of unknown version");
                format!("onnxruntime {}{build} on {gpu}, driver {version}", self.version)
            }
            _ => format!("onnxruntime {}", self.version),
        }
    }
}

/// Names our own copy of the library in `data_dir`.
#[must_use]
pub fn installed_path(data_dir: &Path) -> PathBuf {
    data_dir.join("onnxruntime").join(VERSION).join(file_name(VERSION))
}

/// Names the library file of a version on this platform.
pub(super) fn file_name(version: &str) -> String {
    if cfg!(target_os = "macos") { format!("libonnxruntime.{version}.dylib") } else { format!("libonnxruntime.so.{version}") }
}

/// Finds and loads the library.
///
/// A process keeps the first library that it loads: a later call with another search returns without loading again.
///
/// # Errors
/// `LibraryMissing` where there is none, `LibraryUnusable` where the one found is cut short, something else or too old.
pub fn load(search: &Search) -> Result<Runtime, InferError> {
    if let Some(path) = &search.explicit {
        let gpu = match search.prefer {
            Prefer::Cpu => GpuState::NotAsked,
            Prefer::Gpu => beside_the_users_own(Driver::read()),
        };
        return load_file(path, gpu);
    }
    let gpu = match search.prefer {
        Prefer::Cpu => GpuState::NotAsked,
        Prefer::Gpu => prepare(Driver::read(), &search.data_dir),
    };
    if let GpuState::Ready { build: Some(cuda), .. } = &gpu
        && let Ok(build) = Build::of(*cuda)
    {
        return load_file(&build.library(&search.data_dir), gpu);
    }
    let own = installed_path(&search.data_dir);
    if own.exists() {
        return load_file(&own, gpu);
    }
    // A GPU build computes on the CPU as well, where it is the only one.
    if let Some(build) = Build::known().unwrap_or_default().iter().find(|b| b.is_installed(&search.data_dir)) {
        return load_file(&build.library(&search.data_dir), gpu);
    }
    let name = PathBuf::from(if cfg!(target_os = "macos") { "libonnxruntime.dylib" } else { "libonnxruntime.so" });
    match library::version(&name) {
        Ok(version) => commit(name, version, gpu),
        Err(reason) => {
            // Said only where there is one that cannot be used, such as one that is too old.
            let why = if reason.contains("No such file") { String::new() } else { format!(" ({reason})") };
            Err(InferError::LibraryMissing {
                tried: vec![format!("{own:?}"), format!("{name:?} among the system's libraries{why}")],
            })
        }
    }
}

/// Finds the installed build that fits the driver, and loads what it needs.
fn prepare(driver: Result<Driver, DriverFault>, data_dir: &Path) -> GpuState {
    let fitting = driver.and_then(|driver| Ok((Cuda::fitting(&driver)?, driver)));
    let (cuda, driver) = match fitting {
        Ok(found) => found,
        Err(fault) => return GpuState::Unready(fault.into()),
    };
    // A driver serves the builds for older CUDA as well.
    let builds = Build::known().unwrap_or_default();
    let Some(build) = builds.into_iter().find(|b| b.cuda <= cuda && b.is_installed(data_dir)) else {
        return GpuState::Unready(GpuFault::NotInstalled { cuda });
    };
    let libraries = preload(&build, &build.folder(data_dir));
    let failed = libraries.iter().find_map(|l| Some((l.path.clone(), l.failure.clone()?)));
    match failed {
        Some((library, reason)) => GpuState::Unready(GpuFault::Library { library, reason }),
        None => GpuState::Ready { driver, build: Some(build.cuda), libraries },
    }
}

/// A library that the user named finds CUDA as the user arranged it.
fn beside_the_users_own(driver: Result<Driver, DriverFault>) -> GpuState {
    match driver {
        Ok(driver) => GpuState::Ready { driver, build: None, libraries: Vec::new() },
        Err(fault) => GpuState::Unready(fault.into()),
    }
}

/// Loads one file.
pub(super) fn load_file(path: &Path, gpu: GpuState) -> Result<Runtime, InferError> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match library::version(&path) {
        Ok(version) => commit(path, version, gpu),
        Err(reason) => Err(InferError::LibraryUnusable { path, reason }),
    }
}

fn commit(path: PathBuf, version: String, gpu: GpuState) -> Result<Runtime, InferError> {
    let unusable = |reason: String| InferError::LibraryUnusable { path: path.clone(), reason };
    let environment = ort::init_from(&path).map_err(|e| unusable(library::one_line(&e.to_string())))?;
    environment.with_name("screenalytics").with_telemetry(false).commit();
    Ok(Runtime { path, version, gpu })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_is_the_only_one_tried_and_its_fault_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let wrong = dir.path().join("wrong.so");
        std::fs::write(&wrong, "text").unwrap();
        for path in [wrong, dir.path().join("missing.so")] {
            let search = Search { explicit: Some(path.clone()), data_dir: dir.path().to_path_buf(), prefer: Prefer::Cpu };
            let error = load(&search).unwrap_err();
            assert!(matches!(&error, InferError::LibraryUnusable { path: p, .. } if *p == path), "{error}");
            assert!(error.hint().unwrap().contains("screenalytics setup"));
        }
    }

    #[test]
    fn our_own_copy_comes_before_the_systems_and_is_not_passed_over_when_broken() {
        let dir = tempfile::tempdir().unwrap();
        let own = installed_path(dir.path());
        std::fs::create_dir_all(own.parent().unwrap()).unwrap();
        std::fs::write(&own, "half a file").unwrap();
        let error = load(&Search { explicit: None, data_dir: dir.path().to_path_buf(), prefer: Prefer::Cpu }).unwrap_err();
        assert!(matches!(&error, InferError::LibraryUnusable { path, .. } if *path == own), "{error}");
    }

    #[test]
    fn a_gpu_that_cannot_serve_says_why_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let state = prepare(Err(DriverFault::Missing), dir.path());
        assert_eq!(state, GpuState::Unready(GpuFault::Driver(DriverFault::Missing)));
        let driver = Driver { cuda: (13, 0), version: None, library: "libcuda.so.1".into(), gpus: Vec::new() };
        let GpuState::Unready(fault) = prepare(Ok(driver.clone()), dir.path()) else { panic!("nothing is installed") };
        assert_eq!(fault, GpuFault::NotInstalled { cuda: Cuda::Cuda13 });
        assert!(fault.hint().contains("setup --gpu"));
        let GpuState::Unready(fault) = prepare(Ok(Driver { cuda: (11, 8), ..driver }), dir.path()) else {
            panic!("it is too old")
        };
        assert!(fault.to_string().contains("11.8") && fault.hint().contains("580"));
    }
}
