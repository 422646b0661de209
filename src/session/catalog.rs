//! Decisions about the people and shows of a library. Episodes are not written: what they store of their people is brought up to the
//! catalog when it is read.

mod assets;
mod command;
mod decide;
mod feature;
mod import;
mod list;
mod log;
mod plan;
mod refusal;
mod seen;
mod sound;
#[cfg(test)]
mod tests;

pub use assets::{Featuring, add_assets, asset_picture};
pub use command::{CatalogCommand, Dependents, EpisodeEdit, NewAsset, Wish};
pub use decide::{decide_catalog, find_person};
pub use feature::{Likeness, feature};
pub use import::{CatalogFormat, CatalogImport, export_catalog, import_catalog};
pub use list::{SeasonEntry, ShowEntry, catalog_show, catalog_shows};
pub use log::{catalog_log, redo_catalog, undo_catalog};
pub use refusal::CatalogRefusal;

use super::{SessionError, Workspace};
use crate::domain::Directory;

/// Returns what people decided about people and shows.
///
/// # Errors
/// Fails where the catalog cannot be read.
pub fn directory(workspace: &Workspace) -> Result<Directory, SessionError> {
    Ok(workspace.open_library()?.catalog().directory()?)
}
