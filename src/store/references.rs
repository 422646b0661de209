//! The facebank in the catalog: references are decided data in its log; the vectors of each embedder are made of their pictures and can be
//! made again.

use super::Catalog;
use super::codec::{from_floats, from_json, to_floats};
use super::engine::Fault;
use super::error::StoreError;
use super::tables::{LAST_REFERENCE, PICTURES_KEPT, REFERENCE_VECTORS, REFERENCES, STATE};
use super::verify::Findings;
use crate::domain::{EmbedderId, Embedding, PictureId, Reference, ReferenceId};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Names a picture by its bytes.
#[must_use]
pub fn picture_id(bytes: &[u8]) -> PictureId {
    PictureId(format!("{:x}", Sha256::digest(bytes)))
}

impl Catalog {
    /// Keeps pictures, each under the digest of its bytes; one that is there already is left alone.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn put_pictures<'a>(&self, pictures: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<PictureId>, StoreError> {
        self.write(|txn| {
            let mut table = txn.open_table(PICTURES_KEPT)?;
            let mut ids = Vec::new();
            for bytes in pictures {
                let id = picture_id(bytes);
                if table.get(id.0.as_str())?.is_none() {
                    table.insert(id.0.as_str(), bytes)?;
                }
                ids.push(id);
            }
            Ok(ids)
        })
    }

    /// Returns a picture; `None` where it is not kept, or its bytes are not those that were put.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn picture(&self, id: &PictureId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.pictures(std::slice::from_ref(id))?.pop().flatten())
    }

    /// Returns pictures in the order of `ids`, as [`Catalog::picture`] does.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn pictures(&self, ids: &[PictureId]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.read(|txn| {
            let table = txn.open_table(PICTURES_KEPT)?;
            ids.iter()
                .map(|id| Ok(table.get(id.0.as_str())?.map(|row| row.value().to_vec()).filter(|b| picture_id(b) == *id)))
                .collect()
        })
    }

    /// Returns the references that stand, by id; whose they are now is for the roster to say.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn references(&self) -> Result<Vec<Reference>, StoreError> {
        self.read(references)
    }

    /// Returns the first number of which no reference ever was.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn next_reference(&self) -> Result<ReferenceId, StoreError> {
        self.read(|txn| {
            let last = txn.open_table(STATE)?.get(LAST_REFERENCE)?.map_or(0, |last| last.value());
            Ok(ReferenceId(u64::from(last) + 1))
        })
    }

    /// Returns the vectors of one embedder, by reference; a damaged one is left out, because it can be made again.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn reference_vectors(&self, embedder: &EmbedderId) -> Result<BTreeMap<ReferenceId, Embedding>, StoreError> {
        self.read(|txn| {
            let table = txn.open_table(REFERENCE_VECTORS)?;
            let mut vectors = BTreeMap::new();
            for entry in table.range((embedder.0.as_str(), 0)..=(embedder.0.as_str(), u64::MAX))? {
                let (key, row) = entry?;
                let read = from_floats(&key.value(), row.value());
                match read.map_err(|e| e.to_string()).and_then(|v| Embedding::from_unit(v).map_err(|e| e.to_string())) {
                    Ok(vector) => drop(vectors.insert(ReferenceId(key.value().1), vector)),
                    Err(error) => tracing::warn!("the vector of {} is left out: {error}", ReferenceId(key.value().1)),
                }
            }
            Ok(vectors)
        })
    }

    /// Stores vectors of one embedder in place of those that there were, in one transaction.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn put_reference_vectors(&self, embedder: &EmbedderId, rows: &[(ReferenceId, Embedding)]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(|txn| {
            let mut table = txn.open_table(REFERENCE_VECTORS)?;
            for (id, vector) in rows {
                let key = (embedder.0.as_str(), id.0);
                table.insert(key, to_floats(&key, vector.as_slice()).as_slice())?;
            }
            Ok(())
        })
    }

    /// Returns the embedders that have vectors of references, by id.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn reference_embedders(&self) -> Result<Vec<EmbedderId>, StoreError> {
        self.read(|txn| {
            let table = txn.open_table(REFERENCE_VECTORS)?;
            let mut found: Vec<EmbedderId> = Vec::new();
            loop {
                // Jumps from embedder to embedder, over all rows of the last one.
                let after = found.last().map_or("", |last| last.0.as_str());
                let start = if found.is_empty() { ("", 0) } else { (after, u64::MAX) };
                let Some(entry) =
                    table.range(start..)?.find(|e| e.as_ref().map_or(true, |e| e.0.value().0 != after || found.is_empty()))
                else {
                    break;
                };
                let name = entry?.0.value().0.to_owned();
                found.push(EmbedderId(name));
            }
            Ok(found)
        })
    }

    /// Drops the vectors of an embedder and tells how many there were; they are made again of the pictures when they are needed.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn forget_reference_vectors(&self, embedder: &EmbedderId) -> Result<u64, StoreError> {
        self.write(|txn| {
            let mut table = txn.open_table(REFERENCE_VECTORS)?;
            let before = table.len()?;
            table.retain_in((embedder.0.as_str(), 0)..=(embedder.0.as_str(), u64::MAX), |_, _| false)?;
            Ok(before - table.len()?)
        })
    }
}

