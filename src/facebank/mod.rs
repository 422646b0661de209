//! Nearest face vectors. The only module that knows usearch.
//!
//! An index is derived: it says what it was made from and is made again wherever that, or its file, is not as it should
//! be. Usearch takes a file with flipped bits in silence or crashes on it, so a file is only loaded after its SHA-256
//! was found to be right.

mod error;
mod index;
mod saved;

pub use error::FacebankError;
pub use index::{IndexState, VectorIndex};
pub use saved::WhyBuilt;
