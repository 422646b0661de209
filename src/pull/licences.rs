//! Which terms were accepted, by whom, when, in which words: `licences.json` in the user's data folder.

use super::PullError;
use super::pin::hex;
use crate::infer::Terms;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// How terms were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Typed in a terminal.
    Typed,
    /// By `--accept-licence`.
    Flag,
}

/// One acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Id of the terms.
    pub terms: String,
    pub title: String,
    pub url: String,
    /// The words that were shown.
    pub text: String,
    /// Hex digest of the words.
    pub text_sha256: String,
    /// Login name.
    pub by: String,
    pub at: Timestamp,
    pub how: How,
    /// Version of this program.
    pub tool: String,
}

/// The acceptances of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licences {
    path: PathBuf,
    accepted: Vec<Acceptance>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    licences_version: u32,
    accepted: Vec<Acceptance>,
}

impl Licences {
    /// Reads what was accepted; nothing where there is no file yet.
    ///
    /// # Errors
    /// `Licences` where the file cannot be read: what was accepted is not guessed.
    pub fn read(data: &Path) -> Result<Self, PullError> {
        let path = data.join("licences.json");
        let wrong = |reason: String| PullError::Licences { path: path.clone(), reason };
        let accepted = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str::<Contents>(&text).map_err(|e| wrong(e.to_string()))?.accepted,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(wrong(e.to_string())),
        };
        Ok(Self { path, accepted })
    }

    /// Returns the acceptance of these very words: terms that changed are asked for again.
    #[must_use]
    pub fn acceptance(&self, terms: &Terms) -> Option<&Acceptance> {
        let digest = digest(&terms.text);
        self.accepted.iter().find(|a| a.terms == terms.id && a.text_sha256 == digest)
    }

    /// Records an acceptance; nothing where these words were accepted before.
    ///
    /// # Errors
    /// `LicencesUnwritten`.
    pub fn accept(&mut self, terms: &Terms, by: &str, at: Timestamp, how: How) -> Result<(), PullError> {
        if self.acceptance(terms).is_some() {
            return Ok(());
        }
        self.accepted.push(Acceptance {
            terms: terms.id.clone(),
            title: terms.title.clone(),
            url: terms.url.clone(),
            text: terms.text.clone(),
            text_sha256: digest(&terms.text),
            by: by.to_owned(),
            at,
            how,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
        });
        self.write().map_err(|source| PullError::LicencesUnwritten { path: self.path.clone(), source })
    }

    fn write(&self) -> std::io::Result<()> {
        let contents = Contents { licences_version: 1, accepted: self.accepted.clone() };
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let temporary = self.path.with_extension(format!("{}.tmp", std::process::id()));
        let mut file = File::create(&temporary)?;
        let text = serde_json::to_string_pretty(&contents)?;
        let written =
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Terms {
        Terms { id: "t".into(), title: "T".into(), url: "https://example.org".into(), text: text.into() }
    }

    #[test]
    fn an_acceptance_says_who_when_and_what_and_holds_for_these_words_only() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("new");
        let mut licences = Licences::read(&data).unwrap();
        assert_eq!(licences.acceptance(&terms("words")), None);
        let at = "2026-02-03T04:05:06Z".parse().unwrap();
        licences.accept(&terms("words"), "ava", at, How::Typed).unwrap();
        licences.accept(&terms("words"), "ben", at, How::Flag).unwrap();
        let read = Licences::read(&data).unwrap();
        let found = read.acceptance(&terms("words")).unwrap();
        assert_eq!((found.by.as_str(), found.at, found.how, found.text.as_str()), ("ava", at, How::Typed, "words"));
        assert_eq!(read.acceptance(&terms("other words")), None);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_record_is_told_and_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("licences.json"), "{").unwrap();
        let error = Licences::read(dir.path()).unwrap_err();
        assert!(matches!(error, PullError::Licences { .. }), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join("licences.json")).unwrap(), "{");
    }
}
