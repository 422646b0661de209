//! Digests: of what a run measured, and of rows of the log.

use super::codec::unseal;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::measured::{definition_name, of_run};
use super::tables::{BY_SHOT, EMBEDDINGS, HEARD, PICTURES};
use crate::domain::RunId;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::ops::Bound;

impl EpisodeStore {
    /// Returns SHA-256 in hex over every measured row of a run, pictures and all embeddings included.
    ///
    /// Times of day, paths and the number of the run do not go in, so two runs that measured the same have the same
    /// digest, however often they were interrupted.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn measured_digest(&self, run: RunId) -> Result<String, StoreError> {
        self.read_run(run, |txn| {
            let mut hash = Sha256::new();
            for definition in BY_SHOT.into_iter().chain(HEARD) {
                hash.update(definition_name(definition));
                for entry in txn.open_table(definition)?.range(of_run(run))? {
                    let (key, row) = entry?;
                    hash.update(key.value().1.to_le_bytes());
                    feed(&mut hash, unseal(&key.value(), row.value())?);
                }
            }
            for definition in PICTURES {
                hash.update(definition_name(definition));
                for entry in txn.open_table(definition)?.range((run.0, 0, 0)..=(run.0, u32::MAX, u64::MAX))? {
                    let (key, row) = entry?;
                    let (_, track, frame) = key.value();
                    hash.update(track.to_le_bytes());
                    hash.update(frame.to_le_bytes());
                    feed(&mut hash, unseal(&key.value(), row.value())?);
                }
            }
            hash.update(definition_name(EMBEDDINGS));
            for entry in txn.open_table(EMBEDDINGS)?.range((Bound::Included((run.0, "", 0, 0)), Bound::Unbounded))? {
                let (key, row) = entry?;
                let (of, embedder, track, frame) = key.value();
                if of != run.0 {
                    break;
                }
                feed(&mut hash, embedder.as_bytes());
                hash.update(track.to_le_bytes());
                hash.update(frame.to_le_bytes());
                feed(&mut hash, unseal(&key.value(), row.value())?);
            }
            Ok(hex(&hash.finalize()))
        })
    }
}

/// Returns SHA-256 in hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn feed(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}
