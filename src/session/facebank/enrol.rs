//! Takes references from pictures.

use super::bank::{Bank, ReferenceVector, read};
use crate::algo::enrol::{Choice, Doubt, Known, Params, TakeLargest, behind, blurred, choose, doubt_of_several, near_copy, poor};
use crate::algo::{align, quality};
use crate::domain::{
    CatalogChange, CatalogDraft, Detection, Edit, Embedding, OperationKind, Origin, PersonId, Quality, Reference, ReferenceId,
    RgbImage, Roster, tidy_name,
};
use crate::pipeline::scan::{from_jpeg, thumb, to_jpeg};
use crate::session::photo::{self, Photo};
use crate::session::portraits::{PortraitModels, entries, is_picture, portrait_files};
use crate::session::{SessionError, Workspace, absolute, author};
use crate::store::{Catalog, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is to be enrolled.
#[derive(Debug, Clone)]
pub struct Enrolment {
    pub name: String,
    /// Pictures, and folders of them.
    pub paths: Vec<PathBuf>,
    pub largest: TakeLargest,
}

/// What became of one picture, crop or file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaceOutcome {
    /// Where the face is from.
    pub from: String,
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It stands for the person now.
    Taken {
        reference: ReferenceId,
        quality: f32,
        /// What is worth knowing all the same.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It is in the bank already.
    Known { reference: ReferenceId },
    /// It cannot stand for anybody.
    Refused {
        reason: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// It is nearer to somebody else, or like nobody, and nobody said that it is right all the same.
    Doubted { reason: String },
}

/// Lists the people of a folder and their pictures, by name: each picture is named for its person, or lies in a folder that is.
///
/// # Errors
/// Fails where a folder cannot be read or has no pictures in it.
pub fn portraits_of(folder: &Path) -> Result<Vec<(String, Vec<PathBuf>)>, SessionError> {
    let mut people: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (name, path) in portrait_files(folder)? {
        people.entry(name).or_default().push(path);
    }
    if people.is_empty() { Err(SessionError::NoPortraits { path: folder.to_owned() }) } else { Ok(people.into_iter().collect()) }
}

/// Adds the faces of pictures to what is known of one person, as one operation; `None` where nothing was taken.
///
/// Each picture is looked at alone: one that cannot serve is told to `say` with the reason and keeps nothing else back. A face that is
/// doubted is taken only where `allow`, told the file and the reason, says so.
///
/// # Errors
/// Fails where the models are not there, or the library cannot be read or written.
pub fn enrol(
    workspace: &Workspace,
    wanted: &Enrolment,
    allow: &mut dyn FnMut(&Path, &str) -> bool,
    say: &mut dyn FnMut(FaceOutcome),
) -> Result<Option<u64>, SessionError> {
    let name = tidy_name(&wanted.name);
    if name.is_empty() {
        return Err(StoreError::EmptyName.into());
    }
    let catalog = workspace.open_library()?.catalog();
    let mut models = PortraitModels::open(workspace, &workspace.settings.embed.model)?;
    let params = models.settings(workspace).facebank;
    let known = read(workspace, &catalog, &models.embedder(), catalog.references()?)?;
    let mut desk = Desk::open(&catalog, &name, known)?;
    let mut faces = Vec::new();
    for path in files(&wanted.paths)? {
        let seen = look(workspace, &mut models, &params, &path, wanted.largest)?;
        match desk.sort_out(seen) {
            Ok(face) => faces.push((path, face)),
            Err(verdict) => say(FaceOutcome { from: path.display().to_string(), verdict }),
        }
    }
    // All that are good enough are compared with one another too, so that one of somebody else among them is seen whichever comes first.
    let fresh: Vec<Fresh> = faces.iter().map(|(_, face)| face.clone()).collect();
    let mut judged = Vec::new();
    for (i, (path, face)) in faces.iter().enumerate() {
        let verdict = desk.judge(&params, face, &fresh, i, &mut |reason| allow(path, reason));
        judged.push(FaceOutcome { from: path.display().to_string(), verdict });
    }
    let (done, _) = desk.commit(&catalog, &mut judged)?;
    judged.into_iter().for_each(say);
    Ok(done)
}

/// Lists files: what is named, and the pictures in what folders are named.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SessionError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(entries(path)?.into_iter().filter(|p| is_picture(p)));
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// A face that is good enough to stand for somebody.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub origin: Origin,
    pub quality: Quality,
    pub vector: Embedding,
    /// JPEG.
    pub aligned: Vec<u8>,
    /// JPEG.
    pub thumb: Vec<u8>,
}

fn refused(reason: impl Into<String>, hint: Option<&str>) -> Verdict {
    Verdict::Refused { reason: reason.into(), hint: hint.map(str::to_owned) }
}

/// Finds the face of a picture, or says why there is none that can serve.
fn look(
    workspace: &Workspace,
    models: &mut PortraitModels,
    params: &Params,
    path: &Path,
    largest: TakeLargest,
) -> Result<Result<Fresh, Verdict>, SessionError> {
    let limits = &workspace.settings.photos;
    let read = photo::read_bytes(path, limits).and_then(|bytes| Ok((photo::decode(&bytes, limits)?, bytes)));
    let (photo, bytes) = match read {
        Ok(read) => read,
        Err(error) => return Ok(Err(refused(format!("the file {error}"), Some(error.hint())))),
    };
    let faces = models.faces_cut_close(workspace, &photo)?;
    let face = match choose(params, &faces, largest) {
        Choice::Nobody => {
            let hint = "give a picture that shows the face from the front, upright, with some room around it";
            return Ok(Err(refused("there is no face in it", Some(hint))));
        }
        Choice::Several { faces, times } => {
            let reason = format!("there are {faces} faces in it, and the largest is only {times:.1} times as large as the next");
            return Ok(Err(refused(reason, Some("cut the one that is meant out of it, or take the largest with --largest"))));
        }
        Choice::One(i) => &faces[i],
    };
    let Some((aligned, quality)) = aligned(workspace, &photo, face) else {
        return Ok(Err(refused("no eyes, nose and mouth are found in the face", None)));
    };
    let badges = || quality::badges(&workspace.settings.badges, &quality, Some(&quality::look(&aligned)));
    let poor = poor(params, &quality, quality::eye_span(face)).or_else(|| blurred(params, &aligned));
    if let Some(poor) = poor.or_else(|| behind(&badges())) {
        return Ok(Err(refused(poor.to_string(), None)));
    }
    let images = &workspace.settings.crop_images;
    let (size, map) = thumb(images, face);
    let thumb = to_jpeg(&align::warp_shrinking(&photo.full, &map, size), images.thumb_quality);
    let (Ok(aligned), Ok(thumb)) = (to_jpeg(&aligned, images.aligned_quality), thumb) else {
        return Ok(Err(refused("the face cannot be kept as JPEG", None)));
    };
    // The vector is made of what is kept, so that it is the same whenever it is made (ADR 7).
    let kept = from_jpeg(&aligned).ok();
    let vector = kept.map(|face| models.embed(&[face])).transpose()?.and_then(|mut vectors| vectors.pop());
    let Some(vector) = vector else { return Ok(Err(refused("the embedder makes nothing of the face", None))) };
    let origin = Origin::File { path: absolute(path).display().to_string(), sha256: format!("{:x}", Sha256::digest(&bytes)) };
    Ok(Ok(Fresh { origin, quality, vector, aligned, thumb }))
}

fn aligned(workspace: &Workspace, photo: &Photo, face: &Detection) -> Option<(RgbImage, Quality)> {
    let crop = align::canonical_crop(&photo.full, face.landmarks.as_ref()?)?;
    let quality = quality::assess(&workspace.settings.quality, &crop, face, photo.full.size());
    Some((crop, quality))
}

/// Where new faces of one person are compared with the bank and gathered into one operation.
pub(super) struct Desk {
    name: String,
    /// Absent while the library does not know them.
    person: Option<PersonId>,
    roster: Roster,
    references: Vec<Reference>,
    bank: Bank,
    taken: Vec<(Reference, Fresh)>,
    next: ReferenceId,
}

/// Stands for somebody whom the library does not know yet.
const NEW: PersonId = PersonId(0);

impl Desk {
    pub(super) fn open(catalog: &Catalog, name: &str, bank: Bank) -> Result<Self, SessionError> {
        let person = catalog.person_by_name(name)?;
        let name = person.as_ref().map_or_else(|| name.to_owned(), |p| p.name.clone());
        Ok(Self {
            name,
            person: person.map(|p| p.id),
            roster: catalog.roster()?,
            references: catalog.references()?,
            bank,
            taken: Vec::new(),
            next: catalog.next_reference()?,
        })
    }

    fn who(&self) -> PersonId {
        self.person.unwrap_or(NEW)
    }

    /// References that stand for the person already.
    pub(super) fn own(&self) -> impl Iterator<Item = &Reference> {
        let who = self.who();
        self.references.iter().filter(move |r| self.roster.stands_for(r.person).is_some_and(|p| p.id == who))
    }

    /// The vectors of those.
    pub(super) fn own_vectors(&self) -> Vec<&Embedding> {
        self.bank.references.iter().filter(|r| r.person == self.who()).map(|r| &r.vector).collect()
    }

    /// Keeps back what cannot serve, and what the person has already.
    fn sort_out(&self, seen: Result<Fresh, Verdict>) -> Result<Fresh, Verdict> {
        let face = seen?;
        match self.known(&face.origin) {
            Some(reference) => Err(Verdict::Known { reference }),
            None => Ok(face),
        }
    }

    /// Returns the person's reference that is of the same file or crop.
    pub(super) fn known(&self, origin: &Origin) -> Option<ReferenceId> {
        let is_same = |other: &Origin| match (origin, other) {
            (Origin::File { sha256: a, .. }, Origin::File { sha256: b, .. }) => a == b,
            (a, b) => a == b,
        };
        self.own().find(|r| is_same(&r.origin)).map(|r| r.id)
    }

    /// Decides about one of the faces that are new, `fresh[at]`, and takes it where nothing speaks against it.
    pub(super) fn judge(
        &mut self,
        params: &Params,
        face: &Fresh,
        fresh: &[Fresh],
        at: usize,
        allow: &mut dyn FnMut(&str) -> bool,
    ) -> Verdict {
        let is_same = |other: &Fresh| match (&face.origin, &other.origin) {
            (Origin::File { sha256: a, .. }, Origin::File { sha256: b, .. }) => a == b,
            _ => other.aligned == face.aligned,
        };
        if let Some((reference, _)) = self.taken.iter().find(|(_, other)| is_same(other)) {
            return Verdict::Known { reference: reference.id };
        }
        let who = self.who();
        let mut known: Vec<Known<'_>> =
            self.bank.references.iter().map(|r| Known { id: r.id, person: r.person, vector: &r.vector }).collect();
        // Numbers that are not taken yet: they only keep the faces apart.
        let others = (0u64..).zip(fresh).filter(|(i, other)| usize::try_from(*i) != Ok(at) && !is_same(other));
        let others: Vec<Known<'_>> =
            others.map(|(i, other)| Known { id: ReferenceId(u64::MAX - i), person: who, vector: &other.vector }).collect();
        if let Some(found) = doubt_of_several(params, who, &face.vector, &known, &others) {
            let reason = self.doubt_text(&found);
            if !allow(&reason) {
                return Verdict::Doubted { reason };
            }
        }
        known.extend(self.taken.iter().map(|(r, face)| Known { id: r.id, person: who, vector: &face.vector }));
        let copy = near_copy(params, who, &face.vector, &known);
        let note = copy.map(|(id, cosine)| format!("nearly the same as {id} (cosine {cosine:.2}): it adds little"));
        let id = self.next;
        self.next = ReferenceId(id.0 + 1);
        let reference = Reference {
            id,
            person: who,
            quality: face.quality,
            origin: face.origin.clone(),
            picture: crate::store::picture_id(&face.aligned),
            thumb: crate::store::picture_id(&face.thumb),
            added_at: Timestamp::now(),
        };
        self.taken.push((reference, face.clone()));
        Verdict::Taken { reference: id, quality: face.quality.total, note }
    }

    fn doubt_text(&self, found: &Doubt) -> String {
        doubt_text(&self.roster, &self.name, found)
    }

    /// Writes what was taken: pictures first, then the operation, then the vectors. Returns the number of the operation, and writes the
    /// numbers of the references into what is told of them; also the bank with them in it.
    pub(super) fn commit(mut self, catalog: &Catalog, told: &mut [FaceOutcome]) -> Result<(Option<u64>, Bank), SessionError> {
        if self.taken.is_empty() {
            return Ok((None, self.bank));
        }
        let at = Timestamp::now();
        let person = catalog.ensure_person(&self.name, author(), at)?;
        let pictures = self.taken.iter().flat_map(|(_, face)| [face.aligned.as_slice(), face.thumb.as_slice()]);
        catalog.put_pictures(pictures)?;
        let mut tries = 0;
        let operation = loop {
            // Another process may have taken the numbers meanwhile.
            let first = catalog.next_reference()?;
            for (n, (reference, _)) in (0..).zip(&mut self.taken) {
                (reference.id, reference.person, reference.added_at) = (ReferenceId(first.0 + n), person, at);
            }
            let change = |(r, _): &(Reference, Fresh)| CatalogChange::Reference {
                id: r.id,
                edit: Edit { from: None, to: Some(r.clone()) },
            };
            let (count, name) = (self.taken.len(), &self.name);
            let draft = CatalogDraft {
                author: author(),
                kind: OperationKind::Create,
                summary: if count == 1 { format!("added a face of {name}") } else { format!("added {count} faces of {name}") },
                changes: self.taken.iter().map(change).collect(),
                at,
            };
            match catalog.append(draft) {
                Err(StoreError::Change(_)) if tries < 3 => tries += 1,
                done => break done?,
            }
        };
        let opened = self.next.0.saturating_sub(self.taken.len() as u64);
        let moved = self.taken.first().map_or(0, |(r, _)| r.id.0.saturating_sub(opened));
        for face in told {
            if let Verdict::Taken { reference, .. } = &mut face.verdict {
                reference.0 += moved;
            }
        }
        let vectors: Vec<_> = self.taken.iter().map(|(r, face)| (r.id, face.vector.clone())).collect();
        catalog.put_reference_vectors(&self.bank.embedder, &vectors)?;
        let seen = |(Reference { id, person, picture, quality, .. }, Fresh { vector, .. })| ReferenceVector {
            id,
            person,
            picture,
            quality,
            vector,
        };
        self.bank.references.extend(self.taken.into_iter().map(seen));
        Ok((Some(operation.seq), self.bank))
    }
}

/// Says what is doubtful about a face that is to stand for `name`.
pub(super) fn doubt_text(roster: &Roster, name: &str, found: &Doubt) -> String {
    match found {
        Doubt::Nearer { to, cosine, own } => {
            let to = roster.stands_for(*to).map_or("somebody who is not there", |p| p.name.as_str());
            let own = own.map_or_else(|| format!("there is nothing else of {name}"), |own| format!("{own:.2} to {name}"));
            format!("it is nearer to {to} (cosine {cosine:.2}; {own})")
        }
        Doubt::Unlike { own } => format!("it is like no other face of {name} (cosine {own:.2}), nor like anybody else"),
    }
}
