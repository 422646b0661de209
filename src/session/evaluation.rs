//! Compares an episode with the truth about its video.

use super::{SessionError, Workspace, files, report};
use crate::algo::evaluate::{self, Evaluation, Run, Truth};
use crate::domain::EpisodeId;
use std::path::Path;

/// Compares the active run of an episode with a truth file.
///
/// # Errors
/// Fails where there is no such episode, or the file is no truth file.
pub fn evaluate(workspace: &Workspace, episode: &EpisodeId, truth: &Path) -> Result<Evaluation, SessionError> {
    let text = files::read_text(truth)?;
    let known = Truth::parse(&text).map_err(|source| SessionError::Truth { path: truth.to_owned(), source })?;
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let summary = report::summarise(&library, &store, &workspace.settings)?;
    let map = store.track_map(summary.run.id)?;
    let (mut analysed, mut faces) = (Vec::new(), Vec::new());
    for shot in &summary.shots {
        analysed.extend(store.analysed(summary.run.id, shot.id)?);
        faces.extend(store.faces(summary.run.id, shot.id)?.into_iter().map(|f| map.face(f)));
    }
    let people: Vec<String> = library.catalog().roster()?.people().filter(|p| !p.removed).map(|p| p.name.clone()).collect();
    let clusters = summary.assignments.iter().map(|(track, a)| (*track, a.identity)).collect();
    let run = Run {
        shots: &summary.shots,
        analysed: &analysed,
        faces: &faces,
        clusters: &clusters,
        screen_time: &summary.time,
        known: &people,
        links: summary.speech.as_ref().map(|s| s.fused.links.as_slice()),
        picture: summary.run.video.size,
    };
    Ok(evaluate::evaluate(&workspace.settings.evaluation, &known, &run))
}
