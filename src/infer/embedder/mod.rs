//! Turns aligned faces into vectors: one trait, one implementation that the manifest's numbers tell apart.

mod aligned;

pub use aligned::build_embedder;

use super::InferError;
use crate::domain::{EmbedderId, Embedding, RgbImage};
use serde::{Deserialize, Serialize};

/// Turns faces into vectors. One embedder for each thread.
pub trait FaceEmbedder: Send {
    /// Names the model; vectors of two ids are never compared.
    fn id(&self) -> &EmbedderId;

    /// Returns the length of its vectors.
    fn dim(&self) -> usize;

    /// Returns one unit vector for each face, in order.
    ///
    /// Faces are canonical aligned crops, 160x160, made with [`crate::algo::align::canonical_map`].
    ///
    /// # Errors
    /// `Picture` for a crop of another size, `Run` or `Output` where the model fails, `Vector` where it gives no numbers.
    fn embed(&mut self, faces: &[RgbImage]) -> Result<Vec<Embedding>, InferError>;
}

/// Settings of embedding; values and reasons in `config/detection.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedParams {
    pub model: String,
    /// Faces a call on a GPU; on the CPU it is one.
    pub gpu_batch: usize,
}

#[cfg(test)]
pub(super) fn default_params() -> EmbedParams {
    #[derive(Deserialize)]
    struct File {
        embed: EmbedParams,
    }
    toml::from_str::<File>(include_str!("../../../config/detection.toml")).unwrap().embed
}
