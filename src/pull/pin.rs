//! What a file must be: its size and its digest.

use super::trouble::Trouble;
use crate::infer::{Download, FileOf};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The sizes and digests that a file may have; the first is what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pin {
    choices: Vec<(u64, String)>,
}

impl Pin {
    pub(super) fn of_download(download: &Download) -> Self {
        Self { choices: vec![(download.bytes, download.sha256.clone())] }
    }

    /// A model's file, or another with the same weights.
    pub(super) fn of_file(file: &FileOf<'_>) -> Self {
        let own = (file.bytes, file.sha256.to_owned());
        Self { choices: std::iter::once(own).chain(file.also.iter().map(|t| (t.bytes, t.sha256.clone()))).collect() }
    }

    /// Returns the expected size.
    pub(super) fn bytes(&self) -> u64 {
        self.choices.first().map_or(0, |c| c.0)
    }

    /// Returns the most bytes that are ever read.
    pub(super) fn most(&self) -> u64 {
        self.choices.iter().map(|c| c.0).max().unwrap_or(0)
    }

    /// Names it: files that are to be the same have the same name.
    pub(super) fn name(&self) -> &str {
        self.choices.first().map_or("", |c| c.1.as_str())
    }

    /// Refuses a size that it cannot have.
    pub(super) fn check_size(&self, found: u64) -> Result<(), Trouble> {
        if self.choices.iter().any(|c| c.0 == found) {
            return Ok(());
        }
        Err(if found > self.most() { Trouble::TooLong { due: self.most() } } else { Trouble::Size { found, due: self.bytes() } })
    }

    /// Refuses contents that it cannot have.
    pub(super) fn check_digest(&self, found: &str) -> Result<(), Trouble> {
        if self.choices.iter().any(|c| c.1 == found) {
            return Ok(());
        }
        Err(Trouble::Digest { found: found.to_owned(), due: self.name().to_owned() })
    }

    /// Reads a file and refuses it where it is another.
    pub(super) fn check_file(&self, path: &Path) -> Result<(), Trouble> {
        let unread = |source| Trouble::Read { path: path.to_owned(), source };
        self.check_size(std::fs::metadata(path).map_err(unread)?.len())?;
        let mut file = File::open(path).map_err(unread)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0u8; 1 << 17];
        loop {
            match file.read(&mut buffer).map_err(unread)? {
                0 => return self.check_digest(&hex(&hash.finalize())),
                n => hash.update(&buffer[..n]),
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}
