//! Servers, archives and mirrors that are slow, broken or hostile.

mod archives;
mod files;
pub(crate) mod server;
mod web;
