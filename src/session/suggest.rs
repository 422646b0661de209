//! Compares clusters with portraits: who could this be?

use super::name::name_in;
use super::portraits::{Portrait, PortraitModels, portrait_files};
use super::report::{self, EpisodeSummary};
use super::{SessionError, Workspace, author, fingerprint};
use crate::algo::cluster::{Mean, PoolParams, likeness, pool};
use crate::algo::quality::{BadgeParams, badges};
use crate::domain::{
    CropInfo, CropKey, EmbedderId, Embedding, EpisodeId, IdentityId, MediaTime, OperationKind, Quality, Source, TrackId,
};
use crate::facebank::VectorIndex;
use crate::store::{EpisodeStore, Library};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the portraits say of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    pub cluster: IdentityId,
    pub time: MediaTime,
    /// The person of the nearest portrait.
    pub nearest: String,
    /// Cosine to it, `-1..=1`.
    pub cosine: f32,
    /// The nearest portrait of another person.
    pub second: Option<(String, f32)>,
    /// Near enough, and nearer than the second by a margin: `[suggest]` says how much.
    pub is_clear: bool,
}

/// What portraits say of an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestions {
    /// By falling screen time.
    pub clusters: Vec<Suggestion>,
    /// Portraits that could not serve, and why.
    pub notes: Vec<String>,
}

/// Compares the unnamed clusters of an episode with the portraits in `folder`.
///
/// A portrait is a picture named for its person, or in a folder named for them; of several faces the largest counts.
///
/// # Errors
/// Fails where there is no such episode, no portrait, or the models of its run are not there.
pub fn suggest(workspace: &Workspace, episode: &EpisodeId, folder: &Path) -> Result<Suggestions, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let summary = report::summarise(&library, &store, &workspace.settings)?;
    let mut notes = Vec::new();
    let mut models = PortraitModels::open(workspace, &summary.run.embedder.id)?;
    let portraits = portraits(folder, workspace, &mut models, &mut notes)?;
    if portraits.is_empty() {
        return Err(SessionError::NoPortraits { path: folder.to_owned() });
    }
    let embedder = EmbedderId(models.embedder_file.entry.id.clone());
    let settings = models.settings(workspace);
    let params = &settings.suggest;
    let tracks = Tracks::open(&library, &store, &summary, &embedder, &settings.pool, &settings.badges)?;
    let mut clusters = Vec::new();
    for (cluster, people) in tracks.nearest_people(&portraits, settings.cluster.strangers)? {
        let Some(person) = summary.time.people.iter().find(|p| p.name.is_none() && p.identities.contains(&cluster)) else {
            continue;
        };
        let mut best = people.into_iter();
        let Some((nearest, cosine)) = best.next() else { continue };
        let second = best.next();
        let margin = second.as_ref().map_or(2.0, |(_, c)| cosine - c);
        let is_clear = cosine >= params.min_cosine && margin >= params.min_margin;
        clusters.push(Suggestion { cluster, time: person.visual_time, nearest, cosine, second, is_clear });
    }
    clusters.sort_by(|a, b| b.time.cmp(&a.time).then(a.cluster.cmp(&b.cluster)));
    Ok(Suggestions { clusters, notes })
}

/// Names every cluster whose suggestion is clear; one operation each, so each can be taken back. Returns how many.
///
/// # Errors
/// Fails where the episode cannot be written.
pub fn apply(workspace: &Workspace, episode: &EpisodeId, suggestions: &Suggestions) -> Result<u64, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.write(&library, episode)?;
    let mut named = 0;
    for s in suggestions.clusters.iter().filter(|s| s.is_clear) {
        let author = author();
        let done = name_in(&library, &store, s.cluster, &s.nearest, author, Source::Propagated, OperationKind::Name)?;
        named += u64::from(done.is_some());
    }
    Ok(named)
}

/// Returns person and vector of each portrait, by path.
fn portraits(
    folder: &Path,
    workspace: &Workspace,
    models: &mut PortraitModels,
    notes: &mut Vec<String>,
) -> Result<Vec<(String, Embedding)>, SessionError> {
    let mut out = Vec::new();
    for (name, path) in portrait_files(folder)? {
        let told = path.display();
        match models.look(workspace, &path)? {
            Portrait::Face { vector, faces } => {
                if faces > 1 {
                    notes.push(format!("{told}: {faces} faces; the largest counts"));
                }
                out.push((name, vector));
            }
            Portrait::NoFace => notes.push(format!("{told}: no face")),
            Portrait::Unreadable(reason) => notes.push(format!("{told}: {reason}")),
        }
    }
    Ok(out)
}

