//! The references of a library as vectors of one embedder.

use crate::algo::enrol::Params;
use crate::domain::{EmbedderId, Embedding, PersonId, Quality, Reference, ReferenceId, RgbImage};
use crate::facebank::{IndexState, VectorIndex};
use crate::infer::{FaceEmbedder, Prefer, Registry, SessionOptions, Task, build_embedder};
use crate::pipeline::scan::from_jpeg;
use crate::session::{SessionError, Workspace};
use crate::store::Catalog;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A reference as an embedder sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceVector {
    pub id: ReferenceId,
    /// Whose it is by the roster of now.
    pub person: PersonId,
    pub quality: Quality,
    pub vector: Embedding,
}

/// Every reference of a library as vectors of one embedder.
#[derive(Debug, Clone, PartialEq)]
pub struct Bank {
    pub embedder: EmbedderId,
    /// By id.
    pub references: Vec<ReferenceVector>,
    /// How many of them had no vector of this embedder, and were embedded from their kept faces.
    pub made: usize,
    /// References whose kept face is lost or damaged: they take no part.
    pub lost: Vec<ReferenceId>,
}

impl Bank {
    /// Says what had to be done to read it; nothing where nothing had.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.made > 0 {
            let what = if self.made == 1 { "1 reference was".to_owned() } else { format!("{} references were", self.made) };
            notes.push(format!("{what} embedded with {} from the kept faces", self.embedder));
        }
        for id in &self.lost {
            notes.push(format!("{id} takes no part: its kept face is lost or damaged"));
        }
        notes
    }
}

/// Returns the references of the library as vectors of `embedder`; those that have none yet are embedded from their kept faces and stored.
///
/// # Errors
/// Fails where the library cannot be read or written, or vectors are missing and the embedder is not installed.
pub fn bank(workspace: &Workspace, embedder: &EmbedderId) -> Result<Bank, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    read(workspace, &catalog, embedder, catalog.references()?)
}

/// The same as plain values: whose each reference is by the roster of now, its number, vector and quality. What had to be done is logged.
///
/// # Errors
/// As [`bank`].
pub fn references(
    workspace: &Workspace,
    embedder: &EmbedderId,
) -> Result<Vec<(PersonId, ReferenceId, Embedding, Quality)>, SessionError> {
    let bank = bank(workspace, embedder)?;
    for note in bank.notes() {
        tracing::info!("{note}");
    }
    Ok(bank.references.into_iter().map(|r| (r.person, r.id, r.vector, r.quality)).collect())
}

pub(super) fn read(
    workspace: &Workspace,
    catalog: &Catalog,
    embedder: &EmbedderId,
    mut all: Vec<Reference>,
) -> Result<Bank, SessionError> {
    let roster = catalog.roster()?;
    // Of people who are not there any more nothing counts.
    all.retain(|r| roster.stands_for(r.person).is_some());
    let mut vectors = catalog.reference_vectors(embedder)?;
    let missing: Vec<&Reference> = all.iter().filter(|r| !vectors.contains_key(&r.id)).collect();
    let (made, lost) = if missing.is_empty() { (Vec::new(), Vec::new()) } else { embed(workspace, catalog, embedder, &missing)? };
    let count = made.len();
    vectors.extend(made);
    let references = all.into_iter().filter_map(|r| {
        let person = roster.stands_for(r.person)?.id;
        Some(ReferenceVector { id: r.id, person, quality: r.quality, vector: vectors.remove(&r.id)? })
    });
    Ok(Bank { embedder: embedder.clone(), references: references.collect(), made: count, lost })
}

/// Crops that are read and embedded before their vectors are stored.
const CHUNK: usize = 64;

/// Vectors that were made, and references whose face is lost.
type Embedded = (Vec<(ReferenceId, Embedding)>, Vec<ReferenceId>);

/// Makes the vectors of references from their kept faces, and stores them; also returns those whose face is not there or no picture.
fn embed(
    workspace: &Workspace,
    catalog: &Catalog,
    embedder: &EmbedderId,
    missing: &[&Reference],
) -> Result<Embedded, SessionError> {
    let mut model = open(workspace, embedder)?;
    let (mut made, mut lost) = (Vec::new(), Vec::new());
    for chunk in missing.chunks(CHUNK) {
        let pictures = catalog.pictures(&chunk.iter().map(|r| r.picture.clone()).collect::<Vec<_>>())?;
        let mut faces: Vec<(ReferenceId, RgbImage)> = Vec::new();
        for (reference, jpeg) in chunk.iter().zip(pictures) {
            match jpeg.and_then(|jpeg| from_jpeg(&jpeg).ok()) {
                Some(face) => faces.push((reference.id, face)),
                None => lost.push(reference.id),
            }
        }
        let (ids, faces): (Vec<ReferenceId>, Vec<RgbImage>) = faces.into_iter().unzip();
        let rows: Vec<_> = ids.into_iter().zip(model.embed(&faces)?).collect();
        catalog.put_reference_vectors(embedder, &rows)?;
        made.extend(rows);
    }
    Ok((made, lost))
}

