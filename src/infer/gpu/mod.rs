//! NVIDIA's part: what driver there is, which build of onnxruntime fits it, how that is installed and loaded.
//!
//! A server needs nothing but its driver: the libraries of CUDA and cuDNN come as wheels from the package registry that the machine
//! reaches, into a folder of our own beside the CPU's onnxruntime. Nothing here is touched where the CPU is asked for.

mod builds;
mod driver;
mod error;
mod install;
mod preload;
#[cfg(test)]
mod tests_fake;

pub use builds::{Build, Cuda};
pub use driver::{Driver, Gpu};
pub use error::{DriverFault, GpuError};
pub use install::{GpuSource, install_gpu};
pub use preload::{Loaded, video_library};
pub(super) use preload::{TENSORRT, load_by_name, preload};