/// The track vectors of a run, searchable.
struct Tracks {
    index: VectorIndex,
    /// The cluster of each track.
    who: BTreeMap<TrackId, IdentityId>,
    /// One vector for each cluster, pooled over all crops of its tracks.
    clusters: BTreeMap<IdentityId, Mean>,
}

/// Tracks that a portrait is compared with at most; the clusters they are in are then compared exactly.
const SHORTLIST: usize = 200;

impl Tracks {
    fn open(
        library: &Library,
        store: &EpisodeStore,
        summary: &EpisodeSummary,
        embedder: &EmbedderId,
        params: &PoolParams,
        badge_params: &BadgeParams,
    ) -> Result<Self, SessionError> {
        let run = summary.run.id;
        let looks = store.looks(run)?;
        let weigh = |c: &CropInfo| badges(badge_params, &c.quality, looks.get(&c.key())).weigh(&c.quality);
        let quality: BTreeMap<CropKey, Quality> = store.crops(run)?.iter().map(|c| (c.key(), weigh(c))).collect();
        let map = store.track_map(run)?;
        let mut parts: BTreeMap<TrackId, Vec<(Embedding, Quality)>> = BTreeMap::new();
        for (key, vector) in store.embeddings(run, embedder)? {
            if let Some(quality) = quality.get(&key) {
                parts.entry(map.track(key.track, key.frame)).or_default().push((vector, *quality));
            }
        }
        let pooled = |crops: &[(Embedding, Quality)]| {
            let refs: Vec<(&Embedding, &Quality)> = crops.iter().map(|(v, q)| (v, q)).collect();
            pool(params, &refs).map(|p| p.vector)
        };
        let who: BTreeMap<TrackId, IdentityId> = summary.assignments.iter().map(|(t, a)| (*t, a.identity)).collect();
        let mut members: BTreeMap<IdentityId, Vec<(Embedding, Quality)>> = BTreeMap::new();
        for (track, crops) in &parts {
            if let Some(id) = who.get(track) {
                members.entry(*id).or_default().extend(crops.iter().cloned());
            }
        }
        let clusters = members.into_iter().filter_map(|(id, crops)| Some((id, pooled(&crops)?))).collect();
        let made_of = serde_json::json!({"scan": summary.run.scan_key, "crops": parts.values().map(Vec::len).sum::<usize>(), "pool": params, "badges": badge_params, "looks": looks.len(), "tracks": store.track_parts(run)?.into_iter().collect::<Vec<_>>()});
        let rows = || parts.iter().filter_map(|(track, crops)| Some((u64::from(track.0), pooled(crops)?.direction))).collect();
        let base = library.cache_path(store.episode()).join(format!("tracks-{run}-{embedder}"));
        let index = VectorIndex::open_or_build(&base, embedder, &fingerprint::of_json(&made_of), rows)?;
        Ok(Self { index, who, clusters })
    }

    /// Returns, for each cluster near a portrait, the people by falling cosine to its vector.
    fn nearest_people(
        &self,
        portraits: &[(String, Embedding)],
        strangers: f32,
    ) -> Result<BTreeMap<IdentityId, Vec<(String, f32)>>, SessionError> {
        let mut near: BTreeSet<IdentityId> = BTreeSet::new();
        for (_, portrait) in portraits {
            for (key, _) in self.index.nearest(portrait, SHORTLIST)? {
                near.extend(u32::try_from(key).ok().and_then(|track| self.who.get(&TrackId(track))));
            }
        }
        let people = |cluster: &Mean| {
            let mut best: BTreeMap<&str, f32> = BTreeMap::new();
            for (name, portrait) in portraits {
                if let Some(cosine) = likeness(strangers, &Mean::single(portrait.clone()), cluster) {
                    let known = best.entry(name).or_insert(cosine);
                    *known = known.max(cosine);
                }
            }
            let mut sorted: Vec<(String, f32)> = best.into_iter().map(|(name, cosine)| (name.to_owned(), cosine)).collect();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
            sorted
        };
        Ok(near.into_iter().filter_map(|id| Some((id, people(self.clusters.get(&id)?)))).collect())
    }
}
