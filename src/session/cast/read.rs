//! Reads who is in each episode, from the cache where that still holds.

use super::{Appearance, CastLine, CastState, EpisodeCast, Progress};
use crate::algo::screen_time::{Tally, WhoIsWho};
use crate::domain::{
    CropKey, EpisodeEntry, EpisodeId, Face, Identity, IdentityId, MediaTime, PersonTime, Roster, RunId, TrackId,
};
use crate::session::passes::{DIARISE, LINK};
use crate::session::speech::{self, Faces, Speech};
use crate::session::{SessionError, Workspace, files, fingerprint, report};
use crate::store::{EpisodeStore, Library, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Raised when what is kept is worked out otherwise.
const VERSION: u32 = 3;

/// What is kept of an episode.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// SHA-256 over all that it was made of.
    made_of: String,
    cast: EpisodeCast,
}

/// Reads every episode of the library by show, season, number, then id, those without a show last; `line` hears each as it is read, how many there are, and says
/// whether to go on. An episode that cannot be read is a line too.
///
/// # Errors
/// Fails where the library itself cannot be read.
pub fn casts(workspace: &Workspace, line: &mut dyn FnMut(CastLine, usize) -> bool) -> Result<(), SessionError> {
    let library = workspace.open_library()?;
    let mut known: BTreeMap<EpisodeId, EpisodeEntry> =
        library.catalog().episodes()?.into_iter().map(|e| (e.id.clone(), e)).collect();
    let unknown = |id: &EpisodeId| EpisodeEntry::new(id, "", Timestamp::UNIX_EPOCH);
    let mut entries: Vec<EpisodeEntry> =
        library.episodes()?.into_iter().map(|id| known.remove(&id).unwrap_or_else(|| unknown(&id))).collect();
    entries.sort_by_cached_key(|e| (e.show.is_none(), e.show.clone(), e.season.is_none(), e.season, e.episode, e.id.clone()));
    let count = entries.len();
    let roster = library.catalog().roster()?;
    for entry in entries {
        let state = match read(workspace, &library, &roster, &entry.id) {
            Ok(Some(cast)) => CastState::Known(cast),
            Ok(None) => CastState::NotRun,
            Err(error) => CastState::Broken { reason: error.to_string() },
        };
        if !line(CastLine { entry, state }, count) {
            break;
        }
    }
    Ok(())
}

/// Returns who is in an episode; `None` where nothing was run to its end.
fn read(
    workspace: &Workspace,
    library: &Library,
    roster: &Roster,
    episode: &EpisodeId,
) -> Result<Option<EpisodeCast>, SessionError> {
    let store = EpisodeStore::open_reader(library, episode)?;
    let Some(run) = store.active_run()? else { return Ok(None) };
    let mut identities = store.identities(run)?;
    let made_of = made_of(workspace, &store, run, &identities, roster)?;
    let path = library.cache_path(episode).join("cast.json");
    if let Some(cast) = kept(&path, &made_of) {
        return Ok(Some(called_now(cast, roster)));
    }
    roster.bring_up(identities.values_mut());
    let cast = measure(workspace, &store, &identities)?;
    // What cannot be kept, in a library that may only be read, is worked out again next time.
    if let Ok(text) = serde_json::to_vec(&Kept { made_of, cast: cast.clone() })
        && let Err(error) = files::write_whole(&path, &text)
    {
        tracing::debug!("{error}");
    }
    Ok(Some(called_now(cast, roster)))
}

/// Gives people the names that they have now.
fn called_now(mut cast: EpisodeCast, roster: &Roster) -> EpisodeCast {
    for a in &mut cast.people {
        if let Some(now) = a.person.and_then(|id| roster.stands_for(id)).filter(|now| Some(now.id) == a.person) {
            a.name.clone_from(&now.name);
        }
    }
    cast
}

/// Names all that the time of people in an episode depends on.
fn made_of(
    workspace: &Workspace,
    store: &EpisodeStore,
    run: RunId,
    identities: &BTreeMap<IdentityId, Identity>,
    roster: &Roster,
) -> Result<String, SessionError> {
    // Who is one person decides the sums; what they are called does not.
    let mut now = identities.clone();
    roster.bring_up(now.values_mut());
    let is_other = |(id, identity): &(&IdentityId, &Identity)| identities.get(id).and_then(|i| i.person) != identity.person;
    let merged: Vec<_> = now.iter().filter(is_other).map(|(id, identity)| (*id, identity.person)).collect();
    let last = store.operation(store.last_operation()?)?;
    let last = last.map(|o| (o.seq, o.at, o.previous_hash));
    let settings = &workspace.settings;
    let meta = store.run(run)?;
    let heard = [DIARISE, LINK].map(|pass| meta.marks.get(pass).map(|m| &m.key));
    Ok(fingerprint::of_json(&serde_json::json!({
        "v": VERSION,
        "run": run,
        "scan": meta.scan_key,
        "heard": heard,
        "last": last,
        "rules": [serde_json::json!(settings.screen_time), serde_json::json!(settings.fuse)],
        "merged": merged,
    })))
}