fn open(workspace: &Workspace, embedder: &EmbedderId) -> Result<Box<dyn FaceEmbedder>, SessionError> {
    let runtime = workspace.runtime(Prefer::Cpu)?;
    let registry = Registry::built_in()?;
    let file = registry.resolve(&registry.scan(&workspace.models)?, Task::Embed, &embedder.0, &runtime)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = SessionOptions { intra_threads: threads, device: runtime.cpu() };
    Ok(build_embedder(&file, &workspace.settings.embed, &options)?)
}

/// Returns the embedder that the settings ask for.
pub(super) fn embedder_of(workspace: &Workspace) -> Result<EmbedderId, SessionError> {
    let registry = Registry::built_in()?;
    let found = registry.scan(&workspace.models)?;
    let file = registry.resolve(&found, Task::Embed, &workspace.settings.embed.model, &workspace.runtime(Prefer::Cpu)?)?;
    Ok(EmbedderId(file.entry.id))
}

/// Returns the numbers of enrolment as an embedder has its cosines.
pub(super) fn params_of(workspace: &Workspace, embedder: &EmbedderId) -> Result<Params, SessionError> {
    let registry = Registry::with_folder(&workspace.models)?;
    let entry = registry.entries().iter().find(|e| e.id == embedder.0);
    let settings = &workspace.settings;
    Ok(settings.in_cosines_of(entry.and_then(|e| e.cosines(settings.cosines))).facebank)
}

/// A reference that is near a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub reference: ReferenceId,
    pub person: PersonId,
    /// `-1..=1`.
    pub cosine: f32,
}

/// The references of one embedder, searchable.
#[derive(Debug)]
pub(super) struct BankIndex {
    index: VectorIndex,
    people: BTreeMap<ReferenceId, PersonId>,
    /// How the index came about, where that is worth a word.
    pub note: Option<String>,
}

impl BankIndex {
    /// Makes the references searchable: an exact scan below a few thousand, above that the index that is kept in the library's `cache/`,
    /// made anew where it is missing, damaged, of other references or of another embedder.
    ///
    /// # Errors
    /// Fails where vectors differ in length.
    pub(super) fn open(workspace: &Workspace, bank: &Bank) -> Result<Self, SessionError> {
        let people = bank.references.iter().map(|r| (r.id, r.person)).collect();
        let rows = || bank.references.iter().map(|r| (r.id.0, r.vector.clone())).collect();
        let index = VectorIndex::open_or_build(&base(workspace, &bank.embedder), &bank.embedder, &fingerprint(bank), rows)?;
        let note = match index.state() {
            IndexState::Scanned | IndexState::Loaded => None,
            IndexState::Built(why) => Some(format!("the index of the facebank for {} was built: {why}", bank.embedder)),
        };
        Ok(Self { index, people, note })
    }

    /// Removes the index of an embedder.
    pub(super) fn forget(workspace: &Workspace, embedder: &EmbedderId) {
        VectorIndex::forget(&base(workspace, embedder));
    }

    /// Returns the `k` references nearest to a face, the nearest first.
    ///
    /// # Errors
    /// Fails where the vector is of another embedder.
    pub(super) fn nearest(&self, face: &Embedding, k: usize) -> Result<Vec<Found>, SessionError> {
        let found = self.index.nearest(face, k)?.into_iter().filter_map(|(key, cosine)| {
            let reference = ReferenceId(key);
            Some(Found { reference, person: *self.people.get(&reference)?, cosine })
        });
        Ok(found.collect())
    }
}

/// Returns the `k` references nearest to a face, the nearest first.
///
/// # Errors
/// As [`bank`], and where the vector is of another embedder.
pub fn nearest(workspace: &Workspace, embedder: &EmbedderId, face: &Embedding, k: usize) -> Result<Vec<Found>, SessionError> {
    let bank = bank(workspace, embedder)?;
    let index = BankIndex::open(workspace, &bank)?;
    for note in bank.notes().into_iter().chain(index.note.clone()) {
        tracing::info!("{note}");
    }
    index.nearest(face, k)
}

/// Returns where the index of an embedder is kept, without its ending.
pub(super) fn base(workspace: &Workspace, embedder: &EmbedderId) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = embedder.0.chars().map(plain).collect();
    workspace.library.join("cache").join(format!("facebank-{name}"))
}

/// Names what an index is made of: a reference's vector never changes, so their numbers say it all.
fn fingerprint(bank: &Bank) -> String {
    let mut hash = Sha256::new();
    for reference in &bank.references {
        hash.update(reference.id.0.to_le_bytes());
    }
    format!("{:x}", hash.finalize())
}
