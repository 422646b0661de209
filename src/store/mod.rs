//! Stored data: a library of episode bundles and its catalog. The only module that knows redb.
//!
//! ```text
//! <library>/catalog.redb                  people and the list of episodes
//! <library>/episodes/<ep_id>/episode.redb measured and decided data of one episode, pictures of crops included
//! <library>/episodes/<ep_id>/cache/       derived, deletable at any time
//! <library>/episodes/<ep_id>/writer.lock  held while a process writes; holder.json beside it says which
//! <library>/blobs/                        see the module blobs
//! ```
//!
//! - One process writes an episode, any number read it and follow its commits (redb's single-writer mode).
//! - Every transaction is synced to the disk before it is acknowledged, and saves what a quick reopening needs.
//! - Bulk rows are `[version u8][crc32 u32][postcard or raw bytes]`; rows for people and rows of the log are JSON
//!   `{"v": 1, "row": …}`. The shapes of bulk rows live in `rows.rs`, apart from the domain's, because they must not
//!   change when the domain does.

mod catalog;
mod codec;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod crash;
mod decisions;
mod digest;
mod embeddings;
mod engine;
mod episode;
mod error;
mod library;
mod lock;
mod looks;
mod measured;
mod parts;
mod references;
mod rows;
mod runs;
#[cfg(test)]
mod sample;
mod spoken;
mod tables;
mod verify;
mod voice;
mod voice_bank;
mod voice_rows;
mod written;

pub use catalog::Catalog;
pub use episode::EpisodeStore;
pub use error::StoreError;
pub use library::{Deleted, DeletedRows, Library};
pub use lock::Holder;
pub use looks::LOOK_METHOD;
pub use references::picture_id;
pub use verify::Finding;
