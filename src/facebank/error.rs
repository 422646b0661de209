//! What can go wrong with an index.

/// Says why an index could not be made or asked.
#[derive(Debug, thiserror::Error)]
pub enum FacebankError {
    #[error("an index of {embedder} holds vectors of {expected} numbers, found one of {found}")]
    Length { embedder: String, expected: usize, found: usize },
    #[error("key {key} comes twice among the vectors of {embedder}")]
    Twice { embedder: String, key: u64 },
    #[error("the vector index failed: {0}")]
    Index(String),
}

impl FacebankError {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Length { .. } => "vectors of two embedders cannot be compared: embed again with one of them".into(),
            Self::Twice { .. } | Self::Index(_) => "this is a fault of the program, please report it".into(),
        }
    }
}
