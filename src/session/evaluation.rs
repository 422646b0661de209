//! Compares an episode with the truth about its video.

use super::artifacts::badges_of;
use super::{SessionError, Workspace, files, report};
use crate::algo::evaluate::{self, Evaluation, Run, Truth};
use crate::domain::{EpisodeId, PersonId};
use crate::store::Catalog;
use std::collections::BTreeMap;
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
    let people = known_by_face(&library.catalog())?;
    let badges = badges_of(&store, summary.run.id, &workspace.settings)?;
    let clusters = summary.assignments.iter().map(|(track, a)| (*track, a.identity)).collect();
    let run = Run {
        shots: &summary.shots,
        analysed: &analysed,
        faces: &faces,
        clusters: &clusters,
        screen_time: &summary.time,
        known: &people,
        badges: &badges,
        links: summary.speech.as_ref().map(|s| s.fused.links.as_slice()),
        picture: summary.run.video.size,
    };
    Ok(evaluate::evaluate(&workspace.settings.evaluation, &known, &run))
}

/// Lists the people whose face the library knows: who is only in its catalog is a stranger to a run.
fn known_by_face(catalog: &Catalog) -> Result<Vec<String>, SessionError> {
    let roster = catalog.roster()?;
    let people: BTreeMap<PersonId, String> =
        catalog.references()?.iter().filter_map(|r| roster.stands_for(r.person)).map(|p| (p.id, p.name.clone())).collect();
    Ok(people.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, CatalogChange, CatalogDraft, Edit, OperationKind, Origin, Quality, Reference, ReferenceId};
    use crate::store::Library;
    use jiff::Timestamp;

    #[test]
    fn who_is_in_the_catalog_alone_is_not_known_by_face() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Library::open(dir.path()).unwrap().catalog();
        let user = || Author::User { name: "ana".into(), host: None, client: None };
        let [ava, _ben] = ["Ava", "Ben"].map(|name| catalog.ensure_person(name, user(), Timestamp::UNIX_EPOCH).unwrap());
        assert_eq!(known_by_face(&catalog).unwrap(), [""; 0]);
        let id = ReferenceId(1);
        let [picture, thumb] = [b"face".as_slice(), b"thumb"].map(crate::store::picture_id);
        catalog.put_pictures([b"face".as_slice(), b"thumb"]).unwrap();
        let quality = Quality::faultless(0.9);
        let origin = Origin::File { path: "/a.jpg".into(), sha256: "00".into() };
        let reference = Reference { id, person: ava, quality, origin, picture, thumb, added_at: Timestamp::UNIX_EPOCH };
        let change = CatalogChange::Reference { id, edit: Edit { from: None, to: Some(reference) } };
        let summary = "added a face".into();
        let draft = CatalogDraft {
            author: user(),
            kind: OperationKind::Create,
            summary,
            changes: vec![change],
            at: Timestamp::UNIX_EPOCH,
        };
        catalog.append(draft).unwrap();
        assert_eq!(known_by_face(&catalog).unwrap(), ["Ava"]);
    }
}
