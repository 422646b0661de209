//! Judges a detector and an embedder on pictures of known people.

use super::portraits::{Portrait, PortraitModels, portrait_files};
use super::{SessionError, Workspace};
use crate::algo::evaluate::{self, Mark, Verification, verify};
use crate::domain::{ModelUse, commercial_use};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// What two models make of a folder of people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaceEvaluation {
    pub detector: ModelUse,
    pub embedder: ModelUse,
    /// Whether the licences of both allow it; absent where one does not say.
    pub commercial_use: Option<bool>,
    #[serde(flatten)]
    pub verification: Verification,
    /// Pictures in which no face was found or that cannot be read, and why.
    pub notes: Vec<String>,
}

/// Finds the largest face of every picture in `folder`, which has a folder for each person, and compares each with every other.
///
/// A picture that cannot be read is left out; one without a face counts as a miss.
///
/// # Errors
/// Fails where there are no two people to compare, or the models of the settings are not there.
pub fn evaluate_faces(workspace: &Workspace, folder: &Path) -> Result<FaceEvaluation, SessionError> {
    let files = portrait_files(folder)?;
    let mut models = PortraitModels::open(workspace, &workspace.settings.embed.model)?;
    let (mut portraits, mut notes) = (Vec::new(), Vec::new());
    for (person, path) in files {
        let vector = match models.look(workspace, &path)? {
            Portrait::Face { vector, .. } => Some(vector),
            Portrait::NoFace => {
                notes.push(format!("{}: no face", path.display()));
                None
            }
            Portrait::Unreadable(reason) => {
                notes.push(format!("{}: {reason}", path.display()));
                continue;
            }
        };
        portraits.push(evaluate::Portrait { person, vector });
    }
    let verification = verify(&portraits, &marks(workspace, &models)).ok_or_else(|| SessionError::NoPairs {
        path: folder.to_owned(),
        pictures: portraits.len(),
        with_face: portraits.iter().filter(|p| p.vector.is_some()).count(),
        people: portraits.iter().map(|p| &p.person).collect::<BTreeSet<_>>().len(),
    })?;
    let (detector, embedder) = (models.detector_file.model_use(), models.embedder_file.model_use());
    let commercial_use = commercial_use([&detector, &embedder].into_iter());
    Ok(FaceEvaluation { detector, embedder, commercial_use, verification, notes })
}

/// Returns the cosines that decide in a run.
fn marks(workspace: &Workspace, models: &PortraitModels) -> Vec<Mark> {
    let known = models.embedder_file.entry.thresholds.as_ref();
    let settings = models.settings(workspace);
    let all = [
        ("the model's `different`", known.and_then(|t| t.different)),
        ("the model's `same`", known.and_then(|t| t.same)),
        ("cluster.cluster_thresh", Some(settings.cluster.cluster_thresh)),
        ("suggest.min_cosine", Some(settings.suggest.min_cosine)),
    ];
    all.into_iter().filter_map(|(what, cosine)| Some(Mark { what: what.into(), cosine: cosine? })).collect()
}
