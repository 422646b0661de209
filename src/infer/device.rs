//! Chooses what to compute on: the best that really works, or the CPU with the reason.

use super::InferError;
use super::library::one_line;
use super::session::Model;
use crate::domain::DeviceUse;
use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// What the user asks to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// CUDA (on a Mac: CoreML), else the CPU. TensorRT only by name: it builds an engine for minutes per model and input size.
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

/// A device that has run a model; made only by a loaded runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    kind: Kind,
    usage: DeviceUse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cuda,
    TensorRt,
    CoreMl,
    Cpu,
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

    /// Returns the providers to register, best first; registration failures are errors, never silent.
    pub(super) fn providers(&self) -> Vec<ExecutionProviderDispatch> {
        match self.kind {
            Kind::Cuda => vec![ep::CUDA::default().build().error_on_failure()],
            Kind::TensorRt => vec![
                ep::TensorRT::default().build().error_on_failure(),
                // What TensorRT cannot take goes to CUDA; without it TensorRT alone still works.
                ep::CUDA::default().build(),
            ],
            Kind::CoreMl => vec![ep::CoreML::default().build().error_on_failure()],
            Kind::Cpu => vec![],
        }
    }

    fn new(kind: Kind, asked: DeviceChoice, reason: Option<String>) -> Self {
        let used = match kind {
            Kind::Cuda => DeviceChoice::Cuda,
            Kind::TensorRt => DeviceChoice::TensorRt,
            Kind::CoreMl => DeviceChoice::CoreMl,
            Kind::Cpu => DeviceChoice::Cpu,
        };
        Self { kind, usage: DeviceUse { asked: asked.to_string(), used: used.to_string(), reason } }
    }
}

pub(super) fn cpu() -> Device {
    Device::new(Kind::Cpu, DeviceChoice::Cpu, None)
}

/// Takes the first device on which the model at `path` loads and runs.
pub(super) fn choose(asked: DeviceChoice, path: &Path) -> Result<Device, InferError> {
    let wanted: &[Kind] = match asked {
        DeviceChoice::Auto if cfg!(target_os = "macos") => &[Kind::CoreMl],
        DeviceChoice::Auto | DeviceChoice::Cuda => &[Kind::Cuda],
        DeviceChoice::TensorRt => &[Kind::TensorRt],
        DeviceChoice::CoreMl => &[Kind::CoreMl],
        DeviceChoice::Cpu => &[],
    };
    let mut reasons = Vec::new();
    for kind in wanted {
        let device = Device::new(*kind, asked, None);
        match available(*kind).and_then(|()| Model::try_out(path, &device).map_err(|e| one_line(&e.to_string()))) {
            Ok(()) => return Ok(device),
            Err(reason) => reasons.push(format!("{}: {reason}", device.usage.used)),
        }
    }
    let device = Device::new(Kind::Cpu, asked, (!reasons.is_empty()).then(|| reasons.join("; ")));
    Model::try_out(path, &device)?;
    Ok(device)
}

/// Tells whether the library was built with the provider: the commonest reason, said in few words.
fn available(kind: Kind) -> Result<(), String> {
    let built_in = match kind {
        Kind::Cuda => ep::CUDA::default().is_available(),
        Kind::TensorRt => ep::TensorRT::default().is_available(),
        Kind::CoreMl => ep::CoreML::default().is_available(),
        Kind::Cpu => return Ok(()),
    };
    match built_in {
        Ok(true) => Ok(()),
        Ok(false) => Err("this onnxruntime was built without it".into()),
        Err(e) => Err(one_line(&e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_names_are_lower_case_and_read_back() {
        for name in ["auto", "cuda", "tensorrt", "coreml", "cpu"] {
            assert_eq!(name.parse::<DeviceChoice>().unwrap().to_string(), name);
        }
        assert!("CUDA".parse::<DeviceChoice>().unwrap_err().hint().is_some());
    }
}
