//! Chooses what to compute on: the best that really works, or the CPU with the reason.

use super::library::one_line;
use super::runtime::{GpuFault, GpuState, Runtime};
use super::session::{Model, Trial};
use super::{InferError, gpu};
use crate::domain::DeviceUse;
use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What the user asks to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// CUDA (on a Mac: CoreML), else the CPU. TensorRT only by name: it builds an engine for minutes per model and input size, and picks its
    /// kernels by timing them, so that two builds differ in the last digits.
    Auto,
    Cuda,
    TensorRt,
    CoreMl,
    Cpu,
}

impl DeviceChoice {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::CoreMl => "coreml",
            Self::Cpu => "cpu",
        }
    }

    /// Tells whether NVIDIA's part may be needed for it.
    #[must_use]
    pub fn may_use_gpu(self) -> bool {
        match self {
            Self::Auto => !cfg!(target_os = "macos"),
            Self::Cuda | Self::TensorRt => true,
            Self::CoreMl | Self::Cpu => false,
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DeviceChoice {
    type Err = InferError;
    fn from_str(text: &str) -> Result<Self, InferError> {
        let all = [Self::Auto, Self::Cuda, Self::TensorRt, Self::CoreMl, Self::Cpu];
        all.into_iter().find(|c| c.name() == text).ok_or_else(|| InferError::Device { found: text.to_owned() })
    }
}

/// Why a device cannot be computed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceFault {
    #[error(transparent)]
    Gpu(#[from] GpuFault),
    #[error("this onnxruntime was built without it")]
    NotBuiltIn,
    #[error("TensorRT's {library} is not there: {reason}")]
    NoTensorRt { library: &'static str, reason: String },
    #[error("{reason}")]
    Failed { reason: String },
}

impl DeviceFault {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Gpu(fault) => fault.hint(),
            Self::NotBuiltIn => "run: screenalytics setup --gpu; a library named by hand must be a GPU build".into(),
            Self::NoTensorRt { .. } => {
                "install TensorRT 10 where the system finds it (libnvinfer10, libnvonnxparsers10), or use --device cuda".into()
            }
            Self::Failed { reason } if reason.contains("out of memory") || reason.contains("CUDA failure 2") => {
                "free memory of the GPU (nvidia-smi shows who holds it), or use --device cpu".into()
            }
            Self::Failed { .. } => "run: screenalytics doctor; --device cpu works without a GPU".into(),
        }
    }
}

/// A device that has run a model; made only by a loaded runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    kind: Kind,
    usage: DeviceUse,
    /// Where TensorRT keeps its engines: for one GPU, driver and library.
    engines: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cuda,
    TensorRt,
    CoreMl,
    Cpu,
}

impl Kind {
    fn choice(self) -> DeviceChoice {
        match self {
            Self::Cuda => DeviceChoice::Cuda,
            Self::TensorRt => DeviceChoice::TensorRt,
            Self::CoreMl => DeviceChoice::CoreMl,
            Self::Cpu => DeviceChoice::Cpu,
        }
    }

    fn is_gpu(self) -> bool {
        matches!(self, Self::Cuda | Self::TensorRt)
    }
}

impl Device {
    /// Says what was asked for, what is used, and why they differ.
    #[must_use]
    pub fn usage(&self) -> &DeviceUse {
        &self.usage
    }

    /// Tells whether computing happens on the CPU, where batches do not pay.
    #[must_use]
    pub fn is_cpu(&self) -> bool {
        self.kind == Kind::Cpu
    }

    /// Tells whether computing happens on an NVIDIA GPU.
    #[must_use]
    pub fn is_gpu(&self) -> bool {
        self.kind.is_gpu()
    }

    /// Returns the providers to register for a model of this digest, best first; registration failures are errors, never silent.
    ///
    /// CUDA computes in full 32-bit floats (TF32 would move scores in the third digit), and takes the convolution that cuDNN's rules name:
    /// the one that a timing race names differs from run to run, and with it the last digits.
    pub(super) fn providers(&self, sha256: &str) -> Vec<ExecutionProviderDispatch> {
        let cuda = || {
            ep::CUDA::default()
                .with_tf32(false)
                .with_conv_algorithm_search(ep::cuda::ConvAlgorithmSearch::Heuristic)
                .with_arena_extend_strategy(ep::ArenaExtendStrategy::SameAsRequested)
                .build()
        };
        match self.kind {
            Kind::Cuda => vec![cuda().error_on_failure()],
            Kind::TensorRt => {
                let engines = self.engines.join(sha256.get(..16).unwrap_or(sha256));
                let tensorrt = ep::TensorRT::default()
                    .with_fp16(false)
                    .with_engine_cache(true)
                    .with_engine_cache_path(engines.display())
                    .with_timing_cache(true)
                    .with_timing_cache_path(engines.display());
                // What TensorRT cannot take goes to CUDA.
                vec![tensorrt.build().error_on_failure(), cuda().error_on_failure()]
            }
            Kind::CoreMl => vec![ep::CoreML::default().build().error_on_failure()],
            Kind::Cpu => vec![],
        }
    }

    /// Tells whether the digest of a model is asked for by [`Self::providers`].
    pub(super) fn keeps_engines(&self) -> bool {
        self.kind == Kind::TensorRt
    }

