//! Whom an episode shows out of the people whose faces the library knows.

use super::prepare::group_key;
use super::{SessionError, Workspace, facebank, fingerprint, passes, report};
use crate::algo::recognise::Gallery;
use crate::config::Settings;
use crate::domain::{EmbedderId, Embedding, EpisodeId, IdentityId, MediaTime, PersonId, Roster, Source, Thresholds};
use crate::infer::Registry;
use crate::pipeline::group::{self, KnownFaces};
use crate::pipeline::{Cancel, looks};
use crate::store::{Catalog, EpisodeStore, Library};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The faces that the library knows, as one embedder sees them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Faces {
    gallery: Gallery,
    roster: Roster,
    /// Of all that recognition is made of besides the settings: part of the key of a grouping.
    pub digest: String,
    /// What had to be done to read them.
    pub notes: Vec<String>,
}

impl Faces {
    fn new(roster: Roster, references: Vec<(PersonId, Embedding)>, notes: Vec<String>) -> Self {
        let of = |(person, vector): &(PersonId, Embedding)| {
            let bits: Vec<u32> = vector.as_slice().iter().map(|v| v.to_bits()).collect();
            (person.0, fingerprint::of_json(&serde_json::json!(bits)))
        };
        let mut all: Vec<(u32, String)> = references.iter().map(of).collect();
        all.sort();
        let digest = fingerprint::of_json(&serde_json::json!(all));
        Self { gallery: Gallery::new(references), roster, digest, notes }
    }

    /// Takes them from the facebank; none where the settings leave recognition out.
    ///
    /// # Errors
    /// Fails where the library cannot be read.
    pub(super) fn of_library(
        workspace: &Workspace,
        library: &Library,
        settings: &Settings,
        embedder: &EmbedderId,
    ) -> Result<Self, SessionError> {
        let catalog = library.catalog();
        let roster = catalog.roster()?;
        if !settings.recognise.enabled {
            return Ok(Self::new(roster, Vec::new(), Vec::new()));
        }
        let bank = facebank::bank(workspace, embedder)?;
        let notes = bank.notes();
        Ok(Self::new(roster, bank.references.into_iter().map(|r| (r.person, r.vector)).collect(), notes))
    }

    /// Takes those that have a vector of the embedder already, so that nothing has to be computed.
    ///
    /// # Errors
    /// Fails where the library cannot be read.
    pub(super) fn at_hand(catalog: &Catalog, settings: &Settings, embedder: &EmbedderId) -> Result<Self, SessionError> {
        let roster = catalog.roster()?;
        let mut vectors = if settings.recognise.enabled { catalog.reference_vectors(embedder)? } else { BTreeMap::new() };
        let mut references = Vec::new();
        for reference in catalog.references()? {
            if let (Some(person), Some(vector)) = (roster.stands_for(reference.person), vectors.remove(&reference.id)) {
                references.push((person.id, vector));
            }
        }
        Ok(Self::new(roster, references, Vec::new()))
    }

    /// Returns them as grouping wants them; `own` are the settings in the cosines of the embedder.
    pub(super) fn known<'a>(&'a self, own: &'a Settings) -> KnownFaces<'a> {
        KnownFaces { params: &own.recognise, gallery: &self.gallery, roster: &self.roster, strangers: own.cluster.strangers }
    }
}

/// Somebody whom a run knows by their face, and whom nobody confirmed yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KnownFace {
    pub identity: IdentityId,
    pub name: String,
    pub tracks: usize,
    /// How long they are seen.
    pub time: MediaTime,
    /// Belief in their seconds, `0..=1`.
    pub belief: f64,
}

/// What came of recognising.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recognised {
    /// How many people were asked for.
    pub asked: usize,
    /// By falling time.
    pub known: Vec<KnownFace>,
    /// By what somebody decided that the tracks are grouped, whatever the settings say.
    pub grouped_at: Option<Thresholds>,
    pub notes: Vec<String>,
}

/// Says whom the active run of an episode shows, by the facebank; the tracks are grouped anew for it, by the thresholds that were decided where
/// some were, and what people decided stays.
///
/// # Errors
/// Fails where there is no such episode, another process writes to it, or the models are not there.
pub fn recognise(workspace: &Workspace, episode: &EpisodeId) -> Result<Recognised, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.write(&library, episode)?;
    let mut run = report::active(&store)?;
    let registry = Registry::with_folder(&workspace.models)?;
    let entry = registry.entries().iter().find(|e| e.id == run.embedder.id);
    let decided = store.thresholds()?.get(&run.id).copied();
    let own = workspace.settings.grouped_at(decided).in_cosines_of(entry.and_then(|e| e.cosines(workspace.settings.cosines)));
    let embedder = EmbedderId(run.embedder.id.clone());
    let faces = Faces::of_library(workspace, &library, &own, &embedder)?;
    looks::run(&store, run.id, &Cancel::default())?;
    group::run(&store, &run, &embedder, own.weights(), &own.cluster, &faces.known(&own), Timestamp::now())?;
    let key = group_key(&own, &run, &embedder, &faces.digest);
    passes::mark(&mut run, passes::GROUP, key);
    store.update_run(&run)?;
    let known = known_faces(&library, &store, &workspace.settings)?;
    Ok(Recognised { asked: faces.gallery.people(), known, grouped_at: decided, notes: faces.notes })
}

/// Lists whom a run knows by their faces alone.
pub(super) fn known_faces(library: &Library, store: &EpisodeStore, settings: &Settings) -> Result<Vec<KnownFace>, SessionError> {
    let summary = report::summarise(library, store, settings)?;
    let identities = report::identities_now(library, store, summary.run.id)?;
    let mut known = Vec::new();
    for identity in identities.values().filter(|i| i.source == Source::Proposed) {
        let Some(name) = identity.name.clone() else { continue };
        let tracks = summary.assignments.values().filter(|a| a.identity == identity.id).count();
        let Some(person) = summary.time.people.iter().find(|p| p.identities.contains(&identity.id)).filter(|_| tracks > 0) else {
            continue;
        };
        known.push(KnownFace { identity: identity.id, name, tracks, time: person.visual_time, belief: person.confidence });
    }
    known.sort_by(|a, b| b.time.cmp(&a.time).then(a.identity.cmp(&b.identity)));
    Ok(known)
}
