//! The file of an index and the note beside it that vouches for it.

use crate::domain::EmbedderId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What an index was made from, and what its file must look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    v: u32,
    /// Of the index file.
    sha256: String,
    embedder: EmbedderId,
    dim: usize,
    count: usize,
    /// What the caller said of the rows.
    fingerprint: String,
    /// Version of the library that wrote it.
    usearch: String,
}

/// How files are written; raised where the way that vectors are kept in them changes.
const VERSION: u32 = 1;

/// Says why a file did not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyBuilt {
    Missing,
    Damaged,
    OtherEmbedder,
    OtherVersion,
    /// It was made of other rows: some were added or removed since.
    OtherRows,
}

impl fmt::Display for WhyBuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there was none",
            Self::Damaged => "its file was damaged",
            Self::OtherEmbedder => "its file was of another embedder",
            Self::OtherVersion => "its file was of another version of the program",
            Self::OtherRows => "its file was of other rows",
        })
    }
}

/// Where an index is kept: `<base>.usearch` and `<base>.usearch.json`.
#[derive(Debug)]
pub(super) struct Saved {
    index: PathBuf,
    note: PathBuf,
}

impl Saved {
    pub(super) fn at(base: &Path) -> Self {
        let with = |end: &str| {
            let mut name = base.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        Self { index: with(".usearch"), note: with(".usearch.json") }
    }

    /// Loads the index, or says why not; nothing is loaded unless file and note are whole and of these rows.
    pub(super) fn load(&self, embedder: &EmbedderId, fingerprint: &str) -> Result<usearch::Index, WhyBuilt> {
        if !self.index.exists() {
            return Err(WhyBuilt::Missing);
        }
        let note = fs::read(&self.note).ok().and_then(|text| serde_json::from_slice::<Note>(&text).ok());
        let Some(note) = note.filter(|n| digest(&self.index).is_ok_and(|sha256| sha256 == n.sha256)) else {
            return Err(WhyBuilt::Damaged);
        };
        if note.embedder != *embedder {
            return Err(WhyBuilt::OtherEmbedder);
        }
        if note.v != VERSION || note.usearch != usearch::version() {
            return Err(WhyBuilt::OtherVersion);
        }
        if note.fingerprint != fingerprint {
            return Err(WhyBuilt::OtherRows);
        }
        let index = usearch::Index::new(&super::index::options(note.dim)).map_err(|_| WhyBuilt::Damaged)?;
        let is_loaded = self.index.to_str().is_some_and(|path| index.load(path).is_ok());
        let is_whole = is_loaded && index.size() == note.count && index.dimensions() == note.dim;
        if is_whole { Ok(index) } else { Err(WhyBuilt::Damaged) }
    }

    /// Writes the index under another name, renames it, then vouches for it: a crash in between leaves a file without
    /// a fitting note.
    pub(super) fn store(&self, index: &usearch::Index, embedder: &EmbedderId, fingerprint: &str) -> io::Result<()> {
        let unfinished = self.index.with_extension("usearch.new");
        let name = unfinished.to_str().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "its path is not UTF-8"))?;
        if let Some(parent) = self.index.parent() {
            fs::create_dir_all(parent)?;
        }
        index.save(name).map_err(|e| io::Error::other(e.to_string()))?;
        let note = Note {
            v: VERSION,
            sha256: digest(&unfinished)?,
            embedder: embedder.clone(),
            dim: index.dimensions(),
            count: index.size(),
            fingerprint: fingerprint.to_owned(),
            usearch: usearch::version().to_owned(),
        };
        fs::rename(&unfinished, &self.index)?;
        let unfinished = self.note.with_extension("json.new");
        fs::write(&unfinished, serde_json::to_vec(&note)?)?;
        fs::rename(&unfinished, &self.note)
    }

    /// Removes what is there.
    pub(super) fn remove(&self) {
        // Best effort: what stays does not fit its rows and is passed over.
        let _ = fs::remove_file(&self.note);
        let _ = fs::remove_file(&self.index);
    }

    pub(super) fn path(&self) -> &Path {
        &self.index
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}