    fn new(runtime: &Runtime, kind: Kind, asked: DeviceChoice, cache: &Path) -> Self {
        let with = runtime.describe(kind.is_gpu());
        let usage =
            DeviceUse { asked: asked.to_string(), used: kind.choice().to_string(), reason: None, with: Some(with.clone()) };
        // An engine serves the GPU, driver and TensorRT that it was built with; the model's own digest names the folder inside.
        let place: String = with.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        Self { kind, usage, engines: cache.join("tensorrt").join(place) }
    }
}

pub(super) fn cpu(runtime: &Runtime) -> Device {
    Device::new(runtime, Kind::Cpu, DeviceChoice::Cpu, Path::new(""))
}

/// Takes the first device on which every model loads and runs.
pub(super) fn choose(runtime: &Runtime, asked: DeviceChoice, models: &[&Path], cache: &Path) -> Result<Device, InferError> {
    let wanted = match asked {
        DeviceChoice::Auto if cfg!(target_os = "macos") => Kind::CoreMl,
        DeviceChoice::Auto | DeviceChoice::Cuda => Kind::Cuda,
        DeviceChoice::TensorRt => Kind::TensorRt,
        DeviceChoice::CoreMl => Kind::CoreMl,
        DeviceChoice::Cpu => Kind::Cpu,
    };
    let reason = if wanted == Kind::Cpu {
        None
    } else {
        let device = Device::new(runtime, wanted, asked, cache);
        match models.iter().try_for_each(|model| probe(runtime, &device, model, Trial::Run)) {
            Ok(()) => return Ok(device),
            Err(fault) if asked == DeviceChoice::Auto => Some(fault.to_string()),
            Err(fault) => return Err(InferError::DeviceUnusable { device: asked, fault }),
        }
    };
    let mut device = Device::new(runtime, Kind::Cpu, asked, cache);
    device.usage.reason = reason;
    for model in models {
        Model::try_out(model, &device, Trial::Run)?;
    }
    Ok(device)
}

pub(super) fn probe_all(runtime: &Runtime, model: &Path, cache: &Path) -> Vec<(DeviceChoice, Result<(), DeviceFault>)> {
    let kinds: &[Kind] = if cfg!(target_os = "macos") { &[Kind::CoreMl] } else { &[Kind::Cuda, Kind::TensorRt] };
    let outcome = |kind: Kind| {
        let device = Device::new(runtime, kind, kind.choice(), cache);
        // A first run would build an engine, which takes minutes.
        let trial = if kind == Kind::TensorRt { Trial::Open } else { Trial::Run };
        (kind.choice(), probe(runtime, &device, model, trial))
    };
    kinds.iter().copied().map(outcome).collect()
}

/// Tries a device on a model, after the commonest reasons why it cannot work, which can be said in few words.
fn probe(runtime: &Runtime, device: &Device, model: &Path, trial: Trial) -> Result<(), DeviceFault> {
    if device.is_gpu()
        && let GpuState::Unready(fault) = runtime.gpu()
    {
        return Err(fault.clone().into());
    }
    let built_in = match device.kind {
        Kind::Cuda => ep::CUDA::default().is_available(),
        Kind::TensorRt => ep::TensorRT::default().is_available(),
        Kind::CoreMl => ep::CoreML::default().is_available(),
        Kind::Cpu => Ok(true),
    };
    match built_in {
        Ok(true) => {}
        Ok(false) => return Err(DeviceFault::NotBuiltIn),
        Err(e) => return Err(DeviceFault::Failed { reason: one_line(&e.to_string()) }),
    }
    if device.kind == Kind::TensorRt {
        for library in gpu::TENSORRT {
            gpu::load_by_name(library).map_err(|reason| DeviceFault::NoTensorRt { library, reason })?;
        }
    }
    Model::try_out(model, device, trial).map_err(|e| {
        tracing::warn!(device = %device.kind.choice(), ?model, error = %e, "a device does not work");
        DeviceFault::Failed { reason: plain(&one_line(&e.to_string())) }
    })
}

/// Takes NVIDIA's own words out of what onnxruntime says of a failed call, which names files and lines of its own; the log has it whole.
fn plain(reason: &str) -> String {
    let begins = ["CUDA failure", "CUDNN failure", "CUBLAS failure"].iter().filter_map(|words| reason.rfind(words)).max();
    let Some(begins) = begins else { return reason.to_owned() };
    reason[begins..].split(" ; ").next().unwrap_or(reason).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_call_is_told_in_the_words_of_cuda() {
        let long = "cannot open model \"a.onnx\": /src/cuda_call.cc:154 [with ERRTYPE = cudaError] /src/cuda_call.cc:146 CUDA failure 36: API \
                    call is not supported in the installed CUDA driver ; GPU=-1 ; hostname=vm ; expr=cudaSetDevice(info_.device_id);";
        assert_eq!(plain(long), "CUDA failure 36: API call is not supported in the installed CUDA driver");
        assert_eq!(plain("libcuda.so.1: cannot open"), "libcuda.so.1: cannot open");
    }

    #[test]
    fn device_names_are_lower_case_and_read_back() {
        for name in ["auto", "cuda", "tensorrt", "coreml", "cpu"] {
            assert_eq!(name.parse::<DeviceChoice>().unwrap().to_string(), name);
        }
        assert!("CUDA".parse::<DeviceChoice>().unwrap_err().hint().is_some());
    }
}