fn kept(path: &PathBuf, made_of: &str) -> Option<EpisodeCast> {
    let kept: Kept = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (kept.made_of == made_of).then_some(kept.cast)
}

fn measure(
    workspace: &Workspace,
    store: &EpisodeStore,
    identities: &BTreeMap<IdentityId, Identity>,
) -> Result<EpisodeCast, SessionError> {
    let run = report::active(store)?;
    let shots = store.shots(run.id)?;
    let assignments = store.assignments(run.id)?;
    let (map, marks) = (store.track_map(run.id)?, store.marks(run.id)?);
    let who = WhoIsWho { assignments: &assignments, identities, marks: &marks };
    let mut tally = Tally::new(&workspace.settings.screen_time, run.video.size, who);
    for shot in &shots {
        let faces: Vec<Face> = store.faces(run.id, shot.id)?.into_iter().map(|f| map.face(f)).collect();
        tally.push(shot, &store.analysed(run.id, shot.id)?, &faces);
    }
    let faces = Faces { map: &map, assignments: &assignments, identities, marks: &marks };
    let speech = speech::of_run(&workspace.settings.fuse, store, &run, &shots, tally.shots(), faces)?;
    let time = tally.finish(speech.as_ref().map(Speech::heard), report::length(&run, &shots));
    let owner = |crop: CropKey| -> Option<IdentityId> {
        let track: TrackId = map.track(crop.track, crop.frame);
        Some(assignments.get(&track)?.identity)
    };
    let best = best(store, run.id, owner)?;
    let covered = time.union;
    let mut progress = Progress::default();
    for p in &time.people {
        progress.add(p.visual_time, confirmed(p), p.name.is_some());
    }
    let (named, unnamed): (Vec<_>, Vec<_>) = time.people.into_iter().partition(|p| p.name.is_some());
    let people = named.into_iter().filter_map(|p| {
        let faces = p.identities.iter().filter_map(|id| best.get(id));
        let confirmed = confirmed(&p);
        let best = faces.min_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Some(Appearance {
            person: p.person,
            name: p.name?,
            best: best.map(|(key, _)| *key),
            best_quality: best.map(|(_, quality)| *quality),
            confirmed,
            speaking: p.speech.as_ref().map(|s| s.time),
            both: p.speech.as_ref().map(|s| s.both_time),
            identities: p.identities,
            visual: p.visual,
            visual_time: p.visual_time,
            confidence: p.confidence,
        })
    });
    Ok(EpisodeCast {
        run: run.id,
        origin: shots.first().map_or(run.video.first_pts, |s| s.start),
        duration: time.duration,
        identities: identities.len(),
        named: identities.values().filter(|i: &&Identity| i.name.is_some()).count(),
        covered,
        unnamed: MediaTime(unnamed.iter().map(|p| p.visual_time.0).sum()),
        progress,
        people: people.collect(),
    })
}

/// Returns the part of somebody's time that a person confirmed.
fn confirmed(person: &PersonTime) -> MediaTime {
    MediaTime::from_secs(person.visual_time.secs() * person.review_share)
}

/// Returns the best crop of each identity with its quality: the highest, then the earliest.
fn best(
    store: &EpisodeStore,
    run: RunId,
    owner: impl Fn(CropKey) -> Option<IdentityId>,
) -> Result<BTreeMap<IdentityId, (CropKey, f32)>, StoreError> {
    let mut best: BTreeMap<IdentityId, (CropKey, f32)> = BTreeMap::new();
    for crop in store.crops(run)? {
        let (key, quality) = (crop.key(), crop.quality.total);
        let Some(id) = owner(key) else { continue };
        let known = best.entry(id).or_insert((key, quality));
        if quality.total_cmp(&known.1).then(known.0.cmp(&key)).is_gt() {
            *known = (key, quality);
        }
    }
    Ok(best)
}
