//! One opened model: inputs of `f32`, any number of outputs.

use super::library::one_line;
use super::{Device, InferError};
use ort::session::{Session, SessionInputValue};
use ort::value::{TensorElementType, TensorRef, ValueType};
use std::path::{Path, PathBuf};

/// How to run a model: a session for each worker thread, with one thread of its own, serves best on the CPU.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionOptions {
    pub intra_threads: usize,
    pub device: Device,
}

/// Describes one input or output: its name, its sizes, `-1` where free, and whether it holds `f32`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) shape: Vec<i64>,
    pub(super) is_f32: bool,
}

/// How far a model is tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    Open,
    Run,
}

/// A model ready to run. Not shared: each thread has its own.
#[derive(Debug)]
pub(super) struct Model {
    session: Session,
    path: PathBuf,
}

impl Model {
    pub(super) fn open(path: &Path, options: &SessionOptions) -> Result<Self, InferError> {
        Ok(Self { session: open_session(path, options)?, path: path.to_path_buf() })
    }

    /// Loads the model on `device` and, for [`Trial::Run`], runs it once on zeros.
    pub(super) fn try_out(path: &Path, device: &Device, trial: Trial) -> Result<(), InferError> {
        let mut model = Self::open(path, &SessionOptions { intra_threads: 1, device: device.clone() })?;
        if trial == Trial::Open {
            return Ok(());
        }
        let Some([Port { shape, is_f32: true, .. }]) = model.inputs().first_chunk::<1>().cloned() else { return Ok(()) };
        // A free batch is 1; a free side is one that every detector here takes.
        let free = |axis: usize| if axis == 0 { 1 } else { 128 };
        let sides: Vec<usize> = shape
            .iter()
            .enumerate()
            .map(|(axis, n)| usize::try_from(*n).ok().filter(|n| *n > 0).unwrap_or_else(|| free(axis)))
            .collect();
        let zeros = vec![0f32; sides.iter().product()];
        model.run(&sides, &zeros, |_| Ok(()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn inputs(&self) -> Vec<Port> {
        self.session.inputs().iter().map(|i| port(i.name(), i.dtype())).collect()
    }

    pub(super) fn outputs(&self) -> Vec<Port> {
        self.session.outputs().iter().map(|o| port(o.name(), o.dtype())).collect()
    }

    /// Runs the model on one tensor and hands its outputs, in the model's order, to `read`.
    pub(super) fn run<T>(
        &mut self,
        shape: &[usize],
        data: &[f32],
        read: impl FnOnce(&[&[f32]]) -> Result<T, InferError>,
    ) -> Result<T, InferError> {
        self.run_all(&[(shape, data)], read)
    }

    /// Runs the model on one tensor, a shape and its values, for each of its inputs, in the model's order.
    pub(super) fn run_all<T>(
        &mut self,
        tensors: &[(&[usize], &[f32])],
        read: impl FnOnce(&[&[f32]]) -> Result<T, InferError>,
    ) -> Result<T, InferError> {
        let path = &self.path;
        let failed = |e: ort::Error| InferError::Run { path: path.clone(), reason: one_line(&e.to_string()) };
        let mut inputs = Vec::with_capacity(tensors.len());
        for tensor in tensors {
            inputs.push(SessionInputValue::from(TensorRef::from_array_view(*tensor).map_err(failed)?));
        }
        let outputs = self.session.run(inputs.as_slice()).map_err(failed)?;
        let mut values = Vec::with_capacity(outputs.len());
        for value in outputs.values() {
            values.push(value);
        }
        let slices = values
            .iter()
            .map(|v| v.try_extract_tensor::<f32>().map(|(_, data)| data))
            .collect::<ort::Result<Vec<_>>>()
            .map_err(failed)?;
        read(&slices)
    }
}

/// Loads a model of any inputs.
pub(super) fn open_session(path: &Path, options: &SessionOptions) -> Result<Session, InferError> {
    let digest = if options.device.keeps_engines() { super::registry::sha256(path)? } else { String::new() };
    build(path, options.intra_threads, &options.device, &digest)
        .map_err(|e| InferError::Open { path: path.to_path_buf(), reason: one_line(&e.to_string()) })
}

fn port(name: &str, kind: &ValueType) -> Port {
    let shape = kind.tensor_shape().map(|s| s.to_vec()).unwrap_or_default();
    Port { name: name.to_owned(), shape, is_f32: kind.tensor_type() == Some(TensorElementType::Float32) }
}

/// Spinning is off: waiting threads that spin nearly double the processor time of a session.
fn build(path: &Path, intra_threads: usize, device: &Device, digest: &str) -> ort::Result<Session> {
    let mut builder = Session::builder()?
        .with_intra_threads(intra_threads.max(1))?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        // On the CPU all kernels are deterministic; the flag would only choose slower ones.
        .with_deterministic_compute(device.is_gpu())?
        .with_execution_providers(device.providers(digest))?;
    builder.commit_from_file(path)
}
