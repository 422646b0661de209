//! What can be wrong with a GPU, its driver, and what is installed for it.

use super::builds::Cuda;
use std::path::PathBuf;

/// Says what is wrong with NVIDIA's driver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriverFault {
    #[error("there is no NVIDIA driver (libcuda.so.1)")]
    Missing,
    #[error("the NVIDIA kernel module {version} is loaded, and its libcuda.so.1 is not to be found")]
    LibraryMissing { version: String },
    #[error("cannot use NVIDIA's driver library {library:?}: {reason}")]
    Unusable { library: PathBuf, reason: String },
    #[error("NVIDIA's driver does not start: {what} (error {code})")]
    Refused { code: i32, what: &'static str },
    #[error("NVIDIA's driver sees no GPU")]
    NoGpu,
    #[error("NVIDIA's driver speaks CUDA {}.{}, and 12.0 or later is needed", speaks.0, speaks.1)]
    TooOld { speaks: (u32, u32) },
}

impl DriverFault {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Missing => "install NVIDIA's driver; a container must be started with its GPU (docker run --gpus all)".into(),
            Self::LibraryMissing { .. } => {
                "start the container with its GPU (docker run --gpus all), or install the user part of the same driver version"
                    .into()
            }
            Self::Unusable { .. } => "install the driver again, its kernel and user parts in the same version".into(),
            Self::Refused { code: 803, .. } => {
                "restart the machine: kernel and user parts of the driver differ in version".into()
            }
            Self::Refused { code: 802, .. } => "start nvidia-fabricmanager, of the same version as the driver".into(),
            Self::Refused { code: 100, .. } | Self::NoGpu => {
                "see whether nvidia-smi lists a GPU, and that CUDA_VISIBLE_DEVICES does not hide it".into()
            }
            Self::Refused { .. } => "see what nvidia-smi says, and the kernel's log for NVRM".into(),
            Self::TooOld { .. } => "install a driver of the branch 525 or later (580 or later for CUDA 13)".into(),
        }
    }
}

/// Says what failed in preparing a GPU.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    #[error(transparent)]
    Driver(#[from] DriverFault),
    #[error("the list of GPU builds is broken: {reason}")]
    Builds { reason: String },
    #[error("there is no GPU build for this platform")]
    Platform,
    #[error("{found:?} is not a GPU build")]
    Choice { found: String },
    #[error("cannot install the {cuda} build: {folder:?} has {} MB free, and {} MB are needed", free / 1_000_000, needed.div_ceil(1_000_000))]
    Space { cuda: Cuda, folder: PathBuf, free: u64, needed: u64 },
    #[error("another process installs into {folder:?}")]
    Busy { folder: PathBuf },
    #[error("cannot install the {cuda} build into {folder:?}: {reason}")]
    Install { cuda: Cuda, folder: PathBuf, reason: String },
}

impl GpuError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Driver(DriverFault::Missing) => {
                "install NVIDIA's driver; for a machine that gets it later say which build: screenalytics setup --gpu=cuda13"
                    .into()
            }
            Self::Driver(fault) => fault.hint(),
            Self::Builds { .. } => return None,
            Self::Platform => "GPUs serve on 64-bit Linux on x86 only; everything runs on the CPU".into(),
            Self::Choice { .. } => "write auto, cuda12 or cuda13".into(),
            Self::Space { .. } => "free some space, or name a larger disk with XDG_DATA_HOME".into(),
            Self::Busy { .. } => "wait for it".into(),
            Self::Install { .. } => {
                "what came whole is kept, so try again; or fetch the wheels elsewhere and name their folder with --from".into()
            }
        })
    }
}
