//! Whom an episode shows out of the people whose faces the library knows.

use super::facebank::{self, Bank, BankIndex};
use super::prepare::group_key;
use super::{SessionError, Workspace, passes, report};
use crate::algo::recognise::Gallery;
use crate::config::Settings;
use crate::domain::{EmbedderId, EpisodeId, IdentityId, MediaTime, Roster, Source, Thresholds};
use crate::facebank::VectorIndex;
use crate::infer::Registry;
use crate::pipeline::group::{self, KnownFaces};
use crate::pipeline::{Cancel, looks};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// The faces that the library knows, as one embedder sees them.
#[derive(Debug, Clone)]
pub(super) struct Faces {
    gallery: Gallery,
    /// Of very many references.
    index: Option<Arc<BankIndex>>,
    roster: Roster,
    /// Of all that recognition is made of besides the settings: part of the key of a grouping.
    pub digest: String,
    /// What had to be done to read them.
    pub notes: Vec<String>,
}

impl Faces {
    /// Takes what is known of `embedder`; from as many references on as an index is made of, faces are compared by a shortlist of it.
    fn new(library: &Library, roster: Roster, bank: Bank) -> Self {
        let notes = bank.notes();
        let Bank { embedder, mut references, .. } = bank;
        references.sort_by(|a, b| (a.person, &a.picture, a.id).cmp(&(b.person, &b.picture, b.id)));
        let digest = facebank::digest(&embedder, references.iter().map(|r| (r.person, &r.picture)));
        let index = (references.len() >= VectorIndex::GRAPH_ROWS).then(|| {
            let whose = references.iter().map(|r| r.person).collect();
            Arc::new(BankIndex::new(library.root(), &embedder, &digest, whose))
        });
        let mut gallery = Gallery::new(references.into_iter().map(|r| (r.person, r.vector)));
        if let Some(index) = &index {
            gallery = gallery.with_shortlist(index.clone());
        }
        Self { gallery, index, roster, digest, notes }
    }

    /// Takes them from the facebank, embedding those that have no vector yet; none where the settings leave recognition out.
    ///
    /// # Errors
    /// Fails where the library cannot be read.
    pub(super) fn of_library(
        workspace: &Workspace,
        library: &Library,
        settings: &Settings,
        embedder: &EmbedderId,
    ) -> Result<Self, SessionError> {
        let roster = library.catalog().roster()?;
        if !settings.recognise.enabled {
            return Ok(Self::new(library, roster, Bank::empty(embedder)));
        }
        let mut faces = Self::new(library, roster, facebank::bank(workspace, embedder)?);
        if let Some(index) = &faces.index {
            faces.notes.extend(index.open(&|| faces.gallery.references().cloned().collect()));
        }
        Ok(faces)
    }

    /// Takes those that have a vector of the embedder already, so that nothing has to be computed.
    ///
    /// # Errors
    /// Fails where the library cannot be read.
    pub(super) fn at_hand(library: &Library, settings: &Settings, embedder: &EmbedderId) -> Result<Self, SessionError> {
        let catalog = library.catalog();
        let bank = if settings.recognise.enabled { facebank::at_hand(&catalog, embedder)? } else { Bank::empty(embedder) };
        Ok(Self::new(library, catalog.roster()?, bank))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::cluster::Mean;
    use crate::algo::recognise::{self, Likenesses, Seen, Shortlist, Whose};
    use crate::domain::{Embedding, PersonId, PictureId, Quality, ReferenceId, ShotId};
    use crate::session::facebank::ReferenceVector;

    /// So many people with four references each, the same every time; numbered from `first`.
    fn bank(people: u32, first: u64) -> Bank {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / f32::from(1u16 << 12) / 2048.0 - 1.0
        };
        let mut bank = Bank::empty(&EmbedderId("m".into()));
        for person in 1..=people {
            let centre: Vec<f32> = (0..64).map(|_| next()).collect();
            for n in 0..4 {
                let vector = Embedding::from_raw(centre.iter().map(|c| c + 0.5 * next()).collect()).unwrap();
                let id = ReferenceId(first + u64::from(4 * person + n));
                let picture = PictureId(format!("{person}-{n}"));
                bank.references.push(ReferenceVector {
                    id,
                    person: PersonId(person),
                    picture,
                    quality: Quality::faultless(0.8),
                    vector,
                });
            }
        }
        bank
    }

    #[test]
    fn somebody_with_very_many_faces_does_not_fill_the_list_of_those_a_face_could_be() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let mut made = bank(1_050, 0);
        let own = made.references[0].clone();
        for n in 0..600 {
            let (id, picture) = (ReferenceId(50_000 + n), PictureId(format!("more-{n}")));
            made.references.push(ReferenceVector { id, picture, ..own.clone() });
        }
        let faces = Faces::new(&library, Roster::default(), made);
        let index = faces.index.unwrap();
        let rows = || faces.gallery.references().cloned().collect();
        let people = index.people(&own.vector, &rows).unwrap();
        assert!(people.contains(&own.person) && people.len() > 10, "{people:?}");
    }

    #[test]
    fn above_some_thousand_references_faces_are_compared_by_the_index_and_the_answer_is_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::open(dir.path()).unwrap();
        let made = bank(1_050, 0);
        let faces = Faces::new(&library, Roster::default(), made.clone());
        assert!(faces.index.is_some() && Faces::new(&library, Roster::default(), bank(900, 0)).index.is_none());
        let exact = Gallery::new(made.references.iter().map(|r| (r.person, r.vector.clone())));
        let all: Vec<Mean> = made.references.iter().step_by(17).map(|r| Mean::single(r.vector.clone())).collect();
        let settings = crate::config::Layers::defaults().settings().unwrap().recognise;
        let pictures: Vec<[u64; 1]> = (0..all.len() as u64).map(|n| [n]).collect();
        let nobody = std::collections::BTreeSet::new();
        let shots: Vec<ShotId> = (1..=5).map(ShotId).collect();
        let seen: Vec<Seen> = (all.iter().zip(&pictures))
            .map(|(face, frames)| Seen { shot: shots[0], frames, vector: Some(face), quality: 0.8, held: None, never: &nobody })
            .collect();
        let alone: Vec<Vec<usize>> = (0..all.len()).map(|n| vec![n]).collect();
        let groups = |gallery: &Gallery| {
            let likenesses = Likenesses::new(&settings, gallery, 0.0, seen.iter().map(|s| s.vector));
            recognise::recognise(&settings, gallery, 0.0, &seen, &likenesses, &alone, &shots)
        };
        assert_eq!(groups(&faces.gallery), groups(&exact));
        assert!(groups(&exact).iter().all(|g| matches!(g.whose, Whose::Person(_))));
        assert!(dir.path().join("cache/facebank-m.usearch").exists());
        // The same faces under other numbers are the same; the index that is there serves.
        let again = Faces::new(&library, Roster::default(), bank(1_050, 90_000));
        assert_eq!(again.digest, faces.digest);
        assert_eq!(again.index.unwrap().open(&|| panic!("it is made anew")), None);
        assert_ne!(Faces::new(&library, Roster::default(), bank(1_049, 0)).digest, faces.digest);
    }
}
