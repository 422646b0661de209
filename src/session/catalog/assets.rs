//! Pictures of people out of files: read as they are meant to be seen, made JPEG of a bounded size, kept under their digest.

use super::command::{CatalogCommand, NewAsset};
use super::decide::decide_catalog;
use super::refusal::CatalogRefusal;
use crate::algo::align::shrink;
use crate::domain::{Asset, AssetId, AssetKind, CatalogOperation, PersonId, PictureId};
use crate::pipeline::scan::to_jpeg;
use crate::session::photo::{self, PhotoError};
use crate::session::{SessionError, Workspace, absolute};
use std::path::{Path, PathBuf};

/// Pixels of the longer side that a kept picture has at most: what a screen shows of one.
const KEPT_SIDE: u32 = 1600;
/// JPEG quality of what is kept, `1..=100`; photographs look alike from there on.
const KEPT_QUALITY: u8 = 90;

/// Keeps pictures of somebody, an operation each; those that are kept already are passed over. With `featured` the first of all, kept already
/// or not, stands for them everywhere where no show says otherwise.
///
/// # Errors
/// Fails at the first file that is no picture, before anything is kept, or where the catalog cannot be written.
pub fn add_assets(
    workspace: &Workspace,
    person: PersonId,
    files: &[PathBuf],
    kind: AssetKind,
    featured: Featuring,
) -> Result<Vec<CatalogOperation>, SessionError> {
    let pictures = files.iter().map(|file| read(workspace, file)).collect::<Result<Vec<Picture>, _>>()?;
    let catalog = workspace.open_library()?.catalog();
    let ids = catalog.put_pictures(pictures.iter().map(|p| p.jpeg.as_slice()))?;
    let mut done = Vec::new();
    for ((picture, id), file) in pictures.iter().zip(&ids).zip(files) {
        let new = NewAsset {
            person,
            kind,
            sha256: id.0.clone(),
            width: picture.width,
            height: picture.height,
            source: absolute(file).to_string_lossy().into_owned(),
        };
        if let Some(operation) = decide_catalog(workspace, &CatalogCommand::AddAsset(new))? {
            done.push(operation);
        }
    }
    let directory = catalog.directory()?;
    let is_first = |a: &&Asset| a.person == person && a.kind == kind && ids.first().is_some_and(|id| a.sha256 == id.0);
    if let (Featuring::First, Some(first)) = (featured, directory.assets.values().find(is_first)) {
        done.extend(decide_catalog(workspace, &CatalogCommand::SetFeatured { asset: first.id, show: None })?);
    }
    Ok(done)
}

/// Whether a picture that is added stands for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Featuring {
    First,
    None,
}

struct Picture {
    jpeg: Vec<u8>,
    width: u32,
    height: u32,
}

fn read(workspace: &Workspace, file: &Path) -> Result<Picture, SessionError> {
    let params = &workspace.settings.photos;
    let bad = |source| SessionError::Photo { path: file.to_owned(), source };
    let full = photo::read_bytes(file, params).and_then(|bytes| photo::decode(&bytes, params)).map_err(bad)?.full;
    let times = full.width.max(full.height).div_ceil(KEPT_SIDE);
    let kept = if times > 1 { shrink(&full, times) } else { full };
    let jpeg = to_jpeg(&kept, KEPT_QUALITY).map_err(|what| bad(PhotoError::Damaged(what)))?;
    Ok(Picture { jpeg, width: kept.width, height: kept.height })
}

/// Returns the JPEG of a picture.
///
/// # Errors
/// Fails where there is no such picture, or its bytes are not those that were kept.
pub fn asset_picture(workspace: &Workspace, asset: AssetId) -> Result<Vec<u8>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let found = catalog.directory()?.assets.remove(&asset).ok_or(CatalogRefusal::NoAsset { asset })?;
    Ok(catalog.picture(&PictureId(found.sha256))?.ok_or(CatalogRefusal::NoAsset { asset })?)
}
