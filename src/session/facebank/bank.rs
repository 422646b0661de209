//! The references of a library as vectors of one embedder.

use crate::algo::enrol::Params;
use crate::algo::recognise::Shortlist;
use crate::domain::{EmbedderId, Embedding, PersonId, PictureId, Quality, Reference, ReferenceId, RgbImage};
use crate::facebank::{IndexState, VectorIndex};
use crate::infer::{FaceEmbedder, Prefer, Registry, SessionOptions, Task, build_embedder};
use crate::pipeline::scan::from_jpeg;
use crate::session::{SessionError, Workspace};
use crate::store::Catalog;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A reference as an embedder sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceVector {
    pub id: ReferenceId,
    /// Whose it is by the roster of now.
    pub person: PersonId,
    /// The kept face that the vector is made of.
    pub picture: PictureId,
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
    /// Knows nobody.
    pub(in crate::session) fn empty(embedder: &EmbedderId) -> Self {
        Self { embedder: embedder.clone(), references: Vec::new(), made: 0, lost: Vec::new() }
    }

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

/// Returns the references that have a vector of `embedder` already: nothing is computed, and no model has to be there.
///
/// # Errors
/// Fails where the library cannot be read.
pub(in crate::session) fn at_hand(catalog: &Catalog, embedder: &EmbedderId) -> Result<Bank, SessionError> {
    let roster = catalog.roster()?;
    let mut vectors = catalog.reference_vectors(embedder)?;
    let seen = |r: Reference| {
        let person = roster.stands_for(r.person)?.id;
        Some(ReferenceVector { id: r.id, person, picture: r.picture, quality: r.quality, vector: vectors.remove(&r.id)? })
    };
    let references = catalog.references()?.into_iter().filter_map(seen).collect();
    Ok(Bank { embedder: embedder.clone(), references, made: 0, lost: Vec::new() })
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
        Some(ReferenceVector { id: r.id, person, picture: r.picture, quality: r.quality, vector: vectors.remove(&r.id)? })
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
    let mut model = None;
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
        if faces.is_empty() {
            continue;
        }
        let model = match &mut model {
            Some(model) => model,
            None => model.insert(open(workspace, embedder)?),
        };
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

/// References that are near a face, as many as say whom it could be: several people, though each may have dozens.
const SHORTLIST: usize = 256;
/// So many people are compared at least, also where one of them fills the list: somebody has to come second, or be next where the first is denied.
const LEAST_PEOPLE: usize = 16;

/// Very many references of one embedder, searchable: the index that is kept in the library's `cache/`, made anew where it is missing, damaged,
/// of other references or of another embedder. It is opened when it is asked for the first time.
#[derive(Debug)]
pub(in crate::session) struct BankIndex {
    base: PathBuf,
    embedder: EmbedderId,
    digest: String,
    /// By row.
    whose: Vec<PersonId>,
    opened: OnceLock<Result<VectorIndex, String>>,
}

impl BankIndex {
    /// Names the index of references whose persons are `whose`, in the order of their rows, and that `digest` stands for.
    pub(in crate::session) fn new(library: &Path, embedder: &EmbedderId, digest: &str, whose: Vec<PersonId>) -> Self {
        let (embedder, digest) = (embedder.clone(), digest.to_owned());
        Self { base: base(library, &embedder), embedder, digest, whose, opened: OnceLock::new() }
    }

    /// Opens the index of a whole bank, or makes it; says how it came about where that is worth a word.
    ///
    /// # Errors
    /// Fails where vectors differ in length.
    pub(super) fn make(library: &Path, bank: &mut Bank) -> Result<Option<String>, SessionError> {
        bank.references.sort_by(|a, b| (a.person, &a.picture, a.id).cmp(&(b.person, &b.picture, b.id)));
        let digest = digest(&bank.embedder, bank.references.iter().map(|r| (r.person, &r.picture)));
        let rows = || rows(bank.references.iter().map(|r| r.vector.clone()));
        let index = VectorIndex::open_or_build(&base(library, &bank.embedder), &bank.embedder, &digest, rows);
        bank.references.sort_by_key(|r| r.id);
        Ok(told(&bank.embedder, &index?))
    }

    /// Removes the index of an embedder.
    pub(super) fn forget(library: &Path, embedder: &EmbedderId) {
        VectorIndex::forget(&base(library, embedder));
    }

    /// Opens the index, or makes it of `all`; returns what is worth a word about it, once.
    pub(in crate::session) fn open(&self, all: &dyn Fn() -> Vec<Embedding>) -> Option<String> {
        let mut note = None;
        self.opened.get_or_init(|| {
            let made = VectorIndex::open_or_build(&self.base, &self.embedder, &self.digest, || rows(all()));
            note = match &made {
                Ok(index) => told(&self.embedder, index),
                Err(error) => Some(format!("faces are compared one by one: {error}")),
            };
            made.map_err(|error| error.to_string())
        });
        note
    }
}

impl Shortlist for BankIndex {
    fn people(&self, face: &Embedding, all: &dyn Fn() -> Vec<Embedding>) -> Option<BTreeSet<PersonId>> {
        if let Some(note) = self.open(all) {
            tracing::info!("{note}");
        }
        let index = self.opened.get()?.as_ref().ok()?;
        let mut asked = SHORTLIST;
        loop {
            let near = index.nearest(face, asked).ok()?;
            let whose = |(row, _): &(u64, f32)| self.whose.get(usize::try_from(*row).ok()?).copied();
            let people: BTreeSet<PersonId> = near.iter().filter_map(whose).collect();
            if people.len() >= LEAST_PEOPLE || asked >= self.whose.len() {
                return Some(people);
            }
            asked = (asked * 4).min(self.whose.len());
        }
    }
}

fn rows(vectors: impl IntoIterator<Item = Embedding>) -> Vec<(u64, Embedding)> {
    (0u64..).zip(vectors).collect()
}

fn told(embedder: &EmbedderId, index: &VectorIndex) -> Option<String> {
    match index.state() {
        IndexState::Scanned | IndexState::Loaded => None,
        IndexState::Built(why) => Some(format!("the index of the facebank for {embedder} was built: {why}")),
    }
}

/// Returns where the index of an embedder is kept, without its ending.
pub(super) fn base(library: &Path, embedder: &EmbedderId) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = embedder.0.chars().map(plain).collect();
    library.join("cache").join(format!("facebank-{name}"))
}

/// Names what is known of faces: whose they are, by which kept pictures, as which embedder sees them. The numbers of references, and when they
/// were added, say nothing. A vector follows from its picture and the embedder, so nothing of it is read.
pub(in crate::session) fn digest<'a>(
    embedder: &EmbedderId,
    faces: impl IntoIterator<Item = (PersonId, &'a PictureId)>,
) -> String {
    let mut faces: Vec<(PersonId, &PictureId)> = faces.into_iter().collect();
    faces.sort();
    let mut hash = Sha256::new();
    hash.update(embedder.0.as_bytes());
    for (person, picture) in faces {
        hash.update([0]);
        hash.update(person.0.to_le_bytes());
        hash.update(picture.0.as_bytes());
    }
    format!("{:x}", hash.finalize())
}
