//! The GPU builds of onnxruntime that are known: `builds.toml`, and which of them fits a driver.

use super::driver::Driver;
use super::error::{DriverFault, GpuError};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// A generation of CUDA; libraries of one cannot be mixed with those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u32")]
pub enum Cuda {
    Cuda12,
    Cuda13,
}

/// Least compute capability that CUDA 13 still serves: Turing. Older GPUs have drivers that speak CUDA 13, and need CUDA 12 all the same.
const CUDA_13_CAPABILITY: (u32, u32) = (7, 5);

impl Cuda {
    fn major(self) -> u32 {
        match self {
            Self::Cuda12 => 12,
            Self::Cuda13 => 13,
        }
    }

    /// Returns the newest generation that serves every GPU of this machine.
    ///
    /// # Errors
    /// `TooOld` for a driver before CUDA 12.
    pub fn fitting(driver: &Driver) -> Result<Self, DriverFault> {
        let is_recent = driver.gpus.iter().all(|g| g.capability >= CUDA_13_CAPABILITY);
        match driver.cuda.0 {
            13.. if is_recent => Ok(Self::Cuda13),
            12.. => Ok(Self::Cuda12),
            _ => Err(DriverFault::TooOld { speaks: driver.cuda }),
        }
    }
}

impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cuda{}", self.major())
    }
}

impl TryFrom<u32> for Cuda {
    type Error = String;
    fn try_from(major: u32) -> Result<Self, String> {
        [Self::Cuda12, Self::Cuda13].into_iter().find(|c| c.major() == major).ok_or_else(|| format!("no build for CUDA {major}"))
    }
}

/// A build of onnxruntime with everything it needs but the driver.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    pub cuda: Cuda,
    /// Version of onnxruntime.
    pub runtime: String,
    #[serde(rename = "package")]
    pub(super) packages: Vec<Package>,
}

/// One wheel of a build.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Of the wheel.
    pub(super) bytes: u64,
    /// Its members are loaded before onnxruntime asks for them by name.
    pub(super) preload: bool,
    pub(super) members: Vec<Member>,
}

/// One library of a wheel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    /// Inside the wheel.
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Hex digest.
    pub(super) sha256: String,
}

impl Member {
    /// Returns the name under which it is installed: all lie in one folder, where they find each other.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    build: Vec<Build>,
}

impl Build {
    /// Returns the builds that this program knows, newest first; none for other platforms than 64-bit Linux on x86.
    ///
    /// # Errors
    /// Fails where the list that comes with this program is broken, which tests rule out.
    pub fn known() -> Result<Vec<Self>, GpuError> {
        if (std::env::consts::OS, std::env::consts::ARCH) != ("linux", "x86_64") {
            return Ok(Vec::new());
        }
        let file: File = toml::from_str(include_str!("builds.toml")).map_err(|e| GpuError::Builds { reason: e.to_string() })?;
        Ok(file.build)
    }

    /// Returns the build for a generation of CUDA.
    ///
    /// # Errors
    /// `Platform` where there is none for this machine.
    pub fn of(cuda: Cuda) -> Result<Self, GpuError> {
        Self::known()?.into_iter().find(|b| b.cuda == cuda).ok_or(GpuError::Platform)
    }

    /// Names the folder that holds it, installed.
    #[must_use]
    pub fn folder(&self, data_dir: &Path) -> PathBuf {
        data_dir.join("onnxruntime").join(format!("{}-{}", self.runtime, self.cuda))
    }

    /// Names its onnxruntime, installed.
    #[must_use]
    pub fn library(&self, data_dir: &Path) -> PathBuf {
        self.folder(data_dir).join(crate::infer::runtime::file_name(&self.runtime))
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.packages.iter().flat_map(|p| &p.members)
    }

    /// Returns the first library in `folder` that is missing or of another size.
    pub(super) fn first_missing(&self, folder: &Path) -> Option<&Member> {
        self.members().find(|m| std::fs::metadata(folder.join(m.name())).map_or(true, |f| f.len() != m.bytes))
    }

    /// Tells whether every library is there, by size; `setup` checked the contents.
    #[must_use]
    pub fn is_installed(&self, data_dir: &Path) -> bool {
        self.first_missing(&self.folder(data_dir)).is_none()
    }

    /// Returns the bytes of its wheels and of what is kept of them.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        (self.packages.iter().map(|p| p.bytes).sum(), self.members().map(|m| m.bytes).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::Gpu;
    use super::*;

    fn driver(cuda: (u32, u32), capabilities: &[(u32, u32)]) -> Driver {
        let gpu = |c: &(u32, u32)| Gpu { name: "GPU".into(), bytes: 1, capability: *c };
        Driver { cuda, version: None, library: "libcuda.so.1".into(), gpus: capabilities.iter().map(gpu).collect() }
    }

    #[test]
    fn the_newest_build_that_serves_driver_and_gpus_is_taken() {
        let fits = |cuda, capabilities: &[(u32, u32)]| Cuda::fitting(&driver(cuda, capabilities)).ok();
        assert_eq!(fits((13, 0), &[(9, 0)]), Some(Cuda::Cuda13));
        assert_eq!(fits((14, 2), &[(7, 5), (12, 0)]), Some(Cuda::Cuda13));
        assert_eq!(fits((12, 8), &[(9, 0)]), Some(Cuda::Cuda12));
        assert_eq!(fits((13, 0), &[(9, 0), (7, 0)]), Some(Cuda::Cuda12), "a V100 beside an H100");
        assert_eq!(fits((11, 8), &[(8, 0)]), None);
    }

    #[test]
    fn each_build_is_pinned_library_by_library_and_no_two_share_a_name() {
        let builds = Build::known().unwrap();
        if builds.is_empty() {
            return;
        }
        assert_eq!(builds.iter().map(|b| b.cuda).collect::<Vec<_>>(), [Cuda::Cuda13, Cuda::Cuda12]);
        for build in &builds {
            let mut names: Vec<&str> = build.members().map(Member::name).collect();
            assert!(names.contains(&crate::infer::runtime::file_name(&build.runtime).as_str()));
            assert!(build.members().all(|m| m.sha256.len() == 64 && m.bytes > 0));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }
}