fn references(txn: &ReadTransaction) -> Result<Vec<Reference>, Fault> {
    let table = txn.open_table(REFERENCES)?;
    table.iter()?.map(|entry| Ok(from_json(entry?.1.value())?)).collect()
}

/// Looks whether every reference has its pictures whole, and every vector can be read.
pub(super) fn verify(txn: &ReadTransaction, findings: &mut Findings) -> Result<(), Fault> {
    let pictures = txn.open_table(PICTURES_KEPT)?;
    let mut known = BTreeSet::new();
    for reference in references(txn)? {
        known.insert(reference.id.0);
        for (what, id) in [("aligned face", &reference.picture), ("thumbnail", &reference.thumb)] {
            match pictures.get(id.0.as_str())? {
                None => findings.add("facebank", format!("the {what} of {} is not there", reference.id)),
                Some(row) if picture_id(row.value()) != *id => {
                    findings.add("facebank", format!("the {what} of {} is not what was kept", reference.id));
                }
                Some(_) => {}
            }
        }
    }
    for entry in txn.open_table(REFERENCE_VECTORS)?.iter()? {
        let (key, row) = entry?;
        let (embedder, id) = key.value();
        // Vectors of references that were removed stay for the undo.
        if known.contains(&id)
            && let Err(error) = from_floats(&key.value(), row.value())
        {
            findings.add("facebank", format!("the vector of {} for {embedder}: {error}", ReferenceId(id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Library;
    use super::*;

    #[test]
    fn pictures_are_kept_once_and_a_changed_one_is_not_given_out() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Library::open(dir.path()).unwrap().catalog();
        let ids = catalog.put_pictures([b"one".as_slice(), b"two", b"one"]).unwrap();
        assert_eq!((ids[0] == ids[2], ids[0] == ids[1]), (true, false));
        assert_eq!(catalog.picture(&ids[1]).unwrap().as_deref(), Some(b"two".as_slice()));
        assert_eq!(catalog.picture(&PictureId("0".into())).unwrap(), None);
        catalog.write(|txn| Ok(txn.open_table(PICTURES_KEPT)?.insert(ids[1].0.as_str(), b"tow".as_slice()).map(drop)?)).unwrap();
        assert_eq!(catalog.picture(&ids[1]).unwrap(), None);
    }

    #[test]
    fn vectors_are_apart_by_embedder_and_a_damaged_one_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Library::open(dir.path()).unwrap().catalog();
        let vector = |x: f32| Embedding::from_raw(vec![x, 1.0, 0.5]).unwrap();
        let (a, b) = (EmbedderId("a".into()), EmbedderId("ab".into()));
        let rows = |n: u64| (1..=n).map(|i| (ReferenceId(i), vector(f32::from(u8::try_from(i).unwrap())))).collect::<Vec<_>>();
        catalog.put_reference_vectors(&a, &rows(3)).unwrap();
        catalog.put_reference_vectors(&b, &rows(2)).unwrap();
        assert_eq!(catalog.reference_embedders().unwrap(), [a.clone(), b.clone()]);
        assert_eq!(catalog.reference_vectors(&a).unwrap().into_iter().collect::<Vec<_>>(), rows(3));
        assert_eq!(catalog.reference_vectors(&b).unwrap().into_iter().collect::<Vec<_>>(), rows(2));
        let broken = [1u8; 17];
        catalog.write(|txn| Ok(txn.open_table(REFERENCE_VECTORS)?.insert(("a", 2), broken.as_slice()).map(drop)?)).unwrap();
        assert_eq!(catalog.reference_vectors(&a).unwrap().keys().map(|k| k.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(catalog.forget_reference_vectors(&a).unwrap(), 3);
        assert_eq!(catalog.reference_embedders().unwrap(), [b]);
    }
}
