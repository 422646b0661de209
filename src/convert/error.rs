//! What can be wrong with weights that come from outside.

/// Says what cannot be converted, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    #[error("{found} values do not fill a tensor of shape {shape:?}")]
    Values { shape: Vec<usize>, found: usize },
}
