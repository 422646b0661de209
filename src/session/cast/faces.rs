//! The faces of one person in one episode, a track each.

use super::Portrait;
use crate::domain::{CropInfo, EpisodeId, IdentityId, MediaTime, PersonId, TrackId};
use crate::session::{SessionError, Workspace};
use crate::store::EpisodeStore;
use std::collections::{BTreeMap, BTreeSet};

/// The best kept face of a track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackFace {
    pub track: TrackId,
    pub portrait: Portrait,
    /// `0..=1`.
    pub quality: f32,
    /// When its picture is shown, on the clock of the video.
    pub at: MediaTime,
}

/// Returns the best face of each track of somebody in the active run of an episode, by falling quality, then track; none where nothing was
/// run to its end.
///
/// # Errors
/// Fails where the library or the episode cannot be read.
pub fn faces_of(workspace: &Workspace, episode: &EpisodeId, person: PersonId) -> Result<Vec<TrackFace>, SessionError> {
    let library = workspace.open_library()?;
    let roster = library.catalog().roster()?;
    let store = EpisodeStore::open_reader(&library, episode)?;
    let Some(run) = store.active_run()? else { return Ok(Vec::new()) };
    let mut identities = store.identities(run)?;
    roster.bring_up(identities.values_mut());
    let theirs: BTreeSet<IdentityId> = identities.values().filter(|i| i.person == Some(person)).map(|i| i.id).collect();
    let (assignments, map) = (store.assignments(run)?, store.track_map(run)?);
    let mut best: BTreeMap<TrackId, CropInfo> = BTreeMap::new();
    for crop in store.crops(run)? {
        let track = map.track(crop.track, crop.at.frame);
        if assignments.get(&track).is_none_or(|a| !theirs.contains(&a.identity)) {
            continue;
        }
        let known = best.entry(track).or_insert(crop);
        if crop.quality.total.total_cmp(&known.quality.total).is_gt() {
            *known = crop;
        }
    }
    let face = |(track, crop): (TrackId, CropInfo)| TrackFace {
        track,
        portrait: Portrait { episode: episode.clone(), run, crop: crop.key() },
        quality: crop.quality.total,
        at: crop.at.pts,
    };
    let mut faces: Vec<TrackFace> = best.into_iter().map(face).collect();
    faces.sort_by(|a, b| b.quality.total_cmp(&a.quality).then(a.track.cmp(&b.track)));
    Ok(faces)
}
