//! Which picture stands for somebody, chosen among all that there are of them.

use super::command::{CatalogCommand, NewAsset};
use super::decide::view;
use super::plan::{View, plan};
use crate::domain::{
    AssetId, AssetKind, CatalogChange, CatalogDraft, CatalogOperation, OperationKind, PersonId, PictureId, Slug,
};
use crate::session::{Portrait, Portraits, SessionError, Workspace, author};
use crate::store::StoreError;
use image::ImageReader;
use std::io::Cursor;

/// A picture that may stand for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Likeness {
    /// A kept face of an episode.
    Crop(Portrait),
    /// A picture that the catalog keeps, and where it came from.
    Kept {
        picture: PictureId,
        source: String,
    },
    Asset(AssetId),
}

impl Likeness {
    /// Says where it comes from, as an asset made of it does.
    #[must_use]
    pub fn source(&self) -> String {
        match self {
            Self::Crop(Portrait { episode, run, crop }) => format!("{episode} {run} {}:{}", crop.track, crop.frame),
            Self::Kept { source, .. } => source.clone(),
            Self::Asset(asset) => asset.to_string(),
        }
    }
}

/// Lets a picture stand for somebody, in one show or everywhere where no show says otherwise, as one operation; `None` where it does so already.
/// What is no asset of theirs yet becomes one.
///
/// # Errors
/// Fails, and changes nothing, where the picture or the person is not there any more, or writing fails.
pub fn feature(
    workspace: &Workspace,
    person: PersonId,
    likeness: &Likeness,
    show: Option<&Slug>,
) -> Result<Option<CatalogOperation>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let mut view = view(&catalog)?;
    let gone = || SessionError::NoPicture { of: likeness.source() };
    let mut changes = Vec::new();
    let asset = match likeness {
        Likeness::Asset(asset) => *asset,
        Likeness::Crop(portrait) => {
            let jpeg = Portraits::of(workspace)?.get(portrait)?.ok_or_else(gone)?;
            let picture = catalog.put_pictures([jpeg.as_slice()])?.pop().ok_or_else(gone)?;
            become_asset(&mut view, &mut changes, person, &picture, &jpeg, likeness)?
        }
        Likeness::Kept { picture, .. } => {
            let jpeg = catalog.picture(picture)?.ok_or_else(gone)?;
            become_asset(&mut view, &mut changes, person, picture, &jpeg, likeness)?
        }
    };
    let command = CatalogCommand::SetFeatured { asset, show: show.cloned() };
    let Some((kind, summary, more)) = plan(&view, &command)? else { return Ok(None) };
    changes.extend(more);
    Ok(Some(catalog.append(CatalogDraft { author: author(), kind, summary, changes, at: view.now })?))
}

/// Plans that a kept picture is somebody's asset; where it is one already, returns that.
fn become_asset(
    view: &mut View,
    changes: &mut Vec<CatalogChange>,
    person: PersonId,
    picture: &PictureId,
    jpeg: &[u8],
    likeness: &Likeness,
) -> Result<AssetId, SessionError> {
    if let Some(asset) = view.directory.assets.values().find(|a| a.person == person && a.sha256 == picture.0) {
        return Ok(asset.id);
    }
    let gone = || SessionError::NoPicture { of: likeness.source() };
    let size = ImageReader::new(Cursor::new(jpeg)).with_guessed_format().ok().and_then(|r| r.into_dimensions().ok());
    let (width, height) = size.ok_or_else(gone)?;
    let (kind, sha256, source) = (AssetKind::Portrait, picture.0.clone(), likeness.source());
    let new = NewAsset { person, kind, sha256, width, height, source };
    let (_, _, made) = plan(view, &CatalogCommand::AddAsset(new))?.ok_or_else(gone)?;
    // What stands for them is planned on a directory that has the picture.
    view.directory.apply(&OperationKind::Create, &made).map_err(StoreError::from)?;
    changes.extend(made);
    Ok(AssetId(view.directory.last_asset))
}
