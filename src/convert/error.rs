//! What can be wrong with weights that come from outside.

use super::Recipe;

/// Says what cannot be converted, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    #[error("{recipe} is made of {due} files, and {found} came")]
    Members { recipe: Recipe, due: usize, found: usize },
    #[error("cannot read torch weights {file:?}, byte {at}: {reason}")]
    Torch { file: String, at: usize, reason: String },
    #[error("cannot read weights manifest {file:?}: {reason}")]
    Manifest { file: String, reason: String },
    #[error("weights {file:?} have {found} bytes where their manifest needs {due}")]
    Length { file: String, due: usize, found: usize },
    #[error("weights {file:?} have no tensor {tensor:?}")]
    TensorMissing { file: String, tensor: String },
    #[error("tensor {tensor:?} of weights {file:?} is {found} where {due} was due")]
    Tensor { file: String, tensor: String, due: String, found: String },
    #[error("{found} bytes do not fill a tensor of shape {shape:?}")]
    Values { shape: Vec<usize>, found: usize },
}

impl ConvertError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Members { .. } | Self::Values { .. } => None,
            _ => Some("the file is damaged, or of another version than models/manifest.toml names; fetch the package again"),
        }
    }
}
