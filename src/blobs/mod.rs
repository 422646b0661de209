//! Blobs: large things by key. The only module that knows object_store.
//!
//! Keys are laid out as in docs/ARTIFACTS.md; see [`keys`]. Calls block: object_store is asynchronous, so each call
//! runs it to its end on a small runtime of this module's own, on the caller's thread. Callers are plain threads, never
//! tokio workers, which would stall; a call from inside a runtime is refused.

mod blob_store;
mod error;
pub mod keys;

pub use blob_store::{Backend, Blob, Blobs, Deleted, StorageParams};
pub use error::BlobError;
