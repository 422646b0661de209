//! Which key does what where: the built-in `config/keymap.toml`, the user's file on top of it.
//!
//! Help, the bottom line and `docs/KEYS.md` are printed from it, so they cannot be wrong about a key.

mod action;
mod error;
mod key;
mod keys;
mod page;
mod read;
#[cfg(test)]
mod tests;

pub use action::{Action, Place};
pub use error::KeymapError;
pub use key::KeyError;
pub(super) use key::written;
pub use keys::{Binding, Hint, Keymap, Resolved};
